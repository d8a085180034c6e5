/* SPDX-License-Identifier: MIT */
/*
 * One lap of the closed loop: camera, model, command, car, camera, in simulated time.
 *
 * The camera takes a picture every 1/20 s. The brain takes the next one when it is free, and its
 * command takes effect `latency` later; until then it is busy, so with a latency above 1/20 s it
 * misses pictures, as on a real car. Before the first command the car stands.
 */
#ifndef EV_LAP_H
#define EV_LAP_H

#include <stdbool.h>

#include "backend/backend.h"
#include "drive/car.h"
#include "render/camera.h"
#include "render/track.h"

/* How a lap ended. */
#define EV_LAP_END_LIST(X)                                                                         \
    X(EV_LAP_COMPLETED, "completed")                                                               \
    X(EV_LAP_LEFT_ROAD, "left the road") /* EV_LAP_LOST_M beyond the asphalt, or cut across */     \
    X(EV_LAP_NO_PROGRESS, "no progress") /* nothing gained for EV_LAP_PATIENCE_S */                \
    X(EV_LAP_NOT_FINITE, "answered NaN") /* or infinity */                                         \
    X(EV_LAP_INTERRUPTED, "interrupted")

#define EV_LAP_END_ENUM(code, text) code,
enum ev_lap_end { EV_LAP_END_LIST(EV_LAP_END_ENUM) EV_LAP_END_COUNT };
#undef EV_LAP_END_ENUM

#define EV_LAP_LOST_M     1.0
#define EV_LAP_PATIENCE_S 10.0

/* The state at one picture. */
struct ev_lap_frame {
    double time_s;
    struct ev_pose pose;
    double s_m;        /* arc length of the nearest place on the line */
    double progress_m; /* along the line since the start, in the driving direction */
    double offset_m;   /* from the line, left of the file's order positive */
    bool on_asphalt;
    struct ev_control motion;  /* what the car does */
    struct ev_control command; /* what the model answered, physical, unlimited; NAN if not asked */
};

/* Who drives: the model's answer to a picture. */
struct ev_driver {
    /* Command for the picture (66, 200, 3) uint8 taken at `frame`; *inference_ns is the time that
     * the model itself took. */
    enum ev_status (*control)(void *self, const uint8_t *picture, const struct ev_lap_frame *frame,
                              struct ev_control *command, int64_t *inference_ns,
                              struct ev_error *err);
    void *self;
    bool needs_pictures; /* false: `picture` is NULL */
};

struct ev_lap_args {
    const struct ev_track *track;
    int direction; /* 1: in the order of the file, -1: against it */
    uint64_t seed;
    int64_t lap; /* with the seed decides noise, start and pushes */
    double lag_s;
    bool perturb; /* a start beside the line, and pushes on the way */
    /* A command takes effect latencies_s[i] after its picture, drawn anew for each picture. */
    const double *latencies_s;
    int64_t n_latencies;
};

struct ev_lap {
    enum ev_lap_end end;
    double length_m;    /* of the line, the way of a whole lap */
    double completed_m; /* furthest progress along the line, at most length_m */
    double time_s;      /* of the lap, or until it ended */
    double driven_m;    /* length of the car's path */
    double off_asphalt_s;
    double deviation_mae_m; /* mean distance of the car from the line over the pictures */
    double deviation_max_m;
    double deviation_weighted; /* mean of 1000^d with d in metres, the driving community's figure */
    int64_t n_frames;
    int64_t n_inferences;
    int64_t wall_ns;             /* the whole loop, rendering included */
    float *inference_ns;         /* (n_inferences), owned */
    struct ev_lap_frame *frames; /* (n_frames), owned */
};

/* Drives until the lap ends. What a model answers is no failure of the program: NaN ends the lap
 * with that verdict. Failures are the driver's own (a lost device) and memory. Any thread. */
EV_CHECKED enum ev_status ev_lap_drive(const struct ev_lap_args *args,
                                       const struct ev_driver *driver, struct ev_lap *lap,
                                       struct ev_error *err);
void ev_lap_free(struct ev_lap *lap);
/* The picture (66, 200, 3) uint8 that the camera takes at picture number `frame` of a lap from this
 * pose: what the driver saw, again. Any thread. */
void ev_lap_picture(const struct ev_track *track, uint64_t seed, int64_t lap, int64_t frame,
                    struct ev_pose pose, uint8_t *rgb);
const char *ev_lap_end_text(enum ev_lap_end end);

#endif
