/* SPDX-License-Identifier: MIT */
#include "int8/dynamic.h"

#include <math.h>

#define LEAST_SCALE 6.1e-5f

struct ev_dynamic ev_dynamic_choose(float low, float high, bool reduce_range)
{
    const int32_t top = reduce_range ? 127 : 255;

    low = fminf(low, 0.0f);
    high = fmaxf(high, 0.0f);
    double scale = ((double)high - (double)low) / top;
    if ((float)scale == 0.0f || isinf(1.0f / (float)scale))
        scale = 0.1;
    if (scale < (double)LEAST_SCALE) {
        const float wider = LEAST_SCALE / (float)scale;
        scale = (double)LEAST_SCALE;
        if (low == 0.0f) {
            high = LEAST_SCALE * (float)top;
        } else if (high == 0.0f) {
            low = -LEAST_SCALE * (float)top;
        } else {
            low *= wider;
            high *= wider;
        }
    }
    /* Both ends give a zero point; the one of the smaller terms is the more exact one. */
    const double from_low = -(double)low / scale, from_high = top - (double)high / scale;
    const bool low_is_nearer = -fabs((double)low / scale) < top - fabs((double)high / scale);
    const double zero = nearbyint(low_is_nearer ? from_low : from_high);
    return (struct ev_dynamic){scale, zero < 0 ? 0 : zero > top ? top : (int32_t)zero};
}

bool ev_dynamic_range(const float *values, int64_t n, float *low, float *high)
{
    float least = values[0], most = values[0], sum = 0.0f;

    for (int64_t i = 0; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
        sum += values[i] * 0.0f; /* stays 0 unless one is infinite or no number */
    }
    *low = least;
    *high = most;
    return sum == 0.0f;
}
