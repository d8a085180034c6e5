/* SPDX-License-Identifier: MIT */
/*
 * Errors of outputs against labels: mean squared and mean absolute error, R2.
 *
 * Errors of rows are float64, their sums exact (stats/exact_sum.h): the figures are the same to the
 * last bit in whatever order the rows are added, however they were cut into batches and whatever
 * computed them in parallel. Nothing is kept per row, unless asked for.
 */
#ifndef EV_ACCURACY_H
#define EV_ACCURACY_H

#include <stdint.h>

#include "eval/result.h"
#include "stats/exact_sum.h"

/* Sums over the rows of one output column, in normalised units. */
struct ev_accuracy_sums {
    struct ev_exact_sum squared_error;
    struct ev_exact_sum absolute_error;
    struct ev_exact_sum target;
    struct ev_exact_sum squared_target; /* of unrounded squares */
};

struct ev_accuracy {
    int32_t n_outputs;
    struct ev_column columns[EV_MAX_OUTPUTS];
    struct ev_accuracy_sums sums[EV_MAX_OUTPUTS];
    int64_t n_rows;
    int64_t n_not_finite;     /* outputs that are NaN or infinite */
    int64_t first_not_finite; /* row of the first of them; -1: none */
    /* The caller's zeros, to which each row adds its squared error in normalised units, mean over
     * outputs; NULL, as ev_accuracy_init() leaves it: not kept. */
    double *row_errors;
    float *row_outputs; /* the caller's room for all outputs, (rows, K); NULL: not kept */
};

void ev_accuracy_init(struct ev_accuracy *accuracy, const struct ev_column *columns,
                      int32_t n_outputs);

/* Adds n rows: outputs (n, K) float32 in normalised units, labels (n, K) float32 in physical
 * units. */
void ev_accuracy_add(struct ev_accuracy *accuracy, int64_t n, const float *outputs,
                     const float *labels);

/*
 * Figures over all rows added, for each output and for all. With e the error and t the target of a
 * row, both in normalised units, and range = max - min of the column:
 *
 *     mse_norm = mean e^2         mse = mse_norm * range^2
 *     mae_norm = mean |e|         mae = mae_norm * range
 *     r2       = 1 - sum e^2 / sum (t - mean t)^2
 *
 * For all outputs the means are over rows and outputs, and r2 is 1 - (sum of all outputs'
 * residuals) / (sum of all outputs' sums of squares): an output whose labels vary more weighs more.
 * An output that was NaN or infinite makes the figures it is part of NaN.
 */
void ev_accuracy_figures(const struct ev_accuracy *accuracy,
                         struct ev_error_figures outputs[EV_MAX_OUTPUTS],
                         struct ev_error_figures *all);

#endif
