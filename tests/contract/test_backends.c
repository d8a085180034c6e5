/* SPDX-License-Identifier: MIT */
/*
 * One suite over every engine: the built-in ones, the torch module with the committed models and
 * with a model made on the spot, the example plug-in and the test plug-ins that behave. A new
 * engine is covered by one row of `subjects`.
 */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/rng.h"

#define N_ROWS    1024
#define N_OUTPUTS 2
#define N_GUARDS  16

/* A model that is made on the spot by the torch trainer, with fresh weights. */
#define FRESH_MODEL "fresh"

static const struct ev_shape shape = {66, 200, 3};
static const size_t n_picture = 66 * 200 * 3;

struct subject {
    const char *label;
    const char *engine; /* name, or path of a module */
    const char *model;  /* file among the program's data, FRESH_MODEL, or NULL */
    /* Largest difference of an output when its picture comes in another batch or with other
     * threads, for engines without EV_TRAIT_ROWS_INDEPENDENT: 0 is to the bit. The dynamic models'
     * activation ranges are those of a whole batch, so there a batch is part of the input. */
    double tolerance;
};

static const struct subject subjects[] = {
    {"null", "null", NULL, 0},
    {"example", EV_EXAMPLES "/engine_mean.so", NULL, 0},
    {"min", EV_PLUGINS "/plugin_min.so", NULL, 0},
    {"async", EV_PLUGINS "/plugin_async.so", NULL, 0},
    {"device", EV_PLUGINS "/plugin_device.so", NULL, 0},
    {"torch fresh", "torch", FRESH_MODEL, 1e-5},
    {"torch baseline", "torch", "results/models/baseline.pt", 1e-5},
    {"torch dynamic", "torch", "results/models/dynamic.pt", 0.05},
    {"torch static", "torch", "results/models/static.pt", 1e-6},
    {"torch qat", "torch", "results/models/qat.pt", 1e-6},
};
#define N_SUBJECTS ((int)(sizeof subjects / sizeof subjects[0]))

/* A subject made ready: its engine is loaded and its model's path known. */
struct ready {
    const struct subject *subject;
    const struct ev_backend *engine;
    char *model_path;
};

static struct ev_error err = EV_ERROR_INIT;

static char *make_fresh_model(void)
{
    const struct ev_trainer *trainer;
    struct ev_network *network;
    struct ev_network_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .method = EV_METHOD_FLOAT,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .seed = 1,
    };
    char *path = strdup(ev_test_path("fresh.pt"));

    ev_assert_ok(ev_trainer_find("torch", &trainer, &err));
    ev_assert_ok(trainer->open(&args, &network, &err));
    ev_assert_ok(trainer->export_model(network, path, &err));
    trainer->close(network);
    return path;
}

/* False if this build or tree does not have the subject; everything else must be there. */
static bool prepare(int index, struct ready *ready)
{
    *ready = (struct ready){.subject = &subjects[index]};
    const char *model = ready->subject->model;

    if (!EV_HAVE_TORCH && strcmp(ready->subject->engine, "torch") == 0)
        return false;
    if (model && strcmp(model, FRESH_MODEL) == 0) {
        ready->model_path = make_fresh_model();
    } else if (model) {
        ready->model_path = ev_path_data(model);
        if (!ev_file_exists(ready->model_path)) {
            free(ready->model_path);
            return false;
        }
    }
    ev_assert_ok(ev_engine_find(ready->subject->engine, &ready->engine, &err));
    return true;
}

/* Whoever claims that rows are independent is held to it to the bit. */
static double tolerance_of(const struct ready *ready)
{
    return ready->engine->traits & EV_TRAIT_ROWS_INDEPENDENT ? 0 : ready->subject->tolerance;
}

static struct ev_open_args open_args(const struct ready *ready)
{
    return (struct ev_open_args){
        .size = sizeof(struct ev_open_args),
        .n_threads = 2,
        .model_path = ready->model_path,
        .device_kind = EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = N_OUTPUTS,
        .max_rows = N_ROWS,
    };
}

static struct ev_model *open_model(const struct ready *ready, int32_t n_threads)
{
    struct ev_open_args args = open_args(ready);
    struct ev_model *model;

    args.n_threads = n_threads;
    ev_assert_ok(ev_model_open(ready->engine, &args, &model, &err));
    return model;
}

