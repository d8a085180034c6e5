/* SPDX-License-Identifier: MIT */
/* The machine: what this process may use, and what to write into a report. */
#ifndef EV_HOST_H
#define EV_HOST_H

#include <stdint.h>

#include "evalrun/error.h"

struct ev_host {
    char cpu_model[128];
    char kernel[128];  /* uname: system, release, machine */
    char os_name[128]; /* PRETTY_NAME of os-release */
    int32_t n_cores;   /* as ev_host_cores */
    int64_t memory_bytes;
};

/* Cores this process may use, at least 1: the affinity mask, bounded by the CPU quota of its
 * cgroup (v2 cpu.max, v1 cpu.cfs_quota_us) and of all the cgroups above it, rounded up. */
int32_t ev_host_cores(void);
/* The quota's part alone, read from /proc/self/cgroup's form and a cgroup mount; INT32_MAX if
 * there is no quota. */
int32_t ev_host_cgroup_cores(const char *proc_cgroup, const char *mount);
/* Whether `n` more threads can be started: all at once, and ended again. OpenMP ends the program
 * where it cannot have a thread, so this is asked before. EV_MEMORY says how many. */
EV_CHECKED enum ev_status ev_host_check_threads(int32_t n, struct ev_error *err);
void ev_host_describe(struct ev_host *host);

#endif
