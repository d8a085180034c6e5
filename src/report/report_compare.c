/* SPDX-License-Identifier: MIT */
/* Prints a comparison, and writes it as JSON. */
#include "report/report_compare.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "report/report_grid.h"

/* Columns of the table; the first three are texts. */
enum { BACKEND, SET, FIGURE, OF_A, OF_B, CHANGE, VERDICT, N_COLUMNS };
#define N_TEXTS     3
/* Names are cut to these, so that a line has fewer than 100 characters. */
#define MOST_NAME   20
#define MOST_FIGURE 24

/* Room for a number of the table, or a name. */
#define CELL_CHARS 64

static void print_value(const struct ev_compare_figure *figure, double value, char text[CELL_CHARS])
{
    if (!isfinite(value))
        snprintf(text, CELL_CHARS, "-");
    else if (figure->kind == EV_COMPARE_SIZE)
        ev_text_count((int64_t)value, NULL, text);
    else
        snprintf(text, CELL_CHARS, figure->kind == EV_COMPARE_ERROR ? "%#.3g" : "%.3f", value);
}

/* Half the width of the interval behind the change, as tables of results have it. */
static void print_change(const struct ev_compare_figure *figure, char text[CELL_CHARS])
{
    const double percent = figure->change * 100, half = (figure->high - figure->low) / 2 * 100;
    const bool has_interval = half > 0;
    const bool is_sure = !has_interval || figure->verdict == EV_COMPARE_BETTER ||
                         figure->verdict == EV_COMPARE_WORSE;
    /* What has changed for sure is never shown as 0. */
    const int needed = is_sure && percent != 0 ? ev_grid_decimals(percent, 1) : 1;
    const int decimals = needed > 1 ? needed : 1;
    const bool is_none = is_sure ? percent == 0 : fabs(percent) < 0.05;
    const char *sign = is_none ? "" : percent < 0 ? "-" : "+";

    if (!isfinite(percent))
        snprintf(text, CELL_CHARS, "-");
    else if (has_interval)
        snprintf(text, CELL_CHARS, "%s%.*f \xc2\xb1%.*f %%", sign, decimals, fabs(percent),
                 decimals, half);
    else
        snprintf(text, CELL_CHARS, "%s%.*f %%", sign, is_none ? 0 : decimals, fabs(percent));
}

/* Times in milliseconds, and why each is: signs in the table, told below it. */
static const struct mark {
    const char *sign, *meaning;
    bool one_process;
} marks[] = {
    {"*", "milliseconds: the baseline's own, of which other times are parts; same or cannot tell",
     false},
    {"†", "milliseconds: measured in one process; same or cannot tell", true},
};
#define N_MARKS (sizeof marks / sizeof *marks)

static bool is_marked(const struct ev_compare_figure *figure, const struct mark *mark)
{
    return figure->absolute && figure->one_process == mark->one_process;
}

static void set_row(struct ev_grid *grid, size_t row, const struct ev_compare_figure *figure)
{
    char text[CELL_CHARS];

    ev_text_shorten(figure->backend, text, MOST_NAME);
    ev_grid_set_text(grid, row, BACKEND, text);
    ev_text_shorten(figure->set, text, MOST_NAME);
    ev_grid_set_text(grid, row, SET, text);
    ev_text_shorten(figure->name, text, MOST_FIGURE);
    for (size_t m = 0; m < N_MARKS; m++) {
        if (is_marked(figure, &marks[m]))
            strcat(strcat(text, " "), marks[m].sign);
    }
    ev_grid_set_text(grid, row, FIGURE, text);
    print_value(figure, figure->a, text);
    ev_grid_set_text(grid, row, OF_A, text);
    print_value(figure, figure->b, text);
    ev_grid_set_text(grid, row, OF_B, text);
    print_change(figure, text);
    ev_grid_set_text(grid, row, CHANGE, text);
    ev_grid_set_text(grid, row, VERDICT, ev_compare_verdict_name(figure->verdict));
}

static enum ev_status print_table(const struct ev_compare *compare, FILE *out, struct ev_error *err)
{
    static const char *const heads[N_COLUMNS] = {"backend", "set",    "figure", "A",
                                                 "B",       "change", "verdict"};
    struct ev_grid grid;
    enum ev_status status = ev_grid_init(&grid, N_COLUMNS, compare->n_figures, err);

    if (status != EV_OK)
        return status;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        ev_grid_set_header(&grid, c, heads[c], "");
        if (c < N_TEXTS)
            ev_grid_align_left(&grid, c);
    }
    for (size_t i = 0; i < compare->n_figures; i++)
        set_row(&grid, i, &compare->figures[i]);
    ev_grid_print(&grid, "  ", out);
    ev_grid_free(&grid);
    return EV_OK;
}

