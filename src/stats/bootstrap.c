/* SPDX-License-Identifier: MIT */
/* Resampled means from prefix sums: a block costs two of them, whatever its length. */
#include "stats/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "stats/stats.h"

/* So many negligible autocorrelations in a row end the search. */
#define N_NEGLIGIBLE 5

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

static int64_t count_rows(const struct ev_segments *segments)
{
    int64_t n = 0;

    for (int32_t s = 0; s < segments->n_segments; s++)
        n += segments->n_rows[s];
    return n;
}

/* prefix[i] is the sum of the first i values. */
static void sum_up(const double *values, int64_t n, double *prefix)
{
    struct ev_sum sum = {0};

    prefix[0] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        ev_sum_add(&sum, values[i]);
        prefix[i + 1] = ev_sum_value(&sum);
    }
}

/* A segment has at least two blocks, if it has two rows. */
static int64_t shorten_block(int64_t block_rows, int64_t n)
{
    return block_rows <= n / 2 ? block_rows : n > 1 ? n / 2 : 1;
}

/* Sum of n rows drawn in blocks from one segment, whose prefix sums are prefix[0..n]. */
static double resample_segment(const double *prefix, int64_t n, int64_t block_rows,
                               struct ev_rng *rng)
{
    const int64_t block = shorten_block(block_rows, n);
    const double whole = prefix[n] - prefix[0];
    double sum = 0.0;

    if (n == 1)
        return whole;
    for (int64_t done = 0; done < n; done += block) {
        int64_t length = n - done < block ? n - done : block;
        int64_t start = (int64_t)ev_rng_below(rng, (uint64_t)n), end = start + length;
        sum += end <= n ? prefix[end] - prefix[start]
                        : prefix[n] - prefix[start] + prefix[end - n] - prefix[0];
    }
    return whole + (sum - whole) * sqrt((double)n / (double)(n - block));
}

static double resample(const struct ev_segments *segments, const double *prefix, int64_t block_rows,
                       struct ev_rng *rng)
{
    double sum = 0.0;
    int64_t first = 0;

    for (int32_t s = 0; s < segments->n_segments; s++) {
        sum += resample_segment(prefix + first, segments->n_rows[s], block_rows, rng);
        first += segments->n_rows[s];
    }
    return sum / (double)first;
}

/* The z that a standard normal number exceeds with a chance of `outside`, 0 to 0.5. */
static double normal_quantile(double outside)
{
    double low = 0.0, high = 40.0;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2.0;
        *(erfc(middle / M_SQRT2) / 2.0 > outside ? &low : &high) = middle;
    }
    return low;
}

/* Blocks of all segments, less one for each segment's mean; 0 if no segment has two rows. */
static double count_freedom(const struct ev_segments *segments, int64_t block_rows)
{
    double freedom = 0.0;

    for (int32_t s = 0; s < segments->n_segments; s++) {
        int64_t n = segments->n_rows[s];
        freedom += (double)n / (double)shorten_block(block_rows, n) - 1.0;
    }
    return freedom;
}

/* Student's quantile over the normal one, by its expansion in 1 / freedom (Abramowitz, Stegun:
 * "Handbook of Mathematical Functions", 1964, 26.7.5); 4 % too small at 3, 1 % at 5. */
static double student_over_normal(double freedom, double confidence)
{
    double z2 = pow(normal_quantile((1.0 - confidence) / 2.0), 2.0);

    return 1.0 + (z2 + 1.0) / (4.0 * freedom) +
           (5.0 * z2 * z2 + 16.0 * z2 + 3.0) / (96.0 * freedom * freedom);
}

enum ev_status ev_bootstrap_mean(const struct ev_segments *segments,
                                 const struct ev_bootstrap_args *args, struct ev_bootstrap *result,
                                 struct ev_error *err)
{
    const int64_t n = count_rows(segments), n_resamples = args->n_resamples;
    /* So many resampled means lie outside on each side. */
    const int64_t n_outside =
        (int64_t)((1.0 - args->confidence) / 2.0 * (double)n_resamples * (1.0 + 1e-9));
    const double freedom = count_freedom(segments, args->block_rows);
    double *prefix = malloc(((size_t)n + 1) * sizeof *prefix);
    double *means = malloc((size_t)n_resamples * sizeof *means);
    enum ev_status status = prefix && means ? EV_OK : out_of_memory(err);

