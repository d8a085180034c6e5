/* SPDX-License-Identifier: MIT */
/* Intervals of errors, changes against the baseline, and what verdicts mean, as texts. */
#include <math.h>
#include <string.h>

#include "eval/eval.h"
#include "report/report_view.h"

double ev_view_change(const struct ev_view *view, const struct ev_result_row *row)
{
    const char *reference = view->backends[view->reference];
    const struct ev_result_row *base = ev_result_find(view->result, reference, row->set);

    if (row == base || !base)
        return NAN;
    if (row->change.verdict != EV_VERDICT_NONE)
        return row->change.relative;
    return row->all.mse_norm / base->all.mse_norm - 1;
}

void ev_view_change_text(const struct ev_view *view, const struct ev_result_row *row, char *text,
                         size_t size)
{
    const double change = ev_view_change(view, row);
    const double half = (row->change.high - row->change.low) / 2;

    if (!isfinite(change))
        snprintf(text, size, "-");
    else if (isfinite(half))
        snprintf(text, size, "%+.1f ±%.1f %%", change * 100, half * 100);
    else
        snprintf(text, size, "%+.1f %%", change * 100);
}

bool ev_view_unresolved(const struct ev_view *view, size_t backend, const char *set, char *text,
                        size_t size)
{
    const struct ev_result_row *row = ev_result_find(view->result, view->backends[backend], set);
    char label[44];

    if (!row || row->change.verdict != EV_VERDICT_UNRESOLVED)
        return false;
    ev_view_label(view, backend, label, sizeof label);
    if (isfinite(row->change.detectable))
        snprintf(text, size, "%s: on these images only a change beyond %.1f %% could be told",
                 label, row->change.detectable * 100);
    else
        snprintf(text, size, "%s: no interval, so no verdict", label);
    return true;
}

void ev_view_interval_cell(double low, double high, char *text, size_t size)
{
    const int decimals = ev_grid_decimals(high - low, 2);

    if (isfinite(low))
        snprintf(text, size, "%.*f to %.*f", decimals, low, decimals, high);
}

void ev_view_change_cell(const struct ev_error_change *change, char *text, size_t size)
{
    if (isfinite(change->low))
        snprintf(text, size, "%+.1f %% (%+.1f to %+.1f) %s", change->relative * 100,
                 change->low * 100, change->high * 100, ev_verdict_error_name(change->verdict));
    else if (change->verdict != EV_VERDICT_NONE)
        snprintf(text, size, "- %s", ev_verdict_error_name(change->verdict));
}

static void interval_cell(const struct ev_result_row *row, char *text, size_t size)
{
    ev_view_interval_cell(row->mse_norm_low, row->mse_norm_high, text, size);
}

static void change_cell(const struct ev_result_row *row, char *text, size_t size)
{
    ev_view_change_cell(&row->change, text, size);
}

/* A grid of texts: backends without the one numbered `but`, by set. */
static enum ev_status make_grid(const struct ev_view *view, size_t but,
                                void (*cell)(const struct ev_result_row *, char *, size_t),
                                struct ev_grid *grid, struct ev_error *err)
{
    const size_t n_sets = view->n_sets + (view->has_pooled ? 1 : 0);
    const size_t n = view->n_backends - (but < view->n_backends ? 1 : 0);
    enum ev_status status = ev_grid_init(grid, n_sets + 1, n, err);

    if (status != EV_OK)
        return status;
    ev_grid_set_header(grid, 0, "backend", "");
    for (size_t s = 0; s < n_sets; s++)
        ev_grid_set_header(grid, s + 1, s < view->n_sets ? view->sets[s] : EV_SET_ALL, "");
    for (size_t b = 0, line = 0; b < view->n_backends; b++) {
        char label[44];
        if (b == but)
            continue;
        ev_view_label(view, b, label, sizeof label);
        ev_grid_set_text(grid, line, 0, label);
        for (size_t s = 0; s < n_sets; s++) {
            const char *set = s < view->n_sets ? view->sets[s] : EV_SET_ALL;
            const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
            char text[EV_GRID_CELL_CHARS] = "-";
            if (row)
                cell(row, text, sizeof text);
            ev_grid_set_text(grid, line, s + 1, text);
        }
        line++;
    }
    return EV_OK;
}

enum ev_status ev_view_intervals(const struct ev_view *view, struct ev_grid *grid,
                                 struct ev_error *err)
{
    return make_grid(view, view->n_backends, interval_cell, grid, err);
}

enum ev_status ev_view_changes(const struct ev_view *view, struct ev_grid *grid,
                               struct ev_error *err)
{
    return make_grid(view, view->reference, change_cell, grid, err);
}
