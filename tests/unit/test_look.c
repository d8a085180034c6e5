/* SPDX-License-Identifier: MIT */
/* What a first look says of models whose engine tells of the layers that the test chooses. */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "eval/look.h"

#define LARGE (65536 + 400) /* bytes of 16384 weights in float32, with biases */
#define SMALL 20000

static struct ev_error err = EV_ERROR_INIT;

/* --- An engine that tells what it is told --- */

struct ev_engine {
    struct ev_shape shape;
    uint32_t device_kind;
};

static const struct ev_layer *told;
static int32_t n_told; /* -1: it fails, -2: it cannot */
static uint32_t told_device;

static enum ev_status told_open(const struct ev_open_args *args, struct ev_engine **engine,
                                struct ev_error *error)
{
    *engine = malloc(sizeof **engine);
    if (!*engine)
        return ev_fail(error, EV_MEMORY, "out of memory");
    **engine = (struct ev_engine){args->shape, told_device};
    return EV_OK;
}

static enum ev_status told_describe(struct ev_engine *engine, struct ev_description *description,
                                    struct ev_error *error)
{
    (void)error;
    ck_assert_uint_eq(description->size, sizeof *description);
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = 2;
    description->device_kind = engine->device_kind;
    description->device_index = engine->device_kind == EV_DEVICE_CUDA ? 1 : 0;
    return EV_OK;
}

static enum ev_status told_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                 float *outputs, struct ev_error *error)
{
    (void)engine;
    (void)batch;
    (void)outputs;
    return ev_fail(error, EV_ENGINE, "not asked for");
}

static void told_close(struct ev_engine *engine)
{
    free(engine);
}

static enum ev_status told_layers(struct ev_engine *engine, const struct ev_batch *batch,
                                  struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                                  struct ev_error *error)
{
    (void)engine;
    (void)max_layers;
    ck_assert_int_eq(batch->n_rows, 1);
    ck_assert_uint_eq(((const uint8_t *)batch->data)[4 * 5 * 3 - 1], 0);
    if (n_told < 0)
        return ev_fail(error, n_told == -1 ? EV_INPUT : EV_UNSUPPORTED, "not this model");
    memcpy(layers, told, (size_t)n_told * sizeof *told);
    *n_layers = n_told;
    return EV_OK;
}

static int64_t told_ns;         /* of the device; -1: none, though asked */
static enum ev_status told_how; /* EV_OK, or why it is not told */
static enum ev_status told_eager; /* the same of calls whose operations are launched one by one */

static enum ev_status told_infer_apart(struct ev_engine *engine, const struct ev_batch *batch,
                                       float *outputs, struct ev_device_run *run,
                                       struct ev_error *error)
{
    (void)engine;
    ck_assert_int_eq(batch->n_rows, 1);
    ck_assert_uint_ge(run->size, sizeof *run);
    if (told_how != EV_OK)
        return ev_fail(error, told_how, "not this device");
    if (run->eager && told_eager != EV_OK)
        return ev_fail(error, told_eager, "nothing but records");
    outputs[0] = outputs[1] = 0.5f;
    run->device_ns = told_ns;
    return EV_OK;
}

static const struct ev_backend engine = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof engine,
    .name = "told",
    .summary = "tells what it is told",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL,
    .open = told_open,
    .describe = told_describe,
    .infer = told_infer,
    .close = told_close,
    .layers = told_layers,
    .infer_apart = told_infer_apart,
};

static enum ev_status try_look(const char *backend, struct ev_result_look *look)
{
    const struct ev_set_info info = {.shape = {4, 5, 3}, .form = EV_FORM_U8_NHWC, .n_outputs = 2};
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .device_kind = EV_DEVICE_CPU,
        .shape = info.shape,
        .n_outputs = 2,
        .max_rows = 1,
    };
    struct ev_model *model;

    ev_assert_ok(ev_model_open(&engine, &args, &model, &err));
    const enum ev_status status = ev_look(model, backend, &info, look, &err);
    ev_model_close(model);
    return status;
}

static struct ev_result_look look_at(const char *backend)
{
    struct ev_result_look look;

    ev_assert_ok(try_look(backend, &look));
    return look;
}

/* --- Layers --- */

static const struct ev_layer mixed[] = {
    {"conv1", "conv2d", "float32", 1, LARGE, 1}, {"conv2", "conv2d", "int8", 1, LARGE, 1},
    {"fc1", "linear", "int8", 1, LARGE, 1},      {"fc2", "linear", "bfloat16", 1, LARGE, 1},
    {"fc3", "linear", "float32", 1, SMALL, 1},   {"sum", "matmul", "float32", 1, 0, 1},
};

