/* SPDX-License-Identifier: MIT */
/* Sums, medians and percentiles against values worked out by hand. */
#include "support/ev_test.h"

#include <math.h>

#include "stats/stats.h"

START_TEST(percentiles_are_nearest_ranks)
{
    float ten[10];

    for (int i = 0; i < 10; i++)
        ten[i] = (float)(10 * (i + 1));
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 1), 10);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 10), 10);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 25), 30);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 50), 50);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 90), 90);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 91), 100);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 99), 100);
    ck_assert_double_eq(ev_stats_percentile(ten, 10, 100), 100);
    ck_assert_double_eq(ev_stats_percentile(ten, 1, 50), 10);
}
END_TEST

/* Whole percents of whole hundreds must not slip to the next rank by rounding. */
START_TEST(ranks_of_large_lists_are_exact)
{
    static float values[1000];

    for (int i = 0; i < 1000; i++)
        values[i] = (float)(i + 1);
    for (int percent = 1; percent <= 100; percent++)
        ck_assert_double_eq(ev_stats_percentile(values, 1000, percent), 10 * percent);
    ck_assert_double_eq(ev_stats_percentile_doubles((const double[]){1, 2, 1e300}, 3, 67), 1e300);
}
END_TEST

START_TEST(medians_of_even_lists_are_means_of_two)
{
    const float odd[] = {1, 5, 100}, even[] = {1, 5, 6, 100};

    ck_assert_double_eq(ev_stats_median(odd, 3), 5);
    ck_assert_double_eq(ev_stats_median(even, 4), 5.5);
    ck_assert_double_eq(ev_stats_median(even, 1), 1);
    ck_assert_double_eq(ev_stats_median_doubles((const double[]){1, 5, 100}, 3), 5);
    ck_assert_double_eq(ev_stats_median_doubles((const double[]){1, 5, 6, 100}, 4), 5.5);
    ck_assert_double_eq(ev_stats_mean(even, 4), 28);
}
END_TEST

START_TEST(sorting_is_ascending)
{
    float values[] = {3, -1, 2, 2, 0};

    ev_stats_sort(values, 5);
    for (int i = 1; i < 5; i++)
        ck_assert_float_le(values[i - 1], values[i]);
    ck_assert_float_eq(values[0], -1);

    /* Doubles that are one number as floats. */
    double close[] = {1.0 + 1e-12, 1.0, 1.0 - 1e-12};
    ev_stats_sort_doubles(close, 3);
    ck_assert(close[0] < close[1] && close[1] < close[2]);
}
END_TEST

/* 1 + 1e100 - 1e100 loses the 1 in a plain sum. */
START_TEST(sums_keep_what_rounding_loses)
{
    struct ev_sum sum = {0};

    ev_sum_add(&sum, 1.0);
    ev_sum_add(&sum, 1e100);
    ev_sum_add(&sum, 1.0);
    ev_sum_add(&sum, -1e100);
    ck_assert_double_eq(ev_sum_value(&sum), 2.0);

    struct ev_sum tenths = {0};
    for (int i = 0; i < 1000000; i++)
        ev_sum_add(&tenths, 0.1);
    ck_assert_double_eq(ev_sum_value(&tenths), 100000.0);
    ev_sum_add(&tenths, NAN);
    ck_assert(isnan(ev_sum_value(&tenths)));
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("stats");
    TCase *tests = tcase_create("stats");

    tcase_add_test(tests, percentiles_are_nearest_ranks);
    tcase_add_test(tests, ranks_of_large_lists_are_exact);
    tcase_add_test(tests, medians_of_even_lists_are_means_of_two);
    tcase_add_test(tests, sorting_is_ascending);
    tcase_add_test(tests, sums_keep_what_rounding_loses);
    suite_add_tcase(suite, tests);
    return suite;
}
