/* SPDX-License-Identifier: MIT */
/* A grid of short texts, printed in aligned columns for a terminal, or as a table in Markdown or
 * HTML. The first column is aligned to the left, the others to the right unless they are texts. */
#ifndef EV_REPORT_GRID_H
#define EV_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"

/* A cell is one line of valid UTF-8; longer texts are cut. */
#define EV_GRID_CELL_CHARS 160

struct ev_grid {
    size_t n_columns;
    size_t n_rows; /* the two of the header included */
    uint32_t left; /* a bit for each column of texts, aligned to the left */
    char (*cells)[EV_GRID_CELL_CHARS];
};

/* A grid of empty cells, with n_rows below the header. EV_MEMORY leaves it zeroed. */
EV_CHECKED enum ev_status ev_grid_init(struct ev_grid *grid, size_t n_columns, size_t n_rows,
                                       struct ev_error *err);
void ev_grid_free(struct ev_grid *grid);

/* Header of a column: what it shows, and below it the unit or "". */
void ev_grid_set_header(struct ev_grid *grid, size_t column, const char *what, const char *unit);
void ev_grid_set_text(struct ev_grid *grid, size_t row, size_t column, const char *text);
void ev_grid_align_left(struct ev_grid *grid, size_t column);

/* A whole column of numbers, one for each row, with the decimals of ev_grid_decimals_in(); "-" for
 * NAN. */
void ev_grid_set_numbers(struct ev_grid *grid, size_t column, const double *values,
                         int significant);

/* Characters of the longest line that ev_grid_print() prints, the indent not counted. */
int ev_grid_width(const struct ev_grid *grid);
/* Aligned by spaces, each line starting with `indent`; on a terminal verdicts have colours. */
void ev_grid_print(const struct ev_grid *grid, const char *indent, FILE *out);
/* A table of GitHub's Markdown; in the header the unit follows in brackets. */
void ev_grid_markdown(const struct ev_grid *grid, FILE *out);
/* A table of HTML, the unit below what is shown. */
void ev_grid_html(const struct ev_grid *grid, FILE *out);

/* Decimals with which `value` shows that many significant digits, from 0 to 8. */
int ev_grid_decimals(double value, int significant);
/* Decimals of `value` among numbers whose smallest is `smallest`: those that the smallest needs, so
 * that a column lines up, but at most one more than the value needs by itself. */
int ev_grid_decimals_in(double value, double smallest, int significant);
/* A number with thousands separated by commas: "12,030". "-" for NAN. */
void ev_grid_number(double value, int decimals, char *text, size_t size);
/* Text with the characters escaped that mean something in Markdown. */
void ev_grid_markdown_text(const char *text, FILE *out);
/* Text with the characters escaped that mean something in HTML, within attributes too. */
void ev_grid_html_text(const char *text, FILE *out);
/* A relative address in a link: what is not plain is percent-encoded. */
void ev_grid_markdown_address(const char *path, FILE *out);

#endif
