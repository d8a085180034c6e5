/* SPDX-License-Identifier: MIT */
/*
 * A lane: a stream of the device's work, with memory for the tensors of a piece of a batch. Two of
 * them take turns, so that one copies while the other computes.
 */
#ifndef EV_CUDA_LANE_H
#define EV_CUDA_LANE_H

#include "cuda/device.h"
#include "cuda/pack.h"

/* A plan, not its own, whose constants are on the device. */
struct ev_cuda_program {
    const struct ev_cuda_device *device;
    const struct ev_plan *plan;
    struct ev_cuda_part *parts; /* one for each step */
    CUdeviceptr constants;
};

/* Packs the plan and copies that to the device; the plan must outlive the program. `path` is named
 * where memory lacks. Closed by ev_cuda_program_close also after a failure. */
EV_CHECKED enum ev_status ev_cuda_program_open(const struct ev_cuda_device *device,
                                               const struct ev_plan *plan, const char *path,
                                               struct ev_cuda_program *program,
                                               struct ev_error *err);
void ev_cuda_program_close(struct ev_cuda_program *program);

struct ev_cuda_lane {
    const struct ev_cuda_device *device;
    int64_t max_rows;
    CUstream stream;
    CUdeviceptr pictures;   /* as the host has them */
    CUdeviceptr tensors[2]; /* in front of a layer and behind it */
    CUdeviceptr integers;   /* of floats that are quantised by their range */
    CUdeviceptr found;      /* struct ev_cuda_range of each piece */
    CUdeviceptr ranges;     /* struct ev_dynamic of each piece */
    CUdeviceptr failed;     /* int32: 1 + the first step whose values were not finite */
    void *host_pictures;    /* max_rows of them, from where the device can copy by itself */
    float *host_outputs;
    int32_t *host_failed;
};

/* The most that any tensor between two layers takes on the device, of one picture. */
size_t ev_cuda_most_bytes(const struct ev_plan *plan);

/* A lane for pieces of up to max_rows pictures of either program (`other` may be NULL). Freed by
 * ev_cuda_lane_close also after a failure. */
EV_CHECKED enum ev_status ev_cuda_lane_open(const struct ev_cuda_program *program,
                                            const struct ev_cuda_program *other, int64_t max_rows,
                                            struct ev_cuda_lane *lane, struct ev_error *err);
void ev_cuda_lane_close(struct ev_cuda_lane *lane);

/* Each puts work into the lane's stream and returns at once. */

/* Copies n_rows pictures to the device. */
EV_CHECKED enum ev_status ev_cuda_lane_send(const struct ev_cuda_lane *lane,
                                            const struct ev_cuda_program *program,
                                            const void *pictures, int64_t n_rows,
                                            struct ev_error *err);
/* Computes outputs of n_rows pictures that are there; *outputs is where they will be. `events`, if
 * not NULL, has one for the begin of each step of the plan, and one for the end of the last. */
EV_CHECKED enum ev_status ev_cuda_lane_compute(const struct ev_cuda_lane *lane,
                                               const struct ev_cuda_program *program,
                                               int64_t n_rows, const CUevent *events,
                                               CUdeviceptr *outputs, struct ev_error *err);
/* Copies them to `to`, and what went wrong to host_failed. */
EV_CHECKED enum ev_status ev_cuda_lane_fetch(const struct ev_cuda_lane *lane,
                                             const struct ev_cuda_program *program,
                                             CUdeviceptr outputs, int64_t n_rows, float *to,
                                             struct ev_error *err);

/* Waits for all of it. EV_INPUT with the layer where values that are quantised by their range were
 * not finite; ev_cuda_lane_reset must follow a failure. */
EV_CHECKED enum ev_status ev_cuda_lane_wait(const struct ev_cuda_lane *lane,
                                            const struct ev_cuda_program *program,
                                            struct ev_error *err);
/* Waits for what is left of a computation that failed, and forgets that it did. */
void ev_cuda_lane_reset(struct ev_cuda_lane *lane);

#endif
