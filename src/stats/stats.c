/* SPDX-License-Identifier: MIT */
/* Medians and percentiles of sorted lists, as their header defines them. */
#include "stats/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

void ev_stats_sort(float *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, compare_floats);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void ev_stats_sort_doubles(double *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
}

/* Where the percentile is among n sorted values. */
static int64_t nearest_rank(int64_t n, double percent)
{
    assert(n >= 1 && percent > 0 && percent <= 100);

    /* percent * n first: for whole percents it is exact, so 90 % of 10 is rank 9, not 10. */
    int64_t rank = (int64_t)ceil(percent * (double)n / 100.0);
    if (rank < 1)
        rank = 1;
    return rank <= n ? rank - 1 : n - 1;
}

double ev_stats_percentile(const float *sorted, int64_t n, double percent)
{
    return sorted[nearest_rank(n, percent)];
}

double ev_stats_percentile_doubles(const double *sorted, int64_t n, double percent)
{
    return sorted[nearest_rank(n, percent)];
}

double ev_stats_median(const float *sorted, int64_t n)
{
    assert(n >= 1);

    if (n % 2)
        return sorted[n / 2];
    return ((double)sorted[n / 2 - 1] + (double)sorted[n / 2]) / 2.0;
}

double ev_stats_median_doubles(const double *sorted, int64_t n)
{
    assert(n >= 1);

    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0;
}

double ev_stats_mean(const float *values, int64_t n)
{
    struct ev_sum sum = {0};

    assert(n >= 1);
    for (int64_t i = 0; i < n; i++)
        ev_sum_add(&sum, values[i]);
    return ev_sum_value(&sum) / (double)n;
}
