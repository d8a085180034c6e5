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
    ck_assert_double_eq_tol(coverage(0.5, 0, 1000), 0.95, 0.02);
    ck_assert_double_eq_tol(coverage(0.9, 0, 1000), 0.95, 0.02);
    ck_assert_double_eq_tol(coverage(0.97, 0, 1000), 0.95, 0.025);
}
END_TEST

/* The same check, failed by single rows: a third of the intervals. */
START_TEST(single_rows_cover_independent_rows_alone)
{
    ck_assert_double_eq_tol(coverage(0.0, 1, 200), 0.95, 0.04);
    ck_assert_double_lt(coverage(0.9, 1, 100), 0.5);
}
END_TEST

/* Two to four blocks a segment: then intervals are rather too wide than too narrow. */
START_TEST(few_blocks_still_cover)
{
    const int64_t lengths[] = {250, 500, 5000};

    for (int i = 0; i < 3; i++) {
        double share = coverage(0.0, lengths[i], 1000);
        ck_assert_double_ge(share, 0.94);
        ck_assert_double_le(share, 0.995);
    }
}
END_TEST

/* Squared standard error of the mean from the means of all circular blocks of a segment, of which
 * n / block are drawn, with the usual divisor of one less. */
static double squared_error(const double *rows, int64_t n, int64_t block)
{
    double n_blocks = (double)n / (double)block, mean = 0.0, spread = 0.0;

    for (int64_t i = 0; i < n; i++)
        mean += rows[i] / (double)n;
    for (int64_t start = 0; start < n; start++) {
        double sum = 0.0;
        for (int64_t i = 0; i < block; i++)
            sum += (rows[(start + i) % n] - mean) / (double)block;
        spread += sum * sum / (double)n;
    }
    return spread / (n_blocks - 1.0);
}

/* The interval is Student's with 6 degrees of freedom (9 blocks, 3 means), as resampled means of so
 * many rows are nearly normal. */
START_TEST(intervals_are_as_wide_as_students)
{
    const struct ev_bootstrap_args args = {500, 40000, 0.95, 1};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_bootstrap result;
    double variance = 0.0;
    int64_t row = 0;

    simulate(4, 0.0);
    ev_assert_ok(ev_bootstrap_mean(&segments, &args, &result, &err));
    for (int32_t s = 0; s < N_SEGMENTS; s++) {
        double weight = (double)segment_rows[s] / N_ROWS;
        variance += weight * weight * squared_error(values + row, segment_rows[s], 500);
        row += segment_rows[s];
    }
    double half_width = (result.interval.high - result.interval.low) / 2.0;
    ck_assert_double_eq_tol(half_width / sqrt(variance), 2.4469, 0.1);
}
END_TEST

START_TEST(results_do_not_depend_on_threads)
{
    const struct ev_bootstrap_args args = {37, 999, 0.95, 11}, other = {37, 999, 0.95, 12};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_bootstrap one, several, seeded;

    simulate(1, 0.9);
    omp_set_num_threads(1);
    ev_assert_ok(ev_bootstrap_mean(&segments, &args, &one, &err));
    for (int n_threads = 2; n_threads <= 7; n_threads++) {
        omp_set_num_threads(n_threads);
        ev_assert_ok(ev_bootstrap_mean(&segments, &args, &several, &err));
        ck_assert(memcmp(&one, &several, sizeof one) == 0);
    }
    ev_assert_ok(ev_bootstrap_mean(&segments, &other, &seeded, &err));
    ck_assert_double_ne(one.interval.low, seeded.interval.low);
    ck_assert_double_eq(one.mean, seeded.mean);
}
END_TEST

/* Segments keep their rows: if only they differ, all resamples are alike. */
START_TEST(blocks_stay_in_their_segment)
{
    const struct ev_bootstrap_args args = {300, 200, 0.95, 1};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_bootstrap result;
    int64_t row = 0;

    for (int32_t s = 0; s < N_SEGMENTS; s++) {
        for (int64_t i = 0; i < segment_rows[s]; i++)
            values[row++] = segment_means[s];
    }
    ev_assert_ok(ev_bootstrap_mean(&segments, &args, &result, &err));
    ck_assert_double_eq_tol(result.mean, true_mean, 1e-12);
    ck_assert_double_eq_tol(result.interval.low, true_mean, 1e-12);
    ck_assert_double_eq_tol(result.interval.high, true_mean, 1e-12);
}
END_TEST

/* Whole periods of a sine: any run of 50 rows, also around the end, has the mean 0. */
START_TEST(blocks_are_neighbours_and_wrap_around)
{
    const struct ev_bootstrap_args blocks = {50, 200, 0.95, 1}, rows = {1, 200, 0.95, 1};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_bootstrap result;

    for (int64_t i = 0; i < N_ROWS; i++)
        values[i] = sin(2.0 * M_PI * (double)i / 50.0);
    ev_assert_ok(ev_bootstrap_mean(&segments, &blocks, &result, &err));
    ck_assert_double_eq_tol(result.interval.high - result.interval.low, 0.0, 1e-12);
    ev_assert_ok(ev_bootstrap_mean(&segments, &rows, &result, &err));
    ck_assert_double_gt(result.interval.high - result.interval.low, 0.03);
}
END_TEST

