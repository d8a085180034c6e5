/* SPDX-License-Identifier: MIT */
/*
 * What reports show of a result: its backends, sets and columns in order, the tables, and the
 * sentence that sums them up. Every report for people takes its figures from here, so that the
 * terminal, the Markdown file and the charts cannot disagree.
 */
#ifndef EV_REPORT_VIEW_H
#define EV_REPORT_VIEW_H

#include "eval/result.h"
#include "report/report_grid.h"

/* The strings are the result's. */
struct ev_view {
    const struct ev_result *result;
    const char **backends; /* in order of their first row */
    size_t n_backends;
    const char **sets; /* in order of their first row, without the pooled one */
    size_t n_sets;
    struct ev_column *columns; /* of all rows; different ones if name or unit differ */
    size_t n_columns;
    bool has_pooled;
    const char *baseline; /* "baseline" if it was run, else NULL */
    size_t reference;     /* the backend that changes are relative to, see ev_result_baseline() */
    bool has_intervals;   /* of errors; results of older programs have none */
    bool has_verdicts;
    bool has_time_verdicts; /* of single pictures, hot, end to end */
};

EV_CHECKED enum ev_status ev_view_init(struct ev_view *view, const struct ev_result *result,
                                       struct ev_error *err);
void ev_view_free(struct ev_view *view);

/* The pooled set, or the first one where nothing is pooled: what the charts and the sentence are
 * about. NULL for an empty result. */
const char *ev_view_main_set(const struct ev_view *view);
/* Whether the set is "all"; its tables pool the others. */
bool ev_view_is_pooled(const char *set);
/* "simple, montreal and montmelo" for the pooled set, else the set's name. */
void ev_view_set_text(const struct ev_view *view, const char *set, char *text, size_t size);
/* Images of the set as its rows count them; -1 if unknown. */
int64_t ev_view_n_images(const struct ev_view *view, const char *set);

/* The name a backend has in tables and charts: a path loses its folders, unless another backend
 * would then be called the same; names that are too long lose their middle. */
void ev_view_label(const struct ev_view *view, size_t backend, char *label, size_t size);

/* The first column of a grid with a row for each backend: their names. */
void ev_view_name_rows(const struct ev_view *view, struct ev_grid *grid);

/* Columns of the outputs that samples of a set are of; NULL where the result has no row of it. */
const struct ev_column *ev_view_columns_of(const struct ev_view *view,
                                           const struct ev_samples_set *set);

/* Which output of a row `column` is; -1 if the row has no such column. */
int32_t ev_view_output(const struct ev_result_row *row, const struct ev_column *column);
/* Errors of `column` in a row, or NULL if the row has no such column. */
const struct ev_error_figures *ev_view_errors(const struct ev_result_row *row,
                                              const struct ev_column *column);

/* A figure of a row; `column` is used by figures of one output. */
struct ev_metric {
    const char *title; /* "Mean absolute error of" */
    int significant;   /* digits of the smallest value */
    bool per_column;
    bool in_unit; /* of the column */
    double (*get)(const struct ev_result_row *row, const struct ev_column *column);
};
/* What has a table of its own; ended by a row whose title is NULL. The first is the MSE. */
extern const struct ev_metric ev_metrics[];

double ev_view_size_mib(const struct ev_result_row *row);
double ev_view_median_ms(const struct ev_result_row *row);
/* The same by worker processes (hot, end to end) where they have timed the backend. */
double ev_view_time_ms(const struct ev_view *view, const struct ev_result_row *row);

/* Change of the row's MSE relative to the reference's on the same set, 0.03 is 3 % more; NAN for
 * the reference itself. Results without verdicts have it from the two errors. */
double ev_view_change(const struct ev_view *view, const struct ev_result_row *row);
/* "+7.1 ±2.2 %": half the width of the interval, where there is one; "-" for no change. */
void ev_view_change_text(const struct ev_view *view, const struct ev_result_row *row, char *text,
                         size_t size);
/* "0.000590 to 0.000665", as the width has digits, and "+7.1 % (+4.9 to +9.3) WORSE"; what the text
 * was before where there is none. */
void ev_view_interval_cell(double low, double high, char *text, size_t size);
void ev_view_change_cell(const struct ev_error_change *change, char *text, size_t size);
/* What change would have been told, if the backend's verdict on the set is UNRESOLVED; else false.
 */
bool ev_view_unresolved(const struct ev_view *view, size_t backend, const char *set, char *text,
                        size_t size);
/* Intervals of the MSE, and of its change with the verdict, of backends (rows) on sets (columns);
 * the reference has no changes. */
EV_CHECKED enum ev_status ev_view_intervals(const struct ev_view *view, struct ev_grid *grid,
                                            struct ev_error *err);
EV_CHECKED enum ev_status ev_view_changes(const struct ev_view *view, struct ev_grid *grid,
                                          struct ev_error *err);

/* What the overview has besides sizes, errors and times: documents have room for all of it. */
enum ev_overview {
    EV_OVERVIEW_PLAIN, /* R2 */
    EV_OVERVIEW_ALL,   /* verdicts of errors and times, where there are any, and R2 */
    EV_OVERVIEW_NO_R2, /* verdicts */
};

/* Main figures of every backend on one set. Times of single pictures are those of worker processes
 * (hot, end to end) if there are any. */
EV_CHECKED enum ev_status ev_view_overview(const struct ev_view *view, const char *set,
                                           enum ev_overview what, struct ev_grid *grid,
                                           struct ev_error *err);
/* One metric of every backend (rows) on every set (columns). */
EV_CHECKED enum ev_status ev_view_by_set(const struct ev_view *view, const struct ev_metric *metric,
                                         const struct ev_column *column, struct ev_grid *grid,
                                         struct ev_error *err);
/* A sentence if worker processes have found times unquiet, naming which; without worker processes,
 * if the times of single inferences on the main set varied so much that another program must have
 * had the cores (p90 above twice the median), naming the worst backend; else "". */
void ev_view_noise(const struct ev_view *view, char *text, size_t size);
/* One sentence about the fastest backend against the baseline on the main set. */
void ev_view_summary(const struct ev_view *view, char *text, size_t size);

#endif
