/* SPDX-License-Identifier: MIT */
/*
 * Engines that tell of their layers: the figures add up to what is known of the models, and int8
 * in one layer changes that layer alone and leaves no trace. Engines that do not, and those that
 * tell nonsense, are refused in one line.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"

#define N_ROWS    40
#define N_OUTPUTS 2

static const struct ev_shape shape = {66, 200, 3};
static const size_t n_picture = 66 * 200 * 3;

static struct ev_error err = EV_ERROR_INIT;

static struct ev_model *open_file(const char *engine_name, const char *path)
{
    const struct ev_backend *engine;
    struct ev_model *model;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .model_path = path,
        .device_kind = EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .max_rows = N_ROWS,
    };

    ev_assert_ok(ev_engine_find(engine_name, &engine, &err));
    ev_assert_ok(ev_model_open(engine, &args, &model, &err));
    return model;
}

/* (N_ROWS, 66, 200, 3) uint8 noise of different brightness. */
static struct ev_batch make_batch(void)
{
    uint8_t *pictures = malloc(N_ROWS * n_picture);

    ck_assert_ptr_nonnull(pictures);
    for (int64_t row = 0; row < N_ROWS; row++) {
        struct ev_rng rng = ev_rng_at(11, EV_RNG_TEST, (uint64_t)row);
        const uint64_t base = ev_rng_below(&rng, 192);
        for (size_t i = 0; i < n_picture; i++)
            pictures[(size_t)row * n_picture + i] = (uint8_t)(base + ev_rng_below(&rng, 64));
    }
    return (struct ev_batch){sizeof(struct ev_batch), EV_FORM_U8_NHWC, shape, N_ROWS, pictures};
}

static struct ev_batch first_picture(const struct ev_batch *batch)
{
    struct ev_batch one = *batch;

    one.n_rows = 1;
    return one;
}

/* Modules whose table ends before the hooks, or that leave them out. */
START_TEST(engines_without_the_hooks)
{
    static const char *const engines[] = {EV_PLUGINS "/plugin_min.so", "null"};
    struct ev_model *model = open_file(engines[_i], NULL);
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS];
    int32_t n = 5;

    ev_assert_fails(ev_model_layers(model, &one, layers, &n, &err), EV_UNSUPPORTED,
                    "knows nothing of layers");
    ck_assert_int_eq(n, 0);
    ev_assert_fails(ev_model_quantize_layer(model, 0, &batch, &err), EV_UNSUPPORTED,
                    "cannot compute one layer in int8");
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

#if EV_HAVE_TORCH
/* What is expected of a layer. */
struct expected {
    const char *name, *kind;
    int64_t macs, n_weights, n_biases;
};

/* PilotNet for pictures of 66 x 200: 28.2 million multiply-adds. */
static const struct expected pilotnet[] = {
    {"conv1", "conv2d", 31 * 98 * 24 * 75, 24 * 75, 24},
    {"conv2", "conv2d", 14 * 47 * 36 * 600, 36 * 600, 36},
    {"conv3", "conv2d", 5 * 22 * 48 * 900, 48 * 900, 48},
    {"conv4", "conv2d", 3 * 20 * 64 * 432, 64 * 432, 64},
    {"conv5", "conv2d", 1 * 18 * 64 * 576, 64 * 576, 64},
    {"fc1", "linear", 1152 * 1164, 1152 * 1164, 1164},
    {"fc2", "linear", 1164 * 100, 1164 * 100, 100},
    {"fc3", "linear", 100 * 50, 100 * 50, 50},
    {"fc4", "linear", 50 * 10, 50 * 10, 10},
    {"fc5", "linear", 10 * 2, 10 * 2, 2},
};
#define N_PILOTNET 10

/* Which layers are int8: [first, end). Dynamic leaves the convolutions and the small layers. */
static const struct {
    const char *model;
    int32_t first, end;
} variants[] = {
    {"results/models/baseline.pt", 0, 0},
    {"results/models/dynamic.pt", 5, 7},
    {"results/models/static.pt", 0, 10},
    {"results/models/qat.pt", 0, 10},
};
#define N_VARIANTS ((int)(sizeof variants / sizeof variants[0]))

