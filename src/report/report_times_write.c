/* SPDX-License-Identifier: MIT */
/* Times in documents, for a terminal, and in timings.csv: a row for each backend, the control
 * included, in each mode and boundary; units in the names of the columns, an empty cell for what is
 * missing. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/report_cells.h"
#include "report/report_parts.h"
#include "report/report_times.h"

/* --- Documents --- */

enum ev_status ev_part_times(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    struct ev_grid grid;
    char text[600];
    enum ev_status status = EV_OK;

    if (view->result->n_timings == 0)
        return EV_OK;
    ev_doc_heading(doc, 2, "Times");
    status = ev_times_grid(view, true, &grid, err);
    if (status != EV_OK)
        return status;
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    if (ev_device_is_timed(view)) {
        status = ev_device_grid(view, &grid, err);
        if (status != EV_OK)
            return status;
        ev_doc_heading(doc, 3, "Of these times the device's own");
        ev_doc_grid(doc, &grid);
        ev_grid_free(&grid);
    }
    if (view->n_backends > 1) {
        status = ev_times_changes(view, 0, view->n_backends - 1, &grid, err);
        if (status != EV_OK)
            return status;
        ev_doc_heading(doc, 3, "Change of the time of an image against %s",
                       view->backends[view->reference]);
        ev_doc_grid(doc, &grid);
        ev_grid_free(&grid);
    }
    for (int i = 0; ev_times_note(view, i, text, sizeof text); i++)
        ev_doc_item(doc, "%s%s", text, strchr(".!?", text[strlen(text) - 1]) ? "" : ".");
    ev_doc_end_list(doc);
    return EV_OK;
}

/* --- Terminal --- */

/* Bytes of a word; a percent sign belongs to the number before it. */
static size_t word_length(const char *text)
{
    const size_t length = strcspn(text, " ");

    return strncmp(text + length, " %", 2) == 0 ? length + 1 + strcspn(text + length + 1, " ")
                                                : length;
}

/* Lines of at most max_width characters, those after the first indented further. */
static void print_wrapped(const char *indent, const char *text, int max_width, FILE *out)
{
    char clean[600];
    int used = (int)strlen(indent);

    ev_text_clean(text, clean, sizeof clean);
    fputs(indent, out);
    for (const char *word = clean; *word;) {
        const size_t length = word_length(word);
        const int width = ev_text_width_of(word, length);
        if (word != clean && used + 1 + width > max_width) {
            fprintf(out, "\n%s  ", indent);
            used = (int)strlen(indent) + 2;
        } else if (word != clean) {
            fputc(' ', out);
            used++;
        }
        fwrite(word, 1, length, out);
        used += width;
        word += length + (word[length] == ' ');
    }
    fputc('\n', out);
}

/* A table of as many backends from number `first` on as fit; returns the next one. 0: failed. */
static size_t print_changes(const struct ev_view *view, size_t first, const char *indent,
                            int max_width, FILE *out)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_grid grid;
    size_t n = 0, next = first;

    for (size_t b = first; b < view->n_backends; b++)
        n += b != view->reference;
    for (;; n--) {
        if (ev_times_changes(view, first, n, &grid, &err) != EV_OK) {
            fprintf(out, "%s\n", err.message);
            return 0;
        }
        if (n <= 1 || ev_grid_width(&grid) + (int)strlen(indent) <= max_width)
            break;
        ev_grid_free(&grid);
    }
    fputc('\n', out);
    ev_grid_print(&grid, indent, out);
    ev_grid_free(&grid);
    for (; next < view->n_backends && n > 0; next++)
        n -= next != view->reference;
    return next;
}

static void print_device(const struct ev_view *view, const char *indent, FILE *out)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_grid grid;

    if (!ev_device_is_timed(view))
        return;
    if (ev_device_grid(view, &grid, &err) != EV_OK) {
        fprintf(out, "%s\n", err.message);
        return;
    }
    fputs("\nOf these times the device's own\n\n", out);
    ev_grid_print(&grid, indent, out);
    ev_grid_free(&grid);
}

