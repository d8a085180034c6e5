/* SPDX-License-Identifier: MIT */
/* Simulates the expert around a circuit. */
#include "render/drive_path.h"

#include <stdlib.h>

#define DT_S (1.0 / EV_CAR_RATE_HZ)

static enum ev_status append(struct ev_drive_path *path, int64_t *capacity,
                             struct ev_path_point point, struct ev_error *err)
{
    if (path->n_points == *capacity) {
        int64_t larger = *capacity ? *capacity * 2 : 4096;
        struct ev_path_point *points = realloc(path->points, (size_t)larger * sizeof *points);
        if (!points)
            return ev_fail(err, EV_MEMORY, "out of memory");
        path->points = points;
        *capacity = larger;
    }
    path->points[path->n_points++] = point;
    return EV_OK;
}

static enum ev_status drive_lap(const struct ev_track *track, int32_t direction,
                                struct ev_drive_path *path, int64_t *capacity,
                                struct ev_error *err)
{
    struct ev_path_point point = {ev_track_at(track, 0.0), 0.0, direction};
    double driven_m = 0.0;

    if (direction < 0)
        point.pose.yaw_rad = remainder(point.pose.yaw_rad + M_PI, 2.0 * M_PI);
    while (driven_m < track->length_m) {
        enum ev_status status = append(path, capacity, point, err);
        if (status != EV_OK)
            return status;
        struct ev_control control =
            ev_expert_control(track, point.pose, point.s_m, direction);
        point.pose = ev_car_move(point.pose, control, DT_S);
        struct ev_track_place place =
            ev_track_find(track, (float)point.pose.x_m, (float)point.pose.y_m);
        if (place.segment < 0 || place.offset_m > place.left_m || place.offset_m < -place.right_m)
            return ev_fail(err, EV_INPUT, "%s: the expert left the road %.1f m into the lap",
                           track->path, driven_m);
        /* The shorter way round between both places is the way driven. */
        double step_m = remainder(place.s_m - point.s_m, track->length_m) * direction;
        driven_m += step_m;
        point.s_m = place.s_m;
        if (step_m <= 0.0)
            return ev_fail(err, EV_INPUT, "%s: the expert turned round %.1f m into the lap",
                           track->path, driven_m);
    }
    return EV_OK;
}

enum ev_status ev_drive_path_make(const struct ev_track *track, struct ev_drive_path *path,
                                  struct ev_error *err)
{
    int64_t capacity = 0;

    *path = (struct ev_drive_path){0};
    enum ev_status status = drive_lap(track, 1, path, &capacity, err);
    if (status == EV_OK)
        status = drive_lap(track, -1, path, &capacity, err);
    if (status != EV_OK)
        ev_drive_path_free(path);
    return status;
}

void ev_drive_path_free(struct ev_drive_path *path)
{
    free(path->points);
    *path = (struct ev_drive_path){0};
}