static struct ev_model *open_variant(const char *model)
{
    char *path = ev_path_data(model);
    struct ev_model *opened = open_file("torch", path);

    free(path);
    return opened;
}

/* A model that make_model writes. */
static struct ev_model *open_made(const char *kind)
{
    char path[512], command[1200];

    snprintf(path, sizeof path, "%s", ev_test_path("made.pt"));
    snprintf(command, sizeof command, "'%s' %s '%s'", EV_MAKE_MODEL, kind, path);
    ck_assert_int_eq(system(command), 0);
    return open_file("torch", path);
}

static void infer(struct ev_model *model, const struct ev_batch *batch,
                  float outputs[N_ROWS * N_OUTPUTS])
{
    ev_assert_ok(ev_model_infer(model, batch, outputs, &err));
}

static double distance(const float *a, const float *b)
{
    double sum = 0;

    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
        sum += fabs((double)a[i] - (double)b[i]);
    return sum / (N_ROWS * N_OUTPUTS);
}

static void assert_layer(const struct ev_layer *layer, const struct expected *expected,
                         const char *dtype)
{
    const int64_t weight_bytes = strcmp(dtype, "int8") == 0 ? 1 : 4;

    ck_assert_str_eq(layer->name, expected->name);
    ck_assert_str_eq(layer->kind, expected->kind);
    ck_assert_str_eq(layer->dtype, dtype);
    ck_assert_int_eq(layer->macs, expected->macs);
    ck_assert_int_eq(layer->weight_bytes,
                     expected->n_weights * weight_bytes + expected->n_biases * 4);
}

START_TEST(layers_of_pilotnet_add_up)
{
    struct ev_model *model = open_variant(variants[_i].model);
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS];
    int64_t macs = 0, weight_bytes = 0, time_ns = 0;
    int32_t n;

    const int64_t start_ns = ev_clock_ns();
    ev_assert_ok(ev_model_layers(model, &one, layers, &n, &err));
    const int64_t whole_ns = ev_clock_ns() - start_ns;
    ck_assert_int_eq(n, N_PILOTNET);
    for (int32_t i = 0; i < n; i++) {
        const bool is_int8 = i >= variants[_i].first && i < variants[_i].end;
        assert_layer(&layers[i], &pilotnet[i], is_int8 ? "int8" : "float32");
        ck_assert_int_gt(layers[i].time_ns, 0);
        macs += layers[i].macs;
        weight_bytes += layers[i].weight_bytes;
        time_ns += layers[i].time_ns;
    }
    ck_assert_int_eq(macs, 28218480);
    ck_assert_int_lt(time_ns, whole_ns);
    /* All parameters but those of the normalisation, which is kept beside a float model. */
    ck_assert_int_le(ev_model_description(model)->weight_bytes - weight_bytes, 4 * 12);
    ck_assert_int_ge(ev_model_description(model)->weight_bytes, weight_bytes);
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

/* A look at the layers changes nothing, for outputs and for the next look. */
START_TEST(looking_leaves_no_trace)
{
    struct ev_model *model = open_variant(variants[_i].model);
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS], again[EV_MAX_LAYERS];
    float before[N_ROWS * N_OUTPUTS], after[N_ROWS * N_OUTPUTS];
    int32_t n, n_again;

    infer(model, &batch, before);
    ev_assert_ok(ev_model_layers(model, &one, layers, &n, &err));
    infer(model, &batch, after);
    ck_assert_mem_eq(before, after, sizeof before);
    ev_assert_ok(ev_model_layers(model, &one, again, &n_again, &err));
    ck_assert_int_eq(n, n_again);
    for (int32_t i = 0; i < n; i++) {
        ck_assert_str_eq(layers[i].name, again[i].name);
        ck_assert_int_eq(layers[i].macs, again[i].macs);
    }
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

/* Each layer of the baseline by itself: other outputs, near the old ones, others for each layer,
 * the same in both forms of pictures; switched off, the old ones to the bit. */
