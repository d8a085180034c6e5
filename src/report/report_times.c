/* SPDX-License-Identifier: MIT */
/* Tables of times, and their notes. */
#include "report/report_times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const struct ev_result_timing *ev_times_find(const struct ev_result *result, const char *backend,
                                             enum ev_mode mode, enum ev_boundary boundary)
{
    for (size_t i = 0; i < result->n_timings; i++) {
        const struct ev_result_timing *timing = &result->timings[i];
        if (timing->mode == mode && timing->boundary == boundary && !timing->is_control &&
            strcmp(timing->backend, backend) == 0)
            return timing;
    }
    return NULL;
}

/* --- One row a backend --- */

static double median_ms(const struct ev_result_timing *timing)
{
    return timing->median_ns / 1e6;
}

static double p99_ms(const struct ev_result_timing *timing)
{
    return timing->p99_ns / 1e6;
}

static double late_percent(const struct ev_result_timing *timing)
{
    return timing->missed_fraction * 100;
}

static double images_per_s(const struct ev_result_timing *timing)
{
    return timing->images_per_s;
}

/* Columns in order; of two boundaries the first that was measured. */
static const struct column {
    const char *what, *unit;
    int significant;
    enum ev_mode mode;
    enum ev_boundary boundary, otherwise;
    double (*get)(const struct ev_result_timing *timing);
} columns[] = {
    {"cold", "ms", 3, EV_MODE_COLD, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, median_ms},
    {"compute", "ms", 3, EV_MODE_HOT, EV_BOUNDARY_COMPUTE, EV_BOUNDARY_COMPUTE, median_ms},
    {"e2e", "ms", 3, EV_MODE_HOT, EV_BOUNDARY_E2E, EV_BOUNDARY_E2E, median_ms},
    {"paced", "ms", 3, EV_MODE_PACED, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, median_ms},
    {"p99", "ms", 3, EV_MODE_PACED, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, p99_ms},
    {"late", "%", 2, EV_MODE_PACED, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, late_percent},
    {"paced", "/ hot", 3, EV_MODE_PACED, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, NULL},
    {"resident", "images/s", 1, EV_MODE_RESIDENT, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE,
     images_per_s},
    {"fed", "images/s", 1, EV_MODE_FED, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, images_per_s},
    {"pieces", "images/s", 1, EV_MODE_PIECES, EV_BOUNDARY_E2E, EV_BOUNDARY_COMPUTE, images_per_s},
};
#define N_COLUMNS (sizeof columns / sizeof *columns)

static double value_of(const struct ev_result *result, const char *backend,
                       const struct column *column)
{
    const struct ev_result_timing *timing =
        ev_times_find(result, backend, column->mode, column->boundary);

    if (!timing)
        timing = ev_times_find(result, backend, column->mode, column->otherwise);
    if (!timing)
        return NAN;
    if (column->get)
        return column->get(timing);
    const struct ev_result_timing *hot =
        ev_times_find(result, backend, EV_MODE_HOT, timing->boundary);
    return hot ? timing->median_ns / hot->median_ns : NAN;
}

/* Whether any backend has it. */
static bool is_known(const struct ev_view *view, const struct column *column)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        if (isfinite(value_of(view->result, view->backends[b], column)))
            return true;
    }
    return false;
}

static double study_ms(const struct ev_view *view, size_t backend)
{
    const struct ev_result_row *row =
        ev_result_find(view->result, view->backends[backend], ev_view_main_set(view));

    return row && row->latency.n_calls > 0 ? row->latency.mean_ns / 1e6 : NAN;
}

static bool has_study(const struct ev_view *view)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        if (isfinite(study_ms(view, b)))
            return true;
    }
    return false;
}

enum ev_status ev_times_grid(const struct ev_view *view, bool study, struct ev_grid *grid,
                             struct ev_error *err)
{
    double *values = calloc(view->n_backends + 1, sizeof *values);
    size_t n = 1;

