/* SPDX-License-Identifier: MIT */
/* Convolutions and linear layers of integers. Included by kernels.cu. */

/* --- What sums become --- */

/* Output `channel` of a pixel from the sum of its products, to its place in the next tensor. */
__device__ static inline void finish(const struct ev_cuda_layer &layer, int64_t pixel,
                                     int64_t piece, int32_t channel, int32_t sum)
{
    if (layer.ranges) {
        const struct ev_dynamic range = layer.ranges[piece];
        const float scale = EV_MUL((float)range.scale, layer.weight_scales[channel]);
        const int32_t exact = sum - range.zero_point * layer.weight_sums[channel];
        const float value = fmaf((float)exact, scale, layer.bias ? layer.bias[channel] : 0.0f);
        ((float *)layer.out)[pixel * layer.out_pitch + channel] =
            layer.relu && value < 0.0f ? 0.0f : value;
        return;
    }
    ((uint8_t *)layer.out)[pixel * layer.out_pitch + channel] = ev_requant(
        sum - layer.in_zero * layer.weight_sums[channel], &layer.channels[channel], &layer.output);
}

/* The piece whose range the pixel's row shares. */
__device__ static inline int64_t piece_of(const struct ev_cuda_layer &layer, int64_t pixel)
{
    return place_of(layer, pixel).row / EV_NET_PIECE_ROWS;
}

/* --- Tiles on tensor cores --- */

/* A warp computes ROWS x 16 pixels from its number on by TILES x 8 channels from blockIdx.y on. A
 * patch of an image is n_runs runs of bytes that lie together; each is read in steps of 32, past
 * its end where it is none of 32, as the weights of those bytes are 0. */
template <int ROWS, int TILES> __device__ static void run_tiles(const struct ev_cuda_layer &layer)
{
    const int64_t first = warp_number() * (ROWS * EV_CUDA_TILE_PIXELS);
    const int lane = lane_number(), group = lane / 4, word = lane % 4;
    const int32_t n_steps = layer.n_runs * layer.run_steps;
    const uint64_t *tiles =
        layer.tiles + (int64_t)blockIdx.y * TILES * n_steps * EV_CUDA_WARP + lane;
    const uint8_t *pixels[ROWS][2];
    int32_t sums[ROWS][TILES][4] = {};

    if (first >= layer.n_pixels)
        return;
#pragma unroll
    for (int i = 0; i < ROWS * 2; i++) {
        const int64_t pixel = first + i * 8 + group;
        const int64_t last = layer.n_pixels - 1;
        pixels[i / 2][i % 2] = (const uint8_t *)layer.in + 4 * word +
                               corner_of(layer, place_of(layer, pixel < last ? pixel : last));
    }
    for (int32_t run = 0; run < layer.n_runs; run++) {
        const int64_t from = run * layer.run_bytes;
#pragma unroll 2
        for (int32_t step = 0; step < layer.run_steps; step++) {
            const int64_t at = from + step * EV_CUDA_STEP_PRODUCTS;
            const uint64_t *weights =
                tiles + (int64_t)(run * layer.run_steps + step) * EV_CUDA_WARP;
            uint32_t a[ROWS][4], b[TILES][2];
#pragma unroll
            for (int i = 0; i < ROWS * 4; i++)
                a[i / 4][i % 4] = *(const uint32_t *)(pixels[i / 4][i % 2] + at + i % 4 / 2 * 16);
#pragma unroll
            for (int n = 0; n < TILES; n++) {
                const uint64_t pair = weights[(int64_t)n * n_steps * EV_CUDA_WARP];
                b[n][0] = (uint32_t)pair;
                b[n][1] = (uint32_t)(pair >> 32);
            }
            ev_warp_multiply<ROWS, TILES>(sums, a, b);
        }
    }
#pragma unroll
    for (int i = 0; i < ROWS * 2; i++) {
        const int64_t pixel = first + i * 8 + group;
        if (pixel >= layer.n_pixels)
            continue;
        const int64_t piece = layer.ranges ? piece_of(layer, pixel) : 0;
#pragma unroll
        for (int n = 0; n < TILES * 2; n++) {
            const int32_t channel =
                ((int32_t)blockIdx.y * TILES + n / 2) * EV_CUDA_TILE_CHANNELS + 2 * word + n % 2;
            if (channel < layer.n_out)
                finish(layer, pixel, piece, channel, sums[i / 2][n / 2][i % 2 * 2 + n % 2]);
        }
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
    const int64_t warp = warp_number();
    const int64_t row = warp / layer.n_out;
    const int32_t channel = (int32_t)(warp - row * layer.n_out);
    const int64_t n_words = layer.n_products / 4;
    int32_t sum = 0;

    if (row >= layer.n_pixels)
        return;
    const uint32_t *x = (const uint32_t *)layer.in + row * n_words;
    const uint32_t *weights = (const uint32_t *)layer.weights + channel * n_words;
    for (int64_t i = lane_number(); i < n_words; i += EV_CUDA_WARP)
        sum = ev_dot4(x[i], weights[i], sum);
    sum = ev_warp_sum(sum);
    if (lane_number() == 0)
        finish(layer, row, row / EV_NET_PIECE_ROWS, channel, sum);
}

/* A thread adds up one output of any convolution. Outside the picture stand zero points. */
extern "C" __global__ void conv_any(const struct ev_cuda_layer layer)
{
    const int64_t number = thread_number(), pixel = number / layer.n_out;
    const int32_t channel = (int32_t)(number - pixel * layer.n_out);

    if (pixel >= layer.n_pixels)
        return;
    const Place place = place_of(layer, pixel);
    const int64_t piece = place.row / EV_NET_PIECE_ROWS;
    const int32_t zero = layer.ranges ? layer.ranges[piece].zero_point : layer.in_zero;
    const int64_t corner =
        corner_of(layer, place) + (int64_t)(channel / (layer.n_out / layer.groups)) * layer.n_in;
    const int8_t *weights = (const int8_t *)layer.weights + channel * layer.n_products;
    int32_t sum = 0;

    for (int32_t ky = 0; ky < layer.kernel[0]; ky++) {
        const int64_t y =
            (int64_t)place.y * layer.stride[0] + (int64_t)ky * layer.dilation[0] - layer.padding[0];
        for (int32_t kx = 0; kx < layer.kernel[1]; kx++, weights += layer.n_in) {
            const int64_t x = (int64_t)place.x * layer.stride[1] + (int64_t)kx * layer.dilation[1] -
                              layer.padding[1];
            const bool inside = y >= 0 && y < layer.in_height && x >= 0 && x < layer.in_width;
            const uint8_t *values = (const uint8_t *)layer.in + corner +
                                    ((int64_t)ky * layer.dilation[0] * layer.in_width +
                                     (int64_t)kx * layer.dilation[1]) *
                                        layer.in_pitch;
            for (int32_t i = 0; i < layer.n_in; i++)
                sum += (inside ? values[i] : zero) * weights[i];
        }
    }
    finish(layer, pixel, piece, channel, sum);
}
