/* SPDX-License-Identifier: MIT */
/*
 * The torch module's trainer on pictures of the smallest size that the network takes: learning,
 * resuming, the four kinds of model, and what each refuses. Models are read back by the module's
 * engine.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/rng.h"

#define SIDE      61
#define N_BYTES   (SIDE * SIDE * 3)
#define N_ROWS    72
#define N_OUTPUTS 2
#define N_STEPS   25

static const struct ev_shape shape = {SIDE, SIDE, 3};

static struct ev_error err = EV_ERROR_INIT;
static const struct ev_trainer *trainer;
static uint8_t pictures[N_ROWS * N_BYTES];
static float targets[N_ROWS * N_OUTPUTS];

/* --- Helpers --- */

/* Noise with a bar: its place and its brightness are what there is to learn. */
static void make_rows(void)
{
    struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, 0);

    for (int row = 0; row < N_ROWS; row++) {
        uint8_t *picture = pictures + row * N_BYTES;
        int at = 3 + (int)ev_rng_below(&rng, SIDE - 6);
        int level = (int)ev_rng_below(&rng, 256);
        for (int i = 0; i < N_BYTES; i++)
            picture[i] = (uint8_t)(60 + ev_rng_below(&rng, 32));
        for (int y = 0; y < SIDE; y++) {
            for (int x = at - 3; x <= at + 3; x++)
                picture[(y * SIDE + x) * 3] = (uint8_t)level;
        }
        targets[row * N_OUTPUTS] = (float)at / SIDE;
        targets[row * N_OUTPUTS + 1] = (float)level / 255;
    }
}

static void set_up(void)
{
    make_rows();
    ev_assert_ok(ev_trainer_find("torch", &trainer, &err));
}

static struct ev_batch rows(int first, int n)
{
    return (struct ev_batch){
        .size = sizeof(struct ev_batch),
        .form = EV_FORM_U8_NHWC,
        .shape = shape,
        .n_rows = n,
        .data = pictures + first * N_BYTES,
    };
}

static struct ev_network_args network_args(enum ev_method method, const char *baseline)
{
    return (struct ev_network_args){
        .size = sizeof(struct ev_network_args),
        .n_threads = 1,
        .method = method,
        .observer = EV_OBSERVER_HISTOGRAM,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .seed = 5,
        .baseline_path = baseline,
    };
}

static struct ev_network *open_network(enum ev_method method, const char *baseline)
{
    struct ev_network_args args = network_args(method, baseline);
    struct ev_network *network;
    ev_assert_ok(trainer->open(&args, &network, &err));
    return network;
}

/* Steps over all rows in two batches, the second shorter than a micro-batch; the last loss. */
static double train(struct ev_network *network, int n_steps, double rate)
{
    const int cut = 40;
    double loss = 0;
    for (int i = 0; i < n_steps; i++) {
        int first = i % 2 ? cut : 0;
        struct ev_batch batch = i % 2 ? rows(cut, N_ROWS - cut - 3) : rows(0, cut);
        ev_assert_ok(
            trainer->step(network, &batch, targets + first * N_OUTPUTS, rate, &loss, &err));
    }
    return loss;
}

static void predict(struct ev_network *network, float *outputs)
{
    struct ev_batch batch = rows(0, N_ROWS);
    ev_assert_ok(trainer->predict(network, &batch, outputs, &err));
}

static double mean_square(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sum / (N_ROWS * N_OUTPUTS);
}

static double largest_difference(const float *a, const float *b)
{
    double largest = 0;
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
        largest = fmax(largest, fabs((double)a[i] - b[i]));
    return largest;
}

/* A baseline that has learned a little, made once in each test that needs it. */
static const char *make_baseline(void)
{
    const char *path = ev_test_path("baseline.pt");
    struct ev_network *network = open_network(EV_METHOD_FLOAT, NULL);
    train(network, N_STEPS, 1e-3);
    ev_assert_ok(trainer->export_model(network, path, &err));
    trainer->close(network);
    return path;
}

