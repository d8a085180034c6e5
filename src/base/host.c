/* SPDX-License-Identifier: MIT */
/* Cores from the affinity mask and the cgroup's quota, and the machine's description. */
#include "base/host.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Cores that the affinity mask allows, whatever the number of CPUs of the machine. */
static int32_t affinity_cores(void)
{
    for (int n_cpus = 1024; n_cpus <= 1 << 20; n_cpus *= 2) {
        cpu_set_t *mask = CPU_ALLOC(n_cpus);
        if (!mask)
            break;
        size_t size = CPU_ALLOC_SIZE(n_cpus);
        int count = sched_getaffinity(0, size, mask) == 0 ? CPU_COUNT_S(size, mask) : 0;
        CPU_FREE(mask);
        if (count > 0)
            return count;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int32_t)online : 1;
}

/* First line of a small file; false if it cannot be read. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "r");

    if (!file)
        return false;
    bool ok = fgets(line, size, file) != NULL;
    fclose(file);
    return ok;
}

/* Quota of one cgroup folder in cores, or a negative number if it has none. */
static double folder_quota(const char *folder)
{
    char path[1024], line[128];
    double quota, period;

    snprintf(path, sizeof path, "%.900s/cpu.max", folder);
    if (read_line(path, line, sizeof line))
        return sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : -1;
    snprintf(path, sizeof path, "%.900s/cpu.cfs_quota_us", folder);
    if (!read_line(path, line, sizeof line) || sscanf(line, "%lf", &quota) != 1 || quota <= 0)
        return -1;
    snprintf(path, sizeof path, "%.900s/cpu.cfs_period_us", folder);
    if (!read_line(path, line, sizeof line) || sscanf(line, "%lf", &period) != 1 || period <= 0)
        return -1;
    return quota / period;
}

/* Smallest quota of the cgroup `group` below `mount` and of all above it. */
static double smallest_quota(const char *mount, const char *group)
{
    char folder[900];
    double smallest = -1;

    snprintf(folder, sizeof folder, "%.300s%.500s", mount, strcmp(group, "/") ? group : "");
    while (strlen(folder) >= strlen(mount)) {
        double quota = folder_quota(folder);
        if (quota > 0 && (smallest < 0 || quota < smallest))
            smallest = quota;
        char *slash = strrchr(folder, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    return smallest;
}

int32_t ev_host_cgroup_cores(const char *proc_cgroup, const char *mount)
{
    char line[1024], v1_mount[512];
    double smallest = -1;
    FILE *file = fopen(proc_cgroup, "r");

    if (!file)
        return INT32_MAX;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        bool v1_cpu =
            strcmp(controllers, "cpu") == 0 || strncmp(controllers, "cpu,", 4) == 0 ||
            strstr(controllers, ",cpu,") != NULL ||
            (strlen(controllers) > 4 && strcmp(controllers + strlen(controllers) - 4, ",cpu") == 0);
        snprintf(v1_mount, sizeof v1_mount, "%.300s/%.200s", mount, controllers);
        double quota = *controllers == '\0' ? smallest_quota(mount, group)
                       : v1_cpu             ? smallest_quota(v1_mount, group)
                                            : -1;
        if (quota > 0 && (smallest < 0 || quota < smallest))
            smallest = quota;
    }
    fclose(file);
    if (smallest < 0)
        return INT32_MAX;
    int32_t cores = (int32_t)smallest;
    return cores < smallest ? cores + 1 : cores > 0 ? cores : 1;
}

int32_t ev_host_cores(void)
{
    int32_t allowed = affinity_cores();
    int32_t quota = ev_host_cgroup_cores("/proc/self/cgroup", "/sys/fs/cgroup");

    return quota < allowed ? quota : allowed;
}

/* Text after the first "KEY<separator>" line of a file, without quotes. */
static void find_value(const char *path, const char *key, char separator, char *value, size_t size)
{
    char line[512];
    FILE *file = fopen(path, "r");

    snprintf(value, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        char *text = strchr(line, separator);
        if (strncmp(line, key, strlen(key)) != 0 || !text)
            continue;
        text += 1 + strspn(text + 1, " \t\"");
        text[strcspn(text, "\"\n")] = '\0';
        snprintf(value, size, "%s", text);
        break;
    }
    if (file)
        fclose(file);
}

void ev_host_describe(struct ev_host *host)
{
    struct utsname name;

    memset(host, 0, sizeof *host);
    find_value("/proc/cpuinfo", "model name", ':', host->cpu_model, sizeof host->cpu_model);
    find_value("/etc/os-release", "PRETTY_NAME", '=', host->os_name, sizeof host->os_name);
    if (uname(&name) == 0)
        snprintf(host->kernel, sizeof host->kernel, "%.40s %.60s %.20s", name.sysname, name.release,
                 name.machine);
    host->n_cores = ev_host_cores();
    host->memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

/* --- Threads --- */

/* Threads wait for this lock, so that all of them exist at the same time. */
static void *wait_for_gate(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

enum ev_status ev_host_check_threads(int32_t n, struct ev_error *err)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t *threads = calloc((size_t)n + 1, sizeof *threads);
    int32_t n_started = 0;
    int reason = threads ? 0 : ENOMEM;

    pthread_mutex_lock(&gate);
    while (reason == 0 && n_started < n) {
        reason = pthread_create(&threads[n_started], NULL, wait_for_gate, &gate);
        n_started += reason == 0;
    }
    pthread_mutex_unlock(&gate);
    for (int32_t i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return reason == 0 ? EV_OK
                       : ev_fail(err, EV_MEMORY, "cannot start %d threads: %s", (int)n,
                                 strerror(reason));
}
