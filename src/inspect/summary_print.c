/* SPDX-License-Identifier: MIT */
/* A set on one screen of 80 columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "inspect/summary.h"

#define WIDTH       80
#define INDENT      14 /* of what stands behind a heading */
#define BARS_HEIGHT 7
#define BARS_GAP    4
#define MOST_LAPS   4 /* that are listed one by one */

/* --- Lines --- */

/* Words of a text behind a heading, wrapped; a word longer than a line stays whole. Text is cleaned
 * of what a terminal may obey. */
static void print_wrapped(const char *heading, const char *words, FILE *out)
{
    char clean[2048];
    int column = fprintf(out, "  %-*s", INDENT - 2, heading);

    ev_text_clean(words, clean, sizeof clean);
    for (const char *at = clean; *at;) {
        int length = (int)strcspn(at, " ");
        if (column > INDENT && column + 1 + length > WIDTH)
            column = fprintf(out, "\n%*s", INDENT, "") - 1;
        else if (column > INDENT)
            column += fprintf(out, " ");
        column += fprintf(out, "%.*s", length, at);
        at += length;
        at += strspn(at, " ");
    }
    fputc('\n', out);
}

EV_PRINTF(3, 4)
static void print_line(FILE *out, const char *heading, const char *format, ...)
{
    char words[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    print_wrapped(heading, words, out);
}

/* "2,946"; eight calls deep. */
static const char *count(int64_t n)
{
    static char texts[8][32];
    static int next;
    char *text = texts[next++ % 8], plain[24];
    size_t used = 0;
    int length = snprintf(plain, sizeof plain, "%lld", (long long)n);

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = plain[i];
    }
    text[used] = '\0';
    return text;
}

static const char *size_text(int64_t bytes, char text[32])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    int unit = 0;

    for (; size >= 1000.0 && unit < 4; unit++)
        size /= 1000.0;
    snprintf(text, 32, unit == 0 || size >= 100.0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return text;
}

/* --- Facts --- */

static void print_storage(const struct ev_summary *summary, FILE *out)
{
    const struct ev_set_storage *storage = &summary->storage;
    const struct ev_set_info *info = summary->info;
    char chunks[64] = "", filters[128] = "", of_file[32], raw[64] = "";
    const int64_t row_bytes = storage->picture_bytes;

    if (storage->chunk_rows > 0)
        snprintf(chunks, sizeof chunks, ", %s row%s a chunk", count(storage->chunk_rows),
                 storage->chunk_rows == 1 ? "" : "s");
    if (*storage->filters)
        snprintf(filters, sizeof filters, ", %s", storage->filters);
    const int64_t stored = storage->image_bytes / info->n_rows;
    if (stored != row_bytes)
        snprintf(raw, sizeof raw, " for %s", count(row_bytes));
    print_line(out, "stored", "%s%s%s; %s bytes a picture%s; the file has %s", storage->layout,
               chunks, filters, count(stored), raw, size_text(storage->file_bytes, of_file));
}

static void print_laps(const struct ev_summary *summary, FILE *out)
{
    const struct ev_set_laps *laps = &summary->laps;
    int64_t n_forward = 0, fewest = INT64_MAX, most = 0;
    char words[400];
    size_t used = 0;

    for (int64_t i = 0; i < laps->n_laps; i++) {
        n_forward += laps->laps[i].direction > 0;
        fewest = laps->laps[i].n_rows < fewest ? laps->laps[i].n_rows : fewest;
        most = laps->laps[i].n_rows > most ? laps->laps[i].n_rows : most;
    }
    if (laps->n_laps > MOST_LAPS) {
        print_line(out, "laps", "%s, whole or in part, of %s to %s rows; %s forward, %s reverse",
                   count(laps->n_laps), count(fewest), count(most), count(n_forward),
                   count(laps->n_laps - n_forward));
        return;
    }
    for (int64_t i = 0; i < laps->n_laps; i++) {
        const struct ev_set_lap *lap = &laps->laps[i];
        used += (size_t)snprintf(words + used, sizeof words - used, "%srows %lld-%lld %s",
                                 i > 0 ? ", " : "", (long long)lap->first,
                                 (long long)(lap->first + lap->n_rows - 1),
                                 lap->direction > 0 ? "forward" : "reverse");
    }
    print_line(out, "laps", "%lld: %s", (long long)laps->n_laps, words);
}

static void print_facts(const struct ev_summary *summary, FILE *out)
{
    const struct ev_set_info *info = summary->info;
    const struct ev_shape *shape = &info->shape;
    char *told = ev_provenance_text(info->provenance), *rest = told, *line;

    print_line(out, "pictures", "%s of %d x %d x %d (height, width, channels), %s",
               count(info->n_rows), shape->height, shape->width, shape->channels,
               summary->storage.type);
    print_storage(summary, out);
    if (*info->colour)
        print_line(out, "colour", "%s", info->colour);
    if (*info->circuit)
        print_line(out, "circuit", "%s", info->circuit);
    if (info->frame_rate_hz > 0.0)
        print_line(out, "rate", "%g pictures a second", info->frame_rate_hz);
    if (summary->laps.n_laps > 0)
        print_laps(summary, out);
    for (bool first = true; rest && (line = strsep(&rest, "\n")); first = false) {
        if (*line)
            print_wrapped(first ? "made by" : "", line, out);
    }
    print_line(out, "sha256", "%s",
               *info->recorded_sha256 ? info->recorded_sha256 : "not recorded");
    if (summary->has_pose)
        print_line(out, "poses", "/pose: x_m, y_m, yaw_rad, distance_m");
    for (int32_t i = 0; i < summary->n_further; i++) {
        const struct ev_set_further *further = &summary->further[i];
        if (*further->columns)
            print_line(out, i == 0 ? "further" : "", "/%s: %s", further->name, further->columns);
        else
            print_line(out, i == 0 ? "further" : "", "/%s: %s number%s a row", further->name,
                       count(further->row_values), further->row_values == 1 ? "" : "s");
    }
    free(told);
}

