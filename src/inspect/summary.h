/* SPDX-License-Identifier: MIT */
/* What is in a set, for people and for programs. */
#ifndef EV_SUMMARY_H
#define EV_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"
#include "inspect/laps.h"
#include "set/set.h"

#define EV_HISTOGRAM_BINS 36

/* A label column's finite values. All figures are NAN if there are none. */
struct ev_column_summary {
    double min, max, mean, std; /* std: of all values, not of a sample */
    int64_t n_finite;
    int64_t n_outside; /* finite, but not in the column's range; 0 if the file gives none */
    /* Rows in EV_HISTOGRAM_BINS equal parts of min to max, the upper end included. */
    int64_t bins[EV_HISTOGRAM_BINS];
};

struct ev_summary {
    const struct ev_set_info *info; /* the set's */
    struct ev_set_storage storage;
    struct ev_column_summary columns[EV_MAX_OUTPUTS];
    struct ev_set_further further[EV_MAX_FURTHER];
    int32_t n_further;
    bool has_pose;
    struct ev_set_laps laps; /* owned; none without poses */
};

/* Of values[0], values[stride], ... n values; range and bounds are physical. */
void ev_column_summarise(const float *values, int64_t n, int64_t stride, double low, double high,
                         struct ev_column_summary *summary);

/* Of a set, also one that was opened leniently. Pictures are not read. */
EV_CHECKED enum ev_status ev_summary_make(struct ev_set *set, struct ev_summary *summary,
                                          struct ev_error *err);
void ev_summary_free(struct ev_summary *summary);

/* For a terminal of 80 columns; histograms in block characters, or in ASCII. */
void ev_summary_print(const struct ev_summary *summary, bool unicode, FILE *out);
/* Its lower part: a table of the labels' figures, and their histograms. */
void ev_summary_print_labels(const struct ev_summary *summary, bool unicode, FILE *out);
/* A JSON object, indented, malloc'ed; NULL when out of memory. */
char *ev_summary_json(const struct ev_summary *summary);

/* A provenance in words, a line for each set that it tells of: the set itself first, then those that
 * its rows are from, each once, two columns further in. malloc'ed; "" if nothing is told, NULL when
 * out of memory. */
char *ev_provenance_text(const char *provenance);
/* Whether `dataset import` took pictures several times in a set of that provenance, or in one that
 * its rows are from. */
bool ev_provenance_is_oversampled(const char *provenance);

/* Bars of n counts, `height` lines of n characters: eighths of blocks, or '#' and '.'. What is not
 * zero is seen. */
void ev_histogram_line(const int64_t *bins, int n, int height, int line, bool unicode, FILE *out);

#endif
