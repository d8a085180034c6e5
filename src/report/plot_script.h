/* SPDX-License-Identifier: MIT */
/* What charts write into a script: texts, numbers, arrays, the head that all have, and the figures
 * of the main set. */
#ifndef EV_PLOT_SCRIPT_H
#define EV_PLOT_SCRIPT_H

#include "report/plot.h"

/* Names of backends and sets in charts, the NUL included. */
#define EV_PLOT_LABEL_CHARS 30

/* Smallest and largest of the positive numbers seen; `most` is 0 before the first. */
struct ev_plot_range {
    double least, most;
};
#define EV_PLOT_NOTHING_SEEN                                                                       \
    {                                                                                              \
        INFINITY, 0                                                                                \
    }

void ev_plot_widen(struct ev_plot_range *range, double value);
/* Whether the numbers differ so much that a linear axis from 0 would hide the small ones. */
bool ev_plot_is_wide(const struct ev_plot_range *range);

void ev_plot_set_text(FILE *script, const char *variable, const char *text);
void ev_plot_set_number(FILE *script, const char *variable, double value);
/* least and largest; of an empty range any that differ. */
void ev_plot_set_range(FILE *script, const struct ev_plot_range *range);

void ev_plot_start_array(FILE *script, const char *name, size_t n);
void ev_plot_set_element(FILE *script, const char *array, size_t i, const char *text);
void ev_plot_set_number_element(FILE *script, const char *array, size_t i, double value);
/* The number with the decimals that ev_grid_decimals_in() gives it among those of `range`, or
 * `missing`. */
void ev_plot_set_label(FILE *script, const char *array, size_t i, double value,
                       const struct ev_plot_range *range, int significant, const char *missing);

/* A line of a datablock: the 1-based index i, then n values. */
void ev_plot_write_line(FILE *script, size_t i, const double *values, size_t n);

/* slots[]: numbers of colours, patterns and points; the known variants keep theirs whatever else is
 * in the chart. */
void ev_plot_write_slots(FILE *script, const char *const *backends, size_t n);
/* chart_title, chart_subtitle, n_backends, names[], slots[]. */
void ev_plot_write_head(const struct ev_view *view, const char *title, FILE *script);

/* Row of a backend on the main set, or NULL; its figures, NAN without a row. */
const struct ev_result_row *ev_plot_row(const struct ev_view *view, size_t backend);
double ev_plot_size_mib(const struct ev_view *view, size_t backend);
double ev_plot_median_ms(const struct ev_view *view, size_t backend);
double ev_plot_mse(const struct ev_view *view, size_t backend, const char *set);

/* The charts that have files of their own. */
bool ev_plot_write_tradeoff(const struct ev_view *view, FILE *script);
/* Times of worker processes, where they are the result's. */
bool ev_plot_has_timings(const struct ev_view *view);
bool ev_plot_lacks_timings(const struct ev_view *view);
bool ev_plot_write_timings(const struct ev_view *view, FILE *script);
bool ev_plot_has_calls(const struct ev_view *view);
bool ev_plot_write_calls(const struct ev_view *view, FILE *script);
/* Outputs of every row, where they are the result's. */
bool ev_plot_has_outputs(const struct ev_view *view);
bool ev_plot_write_histogram(const struct ev_view *view, FILE *script);
bool ev_plot_has_positions(const struct ev_view *view);
bool ev_plot_write_where(const struct ev_view *view, FILE *script);

#endif
