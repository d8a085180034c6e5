/* SPDX-License-Identifier: MIT */
/* Ranks against figures that can be worked out by hand, and coverage in simulated samples. */
#include "support/ev_test.h"

#include <math.h>

#include "base/rng.h"
#include "stats/interval.h"
#include "stats/stats.h"

static const struct {
    int64_t n;
    double confidence;
    int64_t low, high;
    double reached;
} medians[] = {
    {12, 0.9875, 2, 11, 1.0 - 2.0 * 13.0 / 4096.0},
    {12, 0.95, 3, 10, 1.0 - 2.0 * 79.0 / 4096.0},
    {6, 0.95, 1, 6, 1.0 - 2.0 / 64.0},
    {20, 0.9875, 5, 16, 1.0 - 2.0 * 6196.0 / 1048576.0},
    {30, 0.95, 10, 21, 0.957226},
    {100, 0.95, 40, 61, 0.964800},
};

START_TEST(ranks_of_a_median)
{
    struct ev_ranks ranks;

    ck_assert(ev_interval_ranks(medians[_i].n, 0.5, medians[_i].confidence, &ranks));
    ck_assert_int_eq(ranks.low, medians[_i].low);
    ck_assert_int_eq(ranks.high, medians[_i].high);
    ck_assert_double_eq_tol(ranks.confidence, medians[_i].reached, 5e-7);
}
END_TEST

/* The next narrower symmetric ranks would not reach the confidence. */
START_TEST(ranks_are_the_narrowest)
{
    for (int64_t n = 6; n <= 200; n++) {
        struct ev_ranks asked, narrower;
        ck_assert(ev_interval_ranks(n, 0.5, 0.95, &asked));
        ck_assert_double_ge(asked.confidence, 0.95);
        ck_assert_int_eq(asked.low + asked.high, n + 1);
        for (double c = 0.945; c > 0.05; c -= 0.005) {
            ck_assert(ev_interval_ranks(n, 0.5, c, &narrower));
            if (narrower.low > asked.low)
                break;
        }
        ck_assert_int_gt(narrower.low, asked.low);
        ck_assert_double_lt(narrower.confidence, 0.95);
    }
}
END_TEST

START_TEST(too_few_values_have_no_interval)
{
    const double values[] = {1, 2, 3, 4, 5};
    struct ev_interval interval = {0};
    struct ev_ranks ranks;

    for (int64_t n = 0; n <= 5; n++) {
        ck_assert(!ev_interval_median(values, n, 0.95, &interval));
        ck_assert(isnan(interval.low) && isnan(interval.high) && isnan(interval.confidence));
    }
    ck_assert(!ev_interval_ranks(1, 0.5, 0.95, &ranks) && isnan(ranks.confidence));
    ck_assert(!ev_interval_upper_rank(458, 0.99, 0.99, &ranks) && isnan(ranks.confidence));
    ck_assert(ev_interval_upper_rank(459, 0.99, 0.99, &ranks));
    ck_assert_int_eq(ranks.high, 459);
}
END_TEST

START_TEST(upper_bounds_of_percentiles)
{
    struct ev_ranks ranks;

    ck_assert_int_eq(ev_interval_fewest(0.9, 0.99, 0), 44);
    ck_assert_int_eq(ev_interval_fewest(0.99, 0.99, 0), 459);
    ck_assert_int_eq(ev_interval_fewest(0.999, 0.99, 0), 4603);
    ck_assert_int_eq(ev_interval_fewest(0.99, 0.95, 0), 299);
    ck_assert_int_eq(ev_interval_fewest(0.9, 0.99, 1), 64);
    ck_assert_int_eq(ev_interval_fewest(0.99, 0.99, 1), 662);

    ck_assert(ev_interval_upper_rank(4608, 0.99, 0.99, &ranks));
    ck_assert_int_eq(ranks.high, 4578);
    ck_assert(ev_interval_upper_rank(4608, 0.999, 0.99, &ranks));
    ck_assert_int_eq(ranks.high, 4608);
    ck_assert_double_eq_tol(ranks.confidence, 1.0 - pow(0.999, 4608), 1e-12);
    ck_assert(ev_interval_upper_rank(44, 0.9, 0.99, &ranks));
    ck_assert_int_eq(ranks.high, 44);
}
END_TEST

/* Values skewed like times; the shares lie around the confidence reached, within four standard
 * errors of a share of so many runs. */
START_TEST(intervals_cover_as_often_as_they_say)
{
    enum { N_RUNS = 20000, N = 30 };
    struct ev_ranks median, p80, upper;
    int64_t n_median = 0, n_p80 = 0, n_upper = 0;
    const double z80 = 0.8416212335729143;

    ck_assert(ev_interval_ranks(N, 0.5, 0.95, &median));
    ck_assert(ev_interval_ranks(N, 0.8, 0.95, &p80));
    ck_assert(ev_interval_upper_rank(N, 0.8, 0.9, &upper));
    for (int run = 0; run < N_RUNS; run++) {
        struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, (uint64_t)run);
        double values[N];
        for (int i = 0; i < N; i++)
            values[i] = exp(ev_rng_normal(&rng));
        ev_stats_sort_doubles(values, N);
        n_median += values[median.low - 1] <= 1.0 && 1.0 <= values[median.high - 1];
        n_p80 += values[p80.low - 1] <= exp(z80) && exp(z80) <= values[p80.high - 1];
        n_upper += exp(z80) <= values[upper.high - 1];
    }
    ck_assert_double_eq_tol((double)n_median / N_RUNS, median.confidence, 0.006);
    ck_assert_double_eq_tol((double)n_p80 / N_RUNS, p80.confidence, 0.006);
    ck_assert_double_eq_tol((double)n_upper / N_RUNS, upper.confidence, 0.008);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("interval");
    TCase *tests = tcase_create("interval");

    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, ranks_of_a_median, 0, sizeof medians / sizeof *medians);
    tcase_add_test(tests, ranks_are_the_narrowest);
    tcase_add_test(tests, too_few_values_have_no_interval);
    tcase_add_test(tests, upper_bounds_of_percentiles);
    tcase_add_test(tests, intervals_cover_as_often_as_they_say);
    suite_add_tcase(suite, tests);
    return suite;
}
