/* SPDX-License-Identifier: MIT */
/* Saved figures against fresh ones, equal but for the last digits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/recompute_private.h"

/* Parts of a figure that rounding may differ in. */
#define RELATIVE 1e-12

static double read_at(const void *record, size_t offset)
{
    double value;

    memcpy(&value, (const char *)record + offset, sizeof value);
    return value;
}

static bool is_equal(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= RELATIVE * fmax(fabs(a), fabs(b));
}

/* Appends a mismatch with its name alone; NULL when out of memory. */
static struct ev_mismatch *add_mismatch(const struct ev_figure_place *at, const char *name)
{
    struct ev_recomputed *recomputed = at->recomputed;
    struct ev_mismatch *mismatches =
        realloc(recomputed->mismatches, (recomputed->n_mismatches + 1) * sizeof *mismatches);

    if (!mismatches)
        return NULL;
    recomputed->mismatches = mismatches;
    struct ev_mismatch *mismatch = &mismatches[recomputed->n_mismatches++];
    *mismatch = (struct ev_mismatch){.backend = at->backend, .set = at->set};
    snprintf(mismatch->figure, sizeof mismatch->figure, "%s%s%s", at->prefix,
             *at->prefix ? "." : "", name);
    return mismatch;
}

bool ev_compare_values(const struct ev_figure_place *at, const char *name, double saved,
                       double fresh)
{
    at->recomputed->n_figures++;
    if (is_equal(saved, fresh))
        return true;
    struct ev_mismatch *mismatch = add_mismatch(at, name);
    if (!mismatch)
        return false;
    snprintf(mismatch->saved, sizeof mismatch->saved, "%.10g", saved);
    snprintf(mismatch->recomputed, sizeof mismatch->recomputed, "%.10g", fresh);
    return true;
}

bool ev_compare_figures(const struct ev_figure_place *at, const struct ev_figure *figures, size_t n,
                        const void *saved, const void *fresh)
{
    bool ok = true;

    for (size_t i = 0; i < n && ok; i++)
        ok = ev_compare_values(at, figures[i].name, read_at(saved, figures[i].offset),
                               read_at(fresh, figures[i].offset));
    return ok;
}

bool ev_compare_texts(const struct ev_figure_place *at, const char *name, const char *saved,
                      const char *fresh)
{
    at->recomputed->n_figures++;
    if (strcmp(saved, fresh) == 0)
        return true;
    struct ev_mismatch *mismatch = add_mismatch(at, name);
    if (!mismatch)
        return false;
    snprintf(mismatch->saved, sizeof mismatch->saved, "%s", saved);
    snprintf(mismatch->recomputed, sizeof mismatch->recomputed, "%s", fresh);
    return true;
}
