/* SPDX-License-Identifier: MIT */
/* Reports: what is written from a result, and where. One writer is one file and one row of the
 * table in report.c. */
#ifndef EV_REPORT_H
#define EV_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "eval/result.h"

/* Where reports go. Both folders are made if missing. */
struct ev_report_folders {
    /* results.csv, results.md, results.html, results.json, samples.h5, SHA256SUMS */
    const char *tables;
    const char *plots;     /* *.png, *.svg, *.pdf */
    const char *templates; /* read: whose files are taken before the program's own; or NULL */
};

#define EV_REPORT_RESULT  "results.json"
#define EV_REPORT_SAMPLES "samples.h5"

/* A writer of one file from a result. `plots` is the relative path from the file's folder to
 * the charts, ending in '/' or empty; NULL when there are no charts. What cannot be written is seen
 * when the file is closed. */
struct ev_report_writer {
    const char *file_name; /* "results.csv" */
    enum ev_status (*write)(const struct ev_result *result, const char *plots, FILE *out,
                            struct ev_error *err);
    /* Whether the result has something to write; NULL: always. An old file is removed if not. */
    bool (*applies)(const struct ev_result *result);
};

extern const struct ev_report_writer ev_report_csv;
extern const struct ev_report_writer ev_report_markdown;

/* All of them, ended by NULL. */
extern const struct ev_report_writer *const ev_report_writers[];
bool ev_report_applies(const struct ev_report_writer *writer, const struct ev_result *result);

/* Checks that both folders can be made and written, and the page's template, before hours are
 * spent. */
EV_CHECKED enum ev_status ev_report_check(const struct ev_report_folders *folders,
                                          struct ev_error *err);
/* Writes results.json, samples.h5, all tables and all charts, and the page after them, as the charts
 * are within it; each file whole or absent, and the record, the samples and the tables all of them
 * or none, so that one folder never mixes two runs. The same result gives the same bytes. Last comes
 * SHA256SUMS, of all that was written into the folder of the tables or below it: where it is
 * missing, a report was not finished. Without gnuplot the tables and a page without charts are
 * written all the same and one line on standard error says so. */
EV_CHECKED enum ev_status ev_report_write(const struct ev_result *result,
                                          const struct ev_report_folders *folders,
                                          struct ev_error *err);
/* Reads results.json of a folder, and samples.h5 if the record has its digest, as HDF5 may crash on
 * a damaged file. Otherwise EV_INPUT, or a note where a report was not finished there. */
EV_CHECKED enum ev_status ev_report_load(const char *folder, struct ev_result *result,
                                         struct ev_error *err);
/* The table for a terminal, to `out`. */
void ev_report_print(const struct ev_result *result, FILE *out);

#endif
