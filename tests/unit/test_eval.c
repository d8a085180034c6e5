/* SPDX-License-Identifier: MIT */
/*
 * Evaluations of tiny sets by an engine that reads its answer from the picture: every picture's
 * bytes name its row, so that a row that is lost, doubled or out of order shows in the figures.
 */
#include "support/ev_test.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "backend/backend.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/eval.h"
#include "eval/spread.h"
#include "set/set.h"

#define HEIGHT 2
#define WIDTH  3

static struct ev_error err = EV_ERROR_INIT;

/* --- Sets: labels v = row number modulo 100, w = v / 100 --- */

static const struct ev_column columns[2] = {{"v", "m/s", 0, 100}, {"w", "rad/s", -1, 1}};

static const char *make_set(const char *name, int64_t n_rows, const char *unit_of_w)
{
    const char *path = ev_test_path(name);
    struct ev_set_spec spec = {
        .n_rows = n_rows,
        .shape = {HEIGHT, WIDTH, 3},
        .n_outputs = 2,
        .columns = {columns[0], columns[1]},
        .circuit = "test",
        .provenance = "{\"tool\": \"test\"}",
    };
    struct ev_set_writer *writer;

    snprintf(spec.columns[1].unit, sizeof spec.columns[1].unit, "%s", unit_of_w);
    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    for (int64_t row = 0; row < n_rows; row++) {
        uint8_t image[HEIGHT * WIDTH * 3];
        const float labels[2] = {(float)(row % 100), (float)(row % 100) / 100.0f};
        memset(image, (int)(row % 100), sizeof image);
        ev_assert_ok(ev_set_writer_append(writer, 1, image, labels, NULL, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    return path;
}

/* The same rows as another program may keep them: floats, channels first, other names. */
static const char *make_foreign_set(int64_t n_rows)
{
    const char *path = ev_test_path("foreign.h5");
    const hsize_t extents[2][4] = {{(hsize_t)n_rows, 3, HEIGHT, WIDTH}, {(hsize_t)n_rows, 2}};
    const double low[2] = {0, -1}, high[2] = {100, 1};
    const hsize_t two = 2;
    float *values[2] = {calloc((size_t)n_rows * 3 * HEIGHT * WIDTH, sizeof(float)),
                        calloc((size_t)n_rows * 2, sizeof(float))};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), dataset = -1;

    for (int64_t i = 0; i < n_rows * 3 * HEIGHT * WIDTH; i++)
        values[0][i] = (float)(i / (3 * HEIGHT * WIDTH) % 100) / 255.0f;
    for (int64_t i = 0; i < n_rows * 2; i++)
        values[1][i] = (float)(i / 2 % 100) / (i % 2 ? 100.0f : 1.0f);
    for (int i = 0; i < 2; i++) {
        hid_t space = H5Screate_simple(i == 0 ? 4 : 2, extents[i], NULL);
        dataset = H5Dcreate2(file, i == 0 ? "x" : "y", H5T_IEEE_F32LE, space, H5P_DEFAULT,
                             H5P_DEFAULT, H5P_DEFAULT);
        ck_assert_int_ge(
            H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values[i]), 0);
        H5Sclose(space);
        free(values[i]);
        if (i == 0)
            H5Dclose(dataset);
    }
    for (int i = 0; i < 2; i++) {
        hid_t space = H5Screate_simple(1, &two, NULL);
        hid_t attribute = H5Acreate2(dataset, i == 0 ? "min" : "max", H5T_IEEE_F64LE, space,
                                     H5P_DEFAULT, H5P_DEFAULT);
        ck_assert_int_ge(H5Awrite(attribute, H5T_NATIVE_DOUBLE, i == 0 ? low : high), 0);
        H5Aclose(attribute);
        H5Sclose(space);
    }
    H5Dclose(dataset);
    H5Fclose(file);
    return path;
}

/* --- Engines that see the row in the picture --- */

struct ev_engine {
    struct ev_shape shape;
};

static int n_open;
static int64_t n_infers;
static int64_t interrupt_at = -1;
static float wrong_by = 0.01f;
static float wrong_in_batches; /* what is added to w for each unit of v */

static enum ev_status seer_open(const struct ev_open_args *args, struct ev_engine **engine,
                                struct ev_error *error)
{
    *engine = malloc(sizeof **engine);
    if (!*engine)
        return ev_fail(error, EV_MEMORY, "out of memory");
    (*engine)->shape = args->shape;
    n_open++;
    return EV_OK;
}

static enum ev_status seer_describe(struct ev_engine *engine, struct ev_description *description,
                                    struct ev_error *error)
{
    (void)error;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = 2;
    description->weight_bytes = 12;
    snprintf(description->detail, sizeof description->detail, "libseer 1.2, exact");
    return EV_OK;
}

static enum ev_status floats_describe(struct ev_engine *engine, struct ev_description *description,
                                      struct ev_error *error)
{
    enum ev_status status = seer_describe(engine, description, error);

    description->forms = EV_FORM_F32_NCHW;
    return status;
}

/* v is off by wrong_by in normalised units, w is exact. */
static enum ev_status seer_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                 float *outputs, struct ev_error *error)
{
    const size_t n =
        (size_t)engine->shape.height * (size_t)engine->shape.width * (size_t)engine->shape.channels;

