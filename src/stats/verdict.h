/* SPDX-License-Identifier: MIT */
/*
 * Verdicts: whether a variant is faster or slower than the baseline, or its errors smaller or
 * larger, or the same for practical purposes, or whether the run cannot tell.
 *
 * Times. The process is the unit: what differs between processes (the layout of memory, say) is
 * constant within one, so rounds of one process are no replication. A process contributes one
 * number, the median over its rounds of ln(time of the variant / time of the baseline). The
 * estimate is the median over processes, the interval its order statistics.
 *
 * A control, the baseline measured a second time as if it were a variant, says what the run would
 * see where there is nothing to be seen. If the control differs from the baseline or is spread too
 * far, the run is unquiet and there are no verdicts on times at all.
 *
 * Margins work on logarithms, 2 % being a factor of 1.02 up or down, so that a variant against the
 * baseline and the baseline against that variant mirror each other. All functions are pure.
 */
#ifndef EV_VERDICT_H
#define EV_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/interval.h"

/* Times that differ by less are the same, and no effect below it is called faster or slower. */
#define EV_VERDICT_TIME_MARGIN 0.02
/* A control whose interval is wider than this on either side makes a run unquiet. */
#define EV_VERDICT_UNQUIET     0.03

enum ev_verdict {
    EV_VERDICT_NONE, /* unquiet, or no figures */
    EV_VERDICT_LESS, /* faster, better */
    EV_VERDICT_MORE, /* slower, worse */
    EV_VERDICT_SAME,
    EV_VERDICT_UNRESOLVED,
};

/* Changes are relative to the baseline: 0.03 is 3 % more. Figures that do not exist are NAN. */
struct ev_comparison {
    enum ev_verdict verdict;
    double change;
    struct ev_interval interval; /* of `change` */
    double detectable; /* the smallest change that would have had a verdict of less or more */
};

/* What the control says of the run. */
struct ev_noise {
    struct ev_interval log_ratio;
    double half_width; /* of log_ratio */
    bool unquiet;
};

/* Confidence of each of n_comparisons >= 1 intervals so that all of them hold together with
 * `family` (Bonferroni). */
double ev_verdict_confidence(double family, int32_t n_comparisons);

/* log_ratios: (n_processes >= 1) finite, of the control to the baseline; they are sorted. The
 * control is one question of its own: 0.95 leaves a quiet run of 12 processes unquiet in 4 % of all
 * cases; more confidence makes that rarer, but widens what counts as noise. Too few processes for
 * the confidence: unquiet, as nothing is known. */
struct ev_noise ev_verdict_control(double *log_ratios, int64_t n_processes, double confidence);

/*
 * Judges the times of a variant; log_ratios as above. LESS or MORE: the interval excludes 0 and the
 * estimate is beyond both the margin and twice the control's half-width. SAME: the interval is
 * within the margin. Too few processes for the confidence: UNRESOLVED without an interval.
 */
struct ev_comparison ev_verdict_times(double *log_ratios, int64_t n_processes, double confidence,
                                      const struct ev_noise *control);

/*
 * Judges errors by the mean over paired rows of the variant's error minus the baseline's: that
 * mean, its interval (see stats/bootstrap.h) and the baseline's mean error > 0, all in one unit.
 * LESS or MORE: the interval excludes 0 and the mean is beyond `margin`, a part of the baseline's
 * error; SAME: the interval is within it. NONE if a figure is NaN.
 */
struct ev_comparison ev_verdict_errors(double difference, const struct ev_interval *interval,
                                       double baseline, double margin);

/* "FASTER", "SLOWER", "SAME", "UNRESOLVED", "" and "BETTER", "WORSE", "SAME", "UNRESOLVED", "". */
const char *ev_verdict_time_name(enum ev_verdict verdict);
const char *ev_verdict_error_name(enum ev_verdict verdict);

#endif
