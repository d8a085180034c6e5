/* SPDX-License-Identifier: MIT */
/* Labels of a set on a screen of 80 columns: a table of figures, histograms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "inspect/summary.h"

#define WIDTH       80
#define BARS_HEIGHT 7
#define BARS_GAP    4
#define LEAST_NAME  7 /* characters, where names must be shortened */
#define N_FIGURES   4

static void print_left(const char *text, int width, FILE *out)
{
    fprintf(out, "%s%*s", text, width - ev_text_width(text), "");
}

static void print_right(const char *text, int width, FILE *out)
{
    fprintf(out, "%*s%s", width - ev_text_width(text), "", text);
}

/* A figure with so many digits, "-" for none; no minus before zero. */
static void write_number(double value, int digits, char text[32])
{
    if (isnan(value))
        strcpy(text, "-");
    else if (round(fabs(value)) >= pow(10.0, digits) && fabs(value) < 1e7)
        snprintf(text, 32, "%.0f", value);
    else
        snprintf(text, 32, "%.*g", digits, value + 0.0);
}

/* --- Table --- */

/* A line of the table. */
struct line {
    char name[32], unit[32], range[80], figures[N_FIGURES][32];
};

struct table {
    struct line lines[EV_MAX_OUTPUTS + 1]; /* the first is the heading */
    int n_lines;
    int name, unit, range, figures[N_FIGURES]; /* widths */
    int gap;                                   /* between columns */
};

static void fill_line(const struct ev_set_info *info, int32_t column,
                      const struct ev_column_summary *figures, int digits, struct line *line)
{
    const struct ev_column *about = &info->columns[column];
    const double values[N_FIGURES] = {figures->min, figures->mean, figures->max, figures->std};
    char low[32], high[32];

    memcpy(line->name, about->name, sizeof line->name);
    memcpy(line->unit, about->unit, sizeof line->unit);
    write_number(about->min, digits + 2, low);
    write_number(about->max, digits + 2, high);
    snprintf(line->range, sizeof line->range, "%s to %s%s", low, high,
             info->has_ranges ? "" : " (assumed)");
    for (int i = 0; i < N_FIGURES; i++)
        write_number(values[i], digits, line->figures[i]);
}

static void widen(int *width, const char *text)
{
    const int wanted = ev_text_width(text);

    *width = wanted > *width ? wanted : *width;
}

/* Fills the table; what is left for names and units together is returned. */
static int fill_table(const struct ev_summary *summary, int digits, int gap, struct table *table)
{
    *table = (struct table){.n_lines = summary->info->n_outputs + 1, .gap = gap};
    table->lines[0] = (struct line){"label", "unit", "range", {"min", "mean", "max", "std"}};
    for (int32_t i = 0; i < summary->info->n_outputs; i++)
        fill_line(summary->info, i, &summary->columns[i], digits, &table->lines[i + 1]);
    int room = WIDTH - 2 - gap * (N_FIGURES + 2);
    for (int i = 0; i < table->n_lines; i++) {
        widen(&table->name, table->lines[i].name);
        widen(&table->unit, table->lines[i].unit);
        widen(&table->range, table->lines[i].range);
        for (int j = 0; j < N_FIGURES; j++)
            widen(&table->figures[j], table->lines[i].figures[j]);
    }
    room -= table->range;
    for (int j = 0; j < N_FIGURES; j++)
        room -= table->figures[j];
    return room;
}

/* Takes digits and gaps as they fit, then shortens names and units: the longer ones first. */
static void fit_table(const struct ev_summary *summary, struct table *table)
{
    static const int styles[][2] = {{4, 3}, {4, 2}, {4, 1}, {2, 1}};
    int room = 0;

    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        room = fill_table(summary, styles[i][0], styles[i][1], table);
        if (room >= table->name + table->unit || (i > 0 && room >= 2 * LEAST_NAME))
            break;
    }
    while (table->name + table->unit > room && table->name + table->unit > 2 * LEAST_NAME)
        *(table->name >= table->unit ? &table->name : &table->unit) -= 1;
}

