/* SPDX-License-Identifier: MIT */
/*
 * From the sum of a channel's products to the integer of the next tensor, as libtorch's kernels
 * on the CPU do it. They differ in the order of their float32 operations, and so by one step in
 * about one of a million outputs; each operation is rounded to the nearest, ties to even, and none
 * is fused. Compiled as C11 and as CUDA, with the same result: a C compiler must not contract
 * (-ffp-contract=off).
 *
 * With scales sx of the input, sw of the channel's weights, sy of the output, zero point zy, bias b
 * and sum acc:
 *
 *     amx     rint(relu(acc * (sx' * sw) + b) * (1 / sy) + zy)      oneDNN with AMX, or with AVX2
 *     avx512  rint(relu((acc * sx') * sw + b) * (1 / sy) + zy)      oneDNN with AVX-512 VNNI
 *     fbgemm  rint((acc + b / (sx * sw)) * (sx * sw / sy)) + zy     FBGEMM: linear layers always
 *
 * clamped to 0 .. 255, with sx' = 1 / (1 / sx). Found by comparing outputs.
 */
#ifndef EV_REQUANT_H
#define EV_REQUANT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __CUDACC__
#define EV_HD __host__ __device__
#else
#define EV_HD
#endif

#ifdef __CUDA_ARCH__
#define EV_MUL(a, b) __fmul_rn(a, b)
#define EV_ADD(a, b) __fadd_rn(a, b)
#else
#define EV_MUL(a, b) ((a) * (b))
#define EV_ADD(a, b) ((a) + (b))
#endif

enum ev_requant_order { EV_REQUANT_AMX, EV_REQUANT_AVX512, EV_REQUANT_FBGEMM };

/* What turns a channel's sums: the factors in the order's way, and the bias in its unit. */
struct ev_requant_channel {
    float first, second, bias;
};

struct ev_requant_output {
    enum ev_requant_order order;
    bool relu;
    float inverse_scale;
    int32_t zero_point;
};

/* The channel's numbers; `bias` 0 where it has none. */
static inline struct ev_requant_channel ev_requant_channel(enum ev_requant_order order,
                                                           double in_scale, float weight_scale,
                                                           float bias, double out_scale)
{
    const float inverse = (float)(1.0 / in_scale), scale = (float)in_scale;
    const float product = scale * weight_scale;
    struct ev_requant_channel channel = {1.0f / inverse, weight_scale, bias};

    if (order == EV_REQUANT_AMX) {
        channel.first *= weight_scale;
    } else if (order == EV_REQUANT_FBGEMM) {
        channel.first = product / (float)out_scale;
        channel.bias = bias / product;
    }
    return channel;
}

static inline struct ev_requant_output ev_requant_output(enum ev_requant_order order, bool relu,
                                                         double scale, int32_t zero_point)
{
    struct ev_requant_output output = {order, relu, (float)(1.0 / scale), zero_point};

    return output;
}

EV_HD static inline uint8_t ev_requant_clamp(float value, int32_t low)
{
    /* Not a number becomes the lower bound. */
    return (uint8_t)(!(value >= (float)low) ? (float)low : value > 255.0f ? 255.0f : value);
}

EV_HD static inline uint8_t ev_requant(int32_t sum, const struct ev_requant_channel *channel,
                                       const struct ev_requant_output *output)
{
    const float zero = (float)output->zero_point;
    float value = (float)sum;

    if (output->order == EV_REQUANT_FBGEMM) {
        value = EV_MUL(EV_ADD(value, channel->bias), channel->first);
        return ev_requant_clamp(EV_ADD(rintf(value), zero),
                                output->relu ? output->zero_point : 0);
    }
    value = EV_MUL(value, channel->first);
    if (output->order == EV_REQUANT_AVX512)
        value = EV_MUL(value, channel->second);
    value = EV_ADD(value, channel->bias);
    if (output->relu && value < 0.0f)
        value = 0.0f;
    return ev_requant_clamp(rintf(EV_ADD(EV_MUL(value, output->inverse_scale), zero)), 0);
}

/* A float as an integer of a tensor: rint(x * (1 / scale)) + zero point, in 0 .. 255. */
EV_HD static inline uint8_t ev_quantize(float value, float inverse_scale, int32_t zero_point)
{
    return ev_requant_clamp(EV_ADD(rintf(EV_MUL(value, inverse_scale)), (float)zero_point), 0);
}

#endif