/* A network of the method, ready to be exported. */
static struct ev_network *make_ready(enum ev_method method, const char *baseline)
{
    struct ev_network *network = open_network(method, baseline);
    struct ev_batch batch = rows(0, N_ROWS);
    if (method == EV_METHOD_STATIC)
        ev_assert_ok(trainer->observe(network, &batch, &err));
    if (method == EV_METHOD_QAT)
        train(network, 4, 1e-4);
    return network;
}

/* Outputs of a model file in the engine, of bytes or of floats made of them. */
static void run_file(const char *path, enum ev_form form, float *outputs)
{
    const struct ev_backend *engine;
    struct ev_model *model;
    struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .model_path = path,
        .device_kind = EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .max_rows = N_ROWS,
    };
    struct ev_batch batch = rows(0, N_ROWS);
    float *floats = malloc(sizeof *floats * sizeof pictures);

    for (int row = 0; row < N_ROWS; row++) {
        for (int i = 0; i < N_BYTES; i++) {
            int pixel = i / 3, channel = i % 3;
            floats[row * N_BYTES + channel * SIDE * SIDE + pixel] =
                (float)pictures[row * N_BYTES + i] / 255;
        }
    }
    batch.form = form;
    if (form == EV_FORM_F32_NCHW)
        batch.data = floats;
    ev_assert_ok(ev_engine_find("torch", &engine, &err));
    ev_assert_ok(ev_model_open(engine, &args, &model, &err));
    ev_assert_ok(ev_model_infer(model, &batch, outputs, &err));
    ev_model_close(model);
    free(floats);
}

/* --- Learning --- */

START_TEST(loss_falls)
{
    struct ev_network *network = open_network(EV_METHOD_FLOAT, NULL);
    double first = train(network, 1, 1e-3), last = train(network, N_STEPS, 1e-3);
    ck_assert_msg(last < first / 4, "loss %g after %g", last, first);
    trainer->close(network);
}
END_TEST

START_TEST(seed_decides)
{
    struct ev_network_args args = network_args(EV_METHOD_FLOAT, NULL);
    float outputs[3][N_ROWS * N_OUTPUTS];

    for (int i = 0; i < 3; i++) {
        struct ev_network *network;
        args.seed = i < 2 ? 5 : 6;
        ev_assert_ok(trainer->open(&args, &network, &err));
        train(network, 3, 1e-3);
        predict(network, outputs[i]);
        trainer->close(network);
    }
    ck_assert_mem_eq(outputs[0], outputs[1], sizeof outputs[0]);
    ck_assert(largest_difference(outputs[0], outputs[2]) > 1e-3);
}
END_TEST

/* Brightness and contrast go into BatchNorm: the first loss is that of the same pictures. */
START_TEST(input_is_normalised)
{
    struct ev_network *network = open_network(EV_METHOD_FLOAT, NULL);
    struct ev_batch batch = rows(0, N_ROWS);
    double loss[2];

    for (int i = 0; i < N_ROWS * N_BYTES; i++)
        pictures[i] = (uint8_t)(pictures[i] / 2);
    ev_assert_ok(trainer->step(network, &batch, targets, 0, &loss[0], &err));
    for (int i = 0; i < N_ROWS * N_BYTES; i++)
        pictures[i] = (uint8_t)(pictures[i] * 2 + 1);
    ev_assert_ok(trainer->step(network, &batch, targets, 0, &loss[1], &err));
    /* The variances are 0.0015 and more, so epsilon's 0.001 tells the two apart a little. */
    ck_assert_double_eq_tol(loss[0] / loss[1], 1, 0.05);
    trainer->close(network);
}
END_TEST

/* From a saved state training goes on to the bit, whatever the other network did before. */
START_TEST(resumes_to_the_bit)
{
    static const enum ev_method methods[] = {EV_METHOD_FLOAT, EV_METHOD_QAT};
    const char *baseline = make_baseline(), *state = ev_test_path("state");

    for (int i = 0; i < 2; i++) {
        const char *start = methods[i] == EV_METHOD_FLOAT ? NULL : baseline;
        struct ev_network *first = open_network(methods[i], start);
        struct ev_network *second = open_network(methods[i], start);
        float outputs[2][N_ROWS * N_OUTPUTS];

        train(first, 3, 1e-3);
        train(second, 1, 1e-2);
        ev_assert_ok(trainer->freeze(first, &err));
        ev_assert_ok(trainer->save_state(first, state, &err));
        ev_assert_ok(trainer->load_state(second, state, &err));
        ck_assert_double_eq(train(first, 3, 1e-3), train(second, 3, 1e-3));
        predict(first, outputs[0]);
        predict(second, outputs[1]);
        ck_assert_mem_eq(outputs[0], outputs[1], sizeof outputs[0]);
        trainer->close(first);
        trainer->close(second);
    }
}
END_TEST

