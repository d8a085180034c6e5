/* SPDX-License-Identifier: MIT */
/*
 * Laps from poses. Stretches without jumps are taken one by one. In a stretch the distance is
 * unwrapped, so that it goes on growing or falling over the line; the furthest row so far says how
 * many times the line was passed, and a row that lies clearly behind it says that the car turned.
 * Both are insensitive to the metres by which poses of training sets are moved along the line.
 */
#include "inspect/laps.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define X        0
#define Y        1
#define YAW      2
#define DISTANCE 3

/* Training poses are moved ahead by up to 2 m, so a row can lie that much behind the one before. */
#define MIN_RETREAT_M 4.0
/* Sums of steps are not exact: a row on the line has passed it. */
#define ROUNDING_M    1e-6
/* A car that turns is found some rows later; there its heading jumps. */
#define TURN_ROWS     8

struct finder {
    const double *poses;
    struct ev_set_laps *laps;
    int64_t capacity;
};

static double value(const struct finder *finder, int64_t row, int column)
{
    return finder->poses[row * EV_POSE_COLUMNS + column];
}

/* Change from the row before, the shorter way round a lap of this length; 0 if unknown. */
static double step_of(const struct finder *finder, int64_t row, double length_m)
{
    double step = value(finder, row, DISTANCE) - value(finder, row - 1, DISTANCE);

    return !isfinite(step) ? 0.0 : length_m > 0.0 ? remainder(step, length_m) : step;
}

static bool add_lap(struct finder *finder, int64_t first, int direction)
{
    struct ev_set_laps *laps = finder->laps;

    if (laps->n_laps == finder->capacity) {
        int64_t larger = finder->capacity ? finder->capacity * 2 : 64;
        struct ev_set_lap *grown = realloc(laps->laps, (size_t)larger * sizeof *grown);
        if (!grown)
            return false;
        laps->laps = grown;
        finder->capacity = larger;
    }
    laps->laps[laps->n_laps++] = (struct ev_set_lap){.first = first, .direction = direction};
    return true;
}

/* Mean way along the line from row to row. */
static double mean_step(const struct finder *finder, int64_t n, double length_m)
{
    double sum_m = 0.0;

    for (int64_t row = 1; row < n; row++)
        sum_m += fabs(step_of(finder, row, length_m));
    return sum_m / (double)(n > 1 ? n - 1 : 1);
}

/* Whether the car is elsewhere than a step from where it was: the way through the air is clearly
 * longer than that along the line. Where the distance goes from about 0 to about as far as it gets
 * or back, the line is passed, on a circuit of whatever length. */
static bool jumps(const struct finder *finder, int64_t row, double typical_m)
{
    const double from_m = value(finder, row - 1, DISTANCE), to_m = value(finder, row, DISTANCE);
    const double air_m = hypot(value(finder, row, X) - value(finder, row - 1, X),
                               value(finder, row, Y) - value(finder, row - 1, Y));
    double along_m = fabs(to_m - from_m);

    if (along_m > 10.0 * typical_m + 5.0 && along_m > 0.9 * fmax(from_m, to_m))
        along_m = 0.0;
    return air_m > 1.5 * along_m + 5.0;
}

/* Row, near the furthest one, at which the heading turns round; else the one after the furthest. */
static int64_t turning_row(const struct finder *finder, int64_t first, int64_t stop,
                           int64_t furthest)
{
    int64_t from = furthest - TURN_ROWS > first ? furthest - TURN_ROWS : first + 1;

    for (int64_t row = from; row < stop && row <= furthest + TURN_ROWS; row++) {
        double turn = remainder(value(finder, row, YAW) - value(finder, row - 1, YAW), 2.0 * M_PI);
        if (fabs(turn) > 0.5 * M_PI)
            return row;
    }
    return furthest + 1;
}

/* Rows from `first` on that go one way; *stop is where the car turns, or stays `stop`. */
static int find_run(const struct finder *finder, int64_t first, double length_m, int64_t *stop)
{
    const double retreat_m = fmax(MIN_RETREAT_M, length_m / 50.0);
    double at = 0.0, highest = 0.0, lowest = 0.0;
    int64_t highest_row = first, lowest_row = first;
    int direction = 0;

    for (int64_t row = first + 1; row < *stop; row++) {
        at += step_of(finder, row, length_m);
        if (at > highest) {
            highest = at;
            highest_row = row;
        }
        if (at < lowest) {
            lowest = at;
            lowest_row = row;
        }
        if (direction == 0 && highest - lowest > retreat_m)
            direction = highest_row > lowest_row ? 1 : -1;
        double retreat = direction > 0 ? highest - at : at - lowest;
        if (direction != 0 && retreat > retreat_m) {
            *stop = turning_row(finder, first, *stop, direction > 0 ? highest_row : lowest_row);
            break;
        }
    }
    return direction != 0 ? direction : at < 0.0 ? -1 : 1;
}

