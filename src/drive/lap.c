/* SPDX-License-Identifier: MIT */
/* The loop of one lap. */
#include "drive/lap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/rng.h"

#define PERIOD_S (1.0 / EV_CAR_RATE_HZ)

/* Times are multiples of 1/20 s plus a latency: what differs by less is the same moment. */
#define SAME_TIME_S 1e-9

/* With --perturb. Starts and pushes lie within what the training frames show. */
#define START_OFFSET_M 0.3
#define START_TURN_RAD 0.1
#define PUSH_EVERY_S   5.0
#define PUSH_OFFSET_M  0.2
#define PUSH_TURN_RAD  0.05

/* A step along the line cannot be longer than the car's way by more than this: then the nearest
 * place has jumped to another stretch, and the car has cut across. */
#define MOST_JUMP_M 3.0

/* A command on its way from the brain to the car. */
struct pending {
    bool is_set;
    double at_s;
    struct ev_control command;
};

struct loop {
    const struct ev_lap_args *args;
    const struct ev_driver *driver;
    struct ev_lap *lap;
    struct ev_car car;
    struct ev_rng chance; /* pushes */
    struct pending pending;
    double best_m, best_at_s; /* furthest progress, and when */
    double driven_before_m;   /* the car's path at the frame before */
    int64_t frames_room, inferences_room;
    uint8_t picture[EV_PICTURE_BYTES];
};

static bool grow(void **items, int64_t *room, int64_t n, size_t item_bytes)
{
    if (n < *room)
        return true;
    int64_t larger = *room ? *room * 2 : 1024;
    void *moved = realloc(*items, (size_t)larger * item_bytes);
    if (!moved)
        return false;
    *items = moved;
    *room = larger;
    return true;
}

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* --- Start and pushes --- */

static struct ev_pose displaced(struct ev_pose pose, double offset_m, double turn_rad)
{
    return (struct ev_pose){
        .x_m = pose.x_m - sin(pose.yaw_rad) * offset_m,
        .y_m = pose.y_m + cos(pose.yaw_rad) * offset_m,
        .yaw_rad = remainder(pose.yaw_rad + turn_rad, 2.0 * M_PI),
    };
}

static void start(struct loop *loop)
{
    const struct ev_lap_args *args = loop->args;
    struct ev_pose pose = ev_track_at(args->track, 0.0);

    loop->chance = ev_rng_at(args->seed, EV_RNG_PUSH, (uint64_t)args->lap);
    if (args->direction < 0)
        pose.yaw_rad = remainder(pose.yaw_rad + M_PI, 2.0 * M_PI);
    if (args->perturb) {
        double offset_m = ev_rng_range(&loop->chance, -START_OFFSET_M, START_OFFSET_M);
        double turn_rad = ev_rng_range(&loop->chance, -START_TURN_RAD, START_TURN_RAD);
        pose = displaced(pose, offset_m, turn_rad);
    }
    loop->car = ev_car_start(pose, args->lag_s);
}

/* Once in PUSH_EVERY_S on average. */
static void maybe_push(struct loop *loop)
{
    if (!loop->args->perturb || ev_rng_uniform(&loop->chance) >= PERIOD_S / PUSH_EVERY_S)
        return;
    double offset_m = ev_rng_range(&loop->chance, -PUSH_OFFSET_M, PUSH_OFFSET_M);
    double turn_rad = ev_rng_range(&loop->chance, -PUSH_TURN_RAD, PUSH_TURN_RAD);
    loop->car.pose = displaced(loop->car.pose, offset_m, turn_rad);
}

/* --- Where the car is --- */

