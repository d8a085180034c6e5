/* SPDX-License-Identifier: MIT */
/* The part of a document that tells the outputs apart: how large the error of each is, how far that
 * is known, and which of them a backend makes worse. */
#include <math.h>
#include <stdlib.h>

#include "report/report_parts.h"

enum { OUTPUT, BACKEND, RMSE, MSE, INTERVAL, CHANGE, N_COLUMNS };

/* A line of the table: output k of a backend's row. */
struct line {
    size_t backend;
    const struct ev_result_row *row;
    int32_t k;
};

/* Lines of each output that the main set has, by output; room for one of each backend and column.
 */
static size_t find_lines(const struct ev_view *view, struct line *lines)
{
    const char *set = ev_view_main_set(view);
    size_t n = 0;

    for (size_t c = 0; c < view->n_columns; c++) {
        for (size_t b = 0; b < view->n_backends; b++) {
            const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
            const int32_t k = row ? ev_view_output(row, &view->columns[c]) : -1;
            if (k >= 0)
                lines[n++] = (struct line){b, row, k};
        }
    }
    return n;
}

static void set_line(const struct ev_view *view, const struct line *line, size_t at,
                     struct ev_grid *grid)
{
    const struct ev_result_row *row = line->row;
    const struct ev_error_interval *interval = &row->intervals[line->k];
    const double rmse = sqrt(row->outputs[line->k].mse);
    char label[44], text[EV_GRID_CELL_CHARS] = "-";

    ev_view_label(view, line->backend, label, sizeof label);
    ev_grid_set_text(grid, at, OUTPUT, row->columns[line->k].name);
    ev_grid_set_text(grid, at, BACKEND, label);
    if (isfinite(rmse))
        snprintf(text, sizeof text, "%.*f %s", ev_grid_decimals(rmse, 3), rmse,
                 row->columns[line->k].unit);
    ev_grid_set_text(grid, at, RMSE, text);
    snprintf(text, sizeof text, "-");
    ev_view_interval_cell(interval->low, interval->high, text, sizeof text);
    ev_grid_set_text(grid, at, INTERVAL, text);
    snprintf(text, sizeof text, "-");
    ev_view_change_cell(&interval->change, text, sizeof text);
    ev_grid_set_text(grid, at, CHANGE, text);
}

static enum ev_status make_grid(const struct ev_view *view, const struct line *lines, size_t n,
                                struct ev_grid *grid, struct ev_error *err)
{
    double *values = calloc(n + 1, sizeof *values);
    enum ev_status status = ev_grid_init(grid, N_COLUMNS, n, err);

    if (!values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    if (status != EV_OK)
        goto done;
    ev_grid_set_header(grid, OUTPUT, "output", "");
    ev_grid_set_header(grid, BACKEND, "backend", "");
    ev_grid_align_left(grid, BACKEND);
    ev_grid_set_header(grid, RMSE, "RMSE", "");
    ev_grid_set_header(grid, MSE, "MSE", "normalised");
    ev_grid_set_header(grid, INTERVAL, "its interval", "");
    ev_grid_set_header(grid, CHANGE, "change", view->baseline ? "vs " EV_BASELINE : "vs first");
    for (size_t i = 0; i < n; i++) {
        values[i] = lines[i].row->outputs[lines[i].k].mse_norm;
        set_line(view, &lines[i], i, grid);
    }
    ev_grid_set_numbers(grid, MSE, values, 4);
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(values);
    return status;
}

enum ev_status ev_part_outputs(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    struct line *lines = calloc(view->n_columns * view->n_backends + 1, sizeof *lines);
    struct ev_grid grid;
    char names[512];

    if (!lines)
        return ev_fail(err, EV_MEMORY, "out of memory for a table");
    const size_t n = find_lines(view, lines);
    enum ev_status status = EV_OK;
    if (view->has_intervals && view->n_columns > 1 && n > 0) {
        status = make_grid(view, lines, n, &grid, err);
        if (status == EV_OK) {
            ev_view_set_text(view, ev_view_main_set(view), names, sizeof names);
            ev_doc_heading(doc, 2, "By output");
            ev_doc_paragraph(
                doc,
                "Each output by itself, over %s: RMSE is the root of the mean squared "
                "error in the output's unit; intervals are of %.0f %%, and changes and "
                "verdicts of the MSE are made as those of all outputs.",
                names, EV_ERROR_CONFIDENCE * 100);
            ev_doc_grid(doc, &grid);
            ev_grid_free(&grid);
        }
    }
    free(lines);
    return status;
}
