/* SPDX-License-Identifier: MIT */
/* Text: numbers as people write them, CSV on reading and writing, the nearest name. */
#ifndef EV_TEXT_H
#define EV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"

/* Whole string as a decimal number (locale-independent); false on rest, overflow, hexadecimal, NaN
 * or infinity. */
bool ev_text_double(const char *text, double *value);
bool ev_text_int64(const char *text, int64_t *value);

/* The name of names[0..n-1] nearest to `text` (edit distance with transpositions), or NULL if none
 * is near (distance above a third of the longer name, at least 1). */
const char *ev_text_nearest(const char *text, const char *const *names, size_t n);

/* `text` as one line of valid UTF-8 in out: control characters become spaces, bytes that are no
 * UTF-8 '?'; what does not fit in `size` bytes is cut between characters. NULL reads as "". */
void ev_text_clean(const char *text, char *out, size_t size);
/* The same for names: what is too long loses its middle, "...", instead of its end. `size` is at
 * least 8. */
void ev_text_shorten(const char *text, char *out, size_t size);

/* Characters of n bytes of valid UTF-8, and of a whole text: columns of a terminal, as each
 * character is taken to be one wide. */
int ev_text_width_of(const char *text, size_t n);
int ev_text_width(const char *text);

/* A number as people read it, "2,946", with what is counted behind it, "1 row" or "2,946 rows"; none
 * if `noun` is NULL. Returns `text`. */
const char *ev_text_count(int64_t n, const char *noun, char text[64]);

/* A number with so many decimals, and no minus before zeros: "0.00". Returns where it begins in
 * `text`. */
const char *ev_text_fixed(double value, int decimals, char text[64]);

/* One CSV cell, quoted as RFC 4180 wants it where needed. */
void ev_text_csv_cell(FILE *out, const char *text);

/* A CSV file in memory: all rows have as many cells as the header. Read with libcsv (RFC 4180
 * quoting, CR LF; blanks around cells are dropped). Lines that are empty or start with '#' are left
 * out. */
/* What is wrong where libcsv sees no more than an error. */
#define EV_CSV_STRAY_QUOTE "a quote in the middle of a cell (within quotes it is written twice)"
#define EV_CSV_OPEN_QUOTE  "a quote that does not end"

struct ev_csv {
    char *text;    /* storage */
    char **cells;  /* (n_rows + 1, n_columns); row 0 is the header */
    int64_t *line; /* line number in the file of each row, header included */
    int64_t n_rows;
    int32_t n_columns;
};

/* Failure: EV_INPUT with file and line; *csv is zeroed. */
EV_CHECKED enum ev_status ev_csv_read(const char *path, struct ev_csv *csv, struct ev_error *err);
void ev_csv_free(struct ev_csv *csv);
/* Column of that name, or -1. */
int32_t ev_csv_column(const struct ev_csv *csv, const char *name);
/* Cell of data row `row` (0-based). */
const char *ev_csv_cell(const struct ev_csv *csv, int64_t row, int32_t column);
/* Cell as a finite number; EV_INPUT with file (`path`), line and column name. */
EV_CHECKED enum ev_status ev_csv_double(const struct ev_csv *csv, const char *path, int64_t row,
                                        int32_t column, double *value, struct ev_error *err);

/* A CSV file of any length, row by row. Quoting as above; blanks around cells are dropped within
 * quotes too. Empty lines are left out, but lines that start with '#' are rows. */
struct ev_csv_reader;

struct ev_csv_row {
    char **cells; /* (n_cells), until the next call */
    int32_t n_cells;
    int64_t line;      /* of the file, where the row begins; 0 behind the last row */
    int64_t last_line; /* where it ends, or was given up: quotes may hold line feeds */
};

/* Failure: EV_INPUT if there is no regular file. */
EV_CHECKED enum ev_status ev_csv_reader_open(const char *path, struct ev_csv_reader **reader,
                                             struct ev_error *err);
/* The next row, however many cells it has. EV_INPUT, with file and line, for one that is not CSV or
 * longer than 1 MiB: row->line is its line, and the next call goes on behind it. */
EV_CHECKED enum ev_status ev_csv_reader_next(struct ev_csv_reader *reader, struct ev_csv_row *row,
                                             struct ev_error *err);
/* Takes NULL. */
void ev_csv_reader_close(struct ev_csv_reader *reader);

#endif