    (void)error;
    if (n_infers++ == interrupt_at)
        raise(SIGINT);
    for (int64_t i = 0; i < batch->n_rows; i++) {
        float seen = batch->form == EV_FORM_U8_NHWC
                         ? ((const uint8_t *)batch->data)[(size_t)i * n]
                         : ((const float *)batch->data)[(size_t)i * n] * 255.0f;
        outputs[2 * i] = seen / 100.0f + wrong_by;
        outputs[2 * i + 1] = (seen / 100.0f + 1) / 2;
        if (batch->n_rows > 1)
            outputs[2 * i + 1] += wrong_in_batches * seen;
    }
    return EV_OK;
}

static void seer_close(struct ev_engine *engine)
{
    free(engine);
    n_open--;
}

static const struct ev_backend seer = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof seer,
    .name = "seer",
    .summary = "reads the picture",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL,
    .open = seer_open,
    .describe = seer_describe,
    .infer = seer_infer,
    .close = seer_close,
};

static struct ev_backend float_seer(void)
{
    struct ev_backend engine = seer;

    engine.name = "float_seer";
    engine.forms = EV_FORM_F32_NCHW;
    engine.describe = floats_describe;
    return engine;
}

/* --- Running --- */

static enum ev_status run(const struct ev_eval_backend *backends, size_t n_backends,
                          const struct ev_eval_set *sets, size_t n_sets, int64_t batch_rows,
                          int64_t n_calls, struct ev_result *result)
{
    const struct ev_eval_args args = {
        .backends = backends,
        .n_backends = n_backends,
        .sets = sets,
        .n_sets = n_sets,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = 1,
        .batch_rows = batch_rows,
        .latency_calls = n_calls,
        .warmup_calls = 5,
    };

    ev_progress_set_quiet(true);
    ev_result_init(result);
    return ev_eval_run(&args, result, &err);
}

static void check_errors(const struct ev_result_row *row)
{
    ck_assert_double_eq_tol(row->outputs[0].mse_norm, 1e-4, 1e-9);
    ck_assert_double_eq_tol(row->outputs[0].mae_norm, 0.01, 1e-7);
    ck_assert_double_eq_tol(row->outputs[0].mae, 1.0, 1e-5);
    ck_assert_double_eq_tol(row->outputs[1].mse_norm, 0, 1e-12);
    ck_assert_double_eq_tol(row->all.mse_norm, 0.5e-4, 1e-9);
}

/* Pictures of floats go to engines that read floats; one that reads bytes is told so. */
START_TEST(sets_of_floats)
{
    const struct ev_set_source source = {.images = "/x", .labels = "/y"};
    const struct ev_eval_set set = {"foreign", make_foreign_set(250), &source};
    const struct ev_backend floats = float_seer();
    const struct ev_eval_backend backend = {"floats", &floats, NULL, 0},
                                 bytes = {"bytes", &seer, NULL, 0};
    struct ev_result result;

    ev_assert_ok(run(&backend, 1, &set, 1, 64, 40, &result));
    const struct ev_result_row *row = ev_result_find(&result, "floats", "foreign");
    ck_assert_ptr_nonnull(row);
    ck_assert_int_eq(row->n_rows, 250);
    ck_assert_int_eq(row->latency.n_calls, 40);
    check_errors(row);
    ev_result_free(&result);
    ev_assert_fails(run(&bytes, 1, &set, 1, 64, 40, &result), EV_UNSUPPORTED,
                    "foreign.h5: pictures of floats, but engine 'seer' reads uint8 only");
    ev_result_free(&result);
    ck_assert_int_eq(n_open, 0);
}
END_TEST

