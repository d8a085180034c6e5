/* SPDX-License-Identifier: MIT */
/*
 * The charts: a table, and for each what its template reads. All numbers that are printed beside a
 * bar or a point are formatted here, as the tables have them; a template only places and draws.
 *
 * Every chart has chart_title, chart_subtitle, n_backends and names[]. Arrays have an element, and
 * the datablock $data a line of numbers, for each backend in the order of the tables, NaN for what
 * is missing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "eval/eval.h"
#include "report/plot_script.h"
#include "stats/stats.h"

/* --- size: bars of the model files --- */

static bool write_size(const struct ev_view *view, FILE *script)
{
    struct ev_plot_range sizes = EV_PLOT_NOTHING_SEEN;

    ev_plot_write_head(view, "Size of the model file", script);
    for (size_t b = 0; b < view->n_backends; b++)
        ev_plot_widen(&sizes, ev_plot_size_mib(view, b));
    ev_plot_set_range(script, &sizes);
    ev_plot_start_array(script, "labels", view->n_backends);
    for (size_t b = 0; b < view->n_backends; b++)
        ev_plot_set_label(script, "labels", b, ev_plot_size_mib(view, b), &sizes, 3,
                          "no model file");
    fputs("$data << EOD\n", script);
    for (size_t b = 0; b < view->n_backends; b++) {
        const double size_mib = ev_plot_size_mib(view, b);
        ev_plot_write_line(script, b, &size_mib, 1);
    }
    fputs("EOD\n", script);
    return true;
}

/* --- error: bars of the normalised MSE, grouped by set --- */

static const char *group_set(const struct ev_view *view, size_t group)
{
    return group < view->n_sets ? view->sets[group] : EV_SET_ALL;
}

/* Of bar i's error; NAN where there is none. */
static struct ev_interval interval_of(const struct ev_view *view, size_t i, size_t n_groups)
{
    const struct ev_result_row *row = ev_result_find(view->result, view->backends[i / n_groups],
                                                     group_set(view, i % n_groups));

    return row ? (struct ev_interval){row->mse_norm_low, row->mse_norm_high, EV_ERROR_CONFIDENCE}
               : (struct ev_interval){NAN, NAN, EV_ERROR_CONFIDENCE};
}

static bool write_error(const struct ev_view *view, FILE *script)
{
    const size_t n_groups = view->n_sets + (view->has_pooled && view->n_sets != 1 ? 1 : 0);
    const size_t n_bars = n_groups * view->n_backends;
    struct ev_plot_range errors = EV_PLOT_NOTHING_SEEN;

    ev_plot_write_head(view, "Mean squared error of the normalised outputs", script);
    ev_plot_set_number(script, "n_groups", (double)n_groups);
    ev_plot_start_array(script, "groups", n_groups);
    for (size_t g = 0; g < n_groups; g++) {
        char name[EV_PLOT_LABEL_CHARS];
        ev_text_shorten(group_set(view, g), name, sizeof name);
        ev_plot_set_element(script, "groups", g, name);
    }
    /* Bar i: set i % n_groups of backend i / n_groups. */
    for (size_t i = 0; i < n_bars; i++) {
        ev_plot_widen(&errors, ev_plot_mse(view, i / n_groups, group_set(view, i % n_groups)));
        ev_plot_widen(&errors, interval_of(view, i, n_groups).high);
    }
    ev_plot_set_range(script, &errors);
    ev_plot_set_number(script, "has_intervals", view->has_intervals);
    ev_plot_set_number(script, "tick_decimals", ev_grid_decimals(errors.most, 2));
    ev_plot_start_array(script, "labels", n_bars);
    for (size_t i = 0; i < n_bars; i++)
        ev_plot_set_label(script, "labels", i,
                          ev_plot_mse(view, i / n_groups, group_set(view, i % n_groups)), &errors,
                          3, "n/a");
    fputs("$data << EOD\n", script);
    for (size_t i = 0; i < n_bars; i++) {
        const struct ev_interval interval = interval_of(view, i, n_groups);
        const double values[] = {(double)(i / n_groups + 1),
                                 ev_plot_mse(view, i / n_groups, group_set(view, i % n_groups)),
                                 interval.low, interval.high};
        ev_plot_write_line(script, i % n_groups, values, 4);
    }
    fputs("EOD\n", script);
    return true;
}

