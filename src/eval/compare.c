/* SPDX-License-Identifier: MIT */
/* The list of figures, sizes, and what only one of two results has. */
#include "eval/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/compare_private.h"

const char *ev_compare_verdict_name(enum ev_compare_verdict verdict)
{
    static const char *const names[EV_N_COMPARE_VERDICTS] = {"better", "worse", "same",
                                                             "cannot tell"};

    return names[verdict];
}

const char *ev_compare_kind_name(enum ev_compare_kind kind)
{
    return kind == EV_COMPARE_SIZE ? "size" : kind == EV_COMPARE_ERROR ? "error" : "time";
}

struct ev_compare_figure *ev_compare_add(struct comparing *comparing, enum ev_compare_kind kind,
                                         const char *backend, const char *set)
{
    struct ev_compare *compare = comparing->compare;
    struct ev_compare_figure *figures =
        realloc(compare->figures, (compare->n_figures + 1) * sizeof *figures);

    if (!figures)
        return NULL;
    compare->figures = figures;
    figures[compare->n_figures] = (struct ev_compare_figure){
        .kind = kind,
        .backend = backend,
        .set = set,
        .unit = "",
        .a = NAN,
        .b = NAN,
        .change = NAN,
        .low = NAN,
        .high = NAN,
        .verdict = EV_COMPARE_CANNOT_TELL,
        .why = "",
    };
    return &figures[compare->n_figures++];
}

void ev_compare_cannot_tell(struct ev_compare_figure *figure, const char *why)
{
    figure->verdict = EV_COMPARE_CANNOT_TELL;
    figure->why = why;
}

void ev_compare_same(struct ev_compare_figure *figure)
{
    figure->verdict = EV_COMPARE_SAME;
    figure->change = figure->low = figure->high = 0;
    figure->why = "";
}

void ev_compare_judge(struct ev_compare_figure *figure, const struct log_figure *a,
                      const struct log_figure *b, double margin, double effect)
{
    const double change = b->value - a->value;
    const double low = change - hypot(b->value - b->low, a->high - a->value);
    const double high = change + hypot(b->high - b->value, a->value - a->low);

    figure->change = expm1(change);
    figure->low = expm1(low);
    figure->high = expm1(high);
    if (low > 0 && change > effect)
        figure->verdict = EV_COMPARE_WORSE;
    else if (high < 0 && change < -effect)
        figure->verdict = EV_COMPARE_BETTER;
    else if (low >= -margin && high <= margin)
        figure->verdict = EV_COMPARE_SAME;
    else
        ev_compare_cannot_tell(figure, isnan(low) || isnan(high) ? "there is no interval"
                                                                 : "the interval is too wide");
}

/* --- Sizes --- */

static bool is_first_of_backend(const struct ev_result *result, size_t row)
{
    return ev_result_find_backend(result, result->rows[row].backend) == &result->rows[row];
}

/* Exact, but judged as all figures are: a few bytes of another name are no better model. */
static void judge_size(struct ev_compare_figure *figure, double margin)
{
    const double more = figure->b - figure->a, change = figure->a > 0 ? more / figure->a : NAN;

    if (more == 0) {
        ev_compare_same(figure);
        return;
    }
    figure->change = figure->low = figure->high = change;
    figure->verdict = fabs(change) <= margin ? EV_COMPARE_SAME
                      : more < 0             ? EV_COMPARE_BETTER
                                             : EV_COMPARE_WORSE;
}

static bool add_size(struct comparing *comparing, const char *backend, const char *name, int64_t a,
                     int64_t b)
{
    if (a < 0 && b < 0)
        return true;
    struct ev_compare_figure *figure = ev_compare_add(comparing, EV_COMPARE_SIZE, backend, "");
    if (!figure)
        return false;
    snprintf(figure->name, sizeof figure->name, "%s", name);
    figure->unit = "bytes";
    figure->a = a < 0 ? NAN : (double)a;
    figure->b = b < 0 ? NAN : (double)b;
    if (a < 0 || b < 0)
        ev_compare_cannot_tell(figure, "only one of the two is known");
    else
        judge_size(figure, comparing->args->margin);
    return true;
}

