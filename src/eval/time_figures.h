/* SPDX-License-Identifier: MIT */
/*
 * What the times of worker processes say: figures of each backend in each condition (mode,
 * boundary, threads, pictures per call), its change against the baseline in the same condition with
 * a verdict, and what the control says of that condition.
 *
 * Changes are paired: a round gives ln(time of the variant / time of the baseline) of the medians
 * of their blocks, a process the median over its rounds, a run the median over its processes with
 * its order statistics (see stats/verdict.h). Intervals hold together, within a condition, with
 * EV_TIME_CONFIDENCE (Bonferroni); where the processes are too few for that, each by itself.
 *
 * No sample is ever left out. Verdicts are formed a second time without the rounds in which either
 * block was flagged as disturbed; one that would then be another is EV_VERDICT_UNRESOLVED.
 */
#ifndef EV_TIME_FIGURES_H
#define EV_TIME_FIGURES_H

#include "eval/result.h"

/* Of the verdicts of a condition, and of each control. */
#define EV_TIME_CONFIDENCE 0.95

/* Upper bounds of percentiles hold with the first of these, or with the second where a run has too
 * few calls for the first; no bound where it has too few for both. */
#define EV_TIME_BOUND       0.99
#define EV_TIME_BOUND_SHORT 0.95

/*
 * Appends to result->timings, by condition and then in the order of the session's entries, and to
 * result->quiets, one for each condition. What has no block has no timing. The session may be
 * result->samples.session; memory for the call is about 24 bytes a block and 4 bytes a call.
 * EV_MEMORY is the only error.
 */
EV_CHECKED enum ev_status ev_time_figures(const struct ev_session *session,
                                          struct ev_result *result, struct ev_error *err);

#endif