/* Fills the frame at time_s; false when the car is no longer on the road. */
static bool locate(struct loop *loop, double time_s, struct ev_lap_frame *frame)
{
    const struct ev_track *track = loop->args->track;
    const struct ev_lap *lap = loop->lap;
    const struct ev_lap_frame *before = lap->n_frames > 0 ? &lap->frames[lap->n_frames - 1] : NULL;
    struct ev_track_place place =
        ev_track_find(track, (float)loop->car.pose.x_m, (float)loop->car.pose.y_m);

    *frame = (struct ev_lap_frame){
        .time_s = time_s,
        .pose = loop->car.pose,
        .motion = loop->car.motion,
        .command = {NAN, NAN},
    };
    if (place.segment < 0)
        return false;
    double from_m = before ? before->s_m : 0.0;
    double step_m = remainder(place.s_m - from_m, track->length_m) * loop->args->direction;
    double driven_m = loop->car.driven_m - loop->driven_before_m;
    loop->driven_before_m = loop->car.driven_m;
    frame->s_m = ev_track_wrap(track, place.s_m);
    frame->progress_m = (before ? before->progress_m : 0.0) + step_m;
    frame->offset_m = place.offset_m;
    frame->on_asphalt = place.offset_m <= place.left_m && place.offset_m >= -place.right_m;
    return fabs(step_m) <= driven_m + MOST_JUMP_M &&
           place.offset_m <= place.left_m + EV_LAP_LOST_M &&
           place.offset_m >= -place.right_m - EV_LAP_LOST_M;
}

/* The moment at which the last step crossed the end of the lap. */
static double finish_time(const struct ev_lap *lap, const struct ev_lap_frame *frame)
{
    const struct ev_lap_frame *before = &lap->frames[lap->n_frames - 1];
    double share = (lap->length_m - before->progress_m) / (frame->progress_m - before->progress_m);

    return before->time_s + share * (frame->time_s - before->time_s);
}

/* Whether the lap ends at this frame, and how. */
static bool has_ended(struct loop *loop, bool on_road, const struct ev_lap_frame *frame)
{
    struct ev_lap *lap = loop->lap;

    lap->time_s = frame->time_s;
    if (!on_road) {
        lap->end = EV_LAP_LEFT_ROAD;
        return true;
    }
    if (frame->progress_m > loop->best_m) {
        loop->best_m = frame->progress_m;
        loop->best_at_s = frame->time_s;
    }
    if (frame->progress_m >= lap->length_m) {
        lap->end = EV_LAP_COMPLETED;
        lap->time_s = finish_time(lap, frame);
        return true;
    }
    if (frame->time_s - loop->best_at_s >= EV_LAP_PATIENCE_S) {
        lap->end = EV_LAP_NO_PROGRESS;
        return true;
    }
    if (ev_interrupted()) {
        lap->end = EV_LAP_INTERRUPTED;
        return true;
    }
    return false;
}

/* --- The brain --- */

/* More pictures than any lap has. */
#define MOST_FRAMES 1000003

static uint64_t frame_index(int64_t lap, int64_t frame)
{
    return (uint64_t)(lap * MOST_FRAMES + frame);
}

static double latency_of(const struct loop *loop, int64_t frame)
{
    const struct ev_lap_args *args = loop->args;
    struct ev_rng rng = ev_rng_at(args->seed, EV_RNG_LATENCY, frame_index(args->lap, frame));

    return args->latencies_s[ev_rng_below(&rng, (uint64_t)args->n_latencies)];
}

static enum ev_status think(struct loop *loop, struct ev_lap_frame *frame, struct ev_error *err)
{
    struct ev_lap *lap = loop->lap;
    int64_t inference_ns = 0;

    if (!grow((void **)&lap->inference_ns, &loop->inferences_room, lap->n_inferences,
              sizeof *lap->inference_ns))
        return out_of_memory(err);
    enum ev_status status = loop->driver->control(
        loop->driver->self, loop->driver->needs_pictures ? loop->picture : NULL, frame,
        &frame->command, &inference_ns, err);
    if (status != EV_OK)
        return status;
    lap->inference_ns[lap->n_inferences++] = (float)inference_ns;
    loop->pending = (struct pending){
        .is_set = true,
        .at_s = frame->time_s + latency_of(loop, lap->n_frames),
        .command = frame->command,
    };
    return EV_OK;
}

