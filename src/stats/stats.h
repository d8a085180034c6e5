/* SPDX-License-Identifier: MIT */
/* Statistics of one list of numbers: compensated sums, medians, percentiles. */
#ifndef EV_STATS_H
#define EV_STATS_H

#include <stdint.h>

/*
 * A sum of float64 with its rounding errors kept: `rest` is what the additions to `sum` have lost.
 * Each addition's loss is found exactly by Knuth's TwoSum (The Art of Computer Programming, vol. 2,
 * 4.2.2, theorem B), so the value's relative error is about 2^-53 + n * 2^-106 * cond instead of
 * n * 2^-53 * cond. Start from a zeroed struct. NaN or infinity added makes the value NaN.
 */
struct ev_sum {
    double sum;
    double rest;
};

static inline void ev_sum_add(struct ev_sum *sum, double value)
{
    double total = sum->sum + value;
    double added = total - sum->sum;

    sum->rest += (sum->sum - (total - added)) + (value - added);
    sum->sum = total;
}

static inline double ev_sum_value(const struct ev_sum *sum)
{
    return sum->sum + sum->rest;
}

/* Puts n values, none of them NaN, in ascending order. */
void ev_stats_sort(float *values, int64_t n);
void ev_stats_sort_doubles(double *values, int64_t n);

/*
 * Percentile of n >= 1 sorted values by nearest rank: the smallest of them such that at least
 * `percent` of all values are not above it, sorted[ceil(percent / 100 * n) - 1], with
 * 0 < percent <= 100. It is always a value that was measured; below 100 values p99 is the largest.
 */
double ev_stats_percentile(const float *sorted, int64_t n, double percent);
double ev_stats_percentile_doubles(const double *sorted, int64_t n, double percent);

/* Middle one of n >= 1 sorted values, or the mean of the middle two. */
double ev_stats_median(const float *sorted, int64_t n);
double ev_stats_median_doubles(const double *sorted, int64_t n);

double ev_stats_mean(const float *values, int64_t n);

#endif
