/* SPDX-License-Identifier: MIT */
#include "int8/dynamic.h"

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
