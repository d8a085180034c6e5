/* SPDX-License-Identifier: MIT */
/*
 * Reports of driven laps: drive.csv (a row for each lap), drive.md (tables in the form of the
 * published study, for a post), drive.json (everything but the paths), drive_trace.csv (the first
 * lap of each run, picture by picture), and charts. Units stand in the names of columns.
 */
#ifndef EV_DRIVE_REPORT_H
#define EV_DRIVE_REPORT_H

#include "drive/drive.h"
#include "report/plot.h"
#include "report/report.h"

/* Makes both folders and checks that files can appear in them, before anything is driven. */
EV_CHECKED enum ev_status ev_drive_report_check(const struct ev_report_folders *folders,
                                                struct ev_error *err);
/* Writes all files, each whole or absent. Without gnuplot the tables are written all the same and
 * one line on standard error says so. */
EV_CHECKED enum ev_status ev_drive_report_write(const struct ev_drive_result *result,
                                                const char *command_line,
                                                const struct ev_report_folders *folders,
                                                struct ev_error *err);
/* The tables for a terminal, to `out`. */
EV_CHECKED enum ev_status ev_drive_report_print(const struct ev_drive_result *result, FILE *out,
                                                struct ev_error *err);

/* --- The parts --- */

struct ev_grid;

/* Main figures of all backends on the circuit of runs[first], in its direction. */
EV_CHECKED enum ev_status ev_drive_table(const struct ev_drive_result *result, size_t first,
                                         struct ev_grid *grid, struct ev_error *err);
EV_CHECKED enum ev_status ev_drive_write_csv(const struct ev_drive_result *result, FILE *out,
                                             struct ev_error *err);
void ev_drive_write_trace(const struct ev_drive_result *result, FILE *out);
/* `plots` as in ev_report_writer. */
EV_CHECKED enum ev_status ev_drive_write_markdown(const struct ev_drive_result *result,
                                                  const char *command_line, const char *plots,
                                                  FILE *out, struct ev_error *err);
EV_CHECKED enum ev_status ev_drive_write_json(const struct ev_drive_result *result,
                                              const char *command_line, const char *path,
                                              struct ev_error *err);
/* Charts of every circuit and direction: map-NAME (the circuit with each backend's path) and
 * lap-NAME (deviation and speed along the lap). */
EV_CHECKED enum ev_status ev_drive_draw(const struct ev_drive_result *result,
                                        const struct ev_plotter *plotter, const char *folder,
                                        struct ev_error *err);

/* "1.02 ms (p99 3.4)" where it was measured, else "50 ms". */
void ev_drive_latency_text(const struct ev_drive_result *result, size_t backend, char *text,
                           size_t size);

#endif
