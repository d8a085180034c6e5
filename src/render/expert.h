/* SPDX-License-Identifier: MIT */
/*
 * The expert driver: a pursuit controller over pose and track, without memory.
 *
 * What it answers depends only on where the line lies ahead of the car within what the camera can
 * see, so a network that sees the picture can learn it, and a car off the line gets the commands
 * that bring it back.
 */
#ifndef EV_EXPERT_H
#define EV_EXPERT_H

#include "render/track.h"

/* Limits of the car, which are also the normalisation ranges of the labels. */
#define EV_CAR_V_MIN_MPS 6.5
#define EV_CAR_V_MAX_MPS 24.0
#define EV_CAR_W_MAX_RADPS 7.1
#define EV_CAR_RATE_HZ 20.0

/* What the car is told. */
struct ev_control {
    double v_mps;   /* forward speed */
    double w_radps; /* yaw rate, counter-clockwise positive */
};

/* Commands at `pose` for driving in the file's order (direction 1) or against it (-1).
 * `s_m` is the arc length of the place on the line nearest to the car.
 *
 * Pursuit curvature to a point of the line at distance d and bearing a: k = 2 sin(a) / d (Coulter,
 * "Implementation of the pure pursuit path tracking algorithm", CMU-RI-TR-92-01). Speed falls
 * linearly with the largest |k| over points 4 to 13 m ahead; the steering point is nearer the
 * slower the car. */
struct ev_control ev_expert_control(const struct ev_track *track, struct ev_pose pose, double s_m,
                                    int direction);

/* The pose after dt seconds of a planar unicycle under constant commands, exactly. */
struct ev_pose ev_car_move(struct ev_pose pose, struct ev_control control, double dt_s);

#endif
