/* SPDX-License-Identifier: MIT */
/* What happens to single values. Included by kernels.cu. */

/* A thread's value: the pixel and channel, and where they stand in both tensors. */
struct Value {
    int32_t pixel, channel;
    int64_t in, out;
    bool is_one;
};

__device__ static inline Value value_of(const struct ev_cuda_values &values)
{
    const int32_t number = thread_number(), pixel = number / values.n_channels;
    const int32_t channel = number - pixel * values.n_channels;

    return {pixel, channel, (int64_t)pixel * values.in_pitch + channel,
            (int64_t)pixel * values.out_pitch + channel, pixel < values.n_pixels};
}

/* Writes integers, four channels of a pixel in each thread: integer_of(pixel, offset in the input)
 * gives one. Channels too many are 0. */
template <class Integer>
__device__ static inline void write_words(const struct ev_cuda_values &values, Integer integer_of)
{
    const int32_t n_words = values.out_pitch / 4, number = thread_number();
    const int32_t pixel = number / n_words, first = (number - pixel * n_words) * 4;
    const int64_t in = (int64_t)pixel * values.in_pitch + first;
    uint32_t word = 0;

    if (pixel >= values.n_pixels)
        return;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        if (first + i < values.n_channels)
            word |= (uint32_t)integer_of(pixel, in + i) << 8 * i;
    }
    *(uint32_t *)((uint8_t *)values.out + (int64_t)pixel * values.out_pitch + first) = word;
}

extern "C" __global__ void take(const struct ev_cuda_values values)
{
    const uint8_t *in = (const uint8_t *)values.in;

    write_words(values, [&](int32_t, int64_t at) { return in[at]; });
}

extern "C" __global__ void quantize(const struct ev_cuda_values values)
{
    const float *in = (const float *)values.in;

    write_words(values, [&](int32_t, int64_t at) {
        return ev_quantize(in[at], values.scale, values.zero_point);
    });
}

extern "C" __global__ void clamp_integers(const struct ev_cuda_values values)
{
    const uint8_t *in = (const uint8_t *)values.in;

    write_words(values, [&](int32_t, int64_t at) {
        float value = (float)in[at];
        value = value < values.low ? values.low : value;
        return (uint8_t)(value > values.high ? values.high : value);
    });
}

extern "C" __global__ void planes(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (!at.is_one)
        return;
    const int32_t row = at.pixel / values.n_picture_pixels;
    const int32_t within = at.pixel - row * values.n_picture_pixels;
    const int64_t plane = (int64_t)row * values.n_channels + at.channel;
    ((float *)values.out)[at.out] =
        ((const float *)values.in)[plane * values.n_picture_pixels + within];
}

extern "C" __global__ void divide_bytes(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (at.is_one)
        ((float *)values.out)[at.out] = (float)((const uint8_t *)values.in)[at.in] / values.scale;
}

extern "C" __global__ void divide_floats(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (at.is_one)
        ((float *)values.out)[at.out] = ((const float *)values.in)[at.in] / values.scale;
}

extern "C" __global__ void dequantize(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (at.is_one)
        ((float *)values.out)[at.out] =
            (float)(((const uint8_t *)values.in)[at.in] - values.zero_point) * values.scale;
}

/* Not-a-number stays what it is, also where low > high. */
extern "C" __global__ void clamp_floats(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (!at.is_one)
        return;
    float value = ((const float *)values.in)[at.in];
    value = value < values.low ? values.low : value;
    ((float *)values.out)[at.out] = value > values.high ? values.high : value;
}

/* --- Ranges of pieces --- */

/* Integers in the order of the floats, and back. */
__device__ static inline uint32_t ordered(float value)
{
    const uint32_t bits = __float_as_uint(value);

    return bits & EV_CUDA_RANGE_ZERO ? ~bits : bits | EV_CUDA_RANGE_ZERO;
}

__device__ static inline float unordered(uint32_t value)
{
    return __uint_as_float(value & EV_CUDA_RANGE_ZERO ? value & ~EV_CUDA_RANGE_ZERO : ~value);
}

/* blockIdx.y is the piece; its threads go through the values together. */
extern "C" __global__ void find_range(const struct ev_cuda_values values)
{
    const int64_t piece_values =
        (int64_t)EV_NET_PIECE_ROWS * values.n_picture_pixels * values.n_channels;
    const int64_t n_values = (int64_t)values.n_pixels * values.n_channels;
    const int64_t first = blockIdx.y * piece_values;
    const int64_t end = first + piece_values < n_values ? first + piece_values : n_values;
    const float *in = (const float *)values.in;
    uint32_t low = EV_CUDA_RANGE_ZERO, high = EV_CUDA_RANGE_ZERO, unfinite = 0;

    for (int64_t i = first + thread_number(); i < end; i += (int64_t)gridDim.x * blockDim.x) {
        const uint32_t value = ordered(in[i]);
        low = value < low ? value : low;
        high = value > high ? value : high;
        unfinite |= !(fabsf(in[i]) <= FLT_MAX);
    }
    low = ev_warp_least(low);
    high = ev_warp_most(high);
    unfinite = ev_warp_most(unfinite);
    if (lane_number() == 0) {
        struct ev_cuda_range *found = &values.found[blockIdx.y];
        atomicMin(&found->low, low);
        atomicMax(&found->high, high);
        atomicMax(&found->unfinite, unfinite);
    }
}

/* One thread for each piece. */
extern "C" __global__ void choose_range(const struct ev_cuda_values values)
{
    const int32_t piece = thread_number();

    if (piece >= values.n_pieces)
        return;
    const struct ev_cuda_range found = values.found[piece];
    values.found[piece] = {EV_CUDA_RANGE_ZERO, EV_CUDA_RANGE_ZERO, 0};
    if (found.unfinite) {
        atomicCAS(values.failed, 0, values.step_number);
        values.ranges[piece] = {1.0, 0}; /* any will do, nobody gets these outputs */
        return;
    }
    values.ranges[piece] =
        ev_dynamic_choose(unordered(found.low), unordered(found.high), values.reduce_range != 0);
}

extern "C" __global__ void quantize_range(const struct ev_cuda_values values)
{
    const float *in = (const float *)values.in;

    write_words(values, [&](int32_t pixel, int64_t at) {
        const int32_t row = pixel / values.n_picture_pixels;
        const struct ev_dynamic range = values.ranges[row / EV_NET_PIECE_ROWS];
        return ev_quantize(in[at], 1.0f / (float)range.scale, range.zero_point);
    });
}
