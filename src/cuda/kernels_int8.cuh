/* SPDX-License-Identifier: MIT */
/* Convolutions and linear layers of integers. Included by kernels.cu. */

/* --- What sums become --- */

/* A value of a dynamic layer from the sum of its products: y = sum * (sx * sw) + b, in one
 * rounding. */
__device__ static inline float dynamic_value(const struct ev_cuda_layer &layer, int32_t row,
                                             int32_t channel, int32_t sum)
{
    const struct ev_dynamic range = layer.ranges[row / EV_NET_PIECE_ROWS];
    const float scale = EV_MUL((float)range.scale, layer.weight_scales[channel]);
    const int32_t exact = sum - range.zero_point * layer.weight_sums[channel];
    const float value = fmaf((float)exact, scale, layer.bias ? layer.bias[channel] : 0.0f);

    return layer.relu && value < 0.0f ? 0.0f : value;
}

/* Output `channel` of a pixel, of a picture's row, to its place in the next tensor. */
__device__ static inline void finish(const struct ev_cuda_layer &layer, int32_t pixel, int32_t row,
                                     int32_t channel, int32_t sum)
{
    const int64_t at = (int64_t)pixel * layer.out_pitch + channel;

    if (layer.ranges)
        ((float *)layer.out)[at] = dynamic_value(layer, row, channel, sum);
    else
        ((uint8_t *)layer.out)[at] = ev_requant(sum - layer.in_zero * layer.weight_sums[channel],
                                                &layer.channels[channel], &layer.output);
}

/* --- Tiles on tensor cores --- */

/* A tile's outputs of integers: two channels of each lane's pixels, written together. Behind the
 * last channel is room. */
template <int ROWS>
__device__ static inline void finish_integers(const struct ev_cuda_layer &layer, int32_t first,
                                              int32_t channel, const int32_t (&sums)[ROWS][4])
{
    const int32_t second = channel + 1 < layer.n_out ? channel + 1 : channel;
    const struct ev_requant_channel channels[2] = {layer.channels[channel], layer.channels[second]};
    const int32_t zeros[2] = {layer.in_zero * layer.weight_sums[channel],
                              layer.in_zero * layer.weight_sums[second]};

#pragma unroll
    for (int i = 0; i < ROWS * 2; i++) {
        const int32_t pixel = first + i * 8;
        const int32_t *pair = &sums[i / 2][i % 2 * 2];
        if (pixel >= layer.n_pixels)
            return;
        const uint8_t low = ev_requant(pair[0] - zeros[0], &channels[0], &layer.output);
        const uint8_t high = ev_requant(pair[1] - zeros[1], &channels[1], &layer.output);
        *(uint16_t *)((uint8_t *)layer.out + (int64_t)pixel * layer.out_pitch + channel) =
            (uint16_t)(low | high << 8);
    }
}

template <int ROWS>
__device__ static inline void finish_floats(const struct ev_cuda_layer &layer, int32_t first,
                                            int32_t channel, const int32_t (&sums)[ROWS][4])
{
#pragma unroll
    for (int i = 0; i < ROWS * 4; i++) {
        const int32_t pixel = first + i / 2 * 8;
        if (pixel < layer.n_pixels && channel + i % 2 < layer.n_out)
            finish(layer, pixel, place_of(layer, pixel).row, channel + i % 2, sums[i / 4][i % 4]);
    }
}

/* A warp computes ROWS x 16 pixels from its number on by TILES x 8 channels from blockIdx.y on. A
 * patch of an image is n_runs runs of bytes that lie together; each is read in steps of 32, past
 * its end where it is none of 32, as the weights of those bytes are 0. */
