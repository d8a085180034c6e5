/* SPDX-License-Identifier: MIT */
/* Ranges of rows: found, shown, parsed. */
#include "inspect/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* --- Found and shown --- */

bool ev_row_ranges_add(struct ev_row_ranges *ranges, int64_t row)
{
    ranges->n_rows++;
    if (ranges->n_ranges > 0 && ranges->ranges[ranges->n_ranges - 1][1] == row - 1) {
        ranges->ranges[ranges->n_ranges - 1][1] = row;
        return true;
    }
    if (ranges->n_ranges == ranges->capacity) {
        int64_t larger = ranges->capacity > 0 ? ranges->capacity * 2 : 64;
        void *grown = realloc(ranges->ranges, (size_t)larger * sizeof *ranges->ranges);
        if (!grown)
            return false;
        ranges->ranges = grown;
        ranges->capacity = larger;
    }
    ranges->ranges[ranges->n_ranges][0] = row;
    ranges->ranges[ranges->n_ranges++][1] = row;
    return true;
}

void ev_row_ranges_free(struct ev_row_ranges *ranges)
{
    free(ranges->ranges);
    *ranges = (struct ev_row_ranges){0};
}

void ev_row_ranges_text(const struct ev_row_ranges *ranges, int64_t most, char *text, size_t size)
{
    const int64_t n_shown = ranges->n_ranges < most ? ranges->n_ranges : most;
    int64_t left = ranges->n_rows;
    char more[64];
    size_t used = (size_t)snprintf(text, size, "row%s", ranges->n_rows == 1 ? "" : "s");

    for (int64_t i = 0; i < n_shown && used < size; i++) {
        int64_t first = ranges->ranges[i][0], last = ranges->ranges[i][1];
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i > 0 ? ", " : " ",
                                 (long long)first);
        if (last > first && used < size)
            used += (size_t)snprintf(text + used, size - used, "-%lld", (long long)last);
        left -= last - first + 1;
    }
    if (left > 0 && used < size)
        snprintf(text + used, size - used, " and %s more", ev_text_count(left, NULL, more));
}

/* --- Parsed --- */

/* A part of a slice up to ':' or the end; *given is false if it is empty. */
static bool take_part(const char **at, int64_t *value, bool *given)
{
    const size_t length = strcspn(*at, ":");
    char part[32];

    *given = length > 0;
    if (length >= sizeof part)
        return false;
    memcpy(part, *at, length);
    part[length] = '\0';
    *at += length;
    return !*given || ev_text_int64(part, value);
}

/* A number of a row or, negative, from the end, kept within 0 to n_rows. */
static int64_t resolve(int64_t value, int64_t n_rows)
{
    if (value < 0)
        value = value < -n_rows ? 0 : value + n_rows;
    return value > n_rows ? n_rows : value;
}

enum ev_status ev_slice_parse(const char *option, const char *text, int64_t n_rows,
                              struct ev_slice *slice, struct ev_error *err)
{
    int64_t parts[3] = {0, n_rows, 1};
    bool given[3] = {false}, ok = true;
    const char *at = text;
    int n = 0;

    for (; n < 3 && ok; n++) {
        ok = take_part(&at, &parts[n], &given[n]);
        if (!given[n])
            parts[n] = n == 0 ? 0 : n == 1 ? n_rows : 1;
        if (*at != ':' || n == 2)
            break;
        at++;
    }
    if (!ok || *at || n < 1 || parts[2] < 1)
        return ev_fail(err, EV_USAGE, "--%s %s: expected A:B or A:B:STEP, rows A to B - 1", option,
                       text);
    slice->first = resolve(parts[0], n_rows);
    slice->stop = resolve(parts[1], n_rows);
    slice->step = parts[2];
    if (slice->first >= slice->stop)
        return ev_fail(err, EV_USAGE, "--%s %s: no row of %lld is selected", option, text,
                       (long long)n_rows);
    return EV_OK;
}
