/* SPDX-License-Identifier: MIT */
/* The rows of a table as pictures and labels. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "import/import_private.h"

enum ev_status ev_import_rows_open(const struct ev_import_plan *plan, struct ev_import_rows *rows,
                                   struct ev_error *err)
{
    struct ev_csv_row header;

    *rows = (struct ev_import_rows){.plan = plan};
    enum ev_status status = ev_csv_reader_open(plan->table, &rows->reader, err);
    if (status == EV_OK && plan->has_header)
        status = ev_csv_reader_next(rows->reader, &header, err);
    if (status != EV_OK)
        ev_import_rows_close(rows);
    return status;
}

static enum ev_status check_offsets(const struct ev_import_plan *plan,
                                    const struct ev_import_row *row, struct ev_error *err)
{
    float labels[EV_MAX_OUTPUTS];

    for (int32_t i = 0; i < plan->n_cameras && plan->offset_target >= 0; i++) {
        ev_import_labels(plan, row, i, labels);
        if (!isfinite(labels[plan->offset_target]))
            return ev_fail(err, EV_INPUT, "%s: line %lld: %s becomes infinite with the offset %g",
                           plan->table, (long long)row->line,
                           plan->columns[plan->offset_target].name, plan->args->offsets[i]);
    }
    return EV_OK;
}

enum ev_status ev_import_rows_next(struct ev_import_rows *rows, struct ev_import_row *row,
                                   struct ev_error *err)
{
    const struct ev_import_plan *plan = rows->plan;
    struct ev_csv_row cells;

    enum ev_status status = ev_csv_reader_next(rows->reader, &cells, err);
    row->line = cells.line;
    row->last_line = cells.last_line;
    row->number = rows->n_read;
    rows->n_read += cells.line > 0;
    if (status != EV_OK || cells.line == 0)
        return status;
    if (cells.n_cells != plan->n_cells)
        return ev_fail(err, EV_INPUT, "%s: line %lld has %d cell%s, the first row has %d",
                       plan->table, (long long)row->line, cells.n_cells,
                       cells.n_cells == 1 ? "" : "s", plan->n_cells);
    for (int32_t i = 0; i < plan->n_cameras; i++) {
        row->pictures[i] = plan->is_log ? cells.cells[plan->image_columns[i]] : NULL;
        if (plan->is_log && strchr(row->pictures[i], '\n'))
            return ev_fail(err, EV_INPUT,
                           "%s: line %lld: the name of a picture goes on in the "
                           "next line",
                           plan->table, (long long)row->line);
    }
    for (int32_t k = 0; k < plan->n_targets; k++) {
        const char *cell = cells.cells[plan->target_columns[k]];
        if (!ev_text_double(cell, &row->labels[k]) || fabs(row->labels[k]) > FLT_MAX)
            return ev_fail(err, EV_INPUT, "%s: line %lld: %s is '%.40s', expected a number",
                           plan->table, (long long)row->line, plan->columns[k].name, cell);
    }
    return check_offsets(plan, row, err);
}

void ev_import_rows_close(struct ev_import_rows *rows)
{
    ev_csv_reader_close(rows->reader);
    rows->reader = NULL;
}

void ev_import_labels(const struct ev_import_plan *plan, const struct ev_import_row *row,
                      int32_t camera, float *labels)
{
    for (int32_t k = 0; k < plan->n_targets; k++) {
        double offset = k == plan->offset_target ? plan->args->offsets[camera] : 0.0;
        labels[k] = (float)(row->labels[k] + offset);
    }
}

int64_t ev_import_repeats(const struct ev_import_plan *plan, const float *labels)
{
    int64_t times = 1;

    if (plan->repeat_target < 0)
        return 1;
    float turn = fabsf(labels[plan->repeat_target]);
    for (int32_t i = 0; i < plan->args->n_repeats; i++) {
        /* The label 0.1 as stored is not beyond 0.1 as typed. */
        if (turn > (float)plan->args->repeats[i].limit)
            times = plan->args->repeats[i].times;
    }
    return times;
}
