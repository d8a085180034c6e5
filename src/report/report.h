/* SPDX-License-Identifier: MIT */
/* Reports: what is written from a result, and where. One writer is one file and one row of the
 * table in report.c. */
#ifndef EV_REPORT_H
#define EV_REPORT_H

#include <stdio.h>

#include "eval/result.h"

/* Where reports go. Both folders are made if missing. */
struct ev_report_folders {
    const char *tables; /* results.csv, results.md, results.json */
    const char *plots;  /* *.png, *.svg */
};

/* A writer of one text file from a result. `plots` is the relative path from the file's folder to
 * the charts, ending in '/' or empty; NULL when there are no charts. What cannot be written is seen
 * when the file is closed. */
struct ev_report_writer {
    const char *file_name; /* "results.csv" */
    enum ev_status (*write)(const struct ev_result *result, const char *plots, FILE *out,
                            struct ev_error *err);
    /* Whether the result has anything for it; NULL: always. Where it has not, a file that an earlier
     * run left is removed. */
    bool (*applies)(const struct ev_result *result);
};

extern const struct ev_report_writer ev_report_csv;
extern const struct ev_report_writer ev_report_markdown;

/* Checks that both folders can be made and written, before hours are spent. */
EV_CHECKED enum ev_status ev_report_check(const struct ev_report_folders *folders,
                                          struct ev_error *err);
/* Writes results.json, all tables and all charts; each file whole or absent, and the record and
 * the tables all of them or none, so that one folder never mixes two runs. Without gnuplot the
 * tables are written all the same and one line on standard error says so. */
EV_CHECKED enum ev_status ev_report_write(const struct ev_result *result,
                                          const struct ev_report_folders *folders,
                                          struct ev_error *err);
/* The table for a terminal, to `out`. */
void ev_report_print(const struct ev_result *result, FILE *out);

#endif
