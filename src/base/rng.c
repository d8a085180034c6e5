/* SPDX-License-Identifier: MIT */
/* Normal numbers from uniform ones. */
#include "base/rng.h"

#include <math.h>

double ev_rng_normal(struct ev_rng *rng)
{
    /* 1 - u lies in (0, 1], so that the logarithm is finite. */
    double radius = sqrt(-2.0 * log(1.0 - ev_rng_uniform(rng)));

    return radius * cos(2.0 * M_PI * ev_rng_uniform(rng));
}
