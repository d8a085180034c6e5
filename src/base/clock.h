/* SPDX-License-Identifier: MIT */
/* Monotonic time. */
#ifndef EV_CLOCK_H
#define EV_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t ev_clock_ns(void);

#endif