START_TEST(observers_are_in_the_state)
{
    const char *baseline = make_baseline(), *state = ev_test_path("state");
    struct ev_network *first = make_ready(EV_METHOD_STATIC, baseline);
    struct ev_network *second = open_network(EV_METHOD_STATIC, baseline);
    float outputs[2][N_ROWS * N_OUTPUTS];

    ev_assert_ok(trainer->save_state(first, state, &err));
    ev_assert_ok(trainer->load_state(second, state, &err));
    predict(first, outputs[0]);
    predict(second, outputs[1]);
    ck_assert_mem_eq(outputs[0], outputs[1], sizeof outputs[0]);
    trainer->close(first);
    trainer->close(second);
}
END_TEST

/* --- Models --- */

static const struct {
    const char *label;
    enum ev_method method;
    double predicted; /* largest difference of the file's outputs to predict's */
    double forms;     /* the same between the two forms of input */
    double loss;      /* mean square to the baseline's outputs, as a share of their spread */
    double size;      /* of the file, as a share of the baseline's, at most */
} models[] = {
    {"float", EV_METHOD_FLOAT, 1e-5, 1e-5, 0, 1},
    {"dynamic", EV_METHOD_DYNAMIC, 0.02, 0.02, 0.02, 0.6},
    /* The engine packs for other kernels than predict's, and QAT's predict rounds in float32 what
     * the file computes in integers: now and then an output is one step, 1/255, away. */
    {"static", EV_METHOD_STATIC, 0.01, 0, 0.02, 0.4},
    {"qat", EV_METHOD_QAT, 0.02, 0, 0.5, 0.4},
};

START_TEST(files_give_what_predict_gives)
{
    const char *baseline = make_baseline(), *path = ev_test_path("model.pt");
    struct ev_network *network = open_network(EV_METHOD_FLOAT, baseline);
    float wanted[N_ROWS * N_OUTPUTS], predicted[N_ROWS * N_OUTPUTS];
    float of_bytes[N_ROWS * N_OUTPUTS], of_floats[N_ROWS * N_OUTPUTS];
    float middle[N_ROWS * N_OUTPUTS];
    int64_t baseline_bytes, n_bytes;

    predict(network, wanted);
    trainer->close(network);
    ck_assert(mean_square(wanted, targets) < 0.1);
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++)
        middle[i] = 0.5f;
    ev_assert_ok(ev_file_size(baseline, &baseline_bytes, &err));

    network = make_ready(models[_i].method, baseline);
    predict(network, predicted);
    ev_assert_ok(trainer->export_model(network, path, &err));
    trainer->close(network);
    run_file(path, EV_FORM_U8_NHWC, of_bytes);
    run_file(path, EV_FORM_F32_NCHW, of_floats);
    ev_assert_ok(ev_file_size(path, &n_bytes, &err));

    ck_assert_double_le(largest_difference(of_bytes, predicted), models[_i].predicted);
    ck_assert_double_le(largest_difference(of_bytes, of_floats), models[_i].forms);
    ck_assert_double_le(mean_square(of_bytes, wanted),
                        models[_i].loss * mean_square(wanted, middle) + 1e-9);
    ck_assert_double_le((double)n_bytes, models[_i].size * (double)baseline_bytes);
}
END_TEST

/* Ranges are those of the pictures that were shown: dark ones make a model that cuts bright ones
 * off, with either observer. */