/* --- time: how single inferences are spread --- */

#define N_MARKS     6
#define MEDIAN_MARK 2

static const double marks_percent[N_MARKS] = {10, 25, 50, 75, 90, 99};

/* Percentiles of a row's samples in ms; NaN where nothing was measured. False when out of memory.
 */
static bool find_marks(const struct ev_result_row *row, double marks_ms[N_MARKS])
{
    const struct ev_latency_figures *latency = row ? &row->latency : NULL;

    for (size_t i = 0; i < N_MARKS; i++)
        marks_ms[i] = NAN;
    if (!latency || latency->n_calls < 1)
        return true;
    float *sorted = malloc((size_t)latency->n_calls * sizeof *sorted);
    if (!sorted)
        return false;
    memcpy(sorted, latency->samples_ns, (size_t)latency->n_calls * sizeof *sorted);
    ev_stats_sort(sorted, latency->n_calls);
    for (size_t i = 0; i < N_MARKS; i++)
        marks_ms[i] = ev_stats_percentile(sorted, latency->n_calls, marks_percent[i]) / 1e6;
    /* As the tables have it: the mean of the middle two. */
    marks_ms[MEDIAN_MARK] = latency->median_ns / 1e6;
    free(sorted);
    return true;
}

static bool write_times(const struct ev_view *view, FILE *script)
{
    struct ev_plot_range times = EV_PLOT_NOTHING_SEEN, medians = EV_PLOT_NOTHING_SEEN;
    double(*marks_ms)[N_MARKS] = calloc(view->n_backends, sizeof *marks_ms);
    bool complete = marks_ms != NULL;

    ev_plot_write_head(view, "Inference time of a single image", script);
    for (size_t b = 0; complete && b < view->n_backends; b++) {
        complete = find_marks(ev_plot_row(view, b), marks_ms[b]);
        for (size_t i = 0; i < N_MARKS; i++)
            ev_plot_widen(&times, marks_ms[b][i]);
        ev_plot_widen(&medians, marks_ms[b][MEDIAN_MARK]);
    }
    ev_plot_set_range(script, &times);
    ev_plot_set_number(script, "logarithmic", ev_plot_is_wide(&times));
    ev_plot_start_array(script, "labels", view->n_backends);
    for (size_t b = 0; complete && b < view->n_backends; b++) {
        ev_plot_set_label(script, "labels", b, marks_ms[b][MEDIAN_MARK], &medians, 3,
                          "not measured");
    }
    fputs("$data << EOD\n", script);
    for (size_t b = 0; complete && b < view->n_backends; b++)
        ev_plot_write_line(script, b, marks_ms[b], N_MARKS);
    fputs("EOD\n", script);
    free(marks_ms);
    return complete;
}

const struct ev_chart ev_charts[] = {
    {"size", "size", "Size of the model file", NULL, write_size},
    {"error", "error", "Mean squared error by set", NULL, write_error},
    {"time", "time", "Inference time of a single image", ev_plot_lacks_timings, write_times},
    {"time", "timing", "Inference time of a single image, hot and paced", ev_plot_has_timings,
     ev_plot_write_timings},
    {"tradeoff", "tradeoff", "Size, error and inference time", NULL, ev_plot_write_tradeoff},
    {"latency", "latency", "Distribution of inference times", ev_plot_has_calls,
     ev_plot_write_calls},
    {"histogram", "histogram", "Distribution of errors", ev_plot_has_outputs,
     ev_plot_write_histogram},
    {"where", "where", "Errors along each lap", ev_plot_has_positions, ev_plot_write_where},
    {NULL, NULL, NULL, NULL, NULL},
};
