/* SPDX-License-Identifier: MIT */
/* Errors of a row of a result, with their intervals and verdict, from the samples of its outputs.
 */
#ifndef EV_ERROR_FIGURES_H
#define EV_ERROR_FIGURES_H

#include "eval/result.h"

/* Fills the errors of `fresh`, which may be `row` itself, with those of the row's backend and set:
 * figures, interval, and the change against ev_result_baseline() on the same rows. False in *found
 * if there are no samples of them. Nothing else of `fresh` is touched. EV_MEMORY is the only
 * error. */
EV_CHECKED enum ev_status ev_error_figures_of(const struct ev_result *result,
                                              const struct ev_result_row *row,
                                              struct ev_result_row *fresh, bool *found,
                                              struct ev_error *err);

#endif
