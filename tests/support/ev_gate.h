/* SPDX-License-Identifier: MIT */
/*
 * The gate on speed: whether a backend still is as fast, as part of the baseline's time, as it was
 * promised to be. One run fails if the whole interval of the ratio lies above the bound; the gate
 * fails only when a second run, in processes of its own, fails too, as something may have happened
 * to one of them.
 */
#ifndef EV_GATE_H
#define EV_GATE_H

#include <stdint.h>

/* With which chance the interval of a ratio holds. */
#define EV_GATE_CONFIDENCE 0.95

enum ev_gate { EV_GATE_PASSES, EV_GATE_FAILS, EV_GATE_CANNOT_TELL };

/* The interval of a ratio; NAN with too few processes. */
struct ev_gate_ratio {
    double ratio, low, high;
};

/* One run. (n) values of ln(time / baseline's time), one for each process, of the control (the
 * baseline opened a second time) and of the backend; both are sorted. EV_GATE_CANNOT_TELL if the
 * control shows that the run was not quiet. */
enum ev_gate ev_gate_judge(double *control, double *backend, int64_t n, double bound,
                           struct ev_gate_ratio *ratio);

/* What two runs say together; of a first one that passes there need not be a second. */
enum ev_gate ev_gate_conclude(enum ev_gate first, enum ev_gate second);

#endif
