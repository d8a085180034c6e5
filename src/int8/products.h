/* SPDX-License-Identifier: MIT */
/* The inner loops: products of an input with the weights of all output channels. */
#ifndef EV_PRODUCTS_H
#define EV_PRODUCTS_H

#include <stdint.h>

/* Adds to sums[o], for o < n_out, the n products of `x` with weights[o * n ...]. Exact as long as
 * |sums| stay below 2^31; both are of bytes, in int16 for the sake of speed. */
void ev_products_int8(const int16_t *x, const int16_t *weights, int64_t n, int32_t n_out,
                      int32_t *sums);

/* The same in float32, in eight partial sums whatever the processor. */
void ev_products_float(const float *x, const float *weights, int64_t n, int32_t n_out, float *sums);

#endif
