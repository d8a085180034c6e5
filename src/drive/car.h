/* SPDX-License-Identifier: MIT */
/*
 * The car: a planar unicycle that is told a forward speed and a yaw rate. Both are limited, and
 * both may lag behind the command as a first-order system does.
 */
#ifndef EV_CAR_H
#define EV_CAR_H

#include "render/expert.h"

/* A command may be slower than any that the expert gives; a car does not drive backwards. */
#define EV_CAR_V_LEAST_MPS 0.0

struct ev_car {
    struct ev_pose pose;
    struct ev_control command; /* in effect, within the limits */
    struct ev_control motion;  /* what the car does now; equals the command without lag */
    double lag_s;              /* time constant of both speeds; 0: they follow at once */
    double driven_m;           /* length of the path so far */
};

/* A car at rest. */
struct ev_car ev_car_start(struct ev_pose pose, double lag_s);

/* A new command, brought within 0 to EV_CAR_V_MAX_MPS and +- EV_CAR_W_MAX_RADPS. */
void ev_car_command(struct ev_car *car, struct ev_control command);

/*
 * The car dt_s seconds later, under its present command. Without lag the path is an arc, and exact.
 * With lag the speeds go from u to the command c as c + (u - c) exp(-t / lag); the path is made of
 * arcs of at most 5 ms with the speeds of their middles, which errs by less than 1e-5 m a second
 * for lags from 20 ms on (the midpoint rule's error, v * dt^2 / (24 lag^2)).
 */
void ev_car_advance(struct ev_car *car, double dt_s);

#endif
