/* SPDX-License-Identifier: MIT */
/* The expert's control law and the car's motion. */
#include "render/expert.h"

#include <math.h>

/* Points ahead that the speed looks at. 13 m ahead the ground is 3.5 camera rows below the
 * horizon: farther bends cannot be told from the picture, so they must not matter. */
static const double speed_points_m[] = {4.0, 5.5, 7.0, 8.5, 10.0, 11.5, 13.0};
#define N_SPEED_POINTS (sizeof speed_points_m / sizeof speed_points_m[0])

/* Curvature at which the car is at its slowest: bends of 8 m radius and less. */
#define SLOWEST_CURVATURE_PM 0.125

/* Distance of the steering point: STEER_BASE_M + v * STEER_TIME_S. */
#define STEER_BASE_M 1.1
#define STEER_TIME_S 0.22

/* Pursuit curvature to the line's point `ahead_m` further along in the driving direction. */
static double pursuit_curvature(const struct ev_track *track, struct ev_pose pose, double s_m,
                                int direction, double ahead_m)
{
    struct ev_pose target = ev_track_at(track, s_m + direction * ahead_m);
    double dx = target.x_m - pose.x_m, dy = target.y_m - pose.y_m;
    double lateral_m = -sin(pose.yaw_rad) * dx + cos(pose.yaw_rad) * dy;
    double distance_sq = dx * dx + dy * dy;

    /* sin(a) = lateral / d, so k = 2 lateral / d^2; the floor keeps a point that the car has
     * reached from asking for an endless turn. */
    return 2.0 * lateral_m / fmax(distance_sq, 0.25);
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

struct ev_control ev_expert_control(const struct ev_track *track, struct ev_pose pose, double s_m,
                                    int direction)
{
    double largest = 0.0;

    for (size_t i = 0; i < N_SPEED_POINTS; i++) {
        double k = pursuit_curvature(track, pose, s_m, direction, speed_points_m[i]);
        largest = fmax(largest, fabs(k));
    }
    double slow = fmin(largest / SLOWEST_CURVATURE_PM, 1.0);
    double v = EV_CAR_V_MAX_MPS - (EV_CAR_V_MAX_MPS - EV_CAR_V_MIN_MPS) * slow;

    double steer_m = STEER_BASE_M + STEER_TIME_S * v;
    double w = v * pursuit_curvature(track, pose, s_m, direction, steer_m);
    return (struct ev_control){v, clamp(w, -EV_CAR_W_MAX_RADPS, EV_CAR_W_MAX_RADPS)};
}

struct ev_pose ev_car_move(struct ev_pose pose, struct ev_control control, double dt_s)
{
    double turn = control.w_radps * dt_s;
    double chord_m = control.v_mps * dt_s;
    double heading = pose.yaw_rad + 0.5 * turn;

    /* The chord of an arc is shorter than the arc by sin(t/2) / (t/2). */
    if (fabs(turn) > 1e-9)
        chord_m *= sin(0.5 * turn) / (0.5 * turn);
    return (struct ev_pose){
        .x_m = pose.x_m + chord_m * cos(heading),
        .y_m = pose.y_m + chord_m * sin(heading),
        .yaw_rad = remainder(pose.yaw_rad + turn, 2.0 * M_PI),
    };
}
