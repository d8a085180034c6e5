/* SPDX-License-Identifier: MIT */
/*
 * Random numbers from a counter: a value is a pure function of (seed, purpose, index, counter), so
 * results never depend on the order of calls or the number of threads.
 *
 * The mixing function is SplitMix64's finaliser (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", OOPSLA 2014), applied to the key and then to key + counter * golden ratio.
 */
#ifndef EV_RNG_H
#define EV_RNG_H

#include <stdint.h>

/* What numbers are for; part of the key, so that uses never share numbers. */
enum ev_rng_purpose {
    EV_RNG_PIXEL_NOISE = 1,
    EV_RNG_PERTURB,
    EV_RNG_LIGHT,
    EV_RNG_SHUFFLE,
    EV_RNG_AUGMENT,
    EV_RNG_SPLIT,
    EV_RNG_TEST,
    EV_RNG_PUSH,
    EV_RNG_LATENCY,
    EV_RNG_RESAMPLE,
    EV_RNG_DIVIDE,
    EV_RNG_DESIGN,
    EV_RNG_BLOCKS,
};

struct ev_rng {
    uint64_t key;
    uint64_t counter;
};

static inline uint64_t ev_rng_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A generator for one (seed, purpose, index). */
static inline struct ev_rng ev_rng_at(uint64_t seed, enum ev_rng_purpose purpose, uint64_t index)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t key = ev_rng_mix(seed + golden);
    key = ev_rng_mix(key ^ ((uint64_t)purpose * golden));
    key = ev_rng_mix(key ^ (index * golden + 1));
    return (struct ev_rng){key, 0};
}

/* The next 64 bits. */
static inline uint64_t ev_rng_u64(struct ev_rng *rng)
{
    return ev_rng_mix(rng->key + UINT64_C(0x9e3779b97f4a7c15) * ++rng->counter);
}

/* Uniform in [0, 1), 53 bits. */
static inline double ev_rng_uniform(struct ev_rng *rng)
{
    return (double)(ev_rng_u64(rng) >> 11) * 0x1p-53;
}

/* Uniform in [low, high). */
static inline double ev_rng_range(struct ev_rng *rng, double low, double high)
{
    return low + (high - low) * ev_rng_uniform(rng);
}

/* Uniform integer in [0, n), n >= 1, by multiplication of the high bits (bias below n / 2^64). */
static inline uint64_t ev_rng_below(struct ev_rng *rng, uint64_t n)
{
    return (uint64_t)((__extension__(unsigned __int128) ev_rng_u64(rng) * n) >> 64);
}

/* Standard normal, Box-Muller, one value per two uniforms. */
double ev_rng_normal(struct ev_rng *rng);

#endif
