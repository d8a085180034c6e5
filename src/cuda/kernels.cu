/* SPDX-License-Identifier: MIT */
/*
 * All kernels, one file to compile. They hold no shared memory and no barrier: a warp or a thread
 * reads what it needs through the caches, and writes its outputs once.
 */
#include "cuda/kernels.h"
#include "cuda/warp.h"

#include "evalrun/net.h"

/* Where a pixel that comes out is: its row and place. */
struct Place {
    int64_t row;
    int32_t y, x;
};

__device__ static inline Place place_of(const struct ev_cuda_layer &layer, int64_t pixel)
{
    const int64_t n = (int64_t)layer.out_height * layer.out_width;
    const int64_t row = pixel / n;
    const int32_t within = (int32_t)(pixel - row * n);

    return {row, within / layer.out_width, within % layer.out_width};
}

/* Offset of the value in the input that the kernel's corner is on; outside, with a border. */
__device__ static inline int64_t corner_of(const struct ev_cuda_layer &layer, const Place &place)
{
    const int64_t y = (int64_t)place.y * layer.stride[0] - layer.padding[0];
    const int64_t x = (int64_t)place.x * layer.stride[1] - layer.padding[1];

    return ((place.row * layer.in_height + y) * layer.in_width + x) * layer.in_pitch;
}

__device__ static inline int64_t thread_number()
{
    return (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* The number of this warp, and of the lane in it. */
__device__ static inline int64_t warp_number()
{
    return thread_number() / EV_CUDA_WARP;
}

__device__ static inline int lane_number()
{
    return (int)(threadIdx.x % EV_CUDA_WARP);
}

#include "cuda/kernels_int8.cuh"
#include "cuda/kernels_float.cuh"
#include "cuda/kernels_values.cuh"
