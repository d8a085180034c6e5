/* SPDX-License-Identifier: MIT */
/* CSV files in memory, taken apart by libcsv. */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define MAX_BYTES ((size_t)256 << 20)

/* A table that grows while libcsv calls back. Cells are offsets into `text`, as it moves. */
struct table {
    const char *path;
    struct ev_error *err;
    enum ev_status status;
    char *text;
    size_t text_used, text_size;
    size_t *cells;
    size_t n_cells, cells_size;
    int64_t *lines;
    int64_t n_rows;
    size_t lines_size;
    size_t row_start;  /* first cell of the row being read */
    bool row_open;     /* a quoted cell goes on over the line's end */
    int64_t line;      /* of the row being read */
    int32_t n_columns; /* of the header; 0 before it */
};

/* Room for `wanted` elements in a buffer that doubles. */
static bool reserve(void *buffer, size_t *size, size_t wanted, size_t element)
{
    void **pointer = buffer;

    if (wanted <= *size)
        return true;
    size_t larger = *size ? *size * 2 : 1024;
    while (larger < wanted)
        larger *= 2;
    void *grown = realloc(*pointer, larger * element);
    if (!grown)
        return false;
    *pointer = grown;
    *size = larger;
    return true;
}

static void on_cell(void *bytes, size_t length, void *data)
{
    struct table *table = data;

    if (table->status != EV_OK)
        return;
    if (!reserve(&table->text, &table->text_size, table->text_used + length + 1, 1) ||
        !reserve(&table->cells, &table->cells_size, table->n_cells + 1, sizeof *table->cells)) {
        table->status = ev_fail(table->err, EV_MEMORY, "%s: out of memory", table->path);
        return;
    }
    if (memchr(bytes, '\0', length)) {
        table->status = ev_fail(table->err, EV_INPUT, "%s: line %lld: a NUL byte, not text",
                                table->path, (long long)table->line);
        return;
    }
    table->cells[table->n_cells++] = table->text_used;
    memcpy(table->text + table->text_used, bytes, length);
    table->text_used += length;
    table->text[table->text_used++] = '\0';
}

static void on_row(int end, void *data)
{
    struct table *table = data;
    size_t n = table->n_cells - table->row_start;

    (void)end;
    table->row_open = false;
    if (table->status != EV_OK)
        return;
    if (table->n_columns == 0)
        table->n_columns = (int32_t)n;
    if (n != (size_t)table->n_columns) {
        table->status =
            ev_fail(table->err, EV_INPUT, "%s: line %lld has %zu cell%s, the header has %d",
                    table->path, (long long)table->line, n, n == 1 ? "" : "s", table->n_columns);
        return;
    }
    if (!reserve(&table->lines, &table->lines_size, (size_t)table->n_rows + 1,
                 sizeof *table->lines)) {
        table->status = ev_fail(table->err, EV_MEMORY, "%s: out of memory", table->path);
        return;
    }
    table->lines[table->n_rows++] = table->line;
    table->row_start = table->n_cells;
}

/* Feeds the parser line by line, so that every row knows its line. */
static enum ev_status parse(struct table *table, const char *text, size_t length)
{
    struct csv_parser parser;
    const char *end = text + length;
    bool parsed = true;

    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return ev_fail(table->err, EV_MEMORY, "%s: out of memory", table->path);
    while (text < end && table->status == EV_OK && parsed) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t n = newline ? (size_t)(newline - text) + 1 : (size_t)(end - text);
        size_t blanks = strspn(text, " \t\r");
        bool left_out = blanks == n || text[blanks] == '\n' || *text == '#';
        table->line++;
        if (table->row_open || !left_out) {
            table->row_open = true;
            parsed = csv_parse(&parser, text, n, on_cell, on_row, table) == n;
        }
        text += n;
    }
    const char *fault = parsed ? EV_CSV_OPEN_QUOTE : EV_CSV_STRAY_QUOTE;
    if (table->status == EV_OK && parsed)
        parsed = csv_fini(&parser, on_cell, on_row, table) == 0;
    if (table->status == EV_OK && !parsed)
        table->status =
            ev_fail(table->err, EV_INPUT, "%s: line %lld: %s", table->path, (long long)table->line,
                    csv_error(&parser) == CSV_EPARSE ? fault : csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    return table->status;
}

/* Moves a table's buffers into the caller's struct, offsets made pointers. */
static enum ev_status hand_over(struct table *table, struct ev_csv *csv)
{
    char **cells = malloc(table->n_cells * sizeof *cells);

    if (!cells)
        return ev_fail(table->err, EV_MEMORY, "%s: out of memory", table->path);
    for (size_t i = 0; i < table->n_cells; i++)
        cells[i] = table->text + table->cells[i];
    *csv = (struct ev_csv){
        .text = table->text,
        .cells = cells,
        .line = table->lines,
        .n_rows = table->n_rows - 1,
        .n_columns = table->n_columns,
    };
    table->text = NULL;
    table->lines = NULL;
    return EV_OK;
}

enum ev_status ev_csv_read(const char *path, struct ev_csv *csv, struct ev_error *err)
{
    struct table table = {.path = path, .err = err};
    char *text = NULL;
    size_t length;

    *csv = (struct ev_csv){0};
    enum ev_status status = ev_file_read(path, MAX_BYTES, &text, &length, err);
    if (status != EV_OK)
        return status;
    /* A byte order mark, as spreadsheets write it, is not part of the first name. */
    size_t skip = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    status = parse(&table, text + skip, length - skip);
    if (status == EV_OK && table.n_rows == 0)
        status = ev_fail(err, EV_INPUT, "%s: empty, expected a header line", path);
    if (status == EV_OK)
        status = hand_over(&table, csv);
    free(table.text);
    free(table.cells);
    free(table.lines);
    free(text);
    return status;
}

void ev_csv_free(struct ev_csv *csv)
{
    free(csv->text);
    free(csv->cells);
    free(csv->line);
    *csv = (struct ev_csv){0};
}

int32_t ev_csv_column(const struct ev_csv *csv, const char *name)
{
    for (int32_t i = 0; i < csv->n_columns; i++) {
        if (strcmp(csv->cells[i], name) == 0)
            return i;
    }
    return -1;
}

const char *ev_csv_cell(const struct ev_csv *csv, int64_t row, int32_t column)
{
    return csv->cells[(row + 1) * csv->n_columns + column];
}

enum ev_status ev_csv_double(const struct ev_csv *csv, const char *path, int64_t row,
                             int32_t column, double *value, struct ev_error *err)
{
    const char *cell = ev_csv_cell(csv, row, column);
    char name[41], found[41];

    if (ev_text_double(cell, value))
        return EV_OK;
    /* Cells in quotes may have several lines. */
    ev_text_clean(csv->cells[column], name, sizeof name);
    ev_text_clean(cell, found, sizeof found);
    return ev_fail(err, EV_INPUT, "%s: line %lld: %s is '%s', expected a number", path,
                   (long long)csv->line[row + 1], name, found);
}
