/* SPDX-License-Identifier: MIT */
/* The part of a document that counts as the published study does. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/study.h"
#include "report/report_parts.h"

enum { BACKEND, SIZE, MSE, MSE_MIRRORED, MEAN, N_COLUMNS };

static double value_of(const struct ev_result_row *row, size_t column)
{
    if (!row)
        return NAN;
    switch (column) {
    case SIZE:
        return ev_view_size_mib(row);
    case MSE:
        return row->study.mse;
    case MSE_MIRRORED:
        return row->study.mse_mirrored;
    default:
        return row->study.mean_ns / 1e6;
    }
}

static enum ev_status make_grid(const struct ev_view *view, const char *set, struct ev_grid *grid,
                                struct ev_error *err)
{
    static const struct {
        const char *what, *unit;
        int significant;
    } heads[N_COLUMNS] = {
        [SIZE] = {"size", "MiB", 4},
        [MSE] = {"MSE", "its way, without mirror images", 5},
        [MSE_MIRRORED] = {"MSE", "its way", 5},
        [MEAN] = {"mean of 1000 calls", "ms", 4},
    };
    double *values = calloc(view->n_backends + 1, sizeof *values);
    enum ev_status status = ev_grid_init(grid, N_COLUMNS, view->n_backends, err);

    if (!values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    if (status != EV_OK)
        goto done;
    ev_view_name_rows(view, grid);
    for (size_t column = SIZE; column < N_COLUMNS; column++) {
        for (size_t b = 0; b < view->n_backends; b++)
            values[b] = value_of(ev_result_find(view->result, view->backends[b], set), column);
        ev_grid_set_header(grid, column, heads[column].what, heads[column].unit);
        ev_grid_set_numbers(grid, column, values, heads[column].significant);
    }
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(values);
    return status;
}

/* Unit of w in a row of the set; "" if the rows have none. */
static const char *unit_of(const struct ev_result_row *row)
{
    const int32_t w = ev_study_output(row->columns, row->n_outputs);

    return w >= 0 ? row->columns[w].unit : "";
}

/* The first row of the set with a figure of the study, or NULL. */
static const struct ev_result_row *find_known(const struct ev_view *view, const char *set)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
        if (row && (isfinite(row->study.mse) || isfinite(row->study.mean_ns)))
            return row;
    }
    return NULL;
}

static void explain(const struct ev_result_row *row, const char *names, struct ev_doc *doc)
{
    ev_doc_paragraph(doc,
                     "Over %s, as the scripts of the published study count; where these figures "
                     "and those above differ, those above are right. The MSE is the mean over "
                     "batches of %" PRId64 " images, of which the last and shorter one weighs as "
                     "much as any other; images with |%s| above 1 %s count 6 times, above 2 11 "
                     "times, and every image also comes mirrored, with %s negated.",
                     names, row->batch_rows, EV_STUDY_OUTPUT, unit_of(row), EV_STUDY_OUTPUT);
    if (isnan(row->study.mean_ns))
        ev_doc_paragraph(doc, "Mirror images and the mean of 1000 calls were not asked for: "
                              "evalrun --study measures them.");
}

enum ev_status ev_part_study(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    const char *set = ev_view_main_set(view);
    const struct ev_result_row *row = set ? find_known(view, set) : NULL;
    struct ev_grid grid;
    char names[512];

    if (!row)
        return EV_OK;
    enum ev_status status = make_grid(view, set, &grid, err);
    if (status != EV_OK)
        return status;
    ev_view_set_text(view, set, names, sizeof names);
    ev_doc_heading(doc, 2, "The study's own way of counting, to compare with its tables");
    explain(row, names, doc);
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    return EV_OK;
}
