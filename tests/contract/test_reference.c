/* SPDX-License-Identifier: MIT */
/*
 * The engine in plain C against libtorch: int8 networks to the bit, in one of the orders of
 * operations that libtorch's kernels have; float32 within rounding. Models that are no chain of
 * known layers are refused by layer.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/rng.h"

#define N_ROWS    70 /* pieces of 32, 32 and 6 */
#define N_OUTPUTS 2

static const struct ev_shape shape = {66, 200, 3};
static const size_t n_picture = 66 * 200 * 3;

static struct ev_error err = EV_ERROR_INIT;

static enum ev_status open_engine(const char *name, const char *path, struct ev_model **model)
{
    const struct ev_backend *engine;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 2,
        .model_path = path,
        .device_kind = EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .max_rows = N_ROWS,
    };

    *model = NULL;
    const enum ev_status status = ev_engine_find(name, &engine, &err);
    return status == EV_OK ? ev_model_open(engine, &args, model, &err) : status;
}

#if EV_HAVE_TORCH

START_TEST(orders_are_known)
{
    struct ev_model *model;

    ck_assert_int_eq(setenv("EVALRUN_REQUANT", "avx", 1), 0);
    ev_assert_fails(open_engine("reference", "any.pt", &model), EV_INPUT,
                    "EVALRUN_REQUANT=avx: expected amx, avx512 or fbgemm");
    ck_assert_msg(strncmp(err.message, "engine 'reference': EVALRUN_REQUANT=", 36) == 0,
                  "no fault of a model: %s", err.message);
}
END_TEST

/* Pictures of different brightness: noise over ramps. */
static struct ev_batch make_batch(uint32_t form)
{
    static uint8_t bytes[N_ROWS * 66 * 200 * 3];
    static float floats[N_ROWS * 66 * 200 * 3];

    for (size_t row = 0; row < N_ROWS; row++) {
        struct ev_rng rng = ev_rng_at(12, EV_RNG_TEST, row);
        const uint64_t base = ev_rng_below(&rng, 128), noise = 1 + ev_rng_below(&rng, 64);
        for (size_t i = 0; i < n_picture; i++) {
            const size_t pixel = i / 3, channel = i % 3;
            const uint64_t value = base + (pixel / 200) * channel / 3 + ev_rng_below(&rng, noise);
            bytes[row * n_picture + i] = (uint8_t)value;
            floats[row * n_picture + channel * 66 * 200 + pixel] = (float)(uint8_t)value / 255.0f;
        }
    }
    return (struct ev_batch){sizeof(struct ev_batch), form, shape, N_ROWS,
                             form == EV_FORM_U8_NHWC ? (const void *)bytes : (const void *)floats};
}

static void infer(const char *engine, const char *path, const struct ev_batch *batch,
                  float outputs[N_ROWS * N_OUTPUTS])
{
    struct ev_model *model;

    ev_assert_ok(open_engine(engine, path, &model));
    ev_assert_ok(ev_model_infer(model, batch, outputs, &err));
    ev_model_close(model);
}

/* The smallest number of outputs that differ, over the orders. */
static int count_different(const char *path, const struct ev_batch *batch)
{
    static const char *const orders[] = {"amx", "avx512", "fbgemm"};
    static float torch[N_ROWS * N_OUTPUTS], plain[N_ROWS * N_OUTPUTS];
    int least = N_ROWS * N_OUTPUTS;

    infer("torch", path, batch, torch);
    for (int order = 0; order < 3; order++) {
        int n = 0;
        ck_assert_int_eq(setenv("EVALRUN_REQUANT", orders[order], 1), 0);
        infer("reference", path, batch, plain);
        for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
            n += plain[i] != torch[i];
        printf("%s: %d of %d outputs differ from libtorch's with %s\n", path, n, N_ROWS * N_OUTPUTS,
               orders[order]);
        least = n < least ? n : least;
    }
    return least;
}

static char *committed(const char *name)
{
    char relative[64];

    snprintf(relative, sizeof relative, "results/models/%s.pt", name);
    char *path = ev_path_data(relative);
    ck_assert_ptr_nonnull(path);
    return path;
}

static const char *make(const char *kind)
{
    static char path[512];
    char command[1200];

    snprintf(path, sizeof path, "%s", ev_test_path("made.pt"));
    snprintf(command, sizeof command, "'%s' %s '%s'", EV_MAKE_MODEL, kind, path);
    ck_assert_int_eq(system(command), 0);
    return path;
}

static const uint32_t forms[] = {EV_FORM_U8_NHWC, EV_FORM_F32_NCHW};

START_TEST(static_and_qat_to_the_bit)
{
    static const char *const names[] = {"static", "qat"};
    const struct ev_batch batch = make_batch(forms[_i % 2]);
    char *path = committed(names[_i / 2]);

    ck_assert_int_eq(count_different(path, &batch), 0);
    free(path);
}
END_TEST

