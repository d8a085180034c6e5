/* SPDX-License-Identifier: MIT */
/* Reads a circuit's CSV, checks its geometry and builds the grid for finding the nearest place. */
#include "render/track.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "render/render.h"
#include "render/track_line.h"

#define MIN_POINTS 16
#define MIN_SPACING_M 0.05
#define MAX_SPACING_M 5.0
/* Wide enough for the painted line, narrow enough to be a road and not a wrong unit. */
#define MIN_WIDTH_M 0.1
#define MAX_WIDTH_M 50.0
#define MAX_EXTENT_M 20000.0

static const char *const column_names[EV_LINE_COLUMNS] = {"x_m", "y_m", "left_m", "right_m"};

static enum ev_status find_file(const char *name_or_path, char **path, struct ev_error *err)
{
    size_t length = strlen(name_or_path);
    char relative[128];

    if (strchr(name_or_path, '/') ||
        (length > 4 && strcmp(name_or_path + length - 4, ".csv") == 0)) {
        *path = strdup(name_or_path);
    } else {
        const char *names[16];
        size_t n_names = 0;
        for (const struct ev_builtin_set *set = ev_builtin_sets; set->name && n_names < 16; set++)
            names[n_names++] = set->name;
        if (!ev_builtin_set_find(name_or_path)) {
            const char *near = ev_text_nearest(name_or_path, names, n_names);
            return ev_fail(err, EV_INPUT, "unknown circuit '%s'%s%s%s", name_or_path,
                           near ? ": did you mean '" : " (evalrun list shows them)",
                           near ? near : "", near ? "'?" : "");
        }
        snprintf(relative, sizeof relative, "datasets/circuits/%s.csv", name_or_path);
        *path = ev_path_data(relative);
    }
    return *path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
}

static enum ev_status read_points(struct ev_track *track, const struct ev_csv *csv,
                                  double (*points)[EV_LINE_COLUMNS], struct ev_error *err)
{
    for (int c = 0; c < EV_LINE_COLUMNS; c++) {
        int32_t column = ev_csv_column(csv, column_names[c]);
        if (column < 0)
            return ev_fail(err, EV_INPUT, "%s: no column '%s'", track->path, column_names[c]);
        for (int64_t row = 0; row < csv->n_rows; row++) {
            double *value = &points[row][c];
            enum ev_status status = ev_csv_double(csv, track->path, row, column, value, err);
            if (status != EV_OK)
                return status;
            double low = c < EV_LINE_LEFT ? -MAX_EXTENT_M : MIN_WIDTH_M;
            double high = c < EV_LINE_LEFT ? MAX_EXTENT_M : MAX_WIDTH_M;
            if (*value < low || *value > high)
                return ev_fail(err, EV_INPUT, "%s: line %lld: %s is %g, expected %g to %g metres",
                               track->path, (long long)csv->line[row + 1], column_names[c], *value,
                               low, high);
        }
    }
    return EV_OK;
}

static enum ev_status check_spacing(const struct ev_track *track, const struct ev_csv *csv,
                                    double (*points)[EV_LINE_COLUMNS], struct ev_error *err)
{
    for (int64_t i = 0; i < csv->n_rows; i++) {
        const double *here = points[i], *next = points[(i + 1) % csv->n_rows];
        double length_m = hypot(next[EV_LINE_X] - here[EV_LINE_X], next[EV_LINE_Y] - here[EV_LINE_Y]);
        if (length_m < MIN_SPACING_M)
            return ev_fail(err, EV_INPUT, "%s: line %lld: the next point is only %.3g m away, expected at least %g%s",
                           track->path, (long long)csv->line[i + 1], length_m, MIN_SPACING_M,
                           i + 1 == csv->n_rows ? " (the first point is not repeated at the end)"
                                                : "");
        if (length_m > MAX_SPACING_M)
            return ev_fail(err, EV_INPUT, "%s: line %lld: the next point is %.3g m away, expected at most %g%s",
                           track->path, (long long)csv->line[i + 1], length_m, MAX_SPACING_M,
                           i + 1 == csv->n_rows ? " (the line is not closed)" : "");
    }
    return EV_OK;
}

