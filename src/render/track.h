/* SPDX-License-Identifier: MIT */
/*
 * A circuit: a closed centre line on flat ground with the asphalt's width to either side.
 *
 * Coordinates in metres, x to the east, y to the north, yaw counter-clockwise from x. `s` is the
 * arc length along the line in the order of the file, in [0, length). Offsets are signed: left of
 * the line (seen in the order of the file) is positive. A track is read-only once opened, so any
 * number of threads may use it.
 */
#ifndef EV_TRACK_H
#define EV_TRACK_H

#include <math.h>
#include <stdint.h>

#include "evalrun/error.h"

/* A segment from one point of the centre line to the next. */
struct ev_segment {
    float x_m, y_m;         /* where it starts */
    float tx, ty;           /* unit tangent */
    float length_m;
    float left_m, right_m;  /* from the line to the asphalt's edge, where it starts */
    float s_m;              /* arc length where it starts */
};

struct ev_track {
    char *name; /* of a file: without folder and ending */
    char *path;
    int32_t n_segments;
    struct ev_segment *segments;
    double length_m;
    /* Grid of square cells; each holds the segment nearest to its centre, or -1 if none is within
     * EV_TRACK_REACH_M. */
    int32_t *cells; /* (n_cells_y, n_cells_x) */
    int32_t n_cells_x, n_cells_y;
    float cells_x_m, cells_y_m; /* corner of cell (0, 0) */
};

#define EV_TRACK_CELL_M 0.5f
#define EV_TRACK_REACH_M 6.0f

struct ev_pose {
    double x_m, y_m, yaw_rad;
};

/* Where a point lies relative to the track. */
struct ev_track_place {
    int32_t segment; /* -1: farther than EV_TRACK_REACH_M; nothing else is then set */
    float s_m;
    float offset_m;  /* signed distance from the line, left positive */
    float left_m, right_m;
};

/* Opens a built-in circuit by name ("montreal") or a CSV file by path (a name that contains '/' or
 * ends in .csv) with columns x_m, y_m, left_m, right_m. Failure: EV_INPUT naming file and line, or
 * the nearest built-in name. */
EV_CHECKED enum ev_status ev_track_open(const char *name_or_path, struct ev_track **track,
                                        struct ev_error *err);
void ev_track_close(struct ev_track *track);

/* Point of the line at arc length s (any real number; wraps), with the line's direction as yaw. */
struct ev_pose ev_track_at(const struct ev_track *track, double s_m);

/* s brought into [0, length). */
double ev_track_wrap(const struct ev_track *track, double s_m);

/* Nearest place on the line. Starts from the grid cell's segment and walks along the line, which
 * is exact wherever the nearest stretch of the line is unambiguous. Inline: the camera calls it
 * some hundred thousand times a picture. */
static inline struct ev_track_place ev_track_find(const struct ev_track *track, float x_m,
                                                  float y_m)
{
    struct ev_track_place place = {.segment = -1};
    float cell_x = (x_m - track->cells_x_m) * (1.0f / EV_TRACK_CELL_M);
    float cell_y = (y_m - track->cells_y_m) * (1.0f / EV_TRACK_CELL_M);

    if (!(cell_x >= 0.0f && cell_y >= 0.0f && cell_x < (float)track->n_cells_x &&
          cell_y < (float)track->n_cells_y))
        return place;
    int32_t i = track->cells[(int32_t)cell_y * track->n_cells_x + (int32_t)cell_x];
    if (i < 0)
        return place;

    const struct ev_segment *segment = &track->segments[i];
    float dx = x_m - segment->x_m, dy = y_m - segment->y_m;
    float along = dx * segment->tx + dy * segment->ty;
    /* A cell's half diagonal is 0.35 m and segments are about 0.5 m: a few steps always do. */
    for (int step = 0; step < 4; step++) {
        int32_t next;
        if (along < 0.0f)
            next = i > 0 ? i - 1 : track->n_segments - 1;
        else if (along > segment->length_m)
            next = i + 1 < track->n_segments ? i + 1 : 0;
        else
            break;
        const struct ev_segment *other = &track->segments[next];
        float ox = x_m - other->x_m, oy = y_m - other->y_m;
        float other_along = ox * other->tx + oy * other->ty;
        /* Beyond the end of one and before the start of the other: the outer side of a corner. */
        if ((along < 0.0f) == (other_along > other->length_m))
            break;
        i = next;
        segment = other;
        dx = ox;
        dy = oy;
        along = other_along;
    }
    place.segment = i;
    place.s_m = segment->s_m + along;
    place.offset_m = segment->tx * dy - segment->ty * dx;
    place.left_m = segment->left_m;
    place.right_m = segment->right_m;
    return place;
}

#endif
