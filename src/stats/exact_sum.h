/* SPDX-License-Identifier: MIT */
/*
 * Sums of float64 without any rounding: the same to the bit in whatever order the values come, and
 * rounded once, where the value is asked for.
 *
 * A number of fixed point that holds every float64, in digits of 32 bits, each within 64 bits so
 * that most additions carry nothing (R. M. Neal: "Fast exact summation using small and large
 * superaccumulators", arXiv 1505.05571, 2015). Room for 2^62 values.
 */
#ifndef EV_EXACT_SUM_H
#define EV_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

/* The bits of float64 from 2^-1074 to 2^1023, and those of their sums. */
#define EV_EXACT_DIGITS 70

/* Start from a zeroed struct. */
struct ev_exact_sum {
    int64_t digits[EV_EXACT_DIGITS]; /* digit i counts 2^(32 i - 1074) */
    int32_t n_uncarried;             /* additions since digits were last brought below 2^32 */
    bool is_not_finite;              /* NaN or infinity was added: the value is NaN */
};

void ev_exact_sum_add(struct ev_exact_sum *sum, double value);
/* Adds a * b unrounded, if it is not below 2^-900. */
void ev_exact_sum_add_product(struct ev_exact_sum *sum, double a, double b);
/* Adds all that another sum holds. */
void ev_exact_sum_merge(struct ev_exact_sum *sum, const struct ev_exact_sum *other);

/* The float64 nearest to the sum, of two the even one; beyond the largest, infinity. */
double ev_exact_sum_value(const struct ev_exact_sum *sum);

/* Variance times n^2 of n values, n * sum of squares - (sum)^2, from their sums: exactly 0 if the
 * values are all the same, and without the digits that a large mean costs otherwise. */
double ev_exact_sum_spread(const struct ev_exact_sum *values, const struct ev_exact_sum *squares,
                           int64_t n);

#endif
