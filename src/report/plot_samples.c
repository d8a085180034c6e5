/* SPDX-License-Identifier: MIT */
/*
 * Charts of the outputs for every row: how errors are spread, and where on a circuit they are. An
 * error is output minus label; outputs that are no numbers are passed over.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/plot_script.h"
#include "stats/stats.h"

/* What a backend gave for the rows of a set; NULL if it did not run. */
static const float *outputs_of(const struct ev_view *view, const struct ev_samples_set *set,
                               size_t backend)
{
    const int number = ev_samples_find_backend(&view->result->samples, view->backends[backend]);

    return number >= 0 ? set->outputs[number] : NULL;
}

/* In the column's unit. */
static double error_of(const struct ev_column *column, float label, float output)
{
    return column->min + (double)output * (column->max - column->min) - (double)label;
}

static bool has_set(const struct ev_view *view, const struct ev_samples_set *set)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        if (outputs_of(view, set, b) && ev_view_columns_of(view, set))
            return true;
    }
    return false;
}

/* --- Histograms --- */

#define N_BINS        41
/* Models with more outputs get panels of the first ones. */
#define MAX_OUTPUTS   4
/* The axis has room for so many of the errors of the backend that has the largest ones... */
#define INNER_PERCENT 99.0
/* ... but is no longer than so many times what the one that others are compared with needs. */
#define MOST_ROOM     3.0

bool ev_plot_has_outputs(const struct ev_view *view)
{
    const struct ev_samples *samples = &view->result->samples;

    for (size_t s = 0; s < samples->n_sets; s++) {
        if (has_set(view, &samples->sets[s]))
            return true;
    }
    return false;
}

/* A column's errors of one backend over all sets that have it. */
struct errors {
    double sum;
    int64_t n;
    int64_t bins[N_BINS];
};

/* Calls `take` with every error of a column and backend. */
static void each_error(const struct ev_view *view, const struct ev_column *column, size_t backend,
                       void (*take)(double error, void *of), void *of)
{
    const struct ev_samples *samples = &view->result->samples;

    for (size_t s = 0; s < samples->n_sets; s++) {
        const struct ev_samples_set *set = &samples->sets[s];
        const struct ev_column *columns = ev_view_columns_of(view, set);
        const float *outputs = outputs_of(view, set, backend);
        for (int32_t k = 0; columns && outputs && k < set->n_outputs; k++) {
            if (strcmp(columns[k].name, column->name) != 0 ||
                strcmp(columns[k].unit, column->unit) != 0)
                continue;
            for (int64_t i = k; i < set->n_rows * set->n_outputs; i += set->n_outputs) {
                const double error = error_of(&columns[k], set->labels[i], outputs[i]);
                if (isfinite(error))
                    take(error, of);
            }
        }
    }
}

struct list {
    float *values;
    int64_t n, room;
};

static void append_size(double error, void *of)
{
    struct list *list = of;

    if (list->n < list->room)
        list->values[list->n++] = (float)fabs(error);
}

/* The axis goes from -reach to reach. False when out of memory. */
static bool find_reach(const struct ev_view *view, const struct ev_column *column, double *reach)
{
    const struct ev_samples *samples = &view->result->samples;
    struct list list = {0};
    double needed = INFINITY; /* by the reference */

    *reach = 0;
    for (size_t s = 0; s < samples->n_sets; s++)
        list.room += samples->sets[s].n_rows;
    list.values = malloc(((size_t)list.room + 1) * sizeof *list.values);
    if (!list.values)
        return false;
    for (size_t b = 0; b < view->n_backends; b++) {
        list.n = 0;
        each_error(view, column, b, append_size, &list);
        ev_stats_sort(list.values, list.n);
        const double own = list.n > 0 ? ev_stats_percentile(list.values, list.n, INNER_PERCENT) : 0;
        *reach = fmax(*reach, own);
        if (b == view->reference && own > 0)
            needed = own;
    }
    free(list.values);
    *reach = fmin(*reach, MOST_ROOM * needed);
    if (!(*reach > 0))
        *reach = column->max - column->min;
    return true;
}

struct counting {
    struct errors *errors;
    double reach;
};

static void count(double error, void *of)
{
    struct counting *counting = of;
    const double at = (error / counting->reach + 1) / 2 * N_BINS;
    const int bin = at < 0 ? 0 : at >= N_BINS ? N_BINS - 1 : (int)at;

    counting->errors->sum += error;
    counting->errors->n++;
    counting->errors->bins[bin]++;
}