START_TEST(one_layer_in_int8)
{
    struct ev_model *model = open_variant("results/models/baseline.pt");
    struct ev_batch batch = make_batch();
    float before[N_ROWS * N_OUTPUTS], outputs[N_PILOTNET][N_ROWS * N_OUTPUTS];
    float after[N_ROWS * N_OUTPUTS];

    infer(model, &batch, before);
    for (int32_t i = 0; i < N_PILOTNET; i++) {
        ev_assert_ok(ev_model_quantize_layer(model, i, &batch, &err));
        infer(model, &batch, outputs[i]);
        const double moved = distance(before, outputs[i]);
        ck_assert_msg(moved > 0 && moved < 0.02, "layer %d moves the outputs by %g", (int)i, moved);
        for (int32_t k = 0; k < i; k++)
            ck_assert_double_gt(distance(outputs[k], outputs[i]), 0);
    }
    ev_assert_ok(ev_model_quantize_layer(model, 3, &batch, &err));
    infer(model, &batch, after);
    ck_assert_mem_eq(outputs[3], after, sizeof after);
    ev_assert_ok(ev_model_quantize_layer(model, -1, NULL, &err));
    infer(model, &batch, after);
    ck_assert_mem_eq(before, after, sizeof after);
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

/* A ramp folded to -0.5..0.5, as make_model fills weights. */
static double ramp(int i, double step)
{
    const double value = i * step;

    return value - floor(value) - 0.5;
}

/* Rounding by hand: inputs to 255 steps of their range over the batch, which begins at 0; weights
 * of each output to 127 steps to either side. */
START_TEST(int8_is_what_it_says)
{
    struct ev_model *model = open_made("plain");
    struct ev_batch batch = make_batch();
    const uint8_t *pictures = batch.data;
    double means[N_ROWS][3] = {{0}}, high = 0;
    float outputs[N_ROWS * N_OUTPUTS];

    for (int row = 0; row < N_ROWS; row++) {
        for (size_t i = 0; i < n_picture; i++)
            means[row][i % 3] += pictures[(size_t)row * n_picture + i] / 255.0 / (66 * 200);
        for (int c = 0; c < 3; c++)
            high = fmax(high, means[row][c]);
    }
    ev_assert_ok(ev_model_quantize_layer(model, 0, &batch, &err));
    infer(model, &batch, outputs);
    for (int row = 0; row < N_ROWS; row++) {
        for (int k = 0; k < N_OUTPUTS; k++) {
            double most = 0, expected = ramp(k, 0.37);
            for (int c = 0; c < 3; c++)
                most = fmax(most, fabs(ramp(3 * k + c, 0.29)));
            for (int c = 0; c < 3; c++)
                expected += rint(means[row][c] / high * 255) * high / 255 *
                            rint(ramp(3 * k + c, 0.29) / most * 127) * most / 127;
            ck_assert_double_eq_tol((double)outputs[row * N_OUTPUTS + k], expected, 2e-6);
        }
    }
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

START_TEST(layers_in_another_order)
{
    static const struct expected expected[] = {
        {"mix", "linear", 66 * 200 * 4 * 3, 4 * 3, 4},
        {"see", "conv2d", 31 * 98 * 8 * 4 * 25, 8 * 4 * 25, 8},
        {"head", "linear", 2 * 8, 2 * 8, 2},
    };
    struct ev_model *model = open_made("linear_first");
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS];
    float before[N_ROWS * N_OUTPUTS], after[N_ROWS * N_OUTPUTS];
    int32_t n;

    ev_assert_ok(ev_model_layers(model, &one, layers, &n, &err));
    ck_assert_int_eq(n, 3);
    for (int32_t i = 0; i < n; i++)
        assert_layer(&layers[i], &expected[i], "float32");
    infer(model, &batch, before);
    for (int32_t i = 0; i < n; i++) {
        ev_assert_ok(ev_model_quantize_layer(model, i, &batch, &err));
        infer(model, &batch, after);
        ck_assert_double_gt(distance(before, after), 0);
        ck_assert_double_lt(distance(before, after), 0.05);
    }
    ev_assert_ok(ev_model_quantize_layer(model, -1, NULL, &err));
    infer(model, &batch, after);
    ck_assert_mem_eq(before, after, sizeof after);
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

START_TEST(layers_in_branches_and_transposed)
{
    static const struct expected expected[] = {
        {"each", "conv2d", 64 * 198 * 3 * 9, 27, 3},
        {"last", "linear", 6, 6, 2},
    };
    struct ev_model *model = open_made("branches");
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS];
    float before[N_ROWS * N_OUTPUTS], after[N_ROWS * N_OUTPUTS];
    int32_t n;

    ev_assert_ok(ev_model_layers(model, &one, layers, &n, &err));
    ck_assert_int_eq(n, 2);
    infer(model, &batch, before);
    for (int32_t i = 0; i < n; i++) {
        assert_layer(&layers[i], &expected[i], "float32");
        ev_assert_ok(ev_model_quantize_layer(model, i, &batch, &err));
        infer(model, &batch, after);
        ck_assert_double_gt(distance(before, after), 0);
        ck_assert_double_lt(distance(before, after), 0.05);
    }
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

/* Layers of parts, in calls that the interpreter makes: its whole stack is not theirs. */
START_TEST(layers_of_parts)
{
    static const struct expected expected[] = {
        {"see.conv", "conv2d", 16 * 49 * 8 * 75, 600, 8},
        {"again.conv", "conv2d", 16 * 49 * 8 * 8, 64, 8},
        {"head", "linear", 16, 16, 2},
    };
    struct ev_model *model = open_made("parts");
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS];
    int32_t n;

    ev_assert_ok(ev_model_layers(model, &one, layers, &n, &err));
    ck_assert_int_eq(n, 3);
    for (int32_t i = 0; i < n; i++)
        assert_layer(&layers[i], &expected[i], "float32");
    free((void *)batch.data);
    ev_model_close(model);
}
END_TEST

/* Refused in one line, and the model goes on as it was. */
START_TEST(what_cannot_be_int8)
{
    struct ev_batch batch = make_batch(), one = first_picture(&batch);
    static struct ev_layer layers[EV_MAX_LAYERS];
    float before[N_ROWS * N_OUTPUTS], after[N_ROWS * N_OUTPUTS];
    int32_t n;

    struct ev_model *model = open_variant("results/models/static.pt");
    infer(model, &batch, before);
    ev_assert_fails(ev_model_quantize_layer(model, 2, &batch, &err), EV_UNSUPPORTED,
                    "layer conv3 is int8, not plain float32");
    infer(model, &batch, after);
    ck_assert_mem_eq(before, after, sizeof after);
    ev_model_close(model);

    model = open_made("computed");
    ev_assert_fails(ev_model_quantize_layer(model, 0, &batch, &err), EV_UNSUPPORTED,
                    "layer conv2d_1 cannot be singled out");
    ev_model_close(model);

    model = open_made("none");
    ev_assert_fails(ev_model_layers(model, &one, layers, &n, &err), EV_UNSUPPORTED,
                    "has no layers that libtorch tells of");
    ck_assert_int_eq(n, 0);
    ev_model_close(model);
    free((void *)batch.data);
}
END_TEST
#endif

Suite *ev_suite(void)
{
    Suite *suite = suite_create("layers");
    TCase *hosts = tcase_create("without");

    tcase_set_timeout(hosts, 30);
    tcase_add_loop_test(hosts, engines_without_the_hooks, 0, 2);
    suite_add_tcase(suite, hosts);
#if EV_HAVE_TORCH
    TCase *torch = tcase_create("torch");
    tcase_set_timeout(torch, 120);
    tcase_add_loop_test(torch, layers_of_pilotnet_add_up, 0, N_VARIANTS);
    tcase_add_loop_test(torch, looking_leaves_no_trace, 0, N_VARIANTS);
    tcase_add_test(torch, one_layer_in_int8);
    tcase_add_test(torch, int8_is_what_it_says);
    tcase_add_test(torch, layers_in_another_order);
    tcase_add_test(torch, layers_in_branches_and_transposed);
    tcase_add_test(torch, layers_of_parts);
    tcase_add_test(torch, what_cannot_be_int8);
    suite_add_tcase(suite, torch);
#endif
    return suite;
}
