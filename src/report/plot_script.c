/* SPDX-License-Identifier: MIT */
/* Values in the form that gnuplot reads. Texts are in single quotes only, where it replaces
 * nothing, and never in datablocks. */
#include "report/plot_script.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

/* Twelve times: the smallest bar of a linear axis is then as long as its label. */
#define WIDE_RATIO 12

void ev_plot_widen(struct ev_plot_range *range, double value)
{
    if (isfinite(value) && value > 0) {
        range->least = fmin(range->least, value);
        range->most = fmax(range->most, value);
    }
}

bool ev_plot_is_wide(const struct ev_plot_range *range)
{
    return range->most > 0 && range->most / range->least > WIDE_RATIO;
}

void ev_plot_string(FILE *script, const char *text)
{
    char clean[4096];

    ev_text_clean(text, clean, sizeof clean);
    const char *c = clean;
    /* gnuplot 5.4 takes ''' for an empty string and the start of another. */
    for (; *c == '\''; c++)
        fputs("\"'\".", script);
    fputc('\'', script);
    for (; *c; c++) {
        if (*c == '\'')
            fputc('\'', script);
        fputc(*c, script);
    }
    fputc('\'', script);
}

void ev_plot_set_text(FILE *script, const char *variable, const char *text)
{
    fprintf(script, "%s = ", variable);
    ev_plot_string(script, text);
    fputc('\n', script);
}

void ev_plot_set_number(FILE *script, const char *variable, double value)
{
    fprintf(script, "%s = %.17g\n", variable, value);
}

void ev_plot_set_range(FILE *script, const struct ev_plot_range *range)
{
    const bool any = range->most > 0;

    ev_plot_set_number(script, "least", any ? range->least : 0.5);
    ev_plot_set_number(script, "largest", any ? range->most : 1);
}

void ev_plot_start_array(FILE *script, const char *name, size_t n)
{
    fprintf(script, "array %s[%zu]\n", name, n);
}

void ev_plot_set_element(FILE *script, const char *array, size_t i, const char *text)
{
    fprintf(script, "%s[%zu] = ", array, i + 1);
    ev_plot_string(script, text);
    fputc('\n', script);
}

static void write_number(FILE *script, double value)
{
    if (isfinite(value))
        fprintf(script, " %.17g", value);
    else
        fputs(" NaN", script);
}

void ev_plot_set_number_element(FILE *script, const char *array, size_t i, double value)
{
    fprintf(script, "%s[%zu] =", array, i + 1);
    write_number(script, value);
    fputc('\n', script);
}

void ev_plot_set_label(FILE *script, const char *array, size_t i, double value,
                       const struct ev_plot_range *range, int significant, const char *missing)
{
    char text[64];

    ev_grid_number(value, ev_grid_decimals_in(value, range->least, significant), text, sizeof text);
    ev_plot_set_element(script, array, i, isfinite(value) ? text : missing);
}

void ev_plot_write_line(FILE *script, size_t i, const double *values, size_t n)
{
    fprintf(script, "%zu", i + 1);
    for (size_t k = 0; k < n; k++)
        write_number(script, values[k]);
    fputc('\n', script);
}

/* Sets, images and machine. */
static void write_subtitle(const struct ev_view *view, FILE *script)
{
    const struct ev_result *result = view->result;
    const struct ev_result_row *row = &result->rows[0];
    const char *set = ev_view_main_set(view);
    const int64_t n_images = ev_view_n_images(view, set);
    char names[256], cpu[80], device[32], count[40], text[512];

    ev_view_set_text(view, set, names, sizeof names);
    ev_grid_number(n_images >= 0 ? (double)n_images : NAN, 0, count, sizeof count);
    ev_text_clean(result->host.cpu_model, cpu, sizeof cpu);
    ev_text_clean(row->device, device, sizeof device);
    snprintf(text, sizeof text, "%.100s, %s images  |  %s, %d threads, device %s", names, count,
             cpu, row->n_threads, device);
    ev_plot_set_text(script, "chart_subtitle", text);
}

void ev_plot_write_slots(FILE *script, const char *const *backends, size_t n)
{
    static const char *const known[] = {"baseline", "dynamic", "static", "qat"};
    const size_t n_known = sizeof known / sizeof known[0];
    size_t n_others = 0;

    ev_plot_start_array(script, "slots", n);
    for (size_t b = 0; b < n; b++) {
        size_t k = 0;
        while (k < n_known && strcmp(known[k], backends[b]) != 0)
            k++;
        size_t slot = k < n_known ? k + 1 : n_known + ++n_others;
        ev_plot_set_number_element(script, "slots", b, (double)slot);
    }
}

void ev_plot_write_head(const struct ev_view *view, const char *title, FILE *script)
{
    ev_plot_set_text(script, "chart_title", title);
    write_subtitle(view, script);
    ev_plot_set_number(script, "n_backends", (double)view->n_backends);
    ev_plot_start_array(script, "names", view->n_backends);
    for (size_t b = 0; b < view->n_backends; b++) {
        char label[EV_PLOT_LABEL_CHARS];
        ev_view_label(view, b, label, sizeof label);
        ev_plot_set_element(script, "names", b, label);
    }
    ev_plot_write_slots(script, view->backends, view->n_backends);
}

const struct ev_result_row *ev_plot_row(const struct ev_view *view, size_t backend)
{
    return ev_result_find(view->result, view->backends[backend], ev_view_main_set(view));
}

double ev_plot_size_mib(const struct ev_view *view, size_t backend)
{
    const struct ev_result_row *row = ev_plot_row(view, backend);

    return row ? ev_view_size_mib(row) : NAN;
}

double ev_plot_median_ms(const struct ev_view *view, size_t backend)
{
    const struct ev_result_row *row = ev_plot_row(view, backend);

    return row ? ev_view_time_ms(view, row) : NAN;
}

double ev_plot_mse(const struct ev_view *view, size_t backend, const char *set)
{
    const struct ev_result_row *row = ev_result_find(view->result, view->backends[backend], set);

    return row ? row->all.mse_norm : NAN;
}
