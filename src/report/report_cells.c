/* SPDX-License-Identifier: MIT */
/* What the CSV tables share. */
#include "report/report_cells.h"

#include <inttypes.h>
#include <math.h>

#include "base/text.h"

void ev_cell_text(FILE *out, const char *text)
{
    char clean[4096];

    ev_text_clean(text, clean, sizeof clean);
    ev_text_csv_cell(out, clean);
    fputc(',', out);
}

void ev_cell_count(FILE *out, int64_t count)
{
    if (count >= 0)
        fprintf(out, "%" PRId64, count);
    fputc(',', out);
}

static void write_real(FILE *out, const char *format, double value, char end)
{
    char text[400];

    if (isfinite(value)) {
        snprintf(text, sizeof text, format, value);
        fputs(text, out);
    }
    fputc(end, out);
}

void ev_cell_real(FILE *out, const char *format, double value)
{
    write_real(out, format, value, ',');
}

void ev_cell_last_real(FILE *out, const char *format, double value)
{
    write_real(out, format, value, '\n');
}
