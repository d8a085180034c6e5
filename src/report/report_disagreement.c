/* SPDX-License-Identifier: MIT */
/* The part of a document that says how far outputs are from the baseline's. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/spread.h"
#include "report/report_parts.h"

enum { BACKEND, SET, P50, P99, WORST, PLACE, BATCH, BATCH_PLACE, N_COLUMNS };

static bool is_known(const struct ev_result_row *row)
{
    return row->disagreement.worst.row >= 0 || row->batch_delta.row >= 0;
}

/* "row 17", of which set where that is not the row's own; nowhere if there is no difference. */
static void set_place(const struct ev_view *view, const struct ev_result_row *row,
                      const struct ev_row_difference *difference, struct ev_grid *grid, size_t line,
                      size_t column)
{
    const struct ev_result_set *sets = view->result->sets;
    const bool is_somewhere = difference->row >= 0 && difference->value != 0;
    char text[EV_GRID_CELL_CHARS] = "-";

    if (is_somewhere && ev_view_is_pooled(row->set) && difference->set >= 0)
        snprintf(text, sizeof text, "row %" PRId64 " of %.60s", difference->row,
                 sets[difference->set].name);
    else if (is_somewhere)
        snprintf(text, sizeof text, "row %" PRId64, difference->row);
    ev_grid_set_text(grid, line, column, text);
}

/* Rows by backend, then as the result has them: by set, the pooled one last. */
static size_t sort_rows(const struct ev_view *view, const struct ev_result_row **rows)
{
    size_t n = 0;

    for (size_t b = 0; b < view->n_backends; b++) {
        for (size_t i = 0; i < view->result->n_rows; i++) {
            const struct ev_result_row *row = &view->result->rows[i];
            if (is_known(row) && strcmp(row->backend, view->backends[b]) == 0)
                rows[n++] = row;
        }
    }
    return n;
}

static size_t number_of(const struct ev_view *view, const char *backend)
{
    size_t b = 0;

    while (b + 1 < view->n_backends && strcmp(view->backends[b], backend) != 0)
        b++;
    return b;
}

static double value_of(const struct ev_result_row *row, size_t column)
{
    switch (column) {
    case P50:
        return row->disagreement.p50;
    case P99:
        return row->disagreement.p99;
    case WORST:
        return row->disagreement.worst.value;
    default:
        return row->batch_delta.value;
    }
}

static enum ev_status make_grid(const struct ev_view *view, const struct ev_result_row **rows,
                                size_t n, struct ev_grid *grid, struct ev_error *err)
{
    static const char *const heads[N_COLUMNS] = {"backend", "set", "median", "p99",
                                                 "largest", "in",  "batch",  "in"};
    static const size_t numbers[] = {P50, P99, WORST, BATCH};
    double *values = calloc(n, sizeof *values);
    enum ev_status status = ev_grid_init(grid, N_COLUMNS, n, err);

    if (!values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    if (status != EV_OK)
        goto done;
    for (size_t k = 0; k < N_COLUMNS; k++)
        ev_grid_set_header(grid, k, heads[k], "");
    ev_grid_align_left(grid, SET);
    ev_grid_align_left(grid, PLACE);
    ev_grid_align_left(grid, BATCH_PLACE);
    for (size_t i = 0; i < n; i++) {
        char label[44];
        ev_view_label(view, number_of(view, rows[i]->backend), label, sizeof label);
        ev_grid_set_text(grid, i, BACKEND, label);
        ev_grid_set_text(grid, i, SET, rows[i]->set);
        set_place(view, rows[i], &rows[i]->disagreement.worst, grid, i, PLACE);
        set_place(view, rows[i], &rows[i]->batch_delta, grid, i, BATCH_PLACE);
    }
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        for (size_t i = 0; i < n; i++)
            values[i] = value_of(rows[i], numbers[k]);
        ev_grid_set_numbers(grid, numbers[k], values, 3);
    }
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(values);
    return status;
}

enum ev_status ev_part_disagreement(const struct ev_view *view, struct ev_doc *doc,
                                    struct ev_error *err)
{
    const struct ev_result_row **rows = calloc(view->result->n_rows + 1, sizeof(*rows));
    enum ev_status status = EV_OK;
    struct ev_grid grid;
    char reference[44];

    if (!rows)
        return ev_fail(err, EV_MEMORY, "out of memory for a table");
    const size_t n = sort_rows(view, rows);
    if (n > 0) {
        status = make_grid(view, rows, n, &grid, err);
        if (status == EV_OK) {
            ev_view_label(view, view->reference, reference, sizeof reference);
            ev_doc_heading(doc, 2, "Disagreement with %s", reference);
            ev_doc_paragraph(doc,
                             "How far an image's outputs are from %s's: the largest absolute "
                             "difference of an output, in normalised units. batch: at most how far "
                             "they are from the backend's own in batches of %" PRId64
                             ", when it computes an image by itself, for up to %d images of each "
                             "set.",
                             reference, rows[0]->batch_rows, EV_SPREAD_ROWS);
            ev_doc_grid(doc, &grid);
            ev_grid_free(&grid);
        }
    }
    free(rows);
    return status;
}
