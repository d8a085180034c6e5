/* SPDX-License-Identifier: MIT */
/* Convolutions and linear layers in float32. Sums come in another order than elsewhere, so outputs
 * differ by rounding. Included by kernels.cu. */

__device__ static inline void finish_float(const struct ev_cuda_layer &layer, int64_t pixel,
                                           int32_t channel, float sum)
{
    const float value = sum + (layer.bias ? layer.bias[channel] : 0.0f);

    ((float *)layer.out)[pixel * layer.out_pitch + channel] =
        layer.relu && value < 0.0f ? 0.0f : value;
}

/* Whether the kernel's place (ky, kx) is within the picture there. */
__device__ static inline bool is_inside(const struct ev_cuda_layer &layer, const Place &place,
                                        int32_t ky, int32_t kx)
{
    const int64_t y =
        (int64_t)place.y * layer.stride[0] + (int64_t)ky * layer.dilation[0] - layer.padding[0];
    const int64_t x =
        (int64_t)place.x * layer.stride[1] + (int64_t)kx * layer.dilation[1] - layer.padding[1];

    return y >= 0 && y < layer.in_height && x >= 0 && x < layer.in_width;
}

/* A thread adds up 4 pixels by 8 channels, so that each value that it reads serves several
 * products. Weights are (kernel, n_in, n_out), n_out rounded up to 8. */
extern "C" __global__ void float_tiles(const struct ev_cuda_layer layer)
{
    const int32_t n_parts = (layer.n_out + EV_CUDA_FLOAT_CHANNELS - 1) / EV_CUDA_FLOAT_CHANNELS;
    const int64_t number = thread_number(), first = number / n_parts * EV_CUDA_FLOAT_PIXELS;
    const int32_t channel = (int32_t)(number % n_parts) * EV_CUDA_FLOAT_CHANNELS;
    const float *weights = (const float *)layer.weights + channel;
    float sums[EV_CUDA_FLOAT_PIXELS][EV_CUDA_FLOAT_CHANNELS] = {};
    Place places[EV_CUDA_FLOAT_PIXELS];

    if (first >= layer.n_pixels)
        return;
#pragma unroll
    for (int p = 0; p < EV_CUDA_FLOAT_PIXELS; p++)
        places[p] = place_of(layer, first + p < layer.n_pixels ? first + p : first);
    for (int32_t k = 0; k < layer.kernel[0] * layer.kernel[1]; k++) {
        const int32_t ky = k / layer.kernel[1], kx = k % layer.kernel[1];
        const int64_t from =
            ((int64_t)ky * layer.dilation[0] * layer.in_width + (int64_t)kx * layer.dilation[1]) *
            layer.in_pitch;
        const float *values[EV_CUDA_FLOAT_PIXELS];
#pragma unroll
        for (int p = 0; p < EV_CUDA_FLOAT_PIXELS; p++)
            values[p] = is_inside(layer, places[p], ky, kx)
                            ? (const float *)layer.in + corner_of(layer, places[p]) + from
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
    for (int p = 0; p < EV_CUDA_FLOAT_PIXELS; p++) {
#pragma unroll
        for (int c = 0; c < EV_CUDA_FLOAT_CHANNELS; c++) {
            if (first + p < layer.n_pixels && channel + c < layer.n_out)
                finish_float(layer, first + p, channel + c, sums[p][c]);
        }
    }
}

/* A warp adds up one output of a linear layer. */
extern "C" __global__ void float_few(const struct ev_cuda_layer layer)
{
    const int64_t warp = warp_number(), row = warp / layer.n_out;
    const int32_t channel = (int32_t)(warp - row * layer.n_out);
    float sum = 0.0f;

    if (row >= layer.n_pixels)
        return;
    const float *x = (const float *)layer.in + row * layer.n_products;
    const float *weights = (const float *)layer.weights + channel * layer.n_products;
    for (int64_t i = lane_number(); i < layer.n_products; i += EV_CUDA_WARP)
        sum = fmaf(x[i], weights[i], sum);
    sum = ev_warp_sum(sum);
    if (lane_number() == 0)
        finish_float(layer, row, channel, sum);
}

/* A thread adds up one output. Weights are (n_out, kernel, n_in). */
extern "C" __global__ void float_any(const struct ev_cuda_layer layer)
{
    const int64_t number = thread_number(), pixel = number / layer.n_out;
    const int32_t channel = (int32_t)(number - pixel * layer.n_out);

    if (pixel >= layer.n_pixels)
        return;
    const Place place = place_of(layer, pixel);
    const int64_t corner =
        corner_of(layer, place) + (int64_t)(channel / (layer.n_out / layer.groups)) * layer.n_in;
    const float *weights = (const float *)layer.weights + channel * layer.n_products;
    float sum = 0.0f;

    for (int32_t ky = 0; ky < layer.kernel[0]; ky++) {
        for (int32_t kx = 0; kx < layer.kernel[1]; kx++, weights += layer.n_in) {
            const float *values = (const float *)layer.in + corner +
                                  ((int64_t)ky * layer.dilation[0] * layer.in_width +
                                   (int64_t)kx * layer.dilation[1]) *
                                      layer.in_pitch;
            for (int32_t i = 0; i < layer.n_in && is_inside(layer, place, ky, kx); i++)
                sum = fmaf(values[i], weights[i], sum);
        }
    }
    finish_float(layer, pixel, channel, sum);
}
