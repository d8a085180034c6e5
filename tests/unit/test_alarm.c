/* SPDX-License-Identifier: MIT */
/* Each alarm is raised where it should be, with its figures, and nowhere else. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "eval/alarm.h"
#include "support/ev_test_measured.h"
#include "support/ev_test_result.h"

#define N_SETS   2
#define N_VALUES (800 * 2) /* outputs of a backend on a set */

/* The made result's backends, in their order. */
enum { BASELINE, DYNAMIC, STATIC, QAT, PRUNED, WINOGRAD, NULL_ENGINE, STUDENT, N_BACKENDS };

static struct ev_error err = EV_ERROR_INIT;
static struct ev_result result;

static struct ev_result_row *row_of(int backend, const char *set)
{
    const char *name = result.samples.backends[backend];

    for (size_t i = 0; i < result.n_rows; i++) {
        if (strcmp(result.rows[i].backend, name) == 0 && strcmp(result.rows[i].set, set) == 0)
            return &result.rows[i];
    }
    ck_abort_msg("no row of %s on %s", name, set);
    return NULL;
}

static float *outputs_of(int backend, int set)
{
    return result.samples.sets[set].outputs[backend];
}

static void make_equal(int backend, int other, int set)
{
    memcpy(outputs_of(backend, set), outputs_of(other, set), N_VALUES * sizeof(float));
}

/* The rows of a backend, on all sets. */
#define EACH_ROW(row, backend)                                                                     \
    for (struct ev_result_row *row = result.rows; row < result.rows + result.n_rows; row++)        \
        if (strcmp(row->backend, result.samples.backends[backend]) == 0)

/* "" for none. */
static void set_digest(int backend, const char *sha256)
{
    EACH_ROW(row, backend)
    ev_test_result_text(&row->model_sha256, sha256);
}

static void set_engine(int backend, const char *engine, const char *detail)
{
    EACH_ROW(row, backend)
    {
        ev_test_result_text(&row->engine, engine);
        ev_test_result_text(&row->engine_detail, detail);
    }
}

static void set_bytes(int backend, int64_t n_bytes)
{
    EACH_ROW(row, backend)
    row->model_bytes = n_bytes;
}

static void set_layers(int backend, int32_t n, int32_t n_int8, const char *float_layers)
{
    EACH_ROW(row, backend)
    {
        row->look.n_layers = n;
        row->look.n_int8_layers = n_int8;
        snprintf(row->look.float_layers, sizeof row->look.float_layers, "%s", float_layers);
    }
}

static void set_device(int backend, const char *device, const char *runs_on)
{
    EACH_ROW(row, backend)
    {
        ev_test_result_text(&row->device, device);
        snprintf(row->look.runs_on, sizeof row->look.runs_on, "%s", runs_on);
    }
}

/* Eight backends, each with a file of its own but the engine "null". */
static void make(void)
{
    static const struct ev_test_fault none = {0};
    char sha256[65];

    ev_test_measured_make(&result, N_BACKENDS, N_SETS, 0, &none);
    for (int b = 0; b < N_BACKENDS; b++) {
        snprintf(sha256, sizeof sha256, "%064d", b);
        set_digest(b, b == NULL_ENGINE ? "" : sha256);
    }
}

static void clean(void)
{
    ev_result_free(&result);
}

/* What is raised: "CODE BACKEND SET", in order, ended by NULL. */
static void assert_raised(const char *const *expected)
{
    size_t i = 0;

    ev_assert_ok(ev_alarms_raise(&result, &err));
    for (; i < result.n_alarms && expected[i]; i++) {
        const struct ev_result_alarm *alarm = &result.alarms[i];
        char line[200];
        snprintf(line, sizeof line, "%s %s %s", alarm->code, alarm->backend, alarm->set);
        ck_assert_str_eq(line, expected[i]);
        ck_assert(strstr(alarm->text, alarm->backend) && strstr(alarm->text, alarm->set));
    }
    ck_assert_msg(i == result.n_alarms, "also raised: %s", result.alarms[i].text);
    ck_assert_msg(!expected[i], "not raised: %s", expected[i]);
}

