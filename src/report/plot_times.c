/* SPDX-License-Identifier: MIT */
/*
 * Charts of the times that worker processes measured: medians with their intervals, and all calls.
 * Both show single pictures, hot and paced, from where the result has it: from the bytes of the
 * picture, else from ready floats.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/plot_script.h"
#include "report/report_times.h"
#include "stats/stats.h"

/* Hot, then paced. */
#define N_MODES 2
static const enum ev_mode modes[N_MODES] = {EV_MODE_HOT, EV_MODE_PACED};
static const char *const mode_words[N_MODES] = {"hot", "paced"};

/* --- Medians --- */

static bool has_timings(const struct ev_view *view, enum ev_boundary boundary)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        for (size_t m = 0; m < N_MODES; m++) {
            if (ev_times_find(view->result, view->backends[b], modes[m], boundary))
                return true;
        }
    }
    return false;
}

bool ev_plot_has_timings(const struct ev_view *view)
{
    return has_timings(view, EV_BOUNDARY_E2E) || has_timings(view, EV_BOUNDARY_COMPUTE);
}

bool ev_plot_lacks_timings(const struct ev_view *view)
{
    return !ev_plot_has_timings(view);
}

/* Median, its interval and p99 in ms; NAN where it is missing. */
struct figures {
    double median, low, high, p99;
};

static struct figures figures_of(const struct ev_view *view, size_t backend, size_t mode,
                                 enum ev_boundary boundary)
{
    const struct ev_result_timing *timing =
        ev_times_find(view->result, view->backends[backend], modes[mode], boundary);

    if (!timing)
        return (struct figures){NAN, NAN, NAN, NAN};
    return (struct figures){timing->median_ns / 1e6, timing->median_low_ns / 1e6,
                            timing->median_high_ns / 1e6, timing->p99_ns / 1e6};
}

/* "0.2431 ±0.0021": half the interval's width, whose two digits the median goes to. */
static void write_label(FILE *script, size_t mode, size_t backend, const struct figures *figures)
{
    char array[16], median[40], text[100] = "-";
    const double half = (figures->high - figures->low) / 2;
    const int decimals =
        half > 0 ? ev_grid_decimals(half, 2) : ev_grid_decimals(figures->median, 3);

    snprintf(array, sizeof array, "%s_labels", mode_words[mode]);
    ev_grid_number(figures->median, decimals, median, sizeof median);
    if (isfinite(figures->median) && isfinite(half))
        snprintf(text, sizeof text, "%s ±%.*f", median, decimals, half);
    else if (isfinite(figures->median))
        snprintf(text, sizeof text, "%s", median);
    ev_plot_set_element(script, array, backend, text);
}

static void write_boundary(FILE *script, enum ev_boundary boundary)
{
    ev_plot_set_text(script, "boundary",
                     boundary == EV_BOUNDARY_E2E ? "from the bytes of a picture to the outputs"
                                                 : "from ready floats to the outputs");
}

/* The device's part of a hot call, in ms; NAN where it is not told, or a hot bar is of something
 * else. */
static double device_ms(const struct ev_view *view, size_t backend, enum ev_boundary boundary)
{
    const struct ev_result_timing *timing =
        ev_times_find(view->result, view->backends[backend], EV_MODE_HOT, EV_BOUNDARY_DEVICE);

    return timing && boundary == EV_BOUNDARY_E2E ? timing->median_ns / 1e6 : NAN;
}

bool ev_plot_write_timings(const struct ev_view *view, FILE *script)
{
    const enum ev_boundary boundary =
        has_timings(view, EV_BOUNDARY_E2E) ? EV_BOUNDARY_E2E : EV_BOUNDARY_COMPUTE;
    struct ev_plot_range times = EV_PLOT_NOTHING_SEEN;
    bool has_mode[N_MODES] = {false}, has_device = false;

    ev_plot_write_head(view, "Inference time of a single image", script);
    write_boundary(script, boundary);
    for (size_t b = 0; b < view->n_backends; b++) {
        for (size_t m = 0; m < N_MODES; m++) {
            const struct figures figures = figures_of(view, b, m, boundary);
            ev_plot_widen(&times, figures.median);
            ev_plot_widen(&times, figures.high);
            ev_plot_widen(&times, figures.p99);
            has_mode[m] |= isfinite(figures.median);
        }
        has_device |= isfinite(device_ms(view, b, boundary));
    }
    ev_plot_set_range(script, &times);
    ev_plot_set_number(script, "logarithmic", ev_plot_is_wide(&times));
    for (size_t m = 0; m < N_MODES; m++) {
        char name[16];
        snprintf(name, sizeof name, "has_%s", mode_words[m]);
        ev_plot_set_number(script, name, has_mode[m]);
        snprintf(name, sizeof name, "%s_labels", mode_words[m]);
        ev_plot_start_array(script, name, view->n_backends);
    }
    ev_plot_set_number(script, "has_device", has_device);
    fputs("$data << EOD\n", script);
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct figures hot = figures_of(view, b, 0, boundary);
        const struct figures paced = figures_of(view, b, 1, boundary);
        const double values[] = {hot.median, hot.low,      hot.high,
                                 hot.p99,    paced.median, paced.low,
                                 paced.high, paced.p99,    device_ms(view, b, boundary)};
        ev_plot_write_line(script, b, values, sizeof values / sizeof *values);
    }
    fputs("EOD\n", script);
    for (size_t b = 0; b < view->n_backends; b++) {
        for (size_t m = 0; m < N_MODES; m++) {
            const struct figures figures = figures_of(view, b, m, boundary);
            write_label(script, m, b, &figures);
        }
    }
    return true;
}

