/* SPDX-License-Identifier: MIT */
/* Sums, resampling and the comparison with the baseline, from outputs and labels alone. */
#include "eval/error_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/disagreement.h"
#include "eval/judge.h"
#include "eval/sample_rows.h"
#include "eval/study.h"

static const struct ev_error_change no_change = {EV_VERDICT_NONE, NAN, NAN, NAN, NAN};

/* Samples of a row, and of the baseline on the same rows: no sets where it is the baseline's, or
 * the baseline did not run. */
struct pair {
    const struct ev_result_row *row;
    struct ev_sample_rows rows, baseline;
};

static bool are_of_same_sets(const struct ev_sample_rows *a, const struct ev_sample_rows *b)
{
    bool same = a->n_sets == b->n_sets;

    for (size_t s = 0; same && s < a->n_sets; s++)
        same = a->sets[s] == b->sets[s];
    return same;
}

static enum ev_status find_pair(const struct ev_result *result, const struct ev_result_row *row,
                                struct pair *pair, struct ev_error *err)
{
    const char *baseline = ev_result_baseline(result);

    *pair = (struct pair){.row = row};
    enum ev_status status = ev_sample_rows_find(&result->samples, row->backend, row->set,
                                                row->n_outputs, &pair->rows, err);
    if (status == EV_OK && baseline && strcmp(row->backend, baseline) != 0)
        status = ev_sample_rows_find(&result->samples, baseline, row->set, row->n_outputs,
                                     &pair->baseline, err);
    if (status == EV_OK && !are_of_same_sets(&pair->rows, &pair->baseline))
        ev_sample_rows_free(&pair->baseline);
    return status;
}

static void free_pair(struct pair *pair)
{
    ev_sample_rows_free(&pair->rows);
    ev_sample_rows_free(&pair->baseline);
}

/* Interval and change of output k, or with k = -1 of all. */
static enum ev_status judge(const struct pair *pair, int32_t k, double *low, double *high,
                            struct ev_error_change *change, struct ev_error *err)
{
    const struct ev_column *columns = pair->row->columns;
    const int64_t n = pair->rows.n;
    double *errors = malloc(2 * (size_t)n * sizeof *errors);

    *change = no_change;
    if (!errors)
        return ev_fail(err, EV_MEMORY, "out of memory for the errors of %lld rows", (long long)n);
    const struct ev_segments segments = {errors, pair->rows.n_rows, (int32_t)pair->rows.n_sets};
    ev_sample_rows_errors(&pair->rows, columns, k, false, errors);
    enum ev_status status = ev_judge_error(&segments, low, high, err);
    if (status == EV_OK && pair->baseline.n_sets > 0) {
        ev_sample_rows_errors(&pair->baseline, columns, k, false, errors + n);
        status = ev_judge_change(&segments, errors + n, change, err);
    }
    free(errors);
    return status;
}

static enum ev_status judge_all(const struct pair *pair, struct ev_result_row *fresh,
                                struct ev_error *err)
{
    enum ev_status status =
        judge(pair, -1, &fresh->mse_norm_low, &fresh->mse_norm_high, &fresh->change, err);

    for (int32_t k = 0; k < pair->row->n_outputs && status == EV_OK; k++) {
        struct ev_error_interval *interval = &fresh->intervals[k];
        status = judge(pair, k, &interval->low, &interval->high, &interval->change, err);
    }
    return status;
}

enum ev_status ev_error_figures_of(const struct ev_result *result, const struct ev_result_row *row,
                                   struct ev_result_row *fresh, bool *found, struct ev_error *err)
{
    struct ev_accuracy accuracy;
    struct pair pair;
    enum ev_status status = find_pair(result, row, &pair, err);

    *found = status == EV_OK && pair.rows.n > 0;
    if (*found) {
        fresh->disagreement = (struct ev_disagreement){NAN, NAN, {NAN, -1, -1}};
        ev_accuracy_init(&accuracy, row->columns, row->n_outputs);
        ev_sample_rows_add(&pair.rows, &accuracy);
        ev_accuracy_figures(&accuracy, fresh->outputs, &fresh->all);
        fresh->n_rows = accuracy.n_rows;
        fresh->batch_delta = ev_disagreement_of_batches(result, &pair.rows);
        ev_sample_rows_sha256(&pair.rows, fresh->outputs_sha256);
        status = judge_all(&pair, fresh, err);
    }
    if (*found && status == EV_OK)
        status = ev_study_figures_of(row, &pair.rows, &fresh->study, err);
    if (*found && status == EV_OK && pair.baseline.n_sets > 0)
        status = ev_disagreement_find(result, &pair.rows, &pair.baseline, &fresh->disagreement, err);
    free_pair(&pair);
    return status;
}
