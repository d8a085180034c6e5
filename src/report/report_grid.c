/* SPDX-License-Identifier: MIT */
/* Numbers with equal decimals in a column, and three ways to print a grid. */
#include "report/report_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/colour.h"
#include "base/text.h"
#include "stats/verdict.h"

#define HEADER_ROWS  2
#define MAX_DECIMALS 8
/* Spaces between columns of a terminal. */
#define GAP          2

enum ev_status ev_grid_init(struct ev_grid *grid, size_t n_columns, size_t n_rows,
                            struct ev_error *err)
{
    *grid = (struct ev_grid){.n_columns = n_columns, .n_rows = n_rows + HEADER_ROWS, .left = 1};
    grid->cells = calloc(grid->n_rows * n_columns, sizeof *grid->cells);
    if (grid->cells)
        return EV_OK;
    *grid = (struct ev_grid){0};
    return ev_fail(err, EV_MEMORY, "out of memory for a table");
}

void ev_grid_free(struct ev_grid *grid)
{
    if (!grid)
        return;
    free(grid->cells);
    *grid = (struct ev_grid){0};
}

static char *cell_of(const struct ev_grid *grid, size_t row, size_t column)
{
    return grid->cells[row * grid->n_columns + column];
}

void ev_grid_set_header(struct ev_grid *grid, size_t column, const char *what, const char *unit)
{
    ev_text_clean(what, cell_of(grid, 0, column), EV_GRID_CELL_CHARS);
    ev_text_clean(unit, cell_of(grid, 1, column), EV_GRID_CELL_CHARS);
}

void ev_grid_set_text(struct ev_grid *grid, size_t row, size_t column, const char *text)
{
    ev_text_clean(text, cell_of(grid, HEADER_ROWS + row, column), EV_GRID_CELL_CHARS);
}

void ev_grid_align_left(struct ev_grid *grid, size_t column)
{
    grid->left |= UINT32_C(1) << column;
}

/* Of more columns than bits the last are numbers. */
static bool is_left(const struct ev_grid *grid, size_t column)
{
    return column < 32 && grid->left >> column & 1;
}

int ev_grid_decimals(double value, int significant)
{
    value = fabs(value);
    if (!isfinite(value) || value == 0)
        return significant > 0 ? significant - 1 : 0;
    double decimals = significant - 1 - floor(log10(value));
    return decimals < 0 ? 0 : decimals > MAX_DECIMALS ? MAX_DECIMALS : (int)decimals;
}

int ev_grid_decimals_in(double value, double smallest, int significant)
{
    const int all = ev_grid_decimals(smallest, significant);
    const int own = ev_grid_decimals(value, significant + 1);

    return all < own ? all : own;
}