START_TEST(every_row_counts_once)
{
    static const int64_t batches[] = {1, 7, 100, 250, 1024};
    const struct ev_eval_set set = {"tiny", make_set("tiny.h5", 250, "rad/s"), NULL};
    const struct ev_backend floats = float_seer();
    const struct ev_eval_backend backends[2] = {{"bytes", &seer, NULL, 0},
                                                {"floats", &floats, NULL, 0}};
    double mse_norm = NAN;

    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        struct ev_result result;
        ev_assert_ok(run(backends, 2, &set, 1, batches[i], 0, &result));
        ck_assert_uint_eq(result.n_rows, 2);
        for (size_t b = 0; b < 2; b++) {
            const struct ev_result_row *row = &result.rows[b];
            ck_assert_int_eq(row->n_rows, 250);
            check_errors(row);
            ck_assert_double_gt(row->images_per_s, 0);
            ck_assert_int_eq(row->latency.n_calls, 0);
            ck_assert(isnan(row->latency.median_ns));
        }
        if (i > 0)
            ck_assert_double_eq(result.rows[0].all.mse_norm, mse_norm);
        mse_norm = result.rows[0].all.mse_norm;
        ev_result_free(&result);
    }
    ck_assert_int_eq(n_open, 0);
}
END_TEST

START_TEST(rows_say_what_was_run)
{
    const struct ev_eval_set set = {"tiny", make_set("tiny.h5", 30, "rad/s"), NULL};
    const char *model = ev_test_path("tiny.h5"); /* any file will do */
    const struct ev_eval_backend backend = {"mine", &seer, model, 0};
    struct ev_result result;

    ev_assert_ok(run(&backend, 1, &set, 1, 1024, 40, &result));
    const struct ev_result_row *row = ev_result_find(&result, "mine", "tiny");
    ck_assert_ptr_nonnull(row);
    ck_assert_str_eq(row->engine, "seer");
    ck_assert_str_eq(row->engine_detail, "libseer 1.2, exact");
    ck_assert_str_eq(row->device, "cpu");
    ck_assert_str_eq(row->model_path, model);
    ck_assert_uint_eq(strlen(row->model_sha256), 64);
    ck_assert_int_gt(row->model_bytes, 30 * HEIGHT * WIDTH * 3);
    ck_assert_int_eq(row->weight_bytes, 12);
    ck_assert_int_eq(row->batch_rows, 1024);
    ck_assert_int_eq(row->n_threads, 1);
    ck_assert_str_eq(row->columns[0].unit, "m/s");
    ck_assert_int_eq(row->latency.n_calls, 40);
    ck_assert_double_gt(row->latency.median_ns, 0);
    ck_assert_double_le(row->latency.min_ns, row->latency.median_ns);
    ck_assert_double_le(row->latency.median_ns, row->latency.p90_ns);
    ck_assert_double_le(row->latency.p90_ns, row->latency.p99_ns);

    ck_assert_uint_eq(result.n_sets, 1);
    ck_assert_str_eq(result.sets[0].name, "tiny");
    ck_assert_uint_eq(strlen(result.sets[0].sha256), 64);
    ck_assert_int_eq(result.sets[0].n_rows, 30);
    ck_assert_ptr_nonnull(strstr(result.sets[0].provenance, "test"));
    ck_assert_ptr_nonnull(strstr(result.libraries, "HDF5 "));
    ck_assert_ptr_nonnull(strstr(result.libraries, "libseer 1.2"));
    ck_assert_ptr_null(strstr(result.libraries, "exact"));
    ck_assert_uint_eq(strlen(result.started_utc), strlen("2026-01-01T00:00:00Z"));
    ck_assert_int_ge(result.host.n_cores, 1);
    ck_assert(!result.interrupted);
    ev_result_free(&result);
}
END_TEST