static void print_name(const char *name, int width, FILE *out)
{
    char text[32];

    ev_text_shorten(name, text, width < (int)sizeof text ? (size_t)width + 1 : sizeof text);
    print_left(ev_text_width(name) > width ? text : name, width, out);
}

static void print_table(const struct ev_summary *summary, FILE *out)
{
    struct table table;

    fit_table(summary, &table);
    fputc('\n', out);
    for (int i = 0; i < table.n_lines; i++) {
        const struct line *line = &table.lines[i];
        fputs("  ", out);
        print_name(line->name, table.name, out);
        fprintf(out, "%*s", table.gap, "");
        print_name(line->unit, table.unit, out);
        fprintf(out, "%*s", table.gap, "");
        print_left(line->range, table.range, out);
        for (int j = 0; j < N_FIGURES; j++)
            print_right(line->figures[j], table.gap + table.figures[j], out);
        fputc('\n', out);
    }
}

static void print_faults(const struct ev_summary *summary, FILE *out)
{
    char rows[64];

    for (int32_t i = 0; i < summary->info->n_outputs; i++) {
        const struct ev_column_summary *figures = &summary->columns[i];
        const int64_t n_bad = summary->info->n_rows - figures->n_finite;
        const char *name = summary->info->columns[i].name;
        if (n_bad > 0)
            fprintf(out, "  %s is NaN or infinite in %s\n", name,
                    ev_text_count(n_bad, "row", rows));
        if (figures->n_outside > 0)
            fprintf(out, "  %s is outside its range in %s\n", name,
                    ev_text_count(figures->n_outside, "row", rows));
    }
}

/* --- Histograms --- */

static int64_t most_of(const struct ev_column_summary *figures)
{
    int64_t most = 0;

    for (int i = 0; i < EV_HISTOGRAM_BINS; i++)
        most = figures->bins[i] > most ? figures->bins[i] : most;
    return most;
}

/* What stands above the bars: the column, and how many rows the tallest bar has. */
struct title {
    char name[72], tallest[96];
};

static void make_title(const struct ev_summary *summary, int32_t i, struct title *title)
{
    const struct ev_column *column = &summary->info->columns[i];
    char whole[72], rows[64];

    snprintf(whole, sizeof whole, "%s%s%s%s", column->name, *column->unit ? " (" : "", column->unit,
             *column->unit ? ")" : "");
    ev_text_shorten(whole, title->name, EV_HISTOGRAM_BINS + 1);
    snprintf(title->tallest, sizeof title->tallest, "tallest bar: %s",
             ev_text_count(most_of(&summary->columns[i]), "row", rows));
}

/* Whether a name and its tallest bar stand in one line. */
static bool title_fits(const struct ev_summary *summary, int32_t i)
{
    struct title title;

    make_title(summary, i, &title);
    return ev_text_width(title.name) + 2 + ev_text_width(title.tallest) <= EV_HISTOGRAM_BINS;
}

/* The roundest number in the middle of an axis: of the multiples of 1, 2 or 5 times the highest
 * power of ten that has one there, the one nearest to its centre. */
static double round_middle(double low, double high)
{
    static const double factors[] = {5.0, 2.0, 1.0};
    const double centre = low + 0.5 * (high - low), reach = 0.2 * (high - low);
    const int power = (int)ceil(log10(fmax(fabs(low), fabs(high))));

    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 3; j++) {
            const double step = factors[j] * pow(10.0, power - i);
            const double value = round(centre / step) * step;
            if (fabs(value - centre) <= reach)
                return value + 0.0;
        }
    }
    return NAN;
}

