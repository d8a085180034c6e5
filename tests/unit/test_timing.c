/* SPDX-License-Identifier: MIT */
/* The order of timed calls, seen by engines that write down what they are given. */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "measure/form.h"
#include "eval/timing.h"

#define N_PICTURES 7
#define N_CALLS    50
#define MAX_LOG    2000

/* One byte a picture, whose value is its number. */
static const struct ev_shape shape = {1, 1, 1};

static struct {
    const struct ev_engine *engine;
    int picture;
    int64_t n_rows;
} calls[MAX_LOG];
static int n_logged;
static int fail_at = -1;

struct ev_engine {
    int unused;
};

static enum ev_status log_open(const struct ev_open_args *args, struct ev_engine **engine,
                               struct ev_error *err)
{
    (void)args;
    *engine = calloc(1, sizeof **engine);
    return *engine ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
}

static enum ev_status describe_bytes(struct ev_engine *engine, struct ev_description *description,
                                     struct ev_error *err)
{
    (void)engine;
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = shape;
    description->n_outputs = 1;
    return EV_OK;
}

static enum ev_status describe_floats(struct ev_engine *engine, struct ev_description *description,
                                      struct ev_error *err)
{
    enum ev_status status = describe_bytes(engine, description, err);

    description->forms = EV_FORM_F32_NCHW;
    return status;
}

static enum ev_status log_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                float *outputs, struct ev_error *err)
{
    ck_assert_int_lt(n_logged, MAX_LOG);
    if (n_logged == fail_at)
        return ev_fail(err, EV_DEVICE, "the device is gone");
    calls[n_logged].engine = engine;
    calls[n_logged].picture = batch->form == EV_FORM_U8_NHWC
                                  ? *(const uint8_t *)batch->data
                                  : (int)(*(const float *)batch->data * 255.0f + 0.5f);
    calls[n_logged++].n_rows = batch->n_rows;
    outputs[0] = 0;
    return EV_OK;
}

static void log_close(struct ev_engine *engine)
{
    free(engine);
}

static const struct ev_backend byte_engine = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof byte_engine,
    .name = "log",
    .summary = "writes calls down",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL,
    .open = log_open,
    .describe = describe_bytes,
    .infer = log_infer,
    .close = log_close,
};

static struct ev_error err = EV_ERROR_INIT;

static struct ev_model *open_model(const struct ev_backend *engine)
{
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .device_kind = EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = 1,
        .max_rows = 1,
    };
    struct ev_model *model;

    ev_assert_ok(ev_model_open(engine, &args, &model, &err));
    return model;
}

static struct ev_timing_pictures numbered_pictures(void)
{
    static uint8_t bytes[N_PICTURES];
    static float floats[N_PICTURES];
    const struct ev_batch batch = {sizeof batch, EV_FORM_U8_NHWC, shape, N_PICTURES, bytes};

    for (int i = 0; i < N_PICTURES; i++)
        bytes[i] = (uint8_t)i;
    (void)ev_form_to_floats(&batch, floats);
    return (struct ev_timing_pictures){shape, N_PICTURES, EV_FORM_U8_NHWC, bytes, floats};
}

/* Number of changes of engine in the log. */
static int count_turns(void)
{
    int n = 1;

    for (int i = 1; i < n_logged; i++)
        n += calls[i].engine != calls[i - 1].engine;
    return n;
}

START_TEST(models_take_turns_on_the_same_pictures)
{
    struct ev_backend float_engine = byte_engine;
    float_engine.forms = EV_FORM_F32_NCHW;
    float_engine.describe = describe_floats;
    const struct ev_timing_pictures pictures = numbered_pictures();
    float samples[2][N_CALLS];
    const struct ev_timing_entry entries[2] = {{open_model(&byte_engine), samples[0]},
                                               {open_model(&float_engine), samples[1]}};
    int n_of[2] = {0, 0}, n_on_picture[2][N_PICTURES] = {{0}};

    memset(samples, 0xff, sizeof samples); /* NaN */
    ev_assert_ok(ev_timing_run(entries, 2, &pictures, N_CALLS, 0, NULL, &err));
    for (int i = 0; i < n_logged; i++) {
        int which = calls[i].engine != calls[0].engine;
        n_of[which]++;
        ck_assert_int_eq(calls[i].n_rows, 1);
        ck_assert_int_lt(calls[i].picture, N_PICTURES);
        n_on_picture[which][calls[i].picture]++;
    }
    ck_assert_int_eq(n_of[0], n_of[1]);
    ck_assert_int_ge(n_of[0], N_CALLS);
    ck_assert_mem_eq(n_on_picture[0], n_on_picture[1], sizeof n_on_picture[0]);
    for (int i = 0; i < N_PICTURES; i++)
        ck_assert_int_ge(n_on_picture[0][i], N_CALLS / N_PICTURES);
    /* Three rounds of two, the second round starting with the model that came last: the turns of
     * neighbouring rounds melt into one. */
    ck_assert_int_eq(count_turns(), 4);
    for (int e = 0; e < 2; e++) {
        for (int i = 0; i < N_CALLS; i++)
            ck_assert_float_ge(samples[e][i], 0);
        ev_model_close(entries[e].model);
    }
}
END_TEST

