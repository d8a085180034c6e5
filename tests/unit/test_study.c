/* SPDX-License-Identifier: MIT */
/*
 * The study's own way of counting, in whole evaluations: by an engine whose outputs are bytes of
 * the left edge, so that a picture that was mirrored is seen.
 */
#include "support/ev_test.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/eval.h"
#include "eval/study.h"
#include "set/set.h"

enum { N_ROWS = 20, N_SETS = 2, HEIGHT = 2, WIDTH = 3, CHANNELS = 3, N_OUTPUTS = 2, BATCH = 29 };
/* Rows of both sets, all mirrored, with up to 11 copies of each. */
#define MAX_LIST (N_SETS * N_ROWS * 2 * 11)

static struct ev_error err = EV_ERROR_INIT;

/* --- Sets --- */

static uint8_t pixel_at(int row, int x, int c)
{
    return (uint8_t)(row * 10 + x * 3 + c);
}

/* From -3 to 2.7 in the first set, and from -2.9 on in the second. */
static float w_of(int set, int row)
{
    return (float)(row - 10) * 0.3f + 0.1f * (float)set;
}

static const char *make_set(const char *name, int set, const char *w)
{
    const char *path = ev_test_path(name);
    struct ev_set_spec spec = {
        .n_rows = N_ROWS,
        .shape = {HEIGHT, WIDTH, CHANNELS},
        .n_outputs = N_OUTPUTS,
        .columns = {{"v", "m/s", 0, 100}, {"", "rad/s", -7.1, 7.1}},
        .circuit = "test",
        .provenance = "{}",
    };
    struct ev_set_writer *writer;

    snprintf(spec.columns[1].name, sizeof spec.columns[1].name, "%s", w);
    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    for (int row = 0; row < N_ROWS; row++) {
        uint8_t image[HEIGHT * WIDTH * CHANNELS];
        const float labels[N_OUTPUTS] = {(float)row, w_of(set, row)};
        for (int i = 0; i < HEIGHT * WIDTH * CHANNELS; i++)
            image[i] = pixel_at(row, i / CHANNELS % WIDTH, i % CHANNELS);
        ev_assert_ok(ev_set_writer_append(writer, 1, image, labels, NULL, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    return path;
}

/* --- The engine --- */

struct ev_engine {
    uint32_t form;
};

static int64_t n_infers, interrupt_at = -1;

static enum ev_status edge_open(const struct ev_open_args *args, struct ev_engine **engine,
                                struct ev_error *error)
{
    (void)args;
    *engine = malloc(sizeof **engine);
    if (!*engine)
        return ev_fail(error, EV_MEMORY, "out of memory");
    (*engine)->form = EV_FORM_U8_NHWC;
    return EV_OK;
}

static enum ev_status floats_open(const struct ev_open_args *args, struct ev_engine **engine,
                                  struct ev_error *error)
{
    enum ev_status status = edge_open(args, engine, error);

    if (status == EV_OK)
        (*engine)->form = EV_FORM_F32_NCHW;
    return status;
}

static enum ev_status edge_describe(struct ev_engine *engine, struct ev_description *description,
                                    struct ev_error *error)
{
    (void)error;
    description->forms = engine->form;
    description->shape = (struct ev_shape){HEIGHT, WIDTH, CHANNELS};
    description->n_outputs = N_OUTPUTS;
    description->weight_bytes = 0;
    return EV_OK;
}

/* The first two channels of the lower left pixel. */
static enum ev_status edge_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                 float *outputs, struct ev_error *error)
{
    const int n_pixels = HEIGHT * WIDTH, lower = WIDTH;

    (void)error;
    if (n_infers++ == interrupt_at)
        raise(SIGINT);
    for (int64_t i = 0; i < batch->n_rows * N_OUTPUTS; i++) {
        const int64_t picture = i / N_OUTPUTS * n_pixels * CHANNELS, c = i % N_OUTPUTS;
        outputs[i] =
            engine->form == EV_FORM_U8_NHWC
                ? (float)((const uint8_t *)batch->data)[picture + lower * CHANNELS + c] / 255.0f
                : ((const float *)batch->data)[picture + c * n_pixels + lower];
    }
    return EV_OK;
}

static void edge_close(struct ev_engine *engine)
{
    free(engine);
}

static const struct ev_backend edge = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof edge,
    .name = "edge",
    .summary = "bytes of the left edge",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL,
    .open = edge_open,
    .describe = edge_describe,
    .infer = edge_infer,
    .close = edge_close,
};

/* --- Running --- */

static enum ev_status run(const struct ev_eval_set *sets, size_t n_sets, bool with_study,
                          struct ev_result *result)
{
    struct ev_backend floats = edge;
    const struct ev_eval_backend backends[] = {{"bytes", &edge, NULL, 0},
                                               {"floats", &floats, NULL, 0}};
    const struct ev_eval_args args = {
        .backends = backends,
        .n_backends = 2,
        .sets = sets,
        .n_sets = n_sets,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = 1,
        .batch_rows = BATCH,
        .with_study = with_study,
    };

    floats.forms = EV_FORM_F32_NCHW;
    floats.open = floats_open;
    ev_progress_set_quiet(true);
    ev_result_init(result);
    return ev_eval_run(&args, result, &err);
}

/* --- The list, entry by entry --- */

struct list {
    double errors[MAX_LIST];
    int n;
};

static void add(struct list *list, int set, int row, bool mirrored)
{
    const int x = mirrored ? WIDTH - 1 : 0;
    const double w = mirrored ? -(double)w_of(set, row) : (double)w_of(set, row);
    const double v_error = pixel_at(row, x, 0) / 255.0 - row / 100.0;
    const double w_error = pixel_at(row, x, 1) / 255.0 - (w + 7.1) / 14.2;

    list->errors[list->n++] = (v_error * v_error + w_error * w_error) / 2;
}

static void add_all(struct list *list, int first_set, int end_set, bool with_mirrored, double above,
                    double up_to)
{
    for (int mirrored = 0; mirrored <= with_mirrored; mirrored++) {
        for (int set = first_set; set < end_set; set++) {
            for (int row = 0; row < N_ROWS; row++) {
                const double bend = fabs((double)w_of(set, row));
                if (bend > above && bend <= up_to)
                    add(list, set, row, mirrored);
            }
        }
    }
}

static double expected(int first_set, int end_set, bool with_mirrored)
{
    static struct list list;
    double sum = 0;
    int n_batches = 0;

    list.n = 0;
    add_all(&list, first_set, end_set, with_mirrored, -1, 100);
    for (int i = 0; i < 5; i++)
        add_all(&list, first_set, end_set, with_mirrored, 1, 2);
    for (int i = 0; i < 10; i++)
        add_all(&list, first_set, end_set, with_mirrored, 2, 100);
    for (int first = 0; first < list.n; first += BATCH, n_batches++) {
        const int n = list.n - first < BATCH ? list.n - first : BATCH;
        double batch = 0;
        for (int i = 0; i < n; i++)
            batch += list.errors[first + i];
        sum += batch / n;
    }
    ck_assert_int_ne(list.n % BATCH, 0); /* the last batch weighs too much */
    return sum / n_batches;
}

START_TEST(figures_are_those_of_the_list)
{
    const struct ev_eval_set sets[N_SETS] = {{"first", make_set("first.h5", 0, "w"), NULL},
                                             {"second", make_set("second.h5", 1, "w"), NULL}};
    struct ev_result result;

    ev_assert_ok(run(sets, N_SETS, true, &result));
    ck_assert_uint_eq(result.n_rows, 6);
    for (size_t i = 0; i < result.n_rows; i++) {
        const struct ev_result_row *row = &result.rows[i];
        const bool is_pooled = strcmp(row->set, EV_SET_ALL) == 0;
        const int first = strcmp(row->set, "second") == 0;
        const int end = is_pooled ? N_SETS : first + 1;
        /* Outputs are float32. */
        ck_assert_double_eq_tol(row->study.mse, expected(first, end, false), 1e-7);
        ck_assert_double_eq_tol(row->study.mse_mirrored, expected(first, end, true), 1e-7);
        ck_assert(fabs(row->study.mse - row->all.mse_norm) > 1e-4);
        ck_assert_double_gt(row->study.mean_ns, 0);
    }
    const double first = result.rows[0].study.mean_ns, second = result.rows[2].study.mean_ns;
    ck_assert_double_eq_tol(result.rows[4].study.mean_ns, (first + second) / 2, 1e-6 * first);
    ev_result_free(&result);
}
END_TEST

START_TEST(without_asking_only_the_mirrors_and_times_are_missing)
{
    const struct ev_eval_set set = {"first", make_set("first.h5", 0, "w"), NULL};
    struct ev_result result;

    ev_assert_ok(run(&set, 1, false, &result));
    ck_assert_double_eq_tol(result.rows[0].study.mse, expected(0, 1, false), 1e-7);
    ck_assert(isnan(result.rows[0].study.mse_mirrored) && isnan(result.rows[0].study.mean_ns));
    ck_assert_ptr_null(result.samples.sets[0].mirrored);
    ev_result_free(&result);
}
END_TEST

/* The study's bends are those of w: without it nothing can be counted, only timed. */
START_TEST(other_outputs_are_only_timed)
{
    const struct ev_eval_set set = {"first", make_set("first.h5", 0, "steering"), NULL};
    struct ev_result result;

    ev_assert_ok(run(&set, 1, true, &result));
    ck_assert(isnan(result.rows[0].study.mse) && isnan(result.rows[0].study.mse_mirrored));
    ck_assert_ptr_null(result.samples.sets[0].mirrored);
    ck_assert_double_gt(result.rows[0].study.mean_ns, 0);
    ev_result_free(&result);
}
END_TEST

/* A backend: a batch beforehand and one of the pass, for both; 2 x 20 rows by themselves; then for
 * each one batch of mirrored pictures and 1050 calls. */
START_TEST(an_interrupted_study_leaves_no_halves)
{
    static const struct {
        int64_t at;
        bool has_mirrored, has_times;
    } cases[] = {{44, false, false}, {600, true, false}, {1095, true, true}};
    const struct ev_eval_set set = {"first", make_set("first.h5", 0, "w"), NULL};
    struct ev_result result;

    interrupt_at = cases[_i].at;
    ev_interrupt_install();
    ck_assert_int_eq(run(&set, 1, true, &result), EV_INTERRUPTED);
    const struct ev_samples_set *kept = &result.samples.sets[0];
    ck_assert(kept->mirrored != NULL);
    ck_assert_int_eq(kept->mirrored[0] != NULL, cases[_i].has_mirrored);
    ck_assert_int_eq(kept->study_ns && kept->study_ns[0], cases[_i].has_times);
    ck_assert_ptr_null(kept->mirrored[1]);
    ck_assert_uint_eq(result.n_rows, 2);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("study");
    TCase *tests = tcase_create("study");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, figures_are_those_of_the_list);
    tcase_add_test(tests, without_asking_only_the_mirrors_and_times_are_missing);
    tcase_add_test(tests, other_outputs_are_only_timed);
    tcase_add_loop_test(tests, an_interrupted_study_leaves_no_halves, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
