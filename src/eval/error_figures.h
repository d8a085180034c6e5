/* SPDX-License-Identifier: MIT */
/* What the samples of a row's outputs say: its errors with their intervals and verdicts, how far it
 * disagrees with the baseline, the outputs' digest. */
#ifndef EV_ERROR_FIGURES_H
#define EV_ERROR_FIGURES_H

#include "eval/result.h"

/* Fills `fresh`, which may be `row` itself, with all that follows from the outputs of the row's
 * backend and set: errors, intervals, the changes against ev_result_baseline() and the disagreement
 * with it on the same rows, the digest. False in *found if there are no samples of them. Nothing
 * else of `fresh` is touched. EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_error_figures_of(const struct ev_result *result,
                                              const struct ev_result_row *row,
                                              struct ev_result_row *fresh, bool *found,
                                              struct ev_error *err);

#endif