START_TEST(warm_up_is_not_counted)
{
    const struct ev_timing_pictures pictures = numbered_pictures();
    float samples[1] = {-1};
    const struct ev_timing_entry entry = {open_model(&byte_engine), samples};

    ev_assert_ok(ev_timing_run(&entry, 1, &pictures, 0, 33, NULL, &err));
    ck_assert_int_eq(n_logged, 33);
    ck_assert_float_eq(samples[0], -1);
    ev_model_close(entry.model);
}
END_TEST

START_TEST(failures_come_through)
{
    static const int moments[] = {0, 10, 25, 100};
    const struct ev_timing_pictures pictures = numbered_pictures();
    float samples[N_CALLS * 10];

    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        const struct ev_timing_entry entry = {open_model(&byte_engine), samples};
        n_logged = 0;
        fail_at = moments[i];
        ev_assert_fails(ev_timing_run(&entry, 1, &pictures, N_CALLS * 10, 20, NULL, &err),
                        EV_DEVICE, "the device is gone");
        ck_assert_int_eq(n_logged, moments[i]);
        ev_model_close(entry.model);
    }
}
END_TEST

START_TEST(figures_come_from_the_samples)
{
    float *samples = malloc(100 * sizeof *samples);
    struct ev_latency_figures figures;

    ck_assert_ptr_nonnull(samples);
    for (int i = 0; i < 100; i++)
        samples[i] = (float)(100 - i); /* 100 down to 1 */
    ev_assert_ok(ev_timing_figures(samples, 100, &figures, &err));
    ck_assert_int_eq(figures.n_calls, 100);
    ck_assert_double_eq(figures.median_ns, 50.5);
    ck_assert_double_eq(figures.p90_ns, 90);
    ck_assert_double_eq(figures.p99_ns, 99);
    ck_assert_double_eq(figures.mean_ns, 50.5);
    ck_assert_double_eq(figures.min_ns, 1);
    ck_assert_float_eq(figures.samples_ns[0], 100); /* in the order of measuring */
    free(figures.samples_ns);
}
END_TEST

START_TEST(floats_are_planes_of_unit_values)
{
    /* Two pictures of 1 x 2 pixels with 3 channels. */
    const uint8_t bytes[] = {0, 51, 255, 102, 0, 0, 1, 2, 3, 4, 5, 6};
    const float expected[] = {0, 102, 51, 0, 255, 0, 1, 4, 2, 5, 3, 6};
    const struct ev_batch batch = {sizeof batch, EV_FORM_U8_NHWC, {1, 2, 3}, 2, bytes};
    float floats[12];

    const struct ev_batch made = ev_form_to_floats(&batch, floats);
    ck_assert_uint_eq(made.form, EV_FORM_F32_NCHW);
    ck_assert_int_eq(made.n_rows, 2);
    ck_assert_ptr_eq(made.data, floats);
    for (int i = 0; i < 12; i++)
        ck_assert_float_eq(floats[i], expected[i] / 255.0f);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("timing");
    TCase *tests = tcase_create("timing");

    tcase_add_test(tests, models_take_turns_on_the_same_pictures);
    tcase_add_test(tests, warm_up_is_not_counted);
    tcase_add_test(tests, failures_come_through);
    tcase_add_test(tests, figures_come_from_the_samples);
    tcase_add_test(tests, floats_are_planes_of_unit_values);
    suite_add_tcase(suite, tests);
    return suite;
}
