/* SPDX-License-Identifier: MIT */
/* What a model is computed in: the engines of the program do what they are asked for, and refuse
 * what the model or they cannot. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/rng.h"

#define N_ROWS    40 /* pieces of 32 and 8 */
#define N_OUTPUTS 2
#define N_VALUES  (N_ROWS * N_OUTPUTS)

static const struct ev_shape shape = {66, 200, 3};

static struct ev_error err = EV_ERROR_INIT;

static enum ev_status open_path(const char *name, const char *path, uint32_t precision,
                                struct ev_model **model)
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
        .precision = precision,
    };

    ev_assert_ok(ev_engine_find(name, &engine, &err));
    return ev_model_open(engine, &args, model, &err);
}

START_TEST(engines_without_precisions_refuse)
{
    static const char *const engines[] = {"null", EV_PLUGINS "/plugin_min.so"};
    char part[64];
    struct ev_model *model;

    for (uint32_t precision = 1; *ev_precision_name(precision); precision <<= 1) {
        snprintf(part, sizeof part, "does not compute in %s", ev_precision_name(precision));
        ev_assert_fails(open_path(engines[_i], NULL, precision, &model), EV_UNSUPPORTED, part);
        ck_assert_ptr_null(model);
    }
    ev_assert_ok(open_path(engines[_i], NULL, 0, &model));
    ev_model_close(model);
}
END_TEST

#if EV_HAVE_TORCH

static enum ev_status open_variant(const char *engine, const char *variant, uint32_t precision,
                                   struct ev_model **model)
{
    char *path = ev_path_data(ev_variant_find(variant)->model);
    enum ev_status status = open_path(engine, path, precision, model);

    free(path);
    return status;
}

static const uint32_t forms[] = {EV_FORM_U8_NHWC, EV_FORM_F32_NCHW};

/* Noise of another brightness in each picture. */
static struct ev_batch make_batch(uint32_t form)
{
    static uint8_t bytes[N_ROWS * 66 * 200 * 3];
    static float floats[N_ROWS * 66 * 200 * 3];
    const size_t n_pixels = 66 * 200;

    for (size_t row = 0; row < N_ROWS; row++) {
        struct ev_rng rng = ev_rng_at(31, EV_RNG_TEST, row);
        const uint64_t base = ev_rng_below(&rng, 160);
        for (size_t i = 0; i < n_pixels * 3; i++) {
            const uint8_t value = (uint8_t)(base + ev_rng_below(&rng, 96));
            bytes[row * n_pixels * 3 + i] = value;
            floats[(row * 3 + i % 3) * n_pixels + i / 3] = (float)value / 255.0f;
        }
    }
    return (struct ev_batch){sizeof(struct ev_batch), form, shape, N_ROWS,
                             form == EV_FORM_U8_NHWC ? (const void *)bytes : (const void *)floats};
}

/* Outputs of the baseline, and what the engine says of it; the caller's `detail` has 128 bytes. */
static void infer(uint32_t precision, uint32_t form, float outputs[N_VALUES], char *detail,
                  int64_t *weight_bytes)
{
    const struct ev_batch batch = make_batch(form);
    struct ev_model *model;

    ev_assert_ok(open_variant("torch", "baseline", precision, &model));
    ev_assert_ok(ev_model_infer(model, &batch, outputs, &err));
    memcpy(detail, ev_model_description(model)->detail, 128);
    *weight_bytes = ev_model_description(model)->weight_bytes;
    ev_model_close(model);
}

START_TEST(half_precision_is_near)
{
    float as_saved[N_VALUES], single[N_VALUES], half[N_VALUES], most = 0;
    int64_t single_bytes, half_bytes;
    char detail[128];

    infer(0, forms[_i], as_saved, detail, &single_bytes);
    infer(EV_PRECISION_FP32, forms[_i], single, detail, &single_bytes);
    ck_assert_ptr_nonnull(strstr(detail, "float32"));
    infer(EV_PRECISION_FP16, forms[_i], half, detail, &half_bytes);
    ck_assert_ptr_nonnull(strstr(detail, "float16"));
    ck_assert_int_eq(memcmp(as_saved, single, sizeof single), 0);
    ck_assert_int_eq(half_bytes * 2, single_bytes);
    for (int i = 0; i < N_VALUES; i++) {
        ck_assert(isfinite(half[i]));
        most = fmaxf(most, fabsf(half[i] - single[i]));
    }
    printf("float16 is at most %g from float32\n", (double)most);
    ck_assert_msg(most > 0.0f && most < 1e-2f, "%g", (double)most);
}
END_TEST

/* Opened side by side, each keeps its own. */
START_TEST(precisions_do_not_mix)
{
    static const uint32_t asked[] = {EV_PRECISION_FP32, EV_PRECISION_FP16};
    const struct ev_batch batch = make_batch(EV_FORM_U8_NHWC);
    float outputs[2][2][N_VALUES];
    struct ev_model *models[2];

    for (int m = 0; m < 2; m++)
        ev_assert_ok(open_variant("torch", "baseline", asked[m], &models[m]));
    for (int turn = 0; turn < 2; turn++) {
        for (int m = 0; m < 2; m++)
            ev_assert_ok(ev_model_infer(models[m], &batch, outputs[turn][m], &err));
    }
    ck_assert_int_eq(memcmp(outputs[0], outputs[1], sizeof outputs[0]), 0);
    ck_assert_int_ne(memcmp(outputs[0][0], outputs[0][1], sizeof outputs[0][0]), 0);
    for (int m = 0; m < 2; m++)
        ev_model_close(models[m]);
}
END_TEST