#define RAISED(...) assert_raised((const char *const[]){__VA_ARGS__, NULL})
#define NONE_RAISED assert_raised((const char *const[]){NULL})

static void assert_text(size_t i, const char *text)
{
    ck_assert_uint_lt(i, result.n_alarms);
    ck_assert_str_eq(result.alarms[i].text, text);
}

/* The engine "null" is 20 times worse than the baseline, and no alarm. */
START_TEST(a_good_result_has_none)
{
    ck_assert_double_gt(row_of(NULL_ENGINE, "simple")->all.mse_norm,
                        15 * row_of(BASELINE, "simple")->all.mse_norm);
    NONE_RAISED;
}
END_TEST

START_TEST(a_result_without_samples)
{
    make_equal(QAT, STATIC, 0);
    make_equal(QAT, STATIC, 1);
    outputs_of(PRUNED, 0)[0] = NAN;
    ev_samples_free(&result.samples);
    NONE_RAISED;
}
END_TEST

/* --- Devices --- */

START_TEST(another_device)
{
    set_device(DYNAMIC, "cuda:0", "cpu");
    RAISED("moved-device dynamic ");
    assert_text(0, "dynamic was to run on cuda:0, but its engine says that it runs on cpu");
}
END_TEST

START_TEST(another_card)
{
    set_device(DYNAMIC, "cuda:0", "cuda:1");
    RAISED("moved-device dynamic ");
}
END_TEST

START_TEST(devices_as_asked_for_or_unknown)
{
    set_device(DYNAMIC, "cuda:0", "cuda:0");
    set_device(STATIC, "cpu", "cpu");
    set_device(QAT, "cuda:0", "");
    NONE_RAISED;
}
END_TEST

/* --- NaN --- */

START_TEST(outputs_that_are_no_numbers)
{
    outputs_of(STATIC, 1)[7] = NAN;
    outputs_of(STATIC, 1)[8] = -INFINITY;
    outputs_of(STATIC, 1)[N_VALUES - 1] = INFINITY;
    outputs_of(NULL_ENGINE, 0)[0] = NAN;
    RAISED("nan null simple", "nan static montreal");
    assert_text(0, "null on simple: 1 of 1,600 outputs are NaN or infinite, the first in row 0");
    assert_text(1, "static on montreal: 3 of 1,600 outputs are NaN or infinite, the first in row "
                   "3");
}
END_TEST

/* --- Equal outputs --- */

START_TEST(two_files_with_the_same_outputs)
{
    make_equal(STUDENT, PRUNED, 1);
    RAISED("equal-outputs tiny_student montreal");
    assert_text(0, "tiny_student on montreal gives the same outputs as "
                   "./engines/pilotnet_pruned_50_percent.so, bit for bit for 800 rows, although "
                   "their model files differ");
}
END_TEST

START_TEST(equal_on_all_sets)
{
    make_equal(STUDENT, PRUNED, 0);
    make_equal(STUDENT, PRUNED, 1);
    RAISED("equal-outputs tiny_student simple", "equal-outputs tiny_student montreal");
}
END_TEST

START_TEST(all_but_one_bit)
{
    make_equal(STUDENT, PRUNED, 1);
    float *last = &outputs_of(STUDENT, 1)[N_VALUES - 1];
    *last = nextafterf(*last, 1);
    NONE_RAISED;
}
END_TEST

START_TEST(two_variants_of_one_file)
{
    make_equal(DYNAMIC, BASELINE, 0);
    set_digest(DYNAMIC, row_of(BASELINE, "simple")->model_sha256);
    set_engine(DYNAMIC, "torch", "float32");
    RAISED("equal-outputs dynamic simple");
    ck_assert_ptr_nonnull(strstr(result.alarms[0].text, "although they are two variants"));
}
END_TEST

/* One file in two engines: the same is no wonder, unless one of them computes in int8. */
START_TEST(one_file_in_two_engines)
{
    make_equal(STUDENT, PRUNED, 0);
    set_digest(STUDENT, row_of(PRUNED, "simple")->model_sha256);
    NONE_RAISED;
    set_engine(STUDENT, "torch", "kernels of mine, int8");
    RAISED("equal-outputs tiny_student simple");
    ck_assert_ptr_nonnull(strstr(result.alarms[0].text, "although only one of them is int8"));
}
END_TEST