/* A block of $bins: middle of each bin, % of the images; and the panel's text. */
static void write_panel(FILE *script, size_t panel, const struct errors *errors, double reach,
                        const struct ev_column *column, double *most)
{
    char text[120] = "no outputs";

    for (int i = 0; i < N_BINS && errors->n > 0; i++) {
        const double share = 100.0 * (double)errors->bins[i] / (double)errors->n;
        fprintf(script, "%.6g %.6g\n", ((i + 0.5) / N_BINS * 2 - 1) * reach, share);
        *most = fmax(*most, share);
    }
    fputs(errors->n > 0 ? "\n\n" : "NaN NaN\n\n\n", script);
    if (errors->n > 0)
        snprintf(text, sizeof text, "mean %+.*f %s", ev_grid_decimals(reach / 100, 2),
                 errors->sum / (double)errors->n, column->unit);
    fprintf(script, "EOD\n");
    ev_plot_set_element(script, "means", panel, text);
}

static bool write_column(const struct ev_view *view, size_t k, size_t n_columns, double *most,
                         FILE *script)
{
    const struct ev_column *column = &view->columns[k];
    char title[120];
    double reach;

    if (!find_reach(view, column, &reach))
        return false;
    snprintf(title, sizeof title, "error of %s%s%s%s", column->name, *column->unit ? " (" : "",
             column->unit, *column->unit ? ")" : "");
    ev_plot_set_element(script, "columns", k, title);
    ev_plot_set_number_element(script, "reaches", k, reach);
    for (size_t b = 0; b < view->n_backends; b++) {
        struct errors errors = {0};
        struct counting counting = {&errors, reach};
        each_error(view, column, b, count, &counting);
        fprintf(script, "$bins_%zu << EOD\n", b * n_columns + k + 1);
        write_panel(script, b * n_columns + k, &errors, reach, column, most);
    }
    return true;
}

bool ev_plot_write_histogram(const struct ev_view *view, FILE *script)
{
    const size_t n_columns = view->n_columns < MAX_OUTPUTS ? view->n_columns : MAX_OUTPUTS;
    double most = 0;
    bool complete = true;

    ev_plot_write_head(view, "Distribution of errors", script);
    ev_plot_set_number(script, "n_columns", (double)n_columns);
    ev_plot_set_number(script, "n_bins", N_BINS);
    ev_plot_set_number(script, "reference", (double)view->reference + 1);
    ev_plot_start_array(script, "columns", n_columns);
    ev_plot_start_array(script, "reaches", n_columns);
    ev_plot_start_array(script, "means", n_columns * view->n_backends);
    for (size_t k = 0; k < n_columns && complete; k++)
        complete = write_column(view, k, n_columns, &most, script);
    ev_plot_set_number(script, "most", most > 0 ? most : 1);
    return complete;
}

/* --- Maps --- */

/* The darkest colour is that of so many times the largest error of the backend that others are
 * compared with, or of the largest of all if that is less. */
#define MOST_COLOUR 1.5
/* Cells along the longer side of a map: images of one cell are drawn as one point. */
#define N_CELLS     100

/* Whether a map has anything on it: not-a-number is drawn nowhere. */
static bool has_map(const struct ev_view *view, const struct ev_samples_set *set)
{
    if (!set->positions || !has_set(view, set))
        return false;
    for (size_t b = 0; b < view->n_backends; b++) {
        const float *outputs = outputs_of(view, set, b);
        for (int64_t i = 0; outputs && i < set->n_rows * set->n_outputs; i++) {
            if (isfinite(outputs[i]))
                return true;
        }
    }
    return false;
}

bool ev_plot_has_positions(const struct ev_view *view)
{
    const struct ev_samples *samples = &view->result->samples;

    for (size_t s = 0; s < samples->n_sets; s++) {
        if (has_map(view, &samples->sets[s]))
            return true;
    }
    return false;
}

/* Means of the images within a square of the map. */
struct cell {
    double x_m, y_m;
    double error;
    int64_t n;
};

struct map {
    double x_m, y_m; /* lower left corner */
    double cell_m;
};

static struct map make_map(const struct ev_samples_set *set)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};

    for (int64_t i = 0; i < 2 * set->n_rows; i++) {
        if (!isfinite(set->positions[i]))
            continue;
        low[i % 2] = fmin(low[i % 2], (double)set->positions[i]);
        high[i % 2] = fmax(high[i % 2], (double)set->positions[i]);
    }
    const double side = fmax(high[0] - low[0], high[1] - low[1]);
    return (struct map){low[0], low[1], side > 0 ? side * 1.0001 / N_CELLS : 1};
}

