/* SPDX-License-Identifier: MIT */
/* Errors of two results: paired by rows where both have them, else by their intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "eval/compare_private.h"
#include "eval/eval.h"
#include "eval/judge.h"
#include "eval/sample_rows.h"

/* One row of each result, of the same backend and set. */
struct pair {
    const struct ev_result_row *a, *b;
    struct ev_sample_rows rows_a, rows_b; /* without sets if they cannot be paired */
    const char *obstacle;                 /* why errors cannot be compared at all, or NULL */
};

static const struct ev_result_set *find_set(const struct ev_result *result, const char *name)
{
    for (size_t i = 0; i < result->n_sets; i++) {
        if (strcmp(result->sets[i].name, name) == 0)
            return &result->sets[i];
    }
    return NULL;
}

/* Whether a set that rows name is the same one in both results. The pooled one is of all sets. */
static bool is_same_set(const struct ev_result *a, const struct ev_result *b, const char *name)
{
    const bool is_pooled = !find_set(a, name);

    for (size_t i = 0; i < a->n_sets; i++) {
        const struct ev_result_set *set = &a->sets[i], *other = find_set(b, set->name);
        if (!is_pooled && strcmp(set->name, name) != 0)
            continue;
        if (!other || strcmp(set->sha256, other->sha256) != 0)
            return false;
    }
    return !is_pooled || a->n_sets == b->n_sets;
}

static bool has_same_columns(const struct ev_result_row *a, const struct ev_result_row *b)
{
    if (a->n_outputs != b->n_outputs)
        return false;
    for (int32_t k = 0; k < a->n_outputs; k++) {
        const struct ev_column *x = &a->columns[k], *y = &b->columns[k];
        if (strcmp(x->name, y->name) != 0 || x->min != y->min || x->max != y->max)
            return false;
    }
    return true;
}

static enum ev_status pair_rows(const struct comparing *comparing, struct pair *pair,
                                struct ev_error *err)
{
    const struct ev_result_row *a = pair->a, *b = pair->b;

    if (!has_same_columns(a, b))
        pair->obstacle = "the outputs are others";
    else if (a->n_rows != b->n_rows || !is_same_set(comparing->a, comparing->b, a->set))
        pair->obstacle = "the set is another";
    if (pair->obstacle)
        return EV_OK;
    enum ev_status status = ev_sample_rows_find(&comparing->a->samples, a->backend, a->set,
                                                a->n_outputs, &pair->rows_a, err);
    if (status == EV_OK)
        status = ev_sample_rows_find(&comparing->b->samples, b->backend, b->set, b->n_outputs,
                                     &pair->rows_b, err);
    if (status == EV_OK && !ev_sample_rows_match(&pair->rows_a, &pair->rows_b)) {
        ev_sample_rows_free(&pair->rows_a);
        ev_sample_rows_free(&pair->rows_b);
    }
    return status;
}

/* With one that is no number there is nothing to be estimated, but it is not the same. */
static bool judge_not_finite(struct ev_compare_figure *figure)
{
    if (isfinite(figure->a) && isfinite(figure->b))
        return false;
    figure->why = "not a number";
    if (isfinite(figure->a))
        figure->verdict = EV_COMPARE_WORSE;
    else if (isfinite(figure->b))
        figure->verdict = EV_COMPARE_BETTER;
    return true;
}

static enum ev_status judge_paired(const struct pair *pair, int32_t k, bool absolute, double margin,
                                   struct ev_compare_figure *figure, struct ev_error *err)
{
    static const enum ev_compare_verdict verdicts[] = {
        [EV_VERDICT_NONE] = EV_COMPARE_CANNOT_TELL,
        [EV_VERDICT_LESS] = EV_COMPARE_BETTER,
        [EV_VERDICT_MORE] = EV_COMPARE_WORSE,
        [EV_VERDICT_SAME] = EV_COMPARE_SAME,
        [EV_VERDICT_UNRESOLVED] = EV_COMPARE_CANNOT_TELL,
    };
    const struct ev_sample_rows *rows = &pair->rows_a;
    double *errors = malloc(2 * (size_t)rows->n * sizeof *errors);
    struct ev_error_change change;