static void set_precision(int backend, uint32_t precision)
{
    EACH_ROW(row, backend)
    row->precision = precision;
}

/* Not that the file is the same, nor its size, but that outputs are. */
START_TEST(one_file_in_two_precisions)
{
    set_digest(STUDENT, row_of(BASELINE, "simple")->model_sha256);
    set_bytes(STUDENT, row_of(BASELINE, "simple")->model_bytes);
    set_engine(STUDENT, "torch", "libtorch 2.15.0, float16");
    set_layers(STUDENT, 10, 0, "");
    set_precision(BASELINE, EV_PRECISION_FP32);
    set_precision(STUDENT, EV_PRECISION_FP16);
    NONE_RAISED;
    make_equal(STUDENT, BASELINE, 1);
    RAISED("equal-outputs tiny_student montreal");
    ck_assert_ptr_nonnull(strstr(result.alarms[0].text, "although their precisions differ"));
}
END_TEST

/* Where one of them was not asked for, it may be the same. */
START_TEST(one_file_in_a_precision_and_as_it_was_saved)
{
    set_digest(STUDENT, row_of(BASELINE, "simple")->model_sha256);
    make_equal(STUDENT, BASELINE, 1);
    set_precision(STUDENT, EV_PRECISION_FP32);
    NONE_RAISED;
}
END_TEST

START_TEST(engines_without_files)
{
    make_equal(STUDENT, PRUNED, 0);
    make_equal(NULL_ENGINE, BASELINE, 0);
    set_digest(STUDENT, "");
    set_digest(PRUNED, "");
    NONE_RAISED;
}
END_TEST

/* --- QAT --- */

START_TEST(qat_is_the_static_file)
{
    set_digest(QAT, row_of(STATIC, "simple")->model_sha256);
    make_equal(QAT, STATIC, 0);
    make_equal(QAT, STATIC, 1);
    RAISED("qat-is-static qat ");
    assert_text(0, "qat has the same model file as static, of SHA-256 000000000000...");
}
END_TEST

START_TEST(qat_gives_what_static_gives)
{
    make_equal(QAT, STATIC, 0);
    make_equal(QAT, STATIC, 1);
    RAISED("qat-is-static qat ");
    assert_text(0, "qat gives the same outputs as static, bit for bit for 1,600 rows, on all sets");
}
END_TEST

START_TEST(qat_is_static_on_one_set)
{
    make_equal(QAT, STATIC, 1);
    RAISED("equal-outputs qat montreal");
}
END_TEST

/* --- Layers --- */

START_TEST(layers_in_floats)
{
    set_layers(STATIC, 10, 8, "conv1, fc2");
    set_layers(QAT, 10, 10, "");
    RAISED("float-layer static ");
    assert_text(0, "static is an int8 model of 10 layers, but computes in floats: conv1, fc2");
}
END_TEST

/* --- Errors --- */

static void set_ratio(int backend, const char *set, double ratio)
{
    row_of(backend, set)->all.mse_norm = ratio * row_of(BASELINE, set)->all.mse_norm;
}

START_TEST(large_errors)
{
    row_of(BASELINE, "montreal")->all.mse_norm = 0.002;
    set_ratio(DYNAMIC, "montreal", 10.1);
    set_ratio(QAT, "all", 11);
    RAISED("large-error dynamic montreal", "large-error qat all");
    assert_text(0, "dynamic on montreal: its MSE of 0.0202 is more than 10 times that of baseline, "
                   "0.002");
}
END_TEST

START_TEST(errors_up_to_the_limit)
{
    set_ratio(DYNAMIC, "montreal", 9.9);
    row_of(BASELINE, "simple")->all.mse_norm = 0.25;
    row_of(QAT, "simple")->all.mse_norm = 2.5;
    row_of(STATIC, "simple")->all.mse_norm = NAN;
    NONE_RAISED;
}
END_TEST

