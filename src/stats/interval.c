/* SPDX-License-Identifier: MIT */
/* Binomial tails and the ranks that they allow. */
#include "stats/interval.h"

#include <assert.h>
#include <math.h>

/* The largest k < n for which a binomial (n, p) number is k or less with a chance of at most
 * `level`, and that chance; -1 if there is none. Terms come from their logarithms: the first one,
 * (1 - p)^n, would vanish for a few thousand values. */
static int64_t last_within(int64_t n, double p, double level, double *chance)
{
    double log_odds = log(p) - log1p(-p), log_term = (double)n * log1p(-p);
    double sum = exp(log_term);
    int64_t k = -1;

    *chance = 0.0;
    while (sum <= level && k < n - 1) {
        k++;
        *chance = sum;
        log_term += log((double)(n - k) / (double)(k + 1)) + log_odds;
        sum += exp(log_term);
    }
    return k;
}

bool ev_interval_ranks(int64_t n, double quantile, double confidence, struct ev_ranks *ranks)
{
    assert(quantile > 0 && quantile < 1 && confidence > 0 && confidence < 1);

    /* So many values may lie below the interval, and so many above it. */
    double below, above, level = (1.0 - confidence) / 2.0;
    int64_t n_below = last_within(n, quantile, level, &below);
    int64_t n_above = last_within(n, 1.0 - quantile, level, &above);
    if (n_below < 0 || n_above < 0) {
        *ranks = (struct ev_ranks){.confidence = NAN};
        return false;
    }
    *ranks = (struct ev_ranks){
        .low = n_below + 1,
        .high = n - n_above,
        .confidence = 1.0 - below - above,
    };
    return true;
}

bool ev_interval_upper_rank(int64_t n, double quantile, double confidence, struct ev_ranks *ranks)
{
    assert(quantile > 0 && quantile < 1 && confidence > 0 && confidence < 1);

    double above;
    int64_t n_above = last_within(n, 1.0 - quantile, 1.0 - confidence, &above);
    if (n_above < 0) {
        *ranks = (struct ev_ranks){.confidence = NAN};
        return false;
    }
    *ranks = (struct ev_ranks){
        .high = n - n_above,
        .confidence = 1.0 - above,
    };
    return true;
}

int64_t ev_interval_fewest(double quantile, double confidence, int64_t n_above)
{
    assert(quantile > 0 && quantile < 1 && confidence > 0 && confidence < 1);

    double above;
    int64_t n = n_above + 1;
    while (last_within(n, 1.0 - quantile, 1.0 - confidence, &above) < n_above)
        n++;
    return n;
}

bool ev_interval_median(const double *sorted, int64_t n, double confidence,
                        struct ev_interval *interval)
{
    struct ev_ranks ranks;

    if (!ev_interval_ranks(n, 0.5, confidence, &ranks)) {
        *interval = (struct ev_interval){NAN, NAN, NAN};
        return false;
    }
    *interval = (struct ev_interval){
        .low = sorted[ranks.low - 1],
        .high = sorted[ranks.high - 1],
        .confidence = ranks.confidence,
    };
    return true;
}