/* --- All calls --- */

/* Points of a curve. */
#define N_POINTS 120

/* A backend's calls in one mode, sorted, in ms. */
struct calls {
    float *ms;
    int64_t n;
};

static bool is_shown(const struct ev_session *session, const struct ev_block *block, size_t mode,
                     enum ev_boundary boundary)
{
    return block->mode == modes[mode] && block->boundary == boundary && block->rows_per_call == 1 &&
           !session->entries[block->entry].is_control;
}

static bool has_calls(const struct ev_session *session, size_t mode, enum ev_boundary boundary)
{
    for (size_t i = 0; i < session->n_blocks; i++) {
        if (is_shown(session, &session->blocks[i], mode, boundary) &&
            session->blocks[i].n_calls > 0)
            return true;
    }
    return false;
}

bool ev_plot_has_calls(const struct ev_view *view)
{
    const struct ev_session *session = &view->result->samples.session;

    for (size_t m = 0; m < N_MODES; m++) {
        if (has_calls(session, m, EV_BOUNDARY_E2E) || has_calls(session, m, EV_BOUNDARY_COMPUTE))
            return true;
    }
    return false;
}

/* No calls for a backend that was not timed. False when out of memory. */
static bool gather(const struct ev_session *session, const char *backend, size_t mode,
                   enum ev_boundary boundary, struct calls *calls)
{
    int64_t most = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < session->n_blocks; i++) {
            const struct ev_block *block = &session->blocks[i];
            if (!is_shown(session, block, mode, boundary) ||
                strcmp(session->entries[block->entry].backend, backend) != 0)
                continue;
            for (int64_t k = 0; pass == 1 && k < block->n_calls; k++)
                calls->ms[calls->n++] = session->call_ns[block->first_call + k] / 1e6f;
            most += pass == 0 ? block->n_calls : 0;
        }
        if (pass == 0) {
            *calls = (struct calls){malloc(((size_t)most + 1) * sizeof *calls->ms), 0};
            if (!calls->ms)
                return false;
        }
    }
    ev_stats_sort(calls->ms, calls->n);
    return true;
}

/* A block of the datablock: time and the part of all calls that took at least as long, %, evenly
 * spaced on a logarithmic axis. */
static void write_curve(const struct calls *calls, FILE *script)
{
    int64_t before = -1;

    for (int i = 0; i < N_POINTS && calls->n > 0; i++) {
        const double share = pow((double)calls->n, -(double)i / (N_POINTS - 1));
        const int64_t rank = calls->n - llround(share * (double)calls->n);
        if (rank == before)
            continue;
        before = rank;
        fprintf(script, "%.6g %.6g\n", (double)calls->ms[rank],
                100.0 * (double)(calls->n - rank) / (double)calls->n);
    }
    fputs(calls->n > 0 ? "\n\n" : "NaN NaN\n\n\n", script);
}

/* $hot or $paced, a block for each backend, and its marks: median and p99 of each. */
static bool write_mode(const struct ev_view *view, size_t mode, enum ev_boundary boundary,
                       struct ev_plot_range *times, int64_t *most_calls, FILE *script)
{
    const size_t n = view->n_backends;
    double(*marks)[2] = calloc(n, sizeof *marks);
    bool complete = marks != NULL;

    fprintf(script, "$%s << EOD\n", mode_words[mode]);
    for (size_t b = 0; complete && b < n; b++) {
        struct calls calls = {NULL, 0};
        complete =
            gather(&view->result->samples.session, view->backends[b], mode, boundary, &calls);
        marks[b][0] = marks[b][1] = NAN;
        if (complete && calls.n > 0) {
            marks[b][0] = ev_stats_percentile(calls.ms, calls.n, 50);
            marks[b][1] = ev_stats_percentile(calls.ms, calls.n, 99);
            ev_plot_widen(times, (double)calls.ms[0]);
            ev_plot_widen(times, (double)calls.ms[calls.n - 1]);
            *most_calls = calls.n > *most_calls ? calls.n : *most_calls;
        }
        if (complete)
            write_curve(&calls, script);
        free(calls.ms);
    }
    fprintf(script, "EOD\n$%s_marks << EOD\n", mode_words[mode]);
    for (size_t b = 0; complete && b < n; b++)
        ev_plot_write_line(script, b, marks[b], 2);
    fputs("EOD\n", script);
    free(marks);
    return complete;
}

bool ev_plot_write_calls(const struct ev_view *view, FILE *script)
{
    const struct ev_session *session = &view->result->samples.session;
    const enum ev_boundary boundary =
        has_calls(session, 0, EV_BOUNDARY_E2E) || has_calls(session, 1, EV_BOUNDARY_E2E)
            ? EV_BOUNDARY_E2E
            : EV_BOUNDARY_COMPUTE;
    struct ev_plot_range times = EV_PLOT_NOTHING_SEEN;
    int64_t most_calls = 1;
    bool complete = true;

    ev_plot_write_head(view, "Distribution of inference times", script);
    write_boundary(script, boundary);
    for (size_t m = 0; m < N_MODES; m++) {
        fprintf(script, "has_%s = %d\n", mode_words[m], has_calls(session, m, boundary));
        complete = complete && write_mode(view, m, boundary, &times, &most_calls, script);
    }
    ev_plot_set_range(script, &times);
    ev_plot_set_number(script, "smallest_part", 100.0 / (double)most_calls);
    return complete;
}
