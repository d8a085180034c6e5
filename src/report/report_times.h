/* SPDX-License-Identifier: MIT */
/*
 * Times of worker processes: tables and sentences that every report for people takes from here,
 * timings.csv and rounds.csv. A result without timings has none of it.
 */
#ifndef EV_REPORT_TIMES_H
#define EV_REPORT_TIMES_H

#include "report/report.h"
#include "report/report_view.h"

/* Times of that backend, not those of the control; NULL if there are none. */
const struct ev_result_timing *ev_times_find(const struct ev_result *result, const char *backend,
                                             enum ev_mode mode, enum ev_boundary boundary);

/* A row for each backend: its medians in each mode, how late it is when paced, its throughput.
 * `study` adds the mean of calls in a row, as the study has it. */
EV_CHECKED enum ev_status ev_times_grid(const struct ev_view *view, bool study,
                                        struct ev_grid *grid, struct ev_error *err);
/* Changes against the reference with half their intervals and verdicts: a row for each mode and
 * boundary, a column for each of `n` backends from number `first` on, the reference left out, and
 * one for the control. */
EV_CHECKED enum ev_status ev_times_changes(const struct ev_view *view, size_t first, size_t n,
                                           struct ev_grid *grid, struct ev_error *err);
/* Whether anything was timed by a device's own clock. */
bool ev_device_is_timed(const struct ev_view *view);
/* A row for each backend: times by the host's clock, the device's, and what part of the one the
 * other is. */
EV_CHECKED enum ev_status ev_device_grid(const struct ev_view *view, struct ev_grid *grid,
                                         struct ev_error *err);
/* The part that the device takes of a backend's calls, in a sentence; "" where it is not known. */
void ev_device_note(const struct ev_view *view, size_t backend, char *text, size_t size);
/* What "device" and "eager" mean. */
void ev_device_explain(char *text, size_t size);
/* What the tables say and how it was measured, a sentence for each i from 0; false behind the last.
 */
bool ev_times_note(const struct ev_view *view, int i, char *text, size_t size);

/* All tables and the notes; nothing for a result without timings. In documents they are the part
 * ev_part_times. */
void ev_times_print(const struct ev_view *view, const char *indent, int max_width, FILE *out);

extern const struct ev_report_writer ev_report_timings_csv;
extern const struct ev_report_writer ev_report_rounds_csv;

#endif
