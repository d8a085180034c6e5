/* SPDX-License-Identifier: MIT */
/* Orders a result's backends, sets and columns, and fills the tables that reports print. */
#include "report/report_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "eval/eval.h"
#include "report/report_times.h"

/* Columns of R2 in the overview at most; models with more outputs get one of all. */
#define MAX_R2_COLUMNS 4

/* Names of backends in tables, the NUL included. */
#define LABEL_CHARS 44

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

bool ev_view_is_pooled(const char *set)
{
    return strcmp(set, EV_SET_ALL) == 0;
}

static void add_name(const char **names, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(names[i], name) == 0)
            return;
    }
    names[(*n)++] = name;
}

static bool same_column(const struct ev_column *a, const struct ev_column *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->unit, b->unit) == 0;
}

static void add_column(struct ev_view *view, const struct ev_column *column)
{
    for (size_t i = 0; i < view->n_columns; i++) {
        if (same_column(&view->columns[i], column))
            return;
    }
    view->columns[view->n_columns++] = *column;
}

enum ev_status ev_view_init(struct ev_view *view, const struct ev_result *result,
                            struct ev_error *err)
{
    const size_t n = result->n_rows + 1;

    *view = (struct ev_view){
        .result = result,
        .backends = calloc(n, sizeof *view->backends),
        .sets = calloc(n, sizeof *view->sets),
        .columns = calloc(n * EV_MAX_OUTPUTS, sizeof *view->columns),
    };
    if (!view->backends || !view->sets || !view->columns) {
        ev_view_free(view);
        return ev_fail(err, EV_MEMORY, "out of memory for a report");
    }
    for (size_t i = 0; i < result->n_rows; i++) {
        const struct ev_result_row *row = &result->rows[i];
        const char *set = or_empty(row->set);
        add_name(view->backends, &view->n_backends, or_empty(row->backend));
        if (ev_view_is_pooled(set))
            view->has_pooled = true;
        else
            add_name(view->sets, &view->n_sets, set);
        view->has_intervals |= isfinite(row->mse_norm_low);
        view->has_verdicts |= row->change.verdict != EV_VERDICT_NONE;
        for (int32_t k = 0; k < row->n_outputs; k++)
            add_column(view, &row->columns[k]);
    }
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct ev_result_timing *timing =
            ev_times_find(result, view->backends[b], EV_MODE_HOT, EV_BOUNDARY_E2E);
        view->has_time_verdicts |= timing && timing->verdict != EV_VERDICT_NONE;
        if (strcmp(view->backends[b], or_empty(ev_result_baseline(result))) == 0)
            view->reference = b;
        if (strcmp(view->backends[b], EV_BASELINE) == 0)
            view->baseline = view->backends[b];
    }
    return EV_OK;
}

void ev_view_free(struct ev_view *view)
{
    if (!view)
        return;
    free(view->backends);
    free(view->sets);
    free(view->columns);
    *view = (struct ev_view){0};
}

const char *ev_view_main_set(const struct ev_view *view)
{
    return view->has_pooled ? EV_SET_ALL : view->n_sets > 0 ? view->sets[0] : NULL;
}

void ev_view_set_text(const struct ev_view *view, const char *set, char *text, size_t size)
{
    size_t used = 0;

    if (!ev_view_is_pooled(set) || view->n_sets == 0) {
        snprintf(text, size, "%s", set);
        return;
    }
    text[0] = '\0';
    for (size_t s = 0; s < view->n_sets && used < size; s++) {
        const char *link = s == 0 ? "" : s + 1 == view->n_sets ? " and " : ", ";
        used += (size_t)snprintf(text + used, size - used, "%s%s", link, view->sets[s]);
    }
}

