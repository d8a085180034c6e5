/* SPDX-License-Identifier: MIT */
/*
 * From sums to integers, and dynamic scales, as libtorch has them: tests/data/requant.csv, of which
 * a third of the cases tell the orders of operations apart, and ranges of one tensor.
 */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "int8/dynamic.h"
#include "int8/requant.h"

static const char *const orders[] = {"amx", "avx512", "fbgemm"};
#define N_ORDERS 3

struct sum_case {
    char order[16];
    int relu, sum, zero_point, integer;
    double input_scale, output_scale;
    float weight_scale, bias;
};

static uint8_t compute(const struct sum_case *one, enum ev_requant_order order)
{
    const struct ev_requant_channel channel = ev_requant_channel(
        order, one->input_scale, one->weight_scale, one->bias, one->output_scale);
    const struct ev_requant_output output =
        ev_requant_output(order, one->relu, one->output_scale, one->zero_point);

    return ev_requant(one->sum, &channel, &output);
}

START_TEST(sums_become_the_integers_of_libtorch)
{
    FILE *file = fopen(EV_TEST_DATA "/requant.csv", "r");
    int n[N_ORDERS] = {0}, n_wrong[N_ORDERS][N_ORDERS] = {{0}};
    struct sum_case one;
    char line[200];

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file)) {
        ck_assert_int_eq(sscanf(line, "%15[^,],%d,%d,%lf,%f,%f,%lf,%d,%d", one.order, &one.relu,
                                &one.sum, &one.input_scale, &one.weight_scale, &one.bias,
                                &one.output_scale, &one.zero_point, &one.integer),
                         9);
        for (int right = 0; right < N_ORDERS; right++) {
            if (strcmp(one.order, orders[right]) != 0)
                continue;
            n[right]++;
            for (int order = 0; order < N_ORDERS; order++)
                n_wrong[right][order] += compute(&one, (enum ev_requant_order)order) != one.integer;
        }
    }
    fclose(file);
    for (int right = 0; right < N_ORDERS; right++) {
        ck_assert_int_ge(n[right], 300);
        for (int order = 0; order < N_ORDERS; order++) {
            /* The file can tell: each other order is wrong on it. */
            if (order == right)
                ck_assert_int_eq(n_wrong[right][order], 0);
            else
                ck_assert_int_ge(n_wrong[right][order], 50);
        }
    }
}
END_TEST

/* Of torch._choose_qparams_per_tensor. */
START_TEST(dynamic_scales_are_those_of_libtorch)
{
    static const struct {
        float low, high;
        bool reduce_range;
        double scale;
        int32_t zero_point;
    } cases[] = {
        {0.0f, 1.0f, true, 0.007874015748031496, 0},
        {0.0f, 1.0f, false, 0.00392156862745098, 0},
        {-1.0f, 3.0f, true, 0.031496062992125984, 32},
        {-1.0f, 3.0f, false, 0.01568627450980392, 64},
        {-3.0f, 1.0f, true, 0.031496062992125984, 95},
        {0.25f, 0.75f, true, 0.005905511811023622, 0},
        {-2.0f, -0.5f, true, 0.015748031496062992, 127},
        {-2.0f, -0.5f, false, 0.00784313725490196, 255},
        {0.0f, 0.0f, true, 0.1, 0},
        {0.0f, 0.0001f, true, 6.0999998822808266e-05, 0},
        {-0.0001f, 0.0f, false, 6.0999998822808266e-05, 255},
        {-1e-05f, 3e-05f, true, 6.0999998822808266e-05, 32},
        {-0.123456f, 7.654321f, true, 0.06124234011792761, 2},
        {-1e-30f, 1e-30f, true, 6.0999998822808266e-05, 63},
        {-1e-30f, 1e-30f, false, 6.0999998822808266e-05, 128},
        {-100.5f, 100.25f, true, 1.580708661417323, 64},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ev_dynamic got =
            ev_dynamic_choose(cases[i].low, cases[i].high, cases[i].reduce_range);
        ck_assert_msg(got.scale == cases[i].scale, "case %zu: scale %.17g", i, got.scale);
        ck_assert_msg(got.zero_point == cases[i].zero_point, "case %zu: zero point %d", i,
                      (int)got.zero_point);
    }
}
END_TEST

START_TEST(ranges_of_values)
{
    const float values[] = {0.5f, -2.0f, 7.0f, 3.0f};
    const float odd[] = {0.5f, NAN, 7.0f}, endless[] = {0.5f, -INFINITY};
    float low, high;

    ck_assert(ev_dynamic_range(values, 4, &low, &high));
    ck_assert(low == -2.0f && high == 7.0f);
    ck_assert(!ev_dynamic_range(odd, 3, &low, &high));
    ck_assert(!ev_dynamic_range(endless, 2, &low, &high));
}
END_TEST

START_TEST(floats_become_integers)
{
    ck_assert_int_eq(ev_quantize(0.5f, 1.0f / 0.25f, 3), 5);
    ck_assert_int_eq(ev_quantize(0.625f, 1.0f / 0.25f, 3), 5); /* 2.5: to the even one */
    ck_assert_int_eq(ev_quantize(-9.0f, 1.0f / 0.25f, 3), 0);
    ck_assert_int_eq(ev_quantize(900.0f, 1.0f / 0.25f, 3), 255);
    ck_assert_int_eq(ev_quantize(NAN, 1.0f / 0.25f, 3), 0);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("requant");
    TCase *requant = tcase_create("requant");

    tcase_add_test(requant, sums_become_the_integers_of_libtorch);
    tcase_add_test(requant, dynamic_scales_are_those_of_libtorch);
    tcase_add_test(requant, ranges_of_values);
    tcase_add_test(requant, floats_become_integers);
    suite_add_tcase(suite, requant);
    return suite;
}
