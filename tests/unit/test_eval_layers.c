/* SPDX-License-Identifier: MIT */
/*
 * Layers in a result, of engines that tell what the test says: medians, shares that add up, and
 * errors of single layers in int8 on the rows that they are meant for.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/progress.h"
#include "eval/layers.h"
#include "set/set.h"

#define N_ROWS 4100

static struct ev_error err = EV_ERROR_INIT;

/* Labels of a row: its number modulo 100, which each byte of its picture is too. */
static const char *make_set(void)
{
    const char *path = ev_test_path("set.h5");
    const struct ev_set_spec spec = {
        .n_rows = N_ROWS,
        .shape = {2, 3, 3},
        .n_outputs = 1,
        .columns = {{"v", "m/s", 0, 100}},
        .circuit = "test",
        .provenance = "{\"tool\": \"test\"}",
    };
    struct ev_set_writer *writer;

    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    for (int64_t row = 0; row < N_ROWS; row++) {
        const float label = (float)(row % 100);
        uint8_t image[18];
        memset(image, (int)(row % 100), sizeof image);
        ev_assert_ok(ev_set_writer_append(writer, 1, image, &label, NULL, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    return path;
}

/* --- An engine with three layers --- */

struct ev_engine {
    struct ev_shape shape;
    int32_t int8; /* layer, -1: none */
    int64_t n_looks;
};

static int64_t n_int8_rows[4];  /* inferred with layer i - 1 in int8, in batches */
static int64_t layer_ns = 1000; /* of layer 0; layers 1 and 2 take 2 and 5 times as long */
static int n_open;

static enum ev_status teller_open(const struct ev_open_args *args, struct ev_engine **engine,
                                  struct ev_error *error)
{
    *engine = calloc(1, sizeof **engine);
    if (!*engine)
        return ev_fail(error, EV_MEMORY, "out of memory");
    (*engine)->shape = args->shape;
    (*engine)->int8 = -1;
    n_open++;
    return EV_OK;
}

static enum ev_status teller_describe(struct ev_engine *engine, struct ev_description *description,
                                      struct ev_error *error)
{
    (void)error;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = 1;
    return EV_OK;
}

/* Off by 0.1; with layer 0 in int8 by 0.2, with layer 2 by 0.05. */
static enum ev_status teller_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                   float *outputs, struct ev_error *error)
{
    const uint8_t *pictures = batch->data;
    const float off = engine->int8 == 0 ? 0.2f : engine->int8 == 2 ? 0.05f : 0.1f;

    (void)error;
    for (int64_t row = 0; row < batch->n_rows; row++)
        outputs[row] = (float)pictures[row * 18] / 100.0f + off;
    if (batch->n_rows > 1)
        n_int8_rows[engine->int8 + 1] += batch->n_rows;
    return EV_OK;
}

static void teller_close(struct ev_engine *engine)
{
    n_open -= engine != NULL;
    free(engine);
}

/* One look in three takes ten times as long: no median does. */
static enum ev_status teller_layers(struct ev_engine *engine, const struct ev_batch *batch,
                                    struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                                    struct ev_error *error)
{
    static const struct ev_layer told[] = {
        {"first", "conv2d", "float32", 900, 40, 1},
        {"second", "linear", "float32", 100, 400, 2},
        {"third", "linear", "int8", -1, -1, 5},
    };
    const int64_t unit_ns = layer_ns * (engine->n_looks++ % 3 == 0 ? 10 : 1);

    (void)error;
    ck_assert_int_eq(batch->n_rows, 1);
    ck_assert_int_ge(max_layers, 3);
    memcpy(layers, told, sizeof told);
    for (int i = 0; i < 3; i++)
        layers[i].time_ns *= unit_ns;
    *n_layers = 3;
    return EV_OK;
}

static enum ev_status teller_quantize(struct ev_engine *engine, int32_t layer,
                                      const struct ev_batch *calibration, struct ev_error *error)
{
    engine->int8 = -1;
    if (layer == 1)
        return ev_fail(error, EV_UNSUPPORTED, "not that one");
    if (layer >= 0)
        ck_assert_int_eq(calibration->n_rows, 64);
    engine->int8 = layer;
    return EV_OK;
}

static const struct ev_backend teller = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof teller,
    .name = "teller",
    .summary = "tells of layers",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL | EV_TRAIT_ROWS_INDEPENDENT,
    .open = teller_open,
    .describe = teller_describe,
    .infer = teller_infer,
    .close = teller_close,
    .layers = teller_layers,
    .quantize_layer = teller_quantize,
};

/* --- Running --- */

static void run(const struct ev_eval_backend *backends, size_t n_backends, struct ev_result *result)
{
    const struct ev_eval_set set = {"test", make_set(), NULL};
    const struct ev_eval_args args = {
        .backends = backends,
        .n_backends = n_backends,
        .sets = &set,
        .n_sets = 1,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = 1,
        .batch_rows = 1024,
    };

    ev_progress_set_quiet(true);
    memset(n_int8_rows, 0, sizeof n_int8_rows);
    ev_result_init(result);
    ev_assert_ok(ev_eval_run(&args, result, &err));
    memset(n_int8_rows, 0, sizeof n_int8_rows);
    ev_assert_ok(ev_layers_run(&args, result, &err));
    ck_assert_int_eq(n_open, 0);
}

static void assert_near(double value, double expected)
{
    ck_assert_double_eq_tol(value, expected, 1e-5 * fabs(expected));
}

/* Layers that claim to take longer than any call here: nothing is left for the rest. */
START_TEST(medians_and_shares)
{
    const struct ev_eval_backend backend = {"baseline", &teller, NULL, 0};
    struct ev_result result;

    layer_ns = 1000000000;
    run(&backend, 1, &result);
    ck_assert_uint_eq(result.n_layers, 4);
    assert_near(result.layers[0].time_ns, 1e9);
    assert_near(result.layers[1].time_ns, 2e9);
    assert_near(result.layers[2].time_ns, 5e9);
    ck_assert_double_eq(result.layers[3].time_ns, 0);
    assert_near(result.layers[0].share, 0.125);
    assert_near(result.layers[2].share, 0.625);
    ck_assert_str_eq(result.layers[0].backend, "baseline");
    ck_assert_str_eq(result.layers[1].name, "second");
    ck_assert_str_eq(result.layers[1].kind, "linear");
    ck_assert_str_eq(result.layers[2].dtype, "int8");
    ck_assert_int_eq(result.layers[0].macs, 900);
    ck_assert_int_eq(result.layers[2].macs, -1);
    ck_assert_int_eq(result.layers[1].weight_bytes, 400);
    ck_assert_str_eq(result.layers[3].kind, EV_LAYER_OTHER);
    for (int32_t i = 0; i < 4; i++)
        ck_assert_int_eq(result.layers[i].index, i);
    ck_assert_int_eq(result.peak.n_threads, 1);
    ck_assert_double_gt(result.peak.float_macs_per_s, 0);
    ev_result_free(&result);
}
END_TEST

/* Layers that take no time at all: the rest is the whole of a call. */
START_TEST(the_rest_is_what_layers_leave)
{
    const struct ev_eval_backend backend = {"baseline", &teller, NULL, 0};
    struct ev_result result;
    double shares = 0;

    layer_ns = 0;
    run(&backend, 1, &result);
    ck_assert_uint_eq(result.n_layers, 4);
    for (size_t i = 0; i < 4; i++)
        shares += result.layers[i].share;
    assert_near(shares, 1);
    assert_near(result.layers[3].share, 1);
    ck_assert_double_gt(result.layers[3].time_ns, 0);
    ev_result_free(&result);
}
END_TEST

/* 2,000 rows are enough, for each layer and without any; a layer that cannot be has no change. */
START_TEST(int8_in_single_layers)
{
    const struct ev_eval_backend backends[] = {{"other", &teller, NULL, 0},
                                               {"baseline", &teller, NULL, 0}};
    struct ev_result result;

    run(backends, 2, &result);
    ck_assert_uint_eq(result.n_layers, 8);
    const struct ev_result_layer *layers = result.layers + 4; /* of the baseline */
    assert_near(layers[0].change, 3);
    ck_assert(layers[0].change_low <= layers[0].change);
    ck_assert(layers[0].change_high >= layers[0].change);
    ck_assert_double_nan(layers[1].change);
    assert_near(layers[2].change, -0.75);
    ck_assert_double_nan(layers[3].change);
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_nan(result.layers[i].change);
    ck_assert_int_eq(n_int8_rows[0], EV_LAYERS_MAX_ROWS);
    ck_assert_int_eq(n_int8_rows[1], EV_LAYERS_MAX_ROWS);
    ck_assert_int_eq(n_int8_rows[2], 0);
    ck_assert_int_eq(n_int8_rows[3], EV_LAYERS_MAX_ROWS);
    ev_result_free(&result);
}
END_TEST

START_TEST(engines_without_layers_are_passed_by)
{
    struct ev_backend silent = teller;
    struct ev_result result;

    silent.layers = NULL;
    const struct ev_eval_backend backends[] = {{"silent", &silent, NULL, 0},
                                               {"told", &teller, NULL, 0}};
    run(backends, 2, &result);
    ck_assert_uint_eq(result.n_layers, 4);
    ck_assert_str_eq(result.layers[0].backend, "told");
    ck_assert_double_nan(result.layers[0].change);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("eval_layers");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 60);
    tcase_add_test(all, medians_and_shares);
    tcase_add_test(all, the_rest_is_what_layers_leave);
    tcase_add_test(all, int8_in_single_layers);
    tcase_add_test(all, engines_without_layers_are_passed_by);
    suite_add_tcase(suite, all);
    return suite;
}