static void print_marks(const struct ev_compare *compare, FILE *out)
{
    for (size_t m = 0; m < N_MARKS; m++) {
        size_t i = 0;
        while (i < compare->n_figures && !is_marked(&compare->figures[i], &marks[m]))
            i++;
        if (i < compare->n_figures)
            fprintf(out, "%s %s\n", marks[m].sign, marks[m].meaning);
    }
}

/* Each reason once, with how many figures have it. */
static void print_reasons(const struct ev_compare *compare, FILE *out)
{
    char count[64];

    for (size_t i = 0; i < compare->n_figures; i++) {
        const struct ev_compare_figure *figure = &compare->figures[i];
        bool is_first = figure->verdict == EV_COMPARE_CANNOT_TELL;
        int64_t n = 0;
        for (size_t j = 0; j < compare->n_figures && is_first; j++) {
            const struct ev_compare_figure *other = &compare->figures[j];
            if (other->verdict == EV_COMPARE_CANNOT_TELL && strcmp(other->why, figure->why) == 0) {
                is_first = j >= i;
                n++;
            }
        }
        if (is_first)
            fprintf(out, "cannot tell: %s (%s)\n", figure->why, ev_text_count(n, "figure", count));
    }
}

enum ev_status ev_compare_print(const struct ev_compare *compare,
                                const struct ev_compare_args *args, FILE *out, struct ev_error *err)
{
    char line[600], count[64];

    if (compare->n_figures > 0) {
        enum ev_status status = print_table(compare, out, err);
        if (status != EV_OK)
            return status;
        fputc('\n', out);
    }
    print_marks(compare, out);
    print_reasons(compare, out);
    for (size_t i = 0; i < compare->n_notes; i++) {
        ev_text_clean(compare->notes[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    fprintf(out, "B against A: %s,", ev_text_count((int64_t)compare->n_figures, "figure", count));
    for (int v = 0; v < EV_N_COMPARE_VERDICTS; v++)
        fprintf(out, " %lld %s%s", (long long)compare->n[v],
                ev_compare_verdict_name((enum ev_compare_verdict)v),
                v + 1 < EV_N_COMPARE_VERDICTS ? "," : "");
    fprintf(out, " (margin %g %%)\n", args->margin * 100);
    return EV_OK;
}

/* --- JSON --- */

static json_t *side_json(const struct ev_compare_side *side)
{
    const struct ev_result *result = side->result;

    return json_pack("{s:o, s:o, s:o, s:o}", "folder", ev_json_text(side->folder), "started_utc",
                     ev_json_text(result->started_utc), "tool_version",
                     ev_json_text(result->tool_version), "command_line",
                     ev_json_text(result->command_line));
}

static json_t *figure_json(const struct ev_compare_figure *figure)
{
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:s, s:s}", "kind",
        ev_compare_kind_name(figure->kind), "backend", ev_json_text(figure->backend), "set",
        ev_json_text(figure->set), "figure", ev_json_text(figure->name), "unit", figure->unit, "a",
        ev_json_real(figure->a), "b", ev_json_real(figure->b), "change",
        ev_json_real(figure->change), "change_low", ev_json_real(figure->low), "change_high",
        ev_json_real(figure->high), "paired", figure->paired, "absolute", figure->absolute,
        "verdict", ev_compare_verdict_name(figure->verdict), "why", figure->why);
}

static json_t *figures_json(const struct ev_compare *compare)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < compare->n_figures; i++) {
        if (json_array_append_new(list, figure_json(&compare->figures[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *notes_json(const struct ev_compare *compare)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < compare->n_notes; i++) {
        if (json_array_append_new(list, ev_json_text(compare->notes[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

enum ev_status ev_compare_save(const struct ev_compare *compare, const struct ev_compare_args *args,
                               const struct ev_compare_side *a, const struct ev_compare_side *b,
                               FILE *out, struct ev_error *err)
{
    const int64_t *n = compare->n;
    json_t *json =
        json_pack("{s:s, s:i, s:o, s:o, s:f, s:I, s:I, s:I, s:I, s:o, s:o}", "schema",
                  "evalrun-compare", "schema_version", 1, "a", side_json(a), "b", side_json(b),
                  "margin", args->margin, "n_better", (json_int_t)n[EV_COMPARE_BETTER], "n_worse",
                  (json_int_t)n[EV_COMPARE_WORSE], "n_same", (json_int_t)n[EV_COMPARE_SAME],
                  "n_cannot_tell", (json_int_t)n[EV_COMPARE_CANNOT_TELL], "figures",
                  figures_json(compare), "notes", notes_json(compare));

    if (!json)
        return ev_fail(err, EV_MEMORY, "out of memory for the comparison");
    (void)json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    (void)fputc('\n', out);
    json_decref(json);
    return EV_OK;
}