int64_t ev_view_n_images(const struct ev_view *view, const char *set)
{
    for (size_t i = 0; i < view->result->n_rows; i++) {
        const struct ev_result_row *row = &view->result->rows[i];
        if (strcmp(or_empty(row->set), set) == 0)
            return row->n_rows;
    }
    return -1;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

void ev_view_label(const struct ev_view *view, size_t backend, char *label, size_t size)
{
    const char *name = base_name(view->backends[backend]);

    for (size_t b = 0; b < view->n_backends; b++) {
        if (b != backend && strcmp(base_name(view->backends[b]), name) == 0)
            name = view->backends[backend];
    }
    ev_text_shorten(name, label, size);
}

void ev_view_name_rows(const struct ev_view *view, struct ev_grid *grid)
{
    char label[LABEL_CHARS];

    ev_grid_set_header(grid, 0, "backend", "");
    for (size_t b = 0; b < view->n_backends; b++) {
        ev_view_label(view, b, label, sizeof label);
        ev_grid_set_text(grid, b, 0, label);
    }
}

const struct ev_column *ev_view_columns_of(const struct ev_view *view,
                                           const struct ev_samples_set *set)
{
    for (size_t i = 0; i < view->result->n_rows; i++) {
        const struct ev_result_row *row = &view->result->rows[i];
        if (strcmp(row->set, set->name) == 0 && row->n_outputs == set->n_outputs)
            return row->columns;
    }
    return NULL;
}

int32_t ev_view_output(const struct ev_result_row *row, const struct ev_column *column)
{
    for (int32_t k = 0; k < row->n_outputs; k++) {
        if (same_column(&row->columns[k], column))
            return k;
    }
    return -1;
}

const struct ev_error_figures *ev_view_errors(const struct ev_result_row *row,
                                              const struct ev_column *column)
{
    const int32_t k = ev_view_output(row, column);

    return k >= 0 ? &row->outputs[k] : NULL;
}

/* --- Figures --- */

double ev_view_size_mib(const struct ev_result_row *row)
{
    return row->model_bytes >= 0 ? (double)row->model_bytes / (1 << 20) : NAN;
}

double ev_view_median_ms(const struct ev_result_row *row)
{
    return row->latency.median_ns / 1e6;
}

double ev_view_time_ms(const struct ev_view *view, const struct ev_result_row *row)
{
    const struct ev_result_timing *timing =
        ev_times_find(view->result, or_empty(row->backend), EV_MODE_HOT, EV_BOUNDARY_E2E);

    return timing ? timing->median_ns / 1e6 : ev_view_median_ms(row);
}

static double mse_norm(const struct ev_result_row *row, const struct ev_column *column)
{
    (void)column;
    return row->all.mse_norm;
}

static double mae_of(const struct ev_result_row *row, const struct ev_column *column)
{
    const struct ev_error_figures *errors = ev_view_errors(row, column);

    return errors ? errors->mae : NAN;
}

static double r2_of(const struct ev_result_row *row, const struct ev_column *column)
{
    const struct ev_error_figures *errors = ev_view_errors(row, column);

    return errors ? errors->r2 : NAN;
}

static double median_ms(const struct ev_result_row *row, const struct ev_column *column)
{
    (void)column;
    return ev_view_median_ms(row);
}

static double images_per_s(const struct ev_result_row *row, const struct ev_column *column)
{
    (void)column;
    return row->images_per_s;
}

const struct ev_metric ev_metrics[] = {
    {"Mean squared error, normalised", 4, false, false, mse_norm},
    {"Mean absolute error of", 3, true, true, mae_of},
    {"R² of", 3, true, false, r2_of},
    {"Single inference, median, in ms", 3, false, false, median_ms},
    {"Throughput, in images a second", 1, false, false, images_per_s},
    {NULL, 0, false, false, NULL},
};

/* --- Tables --- */

/* A column of the overview: a header and a figure of each backend's row. */
struct overview {
    const struct ev_view *view;
    const struct ev_result_row **rows; /* of each backend; NULL if it has none */
    double *values;
    struct ev_grid *grid;
    size_t column; /* the next one */
};

static double size_mib(const struct ev_result_row *row, const struct ev_column *column)
{
    (void)column;
    return ev_view_size_mib(row);
}

static double r2_all(const struct ev_result_row *row, const struct ev_column *column)
{
    (void)column;
    return row->all.r2;
}

static void add_figures(struct overview *overview, const char *what, const char *unit,
                        int significant,
                        double (*get)(const struct ev_result_row *, const struct ev_column *),
                        const struct ev_column *column)
{
    for (size_t b = 0; b < overview->view->n_backends; b++)
        overview->values[b] = overview->rows[b] ? get(overview->rows[b], column) : NAN;
    ev_grid_set_header(overview->grid, overview->column, what, unit);
    ev_grid_set_numbers(overview->grid, overview->column++, overview->values, significant);
}

/* Change of the MSE in percent of the reference's, which itself has none. */
static void add_change(struct overview *overview)
{
    const struct ev_view *view = overview->view;

    for (size_t b = 0; b < view->n_backends; b++) {
        char text[64] = "-";
        if (overview->rows[b] && b != view->reference)
            ev_view_change_text(view, overview->rows[b], text, sizeof text);
        ev_grid_set_text(overview->grid, b, overview->column, text);
    }
    ev_grid_set_header(overview->grid, overview->column++, "change",
                       view->baseline ? "vs " EV_BASELINE : "vs first");
}

/* Without a verdict a dash stands in its place, so that no neighbour's is taken for it. */
static void set_verdict(struct overview *overview, size_t backend, size_t column, const char *name)
{
    ev_grid_set_text(overview->grid, backend, column, *name ? name : "-");
}

/* Median, p90 and p99 of a single picture, with the verdicts behind the median. */
static void add_times(struct overview *overview, bool with_verdicts)
{
    static const char *const names[] = {"median", "p90", "p99"};
    const struct ev_view *view = overview->view;

    for (int i = 0; i < 3; i++) {
        for (size_t b = 0; b < view->n_backends; b++) {
            const struct ev_result_row *row = overview->rows[b];
            const struct ev_result_timing *timing =
                ev_times_find(view->result, view->backends[b], EV_MODE_HOT, EV_BOUNDARY_E2E);
            double ns = NAN;
            if (timing)
                ns = i == 0 ? timing->median_ns : i == 1 ? timing->p90_ns : timing->p99_ns;
            else if (row)
                ns = i == 0   ? row->latency.median_ns
                     : i == 1 ? row->latency.p90_ns
                              : row->latency.p99_ns;
            overview->values[b] = ns / 1e6;
            if (i == 0 && with_verdicts)
                set_verdict(overview, b, overview->column + 1,
                            timing ? ev_verdict_time_name(timing->verdict) : "");
        }
        ev_grid_set_header(overview->grid, overview->column, names[i], "ms");
        ev_grid_set_numbers(overview->grid, overview->column++, overview->values, 3);
        if (i == 0 && with_verdicts)
            ev_grid_set_header(overview->grid, overview->column++, "verdict", "of time");
    }
}

static void add_verdicts(struct overview *overview)
{
    for (size_t b = 0; b < overview->view->n_backends; b++) {
        const struct ev_result_row *row = overview->rows[b];
        set_verdict(overview, b, overview->column,
                    row ? ev_verdict_error_name(row->change.verdict) : "");
    }
    ev_grid_set_header(overview->grid, overview->column++, "verdict", "");
}

static void add_r2(struct overview *overview)
{
    const struct ev_view *view = overview->view;

    if (view->n_columns > MAX_R2_COLUMNS) {
        add_figures(overview, "R²", "", 3, r2_all, NULL);
        return;
    }
    for (size_t k = 0; k < view->n_columns; k++) {
        char title[64];
        snprintf(title, sizeof title, "R² %s", view->columns[k].name);
        add_figures(overview, title, "", 3, r2_of, &view->columns[k]);
    }
}

enum ev_status ev_view_overview(const struct ev_view *view, const char *set, enum ev_overview what,
                                struct ev_grid *grid, struct ev_error *err)
{
    const size_t n_r2 = what == EV_OVERVIEW_NO_R2          ? 0
                        : view->n_columns > MAX_R2_COLUMNS ? 1
                                                           : view->n_columns;
    const bool with_change = view->n_backends > 1;
    const bool with_verdict = what != EV_OVERVIEW_PLAIN && view->has_verdicts;
    const bool with_time_verdict = what != EV_OVERVIEW_PLAIN && view->has_time_verdicts;
    const size_t n_columns = 7 + (with_change ? 1 : 0) + (with_verdict ? 1 : 0) +
                             (with_time_verdict ? 1 : 0) + n_r2;
    struct overview overview = {
        .view = view,
        .rows = calloc(view->n_backends + 1, sizeof *overview.rows),
        .values = calloc(view->n_backends + 1, sizeof *overview.values),
        .grid = grid,
        .column = 1,
    };
    enum ev_status status = ev_grid_init(grid, n_columns, view->n_backends, err);

    if (!overview.rows || !overview.values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    if (status != EV_OK)
        goto done;
    ev_view_name_rows(view, grid);
    for (size_t b = 0; b < view->n_backends; b++)
        overview.rows[b] = ev_result_find(view->result, view->backends[b], set);
    add_figures(&overview, "size", "MiB", 3, size_mib, NULL);
    add_figures(&overview, "MSE", "normalised", 4, mse_norm, NULL);
    if (with_change)
        add_change(&overview);
    if (with_verdict)
        add_verdicts(&overview);
    add_times(&overview, with_time_verdict);
    add_figures(&overview, "images/s", "", 1, images_per_s, NULL);
    if (what != EV_OVERVIEW_NO_R2)
        add_r2(&overview);
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(overview.rows);
    free(overview.values);
    return status;
}

enum ev_status ev_view_by_set(const struct ev_view *view, const struct ev_metric *metric,
                              const struct ev_column *column, struct ev_grid *grid,
                              struct ev_error *err)
{
    const size_t n_sets = view->n_sets + (view->has_pooled ? 1 : 0);
    double *values = calloc(view->n_backends + 1, sizeof *values);
    enum ev_status status = ev_grid_init(grid, n_sets + 1, view->n_backends, err);

    if (!values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    if (status != EV_OK)
        goto done;
    ev_view_name_rows(view, grid);
    for (size_t s = 0; s < n_sets; s++) {
        const char *set = s < view->n_sets ? view->sets[s] : EV_SET_ALL;
        for (size_t b = 0; b < view->n_backends; b++) {
            const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
            values[b] = row ? metric->get(row, column) : NAN;
        }
        ev_grid_set_header(grid, s + 1, set, "");
        ev_grid_set_numbers(grid, s + 1, values, metric->significant);
    }
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(values);
    return status;
}