    if (!errors)
        return ev_fail(err, EV_MEMORY, "out of memory for the errors of %lld rows",
                       (long long)rows->n);
    ev_sample_rows_errors(rows, pair->a->columns, k, absolute, errors);
    ev_sample_rows_errors(&pair->rows_b, pair->a->columns, k, absolute, errors + rows->n);
    const struct ev_segments segments = {errors + rows->n, rows->n_rows, (int32_t)rows->n_sets};
    enum ev_status status = ev_judge_change(&segments, errors, &change, err);
    free(errors);
    if (status != EV_OK)
        return status;
    const struct ev_interval interval = {change.low, change.high, EV_ERROR_CONFIDENCE};
    figure->verdict = verdicts[ev_verdict_errors(change.relative, &interval, 1.0, margin).verdict];
    figure->paired = true;
    figure->change = change.relative;
    figure->low = change.low;
    figure->high = change.high;
    if (figure->verdict == EV_COMPARE_CANNOT_TELL)
        figure->why = isnan(change.low) ? "there is no interval" : "the interval is too wide";
    return EV_OK;
}

/* The MSE of output k of a row with its interval, or with k = -1 that of all. */
static struct log_figure log_mse(const struct ev_result_row *row, int32_t k, double mse)
{
    if (k < 0)
        return (struct log_figure){log(mse), log(row->mse_norm_low), log(row->mse_norm_high)};
    return (struct log_figure){log(mse), log(row->intervals[k].low), log(row->intervals[k].high)};
}

/* By the interval of each, which only MSEs have. */
static void judge_unpaired(const struct pair *pair, int32_t k, bool absolute, double margin,
                           struct ev_compare_figure *figure)
{
    const struct log_figure x = log_mse(pair->a, k, figure->a);
    const struct log_figure y = log_mse(pair->b, k, figure->b);

    if (figure->a == figure->b)
        ev_compare_same(figure);
    else if (!absolute)
        ev_compare_judge(figure, &x, &y, log1p(margin), log1p(margin));
    else
        ev_compare_cannot_tell(figure, "there are no samples of rows");
}

static enum ev_status add_figure(struct comparing *comparing, const struct pair *pair, int32_t k,
                                 bool absolute, struct ev_error *err)
{
    const struct ev_result_row *a = pair->a, *b = pair->b;
    const struct ev_error_figures *x = k < 0 ? &a->all : &a->outputs[k];
    const struct ev_error_figures *y = k < 0 ? &b->all : &b->outputs[k];
    struct ev_compare_figure *figure =
        ev_compare_add(comparing, EV_COMPARE_ERROR, a->backend, a->set);

    if (!figure)
        return ev_fail(err, EV_MEMORY, "out of memory");
    snprintf(figure->name, sizeof figure->name, "%s%s%s", absolute ? "MAE" : "MSE",
             k < 0 ? "" : " ", k < 0 ? "" : a->columns[k].name);
    figure->unit = "normalised";
    figure->a = absolute ? x->mae_norm : x->mse_norm;
    figure->b = absolute ? y->mae_norm : y->mse_norm;
    const bool is_paired = pair->rows_a.n_sets > 0;
    if (pair->obstacle)
        ev_compare_cannot_tell(figure, pair->obstacle);
    else if (is_paired && ev_sample_rows_equal(&pair->rows_a, &pair->rows_b))
        ev_compare_same(figure);
    else if (!judge_not_finite(figure) && is_paired)
        return judge_paired(pair, k, absolute, comparing->args->margin, figure, err);
    else if (isfinite(figure->a) && isfinite(figure->b))
        judge_unpaired(pair, k, absolute, comparing->args->margin, figure);
    return EV_OK;
}

enum ev_status ev_compare_errors(struct comparing *comparing, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < comparing->a->n_rows && status == EV_OK; i++) {
        struct pair pair = {.a = &comparing->a->rows[i]};
        pair.b = ev_result_find(comparing->b, pair.a->backend, pair.a->set);
        if (!pair.b)
            continue;
        status = pair_rows(comparing, &pair, err);
        for (int absolute = 0; absolute < 2; absolute++) {
            for (int32_t k = -1; k < pair.a->n_outputs && status == EV_OK; k++)
                status = add_figure(comparing, &pair, k, absolute, err);
        }
        ev_sample_rows_free(&pair.rows_a);
        ev_sample_rows_free(&pair.rows_b);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    return status;
}
