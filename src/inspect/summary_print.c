/* SPDX-License-Identifier: MIT */
/* A set on one screen of 80 columns. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "inspect/summary.h"

#define WIDTH     80
#define INDENT    14 /* of what stands behind a heading */
#define MOST_LAPS 4  /* that are listed one by one */

/* --- Lines --- */

/* Words of a text behind a heading, wrapped; blanks before them move all lines in, and a word
 * longer than a line stays whole. Text is cleaned of what a terminal may obey. */
static void print_wrapped(const char *heading, const char *words, FILE *out)
{
    char clean[2048];
    const int indent = INDENT + (int)strspn(words, " ");
    int column = fprintf(out, "  %-*s", indent - 2, heading);

    ev_text_clean(words + strspn(words, " "), clean, sizeof clean);
    for (const char *at = clean; *at;) {
        int length = (int)strcspn(at, " ");
        if (column > indent && column + 1 + length > WIDTH)
            column = fprintf(out, "\n%*s", indent, "") - 1;
        else if (column > indent)
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

/* "2,946 rows"; eight calls deep. */
static const char *count(int64_t n, const char *noun)
{
    static char texts[8][64];
    static int next;

    return ev_text_count(n, noun, texts[next++ % 8]);
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
        snprintf(chunks, sizeof chunks, ", %s a chunk", count(storage->chunk_rows, "row"));
    if (*storage->filters)
        snprintf(filters, sizeof filters, ", %s", storage->filters);
    const int64_t stored = storage->image_bytes / info->n_rows;
    if (stored != row_bytes)
        snprintf(raw, sizeof raw, " for %s", count(row_bytes, NULL));
    print_line(out, "stored", "%s%s%s; %s a picture%s; the file has %s", storage->layout, chunks,
               filters, count(stored, "byte"), raw, size_text(storage->file_bytes, of_file));
}

static const char *rows_of(const struct ev_set_lap *lap, char text[64])
{
    const long long first = lap->first, last = lap->first + lap->n_rows - 1;

    if (first == last)
        snprintf(text, 64, "row %lld", first);
    else
        snprintf(text, 64, "rows %lld-%lld", first, last);
    return text;
}

static void print_laps(const struct ev_summary *summary, FILE *out)
{
    const struct ev_set_laps *laps = &summary->laps;
    int64_t n_forward = 0, fewest = INT64_MAX, most = 0;
    char words[400], rows[64];
    size_t used = 0;

    for (int64_t i = 0; i < laps->n_laps; i++) {
        n_forward += laps->laps[i].direction > 0;
        fewest = laps->laps[i].n_rows < fewest ? laps->laps[i].n_rows : fewest;
        most = laps->laps[i].n_rows > most ? laps->laps[i].n_rows : most;
    }
    if (laps->n_laps > MOST_LAPS) {
        print_line(out, "laps", "%s, whole or in part, of %s to %s; %s forward, %s reverse",
                   count(laps->n_laps, NULL), count(fewest, NULL), count(most, "row"),
                   count(n_forward, NULL), count(laps->n_laps - n_forward, NULL));
        return;
    }
    for (int64_t i = 0; i < laps->n_laps; i++) {
        const struct ev_set_lap *lap = &laps->laps[i];
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s %s", i > 0 ? ", " : "",
                                 rows_of(lap, rows), lap->direction > 0 ? "forward" : "reverse");
    }
    print_line(out, "laps", "%lld: %s", (long long)laps->n_laps, words);
}

static void print_further(const struct ev_summary *summary, FILE *out)
{
    for (int32_t i = 0; i < summary->n_further; i++) {
        const struct ev_set_further *further = &summary->further[i];
        if (*further->columns)
            print_line(out, i == 0 ? "further" : "", "/%s: %s", further->name, further->columns);
        else
            print_line(out, i == 0 ? "further" : "", "/%s: %s a row", further->name,
                       count(further->row_values, "number"));
    }
}

/* Only where they are not the usual ones. */
static void print_axes(const struct ev_set_storage *storage, FILE *out)
{
    if (strcmp(storage->axes, "N x H x W") == 0)
        print_line(out, "axes", "%s", storage->axes);
    else if (strcmp(storage->axes, "N x H x W x C") != 0)
        print_line(out, "axes", "%s (%s)", storage->axes,
                   storage->axes_found ? "found; --layout says otherwise" : "as --layout says");
}

static void print_facts(const struct ev_summary *summary, FILE *out)
{
    const struct ev_set_info *info = summary->info;
    const struct ev_shape *shape = &info->shape;
    char *told = ev_provenance_text(info->provenance), *rest = told, *line;

    print_line(out, "pictures", "%s of %d x %d x %d (height, width, channels), %s",
               count(info->n_rows, NULL), shape->height, shape->width, shape->channels,
               summary->storage.type);
    print_storage(summary, out);
    print_axes(&summary->storage, out);
    if (*ev_set_colour(info))
        print_line(out, "colour", "%s", ev_set_colour(info));
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
    print_further(summary, out);
    free(told);
}

void ev_summary_print(const struct ev_summary *summary, bool unicode, FILE *out)
{
    char path[4096];

    ev_text_clean(summary->info->path, path, sizeof path);
    fprintf(out, "%s\n\n", path);
    print_facts(summary, out);
    ev_summary_print_labels(summary, unicode, out);
}