START_TEST(several_sets_are_pooled)
{
    const struct ev_eval_set sets[2] = {{"short", make_set("short.h5", 10, "rad/s"), NULL},
                                        {"long", make_set("long.h5", 90, "rad/s"), NULL}};
    const struct ev_backend *null_engine;
    struct ev_result result;

    ev_assert_ok(ev_engine_find("null", &null_engine, &err));
    const struct ev_eval_backend backends[2] = {{"seer", &seer, NULL, 0},
                                                {"null", null_engine, NULL, 0}};
    ev_assert_ok(run(backends, 2, sets, 2, 32, 30, &result));
    ck_assert_uint_eq(result.n_rows, 6);
    for (size_t b = 0; b < 2; b++) {
        const char *name = backends[b].name;
        const struct ev_result_row *all = ev_result_find(&result, name, "all");
        const struct ev_result_row *parts[2] = {ev_result_find(&result, name, "short"),
                                                ev_result_find(&result, name, "long")};
        ck_assert(all && parts[0] && parts[1]);
        ck_assert_int_eq(all->n_rows, 100);
        ck_assert_double_eq_tol(all->all.mse_norm,
                                0.1 * parts[0]->all.mse_norm + 0.9 * parts[1]->all.mse_norm, 1e-12);
        ck_assert_int_eq(all->latency.n_calls, 60);
        for (int s = 0; s < 2; s++)
            ck_assert_mem_eq(all->latency.samples_ns + 30 * s, parts[s]->latency.samples_ns,
                             30 * sizeof(float));
        double seconds = 10 / parts[0]->images_per_s + 90 / parts[1]->images_per_s;
        ck_assert_double_eq_tol(all->images_per_s * seconds / 100, 1, 1e-9);
    }
    const struct ev_result_row *null_all = ev_result_find(&result, "null", "all");
    ck_assert_int_eq(null_all->model_bytes, -1);
    ck_assert_str_eq(null_all->model_sha256, "");
    ev_result_free(&result);
}
END_TEST

START_TEST(sets_must_agree_before_anything_runs)
{
    const struct ev_eval_set sets[2] = {{"one", make_set("one.h5", 10, "rad/s"), NULL},
                                        {"two", make_set("two.h5", 10, "deg/s"), NULL}};
    const struct ev_eval_set missing[2] = {sets[0], {"none", ev_test_path("none.h5"), NULL}};
    const struct ev_eval_backend backend = {"seer", &seer, NULL, 0};
    struct ev_result result;

    ev_assert_fails(run(&backend, 1, sets, 2, 32, 30, &result), EV_INPUT,
                    "two.h5: the unit of label w is 'deg/s', but 'rad/s' in ");
    ck_assert_int_eq(n_infers, 0);
    ck_assert_uint_eq(result.n_rows, 0);
    ev_result_free(&result);
    ev_assert_fails(run(&backend, 1, missing, 2, 32, 30, &result), EV_INPUT, "none.h5");
    ck_assert_int_eq(n_infers, 0);
    ck_assert_int_eq(n_open, 0);
    ev_result_free(&result);
}
END_TEST

START_TEST(nan_outputs_are_reported)
{
    const struct ev_eval_set set = {"tiny", make_set("tiny.h5", 20, "rad/s"), NULL};
    const struct ev_eval_backend backend = {"seer", &seer, NULL, 0};
    struct ev_result result;

    wrong_by = NAN;
    ev_assert_ok(run(&backend, 1, &set, 1, 8, 10, &result));
    ck_assert(isnan(result.rows[0].all.mse_norm));
    ck_assert(isnan(result.rows[0].outputs[0].r2));
    ck_assert(!isnan(result.rows[0].outputs[1].mse_norm));
    ck_assert_double_gt(result.rows[0].latency.median_ns, 0);
    ev_result_free(&result);
}
END_TEST