/* (n_rows, 66, 200, 3) uint8: noise around a brightness that differs from picture to picture. */
static uint8_t *make_pictures(int64_t n_rows)
{
    uint8_t *pictures = malloc((size_t)n_rows * n_picture);

    ck_assert_ptr_nonnull(pictures);
    for (int64_t row = 0; row < n_rows; row++) {
        struct ev_rng rng = ev_rng_at(7, EV_RNG_TEST, (uint64_t)row);
        uint8_t base = (uint8_t)ev_rng_below(&rng, 192);
        for (size_t i = 0; i < n_picture; i += 8) {
            uint64_t bits = ev_rng_u64(&rng);
            for (size_t k = 0; k < 8; k++)
                pictures[(size_t)row * n_picture + i + k] =
                    (uint8_t)(base + ((bits >> (8 * k)) & 63));
        }
    }
    return pictures;
}

static struct ev_batch batch_of(const uint8_t *pictures, int64_t first, int64_t n_rows)
{
    return (struct ev_batch){
        .size = sizeof(struct ev_batch),
        .form = EV_FORM_U8_NHWC,
        .shape = shape,
        .n_rows = n_rows,
        .data = pictures + (size_t)first * n_picture,
    };
}

/* Outputs (n_rows, N_OUTPUTS) in pieces of `piece` rows. */
static void infer_in_pieces(struct ev_model *model, const uint8_t *pictures, int64_t n_rows,
                            int64_t piece, float *outputs)
{
    for (int64_t first = 0; first < n_rows; first += piece) {
        int64_t n = first + piece > n_rows ? n_rows - first : piece;
        struct ev_batch batch = batch_of(pictures, first, n);
        ev_assert_ok(ev_model_infer(model, &batch, outputs + first * N_OUTPUTS, &err));
    }
}

static void assert_near(const float *a, const float *b, int64_t n_rows, double tolerance,
                        const char *what)
{
    for (int64_t i = 0; i < n_rows * N_OUTPUTS; i++)
        ck_assert_msg(a[i] - b[i] <= tolerance && b[i] - a[i] <= tolerance,
                      "%s: row %lld: %.9g and %.9g", what, (long long)(i / N_OUTPUTS), (double)a[i],
                      (double)b[i]);
}

START_TEST(describes_what_was_opened)
{
    struct ready ready;

    if (!prepare(_i, &ready))
        return;
    struct ev_model *model = open_model(&ready, 1);
    const struct ev_description *description = ev_model_description(model);
    ck_assert_int_eq(description->shape.height, shape.height);
    ck_assert_int_eq(description->shape.width, shape.width);
    ck_assert_int_eq(description->shape.channels, shape.channels);
    ck_assert_int_eq(description->n_outputs, N_OUTPUTS);
    ck_assert(description->forms & EV_FORM_U8_NHWC);
    ck_assert_int_ge(description->weight_bytes, -1);
    /* The engines of the program tell where they run; others need not. */
    const bool is_ours = strcmp(ready.engine->name, "torch") == 0 ||
                         strcmp(ready.engine->name, "null") == 0;
    ck_assert_uint_eq(description->device_kind, is_ours ? EV_DEVICE_CPU : 0);
    ck_assert_int_eq(description->device_index, 0);
    ck_assert_ptr_eq(ev_model_engine(model), ready.engine);
    ev_model_close(model);
    free(ready.model_path);
}
END_TEST

/* 1024 pictures at once; then the last of them again, cut into pieces with a short one at the end,
 * and one by one. */
START_TEST(batch_size_does_not_matter)
{
    static const struct {
        int64_t n_rows;
        int64_t piece;
    } cuts[] = {{300, 128}, {99, 50}, {45, 7}, {16, 1}};
    struct ready ready;
    float *whole = calloc(N_ROWS * N_OUTPUTS, sizeof *whole);
    float cut[300 * N_OUTPUTS];

    if (!prepare(_i, &ready))
        goto done;
    uint8_t *pictures = make_pictures(N_ROWS);
    struct ev_model *model = open_model(&ready, 2);
    infer_in_pieces(model, pictures, N_ROWS, N_ROWS, whole);
    for (size_t k = 0; k < sizeof cuts / sizeof cuts[0]; k++) {
        const int64_t first = N_ROWS - cuts[k].n_rows;
        infer_in_pieces(model, pictures + (size_t)first * n_picture, cuts[k].n_rows, cuts[k].piece,
                        cut);
        assert_near(whole + first * N_OUTPUTS, cut, cuts[k].n_rows, tolerance_of(&ready), "cut");
    }
    ev_model_close(model);
    free(pictures);
    free(ready.model_path);
done:
    free(whole);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    struct ready ready;
    float outputs[2][64 * N_OUTPUTS];

    if (!prepare(_i, &ready))
        return;
    uint8_t *pictures = make_pictures(64);
    for (int k = 0; k < 2; k++) {
        struct ev_model *model = open_model(&ready, k + 1);
        infer_in_pieces(model, pictures, 64, 64, outputs[k]);
        ev_model_close(model);
    }
    assert_near(outputs[0], outputs[1], 64, tolerance_of(&ready), "1 and 2 threads");
    free(pictures);
    free(ready.model_path);
}
END_TEST

