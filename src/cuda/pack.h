/* SPDX-License-Identifier: MIT */
/*
 * The constants of a plan as the kernels want them, in one piece of memory that goes to the device
 * as it is.
 *
 * Tiles are in the order in which lanes read them (see warp.h): a tile of 8 channels has its steps
 * one after the other, a step 32 lanes, lane 4 g + t two words of channel g: products 4 t to
 * 4 t + 3 of the step's first 16, in the low half, and of its others. Channels and products that
 * there are not have weights of 0.
 */
#ifndef EV_CUDA_PACK_H
#define EV_CUDA_PACK_H

#include <stddef.h>

#include "cuda/kernels.h"
#include "int8/plan.h"

/* What a step's constants are, and where: offsets in bytes; -1: it has none. */
struct ev_cuda_part {
    bool by_tiles;  /* integers whose patches are runs of bytes */
    bool is_linear; /* one pixel comes out, of the whole input */
    int32_t n_runs, run_steps;
    int64_t run_bytes;
    int32_t n_tiles;       /* of 8 channels, rounded up to whole warps */
    int32_t tiles_of_warp; /* 1 to EV_CUDA_MAX_TILES */
    int64_t n_products;    /* of a row of `weights` */
    int64_t tiles, weights, float_tiles, weight_sums, channels, weight_scales, bias;
};

struct ev_cuda_pack {
    struct ev_cuda_part *parts; /* one for each step of the plan */
    void *memory;
    size_t n_bytes;
};

/* Channels of integers as they lie: rounded up to four. */
int32_t ev_cuda_pitch(int32_t n_channels);

/* Packs what the plan holds; `path` is named by EV_MEMORY. The caller frees it by ev_cuda_unpack,
 * also after a failure. */
EV_CHECKED enum ev_status ev_cuda_pack(const struct ev_plan *plan, const char *path,
                                       struct ev_cuda_pack *pack, struct ev_error *err);
void ev_cuda_unpack(struct ev_cuda_pack *pack);

#endif