    for (size_t c = 0; c < N_COLUMNS; c++)
        n += is_known(view, &columns[c]);
    study = study && has_study(view);
    enum ev_status status = ev_grid_init(grid, n + (study ? 1 : 0), view->n_backends, err);
    if (status == EV_OK && !values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    if (status != EV_OK)
        goto done;
    ev_view_name_rows(view, grid);
    for (size_t c = 0, at = 1; c < N_COLUMNS; c++) {
        if (!is_known(view, &columns[c]))
            continue;
        for (size_t b = 0; b < view->n_backends; b++)
            values[b] = value_of(view->result, view->backends[b], &columns[c]);
        ev_grid_set_header(grid, at, columns[c].what, columns[c].unit);
        ev_grid_set_numbers(grid, at++, values, columns[c].significant);
    }
    if (study) {
        for (size_t b = 0; b < view->n_backends; b++)
            values[b] = study_ms(view, b);
        ev_grid_set_header(grid, n, "mean as in the study", "ms");
        ev_grid_set_numbers(grid, n, values, 3);
    }
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(values);
    return status;
}

/* --- One row a mode --- */

/* Characters of the longest verdict on times of a backend, NULL: of any; 0 where there is none. */
static int verdict_width(const struct ev_result *result, const char *backend)
{
    int width = 0;

    for (size_t i = 0; i < result->n_timings; i++) {
        const struct ev_result_timing *timing = &result->timings[i];
        const int n = (int)strlen(ev_verdict_time_name(timing->verdict));
        if (!timing->is_control && (!backend || strcmp(timing->backend, backend) == 0))
            width = n > width ? n : width;
    }
    return width;
}

/* "-18.6 ±1.2 % FASTER"; among verdicts of that width "-18.6 ±1.2 %      -" has none, so that it is
 * not the neighbour's, and changes line up. Width 0: there are none in the table. */
static void change_cell(const struct ev_result_timing *timing, int width, char *text, size_t size)
{
    const double half = (timing->change_high - timing->change_low) / 2;
    const char *name = ev_verdict_time_name(timing->verdict);
    char verdict[32] = "";

    if (width > 0)
        snprintf(verdict, sizeof verdict, " %*s", width, *name ? name : "-");
    if (!isfinite(timing->change))
        snprintf(text, size, "-");
    else if (isfinite(half))
        snprintf(text, size, "%+.1f ±%.1f %%%s", timing->change * 100, half * 100, verdict);
    else
        snprintf(text, size, "%+.1f %%%s", timing->change * 100, verdict);
}

static void control_cell(const struct ev_result_quiet *quiet, char *text, size_t size)
{
    if (quiet->unquiet)
        snprintf(text, size, "unquiet");
    else
        snprintf(text, size, "%+.1f ±%.1f", quiet->control * 100,
                 (quiet->control_high - quiet->control_low) / 2 * 100);
}

/* The timing of that backend that the quiet is about. */
static const struct ev_result_timing *
timing_of(const struct ev_result *result, const struct ev_result_quiet *quiet, const char *backend)
{
    for (size_t i = 0; i < result->n_timings; i++) {
        const struct ev_result_timing *timing = &result->timings[i];
        if (!timing->is_control && strcmp(timing->backend, backend) == 0 &&
            ev_result_find_quiet(result, timing) == quiet)
            return timing;
    }
    return NULL;
}

/* "hot e2e"; pieces of several sizes are told apart. */
static void name_condition(const struct ev_result *result, const struct ev_result_quiet *quiet,
                           char *text, size_t size)
{
    int n = 0;

    for (size_t i = 0; i < result->n_quiets; i++)
        n += result->quiets[i].mode == quiet->mode && result->quiets[i].boundary == quiet->boundary;
    if (n > 1)
        snprintf(text, size, "%s %s, %lld", ev_mode_name(quiet->mode),
                 ev_boundary_name(quiet->boundary), (long long)quiet->rows_per_piece);
    else
        snprintf(text, size, "%s %s", ev_mode_name(quiet->mode), ev_boundary_name(quiet->boundary));
}

enum ev_status ev_times_changes(const struct ev_view *view, size_t first, size_t n,
                                struct ev_grid *grid, struct ev_error *err)
{
    const struct ev_result *result = view->result;
    char text[EV_GRID_CELL_CHARS];
    size_t at = 1, left = n;
    enum ev_status status = ev_grid_init(grid, n + 2, result->n_quiets, err);