/* Nothing is written beside the outputs, and nothing at all to the pictures. */
START_TEST(writes_outputs_alone)
{
    static const int64_t sizes[] = {1, 5, 64};
    struct ready ready;

    if (!prepare(_i, &ready))
        return;
    uint8_t *pictures = make_pictures(64);
    uint8_t *before = make_pictures(64);
    struct ev_model *model = open_model(&ready, 2);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        float guarded[N_GUARDS + 64 * N_OUTPUTS + N_GUARDS];
        int64_t end = N_GUARDS + sizes[k] * N_OUTPUTS;
        struct ev_batch batch = batch_of(pictures, 0, sizes[k]);
        for (int64_t i = 0; i < end + N_GUARDS; i++)
            guarded[i] = 1234.5f;
        ev_assert_ok(ev_model_infer(model, &batch, guarded + N_GUARDS, &err));
        for (int64_t i = 0; i < N_GUARDS; i++) {
            ck_assert_float_eq(guarded[i], 1234.5f);
            ck_assert_float_eq(guarded[end + i], 1234.5f);
        }
    }
    ck_assert_int_eq(memcmp(pictures, before, 64 * n_picture), 0);
    ev_model_close(model);
    free(before);
    free(pictures);
    free(ready.model_path);
}
END_TEST

/* An engine that tells of its device gives the same outputs that way, eager or not. */
START_TEST(device_time_changes_no_outputs)
{
    struct ready ready;
    float plain[16 * N_OUTPUTS], apart[16 * N_OUTPUTS];

    if (!prepare(_i, &ready))
        return;
    uint8_t *pictures = make_pictures(16);
    struct ev_model *model = open_model(&ready, 2);
    const struct ev_batch batch = batch_of(pictures, 0, 16);
    ev_assert_ok(ev_model_infer(model, &batch, plain, &err));
    for (int eager = 0; eager < 2; eager++) {
        int64_t device_ns = 8;
        const enum ev_status status =
            ev_model_infer_apart(model, &batch, apart, eager, &device_ns, &err);
        if (status == EV_OK) {
            ck_assert_int_ge(device_ns, 0);
            ck_assert_int_eq(memcmp(plain, apart, sizeof plain), 0);
            continue;
        }
        ck_assert_msg(status == EV_UNSUPPORTED, "%s: status %d: %s", ready.subject->label,
                      (int)status, err.message);
        ck_assert_int_eq(device_ns, -1);
        ck_assert_str_ne(ready.engine->name, "device");
        err = (struct ev_error)EV_ERROR_INIT;
    }
    ev_model_close(model);
    free(pictures);
    free(ready.model_path);
}
END_TEST

/* Opened again and again, and twice at the same time: the same outputs to the bit. */
START_TEST(models_are_independent)
{
    struct ready ready;
    float first[16 * N_OUTPUTS];
    float again[16 * N_OUTPUTS];

    if (!prepare(_i, &ready))
        return;
    uint8_t *pictures = make_pictures(32);
    struct ev_model *model = open_model(&ready, 2);
    infer_in_pieces(model, pictures, 16, 16, first);
    for (int k = 0; k < 2; k++) {
        struct ev_model *other = open_model(&ready, 2);
        infer_in_pieces(other, pictures + 16 * n_picture, 16, 16, again);
        infer_in_pieces(other, pictures, 16, 16, again);
        ck_assert_int_eq(memcmp(first, again, sizeof first), 0);
        ev_model_close(other);
        infer_in_pieces(model, pictures, 16, 16, again);
        ck_assert_int_eq(memcmp(first, again, sizeof first), 0);
    }
    ev_model_close(model);
    free(pictures);
    free(ready.model_path);
}
END_TEST