/* --- Sizes --- */

START_TEST(large_int8_files)
{
    set_bytes(BASELINE, 1000);
    for (int b = DYNAMIC; b < N_BACKENDS; b++)
        set_bytes(b, 501);
    set_layers(PRUNED, 4, 1, ""); /* whose engine says nothing of int8 */
    set_engine(WINOGRAD, "winograd", "float32, reads uint8");
    set_layers(STATIC, 10, 0, "fc1"); /* it should be */
    set_layers(QAT, 10, 0, "");       /* whose engine says int8, but none of its layers is */
    RAISED("float-layer static ", "large-int8 dynamic ", "large-int8 static ",
           "large-int8 ./engines/pilotnet_pruned_50_percent.so ");
    assert_text(1, "dynamic: its int8 model file of 501 bytes is more than 0.5 times the float one "
                   "of baseline, 1,000 bytes");
}
END_TEST

START_TEST(files_up_to_half)
{
    set_bytes(BASELINE, 1000);
    for (int b = DYNAMIC; b < N_BACKENDS; b++)
        set_bytes(b, 500);
    set_bytes(QAT, -1);
    NONE_RAISED;
}
END_TEST

/* Nothing float to compare with, or nothing that is known. */
START_TEST(files_without_a_float_baseline)
{
    const bool is_int8 = _i == 0;

    for (int b = DYNAMIC; b < N_BACKENDS; b++)
        set_bytes(b, 6000000);
    set_bytes(BASELINE, is_int8 ? 1000 : -1);
    set_engine(BASELINE, "torch", is_int8 ? "int8" : "float32");
    NONE_RAISED;
}
END_TEST

/* --- Several --- */

START_TEST(in_the_order_of_codes_then_rows)
{
    set_bytes(QAT, 6000000);
    set_ratio(DYNAMIC, "simple", 20);
    set_layers(QAT, 10, 9, "conv1");
    set_layers(DYNAMIC, 10, 1, "fc1");
    make_equal(DYNAMIC, BASELINE, 0);
    set_digest(QAT, row_of(STATIC, "simple")->model_sha256);
    outputs_of(BASELINE, 1)[0] = NAN;
    set_device(STATIC, "cuda:0", "cpu");
    RAISED("moved-device static ", "nan baseline montreal", "qat-is-static qat ",
           "equal-outputs dynamic simple", "float-layer dynamic ", "float-layer qat ",
           "large-error dynamic simple", "large-int8 qat ");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("alarm");
    TCase *tests = tcase_create("alarm");

    tcase_add_checked_fixture(tests, make, clean);
    tcase_add_test(tests, a_good_result_has_none);
    tcase_add_test(tests, a_result_without_samples);
    tcase_add_test(tests, another_device);
    tcase_add_test(tests, another_card);
    tcase_add_test(tests, devices_as_asked_for_or_unknown);
    tcase_add_test(tests, outputs_that_are_no_numbers);
    tcase_add_test(tests, two_files_with_the_same_outputs);
    tcase_add_test(tests, equal_on_all_sets);
    tcase_add_test(tests, all_but_one_bit);
    tcase_add_test(tests, two_variants_of_one_file);
    tcase_add_test(tests, one_file_in_two_engines);
    tcase_add_test(tests, engines_without_files);
    tcase_add_test(tests, one_file_in_two_precisions);
    tcase_add_test(tests, one_file_in_a_precision_and_as_it_was_saved);
    tcase_add_test(tests, qat_is_the_static_file);
    tcase_add_test(tests, qat_gives_what_static_gives);
    tcase_add_test(tests, qat_is_static_on_one_set);
    tcase_add_test(tests, layers_in_floats);
    tcase_add_test(tests, large_errors);
    tcase_add_test(tests, errors_up_to_the_limit);
    tcase_add_test(tests, large_int8_files);
    tcase_add_test(tests, files_up_to_half);
    tcase_add_loop_test(tests, files_without_a_float_baseline, 0, 2);
    tcase_add_test(tests, in_the_order_of_codes_then_rows);
    suite_add_tcase(suite, tests);
    return suite;
}