void ev_grid_number(double value, int decimals, char *text, size_t size)
{
    char plain[400];
    size_t used = 0;

    if (isnan(value)) {
        snprintf(text, size, "-");
        return;
    }
    int length = snprintf(plain, sizeof plain, "%.*f", decimals, value);
    size_t n_whole = strspn(plain, "-0123456789");
    for (size_t i = 0; i < (size_t)length && used + 2 < size; i++) {
        bool start = i == 0 || plain[i - 1] == '-';
        if (i < n_whole && !start && (n_whole - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = plain[i];
    }
    text[used] = '\0';
}

void ev_grid_set_numbers(struct ev_grid *grid, size_t column, const double *values, int significant)
{
    const size_t n = grid->n_rows - HEADER_ROWS;
    double smallest = INFINITY;

    for (size_t i = 0; i < n; i++) {
        if (values[i] != 0)
            smallest = fmin(smallest, fabs(values[i]));
    }
    for (size_t i = 0; i < n; i++) {
        int decimals = ev_grid_decimals_in(values[i], smallest, significant);
        ev_grid_number(values[i], decimals, cell_of(grid, HEADER_ROWS + i, column),
                       EV_GRID_CELL_CHARS);
    }
}

static bool is_empty_row(const struct ev_grid *grid, size_t row)
{
    for (size_t column = 0; column < grid->n_columns; column++) {
        if (*cell_of(grid, row, column))
            return false;
    }
    return true;
}

static int column_width(const struct ev_grid *grid, size_t column)
{
    int width = 0;

    for (size_t row = 0; row < grid->n_rows; row++) {
        int w = ev_text_width(cell_of(grid, row, column));
        width = w > width ? w : width;
    }
    return width;
}

int ev_grid_width(const struct ev_grid *grid)
{
    int width = 0;

    for (size_t column = 0; column < grid->n_columns; column++)
        width += column_width(grid, column) + (column > 0 ? GAP : 0);
    return width;
}

static void print_rule(const struct ev_grid *grid, const char *indent, FILE *out)
{
    fputs(indent, out);
    for (int width = ev_grid_width(grid); width > 0; width--)
        fputc('-', out);
    fputc('\n', out);
}

static enum ev_colour colour_of(const char *word)
{
    static const enum ev_colour colours[] = {
        [EV_VERDICT_LESS] = EV_COLOUR_GOOD,
        [EV_VERDICT_MORE] = EV_COLOUR_BAD,
        [EV_VERDICT_SAME] = EV_COLOUR_NONE,
        [EV_VERDICT_UNRESOLVED] = EV_COLOUR_UNSURE,
    };

    for (int v = EV_VERDICT_LESS; v <= EV_VERDICT_UNRESOLVED; v++) {
        if (strcmp(word, ev_verdict_time_name((enum ev_verdict)v)) == 0 ||
            strcmp(word, ev_verdict_error_name((enum ev_verdict)v)) == 0)
            return colours[v];
    }
    return EV_COLOUR_NONE;
}

/* A verdict is the last word of its cell, or the only one. */
static void print_cell(const char *text, FILE *out)
{
    const char *space = strrchr(text, ' ');
    const char *word = space ? space + 1 : text;
    const enum ev_colour colour = colour_of(word);

    fprintf(out, "%.*s", (int)(word - text), text);
    ev_colour_start(colour, out);
    fputs(word, out);
    ev_colour_end(colour, out);
}

void ev_grid_print(const struct ev_grid *grid, const char *indent, FILE *out)
{
    for (size_t row = 0; row < grid->n_rows; row++) {
        if (row == HEADER_ROWS)
            print_rule(grid, indent, out);
        if (row < HEADER_ROWS && is_empty_row(grid, row))
            continue;
        fputs(indent, out);
        int owed = 0; /* spaces before the next text; none are left at the end of a line */
        for (size_t column = 0; column < grid->n_columns; column++) {
            const char *text = cell_of(grid, row, column);
            int fill = column_width(grid, column) - ev_text_width(text);
            const int before = is_left(grid, column) ? 0 : fill;
            owed += (column > 0 ? GAP : 0) + before;
            if (*text) {
                fprintf(out, "%*s", owed, "");
                print_cell(text, out);
                owed = 0;
            }
            owed += fill - before;
        }
        fputc('\n', out);
    }
}

void ev_grid_markdown_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (strchr("|`*[]\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

void ev_grid_markdown(const struct ev_grid *grid, FILE *out)
{
    for (size_t column = 0; column < grid->n_columns; column++) {
        const char *unit = cell_of(grid, 1, column);
        fputs("| ", out);
        ev_grid_markdown_text(cell_of(grid, 0, column), out);
        if (*unit) {
            fputs(" (", out);
            ev_grid_markdown_text(unit, out);
            fputc(')', out);
        }
        fputc(' ', out);
    }
    fputs("|\n", out);
    for (size_t column = 0; column < grid->n_columns; column++)
        fputs(is_left(grid, column) ? "| :--- " : "| ---: ", out);
    fputs("|\n", out);
    for (size_t row = HEADER_ROWS; row < grid->n_rows; row++) {
        for (size_t column = 0; column < grid->n_columns; column++) {
            fputs("| ", out);
            ev_grid_markdown_text(cell_of(grid, row, column), out);
            fputc(' ', out);
        }
        fputs("|\n", out);
    }
}

void ev_grid_html_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else if (*text == '\'')
            fputs("&#39;", out);
        else
            fputc(*text, out);
    }
}

static const char *html_class(const struct ev_grid *grid, size_t column)
{
    return is_left(grid, column) ? "" : " class=\"number\"";
}

void ev_grid_html(const struct ev_grid *grid, FILE *out)
{
    fputs("<div class=\"scroll\"><table>\n<thead><tr>", out);
    for (size_t column = 0; column < grid->n_columns; column++) {
        const char *unit = cell_of(grid, 1, column);
        fprintf(out, "<th scope=\"col\"%s>", html_class(grid, column));
        ev_grid_html_text(cell_of(grid, 0, column), out);
        if (*unit) {
            fputs(" <small>", out);
            ev_grid_html_text(unit, out);
            fputs("</small>", out);
        }
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t row = HEADER_ROWS; row < grid->n_rows; row++) {
        fputs("<tr>", out);
        for (size_t column = 0; column < grid->n_columns; column++) {
            const char *tag = column == 0 ? "th" : "td";
            fprintf(out, "<%s%s%s>", tag, column == 0 ? " scope=\"row\"" : "",
                    html_class(grid, column));
            ev_grid_html_text(cell_of(grid, row, column), out);
            fprintf(out, "</%s>", tag);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

void ev_grid_markdown_address(const char *path, FILE *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~/";

    for (; *path; path++) {
        if (strchr(plain, *path))
            fputc(*path, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*path);
    }
}
