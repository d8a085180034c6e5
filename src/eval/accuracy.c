/* SPDX-License-Identifier: MIT */
/* Sums of errors, row by row, and the figures made from them. */
#include "eval/accuracy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void ev_accuracy_init(struct ev_accuracy *accuracy, const struct ev_column *columns,
                      int32_t n_outputs)
{
    assert(n_outputs >= 1 && n_outputs <= EV_MAX_OUTPUTS);

    memset(accuracy, 0, sizeof *accuracy);
    accuracy->n_outputs = n_outputs;
    accuracy->first_not_finite = -1;
    memcpy(accuracy->columns, columns, (size_t)n_outputs * sizeof *columns);
}

/* Counts an output of the row that is `i` rows behind those added before. */
static void count_not_finite(struct ev_accuracy *accuracy, int64_t i, float output)
{
    const int64_t row = accuracy->n_rows + i;

    if (isfinite(output))
        return;
    accuracy->n_not_finite++;
    if (accuracy->first_not_finite < 0 || row < accuracy->first_not_finite)
        accuracy->first_not_finite = row;
}

void ev_accuracy_add(struct ev_accuracy *accuracy, int64_t n, const float *outputs,
                     const float *labels)
{
    const int32_t n_outputs = accuracy->n_outputs;

    if (accuracy->row_outputs)
        memcpy(accuracy->row_outputs + accuracy->n_rows * n_outputs, outputs,
               (size_t)(n * n_outputs) * sizeof *outputs);
    for (int32_t k = 0; k < n_outputs; k++) {
        const double min = accuracy->columns[k].min;
        const double range = accuracy->columns[k].max - min;
        struct ev_accuracy_sums *sums = &accuracy->sums[k];

        for (int64_t i = 0; i < n; i++) {
            double target = ((double)labels[i * n_outputs + k] - min) / range;
            double error = (double)outputs[i * n_outputs + k] - target;

            count_not_finite(accuracy, i, outputs[i * n_outputs + k]);
            if (accuracy->row_errors)
                accuracy->row_errors[accuracy->n_rows + i] += error * error / n_outputs;
            ev_exact_sum_add(&sums->squared_error, error * error);
            ev_exact_sum_add(&sums->absolute_error, fabs(error));
            ev_exact_sum_add(&sums->target, target);
            ev_exact_sum_add_product(&sums->squared_target, target, target);
        }
    }
    accuracy->n_rows += n;
}

static double r2_of(double residual, double total)
{
    return total > 0 ? 1.0 - residual / total : NAN;
}

void ev_accuracy_figures(const struct ev_accuracy *accuracy,
                         struct ev_error_figures outputs[EV_MAX_OUTPUTS],
                         struct ev_error_figures *all)
{
    const double n = (double)accuracy->n_rows;
    struct ev_exact_sum squared = {0}, absolute = {0};
    double total = 0;

    for (int32_t k = 0; k < accuracy->n_outputs; k++) {
        const struct ev_accuracy_sums *sums = &accuracy->sums[k];
        const double range = accuracy->columns[k].max - accuracy->columns[k].min;
        const double squared_k = ev_exact_sum_value(&sums->squared_error);
        const double absolute_k = ev_exact_sum_value(&sums->absolute_error);
        /* Sum of squares around the mean. */
        const double total_k =
            ev_exact_sum_spread(&sums->target, &sums->squared_target, accuracy->n_rows) / n;

        outputs[k] = (struct ev_error_figures){
            .mse_norm = squared_k / n,
            .mae_norm = absolute_k / n,
            .mse = squared_k / n * (range * range),
            .mae = absolute_k / n * range,
            .r2 = r2_of(squared_k, total_k),
        };
        ev_exact_sum_merge(&squared, &sums->squared_error);
        ev_exact_sum_merge(&absolute, &sums->absolute_error);
        total += total_k;
    }
    *all = (struct ev_error_figures){
        .mse_norm = ev_exact_sum_value(&squared) / (n * accuracy->n_outputs),
        .mae_norm = ev_exact_sum_value(&absolute) / (n * accuracy->n_outputs),
        .mse = NAN,
        .mae = NAN,
        .r2 = r2_of(ev_exact_sum_value(&squared), total),
    };
}