/* Segments between neighbours, the last one back to the first point. */
static enum ev_status build_segments(struct ev_track *track, const double (*points)[EV_LINE_COLUMNS],
                                     int64_t n, struct ev_error *err)
{
    double s_m = 0.0;

    if (n > INT32_MAX / 2)
        return ev_fail(err, EV_INPUT, "%s: too many points", track->path);
    track->n_segments = (int32_t)n;
    track->segments = calloc((size_t)n, sizeof *track->segments);
    if (!track->segments)
        return ev_fail(err, EV_MEMORY, "out of memory");
    for (int64_t i = 0; i < n; i++) {
        const double *here = points[i], *next = points[(i + 1) % n];
        double dx = next[EV_LINE_X] - here[EV_LINE_X], dy = next[EV_LINE_Y] - here[EV_LINE_Y];
        double length_m = hypot(dx, dy);
        track->segments[i] = (struct ev_segment){
            .x_m = (float)here[EV_LINE_X],
            .y_m = (float)here[EV_LINE_Y],
            .tx = (float)(dx / length_m),
            .ty = (float)(dy / length_m),
            .length_m = (float)length_m,
            .left_m = (float)here[EV_LINE_LEFT],
            .right_m = (float)here[EV_LINE_RIGHT],
            .s_m = (float)s_m,
        };
        s_m += length_m;
    }
    track->length_m = s_m;
    return EV_OK;
}

/* Distance of a point from a segment, squared. */
static float segment_distance_sq(const struct ev_segment *segment, float x_m, float y_m)
{
    float dx = x_m - segment->x_m, dy = y_m - segment->y_m;
    float along = dx * segment->tx + dy * segment->ty;

    along = along < 0.0f ? 0.0f : along > segment->length_m ? segment->length_m : along;
    dx -= along * segment->tx;
    dy -= along * segment->ty;
    return dx * dx + dy * dy;
}

/* Enters one segment into all cells within reach whose nearest it is so far. */
static void stamp_segment(struct ev_track *track, int32_t index, float *nearest_sq)
{
    const struct ev_segment *segment = &track->segments[index];
    const float reach_m = EV_TRACK_REACH_M + segment->length_m;
    int32_t x0 = (int32_t)((segment->x_m - reach_m - track->cells_x_m) / EV_TRACK_CELL_M);
    int32_t x1 = (int32_t)((segment->x_m + reach_m - track->cells_x_m) / EV_TRACK_CELL_M);
    int32_t y0 = (int32_t)((segment->y_m - reach_m - track->cells_y_m) / EV_TRACK_CELL_M);
    int32_t y1 = (int32_t)((segment->y_m + reach_m - track->cells_y_m) / EV_TRACK_CELL_M);

    for (int32_t y = y0 < 0 ? 0 : y0; y <= y1 && y < track->n_cells_y; y++) {
        for (int32_t x = x0 < 0 ? 0 : x0; x <= x1 && x < track->n_cells_x; x++) {
            float centre_x = track->cells_x_m + ((float)x + 0.5f) * EV_TRACK_CELL_M;
            float centre_y = track->cells_y_m + ((float)y + 0.5f) * EV_TRACK_CELL_M;
            float distance_sq = segment_distance_sq(segment, centre_x, centre_y);
            size_t cell = (size_t)y * (size_t)track->n_cells_x + (size_t)x;
            if (distance_sq < nearest_sq[cell]) {
                nearest_sq[cell] = distance_sq;
                track->cells[cell] = index;
            }
        }
    }
}

static enum ev_status build_grid(struct ev_track *track, struct ev_error *err)
{
    const float margin_m = EV_TRACK_REACH_M + EV_TRACK_CELL_M;
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;

