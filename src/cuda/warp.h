/* SPDX-License-Identifier: MIT */
/* What all 32 lanes of a warp do together. Every lane must get there. */
#ifndef EV_CUDA_WARP_H
#define EV_CUDA_WARP_H

#include <stdint.h>

#define EV_ALL_LANES 0xffffffffu

/* sums += a * b on tensor cores, for TILES x ROWS products of 16 pixels by 32 values by 8 channels,
 * unsigned by signed bytes. Lane 4 g + t holds (PTX ISA, mma.m16n8k32)
 *     a: pixels g, g + 8, g, g + 8; values 4 t to 4 t + 3 of the first 16, twice, then of the
 * others b: channel g; values 4 t to 4 t + 3 of the first 16, then of the others sums: pixels g, g,
 * g + 8, g + 8; channels 2 t, 2 t + 1, 2 t, 2 t + 1 */
template <int ROWS, int TILES>
__device__ __forceinline__ void ev_warp_multiply(int32_t (&sums)[TILES][ROWS][4],
                                                 const uint32_t (&a)[ROWS][4],
                                                 const uint32_t (&b)[TILES][2])
{
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
        for (int n = 0; n < TILES; n++) {
            int32_t(&sum)[4] = sums[n][r];
            asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 "
                         "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                         : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
                         : "r"(a[r][0]), "r"(a[r][1]), "r"(a[r][2]), "r"(a[r][3]), "r"(b[n][0]),
                           "r"(b[n][1]));
        }
    }
}

/* The sum over all lanes, in each of them. */
template <class Number> __device__ __forceinline__ Number ev_warp_sum(Number value)
{
    for (int distance = 16; distance > 0; distance /= 2)
        value += __shfl_xor_sync(EV_ALL_LANES, value, distance);
    return value;
}

__device__ __forceinline__ uint32_t ev_warp_least(uint32_t value)
{
    return __reduce_min_sync(EV_ALL_LANES, value);
}

__device__ __forceinline__ uint32_t ev_warp_most(uint32_t value)
{
    return __reduce_max_sync(EV_ALL_LANES, value);
}

/* sum + products of four unsigned bytes by four signed ones: of one lane alone. */
__device__ __forceinline__ int32_t ev_dot4(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

#endif