    assert(args->block_rows >= 1);
    *result = (struct ev_bootstrap){NAN, {NAN, NAN, args->confidence}};
    if (status == EV_OK) {
        sum_up(segments->values, n, prefix);
        result->mean = prefix[n] / (double)n;
    }
    if (isfinite(result->mean) && n_outside >= 1 && freedom > 0) {
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < n_resamples; i++) {
            struct ev_rng rng = ev_rng_at(args->seed, EV_RNG_BLOCKS, (uint64_t)i);
            means[i] = resample(segments, prefix, args->block_rows, &rng);
        }
        ev_stats_sort_doubles(means, n_resamples);
        double stretch = student_over_normal(freedom, args->confidence);
        result->interval.low = result->mean + stretch * (means[n_outside - 1] - result->mean);
        result->interval.high =
            result->mean + stretch * (means[n_resamples - n_outside] - result->mean);
    }
    free(means);
    free(prefix);
    return status;
}

/* Sum over the segments of (value - mean of its segment) * (the same `lag` rows on). */
static double covary(const struct ev_segments *segments, const double *centred, int64_t lag)
{
    double sum = 0.0;

    for (int32_t s = 0; s < segments->n_segments; s++) {
        for (int64_t i = lag; i < segments->n_rows[s]; i++)
            sum += centred[i] * centred[i - lag];
        centred += segments->n_rows[s];
    }
    return sum;
}

static void centre(const struct ev_segments *segments, double *centred)
{
    int64_t first = 0;

    for (int32_t s = 0; s < segments->n_segments; s++) {
        const int64_t n = segments->n_rows[s];
        struct ev_sum sum = {0};
        for (int64_t i = first; i < first + n; i++)
            ev_sum_add(&sum, segments->values[i]);
        for (int64_t i = first; i < first + n; i++)
            centred[i] = segments->values[i] - ev_sum_value(&sum) / (double)n;
        first += n;
    }
}

/* Fills r[1..] until enough autocorrelations in a row are negligible; returns the last lag that is
 * not one of them. */
static int64_t correlate(const struct ev_segments *segments, const double *centred, int64_t n,
                         int64_t max_lag, double *r)
{
    const double negligible = 2.0 * sqrt(log10((double)n) / (double)n);
    const double variance = covary(segments, centred, 0);
    int64_t lag = 1, last = 0;

    if (!(variance > 0))
        return 0;
    for (; lag <= max_lag && lag - last <= N_NEGLIGIBLE; lag++) {
        r[lag] = covary(segments, centred, lag) / variance;
        if (!(fabs(r[lag]) < negligible))
            last = lag;
    }
    for (; lag <= 2 * last; lag++)
        r[lag] = covary(segments, centred, lag) / variance;
    return last;
}

enum ev_status ev_bootstrap_block_rows(const struct ev_segments *segments, int64_t *block_rows,
                                       struct ev_error *err)
{
    const int64_t n = count_rows(segments), max_lag = (int64_t)ceil(sqrt((double)n)) + N_NEGLIGIBLE;
    double *centred = malloc((size_t)n * sizeof *centred);
    double *r = calloc(2 * (size_t)max_lag + 1, sizeof *r);
    enum ev_status status = centred && r ? EV_OK : out_of_memory(err);

    *block_rows = 1;
    if (status == EV_OK) {
        centre(segments, centred);
        int64_t window = 2 * correlate(segments, centred, n, max_lag, r);
        double g = 0.0, s = 1.0;
        for (int64_t k = 1; k <= window; k++) {
            double weight = 2.0 * fmin(1.0, 2.0 - 2.0 * (double)k / (double)window);
            g += weight * (double)k * r[k];
            s += weight * r[k];
        }
        double length = cbrt(1.5 * (g / s) * (g / s) * (double)n);
        double most = fmin((double)n / 3.0, 3.0 * sqrt((double)n));
        *block_rows = (int64_t)fmax(1.0, 2.0 * fmin(length, most));
    }
    free(r);
    free(centred);
    return status;
}
