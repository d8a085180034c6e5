/* SPDX-License-Identifier: MIT */
/*
 * The kernels: their names, and what each is given. Read by C11 and by CUDA.
 *
 * Images lie as (row, H, W, pitch). Integers have a pitch of their channels rounded up to four, so
 * that tensor cores can be fed words; what stands in the channels too many is anything, as its
 * weights are 0. Bytes as they come, and floats, have the pitch of their channels.
 *
 * Pixels, and threads of a kernel, are counted in 32 bits, as the division that finds a thread's
 * place is many times as fast so.
 */
#ifndef EV_CUDA_KERNELS_H
#define EV_CUDA_KERNELS_H

#include <stdint.h>

#include "int8/dynamic.h"
#include "int8/requant.h"

/* A warp of convolution tiles computes 16 pixels x EV_CUDA_TILE_ROWS by 8 channels x 1 to 8. */
#define EV_CUDA_TILE_PIXELS    16
#define EV_CUDA_TILE_CHANNELS  8
#define EV_CUDA_TILE_ROWS      2
#define EV_CUDA_MAX_TILES      8
/* Products of a step, and bytes that may be read behind the last pixel of a tensor. */
#define EV_CUDA_STEP_PRODUCTS  32
#define EV_CUDA_SLACK_BYTES    32
#define EV_CUDA_WARP           32
/* Channels and pixels of one thread of a float convolution. */
#define EV_CUDA_FLOAT_CHANNELS 8
#define EV_CUDA_FLOAT_PIXELS   4

/* A convolution or linear layer over pixels that come out, of all rows. A linear layer is a
 * convolution with the size of its input. Pointers are the device's. */
struct ev_cuda_layer {
    const void *in;
    void *out;
    int32_t n_pixels;
    int32_t in_height, in_width, in_pitch;
    int32_t out_height, out_width, out_pitch;
    int32_t n_in; /* channels of one group */
    int32_t n_out;
    int32_t kernel[2], stride[2], padding[2], dilation[2], groups;
    int32_t relu;

    /* Of tiles: the kernel as runs of bytes that lie together, each of so many steps. */
    int32_t n_runs, run_steps;
    int64_t run_bytes;     /* from the begin of one run to that of the next */
    const uint64_t *tiles; /* see pack.h */

    /* Of other kernels: rows of n_products integers or floats, one for each channel; of float
     * tiles (n_products, n_out), n_out rounded up to EV_CUDA_FLOAT_CHANNELS. */
    const void *weights;
    int32_t n_products;

    /* What the sums become. */
    int32_t in_zero;
    const int32_t *weight_sums;
    const struct ev_requant_channel *channels;
    struct ev_requant_output output;
    const struct ev_dynamic *ranges; /* of each piece of rows; NULL but for dynamic layers */
    const float *weight_scales;
    const float *bias; /* NULL: none */
};

/* Least and greatest value of a piece, as integers in the order of the floats; `unfinite` is not 0
 * where one is none. Begins as EV_CUDA_RANGE_ZERO, EV_CUDA_RANGE_ZERO, 0, and is that again when
 * the range has been chosen: 0 is always in a range. */
struct ev_cuda_range {
    uint32_t low, high, unfinite;
};
#define EV_CUDA_RANGE_ZERO UINT32_C(0x80000000)

/* What happens to single values, or what moves them. */
struct ev_cuda_values {
    const void *in;
    void *out;
    int32_t n_pixels; /* of all rows */
    int32_t n_picture_pixels;
    int32_t n_channels, in_pitch, out_pitch;
    float scale; /* divisor, inverse scale or scale */
    int32_t zero_point;
    float low, high;

    /* Of floats that are quantised by the range of each piece. */
    struct ev_cuda_range *found;
    struct ev_dynamic *ranges;
    int32_t n_pieces;
    int32_t reduce_range;
    int32_t *failed; /* becomes the first step_number where a value is not finite; else 0 */
    int32_t step_number;
};

/* X(name, struct that it is given). Tiles come with 1 to EV_CUDA_MAX_TILES channels x 8. */
#define EV_CUDA_KERNELS(X)                                                                         \
    X(tiles_1, ev_cuda_layer)                                                                      \
    X(tiles_2, ev_cuda_layer)                                                                      \
    X(tiles_3, ev_cuda_layer)                                                                      \
    X(tiles_4, ev_cuda_layer)                                                                      \
    X(tiles_5, ev_cuda_layer)                                                                      \
    X(tiles_6, ev_cuda_layer)                                                                      \
    X(tiles_7, ev_cuda_layer)                                                                      \
    X(tiles_8, ev_cuda_layer)                                                                      \
    X(tiles_few, ev_cuda_layer)   /* 16 pixels x 8 channels: when there are few pixels */          \
    X(linear_few, ev_cuda_layer)  /* a warp for each output: when there are few rows */            \
    X(conv_any, ev_cuda_layer)    /* a thread for each output: any convolution of integers */      \
    X(float_tiles, ev_cuda_layer) /* 4 pixels x 8 channels a thread: no groups */                  \
    X(float_few, ev_cuda_layer)   /* a warp for each output of a linear layer */                   \
    X(float_any, ev_cuda_layer)   /* a thread for each output: groups */                           \
    X(take, ev_cuda_values)       /* bytes to integers of another pitch */                         \
    X(planes, ev_cuda_values)     /* floats (C, H, W) to (H, W, C) */                              \
    X(divide_bytes, ev_cuda_values)                                                                \
    X(divide_floats, ev_cuda_values)                                                               \
    X(quantize, ev_cuda_values)                                                                    \
    X(dequantize, ev_cuda_values)                                                                  \
    X(clamp_floats, ev_cuda_values)                                                                \
    X(clamp_integers, ev_cuda_values)                                                              \
    X(find_range, ev_cuda_values)                                                                  \
    X(choose_range, ev_cuda_values)                                                                \
    X(quantize_range, ev_cuda_values)

#define EV_CUDA_KERNEL_ENUM(name, args) EV_CUDA_##name,
enum ev_cuda_kernel { EV_CUDA_KERNELS(EV_CUDA_KERNEL_ENUM) EV_CUDA_N_KERNELS };
#undef EV_CUDA_KERNEL_ENUM

#endif
