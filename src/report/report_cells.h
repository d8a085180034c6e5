/* SPDX-License-Identifier: MIT */
/* Cells of the CSV tables: each writes its value and the comma behind it; what is missing is
 * empty. */
#ifndef EV_REPORT_CELLS_H
#define EV_REPORT_CELLS_H

#include <stdint.h>
#include <stdio.h>

/* One line of valid UTF-8, quoted where it must be. */
void ev_cell_text(FILE *out, const char *text);
/* Missing below 0. */
void ev_cell_count(FILE *out, int64_t count);
/* Missing if it is not finite; printed in the C locale's format. */
void ev_cell_real(FILE *out, const char *format, double value);
/* The same as the last cell of its row, with the end of the line. */
void ev_cell_last_real(FILE *out, const char *format, double value);

#endif
