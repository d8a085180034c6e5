/* SPDX-License-Identifier: MIT */
/* Which rows a subset and the parts of a split have. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "inspect/cut.h"
#include "inspect/laps.h"
#include "inspect/rows.h"

/* Orders of laps that are tried. */
#define LAP_TRIES 32

static enum ev_status make_rows(int64_t most, struct ev_cut_rows *rows, struct ev_error *err)
{
    *rows = (struct ev_cut_rows){.rows = malloc((size_t)most * sizeof *rows->rows)};
    return rows->rows ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
}

enum ev_status ev_subset_rows(struct ev_set *set, const struct ev_subset_args *args,
                              struct ev_cut_rows *rows, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const float *labels = ev_set_labels(set);
    struct ev_slice slice = {0, info->n_rows, 1};
    struct ev_condition condition = {0};
    enum ev_status status = EV_OK;
    int64_t n_fulfil = 0;

    *rows = (struct ev_cut_rows){0};
    if (args->rows)
        status = ev_slice_parse("rows", args->rows, info->n_rows, &slice, err);
    if (status == EV_OK && args->where)
        status = ev_condition_parse("where", args->where, info, &condition, err);
    if (status == EV_OK)
        status = make_rows((slice.stop - slice.first - 1) / slice.step + 1, rows, err);
    if (status != EV_OK)
        return status;
    const int64_t n_sliced = (slice.stop - slice.first - 1) / slice.step + 1;
    for (int64_t i = 0; i < n_sliced; i++) { /* row + step could overflow */
        const int64_t row = slice.first + i * slice.step;
        if (args->where && !ev_condition_holds(&condition, labels + row * info->n_outputs))
            continue;
        if (n_fulfil++ % args->every == 0)
            rows->rows[rows->n++] = row;
        if (rows->n == args->limit)
            break;
    }
    if (rows->n > 0)
        return EV_OK;
    ev_cut_rows_free(rows);
    return ev_fail(err, EV_INPUT, "%s: no row fulfils --where %s", info->path, args->where);
}

/* Takes exactly n_first of n rows, each with the same probability (Knuth, The Art of Computer
 * Programming, volume 2, algorithm S), keyed by row. */
static void divide_rows(int64_t n, int64_t n_first, uint64_t seed, bool *in_first)
{
    for (int64_t row = 0; row < n; row++) {
        struct ev_rng rng = ev_rng_at(seed, EV_RNG_DIVIDE, (uint64_t)row);
        in_first[row] = ev_rng_below(&rng, (uint64_t)(n - row)) < (uint64_t)n_first;
        n_first -= in_first[row];
    }
}

/* One try: laps in a random order, each taken if that brings the number of rows nearer to n_first;
 * at least one, and not all. Returns how far from it the number is. */
static int64_t try_laps(const struct ev_set_laps *laps, int64_t n_first, struct ev_rng *rng,
                        int64_t *order, bool *taken)
{
    int64_t left = n_first, n_taken = 0, nearest = 0;

    for (int64_t i = 0; i < laps->n_laps; i++) {
        int64_t other = (int64_t)ev_rng_below(rng, (uint64_t)i + 1);
        order[i] = order[other];
        order[other] = i;
        taken[i] = false;
    }
    for (int64_t i = 0; i < laps->n_laps; i++) {
        const int64_t n = laps->laps[order[i]].n_rows;
        if (llabs(n_first - n) < llabs(n_first - laps->laps[nearest].n_rows))
            nearest = order[i];
        if (n_taken + 1 == laps->n_laps || llabs(left - n) >= llabs(left))
            continue;
        taken[order[i]] = true;
        left -= n;
        n_taken++;
    }
    if (n_taken == 0) {
        taken[nearest] = true;
        left -= laps->laps[nearest].n_rows;
    }
    return llabs(left);
}

/* The nearest of LAP_TRIES tries, and of those the first. */
static enum ev_status divide_laps(const struct ev_set_laps *laps, int64_t n_first, uint64_t seed,
                                  bool *in_first, struct ev_error *err)
{
    const size_t n_laps = (size_t)laps->n_laps;
    int64_t *order = malloc(n_laps * sizeof *order), best = INT64_MAX;
    bool *taken = malloc(n_laps * sizeof *taken);
    enum ev_status status = order && taken ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    for (uint64_t i = 0; i < LAP_TRIES && best > 0 && status == EV_OK; i++) {
        struct ev_rng rng = ev_rng_at(seed, EV_RNG_DIVIDE, i);
        const int64_t distance = try_laps(laps, n_first, &rng, order, taken);
        if (distance >= best)
            continue;
        best = distance;
        for (size_t j = 0; j < n_laps; j++) {
            const struct ev_set_lap *lap = &laps->laps[j];
            for (int64_t row = lap->first; row < lap->first + lap->n_rows; row++)
                in_first[row] = taken[j];
        }
    }
    free(taken);
    free(order);
    return status;
}

/* The rows of both parts, in order. */
static enum ev_status list_parts(int64_t n, const bool *in_first, struct ev_cut_rows *first,
                                 struct ev_cut_rows *rest, struct ev_error *err)
{
    enum ev_status status = make_rows(n, first, err);

    if (status == EV_OK)
        status = make_rows(n, rest, err);
    for (int64_t row = 0; row < n && status == EV_OK; row++) {
        struct ev_cut_rows *part = in_first[row] ? first : rest;
        part->rows[part->n++] = row;
    }
    return status;
}

static enum ev_status choose(struct ev_set *set, const struct ev_split_args *args, bool *in_first,
                             struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const int64_t n = info->n_rows;
    struct ev_set_laps laps = {0};
    int64_t n_first = llround(args->share * (double)n);

    n_first = n_first < 1 ? 1 : n_first >= n ? n - 1 : n_first;
    if (n < 2)
        return ev_fail(err, EV_INPUT, "%s: has one row, nothing to split", info->path);
    if (!args->by_lap) {
        divide_rows(n, n_first, args->seed, in_first);
        return EV_OK;
    }
    enum ev_status status = ev_set_laps_find(set, &laps, err);
    if (status == EV_OK && laps.n_laps < 2)
        status = ev_fail(err, EV_INPUT, "%s: is a single lap, nothing to split by lap", info->path);
    if (status == EV_OK)
        status = divide_laps(&laps, n_first, args->seed, in_first, err);
    ev_set_laps_free(&laps);
    return status;
}

enum ev_status ev_split_rows(struct ev_set *set, const struct ev_split_args *args,
                             struct ev_cut_rows *first, struct ev_cut_rows *rest,
                             struct ev_error *err)
{
    const int64_t n = ev_set_info(set)->n_rows;
    bool *in_first = calloc((size_t)n, sizeof *in_first);

    *first = *rest = (struct ev_cut_rows){0};
    enum ev_status status =
        in_first ? choose(set, args, in_first, err) : ev_fail(err, EV_MEMORY, "out of memory");
    if (status == EV_OK)
        status = list_parts(n, in_first, first, rest, err);
    free(in_first);
    if (status != EV_OK) {
        ev_cut_rows_free(first);
        ev_cut_rows_free(rest);
    }
    return status;
}