START_TEST(other_layers_to_the_bit)
{
    static const char *const kinds[] = {"int8", "dynamic"};
    const struct ev_batch batch = make_batch(forms[_i % 2]);

    ck_assert_int_eq(count_different(make(kinds[_i / 2]), &batch), 0);
}
END_TEST

/* Convolutions in float32 differ by the order of their sums; a dynamic layer behind one may then
 * see the next integer. */
START_TEST(floats_within_rounding)
{
    static const struct {
        const char *name;
        float most;
    } cases[] = {{"baseline", 2e-6f}, {"dynamic", 5e-3f}};
    const struct ev_batch batch = make_batch(EV_FORM_U8_NHWC);
    static float torch[N_ROWS * N_OUTPUTS], plain[N_ROWS * N_OUTPUTS];
    char *path = committed(cases[_i].name);
    float most = 0.0f;

    infer("torch", path, &batch, torch);
    infer("reference", path, &batch, plain);
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
        most = fmaxf(most, fabsf(torch[i] - plain[i]));
    ck_assert_msg(most <= cases[_i].most, "%s: %g", path, (double)most);
    free(path);
}
END_TEST

START_TEST(layers_are_told)
{
    static struct ev_layer layers[2][EV_MAX_LAYERS];
    static const char *const engines[] = {"torch", "reference"};
    struct ev_batch batch = make_batch(EV_FORM_U8_NHWC);
    char *path = committed("dynamic");
    int32_t n[2];

    batch.n_rows = 1;
    for (int i = 0; i < 2; i++) {
        struct ev_model *model;
        ev_assert_ok(open_engine(engines[i], path, &model));
        ev_assert_ok(ev_model_layers(model, &batch, layers[i], &n[i], &err));
        ev_model_close(model);
    }
    ck_assert_int_eq(n[1], n[0]);
    for (int32_t i = 0; i < n[0]; i++) {
        ck_assert_str_eq(layers[1][i].name, layers[0][i].name);
        ck_assert_str_eq(layers[1][i].kind, layers[0][i].kind);
        ck_assert_str_eq(layers[1][i].dtype, layers[0][i].dtype);
        ck_assert_int_eq(layers[1][i].macs, layers[0][i].macs);
        ck_assert_int_gt(layers[1][i].time_ns, 0);
    }
    free(path);
}
END_TEST

START_TEST(other_models_are_refused_by_layer)
{
    static const struct {
        const char *kind, *part;
    } cases[] = {
        {"plain", "layer 1 (aten::mean) is none that plain integers and floats can compute"},
        {"linear_first", "layer 1 (aten::permute) turns a tensor that is not the picture"},
        {"branches", "layer 2 (aten::mean) is none"},
        {"loop", "layer 1 (prim::Loop) computes in a branch or a loop"},
        {"bytes", "layer 2 (aten::flatten) takes a picture whose channels are last"},
        {"still", "layer 1 (aten::conv2d) has the size 0"},
        {"computed", "does not take what the layer before it gives"},
    };
    struct ev_model *model;
    const char *path = make(cases[_i].kind);

    ev_assert_fails(open_engine("reference", path, &model), EV_UNSUPPORTED, cases[_i].part);
    ck_assert_ptr_nonnull(strstr(err.message, "made.pt: layer "));
}
END_TEST

START_TEST(files_that_are_no_models_are_refused)
{
    struct ev_model *model;
    FILE *file = fopen(ev_test_path("noise.pt"), "wb");

    ck_assert_ptr_nonnull(file);
    fputs("no model", file);
    fclose(file);
    ev_assert_fails(open_engine("reference", ev_test_path("noise.pt"), &model), EV_INPUT,
                    "noise.pt: not a TorchScript model");
}
END_TEST

#else

START_TEST(without_libtorch_nothing_reads_models)
{
    struct ev_model *model;

    ev_assert_fails(open_engine("reference", "any.pt", &model), EV_UNSUPPORTED, "'torch'");
}
END_TEST

#endif

Suite *ev_suite(void)
{
    Suite *suite = suite_create("reference");
    TCase *reference = tcase_create("reference");

    tcase_set_timeout(reference, 120);
#if EV_HAVE_TORCH
    tcase_add_test(reference, orders_are_known);
    tcase_add_loop_test(reference, static_and_qat_to_the_bit, 0, 4);
    tcase_add_loop_test(reference, other_layers_to_the_bit, 0, 4);
    tcase_add_loop_test(reference, floats_within_rounding, 0, 2);
    tcase_add_test(reference, layers_are_told);
    tcase_add_loop_test(reference, other_models_are_refused_by_layer, 0, 7);
    tcase_add_test(reference, files_that_are_no_models_are_refused);
#else
    tcase_add_test(reference, without_libtorch_nothing_reads_models);
#endif
    suite_add_tcase(suite, reference);
    return suite;
}
