/* SPDX-License-Identifier: MIT */
#ifndef EV_CUDA_ENGINE_PRIVATE_H
#define EV_CUDA_ENGINE_PRIVATE_H

#include "cuda/engine.h"
#include "cuda/lane.h"
#include "evalrun/net.h"

/* Two, so that one copies while the other computes. */
#define EV_CUDA_N_LANES    2
/* Places of memory that the host has pinned. */
#define EV_CUDA_MAX_PINNED 16

/* The model as it computes pictures of one form. */
struct ev_cuda_way {
    const struct ev_net *net;
    struct ev_plan *plan;
    struct ev_cuda_program program;
    CUgraphExec single; /* one picture, recorded; NULL until the first one */
};

struct ev_cuda_pinned {
    char *memory; /* NULL: this place is free */
    size_t n_bytes;
    bool is_own; /* registered here, not for another model of the process */
};

/* The layout of backend.h's opaque struct. */
struct ev_engine {
    char *path;
    const struct ev_net_reader *reader;
    struct ev_cuda_device device;
    int32_t device_index;
    struct ev_shape shape;
    int32_t n_outputs;
    enum ev_requant_order order;
    struct ev_cuda_way bytes, floats;
    struct ev_cuda_lane lanes[EV_CUDA_N_LANES];
    int32_t n_lanes;         /* 1 where batches are one picture */
    CUevent events[2];       /* begin and end, for who wants the device's time */
    CUevent order_events[2]; /* between the lanes */
    struct ev_cuda_pinned pinned[EV_CUDA_MAX_PINNED];
};

struct ev_cuda_way *ev_cuda_way_of(struct ev_engine *engine, uint32_t form);

#endif
