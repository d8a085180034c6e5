/* SPDX-License-Identifier: MIT */
/*
 * The committed models on the CUDA engine, on the device in software of tests/cuda: int8 to the bit
 * as the engine in plain C computes them, in each form of pictures and each way of calling.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/rng.h"

#define N_ROWS    20
#define N_OUTPUTS 2

static const struct ev_shape shape = {66, 200, 3};

static struct ev_error err = EV_ERROR_INIT;

static enum ev_status open_engine(const char *name, const char *path, struct ev_model **model)
{
    const struct ev_backend *engine;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 2,
        .model_path = path,
        .device_kind = strcmp(name, "cuda") == 0 ? EV_DEVICE_CUDA : EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .max_rows = N_ROWS,
    };

    *model = NULL;
    const enum ev_status status = ev_engine_find(name, &engine, &err);
    return status == EV_OK ? ev_model_open(engine, &args, model, &err) : status;
}

/* Pictures of different brightness: noise over ramps. */
static struct ev_batch make_batch(uint32_t form)
{
    static uint8_t bytes[N_ROWS * 66 * 200 * 3];
    static float floats[N_ROWS * 66 * 200 * 3];

    for (size_t i = 0; i < sizeof bytes; i++) {
        const size_t row = i / 39600, pixel = i % 39600 / 3, channel = i % 3;
        struct ev_rng rng = ev_rng_at(13, EV_RNG_TEST, i);
        bytes[i] = (uint8_t)(row * 5 + pixel / 200 * channel / 3 + ev_rng_below(&rng, 40));
        floats[row * 39600 + channel * 13200 + pixel] = (float)bytes[i] / 255.0f;
    }
    return (struct ev_batch){sizeof(struct ev_batch), form, shape, N_ROWS,
                             form == EV_FORM_U8_NHWC ? (const void *)bytes : (const void *)floats};
}

static struct ev_batch single(const struct ev_batch *batch, int64_t row)
{
    struct ev_batch one = *batch;
    const size_t n_bytes = 39600 * (batch->form == EV_FORM_U8_NHWC ? 1 : sizeof(float));

    one.n_rows = 1;
    one.data = (const char *)batch->data + (size_t)row * n_bytes;
    return one;
}

/* The largest difference of an output: whole batch, and two of its pictures by themselves. */
static float largest_difference(const char *name, uint32_t form)
{
    static float outputs[2][N_ROWS * N_OUTPUTS];
    static const char *const engines[] = {"reference", "cuda"};
    const struct ev_batch batch = make_batch(form);
    float singles[2][2][N_OUTPUTS], largest = 0.0f;
    char relative[64];

    snprintf(relative, sizeof relative, "results/models/%s.pt", name);
    char *path = ev_path_data(relative);
    for (int i = 0; i < 2; i++) {
        struct ev_model *model;
        ev_assert_ok(open_engine(engines[i], path, &model));
        ev_assert_ok(ev_model_infer(model, &batch, outputs[i], &err));
        for (int row = 0; row < 2; row++) {
            const struct ev_batch one = single(&batch, 7 * row);
            ev_assert_ok(ev_model_infer(model, &one, singles[i][row], &err));
        }
        ev_model_close(model);
    }
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
        largest = fmaxf(largest, fabsf(outputs[0][i] - outputs[1][i]));
    for (int i = 0; i < 2 * N_OUTPUTS; i++)
        largest = fmaxf(largest, fabsf(singles[0][i / N_OUTPUTS][i % N_OUTPUTS] -
                                       singles[1][i / N_OUTPUTS][i % N_OUTPUTS]));
    free(path);
    return largest;
}

static const uint32_t forms[] = {EV_FORM_U8_NHWC, EV_FORM_F32_NCHW};

START_TEST(static_and_qat_to_the_bit)
{
    static const char *const names[] = {"static", "qat"};

    ck_assert_float_eq(largest_difference(names[_i / 2], forms[_i % 2]), 0.0f);
}
END_TEST

/* Sums of floats come in another order. */
START_TEST(floats_within_rounding)
{
    static const struct {
        const char *name;
        float most;
    } cases[] = {{"baseline", 2e-6f}, {"dynamic", 5e-3f}};

    ck_assert_float_le(largest_difference(cases[_i].name, EV_FORM_U8_NHWC), cases[_i].most);
}
END_TEST

START_TEST(devices_are_listed)
{
    const struct ev_backend *engine;
    char names[2][64];

    ev_assert_ok(ev_engine_find("cuda", &engine, &err));
    ck_assert_int_eq(ev_engine_devices(engine, EV_DEVICE_CUDA, names, 2), 1);
    ck_assert_str_eq(names[0], "emulated device");
    ck_assert_int_eq(ev_engine_devices(engine, EV_DEVICE_CPU, names, 2), 0);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("cuda_models");
    TCase *cuda = tcase_create("cuda");

    tcase_set_timeout(cuda, 120);
    tcase_add_loop_test(cuda, static_and_qat_to_the_bit, 0, 4);
    tcase_add_loop_test(cuda, floats_within_rounding, 0, 2);
    tcase_add_test(cuda, devices_are_listed);
    suite_add_tcase(suite, cuda);
    return suite;
}
