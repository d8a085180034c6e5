/* SPDX-License-Identifier: MIT */
/* Dynamic quantisation: scale and zero point from the range that a piece's values have. */
#ifndef EV_DYNAMIC_H
#define EV_DYNAMIC_H

#include <stdbool.h>
#include <stdint.h>

struct ev_dynamic {
    double scale;
    int32_t zero_point; /* 0 .. 127 or 255 */
};

/* As libtorch chooses them (ChooseQuantizationParams of its CPU kernels): the range takes in 0, the
 * scale is in double and at least 6.1e-5, and the zero point comes from the end of the range that
 * is nearer to 0. `reduce_range`: 127 steps instead of 255. low <= high, both finite. */
struct ev_dynamic ev_dynamic_choose(float low, float high, bool reduce_range);

/* Least and greatest of n values, n >= 1; false if one is not finite. */
bool ev_dynamic_range(const float *values, int64_t n, float *low, float *high);

#endif
