/* SPDX-License-Identifier: MIT */
/* What the device takes of the time that the host waits for. */
#include <math.h>
#include <stdlib.h>

#include "report/report_times.h"

/* Modes that are timed by both clocks, with the columns of each: the host's, the device's, and what
 * part of the one the other is. */
static const struct part {
    enum ev_mode mode;
    const char *what;
    bool is_batch;
} parts[] = {
    {EV_MODE_HOT, "hot", false},
    {EV_MODE_EAGER, "eager", false},
    {EV_MODE_RESIDENT, "resident", true},
};
#define N_PARTS (sizeof parts / sizeof *parts)

/* Times of one backend in one mode, in ns; NAN where either was not measured. */
struct apart {
    double host, device;
};

static struct apart times_of(const struct ev_view *view, size_t backend, enum ev_mode mode)
{
    const struct ev_result_timing *host =
        ev_times_find(view->result, view->backends[backend], mode, EV_BOUNDARY_E2E);
    const struct ev_result_timing *device =
        ev_times_find(view->result, view->backends[backend], mode, EV_BOUNDARY_DEVICE);

    if (!host || !device)
        return (struct apart){NAN, NAN};
    return (struct apart){host->median_ns, device->median_ns};
}

static bool is_known(const struct ev_view *view, const struct part *part)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        if (isfinite(times_of(view, b, part->mode).device))
            return true;
    }
    return false;
}

bool ev_device_is_timed(const struct ev_view *view)
{
    for (size_t p = 0; p < N_PARTS; p++) {
        if (is_known(view, &parts[p]))
            return true;
    }
    return false;
}

/* --- The table --- */

/* The time of a call in ms, or the images of a second. */
static double figure_of(const struct ev_view *view, size_t backend, const struct part *part,
                        double time_ns)
{
    const struct ev_result_timing *timing =
        ev_times_find(view->result, view->backends[backend], part->mode, EV_BOUNDARY_E2E);

    if (part->is_batch && timing)
        return (double)timing->rows_per_call * 1e9 / time_ns;
    return time_ns / 1e6;
}

static void set_part(const struct ev_view *view, const struct part *part, size_t at, double *values,
                     struct ev_grid *grid)
{
    const char *unit = part->is_batch ? "images/s" : "ms";
    const int significant = part->is_batch ? 1 : 3;

    ev_grid_set_header(grid, at, part->what, unit);
    for (size_t b = 0; b < view->n_backends; b++)
        values[b] = figure_of(view, b, part, times_of(view, b, part->mode).host);
    ev_grid_set_numbers(grid, at, values, significant);
    ev_grid_set_header(grid, at + 1, "device", unit);
    for (size_t b = 0; b < view->n_backends; b++)
        values[b] = figure_of(view, b, part, times_of(view, b, part->mode).device);
    ev_grid_set_numbers(grid, at + 1, values, significant);
    ev_grid_set_header(grid, at + 2, "of it", "%");
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct apart apart = times_of(view, b, part->mode);
        values[b] = apart.device / apart.host * 100;
    }
    ev_grid_set_numbers(grid, at + 2, values, 2);
}

enum ev_status ev_device_grid(const struct ev_view *view, struct ev_grid *grid,
                              struct ev_error *err)
{
    double *values = calloc(view->n_backends + 1, sizeof *values);
    size_t n = 1, at = 1;

    for (size_t p = 0; p < N_PARTS; p++)
        n += is_known(view, &parts[p]) ? 3 : 0;
    enum ev_status status = ev_grid_init(grid, n, view->n_backends, err);
    if (status == EV_OK && !values) {
        ev_grid_free(grid);
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    }
    if (status == EV_OK) {
        ev_view_name_rows(view, grid);
        for (size_t p = 0; p < N_PARTS; p++) {
            if (!is_known(view, &parts[p]))
                continue;
            set_part(view, &parts[p], at, values, grid);
            at += 3;
        }
    }
    free(values);
    return status;
}

/* --- Notes --- */

/* "62 % of a hot call (0.0310 of 0.0500 ms)"; false where the clocks contradict each other, as they
 * are read in different calls. */
static bool say_share(const struct apart *apart, const char *call, char *text, size_t size)
{
    const double host_ms = apart->host / 1e6, device_ms = apart->device / 1e6;

    text[0] = '\0';
    if (!(apart->device <= apart->host))
        return false;
    snprintf(text, size, "%.0f %% of %s (%.*f of %.*f ms)", apart->device / apart->host * 100, call,
             ev_grid_decimals(device_ms, 3), device_ms, ev_grid_decimals(host_ms, 3), host_ms);
    return true;
}

void ev_device_note(const struct ev_view *view, size_t backend, char *text, size_t size)
{
    const struct apart hot = times_of(view, backend, EV_MODE_HOT);
    const struct apart eager = times_of(view, backend, EV_MODE_EAGER);
    char label[44], of_hot[100], of_eager[100];
    const bool has_hot = say_share(&hot, "a call", of_hot, sizeof of_hot);
    const bool has_eager = say_share(&eager, "an eager one", of_eager, sizeof of_eager);

    text[0] = '\0';
    if (!has_hot && !has_eager)
        return;
    ev_view_label(view, backend, label, sizeof label);
    snprintf(text, size, "%s: the device computes %s%s%s", label, of_hot,
             has_hot && has_eager ? ", " : "", of_eager);
}

void ev_device_explain(char *text, size_t size)
{
    snprintf(text, size,
             "device: by its own clock, from the first copy to it to the last one back, pauses in "
             "between included; eager: each operation launched by itself, where a hot call may "
             "replay them from a record; the rest of a call is the host's, launching included");
}