    if (status != EV_OK)
        return status;
    ev_grid_set_header(grid, 0, "", "");
    ev_grid_set_header(grid, n + 1, "control", "%");
    for (size_t q = 0; q < result->n_quiets; q++) {
        name_condition(result, &result->quiets[q], text, sizeof text);
        ev_grid_set_text(grid, q, 0, text);
        control_cell(&result->quiets[q], text, sizeof text);
        ev_grid_set_text(grid, q, n + 1, text);
    }
    for (size_t b = first; b < view->n_backends && left > 0; b++) {
        if (b == view->reference)
            continue;
        ev_view_label(view, b, text, sizeof text);
        ev_grid_set_header(grid, at, text, "");
        const int longest = verdict_width(result, view->backends[b]);
        const int width = longest > 0 || verdict_width(result, NULL) == 0 ? longest : 1;
        for (size_t q = 0; q < result->n_quiets; q++) {
            const struct ev_result_timing *timing =
                timing_of(result, &result->quiets[q], view->backends[b]);
            snprintf(text, sizeof text, "-");
            if (timing)
                change_cell(timing, width, text, sizeof text);
            ev_grid_set_text(grid, q, at, text);
        }
        at++;
        left--;
    }
    return EV_OK;
}

/* --- Notes --- */

/* Those that do not depend on a mode or a backend. */
#define N_FIXED 6

/* The run as a whole. */
static void say_run(const struct ev_view *view, char *text, size_t size)
{
    const struct ev_result *result = view->result;
    int64_t n_processes = 0, n_blocks = 0, n_flagged = 0;
    double confidence = 1;
    char blocks[64], flagged[64];

    for (size_t i = 0; i < result->n_timings; i++) {
        const struct ev_result_timing *timing = &result->timings[i];
        n_processes = timing->n_processes > n_processes ? timing->n_processes : n_processes;
        confidence = fmin(confidence, timing->confidence);
    }
    for (size_t i = 0; i < result->n_quiets; i++) {
        n_blocks += result->quiets[i].n_blocks;
        n_flagged += result->quiets[i].n_flagged;
    }
    int used =
        snprintf(text, size, "%lld worker process%s, %s in balanced order, %s of them disturbed",
                 (long long)n_processes, n_processes == 1 ? "" : "es",
                 ev_text_count(n_blocks, "block", blocks), ev_text_count(n_flagged, NULL, flagged));
    if (isfinite(confidence) && confidence < 1 && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, "; each interval holds with %.3g %%",
                 confidence * 100);
}

static void say_paced(const struct ev_view *view, char *text, size_t size)
{
    for (size_t i = 0; i < view->result->n_timings; i++) {
        const struct ev_result_timing *timing = &view->result->timings[i];
        if (timing->mode != EV_MODE_PACED)
            continue;
        snprintf(text, size,
                 "paced: a call every %g ms, as a control loop makes them, with the p99 of these "
                 "calls; late: took longer than that",
                 timing->deadline_ns / 1e6);
        return;
    }
}

/* Which of its times cannot be told from the reference's, and what could have been. */
static void say_unresolved(const struct ev_view *view, size_t backend, char *text, size_t size)
{
    const struct ev_result *result = view->result;
    char label[44], condition[60];
    size_t used = 0;
    int n = 0;

    for (size_t q = 0; q < result->n_quiets; q++) {
        const struct ev_result_timing *timing =
            timing_of(result, &result->quiets[q], view->backends[backend]);
        if (!timing || timing->verdict != EV_VERDICT_UNRESOLVED || !isfinite(timing->detectable) ||
            used >= size)
            continue;
        ev_view_label(view, backend, label, sizeof label);
        name_condition(result, &result->quiets[q], condition, sizeof condition);
        if (used == 0)
            used += (size_t)snprintf(text, size,
                                     "%s: what is UNRESOLVED would have been told beyond", label);
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s %.1f %% (%s)",
                                     n++ == 0 ? "" : ",", timing->detectable * 100, condition);
    }
}

/* Names all conditions of which the same is said, at the first of them. */
static void say_quiet(const struct ev_result *result, size_t q, char *text, size_t size)
{
    const struct ev_result_quiet *quiet = &result->quiets[q];
    char condition[60];
    size_t used = 0;

    if (!quiet->reason || !*quiet->reason)
        return;
    for (size_t i = 0; i < result->n_quiets && used < size; i++) {
        if (!result->quiets[i].reason || strcmp(result->quiets[i].reason, quiet->reason) != 0)
            continue;
        if (i < q) {
            text[0] = '\0';
            return;
        }
        name_condition(result, &result->quiets[i], condition, sizeof condition);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > q ? ", " : "", condition);
    }
    if (used < size)
        snprintf(text + used, size - used, ": %s%s", quiet->reason,
                 quiet->unquiet ? " No verdict is given on these times." : "");
}

/* Note number k, or "". */
static void say(const struct ev_view *view, size_t k, char *text, size_t size)
{
    const struct ev_result *result = view->result;
    const size_t n_before_quiets = N_FIXED + view->n_backends;

    text[0] = '\0';
    if (k == 0)
        snprintf(text, size,
                 "cold: opening a model and its first call; compute: from floats in memory to outputs; e2e: "
                 "from bytes of pictures; medians over processes");
    else if (k == 1)
        say_paced(view, text, size);
    else if (k == 2 && view->n_backends > 1)
        snprintf(text, size,
                 "changes are of the time of an image, ± half the interval: -50 %% is half the "
                 "time, or twice the images/s; FASTER or SLOWER beyond %.0f %% and twice the "
                 "control's noise, SAME within %.0f %%, UNRESOLVED: cannot tell",
                 EV_VERDICT_TIME_MARGIN * 100, EV_VERDICT_TIME_MARGIN * 100);
    else if (k == 3)
        snprintf(text, size,
                 "control: the baseline opened a second time, against itself; where it differs, or "
                 "is known no better than ±%.0f %%, times are unquiet and have no verdict",
                 EV_VERDICT_UNQUIET * 100);
    else if (k == 4)
        say_run(view, text, size);
    else if (k == 5 && ev_device_is_timed(view))
        ev_device_explain(text, size);
    else if (k >= N_FIXED && k < N_FIXED + view->n_backends)
        ev_device_note(view, k - N_FIXED, text, size);
    else if (k >= n_before_quiets && k < n_before_quiets + result->n_quiets)
        say_quiet(result, k - n_before_quiets, text, size);
    else if (k >= n_before_quiets + result->n_quiets)
        say_unresolved(view, k - n_before_quiets - result->n_quiets, text, size);
}

bool ev_times_note(const struct ev_view *view, int i, char *text, size_t size)
{
    const size_t n = N_FIXED + view->result->n_quiets + 2 * view->n_backends;

    text[0] = '\0';
    for (size_t k = 0; view->result->n_timings > 0 && k < n; k++) {
        say(view, k, text, size);
        if (*text && i-- == 0)
            return true;
    }
    return false;
}