/* --- Labels --- */

static void print_table(const struct ev_summary *summary, FILE *out)
{
    const struct ev_set_info *info = summary->info;

    fprintf(out, "\n  %-*s%-8s%-16s%10s%10s%10s%10s\n", INDENT - 2, "label", "unit", "range", "min",
            "mean", "max", "std");
    for (int32_t i = 0; i < info->n_outputs; i++) {
        const struct ev_column *column = &info->columns[i];
        const struct ev_column_summary *figures = &summary->columns[i];
        char range[64];
        snprintf(range, sizeof range, "%g to %g", column->min, column->max);
        fprintf(out, "  %-*s%-8s%-16s%10.4g%10.4g%10.4g%10.4g\n", INDENT - 2, column->name,
                column->unit, range, figures->min, figures->mean, figures->max, figures->std);
    }
    for (int32_t i = 0; i < info->n_outputs; i++) {
        const struct ev_column_summary *figures = &summary->columns[i];
        const int64_t n_bad = info->n_rows - figures->n_finite;
        if (n_bad > 0)
            print_line(out, "", "%s is NaN or infinite in %s row%s", info->columns[i].name,
                       count(n_bad), n_bad == 1 ? "" : "s");
        if (figures->n_outside > 0)
            print_line(out, "", "%s is outside its range in %s row%s", info->columns[i].name,
                       count(figures->n_outside), figures->n_outside == 1 ? "" : "s");
    }
}

static int64_t most_of(const struct ev_column_summary *figures)
{
    int64_t most = 0;

    for (int i = 0; i < EV_HISTOGRAM_BINS; i++)
        most = figures->bins[i] > most ? figures->bins[i] : most;
    return most;
}

/* What stands above the bars: the column, and how many rows the highest bar has. */
static void print_head(const struct ev_summary *summary, int32_t i, FILE *out)
{
    const struct ev_column *column = &summary->info->columns[i];
    char name[80], most[48];

    snprintf(name, sizeof name, "%s%s%s", column->name, *column->unit ? ", " : "", column->unit);
    snprintf(most, sizeof most, "up to %s rows a bar", count(most_of(&summary->columns[i])));
    int left = EV_HISTOGRAM_BINS - (int)strlen(most) - 1;
    fprintf(out, "%-*.*s %s", left, left, name, most);
}

/* Lowest, middle and highest value below the bars. */
static void print_foot(const struct ev_column_summary *figures, FILE *out)
{
    char low[24], middle[24], high[24];

    snprintf(low, sizeof low, "%.4g", figures->min);
    snprintf(middle, sizeof middle, "%.4g", 0.5 * (figures->min + figures->max));
    snprintf(high, sizeof high, "%.4g", figures->max);
    if (figures->min == figures->max)
        *low = *high = '\0'; /* all rows have the same */
    const int half = (EV_HISTOGRAM_BINS + (int)strlen(middle)) / 2;
    fprintf(out, "%-*s%*s%*s", half - (int)strlen(middle), low, (int)strlen(middle), middle,
            EV_HISTOGRAM_BINS - half, high);
}

/* One line of the histograms of one or two columns side by side: -1 is their head, BARS_HEIGHT
 * their foot. */
static void print_bars_line(const struct ev_summary *summary, int32_t first, int32_t n, int line,
                            bool unicode, FILE *out)
{
    for (int32_t i = first; i < first + n; i++) {
        const struct ev_column_summary *figures = &summary->columns[i];
        fprintf(out, "%*s", i == first ? 2 : BARS_GAP, "");
        if (line < 0)
            print_head(summary, i, out);
        else if (line < BARS_HEIGHT)
            ev_histogram_line(figures->bins, EV_HISTOGRAM_BINS, BARS_HEIGHT, line, unicode, out);
        else
            print_foot(figures, out);
    }
}

static void print_bars(const struct ev_summary *summary, int32_t first, int32_t n, bool unicode,
                       FILE *out)
{
    for (int line = -1; line <= BARS_HEIGHT; line++) {
        char *text = NULL;
        size_t length = 0;
        FILE *memory = open_memstream(&text, &length);
        if (memory)
            print_bars_line(summary, first, n, line, unicode, memory);
        if (memory && fclose(memory) == 0) {
            while (length > 0 && text[length - 1] == ' ')
                length--;
            fprintf(out, "%.*s\n", (int)length, text);
        }
        free(text);
    }
}

void ev_summary_print(const struct ev_summary *summary, bool unicode, FILE *out)
{
    const int32_t n = summary->info->n_outputs;
    char path[4096];

    ev_text_clean(summary->info->path, path, sizeof path);
    fprintf(out, "%s\n\n", path);
    print_facts(summary, out);
    print_table(summary, out);
    for (int32_t i = 0; i < n; i += 2) {
        fputc('\n', out);
        print_bars(summary, i, i + 1 < n ? 2 : 1, unicode, out);
    }
}