/* Cuts rows [first, stop), which go one way, where they pass the line. What is driven of a lap
 * before a turn or a jump counts as a lap of its own only above a few metres. */
static bool add_run(struct finder *finder, int64_t first, int64_t stop, int direction,
                    double length_m)
{
    const double start =
        isfinite(value(finder, first, DISTANCE)) ? value(finder, first, DISTANCE) * direction : 0.0;
    double at = start, furthest = start, lap_start = start;
    double line = length_m * (floor(start / length_m) + 1.0);

    if (!add_lap(finder, first, direction))
        return false;
    for (int64_t row = first + 1; row < stop; row++) {
        at += step_of(finder, row, length_m) * direction;
        furthest = fmax(furthest, at);
        if (furthest < line - ROUNDING_M)
            continue;
        line += length_m;
        if (furthest - lap_start > MIN_RETREAT_M && !add_lap(finder, row, direction))
            return false;
        lap_start = furthest;
    }
    /* The rest behind the line is a step or two of the lap that ended there. */
    if (finder->laps->n_laps > 0 && furthest - lap_start < MIN_RETREAT_M &&
        finder->laps->laps[finder->laps->n_laps - 1].first > first)
        finder->laps->n_laps--;
    return true;
}

/* Rows [first, stop), in which the car is never suddenly elsewhere. */
static bool add_stretch(struct finder *finder, int64_t first, int64_t stop, double length_m)
{
    for (int64_t at = first; at < stop;) {
        int64_t end = stop;
        int direction = find_run(finder, at, length_m, &end);
        if (!add_run(finder, at, end, direction, length_m))
            return false;
        at = end;
    }
    return true;
}

/* Longest distance within rows [first, stop). */
static double longest(const struct finder *finder, int64_t first, int64_t stop)
{
    double longest_m = 1.0;

    for (int64_t row = first; row < stop; row++) {
        if (isfinite(value(finder, row, DISTANCE)))
            longest_m = fmax(longest_m, value(finder, row, DISTANCE));
    }
    return longest_m;
}

enum ev_status ev_set_laps_of(const double *poses, int64_t n, struct ev_set_laps *laps,
                              struct ev_error *err)
{
    struct finder finder = {.poses = poses, .laps = laps};
    const double typical_m = mean_step(&finder, n, longest(&finder, 0, n));
    bool ok = true;

    *laps = (struct ev_set_laps){0};
    for (int64_t first = 0, stop; first < n && ok; first = stop) {
        stop = first + 1;
        while (stop < n && !jumps(&finder, stop, typical_m))
            stop++;
        /* The line is about a step behind the last row before it. */
        ok = add_stretch(&finder, first, stop, longest(&finder, first, stop) + typical_m);
    }
    if (!ok) {
        ev_set_laps_free(laps);
        return ev_fail(err, EV_MEMORY, "out of memory");
    }
    for (int64_t i = 0; i < laps->n_laps; i++)
        laps->laps[i].n_rows =
            (i + 1 < laps->n_laps ? laps->laps[i + 1].first : n) - laps->laps[i].first;
    return EV_OK;
}

enum ev_status ev_set_laps_find(struct ev_set *set, struct ev_set_laps *laps, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);

    *laps = (struct ev_set_laps){0};
    if (!ev_set_has_pose(set))
        return ev_fail(err, EV_INPUT, "%s: no dataset /pose, so laps cannot be told apart",
                       info->path);
    double *poses = malloc((size_t)info->n_rows * EV_POSE_COLUMNS * sizeof *poses);
    if (!poses)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);
    enum ev_status status = ev_set_read_pose(set, 0, info->n_rows, poses, err);
    if (status == EV_OK)
        status = ev_set_laps_of(poses, info->n_rows, laps, err);
    free(poses);
    return status;
}

void ev_set_laps_free(struct ev_set_laps *laps)
{
    free(laps->laps);
    *laps = (struct ev_set_laps){0};
}
