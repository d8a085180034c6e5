/* SPDX-License-Identifier: MIT */
/* Times of an evaluation's backends, measured by worker processes. */
#ifndef EV_TIMES_H
#define EV_TIMES_H

#include "eval/eval.h"
#include "measure/plan.h"

/*
 * Measures what the profile says, on pictures spread over all sets, and fills the session of
 * result->samples, result->timings and result->quiets. Where every backend's row says that its
 * engine tells apart what its device takes, so do the times (see ev_profile_for()); on a CUDA
 * device a note names those that do not. Calls of EV_MODE_PACED come at the first set's frame rate,
 * or at EV_TIMES_RATE_HZ where that is unknown. Each process that finishes goes into args->journal,
 * and those that a resumed one has are not measured again; a process that was under way is measured
 * anew from its start.
 *
 * When it fails or is interrupted, figures are made of the processes that finished, and
 * result->interrupted is set.
 */
EV_CHECKED enum ev_status ev_times_run(const struct ev_eval_args *args,
                                       const struct ev_profile *profile, struct ev_result *result,
                                       struct ev_error *err);

#define EV_TIMES_RATE_HZ 20.0

/* Seconds between calls of EV_MODE_PACED for a set's frame rate, 0 if that is unknown. */
double ev_times_period_s(double frame_rate_hz);

/* Whether the changes of all hot times are known within `width`, either way: 0.01 for 1 %. False
 * without an interval. Says nothing of which way they go, so that stopping at it favours none. */
bool ev_times_are_enough(const struct ev_session *session, double width);

#endif