/* Puts a text into a line of EV_HISTOGRAM_BINS characters; not where it would touch another one. */
static void put(char *line, int at, const char *text)
{
    const int length = (int)strlen(text);

    at = at < 0 ? 0 : at + length > EV_HISTOGRAM_BINS ? EV_HISTOGRAM_BINS - length : at;
    for (int i = at - 2; i < at + length + 2; i++) {
        if (i >= 0 && i < EV_HISTOGRAM_BINS && line[i] != ' ')
            return;
    }
    memcpy(line + at, text, (size_t)length);
}

/* Lowest, highest and a round value between them below the bars. */
static void print_foot(const struct ev_column_summary *figures, FILE *out)
{
    const double low = figures->min, high = figures->max;
    char line[EV_HISTOGRAM_BINS + 1], text[32], end[32];
    int digits = 3;

    memset(line, ' ', EV_HISTOGRAM_BINS);
    line[EV_HISTOGRAM_BINS] = '\0';
    do { /* as many digits as tell the ends apart */
        digits++;
        write_number(low, digits, text);
        write_number(high, digits, end);
    } while (low < high && strcmp(text, end) == 0 && digits < 9);
    if (low < high) {
        put(line, 0, text);
        put(line, EV_HISTOGRAM_BINS, end);
        const double middle = round_middle(low, high);
        snprintf(text, sizeof text, "%.9g", middle);
        const double at = (middle - low) / (high - low) * EV_HISTOGRAM_BINS;
        put(line, (int)lround(at - 0.5 * (double)strlen(text)), text);
    } else if (figures->n_finite > 0) {
        put(line, (EV_HISTOGRAM_BINS - (int)strlen(text)) / 2, text); /* all rows have the same */
    }
    fputs(line, out);
}

/* One line of the histograms of one or two columns side by side: below 0 are their titles in
 * n_titles lines, BARS_HEIGHT is their foot. */
static void print_bars_line(const struct ev_summary *summary, int32_t first, int32_t n,
                            int n_titles, int line, bool unicode, FILE *out)
{
    struct title title;

    for (int32_t i = first; i < first + n; i++) {
        const struct ev_column_summary *figures = &summary->columns[i];
        fprintf(out, "%*s", i == first ? 2 : BARS_GAP, "");
        make_title(summary, i, &title);
        if (line < 0 && n_titles == 1) {
            fputs(title.name, out);
            print_right(title.tallest, EV_HISTOGRAM_BINS - ev_text_width(title.name), out);
        } else if (line < 0) {
            print_left(line == -2 ? title.name : title.tallest, EV_HISTOGRAM_BINS, out);
        } else if (line < BARS_HEIGHT) {
            ev_histogram_line(figures->bins, EV_HISTOGRAM_BINS, BARS_HEIGHT, line, unicode, out);
        } else {
            print_foot(figures, out);
        }
    }
}

static void print_bars(const struct ev_summary *summary, int32_t first, int32_t n, bool unicode,
                       FILE *out)
{
    const bool fit = title_fits(summary, first) && title_fits(summary, first + n - 1);
    const int n_titles = fit ? 1 : 2;

    for (int line = -n_titles; line <= BARS_HEIGHT; line++) {
        char *text = NULL;
        size_t length = 0;
        FILE *memory = open_memstream(&text, &length);
        if (memory)
            print_bars_line(summary, first, n, n_titles, line, unicode, memory);
        if (memory && fclose(memory) == 0) {
            while (length > 0 && text[length - 1] == ' ')
                length--;
            fprintf(out, "%.*s\n", (int)length, text);
        }
        free(text);
    }
}

void ev_summary_print_labels(const struct ev_summary *summary, bool unicode, FILE *out)
{
    const int32_t n = summary->info->n_outputs;

    print_table(summary, out);
    print_faults(summary, out);
    for (int32_t i = 0; i < n; i += 2) {
        fputc('\n', out);
        print_bars(summary, i, i + 1 < n ? 2 : 1, unicode, out);
    }
}