START_TEST(what_cannot_be_said_is_nan)
{
    const struct ev_bootstrap_args args = {10, 200, 0.95, 1}, few = {10, 39, 0.95, 1};
    int64_t single_rows[1000];
    const struct ev_segments single = {values, single_rows, 1000};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_bootstrap result;

    for (int i = 0; i < 1000; i++)
        single_rows[i] = 1;
    simulate(1, 0.5);
    ev_assert_ok(ev_bootstrap_mean(&segments, &few, &result, &err));
    ck_assert(isfinite(result.mean) && isnan(result.interval.low) && isnan(result.interval.high));
    ev_assert_ok(ev_bootstrap_mean(&single, &args, &result, &err));
    ck_assert(isnan(result.interval.low) && isnan(result.interval.high));
    values[N_ROWS - 1] = NAN;
    ev_assert_ok(ev_bootstrap_mean(&segments, &args, &result, &err));
    ck_assert(isnan(result.mean) && isnan(result.interval.low) && isnan(result.interval.high));
}
END_TEST

/* The formula's value for an autoregressive process: g / s = 2 rho / (1 - rho^2). */
START_TEST(block_lengths_follow_the_autocorrelation)
{
    struct ev_error err = EV_ERROR_INIT;
    const double rhos[] = {0.5, 0.8, 0.9};
    int64_t block_rows;

    for (int i = 0; i < 3; i++) {
        double sum = 0.0;
        for (uint64_t run = 0; run < 100; run++) {
            simulate(run, rhos[i]);
            ev_assert_ok(ev_bootstrap_block_rows(&segments, &block_rows, &err));
            sum += (double)block_rows / 100.0;
        }
        double ratio = 2.0 * rhos[i] / (1.0 - rhos[i] * rhos[i]);
        double expected = 2.0 * cbrt(1.5 * ratio * ratio * N_ROWS);
        ck_assert_double_eq_tol(sum / expected, 1.0, 0.15);
    }
    simulate(1, 0.0);
    ev_assert_ok(ev_bootstrap_block_rows(&segments, &block_rows, &err));
    ck_assert_int_eq(block_rows, 1);
    simulate(1, 0.99999);
    ev_assert_ok(ev_bootstrap_block_rows(&segments, &block_rows, &err));
    ck_assert_int_gt(block_rows, 200);
    ck_assert_int_le(block_rows, (int64_t)(6.0 * sqrt(N_ROWS)));
    values[5] = NAN;
    ev_assert_ok(ev_bootstrap_block_rows(&segments, &block_rows, &err));
    ck_assert_int_eq(block_rows, 1);
}
END_TEST

/* Values of the formula worked out apart from this program, in plain loops, for short series. */
START_TEST(block_lengths_are_those_of_the_formula)
{
    static const int64_t n_rows[] = {100, 200},
                         expected[] = {38, 41, 46, 32, 34, 36, 63, 33, 44, 8,  32,
                                       39, 27, 33, 41, 40, 37, 50, 44, 53, 38, 53,
                                       27, 37, 67, 37, 32, 34, 39, 34, 45, 29};
    const struct ev_segments two = {values, n_rows, 2};
    struct ev_error err = EV_ERROR_INIT;
    int64_t block_rows;

    for (int seed = 1; seed <= 32; seed++) {
        struct ev_rng rng = ev_rng_at((uint64_t)seed, EV_RNG_TEST, 0);
        double x = 0.0;
        for (int i = 0; i < 300; i++) {
            x = 0.875 * x + (double)ev_rng_below(&rng, 101) - 50.0;
            values[i] = x;
        }
        ev_assert_ok(ev_bootstrap_block_rows(&two, &block_rows, &err));
        ck_assert_int_eq(block_rows, expected[seed - 1]);
    }
}
END_TEST

/* Levels of the segments are no correlation between rows. */
START_TEST(levels_of_segments_do_not_lengthen_blocks)
{
    struct ev_error err = EV_ERROR_INIT;
    const int64_t all_rows[] = {N_ROWS};
    const struct ev_segments one = {values, all_rows, 1};
    int64_t within, across;

    simulate(2, 0.5);
    ev_assert_ok(ev_bootstrap_block_rows(&segments, &within, &err));
    ev_assert_ok(ev_bootstrap_block_rows(&one, &across, &err));
    ck_assert_int_lt(within, 80);
    ck_assert_int_gt(across, 200);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("bootstrap");
    TCase *tests = tcase_create("bootstrap");

    tcase_set_timeout(tests, 50);
    tcase_add_test(tests, blocks_cover_dependent_rows);
    tcase_add_test(tests, single_rows_cover_independent_rows_alone);
    tcase_add_test(tests, few_blocks_still_cover);
    tcase_add_test(tests, intervals_are_as_wide_as_students);
    tcase_add_test(tests, results_do_not_depend_on_threads);
    tcase_add_test(tests, blocks_stay_in_their_segment);
    tcase_add_test(tests, blocks_are_neighbours_and_wrap_around);
    tcase_add_test(tests, what_cannot_be_said_is_nan);
    tcase_add_test(tests, block_lengths_follow_the_autocorrelation);
    tcase_add_test(tests, block_lengths_are_those_of_the_formula);
    tcase_add_test(tests, levels_of_segments_do_not_lengthen_blocks);
    suite_add_tcase(suite, tests);
    return suite;
}
