/* SPDX-License-Identifier: MIT */
/* Monotonic time. */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

/* A reading that takes longer is a disturbance of its own. */
#define SLOW_NS     200
#define N_READINGS  100

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t ev_clock_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

/* The quickest of some runs: a run may be interrupted. */
static clockid_t choose_clock(void)
{
    int64_t best_ns = INT64_MAX;

    for (int run = 0; run < 5; run++) {
        const int64_t start_ns = read_ns(CLOCK_MONOTONIC_RAW);
        for (int i = 1; i < N_READINGS; i++)
            (void)read_ns(CLOCK_MONOTONIC_RAW);
        const int64_t taken_ns = read_ns(CLOCK_MONOTONIC_RAW) - start_ns;
        best_ns = taken_ns < best_ns ? taken_ns : best_ns;
    }
    return best_ns > SLOW_NS * N_READINGS ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_RAW;
}

int64_t ev_clock_raw_ns(void)
{
    static atomic_int chosen = -1;
    int clock = atomic_load_explicit(&chosen, memory_order_relaxed);

    if (clock < 0) {
        clock = choose_clock();
        atomic_store_explicit(&chosen, clock, memory_order_relaxed);
    }
    return read_ns(clock);
}
