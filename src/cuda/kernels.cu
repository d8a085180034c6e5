/* SPDX-License-Identifier: MIT */
/*
 * All kernels, one file to compile. They hold no shared memory and no barrier: a warp or a thread
 * reads what it needs through the caches, and writes its outputs once.
 */
#include <float.h>

#include "cuda/kernels.h"
#include "cuda/warp.h"

#include "evalrun/net.h"

/* Where a pixel that comes out is: its row and place. */
struct Place {
    int32_t row, y, x;
};

__device__ static inline Place place_of(const struct ev_cuda_layer &layer, int32_t pixel)
{
    const int32_t n = layer.out_height * layer.out_width;
    const int32_t row = pixel / n, within = pixel - row * n, y = within / layer.out_width;

    return {row, y, within - y * layer.out_width};
}

/* Offset of the value in the input that the kernel's corner is on; outside, with a border. */
__device__ static inline int64_t corner_of(const struct ev_cuda_layer &layer, const Place &place)
{
    const int32_t y = place.y * layer.stride[0] - layer.padding[0];
    const int32_t x = place.x * layer.stride[1] - layer.padding[1];

    return (((int64_t)place.row * layer.in_height + y) * layer.in_width + x) * layer.in_pitch;
}

/* Offset from there of the kernel's place (ky, kx), and whether that is within the picture. */
__device__ static inline int64_t offset_of(const struct ev_cuda_layer &layer, int32_t ky,
                                           int32_t kx)
{
    return ((int64_t)ky * layer.dilation[0] * layer.in_width + kx * layer.dilation[1]) *
           layer.in_pitch;
}

__device__ static inline bool is_inside(const struct ev_cuda_layer &layer, const Place &place,
                                        int32_t ky, int32_t kx)
{
    const int32_t y = place.y * layer.stride[0] + ky * layer.dilation[0] - layer.padding[0];
    const int32_t x = place.x * layer.stride[1] + kx * layer.dilation[1] - layer.padding[1];

    return y >= 0 && y < layer.in_height && x >= 0 && x < layer.in_width;
}

/* The first channel of the input that an output channel looks at. */
__device__ static inline int32_t first_channel(const struct ev_cuda_layer &layer, int32_t channel)
{
    return channel / (layer.n_out / layer.groups) * layer.n_in;
}

__device__ static inline int32_t thread_number()
{
    return (int32_t)(blockIdx.x * blockDim.x + threadIdx.x);
}

/* The number of this warp, and of the lane in it. */
__device__ static inline int32_t warp_number()
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