START_TEST(layers_are_in_half_precision)
{
    static struct ev_layer layers[EV_MAX_LAYERS];
    struct ev_batch batch = make_batch(EV_FORM_U8_NHWC);
    struct ev_model *model;
    int32_t n;

    batch.n_rows = 1;
    ev_assert_ok(open_variant("torch", "baseline", EV_PRECISION_FP16, &model));
    ev_assert_ok(ev_model_layers(model, &batch, layers, &n, &err));
    ck_assert_int_eq(n, 10);
    for (int32_t i = 0; i < n; i++)
        ck_assert_str_eq(layers[i].dtype, "float16");
    batch.n_rows = N_ROWS;
    ev_assert_fails(ev_model_quantize_layer(model, 0, &batch, &err), EV_UNSUPPORTED,
                    "layer conv1 is float16, not plain float32");
    ev_model_close(model);
}
END_TEST

static const struct {
    const char *engine, *variant;
    uint32_t precision;
    const char *part; /* of the refusal; NULL: it opens */
} cases[] = {
    {"torch", "baseline", EV_PRECISION_INT8,
     "baseline.pt: is a float model, which is not computed in int8"},
    {"torch", "baseline", EV_PRECISION_TF32, "engine 'torch': computes in tf32 on CUDA devices only"},
    {"torch", "static", EV_PRECISION_INT8, NULL},
    {"torch", "static", EV_PRECISION_FP32,
     "static.pt: is an int8 model, which is not computed in float32"},
    {"torch", "static", EV_PRECISION_FP16,
     "static.pt: is an int8 model, which is not computed in float16"},
    {"torch", "static", EV_PRECISION_TF32,
     "static.pt: is an int8 model, which is not computed in tf32"},
    {"torch", "dynamic", EV_PRECISION_FP16, "dynamic.pt: is an int8 model"},
    {"torch", "dynamic", EV_PRECISION_INT8, NULL},
    {"reference", "baseline", EV_PRECISION_FP32, NULL},
    {"reference", "baseline", EV_PRECISION_INT8,
     "baseline.pt: is a float model, which is not computed in int8"},
    {"reference", "baseline", EV_PRECISION_FP16, "engine 'reference' does not compute in fp16"},
    {"reference", "baseline", EV_PRECISION_TF32, "engine 'reference' does not compute in tf32"},
    {"reference", "static", EV_PRECISION_INT8, NULL},
    {"reference", "static", EV_PRECISION_FP32,
     "static.pt: is an int8 model, which is not computed in floats"},
    {"reference", "dynamic", EV_PRECISION_FP32, "dynamic.pt: is an int8 model"},
    {"reference", "dynamic", EV_PRECISION_INT8, NULL},
};
#define N_CASES ((int)(sizeof cases / sizeof *cases))

START_TEST(model_and_precision_fit)
{
    const char *engine = cases[_i].engine, *variant = cases[_i].variant;
    const uint32_t precision = cases[_i].precision;
    struct ev_model *model;

    if (cases[_i].part)
        ev_assert_fails(open_variant(engine, variant, precision, &model), EV_UNSUPPORTED,
                        cases[_i].part);
    else
        ev_assert_ok(open_variant(engine, variant, precision, &model));
    ev_model_close(model);
}
END_TEST

/* Weights that the model's code computes from others follow; code that holds float32 or turns to it
 * is refused. */
START_TEST(other_models)
{
    static const struct {
        const char *kind, *part;
    } made[] = {
        {"plain", NULL},
        {"branches", NULL},
        {"computed", NULL},
        {"frozen", "frozen.pt: does not take pictures of 66 x 200 x 3 in float16: "},
        {"widened", "widened.pt: does not take pictures of 66 x 200 x 3 in float16: "},
    };
    char path[512], command[1200];
    struct ev_model *model;

    snprintf(path, sizeof path, "%s/%s.pt", ev_test_folder(), made[_i].kind);
    snprintf(command, sizeof command, "'%s' %s '%s'", EV_MAKE_MODEL, made[_i].kind, path);
    ck_assert_int_eq(system(command), 0);
    ev_assert_ok(open_path("torch", path, EV_PRECISION_FP32, &model));
    ev_model_close(model);
    if (made[_i].part)
        ev_assert_fails(open_path("torch", path, EV_PRECISION_FP16, &model), EV_INPUT,
                        made[_i].part);
    else
        ev_assert_ok(open_path("torch", path, EV_PRECISION_FP16, &model));
    ev_model_close(model);
}
END_TEST

#endif

Suite *ev_suite(void)
{
    Suite *suite = suite_create("precision");
    TCase *tcase = tcase_create("precision");

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, engines_without_precisions_refuse, 0, 2);
#if EV_HAVE_TORCH
    tcase_add_loop_test(tcase, half_precision_is_near, 0, 2);
    tcase_add_test(tcase, precisions_do_not_mix);
    tcase_add_test(tcase, layers_are_in_half_precision);
    tcase_add_loop_test(tcase, model_and_precision_fit, 0, N_CASES);
    tcase_add_loop_test(tcase, other_models, 0, 5);
#endif
    suite_add_tcase(suite, tcase);
    return suite;
}