/* The row with the largest number, 99, is furthest off, and comes first as row 99. */
START_TEST(what_batches_change_is_found)
{
    const struct ev_eval_set sets[2] = {{"few", make_set("few.h5", 40, "rad/s"), NULL},
                                        {"many", make_set("many.h5", 300, "rad/s"), NULL}};
    const struct ev_backend floats = float_seer();
    const struct ev_eval_backend backends[2] = {{"bytes", &seer, NULL, 0},
                                                {"floats", &floats, NULL, 0}};
    struct ev_result result;

    ev_assert_ok(run(backends, 2, sets, 2, 64, 0, &result));
    for (size_t i = 0; i < result.n_rows; i++) {
        ck_assert_double_eq(result.rows[i].batch_delta.value, 0);
        ck_assert_int_eq(result.rows[i].batch_delta.row, 0);
    }
    ev_result_free(&result);

    wrong_in_batches = 0.0625f;
    ev_assert_ok(run(backends, 2, sets, 2, 64, 0, &result));
    ck_assert_int_eq(result.samples.sets[0].n_single, 40);
    ck_assert_int_eq(result.samples.sets[1].n_single, EV_SPREAD_ROWS);
    for (size_t i = 0; i < result.n_rows; i++) {
        const struct ev_row_difference *delta = &result.rows[i].batch_delta;
        const bool is_few = strcmp(result.rows[i].set, "few") == 0;
        ck_assert_double_eq_tol(delta->value, 0.0625 * (is_few ? 39 : 99), 1e-5);
        ck_assert_int_eq(delta->row, is_few ? 39 : 99);
        ck_assert_int_eq(delta->set, is_few ? 0 : 1);
    }
    ev_result_free(&result);

    /* One at a time there is nothing that a batch could change. */
    ev_assert_ok(run(backends, 2, sets, 1, 1, 0, &result));
    ck_assert_double_eq(result.rows[0].batch_delta.value, 0);
    ev_result_free(&result);
}
END_TEST

/* Two backends on two sets of 20 rows: a pass is 3 calls with the uncounted batch, then come the
 * single inferences. */
START_TEST(interrupted_runs_keep_what_is_finished)
{
    static const struct {
        int64_t at;
        size_t n_rows;
        size_t n_timed;
    } cases[] = {{1, 0, 0}, {5, 1, 0}, {7, 2, 0}, {200, 3, 2}};
    const struct ev_eval_set sets[2] = {{"one", make_set("one.h5", 20, "rad/s"), NULL},
                                        {"two", make_set("two.h5", 20, "rad/s"), NULL}};
    const struct ev_eval_backend backends[2] = {{"a", &seer, NULL, 0}, {"b", &seer, NULL, 0}};
    size_t n_timed = 0;
    struct ev_result result;

    /* 2 passes of 3, 2 x 20 rows by themselves, 2 x 5 to warm up, 2 x (100 + 5 x 2) timed ones: 276
     * calls a set. */
    interrupt_at = cases[_i].at < 200 ? cases[_i].at : 276 + 4;
    ev_interrupt_install();
    ck_assert_int_eq(run(backends, 2, sets, 2, 10, 100, &result), EV_INTERRUPTED);
    ck_assert(result.interrupted);
    ck_assert_uint_eq(result.n_rows, cases[_i].n_rows);
    for (size_t i = 0; i < result.n_rows; i++) {
        ck_assert_int_eq(result.rows[i].n_rows, 20);
        check_errors(&result.rows[i]);
        n_timed += result.rows[i].latency.n_calls == 100;
        ck_assert(result.rows[i].latency.n_calls == 100 || result.rows[i].latency.n_calls == 0);
    }
    ck_assert_uint_eq(n_timed, cases[_i].n_timed);
    ck_assert_int_eq(n_open, 0);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("eval");
    TCase *tests = tcase_create("eval");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, every_row_counts_once);
    tcase_add_test(tests, sets_of_floats);
    tcase_add_test(tests, rows_say_what_was_run);
    tcase_add_test(tests, several_sets_are_pooled);
    tcase_add_test(tests, sets_must_agree_before_anything_runs);
    tcase_add_test(tests, what_batches_change_is_found);
    tcase_add_test(tests, nan_outputs_are_reported);
    tcase_add_loop_test(tests, interrupted_runs_keep_what_is_finished, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
