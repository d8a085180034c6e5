/* SPDX-License-Identifier: MIT */
/* Monotonic time. */
#ifndef EV_CLOCK_H
#define EV_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t ev_clock_ns(void);

/* Nanoseconds of CLOCK_MONOTONIC_RAW, whose seconds nobody stretches while the time is set right;
 * of CLOCK_MONOTONIC where reading the other takes more than 200 ns, as on kernels that give it by a
 * system call only. For what is timed to the microsecond. */
int64_t ev_clock_raw_ns(void);

#endif
