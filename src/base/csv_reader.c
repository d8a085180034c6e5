/* SPDX-License-Identifier: MIT */
/* CSV row by row, in memory for one row. Every row gets a parser in its first state, so that one
 * that is not CSV does not spoil those behind it. */
#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

/* Of one row; a quote that never ends would otherwise swallow the whole file. */
#define MAX_ROW_BYTES ((size_t)1 << 20)
#define MAX_CELLS     4096
#define TOO_LONG      "too long for a row"

struct ev_csv_reader {
    char *path;
    FILE *file;
    struct csv_parser parser;
    int64_t line;  /* of the file, last read */
    char *input;   /* (MAX_ROW_BYTES + 1) that line */
    char *text;    /* (MAX_ROW_BYTES + 1) the row's cells, each with a NUL in its comma's place */
    size_t n_text; /* used of it */
    char *cells[MAX_CELLS];
    int32_t n_cells;
    bool row_ended;
    const char *fault; /* of the row being read; NULL: none */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void on_cell(void *bytes, size_t length, void *data)
{
    struct ev_csv_reader *reader = data;

    if (reader->row_ended)
        reader->fault = "a carriage return within the line";
    else if (memchr(bytes, '\0', length))
        reader->fault = "a NUL byte, not text";
    else if (reader->n_cells == MAX_CELLS)
        reader->fault = TOO_LONG;
    if (reader->fault)
        return;
    /* libcsv does this to cells without quotes alone. */
    const char *from = bytes;
    for (; length > 0 && is_blank(*from); length--)
        from++;
    while (length > 0 && is_blank(from[length - 1]))
        length--;
    char *cell = reader->text + reader->n_text;
    memcpy(cell, from, length);
    cell[length] = '\0';
    reader->cells[reader->n_cells++] = cell;
    reader->n_text += length + 1;
}

static void on_row(int end, void *data)
{
    struct ev_csv_reader *reader = data;

    (void)end;
    reader->row_ended = true;
}

enum ev_status ev_csv_reader_open(const char *path, struct ev_csv_reader **out,
                                  struct ev_error *err)
{
    int64_t n_bytes;

    *out = NULL;
    enum ev_status status = ev_file_size(path, &n_bytes, err);
    if (status != EV_OK)
        return status;
    struct ev_csv_reader *reader = calloc(1, sizeof *reader);
    if (!reader || csv_init(&reader->parser, CSV_STRICT) != 0) {
        free(reader);
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    }
    reader->path = strdup(path);
    reader->input = malloc(MAX_ROW_BYTES + 1);
    reader->text = malloc(MAX_ROW_BYTES + 1);
    reader->file = fopen(path, "rb");
    if (!reader->path || !reader->input || !reader->text)
        status = ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    else if (!reader->file)
        status = ev_fail(err, EV_INPUT, "%s: %s", path, strerror(errno));
    if (status != EV_OK) {
        ev_csv_reader_close(reader);
        return status;
    }
    *out = reader;
    return EV_OK;
}

/* Reads a line, with a line feed at its end even if the file's last one lacks it; 0 at the end of
 * the file. A line that is too long is cut, and the row at fault. */
static size_t read_line(struct ev_csv_reader *reader)
{
    size_t n = 0;
    int c;

    while ((c = getc_unlocked(reader->file)) != EOF && c != '\n') {
        if (n < MAX_ROW_BYTES)
            reader->input[n++] = (char)c;
        else
            reader->fault = TOO_LONG;
    }
    if (c == EOF && n == 0)
        return 0;
    reader->input[n++] = '\n';
    reader->line++;
    /* A byte order mark, as spreadsheets write it, is not part of the first cell. */
    if (reader->line == 1 && n >= 3 && memcmp(reader->input, "\xef\xbb\xbf", 3) == 0) {
        n -= 3;
        memmove(reader->input, reader->input + 3, n);
    }
    return n;
}

static bool is_empty(const char *line)
{
    return line[strspn(line, " \t\r")] == '\n';
}

/* Reads lines until a row has ended, is at fault, or the file ends; *first is the row's line. */
static enum ev_status read_row(struct ev_csv_reader *reader, int64_t *first, struct ev_error *err)
{
    size_t n, n_bytes = 0;

    *first = 0;
    while (!reader->row_ended && !reader->fault && (n = read_line(reader)) > 0) {
        if (*first == 0 && !reader->fault && is_empty(reader->input))
            continue;
        if (*first == 0)
            *first = reader->line;
        n_bytes += n;
        if (n_bytes > MAX_ROW_BYTES)
            reader->fault = TOO_LONG;
        if (!reader->fault &&
            csv_parse(&reader->parser, reader->input, n, on_cell, on_row, reader) != n) {
            if (csv_error(&reader->parser) == CSV_ENOMEM)
                return ev_fail(err, EV_MEMORY, "%s: out of memory", reader->path);
            reader->fault = csv_error(&reader->parser) == CSV_EPARSE
                                ? EV_CSV_STRAY_QUOTE
                                : csv_strerror(csv_error(&reader->parser));
        }
    }
    if (ferror(reader->file))
        return ev_fail(err, EV_IO, "%s: cannot be read: %s", reader->path, strerror(errno));
    if (*first > 0 && !reader->row_ended && !reader->fault)
        reader->fault = EV_CSV_OPEN_QUOTE;
    return EV_OK;
}

enum ev_status ev_csv_reader_next(struct ev_csv_reader *reader, struct ev_csv_row *row,
                                  struct ev_error *err)
{
    *row = (struct ev_csv_row){.cells = reader->cells};
    reader->n_text = 0;
    reader->n_cells = 0;
    reader->row_ended = false;
    reader->fault = NULL;
    enum ev_status status = read_row(reader, &row->line, err);
    if (status != EV_OK)
        return status;
    row->n_cells = reader->n_cells;
    row->last_line = reader->line;
    if (!reader->fault)
        return EV_OK;
    status = ev_fail(err, EV_INPUT, "%s: line %lld: %s", reader->path, (long long)row->line,
                     reader->fault);
    csv_free(&reader->parser);
    if (csv_init(&reader->parser, CSV_STRICT) != 0)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", reader->path);
    return status;
}

void ev_csv_reader_close(struct ev_csv_reader *reader)
{
    if (!reader)
        return;
    if (reader->file)
        fclose(reader->file);
    csv_free(&reader->parser);
    free(reader->path);
    free(reader->input);
    free(reader->text);
    free(reader);
}