/* Moves the car to the next frame; a command that takes effect on the way does so in its moment. */
static void advance(struct loop *loop, double from_s, double to_s)
{
    struct pending *pending = &loop->pending;

    if (pending->is_set && pending->at_s <= to_s + SAME_TIME_S) {
        double at_s = fmin(fmax(pending->at_s, from_s), to_s);
        ev_car_advance(&loop->car, at_s - from_s);
        ev_car_command(&loop->car, pending->command);
        pending->is_set = false;
        from_s = at_s;
    }
    ev_car_advance(&loop->car, to_s - from_s);
}

/* --- The lap --- */

void ev_lap_picture(const struct ev_track *track, uint64_t seed, int64_t lap, int64_t frame,
                    struct ev_pose pose, uint8_t *rgb)
{
    struct ev_look look = ev_look_reference;
    struct ev_rng noise = ev_rng_at(seed, EV_RNG_PIXEL_NOISE, frame_index(lap, frame));

    look.place_seed = seed + (uint64_t)lap;
    ev_camera_picture(track, &look, pose, noise.key, rgb);
}

static enum ev_status run(struct loop *loop, struct ev_error *err)
{
    const struct ev_lap_args *args = loop->args;
    struct ev_lap *lap = loop->lap;

    for (;; lap->n_frames++) {
        const double time_s = (double)lap->n_frames * PERIOD_S;
        if (!grow((void **)&lap->frames, &loop->frames_room, lap->n_frames, sizeof *lap->frames))
            return out_of_memory(err);
        struct ev_lap_frame *frame = &lap->frames[lap->n_frames];
        bool on_road = locate(loop, time_s, frame);
        if (has_ended(loop, on_road, frame))
            return EV_OK;
        /* Busy while a command is on its way. */
        bool thinks = !loop->pending.is_set;
        if (thinks && loop->driver->needs_pictures)
            ev_lap_picture(args->track, args->seed, args->lap, lap->n_frames, frame->pose,
                           loop->picture);
        enum ev_status status = thinks ? think(loop, frame, err) : EV_OK;
        if (status != EV_OK)
            return status;
        if (thinks && !(isfinite(frame->command.v_mps) && isfinite(frame->command.w_radps))) {
            lap->end = EV_LAP_NOT_FINITE;
            lap->n_frames++;
            return EV_OK;
        }
        advance(loop, time_s, time_s + PERIOD_S);
        maybe_push(loop);
    }
}

static void sum_up(struct ev_lap *lap, const struct loop *loop)
{
    const double n = (double)(lap->n_frames > 0 ? lap->n_frames : 1);

    lap->completed_m = fmin(fmax(loop->best_m, 0.0), lap->length_m);
    lap->driven_m = loop->car.driven_m;
    for (int64_t i = 0; i < lap->n_frames; i++) {
        double distance_m = fabs(lap->frames[i].offset_m);
        lap->deviation_mae_m += distance_m / n;
        lap->deviation_max_m = fmax(lap->deviation_max_m, distance_m);
        lap->deviation_weighted += pow(1000.0, distance_m) / n;
        lap->off_asphalt_s += lap->frames[i].on_asphalt ? 0.0 : PERIOD_S;
    }
}

enum ev_status ev_lap_drive(const struct ev_lap_args *args, const struct ev_driver *driver,
                            struct ev_lap *lap, struct ev_error *err)
{
    struct loop *loop = calloc(1, sizeof *loop);
    const int64_t start_ns = ev_clock_ns();

    *lap = (struct ev_lap){.length_m = args->track->length_m};
    if (!loop)
        return out_of_memory(err);
    loop->args = args;
    loop->driver = driver;
    loop->lap = lap;
    start(loop);
    enum ev_status status = run(loop, err);
    if (status == EV_OK) {
        sum_up(lap, loop);
        lap->wall_ns = ev_clock_ns() - start_ns;
    } else {
        ev_lap_free(lap);
    }
    free(loop);
    return status;
}

void ev_lap_free(struct ev_lap *lap)
{
    free(lap->inference_ns);
    free(lap->frames);
    *lap = (struct ev_lap){0};
}

const char *ev_lap_end_text(enum ev_lap_end end)
{
#define TEXT(code, text) text,
    static const char *const texts[] = {EV_LAP_END_LIST(TEXT)};
#undef TEXT
    return end < EV_LAP_END_COUNT ? texts[end] : "unknown";
}