/* An engine that reads float pictures as well gives the same outputs for the same pictures. */
START_TEST(forms_agree)
{
    struct ready ready;
    float bytes[16 * N_OUTPUTS];
    float floats[16 * N_OUTPUTS];

    if (!prepare(_i, &ready))
        return;
    struct ev_model *model = open_model(&ready, 2);
    if (ev_model_description(model)->forms & EV_FORM_F32_NCHW) {
        const size_t n_plane = (size_t)shape.height * (size_t)shape.width;
        uint8_t *pictures = make_pictures(16);
        float *nchw = malloc(16 * n_picture * sizeof *nchw);
        for (size_t row = 0; row < 16; row++) {
            for (size_t i = 0; i < n_picture; i++)
                nchw[row * n_picture + i % 3 * n_plane + i / 3] =
                    (float)pictures[row * n_picture + i] / 255.0f;
        }
        struct ev_batch batch = batch_of(pictures, 0, 16);
        ev_assert_ok(ev_model_infer(model, &batch, bytes, &err));
        batch.form = EV_FORM_F32_NCHW;
        batch.data = nchw;
        ev_assert_ok(ev_model_infer(model, &batch, floats, &err));
        assert_near(bytes, floats, 16, 1e-5, "uint8 and float32");
        free(nchw);
        free(pictures);
    }
    ev_model_close(model);
    free(ready.model_path);
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* The first half of the subject's own model, if it has one, else half a line. */
static void write_half(const struct ready *ready, const char *path)
{
    char *content = NULL;
    size_t length = 0;

    if (!ready->model_path) {
        write_text(path, "1.0");
        return;
    }
    ev_assert_ok(ev_file_read(ready->model_path, 1 << 26, &content, &length, &err));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, length / 2, file), length / 2);
    ck_assert_int_eq(fclose(file), 0);
    free(content);
}

static void assert_refused(const struct ready *ready, const struct ev_open_args *args,
                           enum ev_status expected)
{
    struct ev_model *model = (struct ev_model *)8;
    enum ev_status status;

    err.message[0] = '\0';
    status = ev_model_open(ready->engine, args, &model, &err);
    ck_assert_msg(status == expected, "%s: status %d: %s", ready->subject->label, (int)status,
                  err.message);
    ck_assert_ptr_null(model);
    ck_assert_ptr_null(strchr(err.message, '\n'));
    if (args->model_path)
        ck_assert_msg(strncmp(err.message, args->model_path, strlen(args->model_path)) == 0,
                      "the message does not start with the model: %s", err.message);
}

/* Engines that read a model refuse what is none, naming the file, and open a good one after. */
START_TEST(bad_models_are_refused)
{
    struct ready ready;

    if (!prepare(_i, &ready))
        return;
    const bool reads_models = ready.model_path || strcmp(ready.engine->name, "mean") == 0;
    if (reads_models) {
        struct ev_open_args args = open_args(&ready);
        args.model_path = ev_test_path("missing.pt");
        assert_refused(&ready, &args, EV_INPUT);
        args.model_path = ev_test_folder();
        assert_refused(&ready, &args, EV_INPUT);
        args.model_path = ev_test_path("text.pt");
        write_text(args.model_path, "no model\n");
        assert_refused(&ready, &args, EV_INPUT);
        args.model_path = ev_test_path("empty.pt");
        write_text(args.model_path, "");
        assert_refused(&ready, &args, EV_INPUT);
        args.model_path = ev_test_path("half.pt");
        write_half(&ready, args.model_path);
        assert_refused(&ready, &args, EV_INPUT);
        ev_model_close(open_model(&ready, 1));
    }
    free(ready.model_path);
}
END_TEST

/* Another shape or number of outputs: refused by a model that has its own, described by others. */
START_TEST(shape_and_outputs_are_the_models)
{
    struct ready ready;

    if (!prepare(_i, &ready))
        return;
    for (int k = 0; k < 2; k++) {
        struct ev_open_args args = open_args(&ready);
        if (k == 0)
            args.shape = (struct ev_shape){32, 48, 3};
        else
            args.n_outputs = 3;
        if (ready.model_path) {
            assert_refused(&ready, &args, EV_INPUT);
            continue;
        }
        struct ev_model *model;
        ev_assert_ok(ev_model_open(ready.engine, &args, &model, &err));
        ck_assert_int_eq(ev_model_description(model)->n_outputs, args.n_outputs);
        ck_assert_int_eq(ev_model_description(model)->shape.width, args.shape.width);
        ev_model_close(model);
    }
    free(ready.model_path);
}
END_TEST

START_TEST(what_is_impossible_is_refused)
{
    struct ready ready;

    if (!prepare(_i, &ready))
        return;
    struct ev_open_args args = open_args(&ready);
    struct ev_model *model;
    if (!(ready.engine->devices & EV_DEVICE_CUDA)) {
        args.device_kind = EV_DEVICE_CUDA;
        ev_assert_fails(ev_model_open(ready.engine, &args, &model, &err), EV_UNSUPPORTED,
                        "does not run on cuda");
        ck_assert_ptr_null(model);
    }
    if (!(ready.engine->traits & EV_TRAIT_NO_MODEL)) {
        args = open_args(&ready);
        args.model_path = NULL;
        ev_assert_fails(ev_model_open(ready.engine, &args, &model, &err), EV_USAGE,
                        "needs a model");
        ck_assert_ptr_null(model);
    }
    free(ready.model_path);
}
END_TEST

