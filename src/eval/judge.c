/* SPDX-License-Identifier: MIT */
/* Chooses the blocks, resamples, and hands the intervals on. */
#include "eval/judge.h"

#include <math.h>
#include <stdlib.h>

#include "stats/stats.h"

/* Any number; fixed, so that the same errors have the same intervals. */
#define SEED UINT64_C(20170425)

/* 50 resampled means lie outside the interval on each side. */
#define N_RESAMPLES 2000

/* A resample draws this many blocks at most, so that its time does not grow with the set: 2000
 * times as many take 0.2 to 1.2 s on one core. Longer blocks than asked for do no harm while there
 * are thousands of them. */
#define MAX_BLOCKS 10000

static enum ev_status resample(const struct ev_segments *values, struct ev_bootstrap *result,
                               struct ev_error *err)
{
    struct ev_bootstrap_args args = {
        .n_resamples = N_RESAMPLES,
        .confidence = EV_ERROR_CONFIDENCE,
        .seed = SEED,
    };
    int64_t n_rows = 0;
    enum ev_status status = ev_bootstrap_block_rows(values, &args.block_rows, err);

    if (status != EV_OK)
        return status;
    for (int32_t s = 0; s < values->n_segments; s++)
        n_rows += values->n_rows[s];
    if (args.block_rows < n_rows / MAX_BLOCKS)
        args.block_rows = n_rows / MAX_BLOCKS;
    return ev_bootstrap_mean(values, &args, result, err);
}

enum ev_status ev_judge_error(const struct ev_segments *errors, double *low, double *high,
                              struct ev_error *err)
{
    struct ev_bootstrap mean;
    enum ev_status status = resample(errors, &mean, err);

    if (status == EV_OK) {
        *low = mean.interval.low;
        *high = mean.interval.high;
    }
    return status;
}

static double mean_of(const double *values, int64_t n)
{
    struct ev_sum sum = {0};

    for (int64_t i = 0; i < n; i++)
        ev_sum_add(&sum, values[i]);
    return ev_sum_value(&sum) / (double)n;
}

static void judge(const struct ev_bootstrap *difference, double baseline,
                  struct ev_error_change *change)
{
    *change = (struct ev_error_change){EV_VERDICT_UNRESOLVED, NAN, NAN, NAN, NAN};
    if (!isfinite(difference->mean) || !(baseline > 0))
        return;
    const struct ev_comparison comparison =
        ev_verdict_errors(difference->mean, &difference->interval, baseline, EV_ERROR_MARGIN);
    if (comparison.verdict != EV_VERDICT_NONE)
        change->verdict = comparison.verdict;
    change->relative = comparison.change;
    change->low = comparison.interval.low;
    change->high = comparison.interval.high;
    change->detectable = comparison.detectable;
}

enum ev_status ev_judge_change(const struct ev_segments *errors, const double *baseline,
                               struct ev_error_change *change, struct ev_error *err)
{
    int64_t n = 0;
    struct ev_bootstrap difference;

    for (int32_t s = 0; s < errors->n_segments; s++)
        n += errors->n_rows[s];
    double *differences = malloc((size_t)n * sizeof *differences);
    if (!differences)
        return ev_fail(err, EV_MEMORY, "out of memory for the errors of %lld rows", (long long)n);
    for (int64_t i = 0; i < n; i++)
        differences[i] = errors->values[i] - baseline[i];
    const struct ev_segments paired = {differences, errors->n_rows, errors->n_segments};
    enum ev_status status = resample(&paired, &difference, err);
    if (status == EV_OK)
        judge(&difference, mean_of(baseline, n), change);
    free(differences);
    return status;
}
