/* SPDX-License-Identifier: MIT */
/* The table for a terminal: main figures over all sets, then the error on each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/report.h"
#include "report/report_alarms.h"
#include "report/report_layers.h"
#include "report/report_times.h"
#include "report/report_view.h"

#define INDENT    "  "
/* Characters of a line; the verdicts are left out where they do not fit. */
#define MAX_WIDTH 100

static void print_title(const struct ev_view *view, const char *set, FILE *out)
{
    char names[512], clean[512], count[40];
    const int64_t n_images = ev_view_n_images(view, set);

    ev_view_set_text(view, set, names, sizeof names);
    ev_text_clean(names, clean, sizeof clean);
    fprintf(out, "\n%s", clean);
    if (n_images >= 0) {
        ev_grid_number((double)n_images, 0, count, sizeof count);
        fprintf(out, ": %s images", count);
    }
    fputs("\n\n", out);
}

/* Whether the verdicts had room: those of times make R2 give way first. */
static bool print_overview(const struct ev_view *view, const char *set, FILE *out)
{
    struct ev_grid grid;
    struct ev_error err = EV_ERROR_INIT;
    char text[200];
    enum ev_status status = ev_view_overview(view, set, EV_OVERVIEW_ALL, &grid, &err);

    bool fits = status == EV_OK && ev_grid_width(&grid) + (int)strlen(INDENT) <= MAX_WIDTH;
    if (status == EV_OK && !fits && view->has_time_verdicts) {
        ev_grid_free(&grid);
        status = ev_view_overview(view, set, EV_OVERVIEW_NO_R2, &grid, &err);
        fits = status == EV_OK && ev_grid_width(&grid) + (int)strlen(INDENT) <= MAX_WIDTH;
    }
    if (status == EV_OK && !fits) {
        ev_grid_free(&grid);
        status = ev_view_overview(view, set, EV_OVERVIEW_PLAIN, &grid, &err);
    }
    if (status != EV_OK) {
        fprintf(out, "%s\n", err.message);
        return false;
    }
    print_title(view, set, out);
    ev_grid_print(&grid, INDENT, out);
    ev_grid_free(&grid);
    for (size_t b = 0, n = 0; b < view->n_backends; b++) {
        if (ev_view_unresolved(view, b, set, text, sizeof text))
            fprintf(out, "%s" INDENT "%s\n", n++ == 0 ? "\n" : "", text);
    }
    return fits;
}

static void print_errors_by_set(const struct ev_view *view, FILE *out)
{
    struct ev_grid grid;
    struct ev_error err = EV_ERROR_INIT;

    if (ev_view_by_set(view, &ev_metrics[0], NULL, &grid, &err) != EV_OK) {
        fprintf(out, "%s\n", err.message);
        return;
    }
    fputs("\nMSE (normalised) on each set\n\n", out);
    ev_grid_print(&grid, INDENT, out);
    ev_grid_free(&grid);
}

/* What the change is, and the verdict. */
static void print_change_notes(const struct ev_view *view, bool with_verdicts, FILE *out)
{
    char label[44];

    ev_view_label(view, view->reference, label, sizeof label);
    fprintf(out, INDENT "change: of the MSE, against %s's on the same images", label);
    if (view->has_intervals)
        fprintf(out, ", ± half its %.0f %% interval", EV_ERROR_CONFIDENCE * 100);
    fputc('\n', out);
    if (view->has_verdicts && with_verdicts)
        fprintf(out,
                INDENT "verdict: BETTER or WORSE beyond %.0f %% and not by chance, SAME within "
                       "%.0f %%, UNRESOLVED: cannot tell\n",
                EV_ERROR_MARGIN * 100, EV_ERROR_MARGIN * 100);
    else if (view->has_verdicts)
        fputs(INDENT "verdicts: in results.md, this table has no room for them\n", out);
}

static void print_notes(const struct ev_view *view, bool with_verdicts, FILE *out)
{
    const struct ev_result *result = view->result;
    const struct ev_result_row *row = &result->rows[0];
    char cpu[128], device[64], noise[400], clean[400];

    ev_text_clean(result->host.cpu_model, cpu, sizeof cpu);
    ev_text_clean(row->device, device, sizeof device);
    fputs("\n" INDENT "MSE: mean squared error of the outputs scaled to 0..1\n", out);
    if (view->n_backends > 1)
        print_change_notes(view, with_verdicts, out);
    if (result->n_timings > 0)
        fputs(INDENT "median, p90, p99: bytes of a single image to outputs, in worker processes, "
                     "see the times below\n",
              out);
    else if (row->latency.n_calls > 0)
        fprintf(out,
                INDENT "median, p90, p99: inference of a single image, %" PRId64
                       " calls on each set\n",
                row->latency.n_calls);
    fprintf(out, INDENT "images/s: from the file to the MSE, in batches of %" PRId64 "\n",
            row->batch_rows);
    fprintf(out, INDENT "%s, %d threads, device %s\n", cpu, row->n_threads, device);
    ev_view_noise(view, noise, sizeof noise);
    ev_text_clean(noise, clean, sizeof clean);
    if (*clean)
        fprintf(out, "\n" INDENT "%s\n", clean);
    if (result->interrupted)
        fputs("\n" INDENT "Interrupted: these are the rows that were finished.\n", out);
    fputs("\n", out);
}

void ev_report_print(const struct ev_result *result, FILE *out)
{
    struct ev_view view;
    struct ev_error err = EV_ERROR_INIT;
    bool with_verdicts = true;

    if (result->n_rows == 0) {
        fputs("no results\n", out);
        return;
    }
    if (ev_view_init(&view, result, &err) != EV_OK) {
        fprintf(out, "%s\n", err.message);
        return;
    }
    if (view.has_pooled)
        with_verdicts = print_overview(&view, ev_view_main_set(&view), out);
    for (size_t s = 0; s < view.n_sets && !view.has_pooled; s++)
        with_verdicts &= print_overview(&view, view.sets[s], out);
    ev_alarms_print(result, INDENT, out);
    if (view.n_sets > 1)
        print_errors_by_set(&view, out);
    print_notes(&view, with_verdicts, out);
    ev_times_print(&view, INDENT, MAX_WIDTH, out);
    ev_layers_print(&view, INDENT, out);
    ev_view_free(&view);
}
