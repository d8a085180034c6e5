/* SPDX-License-Identifier: MIT */
/* What happens to single values: a thread each. Included by kernels.cu. */

/* A thread's value: the pixel and channel, and where they stand in both tensors. */
struct Value {
    int64_t pixel;
    int32_t channel;
    int64_t in, out;
    bool is_one;
};

__device__ static inline Value value_of(const struct ev_cuda_values &values)
{
    const int64_t number = thread_number(), pixel = number / values.n_channels;
    const int32_t channel = (int32_t)(number - pixel * values.n_channels);

    return {pixel, channel, pixel * values.in_pitch + channel, pixel * values.out_pitch + channel,
            pixel < values.n_pixels};
}

extern "C" __global__ void take(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (at.is_one)
        ((uint8_t *)values.out)[at.out] = ((const uint8_t *)values.in)[at.in];
}

extern "C" __global__ void planes(const struct ev_cuda_values values)
{
    const Value at = value_of(values);
    const int64_t row = at.pixel / values.n_picture_pixels;
    const int64_t within = at.pixel - row * values.n_picture_pixels;

    if (at.is_one)
        ((float *)values.out)[at.out] =
            ((const float *)values
                 .in)[(row * values.n_channels + at.channel) * values.n_picture_pixels + within];
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

extern "C" __global__ void quantize(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (at.is_one)
        ((uint8_t *)values.out)[at.out] =
            ev_quantize(((const float *)values.in)[at.in], values.scale, values.zero_point);
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

extern "C" __global__ void clamp_integers(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (!at.is_one)
        return;
    float value = (float)((const uint8_t *)values.in)[at.in];
    value = value < values.low ? values.low : value;
    ((uint8_t *)values.out)[at.out] = (uint8_t)(value > values.high ? values.high : value);
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
        EV_NET_PIECE_ROWS * values.n_picture_pixels * (int64_t)values.n_channels;
    const int64_t n_values = values.n_pixels * values.n_channels;
    const int64_t first = blockIdx.y * piece_values;
    const int64_t end = first + piece_values < n_values ? first + piece_values : n_values;
    const float *in = (const float *)values.in;
    uint32_t low = EV_CUDA_RANGE_ZERO, high = EV_CUDA_RANGE_ZERO, unfinite = 0;

    for (int64_t i = first + thread_number(); i < end; i += (int64_t)gridDim.x * blockDim.x) {
        const uint32_t value = ordered(in[i]);
        low = value < low ? value : low;
        high = value > high ? value : high;
        unfinite |= !(fabsf(in[i]) <= 3.402823466e38f);
    }
    low = ev_warp_least(low);
    high = ev_warp_most(high);
    unfinite = ev_warp_most(unfinite);
    if (lane_number() == 0) {
        atomicMin(&values.found[blockIdx.y].low, low);
        atomicMax(&values.found[blockIdx.y].high, high);
        atomicMax(&values.found[blockIdx.y].unfinite, unfinite);
    }
}

/* One thread for each piece. */
extern "C" __global__ void choose_range(const struct ev_cuda_values values)
{
    const int64_t piece = thread_number();

    if (piece >= values.n_pieces)
        return;
    const struct ev_cuda_range found = values.found[piece];
    values.found[piece] = {EV_CUDA_RANGE_ZERO, EV_CUDA_RANGE_ZERO, 0};
    if (found.unfinite) {
        atomicCAS(values.failed, 0, values.step_number);
        values.ranges[piece] = {1.0, 0}; /* any will do, nobody gets these outputs */
        return;
    }
    values.ranges[piece] = ev_dynamic_choose(unordered(found.low), unordered(found.high),
                                             values.reduce_range != 0);
}

extern "C" __global__ void quantize_range(const struct ev_cuda_values values)
{
    const Value at = value_of(values);

    if (!at.is_one)
        return;
    const int64_t row = at.pixel / values.n_picture_pixels;
    const struct ev_dynamic range = values.ranges[row / EV_NET_PIECE_ROWS];
    ((uint8_t *)values.out)[at.out] =
        ev_quantize(((const float *)values.in)[at.in], 1.0f / (float)range.scale, range.zero_point);
}
