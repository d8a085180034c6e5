/* SPDX-License-Identifier: MIT */
/* Errors against values worked out by hand and by two plain passes, for any cut into batches. */
#include "support/ev_test.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "eval/accuracy.h"

#define N 2500
#define K 2

static const struct ev_column columns[K] = {{"v", "m/s", 6.5, 24}, {"w", "rad/s", -7.1, 7.1}};

static float outputs[N * K];
static float labels[N * K];

static void fill(uint64_t seed)
{
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_TEST, 0);

    for (int i = 0; i < N; i++) {
        labels[i * K] = (float)ev_rng_range(&rng, 6.5, 24);
        labels[i * K + 1] = (float)ev_rng_range(&rng, -7.1, 7.1);
        for (int k = 0; k < K; k++) {
            double range = columns[k].max - columns[k].min;
            double target = (labels[i * K + k] - columns[k].min) / range;
            outputs[i * K + k] = (float)(target + 0.05 * ev_rng_normal(&rng));
        }
    }
}

static void figures_in_batches(int64_t batch, struct ev_error_figures *each,
                               struct ev_error_figures *all)
{
    struct ev_accuracy accuracy;

    ev_accuracy_init(&accuracy, columns, K);
    for (int64_t first = 0; first < N; first += batch) {
        int64_t n = N - first < batch ? N - first : batch;
        ev_accuracy_add(&accuracy, n, outputs + first * K, labels + first * K);
    }
    ck_assert_int_eq(accuracy.n_rows, N);
    ev_accuracy_figures(&accuracy, each, all);
}

START_TEST(figures_of_three_rows_by_hand)
{
    const struct ev_column one = {"y", "m", 10, 20};
    const float hand_labels[] = {10, 15, 20}; /* targets 0, 0.5, 1 */
    const float hand_outputs[] = {0.25f, 0.5f, 0.5f};
    struct ev_error_figures each[EV_MAX_OUTPUTS], all;
    struct ev_accuracy accuracy;

    ev_accuracy_init(&accuracy, &one, 1);
    ev_accuracy_add(&accuracy, 3, hand_outputs, hand_labels);
    ev_accuracy_figures(&accuracy, each, &all);
    ck_assert_double_eq_tol(each[0].mse_norm, 0.3125 / 3, 1e-15);
    ck_assert_double_eq_tol(each[0].mae_norm, 0.25, 1e-15);
    ck_assert_double_eq_tol(each[0].mse, 31.25 / 3, 1e-13);
    ck_assert_double_eq_tol(each[0].mae, 2.5, 1e-14);
    ck_assert_double_eq_tol(each[0].r2, 1 - 0.3125 / 0.5, 1e-15);
    ck_assert_double_eq(all.mse_norm, each[0].mse_norm);
    ck_assert_double_eq(all.mae_norm, each[0].mae_norm);
    ck_assert_double_eq(all.r2, each[0].r2);
    ck_assert(isnan(all.mse) && isnan(all.mae));
}
END_TEST

START_TEST(figures_are_those_of_two_plain_passes)
{
    struct ev_error_figures each[EV_MAX_OUTPUTS], all;
    long double residuals = 0, totals = 0;

    fill(1);
    figures_in_batches(1024, each, &all);
    for (int k = 0; k < K; k++) {
        long double range = columns[k].max - columns[k].min, mean = 0, squared = 0, total = 0;
        long double absolute = 0;
        for (int i = 0; i < N; i++) {
            long double target = (labels[i * K + k] - (long double)columns[k].min) / range;
            long double error = outputs[i * K + k] - target;
            mean += target / N;
            squared += error * error;
            absolute += fabsl(error);
        }
        for (int i = 0; i < N; i++) {
            long double target = (labels[i * K + k] - (long double)columns[k].min) / range;
            total += (target - mean) * (target - mean);
        }
        ck_assert_double_eq_tol(each[k].mse_norm, (double)(squared / N), 1e-15);
        ck_assert_double_eq_tol(each[k].mae_norm, (double)(absolute / N), 1e-14);
        ck_assert_double_eq_tol(each[k].mse, (double)(squared / N * range * range), 1e-12);
        ck_assert_double_eq_tol(each[k].mae, (double)(absolute / N * range), 1e-12);
        ck_assert_double_eq_tol(each[k].r2, (double)(1 - squared / total), 1e-13);
        residuals += squared;
        totals += total;
    }
    ck_assert_double_eq_tol(all.mse_norm, (double)(residuals / (N * K)), 1e-15);
    ck_assert_double_eq_tol(all.r2, (double)(1 - residuals / totals), 1e-13);
}
END_TEST

