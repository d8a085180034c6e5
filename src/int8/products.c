/* SPDX-License-Identifier: MIT */
#include "int8/products.h"

#include "base/wide.h"

#define N_LANES 8

EV_WIDE void ev_products_int8(const int16_t *x, const int16_t *weights, int64_t n, int32_t n_out,
                              int32_t *sums)
{
    for (int32_t o = 0; o < n_out; o++) {
        const int16_t *w = weights + o * n;
        int32_t sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += x[i] * w[i];
        sums[o] += sum;
    }
}

EV_WIDE void ev_products_float(const float *x, const float *weights, int64_t n, int32_t n_out,
                               float *sums)
{
    for (int32_t o = 0; o < n_out; o++) {
        const float *w = weights + o * n;
        float lanes[N_LANES] = {0}, sum = 0.0f;
        int64_t i = 0;
        for (; i + N_LANES <= n; i += N_LANES) {
            for (int k = 0; k < N_LANES; k++)
                lanes[k] += x[i + k] * w[i + k];
        }
        for (; i < n; i++)
            sum += x[i] * w[i];
        for (int k = 0; k < N_LANES; k++)
            sum += lanes[k];
        sums[o] += sum;
    }
}
