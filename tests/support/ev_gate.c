/* SPDX-License-Identifier: MIT */
/* The judgement of the gate on speed. */
#include "support/ev_gate.h"

#include <math.h>

#include "stats/stats.h"
#include "stats/verdict.h"

enum ev_gate ev_gate_judge(double *control, double *backend, int64_t n, double bound,
                           struct ev_gate_ratio *ratio)
{
    const struct ev_noise noise = ev_verdict_control(control, n, EV_GATE_CONFIDENCE);
    struct ev_interval interval;

    ev_stats_sort_doubles(backend, n);
    const bool is_known = ev_interval_median(backend, n, EV_GATE_CONFIDENCE, &interval);
    ratio->ratio = exp(ev_stats_median_doubles(backend, n));
    ratio->low = exp(interval.low);
    ratio->high = exp(interval.high);
    if (!is_known || noise.unquiet)
        return EV_GATE_CANNOT_TELL;
    return ratio->low > bound ? EV_GATE_FAILS : EV_GATE_PASSES;
}

enum ev_gate ev_gate_conclude(enum ev_gate first, enum ev_gate second)
{
    if (first == EV_GATE_FAILS && second == EV_GATE_FAILS)
        return EV_GATE_FAILS;
    if (first == EV_GATE_PASSES || second == EV_GATE_PASSES)
        return EV_GATE_PASSES;
    return EV_GATE_CANNOT_TELL;
}
