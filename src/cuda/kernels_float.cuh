/* SPDX-License-Identifier: MIT */
/* Convolutions and linear layers in float32. Sums come in another order than elsewhere, so outputs
 * differ by rounding. Included by kernels.cu. */

__device__ static inline void finish_float(const struct ev_cuda_layer &layer, int32_t pixel,
                                           int32_t channel, float sum)
{
    const float value = sum + (layer.bias ? layer.bias[channel] : 0.0f);

    ((float *)layer.out)[(int64_t)pixel * layer.out_pitch + channel] =
        layer.relu && value < 0.0f ? 0.0f : value;
}

/* A thread adds up 4 pixels by 8 channels, so that each value that it reads serves several
 * products. Weights are (kernel, n_in, n_out), n_out rounded up to 8. */
extern "C" __global__ void float_tiles(const struct ev_cuda_layer layer)
{
    const int32_t n_parts = (layer.n_out + EV_CUDA_FLOAT_CHANNELS - 1) / EV_CUDA_FLOAT_CHANNELS;
    const int32_t number = thread_number(), group = number / n_parts;
    const int32_t first = group * EV_CUDA_FLOAT_PIXELS;
    const int32_t channel = (number - group * n_parts) * EV_CUDA_FLOAT_CHANNELS;
    const float *weights = (const float *)layer.weights + channel;
    float sums[EV_CUDA_FLOAT_PIXELS][EV_CUDA_FLOAT_CHANNELS] = {};
    Place places[EV_CUDA_FLOAT_PIXELS];

    if (first >= layer.n_pixels)
        return;
#pragma unroll
    for (int p = 0; p < EV_CUDA_FLOAT_PIXELS; p++)
        places[p] = place_of(layer, first + p < layer.n_pixels ? first + p : first);
    for (int32_t k = 0; k < layer.kernel[0] * layer.kernel[1]; k++) {
        const int32_t ky = k / layer.kernel[1], kx = k - ky * layer.kernel[1];
        const float *values[EV_CUDA_FLOAT_PIXELS];
#pragma unroll
        for (int p = 0; p < EV_CUDA_FLOAT_PIXELS; p++)
            values[p] = is_inside(layer, places[p], ky, kx)
                            ? (const float *)layer.in + corner_of(layer, places[p]) +
                                  offset_of(layer, ky, kx)
                            : nullptr;
        for (int32_t i = 0; i < layer.n_in; i++, weights += n_parts * EV_CUDA_FLOAT_CHANNELS) {
#pragma unroll
            for (int p = 0; p < EV_CUDA_FLOAT_PIXELS; p++) {
                const float x = values[p] ? values[p][i] : 0.0f;
#pragma unroll
                for (int c = 0; c < EV_CUDA_FLOAT_CHANNELS; c++)
                    sums[p][c] = fmaf(x, weights[c], sums[p][c]);
            }
        }
    }
#pragma unroll
    for (int i = 0; i < EV_CUDA_FLOAT_PIXELS * EV_CUDA_FLOAT_CHANNELS; i++) {
        const int p = i / EV_CUDA_FLOAT_CHANNELS, c = i % EV_CUDA_FLOAT_CHANNELS;
        if (first + p < layer.n_pixels && channel + c < layer.n_out)
            finish_float(layer, first + p, channel + c, sums[p][c]);
    }
}

/* A warp adds up one output of a linear layer. */
extern "C" __global__ void float_few(const struct ev_cuda_layer layer)
{
    const int32_t warp = warp_number(), row = warp / layer.n_out;
    const int32_t channel = warp - row * layer.n_out;
    float sum = 0.0f;

    if (row >= layer.n_pixels)
        return;
    const float *x = (const float *)layer.in + (int64_t)row * layer.n_products;
    const float *weights = (const float *)layer.weights + (int64_t)channel * layer.n_products;
    for (int32_t i = lane_number(); i < layer.n_products; i += EV_CUDA_WARP)
        sum = fmaf(x[i], weights[i], sum);
    sum = ev_warp_sum(sum);
    if (lane_number() == 0)
        finish_float(layer, row, channel, sum);
}

/* A thread adds up one output. Weights are (n_out, kernel, n_in). */
extern "C" __global__ void float_any(const struct ev_cuda_layer layer)
{
    const int32_t number = thread_number(), pixel = number / layer.n_out;
    const int32_t channel = number - pixel * layer.n_out;

    if (pixel >= layer.n_pixels)
        return;
    const Place place = place_of(layer, pixel);
    const float *corner =
        (const float *)layer.in + corner_of(layer, place) + first_channel(layer, channel);
    const float *weights = (const float *)layer.weights + (int64_t)channel * layer.n_products;
    float sum = 0.0f;

    for (int32_t ky = 0; ky < layer.kernel[0]; ky++) {
        for (int32_t kx = 0; kx < layer.kernel[1]; kx++, weights += layer.n_in) {
            const float *values = corner + offset_of(layer, ky, kx);
            if (!is_inside(layer, place, ky, kx))
                continue;
            for (int32_t i = 0; i < layer.n_in; i++)
                sum = fmaf(values[i], weights[i], sum);
        }
    }
    finish_float(layer, pixel, channel, sum);
}
