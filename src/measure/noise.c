/* SPDX-License-Identifier: MIT */
/* Counts of the kernel before and after a block. */
#include "measure/noise.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PROBE_STEPS    400000
#define PROBE_LIMIT    1.25
#define SWITCH_NS      INT64_C(10000000)
#define WAIT_LIMIT     0.2
/* Of a block of several threads: the reader of its batches waits for them. */
#define OWN_WAIT_LIMIT 0.5

/* Total microseconds of the "some" line: "some avg10=0.00 avg60=0.00 avg300=0.00 total=123". */
static int64_t read_pressure(int file)
{
    char text[256];
    const ssize_t n = file >= 0 ? pread(file, text, sizeof text - 1, 0) : -1;

    if (n <= 0)
        return -1;
    text[n] = '\0';
    const char *total = strstr(text, "total=");
    return total ? strtoll(total + strlen("total="), NULL, 10) : -1;
}

/* The eighth number of /proc/stat's first line, in ticks. */
static int64_t read_steal(void)
{
    char text[512];
    long long steal;
    const int file = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    const ssize_t n = file >= 0 ? read(file, text, sizeof text - 1) : -1;

    if (file >= 0)
        close(file);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    return sscanf(text, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &steal) == 1 ? steal : -1;
}

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct ev_block_noise read_counts(const struct ev_noise_meter *meter)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (struct ev_block_noise){
        .cpu_ns = cpu_ns(),
        .steal_ticks = read_steal(),
        .n_involuntary = usage.ru_nivcsw,
        .psi_cpu_us = read_pressure(meter->psi_cpu),
        .psi_io_us = read_pressure(meter->psi_io),
    };
}

/* Each step waits for the one before, so that the time is that of the core's clock and of nothing
 * else. The start is read, and the result written, where the compiler cannot move them. */
static int64_t probe(void)
{
    volatile double kept = 1.0;
    const int64_t start_ns = ev_clock_raw_ns();
    double x = kept;

    for (int i = 0; i < PROBE_STEPS; i++)
        x = x * 0.999999 + 1e-6;
    kept = x;
    return ev_clock_raw_ns() - start_ns;
}

void ev_noise_open(struct ev_noise_meter *meter)
{
    *meter = (struct ev_noise_meter){
        .psi_cpu = open("/proc/pressure/cpu", O_RDONLY | O_CLOEXEC),
        .psi_io = open("/proc/pressure/io", O_RDONLY | O_CLOEXEC),
        .fastest_ns = INT64_MAX,
    };
}

void ev_noise_close(struct ev_noise_meter *meter)
{
    if (meter->psi_cpu >= 0)
        close(meter->psi_cpu);
    if (meter->psi_io >= 0)
        close(meter->psi_io);
}

void ev_noise_start(struct ev_noise_meter *meter)
{
    meter->probe_ns = probe();
    if (meter->probe_ns < meter->fastest_ns)
        meter->fastest_ns = meter->probe_ns;
    meter->start = read_counts(meter);
    meter->start_ns = ev_clock_raw_ns();
}

static int64_t since(int64_t start, int64_t end)
{
    return start < 0 || end < 0 ? -1 : end - start;
}

bool ev_noise_disturbs(const struct ev_block_noise *noise, int32_t n_threads, int64_t wall_ns,
                       int64_t fastest_ns)
{
    const bool is_alone = n_threads == 1;
    const double limit_us = (is_alone ? WAIT_LIMIT : OWN_WAIT_LIMIT) * (double)wall_ns / 1e3;

    return noise->steal_ticks > 0 || (double)noise->probe_ns > PROBE_LIMIT * (double)fastest_ns ||
           (is_alone && noise->n_involuntary > 1 + wall_ns / SWITCH_NS) ||
           (double)noise->psi_cpu_us > limit_us || (double)noise->psi_io_us > limit_us;
}

void ev_noise_stop(struct ev_noise_meter *meter, int32_t n_threads, struct ev_block_noise *noise,
                   bool *disturbed)
{
    const int64_t wall_ns = ev_clock_raw_ns() - meter->start_ns;
    const struct ev_block_noise start = meter->start, end = read_counts(meter);

    *noise = (struct ev_block_noise){
        .cpu_ns = since(start.cpu_ns, end.cpu_ns),
        .probe_ns = meter->probe_ns,
        .steal_ticks = since(start.steal_ticks, end.steal_ticks),
        .n_involuntary = since(start.n_involuntary, end.n_involuntary),
        .psi_cpu_us = since(start.psi_cpu_us, end.psi_cpu_us),
        .psi_io_us = since(start.psi_io_us, end.psi_io_us),
    };
    *disturbed = ev_noise_disturbs(noise, n_threads, wall_ns, meter->fastest_ns);
}
