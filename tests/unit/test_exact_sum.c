/* SPDX-License-Identifier: MIT */
/* Exact sums: no digit is lost, no order matters, and what comes out is rounded once. */
#include "support/ev_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "stats/exact_sum.h"

#define N 4000

static double sum_of(const double *values, int n)
{
    struct ev_exact_sum sum = {0};

    for (int i = 0; i < n; i++)
        ev_exact_sum_add(&sum, values[i]);
    return ev_exact_sum_value(&sum);
}

#define MOST 6
#define TINY 0x1p-1074

/* By hand; the values from the binary point's left and right end up in one sum. */
static const struct {
    double values[MOST];
    double sum;
} cases[] = {
    {{0}, 0},
    {{1}, 1},
    {{-1}, -1},
    {{0.1, 0.2}, 0.1 + 0.2},
    {{1, 1e100, 1, -1e100}, 2},
    {{1e308, 1e308, -1e308, -1e308, 3}, 3},
    {{DBL_MAX, DBL_MAX, -DBL_MAX}, DBL_MAX},
    {{-DBL_MAX, DBL_MAX, -TINY}, -TINY},
    {{TINY, TINY, TINY}, 3 * TINY},
    {{DBL_MIN, -TINY}, DBL_MIN - TINY},
    {{0x1p-540, -0x1p-600}, 0x1p-540 - 0x1p-592 + 0x1.fep-593}, /* 52 bits and more below */
    {{1, 0x1p-53}, 1},                                          /* a tie: to the even one */
    {{1, 0x1p-52, 0x1p-53}, 1 + 0x1p-51},                       /* a tie: to the even one */
    {{1, 0x1p-53, TINY}, 1 + 0x1p-52},                          /* a little more than a tie */
    {{1, 0x1p-53, -TINY}, 1},
    {{-1, -0x1p-53, -TINY}, -1 - 0x1p-52},
    {{0x1p32, -1}, 0x1p32 - 1}, /* across digits */
    {{0x1p64, -0x1p-64, 0x1p-64}, 0x1p64},
    {{DBL_MAX, DBL_MAX}, INFINITY},
};

START_TEST(sums_are_rounded_once)
{
    const double sum = sum_of(cases[_i].values, MOST);

    ck_assert_msg(sum == cases[_i].sum, "case %d: %a, expected %a", _i, sum, cases[_i].sum);
}
END_TEST

/* Sizes from 1e-30 to 1e30 and both signs. */
static void fill(double *values)
{
    struct ev_rng rng = ev_rng_at(5, EV_RNG_TEST, 0);

    for (int i = 0; i < N; i++)
        values[i] = ev_rng_normal(&rng) * pow(10, ev_rng_range(&rng, -30, 30));
}

static void shuffle(double *values, uint64_t seed)
{
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_TEST, 1);

    for (int i = N - 1; i > 0; i--) {
        const int j = (int)ev_rng_below(&rng, (uint64_t)i + 1);
        const double kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}

START_TEST(no_order_changes_a_bit)
{
    double values[N];

    fill(values);
    const double sum = sum_of(values, N);
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct ev_exact_sum merged = {0};
        shuffle(values, seed);
        ck_assert_double_eq(sum_of(values, N), sum);
        for (int first = 0; first < N; first += 100) {
            struct ev_exact_sum part = {0};
            for (int i = first; i < first + 100; i++)
                ev_exact_sum_add(&part, values[i]);
            ev_exact_sum_merge(&merged, &part);
        }
        ck_assert_double_eq(ev_exact_sum_value(&merged), sum);
    }
}
END_TEST

/* What was added and taken away again leaves nothing. */
START_TEST(nothing_is_lost)
{
    double values[N];
    struct ev_exact_sum sum = {0};

    fill(values);
    for (int i = 0; i < N; i++)
        ev_exact_sum_add(&sum, values[i]);
    ev_exact_sum_add(&sum, 0x1p-1000);
    for (int i = N - 1; i >= 0; i--)
        ev_exact_sum_add(&sum, -values[i]);
    ck_assert_double_eq(ev_exact_sum_value(&sum), 0x1p-1000);
}
END_TEST

/* As after a thousand million additions, without making them. */
START_TEST(full_digits_are_carried)
{
    struct ev_exact_sum sum = {0};

    for (int i = 0; i < 40; i++) {
        sum.n_uncarried = (1 << 30) - 1;
        ev_exact_sum_add(&sum, -0x1.fffffffffffffp52);
        ck_assert_int_eq(sum.n_uncarried, 0);
    }
    ck_assert_double_eq(ev_exact_sum_value(&sum), -40 * 0x1.fffffffffffffp52);
}
END_TEST

START_TEST(what_is_no_number_makes_none)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};

    for (int i = 0; i < 3; i++) {
        struct ev_exact_sum sum = {0}, other = {0};
        ev_exact_sum_add(&sum, bad[i]);
        ev_exact_sum_add(&sum, 1);
        ck_assert(isnan(ev_exact_sum_value(&sum)));
        ev_exact_sum_merge(&other, &sum);
        ck_assert(isnan(ev_exact_sum_value(&other)));
    }
}
END_TEST

static double spread_of(const double *values, int n)
{
    struct ev_exact_sum sum = {0}, squares = {0};

    for (int i = 0; i < n; i++) {
        ev_exact_sum_add(&sum, values[i]);
        ev_exact_sum_add_product(&squares, values[i], values[i]);
    }
    return ev_exact_sum_spread(&sum, &squares, n);
}

START_TEST(spread_keeps_its_digits_far_from_zero)
{
    const double near[] = {-1, 0, 1, 4};
    double far[4], same[N];

    ck_assert_double_eq(spread_of(near, 4), 4 * 18 - 16);
    for (int i = 0; i < 4; i++)
        far[i] = 0x1p40 + near[i];
    ck_assert_double_eq(spread_of(far, 4), 4 * 18 - 16);
    for (int i = 0; i < N; i++)
        same[i] = 0.1 + 0.7e9;
    ck_assert_double_eq(spread_of(same, N), 0);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("exact_sum");
    TCase *tests = tcase_create("exact_sum");

    tcase_add_loop_test(tests, sums_are_rounded_once, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tests, no_order_changes_a_bit);
    tcase_add_test(tests, nothing_is_lost);
    tcase_add_test(tests, full_digits_are_carried);
    tcase_add_test(tests, what_is_no_number_makes_none);
    tcase_add_test(tests, spread_keeps_its_digits_far_from_zero);
    suite_add_tcase(suite, tests);
    return suite;
}