/* Root of the mean square over the outputs, normalised. */
static double row_error(const struct ev_samples_set *set, const struct ev_column *columns,
                        const float *outputs, int64_t row)
{
    double sum = 0;

    for (int32_t k = 0; k < set->n_outputs; k++) {
        const int64_t i = row * set->n_outputs + k;
        const double error =
            error_of(&columns[k], set->labels[i], outputs[i]) / (columns[k].max - columns[k].min);
        sum += error * error;
    }
    return sqrt(sum / set->n_outputs);
}

/* A block of $points, x y error; the largest of them widens *most. False for an empty block. */
static bool write_points(const struct ev_samples_set *set, const struct ev_column *columns,
                         const float *outputs, struct cell *cells, double *most, FILE *script)
{
    const struct map map = make_map(set);
    int64_t n = 0;

    memset(cells, 0, N_CELLS * N_CELLS * sizeof *cells);
    for (int64_t row = 0; outputs && row < set->n_rows; row++) {
        const double x_m = (double)set->positions[2 * row],
                     y_m = (double)set->positions[2 * row + 1];
        const double error = row_error(set, columns, outputs, row);
        if (!isfinite(x_m) || !isfinite(y_m) || !isfinite(error))
            continue;
        const int across = (int)((x_m - map.x_m) / map.cell_m);
        const int up = (int)((y_m - map.y_m) / map.cell_m);
        struct cell *cell = &cells[up * N_CELLS + across];
        cell->x_m += x_m;
        cell->y_m += y_m;
        cell->error += error;
        cell->n++;
    }
    for (int i = 0; i < N_CELLS * N_CELLS; i++) {
        const struct cell *cell = &cells[i];
        if (cell->n == 0)
            continue;
        fprintf(script, "%.2f %.2f %.5f\n", cell->x_m / (double)cell->n,
                cell->y_m / (double)cell->n, cell->error / (double)cell->n);
        *most = fmax(*most, cell->error / (double)cell->n);
        n++;
    }
    fputs(n > 0 ? "\n\n" : "NaN NaN NaN\n\n\n", script);
    return n > 0;
}

/* Of the sets that are drawn: name, and its extent for the shape of its panels. */
static void write_sets(const struct ev_view *view, FILE *script)
{
    const struct ev_samples *samples = &view->result->samples;
    size_t n = 0;

    for (size_t s = 0; s < samples->n_sets; s++)
        n += has_map(view, &samples->sets[s]);
    ev_plot_set_number(script, "n_sets", (double)n);
    ev_plot_start_array(script, "sets", n);
    n = 0;
    for (size_t s = 0; s < samples->n_sets; s++) {
        char name[EV_PLOT_LABEL_CHARS];
        if (!has_map(view, &samples->sets[s]))
            continue;
        ev_text_shorten(samples->sets[s].name, name, sizeof name);
        ev_plot_set_element(script, "sets", n++, name);
    }
}

/* $points_N and notes_N[]. False when out of memory. */
static bool write_maps(const struct ev_view *view, const struct ev_samples_set *set, size_t number,
                       struct cell *cells, double *most, double *most_of_reference, FILE *script)
{
    bool *drawn = calloc(view->n_backends, sizeof *drawn);
    char name[32];

    if (!drawn)
        return false;
    fprintf(script, "$points_%zu << EOD\n", number);
    for (size_t b = 0; b < view->n_backends; b++)
        drawn[b] = write_points(set, ev_view_columns_of(view, set), outputs_of(view, set, b), cells,
                                b == view->reference ? most_of_reference : most, script);
    fputs("EOD\n", script);
    snprintf(name, sizeof name, "notes_%zu", number);
    ev_plot_start_array(script, name, view->n_backends);
    for (size_t b = 0; b < view->n_backends; b++)
        ev_plot_set_element(script, name, b, drawn[b] ? "" : ": no outputs");
    free(drawn);
    return true;
}

bool ev_plot_write_where(const struct ev_view *view, FILE *script)
{
    const struct ev_samples *samples = &view->result->samples;
    struct cell *cells = malloc(N_CELLS * N_CELLS * sizeof *cells);
    double most = 0, most_of_reference = 0;
    bool complete = true;

    if (!cells)
        return false;
    ev_plot_write_head(view, "Errors along each lap", script);
    write_sets(view, script);
    for (size_t s = 0, n = 0; s < samples->n_sets && complete; s++) {
        const struct ev_samples_set *set = &samples->sets[s];
        if (has_map(view, set))
            complete = write_maps(view, set, ++n, cells, &most, &most_of_reference, script);
    }
    free(cells);
    most = fmax(most, most_of_reference);
    const double end = most_of_reference > 0 ? fmin(most, MOST_COLOUR * most_of_reference) : most;
    ev_plot_set_number(script, "most", end > 0 ? end : 1);
    ev_plot_set_number(script, "is_cut", most > end);
    return complete;
}