static const struct ev_layer dynamic_range[] = {
    {"conv1", "conv2d", "float32", 1, LARGE, 1},
    {"fc1", "linear", "int8", 1, LARGE, 1},
    {"fc2", "linear", "float32", 1, LARGE, 1},
    {"fc3", "linear", "float32", 1, SMALL, 1},
};

static const struct ev_layer plain[] = {
    {"conv1", "conv2d", "float32", 1, LARGE, 1},
    {"fc1", "linear", "float32", 1, LARGE, 1},
    {"fc2", "linear", "float32", 1, SMALL, 1},
};

#define LAYERS(array) array, (int32_t)(sizeof array / sizeof *array)

static const struct {
    const char *backend;
    const struct ev_layer *layers;
    int32_t n, n_int8;
    const char *float_layers;
} cases[] = {
    {"static", LAYERS(mixed), 2, "conv1, fc2, fc3"},
    {"my.pt", LAYERS(mixed), 2, "conv1, fc2, fc3"},
    {"dynamic", LAYERS(mixed), 2, "fc2"},
    {"dynamic", LAYERS(dynamic_range), 1, "fc2"},
    {"my.pt", LAYERS(dynamic_range), 1, "fc2"},
    {"qat", LAYERS(dynamic_range), 1, "conv1, fc2, fc3"},
    {"qat", LAYERS(plain), 0, "conv1, fc1, fc2"},
    {"dynamic", LAYERS(plain), 0, "fc1"},
    {"baseline", LAYERS(plain), 0, ""},
    {"my.pt", LAYERS(plain), 0, ""},
};

START_TEST(layers_that_should_be_int8)
{
    told = cases[_i].layers;
    n_told = cases[_i].n;
    const struct ev_result_look look = look_at(cases[_i].backend);
    ck_assert_int_eq(look.n_layers, cases[_i].n);
    ck_assert_int_eq(look.n_int8_layers, cases[_i].n_int8);
    ck_assert_str_eq(look.float_layers, cases[_i].float_layers);
}
END_TEST

/* A list that is too long ends in dots, once. */
START_TEST(more_names_than_there_is_room_for)
{
    struct ev_layer many[50];

    for (int i = 0; i < 50; i++) {
        many[i] = plain[0];
        snprintf(many[i].name, sizeof many[i].name, "features.%02d.convolution", i);
    }
    told = many;
    n_told = 50;
    const struct ev_result_look look = look_at("static");
    ck_assert_int_eq(look.n_layers, 50);
    const char *dots = strstr(look.float_layers, ", ...");
    ck_assert_ptr_nonnull(dots);
    ck_assert_str_eq(dots, ", ...");
    ck_assert_int_eq(strncmp(look.float_layers, "features.00.convolution, features.01.", 37), 0);
}
END_TEST

START_TEST(engines_that_do_not_tell)
{
    n_told = _i == 0 ? -1 : -2;
    const struct ev_result_look look = look_at("static");
    ck_assert_int_eq(look.n_layers, -1);
    ck_assert_int_eq(look.n_int8_layers, -1);
    ck_assert_str_eq(look.float_layers, "");
}
END_TEST

START_TEST(devices)
{
    static const struct {
        uint32_t kind;
        const char *text;
    } named[] = {{0, ""}, {EV_DEVICE_CPU, "cpu"}, {EV_DEVICE_CUDA, "cuda:1"}};

    n_told = -2;
    told_device = named[_i].kind;
    ck_assert_str_eq(look_at("static").runs_on, named[_i].text);
}
END_TEST

START_TEST(device_times)
{
    static const struct {
        enum ev_status how;
        enum ev_status eager;
        int64_t ns;
        bool tells_apart;
    } answers[] = {
        {EV_OK, EV_OK, 1200, true},           {EV_OK, EV_OK, 0, false},
        {EV_OK, EV_OK, -1, false},            {EV_UNSUPPORTED, EV_OK, 1200, false},
        {EV_OK, EV_UNSUPPORTED, 1200, false}, {EV_ENGINE, EV_OK, 1200, false},
    };
    struct ev_result_look look;

    n_told = -2;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        told_how = answers[i].how;
        told_eager = answers[i].eager;
        told_ns = answers[i].ns;
        ck_assert_int_eq(look_at("static").tells_apart, answers[i].tells_apart);
    }
    told_how = EV_DEVICE;
    ev_assert_fails(try_look("static", &look), EV_DEVICE, "not this device");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("look");
    TCase *tests = tcase_create("look");

    tcase_add_loop_test(tests, layers_that_should_be_int8, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tests, more_names_than_there_is_room_for);
    tcase_add_loop_test(tests, engines_that_do_not_tell, 0, 2);
    tcase_add_loop_test(tests, devices, 0, 3);
    tcase_add_test(tests, device_times);
    suite_add_tcase(suite, tests);
    return suite;
}
