/* SPDX-License-Identifier: MIT */
/* The study's list of rows, and its mean over batches. */
#include "eval/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/stats.h"

int32_t ev_study_output(const struct ev_column *columns, int32_t n_outputs)
{
    for (int32_t k = 0; k < n_outputs; k++) {
        if (strcmp(columns[k].name, EV_STUDY_OUTPUT) == 0)
            return k;
    }
    return -1;
}

/* --- Mean over batches --- */

/* How often rows are repeated, by |w|. */
static const struct repeat {
    double above, up_to;
    int times;
} repeats[] = {{1, 2, 5}, {2, INFINITY, 10}};

/* Errors in the order of the list, as far as it has been counted. */
struct batches {
    int64_t batch_rows;
    struct ev_sum batch, means;
    int64_t n_in_batch, n;
};

static void end_batch(struct batches *batches)
{
    if (batches->n_in_batch == 0)
        return;
    ev_sum_add(&batches->means, ev_sum_value(&batches->batch) / (double)batches->n_in_batch);
    batches->n++;
    batches->batch = (struct ev_sum){0};
    batches->n_in_batch = 0;
}

static void count_row(struct batches *batches, double error)
{
    ev_sum_add(&batches->batch, error);
    if (++batches->n_in_batch == batches->batch_rows)
        end_batch(batches);
}

/* Counts the rows with `above` < |w| <= `up_to`; their errors are in the same order. */
static void count_rows(struct batches *batches, const struct ev_sample_rows *rows, int32_t w,
                       double above, double up_to, const double *errors)
{
    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        for (int64_t i = 0; i < set->n_rows; i++, errors++) {
            const double bend = fabs((double)set->labels[i * set->n_outputs + w]);
            if (bend > above && bend <= up_to)
                count_row(batches, *errors);
        }
    }
}

/* Of n_lists lists of errors, rows->n each: of the pictures, and of their mirror images. */
static double mean_over_batches(const struct ev_sample_rows *rows, int32_t w, int64_t batch_rows,
                                const double *errors, int n_lists)
{
    struct batches batches = {.batch_rows = batch_rows};

    for (int i = 0; i < n_lists; i++)
        count_rows(&batches, rows, w, -1, INFINITY, errors + i * rows->n);
    for (size_t r = 0; r < sizeof repeats / sizeof *repeats; r++) {
        for (int i = 0; i < repeats[r].times * n_lists; i++)
            count_rows(&batches, rows, w, repeats[r].above, repeats[r].up_to,
                       errors + i % n_lists * rows->n);
    }
    end_batch(&batches);
    return ev_sum_value(&batches.means) / (double)batches.n;
}

/* Squared errors of the mirrored pictures, mean over outputs. */
static void mirrored_errors(const struct ev_sample_rows *rows, const struct ev_column *columns,
                            int32_t w, double *errors)
{
    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        const float *outputs = set->mirrored[rows->backend];
        for (int64_t i = 0; i < set->n_rows; i++) {
            double sum = 0;
            for (int32_t k = 0; k < set->n_outputs; k++) {
                const struct ev_column *column = &columns[k];
                const double label = (double)set->labels[i * set->n_outputs + k];
                const double target =
                    ((k == w ? -label : label) - column->min) / (column->max - column->min);
                const double error = (double)outputs[i * set->n_outputs + k] - target;
                sum += error * error;
            }
            *errors++ = sum / set->n_outputs;
        }
    }
}

static double mean_of_calls(const struct ev_sample_rows *rows)
{
    double sum = 0;

    for (size_t s = 0; s < rows->n_sets; s++)
        sum += ev_stats_mean(rows->sets[s]->study_ns[rows->backend], EV_SAMPLES_STUDY_CALLS);
    return sum / (double)rows->n_sets;
}

enum ev_status ev_study_figures_of(const struct ev_result_row *row,
                                   const struct ev_sample_rows *rows,
                                   struct ev_study_figures *figures, struct ev_error *err)
{
    const int32_t w = ev_study_output(row->columns, row->n_outputs);
    bool is_mirrored = rows->n_sets > 0, is_timed = rows->n_sets > 0;

    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        is_mirrored = is_mirrored && set->mirrored && set->mirrored[rows->backend];
        is_timed = is_timed && set->study_ns && set->study_ns[rows->backend];
    }
    *figures = (struct ev_study_figures){NAN, NAN, NAN};
    if (is_timed)
        figures->mean_ns = mean_of_calls(rows);
    if (w < 0 || rows->n == 0 || row->batch_rows < 1)
        return EV_OK;
    double *errors = malloc(2 * (size_t)rows->n * sizeof *errors);
    if (!errors)
        return ev_fail(err, EV_MEMORY, "out of memory for the errors of %lld rows",
                       (long long)rows->n);
    ev_sample_rows_errors(rows, row->columns, -1, false, errors);
    figures->mse = mean_over_batches(rows, w, row->batch_rows, errors, 1);
    if (is_mirrored) {
        mirrored_errors(rows, row->columns, w, errors + rows->n);
        figures->mse_mirrored = mean_over_batches(rows, w, row->batch_rows, errors, 2);
    }
    free(errors);
    return EV_OK;
}