START_TEST(batches_do_not_change_a_bit)
{
    static const int64_t batches[] = {1, 3, 7, 64, 1000, 1024, N - 1};
    struct ev_error_figures whole[EV_MAX_OUTPUTS], cut[EV_MAX_OUTPUTS], all[2];

    fill(2);
    figures_in_batches(N, whole, &all[0]);
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        figures_in_batches(batches[b], cut, &all[1]);
        ck_assert_mem_eq(whole, cut, K * sizeof *whole);
        ck_assert_double_eq(all[0].mse_norm, all[1].mse_norm);
        ck_assert_double_eq(all[0].mae_norm, all[1].mae_norm);
        ck_assert_double_eq(all[0].r2, all[1].r2);
    }
}
END_TEST

static void swap_rows(int a, int b)
{
    for (int k = 0; k < K; k++) {
        const float output = outputs[a * K + k], label = labels[a * K + k];
        outputs[a * K + k] = outputs[b * K + k];
        labels[a * K + k] = labels[b * K + k];
        outputs[b * K + k] = output;
        labels[b * K + k] = label;
    }
}

/* Labels far from 0 and errors of many sizes, which sums in another order would show. */
START_TEST(the_order_of_rows_does_not_change_a_bit)
{
    struct ev_error_figures first[EV_MAX_OUTPUTS], again[EV_MAX_OUTPUTS], all[2];
    struct ev_rng rng = ev_rng_at(9, EV_RNG_TEST, 0);

    fill(5);
    for (int i = 0; i < N * K; i++) {
        labels[i] += 1000;
        outputs[i] = (float)(outputs[i] + pow(10, ev_rng_range(&rng, -6, 3)));
    }
    figures_in_batches(1024, first, &all[0]);
    for (int round = 0; round < 10; round++) {
        for (int i = N - 1; i > 0; i--)
            swap_rows(i, (int)ev_rng_below(&rng, (uint64_t)i + 1));
        figures_in_batches(1024, again, &all[1]);
        ck_assert_mem_eq(first, again, K * sizeof *first);
        ck_assert_double_eq(all[0].mse_norm, all[1].mse_norm);
        ck_assert_double_eq(all[0].mae_norm, all[1].mae_norm);
        ck_assert_double_eq(all[0].r2, all[1].r2);
    }
}
END_TEST

/* R2 of two sets with different means is that of their rows together. */
START_TEST(pooling_uses_the_pooled_mean)
{
    const struct ev_column one = {"y", "", 0, 1};
    const float low_labels[] = {0.0f, 0.25f}, high_labels[] = {0.75f, 1.0f};
    const float low_outputs[] = {0.125f, 0.25f}, high_outputs[] = {0.75f, 1.0f};
    struct ev_error_figures each[EV_MAX_OUTPUTS], all;
    struct ev_accuracy pooled;

    ev_accuracy_init(&pooled, &one, 1);
    ev_accuracy_add(&pooled, 2, low_outputs, low_labels);
    ev_accuracy_add(&pooled, 2, high_outputs, high_labels);
    ev_accuracy_figures(&pooled, each, &all);
    /* Mean 0.5, squares 0.25 + 0.0625 + 0.0625 + 0.25. */
    ck_assert_double_eq_tol(all.r2, 1 - 0.015625 / 0.625, 1e-15);
}
END_TEST

/* One output with constant labels has no R2; its error still counts in the whole. */
START_TEST(constant_labels_have_no_r2)
{
    struct ev_error_figures each[EV_MAX_OUTPUTS], all;

    fill(3);
    for (int i = 0; i < N; i++)
        labels[i * K] = 8.1f;
    figures_in_batches(100, each, &all);
    ck_assert(isnan(each[0].r2));
    ck_assert(!isnan(each[1].r2) && !isnan(all.r2));
    ck_assert_double_lt(all.r2, each[1].r2);
}
END_TEST

START_TEST(nan_outputs_make_their_figures_nan)
{
    struct ev_error_figures each[EV_MAX_OUTPUTS], all;

    fill(4);
    outputs[17 * K] = NAN;
    figures_in_batches(100, each, &all);
    ck_assert(isnan(each[0].mse_norm) && isnan(each[0].mae) && isnan(each[0].r2));
    ck_assert(isnan(all.mse_norm) && isnan(all.mae_norm) && isnan(all.r2));
    ck_assert(!isnan(each[1].mse_norm));
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("accuracy");
    TCase *tests = tcase_create("accuracy");

    tcase_add_test(tests, figures_of_three_rows_by_hand);
    tcase_add_test(tests, figures_are_those_of_two_plain_passes);
    tcase_add_test(tests, batches_do_not_change_a_bit);
    tcase_add_test(tests, the_order_of_rows_does_not_change_a_bit);
    tcase_add_test(tests, pooling_uses_the_pooled_mean);
    tcase_add_test(tests, constant_labels_have_no_r2);
    tcase_add_test(tests, nan_outputs_make_their_figures_nan);
    suite_add_tcase(suite, tests);
    return suite;
}