static enum ev_status compare_sizes(struct comparing *comparing, struct ev_error *err)
{
    const struct ev_result *a = comparing->a;

    for (size_t i = 0; i < a->n_rows; i++) {
        const struct ev_result_row *row = &a->rows[i];
        const struct ev_result_row *other = ev_result_find_backend(comparing->b, row->backend);
        if (!other || !is_first_of_backend(a, i))
            continue;
        if (!add_size(comparing, row->backend, "model", row->model_bytes, other->model_bytes) ||
            !add_size(comparing, row->backend, "weights", row->weight_bytes, other->weight_bytes))
            return ev_fail(err, EV_MEMORY, "out of memory");
    }
    return EV_OK;
}

/* --- What only one has --- */

static bool add_note(struct ev_compare *compare, const char *note)
{
    char **notes = realloc(compare->notes, (compare->n_notes + 1) * sizeof *notes);
    char *copy = strdup(note);

    if (notes)
        compare->notes = notes;
    if (!notes || !copy) {
        free(copy);
        return false;
    }
    notes[compare->n_notes++] = copy;
    return true;
}

/* Rows of `x` that `y` has not; where all of a backend's rows are missing, it is said once. */
static bool note_missing(struct ev_compare *compare, const struct ev_result *x,
                         const struct ev_result *y, const char *name)
{
    char note[512];

    for (size_t i = 0; i < x->n_rows; i++) {
        const struct ev_result_row *row = &x->rows[i];
        if (ev_result_find(y, row->backend, row->set))
            continue;
        if (ev_result_find_backend(y, row->backend))
            snprintf(note, sizeof note, "%.200s on %.200s: only in %s", row->backend, row->set,
                     name);
        else if (is_first_of_backend(x, i))
            snprintf(note, sizeof note, "%.200s: only in %s", row->backend, name);
        else
            continue;
        if (!add_note(compare, note))
            return false;
    }
    return true;
}

/* Times are measured on their own, so a run may have none. */
static bool note_timings(struct ev_compare *compare, const struct ev_result *a,
                         const struct ev_result *b)
{
    if ((a->n_timings > 0) == (b->n_timings > 0))
        return true;
    return add_note(compare, a->n_timings > 0 ? "times of worker processes: only in A"
                                              : "times of worker processes: only in B");
}

enum ev_status ev_compare_results(const struct ev_result *a, const struct ev_result *b,
                                  const struct ev_compare_args *args, struct ev_compare *compare,
                                  struct ev_error *err)
{
    struct comparing comparing = {a, b, args, compare};
    enum ev_status status = EV_OK;

    *compare = (struct ev_compare){0};
    if (args->kinds & EV_COMPARE_SIZE)
        status = compare_sizes(&comparing, err);
    if (status == EV_OK && (args->kinds & EV_COMPARE_ERROR))
        status = ev_compare_errors(&comparing, err);
    if (status == EV_OK && (args->kinds & EV_COMPARE_TIME))
        status = ev_compare_times(&comparing, err);
    if (status == EV_OK && (!note_missing(compare, a, b, "A") ||
                            !note_missing(compare, b, a, "B") || !note_timings(compare, a, b)))
        status = ev_fail(err, EV_MEMORY, "out of memory");
    for (size_t i = 0; i < compare->n_figures; i++)
        compare->n[compare->figures[i].verdict]++;
    if (status != EV_OK)
        ev_compare_free(compare);
    return status;
}

void ev_compare_free(struct ev_compare *compare)
{
    for (size_t i = 0; i < compare->n_notes; i++)
        free(compare->notes[i]);
    free(compare->notes);
    free(compare->figures);
    *compare = (struct ev_compare){0};
}