template <int ROWS, int TILES> __device__ static void run_tiles(const struct ev_cuda_layer &layer)
{
    const int32_t first = warp_number() * (ROWS * EV_CUDA_TILE_PIXELS);
    const int lane = lane_number(), group = lane / 4, word = lane % 4;
    const int32_t n_steps = layer.n_runs * layer.run_steps;
    const uint64_t *weights =
        layer.tiles + (int64_t)blockIdx.y * TILES * n_steps * EV_CUDA_WARP + lane;
    const uint8_t *pixels[ROWS][2];
    int32_t sums[TILES][ROWS][4] = {};

    if (first >= layer.n_pixels)
        return;
#pragma unroll
    for (int i = 0; i < ROWS * 2; i++) {
        const int32_t pixel = first + i * 8 + group, last = layer.n_pixels - 1;
        pixels[i / 2][i % 2] = (const uint8_t *)layer.in + 4 * word +
                               corner_of(layer, place_of(layer, pixel < last ? pixel : last));
    }
    for (int32_t run = 0; run < layer.n_runs; run++) {
#pragma unroll 2
        for (int32_t step = 0; step < layer.run_steps; step++, weights += EV_CUDA_WARP) {
            const int64_t at = run * layer.run_bytes + step * EV_CUDA_STEP_PRODUCTS;
            uint32_t a[ROWS][4], b[TILES][2];
#pragma unroll
            for (int i = 0; i < ROWS * 4; i++)
                a[i / 4][i % 4] = *(const uint32_t *)(pixels[i / 4][i % 2] + at + i % 4 / 2 * 16);
#pragma unroll
            for (int n = 0; n < TILES; n++) {
                const uint64_t pair = weights[n * n_steps * EV_CUDA_WARP];
                b[n][0] = (uint32_t)pair;
                b[n][1] = (uint32_t)(pair >> 32);
            }
            ev_warp_multiply<ROWS, TILES>(sums, a, b);
        }
    }
#pragma unroll
    for (int n = 0; n < TILES; n++) {
        const int32_t channel =
            ((int32_t)blockIdx.y * TILES + n) * EV_CUDA_TILE_CHANNELS + 2 * word;
        if (channel >= layer.n_out)
            continue;
        if (layer.ranges)
            finish_floats<ROWS>(layer, first + group, channel, sums[n]);
        else
            finish_integers<ROWS>(layer, first + group, channel, sums[n]);
    }
}

#define TILES_KERNEL(name, rows, n)                                                                \
    extern "C" __global__ void name(const struct ev_cuda_layer layer)                              \
    {                                                                                              \
        run_tiles<rows, n>(layer);                                                                 \
    }
TILES_KERNEL(tiles_1, EV_CUDA_TILE_ROWS, 1)
TILES_KERNEL(tiles_2, EV_CUDA_TILE_ROWS, 2)
TILES_KERNEL(tiles_3, EV_CUDA_TILE_ROWS, 3)
TILES_KERNEL(tiles_4, EV_CUDA_TILE_ROWS, 4)
TILES_KERNEL(tiles_5, EV_CUDA_TILE_ROWS, 5)
TILES_KERNEL(tiles_6, EV_CUDA_TILE_ROWS, 6)
TILES_KERNEL(tiles_7, EV_CUDA_TILE_ROWS, 7)
TILES_KERNEL(tiles_8, EV_CUDA_TILE_ROWS, 8)
TILES_KERNEL(tiles_few, 1, 1)

/* --- Without tiles --- */

/* A warp adds up one output of a linear layer: lane after lane takes a word of the row. */
extern "C" __global__ void linear_few(const struct ev_cuda_layer layer)
{
    const int32_t warp = warp_number(), row = warp / layer.n_out;
    const int32_t channel = warp - row * layer.n_out, n_words = layer.n_products / 4;
    int32_t sum = 0;

    if (row >= layer.n_pixels)
        return;
    const uint32_t *x = (const uint32_t *)layer.in + (int64_t)row * n_words;
    const uint32_t *weights = (const uint32_t *)layer.weights + (int64_t)channel * n_words;
    for (int32_t i = lane_number(); i < n_words; i += EV_CUDA_WARP)
        sum = ev_dot4(x[i], weights[i], sum);
    sum = ev_warp_sum(sum);
    if (lane_number() == 0)
        finish(layer, row, row, channel, sum);
}

/* A thread adds up one output of any convolution. Outside the picture stand zero points. */
extern "C" __global__ void conv_any(const struct ev_cuda_layer layer)
{
    const int32_t number = thread_number(), pixel = number / layer.n_out;
    const int32_t channel = number - pixel * layer.n_out;

    if (pixel >= layer.n_pixels)
        return;
    const Place place = place_of(layer, pixel);
    const int32_t zero =
        layer.ranges ? layer.ranges[place.row / EV_NET_PIECE_ROWS].zero_point : layer.in_zero;
    const uint8_t *corner =
        (const uint8_t *)layer.in + corner_of(layer, place) + first_channel(layer, channel);
    const int8_t *weights = (const int8_t *)layer.weights + (int64_t)channel * layer.n_products;
    int32_t sum = 0;

    for (int32_t ky = 0; ky < layer.kernel[0]; ky++) {
        for (int32_t kx = 0; kx < layer.kernel[1]; kx++, weights += layer.n_in) {
            const bool inside = is_inside(layer, place, ky, kx);
            const uint8_t *values = corner + offset_of(layer, ky, kx);
            for (int32_t i = 0; i < layer.n_in; i++)
                sum += (inside ? values[i] : zero) * weights[i];
        }
    }
    finish(layer, pixel, place.row, channel, sum);
}