START_TEST(close_takes_null)
{
    struct ready ready;

    if (!prepare(_i, &ready))
        return;
    ready.engine->close(NULL);
    ev_model_close(NULL);
    free(ready.model_path);
}
END_TEST

START_TEST(devices_are_named)
{
    struct ready ready;
    char names[4][64];

    if (!prepare(_i, &ready))
        return;
    memset(names, 'x', sizeof names);
    int32_t n_cpus = ev_engine_devices(ready.engine, EV_DEVICE_CPU, names, 4);
    ck_assert_int_ge(n_cpus, 1);
    ck_assert_uint_gt(strlen(names[0]), 0);
    ck_assert_uint_lt(strlen(names[0]), 64);
    ck_assert_int_ge(ev_engine_devices(ready.engine, EV_DEVICE_CUDA, names, 4), 0);
    free(ready.model_path);
}
END_TEST

/* Every engine open at once, each computing in turn: none disturbs another. */
START_TEST(engines_live_side_by_side)
{
    struct ready ready[sizeof subjects / sizeof subjects[0]];
    struct ev_model *models[sizeof subjects / sizeof subjects[0]] = {NULL};
    float outputs[2][sizeof subjects / sizeof subjects[0]][4 * N_OUTPUTS];
    uint8_t *pictures = make_pictures(4);

    for (int k = 0; k < N_SUBJECTS; k++) {
        if (prepare(k, &ready[k]))
            models[k] = open_model(&ready[k], 2);
    }
    for (int round = 0; round < 2; round++) {
        for (int k = 0; k < N_SUBJECTS; k++) {
            if (models[k])
                infer_in_pieces(models[k], pictures, 4, 4, outputs[round][k]);
        }
    }
    for (int k = 0; k < N_SUBJECTS; k++) {
        if (!models[k])
            continue;
        ck_assert_int_eq(memcmp(outputs[0][k], outputs[1][k], sizeof outputs[0][k]), 0);
        ev_model_close(models[k]);
        free(ready[k].model_path);
    }
    free(pictures);
}
END_TEST

/* The example's arithmetic: white left half, black right half. */
START_TEST(example_computes_means)
{
    struct ready ready;
    uint8_t *picture = calloc(1, n_picture);
    float outputs[N_OUTPUTS];

    ck_assert(prepare(1, &ready));
    ready.model_path = strdup(ev_test_path("gains.txt"));
    write_text(ready.model_path, "2 0.25\n1 0.5\n");
    for (size_t i = 0; i < n_picture; i++)
        picture[i] = i / 3 % 200 < 100 ? 255 : 0;
    struct ev_model *model = open_model(&ready, 1);
    infer_in_pieces(model, picture, 1, 1, outputs);
    ck_assert_float_eq(outputs[0], 2.25f);
    ck_assert_float_eq(outputs[1], 0.5f);
    ev_model_close(model);
    free(ready.model_path);
    free(picture);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("backends");
    TCase *each = tcase_create("each engine");
    TCase *together = tcase_create("together");

    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, describes_what_was_opened, 0, N_SUBJECTS);
    tcase_add_loop_test(each, batch_size_does_not_matter, 0, N_SUBJECTS);
    tcase_add_loop_test(each, threads_do_not_matter, 0, N_SUBJECTS);
    tcase_add_loop_test(each, writes_outputs_alone, 0, N_SUBJECTS);
    tcase_add_loop_test(each, device_time_changes_no_outputs, 0, N_SUBJECTS);
    tcase_add_loop_test(each, models_are_independent, 0, N_SUBJECTS);
    tcase_add_loop_test(each, forms_agree, 0, N_SUBJECTS);
    tcase_add_loop_test(each, bad_models_are_refused, 0, N_SUBJECTS);
    tcase_add_loop_test(each, shape_and_outputs_are_the_models, 0, N_SUBJECTS);
    tcase_add_loop_test(each, what_is_impossible_is_refused, 0, N_SUBJECTS);
    tcase_add_loop_test(each, close_takes_null, 0, N_SUBJECTS);
    tcase_add_loop_test(each, devices_are_named, 0, N_SUBJECTS);
    suite_add_tcase(suite, each);
    tcase_set_timeout(together, 120);
    tcase_add_test(together, engines_live_side_by_side);
    tcase_add_test(together, example_computes_means);
    suite_add_tcase(suite, together);
    return suite;
}