    for (int32_t i = 0; i < track->n_segments; i++) {
        x0 = fminf(x0, track->segments[i].x_m);
        x1 = fmaxf(x1, track->segments[i].x_m);
        y0 = fminf(y0, track->segments[i].y_m);
        y1 = fmaxf(y1, track->segments[i].y_m);
    }
    track->cells_x_m = x0 - margin_m;
    track->cells_y_m = y0 - margin_m;
    double n_x = ceil((x1 - x0 + 2.0f * margin_m) / EV_TRACK_CELL_M);
    double n_y = ceil((y1 - y0 + 2.0f * margin_m) / EV_TRACK_CELL_M);
    /* 64 million cells are 256 MiB: 4 km by 4 km. */
    if (n_x * n_y > 64e6)
        return ev_fail(err, EV_INPUT, "%s: the circuit spans %.0f m by %.0f m, too large",
                       track->path, (double)(x1 - x0), (double)(y1 - y0));
    track->n_cells_x = (int32_t)n_x;
    track->n_cells_y = (int32_t)n_y;

    size_t n_cells = (size_t)track->n_cells_x * (size_t)track->n_cells_y;
    float *nearest_sq = malloc(n_cells * sizeof *nearest_sq);
    track->cells = malloc(n_cells * sizeof *track->cells);
    if (!nearest_sq || !track->cells) {
        free(nearest_sq);
        return ev_fail(err, EV_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < n_cells; i++) {
        nearest_sq[i] = EV_TRACK_REACH_M * EV_TRACK_REACH_M;
        track->cells[i] = -1;
    }
    for (int32_t i = 0; i < track->n_segments; i++)
        stamp_segment(track, i, nearest_sq);
    free(nearest_sq);
    return EV_OK;
}

enum ev_status ev_track_open(const char *name_or_path, struct ev_track **out, struct ev_error *err)
{
    enum ev_status status;
    struct ev_csv csv = {0};
    double(*points)[EV_LINE_COLUMNS] = NULL;
    struct ev_track *track = calloc(1, sizeof *track);

    *out = NULL;
    if (!track)
        return ev_fail(err, EV_MEMORY, "out of memory");
    status = find_file(name_or_path, &track->path, err);
    if (status != EV_OK)
        goto done;
    status = ev_csv_read(track->path, &csv, err);
    if (status != EV_OK)
        goto done;
    if (csv.n_rows < MIN_POINTS || csv.n_rows > INT32_MAX / 2) {
        status = ev_fail(err, EV_INPUT, "%s: %lld points, expected at least %d", track->path,
                         (long long)csv.n_rows, MIN_POINTS);
        goto done;
    }
    int64_t n = csv.n_rows;
    track->name = ev_path_stem(name_or_path);
    points = calloc((size_t)csv.n_rows, sizeof *points);
    if (!track->name || !points) {
        status = ev_fail(err, EV_MEMORY, "out of memory");
        goto done;
    }
    status = read_points(track, &csv, points, err);
    if (status == EV_OK)
        status = check_spacing(track, &csv, points, err);
    if (status == EV_OK)
        status = ev_line_resample(&points, &n, err);
    if (status == EV_OK)
        status = ev_line_check_edges((const double(*)[EV_LINE_COLUMNS])points, n, track->path, err);
    if (status == EV_OK)
        status = build_segments(track, (const double(*)[EV_LINE_COLUMNS])points, n, err);
    if (status == EV_OK)
        status = build_grid(track, err);
done:
    free(points);
    ev_csv_free(&csv);
    if (status != EV_OK) {
        ev_track_close(track);
        track = NULL;
    }
    *out = track;
    return status;
}

void ev_track_close(struct ev_track *track)
{
    if (!track)
        return;
    free(track->name);
    free(track->path);
    free(track->segments);
    free(track->cells);
    free(track);
}

double ev_track_wrap(const struct ev_track *track, double s_m)
{
    double wrapped = fmod(s_m, track->length_m);

    if (wrapped < 0.0)
        wrapped += track->length_m;
    return wrapped < track->length_m ? wrapped : 0.0;
}

struct ev_pose ev_track_at(const struct ev_track *track, double s_m)
{
    double s = ev_track_wrap(track, s_m);
    int32_t low = 0, high = track->n_segments;

    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (track->segments[middle].s_m <= s)
            low = middle;
        else
            high = middle;
    }
    const struct ev_segment *segment = &track->segments[low];
    double along = s - segment->s_m;
    return (struct ev_pose){
        .x_m = segment->x_m + along * segment->tx,
        .y_m = segment->y_m + along * segment->ty,
        .yaw_rad = atan2(segment->ty, segment->tx),
    };
}