void ev_times_print(const struct ev_view *view, const char *indent, int max_width, FILE *out)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_grid grid;
    char text[600];
    size_t n_left = view->n_backends - 1;

    if (view->result->n_timings == 0)
        return;
    if (ev_times_grid(view, false, &grid, &err) != EV_OK) {
        fprintf(out, "%s\n", err.message);
        return;
    }
    fputs("Times, each backend in fresh processes\n\n", out);
    ev_grid_print(&grid, indent, out);
    ev_grid_free(&grid);
    print_device(view, indent, out);
    if (n_left > 0) {
        ev_view_label(view, view->reference, text, 44);
        fprintf(out, "\nChange of the time of an image against %s\n", text);
    }
    for (size_t b = 0; n_left > 0 && b < view->n_backends;) {
        const size_t next = print_changes(view, b, indent, max_width, out);
        if (next == 0)
            return;
        b = next;
        if (b + 1 == view->n_backends && b == view->reference)
            break;
    }
    fputc('\n', out);
    for (int i = 0; ev_times_note(view, i, text, sizeof text); i++)
        print_wrapped(indent, text, max_width, out);
    fputc('\n', out);
}

/* --- timings.csv --- */

/* A nanosecond is the clock's unit. */
#define MS_FORMAT      "%.6f"
#define PERCENT_FORMAT "%.6g"

static void write_timing(const struct ev_result *result, const struct ev_result_timing *timing,
                         FILE *out)
{
    const struct ev_result_quiet *quiet = ev_result_find_quiet(result, timing);

    ev_cell_text(out, timing->backend);
    fprintf(out, "%d,%s,%s,", timing->is_control, ev_mode_name(timing->mode),
            ev_boundary_name(timing->boundary));
    ev_cell_count(out, timing->n_threads);
    ev_cell_count(out, timing->rows_per_call);
    ev_cell_count(out, timing->rows_per_piece);
    ev_cell_count(out, timing->n_processes);
    ev_cell_count(out, timing->n_blocks);
    ev_cell_count(out, timing->n_calls);
    ev_cell_real(out, PERCENT_FORMAT, timing->confidence * 100);
    ev_cell_real(out, MS_FORMAT, timing->median_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->median_low_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->median_high_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->p90_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->p90_high_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->p99_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->p99_high_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->mean_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->min_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, timing->deadline_ns / 1e6);
    ev_cell_real(out, PERCENT_FORMAT, timing->missed_fraction * 100);
    ev_cell_real(out, "%.2f", timing->images_per_s);
    ev_cell_real(out, "%.2f", timing->images_per_s_low);
    ev_cell_real(out, "%.2f", timing->images_per_s_high);
    ev_cell_real(out, PERCENT_FORMAT, timing->change * 100);
    ev_cell_real(out, PERCENT_FORMAT, timing->change_low * 100);
    ev_cell_real(out, PERCENT_FORMAT, timing->change_high * 100);
    ev_cell_real(out, PERCENT_FORMAT, timing->detectable * 100);
    fprintf(out, "%s,", ev_verdict_time_name(timing->verdict));
    ev_cell_real(out, PERCENT_FORMAT, quiet ? quiet->control * 100 : NAN);
    ev_cell_real(out, PERCENT_FORMAT, quiet ? quiet->control_low * 100 : NAN);
    ev_cell_real(out, PERCENT_FORMAT, quiet ? quiet->control_high * 100 : NAN);
    fprintf(out, "%s\n", !quiet ? "" : quiet->unquiet ? "1" : "0");
}

static enum ev_status write_timings(const struct ev_result *result, const char *plots, FILE *out,
                                    struct ev_error *err)
{
    (void)plots;
    (void)err;
    fputs("backend,is_control,mode,boundary,n_threads,rows_per_call,rows_per_piece,n_processes,"
          "n_blocks,n_calls,confidence_percent,median_ms,median_low_ms,median_high_ms,p90_ms,"
          "p90_high_ms,p99_ms,p99_high_ms,mean_ms,min_ms,deadline_ms,missed_percent,images_per_s,"
          "images_per_s_low,images_per_s_high,change_percent,change_low_percent,"
          "change_high_percent,detectable_change_percent,verdict,control_change_percent,"
          "control_low_percent,control_high_percent,unquiet\n",
          out);
    for (size_t i = 0; i < result->n_timings; i++)
        write_timing(result, &result->timings[i], out);
    return EV_OK;
}

static bool has_timings(const struct ev_result *result)
{
    return result->n_timings > 0;
}

const struct ev_report_writer ev_report_timings_csv = {"timings.csv", write_timings, has_timings};
