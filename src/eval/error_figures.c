/* SPDX-License-Identifier: MIT */
/* Sums, resampling and the comparison with the baseline, from outputs and labels alone. */
#include "eval/error_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/judge.h"
#include "eval/sample_rows.h"

/* Room for the squared error of each row, zeros; NULL when out of memory, which *status says. */
static double *make_errors(const struct ev_sample_rows *rows, enum ev_status *status,
                           struct ev_error *err)
{
    double *errors = calloc((size_t)rows->n, sizeof *errors);

    if (!errors)
        *status = ev_fail(err, EV_MEMORY, "out of memory for the errors of %lld rows",
                          (long long)rows->n);
    return errors;
}

static void sum_errors(const struct ev_sample_rows *rows, const struct ev_result_row *row,
                       double *row_errors, struct ev_accuracy *accuracy)
{
    ev_accuracy_init(accuracy, row->columns, row->n_outputs);
    accuracy->row_errors = row_errors;
    ev_sample_rows_add(rows, accuracy);
}

/* The change against the baseline's errors on the same rows. */
static enum ev_status judge_change(const struct ev_result *result, const struct ev_result_row *row,
                                   const struct ev_segments *errors, int64_t n,
                                   struct ev_error_change *change, struct ev_error *err)
{
    const char *baseline = ev_result_baseline(result);
    struct ev_sample_rows rows = {0};
    struct ev_accuracy accuracy;

    *change = (struct ev_error_change){EV_VERDICT_NONE, NAN, NAN, NAN, NAN};
    if (!baseline || strcmp(row->backend, baseline) == 0)
        return EV_OK;
    enum ev_status status =
        ev_sample_rows_find(&result->samples, baseline, row->set, row->n_outputs, &rows, err);
    if (status == EV_OK && rows.n == n) {
        double *baseline_errors = make_errors(&rows, &status, err);
        if (baseline_errors) {
            sum_errors(&rows, row, baseline_errors, &accuracy);
            status = ev_judge_change(errors, baseline_errors, change, err);
        }
        free(baseline_errors);
    }
    ev_sample_rows_free(&rows);
    return status;
}

enum ev_status ev_error_figures_of(const struct ev_result *result, const struct ev_result_row *row,
                                   struct ev_result_row *fresh, bool *found, struct ev_error *err)
{
    struct ev_sample_rows rows;
    struct ev_accuracy accuracy;
    double *errors = NULL;
    enum ev_status status =
        ev_sample_rows_find(&result->samples, row->backend, row->set, row->n_outputs, &rows, err);

    *found = status == EV_OK && rows.n > 0;
    if (*found)
        errors = make_errors(&rows, &status, err);
    if (errors) {
        const struct ev_segments segments = {errors, rows.n_rows, (int32_t)rows.n_sets};
        sum_errors(&rows, row, errors, &accuracy);
        ev_accuracy_figures(&accuracy, fresh->outputs, &fresh->all);
        fresh->n_rows = accuracy.n_rows;
        status = ev_judge_error(&segments, &fresh->mse_norm_low, &fresh->mse_norm_high, err);
        if (status == EV_OK)
            status = judge_change(result, row, &segments, rows.n, &fresh->change, err);
    }
    free(errors);
    ev_sample_rows_free(&rows);
    return status;
}
