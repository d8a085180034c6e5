/* SPDX-License-Identifier: MIT */
/*
 * Intervals of quantiles by order statistics: exact for any continuous distribution, and at least
 * as safe where values repeat. The number of n independent values below the q-quantile is binomial
 * (n, q), so the chance that the quantile lies between two of the sorted values is a sum of
 * binomial terms, and no normal law or resampling is needed (David, Nagaraja: "Order Statistics",
 * 3rd ed., 2003, section 7.1). Ranks count from 1.
 *
 * Functions with n values take n >= 0, 0 < quantile < 1 and 0 < confidence < 1, are pure and may be
 * called from any thread. Too few values for the confidence give false and NAN: never an interval.
 */
#ifndef EV_INTERVAL_H
#define EV_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* The quantile lies between the values of these ranks with `confidence`. */
struct ev_ranks {
    int64_t low, high;
    double confidence; /* reached, not below the one asked for */
};

struct ev_interval {
    double low, high;
    double confidence;
};

/* The narrowest ranks that leave at most half of 1 - confidence on each side; for the median they
 * are symmetric, low + high = n + 1. */
bool ev_interval_ranks(int64_t n, double quantile, double confidence, struct ev_ranks *ranks);

/* The smallest rank whose value is an upper bound of the quantile; `low` is 0, no bound. */
bool ev_interval_upper_rank(int64_t n, double quantile, double confidence, struct ev_ranks *ranks);

/* The fewest values for an upper bound of the quantile with n_above >= 0 values above the bound. */
int64_t ev_interval_fewest(double quantile, double confidence, int64_t n_above);

/* Interval of the median of n ascending values, in their unit. */
bool ev_interval_median(const double *sorted, int64_t n, double confidence,
                        struct ev_interval *interval);

#endif
