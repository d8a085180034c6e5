/* SPDX-License-Identifier: MIT */
/*
 * CUDA's words for a kernel that is compiled for the processor. What the lanes of a warp do
 * together (cuda/warp.h) is done here when all 32 have come to it; each lane is a thread of control
 * of its own until then, as on a device. A kernel in which some lanes do not come ends the process.
 */
#ifndef EV_EMULATE_H
#define EV_EMULATE_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline

#define EV_CUDA_WARP_H /* what follows takes the place of cuda/warp.h */
#define EV_ALL_LANES   0xffffffffu

namespace emulated
{

struct Index {
    unsigned x, y, z;
};

/* Where the running thread is. */
struct Thread {
    Index thread, block, block_size, grid_size;
};
extern Thread running;

/* Waits until every lane has come with an operation of that kind, which is then performed on the
 * operands of all 32. */
using Perform = void (*)(void *const operands[32]);
void together(Perform perform, void *operands);

template <int ROWS, int TILES> struct Product {
    int32_t (*sums)[ROWS][4];
    const uint32_t (*a)[4];
    const uint32_t (*b)[2];
};

/* A byte of a lane's words. */
inline uint8_t byte_of(uint32_t word, int i)
{
    return static_cast<uint8_t>(word >> 8 * i);
}

/* sums of one product of 16 pixels by 8 channels, from what the PTX ISA says that lanes hold of
 * mma.m16n8k32 with bytes. */
using Lanes = uint32_t[32][4];
inline void multiply(const Lanes &a, const Lanes &b, int32_t (&sums)[16][8])
{
    int16_t pixels[16][32], channels[8][32];

    for (int k = 0; k < 32; k++) {
        const int lane = k % 16 / 4, half = k / 16;
        for (int p = 0; p < 16; p++)
            pixels[p][k] = byte_of(a[p % 8 * 4 + lane][half * 2 + p / 8], k % 4);
        for (int c = 0; c < 8; c++)
            channels[c][k] = static_cast<int8_t>(byte_of(b[c * 4 + lane][half], k % 4));
    }
    for (int p = 0; p < 16; p++) {
        for (int c = 0; c < 8; c++) {
            sums[p][c] = 0;
            for (int k = 0; k < 32; k++)
                sums[p][c] += pixels[p][k] * channels[c][k];
        }
    }
}

template <int ROWS, int TILES> void multiply_all(void *const operands[32])
{
    auto lane = [&](int i) { return static_cast<Product<ROWS, TILES> *>(operands[i]); };
    Lanes a, b;
    int32_t sums[16][8];

    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < 32; i++)
            std::memcpy(a[i], lane(i)->a[r], sizeof a[i]);
        for (int n = 0; n < TILES; n++) {
            for (int i = 0; i < 32; i++)
                std::memcpy(b[i], lane(i)->b[n], 2 * sizeof b[i][0]);
            multiply(a, b, sums);
            for (int i = 0; i < 32 * 4; i++)
                lane(i / 4)->sums[n][r][i % 4] +=
                    sums[i / 16 + i % 4 / 2 * 8][i / 4 % 4 * 2 + i % 2];
        }
    }
}

template <class Number> void add_up(void *const operands[32])
{
    Number sum = 0;

    for (int i = 0; i < 32; i++)
        sum += *static_cast<Number *>(operands[i]);
    for (int i = 0; i < 32; i++)
        *static_cast<Number *>(operands[i]) = sum;
}

inline void find_least(void *const operands[32])
{
    uint32_t least = UINT32_MAX;

    for (int i = 0; i < 32; i++)
        least = std::min(least, *static_cast<uint32_t *>(operands[i]));
    for (int i = 0; i < 32; i++)
        *static_cast<uint32_t *>(operands[i]) = least;
}

inline void find_most(void *const operands[32])
{
    uint32_t most = 0;

    for (int i = 0; i < 32; i++)
        most = std::max(most, *static_cast<uint32_t *>(operands[i]));
    for (int i = 0; i < 32; i++)
        *static_cast<uint32_t *>(operands[i]) = most;
}

} // namespace emulated

#define threadIdx emulated::running.thread
#define blockIdx  emulated::running.block
#define blockDim  emulated::running.block_size
#define gridDim   emulated::running.grid_size

template <int ROWS, int TILES>
inline void ev_warp_multiply(int32_t (&sums)[TILES][ROWS][4], const uint32_t (&a)[ROWS][4],
                             const uint32_t (&b)[TILES][2])
{
    emulated::Product<ROWS, TILES> product = {sums, a, b};

    emulated::together(emulated::multiply_all<ROWS, TILES>, &product);
}

template <class Number> inline Number ev_warp_sum(Number value)
{
    emulated::together(emulated::add_up<Number>, &value);
    return value;
}

inline uint32_t ev_warp_least(uint32_t value)
{
    emulated::together(emulated::find_least, &value);
    return value;
}

inline uint32_t ev_warp_most(uint32_t value)
{
    emulated::together(emulated::find_most, &value);
    return value;
}

inline int32_t ev_dot4(uint32_t a, uint32_t b, int32_t sum)
{
    for (int i = 0; i < 4; i++)
        sum += emulated::byte_of(a, i) * static_cast<int8_t>(emulated::byte_of(b, i));
    return sum;
}

inline uint32_t __float_as_uint(float value)
{
    uint32_t bits;

    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline float __uint_as_float(uint32_t bits)
{
    float value;

    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/* One thread at a time runs here. */
template <class Number> inline void atomicMin(Number *at, Number value)
{
    *at = value < *at ? value : *at;
}

template <class Number> inline void atomicMax(Number *at, Number value)
{
    *at = value > *at ? value : *at;
}

inline void atomicCAS(int32_t *at, int32_t old, int32_t value)
{
    *at = *at == old ? value : *at;
}

#endif