START_TEST(ranges_are_observed)
{
    const char *baseline = make_baseline();
    struct ev_network_args args = network_args(EV_METHOD_STATIC, baseline);
    struct ev_batch all = rows(0, N_ROWS);
    float outputs[2][N_ROWS * N_OUTPUTS];
    static uint8_t black[N_BYTES];
    struct ev_batch dark = rows(0, 1);
    dark.data = black;

    for (int kind = 0; kind < 2; kind++) {
        args.observer = kind ? EV_OBSERVER_MOVING_AVERAGE : EV_OBSERVER_HISTOGRAM;
        for (int i = 0; i < 2; i++) {
            struct ev_network *network;
            ev_assert_ok(trainer->open(&args, &network, &err));
            ev_assert_ok(trainer->observe(network, i ? &dark : &all, &err));
            predict(network, outputs[i]);
            trainer->close(network);
        }
        ck_assert(mean_square(outputs[1], targets) > 2 * mean_square(outputs[0], targets));
    }
}
END_TEST

/* After freeze QAT's ranges stay: what is shown later changes no more than the weights do. */
START_TEST(freeze_keeps_ranges)
{
    struct ev_network *network = open_network(EV_METHOD_QAT, make_baseline());
    struct ev_batch batch = rows(0, N_ROWS);
    float outputs[2][N_ROWS * N_OUTPUTS];
    double loss;

    train(network, 4, 1e-4);
    ev_assert_ok(trainer->freeze(network, &err));
    predict(network, outputs[0]);
    memset(pictures, 255, sizeof pictures);
    ev_assert_ok(trainer->step(network, &batch, targets, 0, &loss, &err));
    make_rows();
    predict(network, outputs[1]);
    ck_assert_mem_eq(outputs[0], outputs[1], sizeof outputs[0]);
    trainer->close(network);
}
END_TEST

/* --- Refusals --- */

START_TEST(hooks_refuse_other_methods)
{
    const char *baseline = make_baseline(), *path = ev_test_path("no.pt");
    struct ev_batch batch = rows(0, 8);
    double loss;

    for (int method = EV_METHOD_FLOAT; method <= EV_METHOD_QAT; method++) {
        struct ev_network *network = open_network(method, baseline);
        if (method == EV_METHOD_DYNAMIC || method == EV_METHOD_STATIC)
            ev_assert_fails(trainer->step(network, &batch, targets, 1e-3, &loss, &err),
                            EV_UNSUPPORTED, "does not train");
        if (method != EV_METHOD_STATIC)
            ev_assert_fails(trainer->observe(network, &batch, &err), EV_UNSUPPORTED,
                            "does not observe");
        if (method == EV_METHOD_STATIC || method == EV_METHOD_QAT)
            ev_assert_fails(trainer->export_model(network, path, &err), EV_USAGE, "no ranges");
        trainer->close(network);
    }
    trainer->close(NULL);
}
END_TEST

