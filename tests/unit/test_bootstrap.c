/* SPDX-License-Identifier: MIT */
/* Coverage of the bootstrap on rows that depend on their neighbours, and what it promises. */
#include "support/ev_test.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/rng.h"
#include "stats/bootstrap.h"

/* Three circuits of unequal length and level. */
enum { N_SEGMENTS = 3, N_ROWS = 4500 };
static const int64_t segment_rows[N_SEGMENTS] = {2000, 1000, 1500};
static const double segment_means[N_SEGMENTS] = {0.0, 5.0, -3.0};
static const double true_mean = (1000.0 * 5.0 - 1500.0 * 3.0) / N_ROWS;

static double values[N_ROWS];
static const struct ev_segments segments = {values, segment_rows, N_SEGMENTS};

/* Rows of an autoregressive process, x = rho * the row before + normal noise, about the means. */
static void simulate(uint64_t run, double rho)
{
    struct ev_rng rng = ev_rng_at(3, EV_RNG_TEST, run);
    int64_t row = 0;

    for (int32_t s = 0; s < N_SEGMENTS; s++) {
        double x = ev_rng_normal(&rng) / sqrt(1.0 - rho * rho);
        for (int64_t i = 0; i < segment_rows[s]; i++) {
            values[row++] = segment_means[s] + x;
            x = rho * x + ev_rng_normal(&rng);
        }
    }
}

/* Share of runs in which the interval holds the true mean; block_rows 0: as suggested. */
static double coverage(double rho, int64_t block_rows, int n_runs)
{
    struct ev_error err = EV_ERROR_INIT;
    int n_covered = 0;

    for (int run = 0; run < n_runs; run++) {
        struct ev_bootstrap_args args = {block_rows, 400, 0.95, (uint64_t)run};
        struct ev_bootstrap result;
        simulate((uint64_t)run, rho);
        if (block_rows == 0)
            ev_assert_ok(ev_bootstrap_block_rows(&segments, &args.block_rows, &err));
        ev_assert_ok(ev_bootstrap_mean(&segments, &args, &result, &err));
        n_covered += result.interval.low <= true_mean && true_mean <= result.interval.high;
    }
    return (double)n_covered / n_runs;
}

START_TEST(blocks_cover_dependent_rows)
{
    double share = coverage(0.9, 0, 2000);

    printf("AR(0.9), suggested: %.4f\n", share);
    ck_assert_double_gt(share, 0.925);
    ck_assert_double_lt(share, 0.965);
}
END_TEST

/* Single rows do not, and for independent rows they do. */
START_TEST(single_rows_cover_independent_rows_alone)
{
    double dependent = coverage(0.9, 1, 1000), independent = coverage(0.0, 1, 1000),
           suggested = coverage(0.0, 0, 1000);

    printf("%.4f %.4f %.4f\n", dependent, independent, suggested);
    ck_assert_double_lt(dependent, 0.5);
    ck_assert_double_eq_tol(independent, 0.95, 0.02);
    ck_assert_double_eq_tol(suggested, 0.95, 0.02);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("bootstrap");
    TCase *tests = tcase_create("bootstrap");

    tcase_set_timeout(tests, 50);
    tcase_add_test(tests, blocks_cover_dependent_rows);
    tcase_add_test(tests, single_rows_cover_independent_rows_alone);
    suite_add_tcase(suite, tests);
    return suite;
}
