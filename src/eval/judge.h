/* SPDX-License-Identifier: MIT */
/*
 * How far errors can be trusted: intervals and verdicts from the squared errors of rows, by the
 * block bootstrap of stats/bootstrap.h within sets. Blocks are as long as the autocorrelation of
 * the resampled values asks for. The seed is fixed in the code, so the same errors give the same
 * bits, for any number of threads.
 *
 * What is drawn is the rows: an interval says what other pictures of the same circuits might have
 * given for the same models, not what training again would.
 *
 * Memory besides the errors is 16 bytes a row, for the call. On one core 6,000 rows take under
 * 0.1 s; a million take 0.3 to 4 s, most where far neighbours are alike, as the search for the
 * blocks' length then tries every lag up to the square root of the rows.
 */
#ifndef EV_JUDGE_H
#define EV_JUDGE_H

#include "eval/result.h"
#include "stats/bootstrap.h"

/* Interval of the mean error; NAN if an error is not finite, or no set has two rows. EV_MEMORY is
 * the only error, here and below. */
EV_CHECKED enum ev_status ev_judge_error(const struct ev_segments *errors, double *low,
                                         double *high, struct ev_error *err);

/* Judges the differences to the baseline's errors, of the same rows in the same order, with the
 * margin EV_ERROR_MARGIN. Without an interval, or against a baseline without any error, the
 * verdict is EV_VERDICT_UNRESOLVED and the figures that do not exist are NAN. */
EV_CHECKED enum ev_status ev_judge_change(const struct ev_segments *errors, const double *baseline,
                                          struct ev_error_change *change, struct ev_error *err);

#endif