START_TEST(batches_of_another_shape_are_refused)
{
    struct ev_network *network = open_network(EV_METHOD_FLOAT, NULL);
    struct ev_batch batch = rows(0, 1);
    double loss;

    batch.shape.width--;
    ev_assert_fails(trainer->step(network, &batch, targets, 1e-3, &loss, &err), EV_ENGINE,
                    "another shape");
    trainer->close(network);
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void assert_open_fails(struct ev_network_args args, const char *part)
{
    struct ev_network *network = (struct ev_network *)&args;
    ev_assert_fails(trainer->open(&args, &network, &err), args.baseline_path ? EV_INPUT : EV_USAGE,
                    part);
    ck_assert_ptr_null(network);
    if (args.baseline_path)
        ck_assert_msg(strncmp(err.message, args.baseline_path, strlen(args.baseline_path)) == 0,
                      "'%s' does not name the file", err.message);
}

START_TEST(bad_baselines_are_refused)
{
    const char *baseline = make_baseline(), *path = ev_test_path("bad.pt");
    struct ev_network_args args = network_args(EV_METHOD_STATIC, NULL);

    assert_open_fails(args, "needs a baseline");
    args.baseline_path = ev_test_path("absent.pt");
    assert_open_fails(args, "No such file");
    args.baseline_path = ev_test_folder();
    assert_open_fails(args, "not a file");
    args.baseline_path = path;
    write_text(path, "");
    assert_open_fails(args, "not a TorchScript model");
    write_text(path, "neither zip nor model\n");
    assert_open_fails(args, "not a TorchScript model");

    struct ev_network *network = make_ready(EV_METHOD_DYNAMIC, baseline);
    ev_assert_ok(trainer->export_model(network, path, &err));
    trainer->close(network);
    assert_open_fails(args, "not a baseline");

    args.baseline_path = baseline;
    args.n_outputs = 3;
    assert_open_fails(args, "fc5_weight is of another shape");
}
END_TEST

START_TEST(too_small_pictures_are_refused)
{
    struct ev_network_args args = network_args(EV_METHOD_FLOAT, NULL);
    struct ev_network *network;

    args.shape.height = SIDE - 1;
    ev_assert_fails(trainer->open(&args, &network, &err), EV_INPUT, "too small");
    ck_assert_ptr_null(network);
}
END_TEST

START_TEST(bad_states_are_refused)
{
    const char *path = ev_test_path("state");
    struct ev_network *network = open_network(EV_METHOD_FLOAT, NULL);
    struct ev_network_args args = network_args(EV_METHOD_FLOAT, NULL);
    struct ev_network *other;
    float outputs[2][N_ROWS * N_OUTPUTS];
    char *bytes;
    size_t n_bytes;

    args.n_outputs = 3;
    predict(network, outputs[0]);
    ev_assert_fails(trainer->load_state(network, ev_test_path("absent"), &err), EV_INPUT,
                    "No such file");
    write_text(path, "not a state\n");
    ev_assert_fails(trainer->load_state(network, path, &err), EV_INPUT, "not a state");
    ev_assert_ok(trainer->open(&args, &other, &err));
    ev_assert_ok(trainer->save_state(other, path, &err));
    trainer->close(other);
    ev_assert_fails(trainer->load_state(network, path, &err), EV_INPUT, "another network");

    ev_assert_ok(trainer->save_state(network, path, &err));
    ev_assert_ok(ev_file_read(path, INT64_C(1) << 30, &bytes, &n_bytes, &err));
    FILE *file = fopen(path, "w");
    ck_assert_uint_eq(fwrite(bytes, 1, n_bytes / 2, file), n_bytes / 2);
    fclose(file);
    free(bytes);
    ev_assert_fails(trainer->load_state(network, path, &err), EV_INPUT, "not a state");

    /* A refused state changes nothing. */
    predict(network, outputs[1]);
    ck_assert_mem_eq(outputs[0], outputs[1], sizeof outputs[0]);
    trainer->close(network);
}
END_TEST

START_TEST(unwritable_files_are_told)
{
    struct ev_network *network = open_network(EV_METHOD_FLOAT, NULL);
    const char *path = ev_test_path("absent/model.pt");

    ev_assert_fails(trainer->export_model(network, path, &err), EV_IO, path);
    ev_assert_fails(trainer->save_state(network, path, &err), EV_IO, path);
    ev_assert_fails(trainer->export_model(network, "/dev/full", &err), EV_IO, "No space left");
    ev_assert_fails(trainer->save_state(network, "/dev/full", &err), EV_IO, "No space left");
    trainer->close(network);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("trainer");
    TCase *learning = tcase_create("learning");
    TCase *files = tcase_create("models");
    TCase *refusals = tcase_create("refusals");
    TCase *cases[] = {learning, files, refusals};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* libtorch takes part of a second to load in each test's process. */
        tcase_set_timeout(cases[i], 60);
        tcase_add_checked_fixture(cases[i], set_up, NULL);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(learning, loss_falls);
    tcase_add_test(learning, seed_decides);
    tcase_add_test(learning, input_is_normalised);
    tcase_add_test(learning, resumes_to_the_bit);
    tcase_add_test(learning, observers_are_in_the_state);
    tcase_add_loop_test(files, files_give_what_predict_gives, 0,
                        (int)(sizeof models / sizeof models[0]));
    tcase_add_test(files, ranges_are_observed);
    tcase_add_test(files, freeze_keeps_ranges);
    tcase_add_test(refusals, hooks_refuse_other_methods);
    tcase_add_test(refusals, batches_of_another_shape_are_refused);
    tcase_add_test(refusals, bad_baselines_are_refused);
    tcase_add_test(refusals, too_small_pictures_are_refused);
    tcase_add_test(refusals, bad_states_are_refused);
    tcase_add_test(refusals, unwritable_files_are_told);
    return suite;
}
