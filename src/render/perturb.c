/* SPDX-License-Identifier: MIT */
/* Perturbed poses and looks of training frames. */
#include "render/perturb.h"

#include <math.h>

#include "base/rng.h"

#define SHIFT_M 2.0
#define NEAR_OFFSET_M 0.15
#define NEAR_TURN_RAD 0.05
#define FAR_SHARE 0.35
#define FAR_OFFSET_M 0.9
#define FAR_TURN_RAD 0.45

void ev_perturb_pose(const struct ev_track *track, uint64_t seed, int64_t frame,
                     struct ev_path_point *point)
{
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_PERTURB, (uint64_t)frame);
    double shift_m = ev_rng_range(&rng, 0.0, SHIFT_M) * point->direction;
    struct ev_pose line = ev_track_at(track, point->s_m);
    struct ev_pose shifted = ev_track_at(track, point->s_m + shift_m);
    double offset_m, turn_rad;

    if (ev_rng_uniform(&rng) < FAR_SHARE) {
        offset_m = ev_rng_range(&rng, -FAR_OFFSET_M, FAR_OFFSET_M);
        turn_rad = ev_rng_range(&rng, -FAR_TURN_RAD, FAR_TURN_RAD);
    } else {
        offset_m = NEAR_OFFSET_M * ev_rng_normal(&rng);
        turn_rad = NEAR_TURN_RAD * ev_rng_normal(&rng);
    }
    /* Keep the car's own offset and turn relative to the line, and add to them. */
    double dx = point->pose.x_m - line.x_m, dy = point->pose.y_m - line.y_m;
    offset_m += -sin(line.yaw_rad) * dx + cos(line.yaw_rad) * dy;
    turn_rad += point->pose.yaw_rad - line.yaw_rad;
    point->pose = (struct ev_pose){
        .x_m = shifted.x_m - sin(shifted.yaw_rad) * offset_m,
        .y_m = shifted.y_m + cos(shifted.yaw_rad) * offset_m,
        .yaw_rad = remainder(shifted.yaw_rad + turn_rad, 2.0 * M_PI),
    };
    struct ev_track_place place =
        ev_track_find(track, (float)point->pose.x_m, (float)point->pose.y_m);
    point->s_m = place.segment >= 0 ? ev_track_wrap(track, place.s_m)
                                    : ev_track_wrap(track, point->s_m + shift_m);
}

static void vary_surface(struct ev_rng *rng, struct ev_surface *surface, double spread)
{
    double common = spread * ev_rng_normal(rng);

    for (int c = 0; c < 3; c++)
        surface->rgb[c] += (float)(common + 0.5 * spread * ev_rng_normal(rng));
    surface->sigma *= (float)ev_rng_range(rng, 0.6, 1.4);
}

struct ev_look ev_perturb_look(uint64_t seed, int64_t frame)
{
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_LIGHT, (uint64_t)frame);
    struct ev_look look = ev_look_reference;
    double light = ev_rng_range(&rng, 0.75, 1.25);

    vary_surface(&rng, &look.asphalt, 8.0);
    vary_surface(&rng, &look.grass, 12.0);
    vary_surface(&rng, &look.marking, 10.0);
    vary_surface(&rng, &look.wall, 20.0);
    look.line.rgb[0] = (float)ev_rng_range(&rng, 215.0, 255.0);
    look.line.rgb[1] = look.line.rgb[2] = (float)ev_rng_range(&rng, 0.0, 25.0);
    look.line_width_m = (float)ev_rng_range(&rng, 0.10, 0.13);
    /* Roads of other circuits are wider, and wider on one side: without this a network steers by
     * the edges instead of the line. */
    for (int side = 0; side < 2; side++)
        look.width_scale[side] = (float)ev_rng_range(&rng, 0.8, 1.8);
    for (int c = 0; c < 3; c++)
        look.gain[c] = (float)(light * ev_rng_range(&rng, 0.93, 1.07));
    look.offset = (float)(6.0 * ev_rng_normal(&rng));
    /* A third of the pictures are blurred. */
    double blur = ev_rng_range(&rng, -1.2, 0.6);
    look.blur_sigma_px = blur > 0.2 ? (float)blur : 0.0f;
    look.wall_share = (float)ev_rng_range(&rng, 0.0, 0.6);
    look.marking_share = (float)ev_rng_uniform(&rng);
    look.place_seed = ev_rng_u64(&rng);
    return look;
}
