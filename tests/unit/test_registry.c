/* SPDX-License-Identifier: MIT */
/* The table of variants and the text of --device. */
#include "support/ev_test.h"

#include <string.h>

#include "backend/backend.h"

static struct ev_error err = EV_ERROR_INIT;

START_TEST(every_variant_is_found_by_its_name)
{
    for (const struct ev_variant *variant = ev_variants; variant->name; variant++) {
        ck_assert_ptr_eq(ev_variant_find(variant->name), variant);
        ck_assert_msg(ev_engine_is_known(variant->engine), "%s: no engine '%s'", variant->name,
                      variant->engine);
        ck_assert_uint_gt(strlen(variant->summary), 0);
    }
    ck_assert_ptr_null(ev_variant_find("static "));
    ck_assert_ptr_null(ev_variant_find(""));
}
END_TEST

/* "all" is the four variants of the study, in the order of its table. */
START_TEST(all_means_the_four)
{
    static const char *const expected[] = {"baseline", "dynamic", "static", "qat"};
    size_t n = 0;

    for (const struct ev_variant *variant = ev_variants; variant->name; variant++) {
        if (!variant->in_all)
            continue;
        ck_assert_uint_lt(n, 4);
        ck_assert_str_eq(variant->name, expected[n++]);
        ck_assert_ptr_nonnull(variant->model);
    }
    ck_assert_uint_eq(n, 4);
}
END_TEST

START_TEST(precisions_have_names)
{
    static const char *const names[] = {"fp32", "tf32", "fp16", "int8"};
    static const uint32_t bits[] = {EV_PRECISION_FP32, EV_PRECISION_TF32, EV_PRECISION_FP16,
                                    EV_PRECISION_INT8};

    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(ev_precision_name(bits[i]), names[i]);
        ck_assert_uint_eq(ev_precision_find(names[i]), bits[i]);
    }
    ck_assert_str_eq(ev_precision_name(0), "");
    ck_assert_uint_eq(ev_precision_find(""), 0);
    ck_assert_uint_eq(ev_precision_find("fp64"), 0);
}
END_TEST

static const struct {
    const char *text;
    uint32_t kind;
    int32_t index;
} devices[] = {
    {"cpu", EV_DEVICE_CPU, 0},     {"cuda", EV_DEVICE_CUDA, 0},     {"cuda:0", EV_DEVICE_CUDA, 0},
    {"cuda:7", EV_DEVICE_CUDA, 7}, {"cuda:31", EV_DEVICE_CUDA, 31},
};

START_TEST(devices_are_parsed)
{
    uint32_t kind = 99;
    int32_t index = 99;

    ev_assert_ok(ev_device_parse(devices[_i].text, &kind, &index, &err));
    ck_assert_uint_eq(kind, devices[_i].kind);
    ck_assert_int_eq(index, devices[_i].index);
}
END_TEST

static const char *const no_devices[] = {
    "",        "CPU",     "gpu",      "cpu:0",    "cuda:",
    "cuda:-1", "cuda: 1", "cuda:+1",  "cuda:1x",  "cuda0",
    "cuda::1", "cud",     "cuda:0x1", "cuda:1.0", "cuda:99999999999999999999",
};

START_TEST(other_texts_are_refused)
{
    uint32_t kind;
    int32_t index;

    ev_assert_fails(ev_device_parse(no_devices[_i], &kind, &index, &err), EV_USAGE, "--device ");
    ck_assert_ptr_nonnull(strstr(err.message, no_devices[_i]));
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("registry");
    TCase *tcase = tcase_create("registry");

    tcase_add_test(tcase, every_variant_is_found_by_its_name);
    tcase_add_test(tcase, all_means_the_four);
    tcase_add_test(tcase, precisions_have_names);
    tcase_add_loop_test(tcase, devices_are_parsed, 0, sizeof devices / sizeof devices[0]);
    tcase_add_loop_test(tcase, other_texts_are_refused, 0,
                        sizeof no_devices / sizeof no_devices[0]);
    suite_add_tcase(suite, tcase);
    return suite;
}
