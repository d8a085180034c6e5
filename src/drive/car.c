/* SPDX-License-Identifier: MIT */
/* Commands and motion of the car. */
#include "drive/car.h"

#include <math.h>

#define STEP_S 0.005

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

struct ev_car ev_car_start(struct ev_pose pose, double lag_s)
{
    return (struct ev_car){.pose = pose, .lag_s = lag_s};
}

void ev_car_command(struct ev_car *car, struct ev_control command)
{
    car->command.v_mps = clamp(command.v_mps, EV_CAR_V_LEAST_MPS, EV_CAR_V_MAX_MPS);
    car->command.w_radps = clamp(command.w_radps, -EV_CAR_W_MAX_RADPS, EV_CAR_W_MAX_RADPS);
    if (car->lag_s <= 0.0)
        car->motion = car->command;
}

static double approach(double from, double to, double share_left)
{
    return to + (from - to) * share_left;
}

static void move(struct ev_car *car, struct ev_control motion, double dt_s)
{
    car->pose = ev_car_move(car->pose, motion, dt_s);
    car->driven_m += motion.v_mps * dt_s;
}

void ev_car_advance(struct ev_car *car, double dt_s)
{
    if (car->lag_s <= 0.0) {
        move(car, car->motion, dt_s);
        return;
    }
    const int n_steps = (int)ceil(dt_s / STEP_S);
    const double step_s = n_steps > 0 ? dt_s / n_steps : 0.0;
    const double half = exp(-0.5 * step_s / car->lag_s), whole = half * half;

    for (int i = 0; i < n_steps; i++) {
        const struct ev_control middle = {
            approach(car->motion.v_mps, car->command.v_mps, half),
            approach(car->motion.w_radps, car->command.w_radps, half),
        };
        move(car, middle, step_s);
        car->motion.v_mps = approach(car->motion.v_mps, car->command.v_mps, whole);
        car->motion.w_radps = approach(car->motion.w_radps, car->command.w_radps, whole);
    }
}
