/* SPDX-License-Identifier: MIT */
/* Dynamic quantisation: scale and zero point from the range that a piece's values have. The choice is
 * compiled as C11 and as CUDA. */
#ifndef EV_DYNAMIC_H
#define EV_DYNAMIC_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "int8/requant.h"

#define EV_DYNAMIC_LEAST_SCALE 6.1e-5f

struct ev_dynamic {
    double scale;
    int32_t zero_point; /* 0 .. 127 or 255 */
};

/* As libtorch chooses them (ChooseQuantizationParams of its CPU kernels): the range takes in 0, the
 * scale is in double and at least 6.1e-5, and the zero point comes from the end of the range that
 * is nearer to 0. `reduce_range`: 127 steps instead of 255. low <= high, both finite. */
EV_HD static inline struct ev_dynamic ev_dynamic_choose(float low, float high,
                                                         bool reduce_range)
{
    const int32_t top = reduce_range ? 127 : 255;

    low = fminf(low, 0.0f);
    high = fmaxf(high, 0.0f);
    double scale = ((double)high - (double)low) / top;
    if ((float)scale == 0.0f || isinf(1.0f / (float)scale))
        scale = 0.1;
    if (scale < (double)EV_DYNAMIC_LEAST_SCALE) {
        const float wider = EV_DYNAMIC_LEAST_SCALE / (float)scale;
        scale = (double)EV_DYNAMIC_LEAST_SCALE;
        if (low == 0.0f) {
            high = EV_DYNAMIC_LEAST_SCALE * (float)top;
        } else if (high == 0.0f) {
            low = -EV_DYNAMIC_LEAST_SCALE * (float)top;
        } else {
            low *= wider;
            high *= wider;
        }
    }
    /* Both ends give a zero point; the one of the smaller terms is the more exact one. */
    const double from_low = -(double)low / scale, from_high = top - (double)high / scale;
    const bool low_is_nearer = -fabs((double)low / scale) < top - fabs((double)high / scale);
    const double zero = nearbyint(low_is_nearer ? from_low : from_high);
    const struct ev_dynamic chosen = {scale, zero < 0 ? 0 : zero > top ? top : (int32_t)zero};
    return chosen;
}

/* Least and greatest of n values, n >= 1; false if one is not finite. */
bool ev_dynamic_range(const float *values, int64_t n, float *low, float *high);

#endif
