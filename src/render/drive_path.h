/* SPDX-License-Identifier: MIT */
/* The expert's laps of a circuit: a pose every 1/20 s, in both directions. */
#ifndef EV_DRIVE_PATH_H
#define EV_DRIVE_PATH_H

#include "render/expert.h"

/* One moment of a drive. */
struct ev_path_point {
    struct ev_pose pose;
    double s_m;      /* nearest arc length */
    int32_t direction;
};

struct ev_drive_path {
    struct ev_path_point *points;
    int64_t n_points;
};

/* Drives one lap in the file's order, then one against it, from the line's first point.
 * Failure: EV_INPUT if the car leaves the road (the circuit is too narrow or too sharp). */
EV_CHECKED enum ev_status ev_drive_path_make(const struct ev_track *track,
                                             struct ev_drive_path *path, struct ev_error *err);
void ev_drive_path_free(struct ev_drive_path *path);

#endif
