/* SPDX-License-Identifier: MIT */
/* Which rows of a set: ranges as people read and write them, and conditions on labels. */
#ifndef EV_ROWS_H
#define EV_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "set/set.h"

/* Rows that something was found in, joined where they follow one another. */
struct ev_row_ranges {
    int64_t (*ranges)[2]; /* (n_ranges) first and last row, both included, ascending; owned */
    int64_t n_ranges;
    int64_t capacity;
    int64_t n_rows;
};

/* Adds a row above all rows before. False when out of memory. */
bool ev_row_ranges_add(struct ev_row_ranges *ranges, int64_t row);
void ev_row_ranges_free(struct ev_row_ranges *ranges);
/* "row 17", "rows 17, 40-52 and 310 more": the first `most` ranges, then how many rows follow. */
void ev_row_ranges_text(const struct ev_row_ranges *ranges, int64_t most, char *text, size_t size);

/* Every step-th row from first on, below stop. */
struct ev_slice {
    int64_t first, stop, step;
};

/* Reads "A:B", "A:B:STEP", each part optional, among n_rows rows: from row A to the one before B;
 * negative numbers count from the end. Failure: EV_USAGE naming `option`; also if no row is left.
 */
EV_CHECKED enum ev_status ev_slice_parse(const char *option, const char *text, int64_t n_rows,
                                         struct ev_slice *slice, struct ev_error *err);

/* A comparison of one label with a number. */
struct ev_condition {
    int32_t column;
    bool absolute;   /* of the label's absolute value */
    char compare[3]; /* "<", "<=", ">", ">=", "==" or "!=" */
    double value;    /* physical */
};

/* Reads "w>1", "|w| <= 0.5", "v==24": a column's name, a comparison, a number. Failure: EV_USAGE
 * naming `option`, with the columns' names if there is no such column. */
EV_CHECKED enum ev_status ev_condition_parse(const char *option, const char *text,
                                             const struct ev_set_info *info,
                                             struct ev_condition *condition, struct ev_error *err);
/* labels: all of one row. NaN fulfils only "!=". */
bool ev_condition_holds(const struct ev_condition *condition, const float *labels);

#endif
