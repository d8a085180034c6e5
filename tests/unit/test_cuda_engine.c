/* SPDX-License-Identifier: MIT */
/*
 * The CUDA engine around its kernels, with small networks on the device in software: batches in
 * lanes, recorded single pictures, pinned memory, and what goes wrong with devices.
 */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "../cuda/cases.h"
#include "cuda/engine.h"

#define N_ROWS 700 /* lanes take 256 at once, so each has work twice but the last */

static struct ev_error err = EV_ERROR_INIT;
static struct ev_case_net made;
static struct ev_net net;

/* A reader to whom each file is the case's network, but those called "broken". Of pictures in the
 * other form, bytes are taken as the integers that floats would become, and the reverse. */
static enum ev_status read_net(const char *path, uint32_t form, const struct ev_net **out,
                               struct ev_error *error)
{
    static struct ev_net_layer other[EV_CASE_LAYERS];
    static struct ev_net other_net;

    *out = NULL;
    if (strstr(path, "broken"))
        return ev_fail(error, EV_UNSUPPORTED, "%s: layer odd is none", path);
    net = (struct ev_net){made.layers, made.n_layers};
    *out = &net;
    if (form == made.form)
        return EV_OK;
    memcpy(other, made.layers, sizeof other);
    if (other[0].kind != EV_NET_DIVIDE)
        other[0].kind = form == EV_FORM_U8_NHWC ? EV_NET_TAKE : EV_NET_QUANTIZE;
    other_net = (struct ev_net){other, made.n_layers};
    *out = &other_net;
    return EV_OK;
}

static void free_net(const struct ev_net *unused)
{
    (void)unused;
}

static const struct ev_net_reader reader = {EV_ABI_MAJOR, sizeof reader, "test",
                                            read_net,     free_net,      NULL};

static const struct ev_case *find_case(const char *name)
{
    for (const struct ev_case *one = ev_cases; one->name; one++) {
        if (strcmp(one->name, name) == 0)
            return one;
    }
    ck_abort_msg("no case '%s'", name);
}

static struct ev_open_args args_of(const char *path, int64_t max_rows)
{
    return (struct ev_open_args){
        .size = sizeof(struct ev_open_args),
        .n_threads = 1,
        .model_path = path,
        .device_kind = EV_DEVICE_CUDA,
        .shape = made.shape,
        .n_outputs = made.n_outputs,
        .max_rows = max_rows,
        .reader = &reader,
    };
}

static struct ev_engine *open_case(const char *name, int64_t max_rows)
{
    struct ev_engine *engine;

    ev_case_make(find_case(name), &made);
    const struct ev_open_args args = args_of("net.pt", max_rows);
    ev_assert_ok(ev_cuda_open(&args, &engine, &err));
    return engine;
}

static struct ev_batch batch_of(const void *pictures, int64_t first, int64_t n_rows)
{
    const size_t row_bytes = (size_t)made.shape.height * (size_t)made.shape.width *
                             (size_t)made.shape.channels *
                             (made.form == EV_FORM_U8_NHWC ? 1 : sizeof(float));

    return (struct ev_batch){sizeof(struct ev_batch), made.form, made.shape, n_rows,
                             (const char *)pictures + (size_t)first * row_bytes};
}

/* Outputs in plain C, in pieces that share a range; malloc'ed. */
static float *expected_outputs(const void *pictures, int64_t n_rows)
{
    float *outputs = malloc((size_t)(n_rows * made.n_outputs) * sizeof *outputs);
    struct ev_plan *plan;

    net = (struct ev_net){made.layers, made.n_layers};
    ev_assert_ok(ev_plan_make(&net, "net", made.form, &made.shape, made.n_outputs, EV_REQUANT_AMX,
                              &plan, &err));
    ev_assert_ok(ev_case_plain(plan, pictures, n_rows, (size_t)made.n_outputs * sizeof *outputs,
                               outputs, &err));
    ev_plan_free(plan);
    return outputs;
}

static void assert_same(const float *found, const float *expected, int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows * made.n_outputs; i++)
        ck_assert_msg(found[i] == expected[i], "output %lld: %g, not %g", (long long)i,
                      (double)found[i], (double)expected[i]);
}

/* --- Right outputs --- */

static const char *const exact_cases[] = {"linear", "steps", "planes", "dynamic"};

START_TEST(batches_go_through_lanes)
{
    struct ev_engine *engine = open_case(exact_cases[_i], N_ROWS);
    void *pictures = ev_case_pictures(&made, N_ROWS, EV_CASE_RANDOM);
    float *expected = expected_outputs(pictures, N_ROWS);
    float *outputs = malloc((size_t)(N_ROWS * made.n_outputs) * sizeof *outputs);
    static const int64_t sizes[] = {N_ROWS, 2, 300, N_ROWS};

    for (int i = 0; i < 4; i++) {
        const struct ev_batch batch = batch_of(pictures, 0, sizes[i]);
        memset(outputs, 0xff, (size_t)(N_ROWS * made.n_outputs) * sizeof *outputs);
        ev_assert_ok(ev_cuda_infer(engine, &batch, outputs, &err));
        if (sizes[i] % EV_NET_PIECE_ROWS == 0 || sizes[i] == N_ROWS || _i != 3)
            assert_same(outputs, expected, sizes[i]);
    }
    ev_cuda_close(engine);
    free(outputs);
    free(expected);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

/* From a record, and each operation by itself, with the time that the device took. */
START_TEST(single_pictures_are_replayed)
{
    struct ev_engine *engine = open_case("steps", 1);
    void *pictures = ev_case_pictures(&made, 6, EV_CASE_RANDOM);
    float *expected = expected_outputs(pictures, 6);
    float outputs[4];

    for (int row = 0; row < 6; row++) {
        const struct ev_batch batch = batch_of(pictures, row, 1);
        struct ev_device_run run = {sizeof run, row % 2, -1};
        if (row < 2)
            ev_assert_ok(ev_cuda_infer(engine, &batch, outputs, &err));
        else
            ev_assert_ok(ev_cuda_infer_apart(engine, &batch, outputs, &run, &err));
        assert_same(outputs, expected + row * made.n_outputs, 1);
        ck_assert(row < 2 || run.device_ns > 0);
    }
    ev_cuda_close(engine);
    free(expected);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

START_TEST(the_devices_time_is_that_of_all_lanes)
{
    struct ev_engine *engine = open_case("linear", N_ROWS);
    void *pictures = ev_case_pictures(&made, N_ROWS, EV_CASE_RANDOM);
    float *outputs = malloc((size_t)(N_ROWS * made.n_outputs) * sizeof *outputs);
    const struct ev_batch batch = batch_of(pictures, 0, N_ROWS), few = batch_of(pictures, 0, 2);
    struct ev_device_run all = {sizeof all, 0, -1}, some = all;

    ev_assert_ok(ev_cuda_infer_apart(engine, &batch, outputs, &all, &err));
    ev_assert_ok(ev_cuda_infer_apart(engine, &few, outputs, &some, &err));
    ck_assert_int_gt(some.device_ns, 0);
    ck_assert_int_gt(all.device_ns, 2 * some.device_ns); /* 350 times the pictures */
    ev_cuda_close(engine);
    free(outputs);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

/* Copied by the device itself from pinned memory, where all of a piece lies in it. */
START_TEST(pinned_memory_changes_no_output)
{
    struct ev_engine *engine = open_case("linear", N_ROWS);
    char *pictures = ev_case_pictures(&made, N_ROWS, EV_CASE_RANDOM);
    float *expected = expected_outputs(pictures, N_ROWS);
    float *outputs = malloc((size_t)(N_ROWS * made.n_outputs) * sizeof *outputs);
    const struct ev_batch batch = batch_of(pictures, 0, N_ROWS);

    ev_assert_ok(ev_cuda_pin(engine, pictures, 400 * 3 * 11 * 6, &err)); /* not all of it */
    ev_assert_ok(ev_cuda_infer(engine, &batch, outputs, &err));
    assert_same(outputs, expected, N_ROWS);
    ev_cuda_unpin(engine, pictures);
    ev_cuda_unpin(engine, pictures); /* twice does nothing */
    ev_assert_ok(ev_cuda_infer(engine, &batch, outputs, &err));
    assert_same(outputs, expected, N_ROWS);
    ev_assert_ok(ev_cuda_pin(engine, pictures, 4000, &err)); /* and is let go by close */
    ev_cuda_close(engine);
    free(outputs);
    free(expected);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

START_TEST(engines_share_a_device)
{
    struct ev_engine *one = open_case("linear", 40), *other;
    const struct ev_open_args args = args_of("net.pt", 40);
    void *pictures = ev_case_pictures(&made, 40, EV_CASE_RANDOM);
    float *expected = expected_outputs(pictures, 40);
    float outputs[2][80];
    const struct ev_batch batch = batch_of(pictures, 0, 40);

    ev_assert_ok(ev_cuda_open(&args, &other, &err));
    ev_assert_ok(ev_cuda_pin(one, pictures, 40 * 3 * 11 * 6, &err));
    ev_assert_ok(ev_cuda_pin(other, pictures, 40 * 3 * 11 * 6, &err));
    ev_assert_ok(ev_cuda_infer(one, &batch, outputs[0], &err));
    ev_assert_ok(ev_cuda_infer(other, &batch, outputs[1], &err));
    assert_same(outputs[0], expected, 40);
    ev_cuda_close(one);
    ev_assert_ok(ev_cuda_infer(other, &batch, outputs[1], &err));
    assert_same(outputs[1], expected, 40);
    ev_cuda_close(other);
    free(expected);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

START_TEST(layers_are_told)
{
    struct ev_engine *engine = open_case("steps", 1);
    void *pictures = ev_case_pictures(&made, 1, EV_CASE_RANDOM);
    const struct ev_batch batch = batch_of(pictures, 0, 1);
    struct ev_layer layers[3];
    int32_t n;

    ev_assert_ok(ev_cuda_layers(engine, &batch, layers, 3, &n, &err));
    ck_assert_int_eq(n, 3);
    ck_assert_str_eq(layers[0].name, "step2");
    ck_assert_int_eq(layers[0].macs, 5 * 7 * 24 * 5 * 5 * 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_gt(layers[i].time_ns, 0);
    ev_assert_fails(ev_cuda_layers(engine, &batch, layers, 2, &n, &err), EV_UNSUPPORTED,
                    "net.pt: has more than 2 layers");
    ev_cuda_close(engine);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

/* --- What goes wrong --- */

START_TEST(values_that_are_not_finite_name_the_layer)
{
    struct ev_engine *engine = open_case("dynamic convolutions", 40);
    float *pictures = ev_case_pictures(&made, 40, EV_CASE_RANDOM);
    float *expected = expected_outputs(pictures, 40);
    float outputs[160];
    const struct ev_batch batch = batch_of(pictures, 0, 40);
    const float was = pictures[33 * 90 + 5];

    pictures[33 * 90 + 5] = (float)(1e38 * 10.0);
    ev_assert_fails(ev_cuda_infer(engine, &batch, outputs, &err), EV_INPUT,
                    "layer step2 gets values that are not finite");
    pictures[33 * 90 + 5] = was;
    ev_assert_ok(ev_cuda_infer(engine, &batch, outputs, &err)); /* and is over */
    assert_same(outputs, expected, 40);

    pictures[0] = (float)(1e38 * 10.0);
    const struct ev_batch first = batch_of(pictures, 0, 1);
    struct ev_layer layers[4];
    int32_t n;
    ev_assert_fails(ev_cuda_layers(engine, &first, layers, 4, &n, &err), EV_INPUT, "layer step2");
    pictures[0] = 0.0f;
    ev_assert_ok(ev_cuda_infer(engine, &first, outputs, &err));
    ev_cuda_close(engine);
    free(expected);
    free(pictures);
    ev_case_free(&made);
}
END_TEST

/* Both lanes failed; neither does in the next call. */
START_TEST(failures_of_lanes_are_over)
{
    struct ev_engine *engine = open_case("dynamic convolutions", N_ROWS);
    float *good = ev_case_pictures(&made, N_ROWS, EV_CASE_RANDOM);
    float *bad = ev_case_pictures(&made, N_ROWS, EV_CASE_RANDOM);
    float *expected = expected_outputs(good, N_ROWS);
    float *outputs = malloc((size_t)(N_ROWS * made.n_outputs) * sizeof *outputs);
    const struct ev_batch batch = batch_of(good, 0, N_ROWS), infinite = batch_of(bad, 0, N_ROWS);

    for (int row = 0; row < N_ROWS; row++)
        bad[row * 90] = (float)(1e38 * 10.0);
    ev_assert_fails(ev_cuda_infer(engine, &infinite, outputs, &err), EV_INPUT, "layer step2");
    ev_assert_ok(ev_cuda_infer(engine, &batch, outputs, &err));
    assert_same(outputs, expected, N_ROWS);
    ev_cuda_close(engine);
    free(outputs);
    free(expected);
    free(bad);
    free(good);
    ev_case_free(&made);
}
END_TEST

static const struct {
    const char *setting, *value;
    enum ev_status status;
    const char *part;
} troubles[] = {
    {"EMULATED_CUDA_DEVICES", "0", EV_DEVICE,
     "engine 'cuda': no CUDA device: the NVIDIA driver sees none"},
    {"EMULATED_CUDA_VERSION", "11040", EV_DEVICE,
     "engine 'cuda': no CUDA device: the NVIDIA driver is for CUDA 11.4, these kernels need "},
    {"EMULATED_CUDA_CAPABILITY", "75", EV_UNSUPPORTED,
     "cuda:0 (emulated device): has compute capability 7.5, int8 kernels need 8.0 or more"},
    {"EMULATED_CUDA_BYTES", "100000", EV_MEMORY,
     "cuda:0 (emulated device): pictures take 0.7 MiB, but 0.0 of its 0.1 MiB are free"},
    {"EMULATED_CUDA_BYTES", "10", EV_MEMORY, "cuda:0 (emulated device): weights take "},
};
#define N_TROUBLES ((int)(sizeof troubles / sizeof troubles[0]))

START_TEST(devices_that_cannot_are_named)
{
    struct ev_engine *engine;

    ck_assert_int_eq(setenv(troubles[_i].setting, troubles[_i].value, 1), 0);
    ev_case_make(find_case("steps"), &made);
    const struct ev_open_args args = args_of("net.pt", 300);
    ev_assert_fails(ev_cuda_open(&args, &engine, &err), troubles[_i].status, troubles[_i].part);
    ck_assert_ptr_null(engine);
    ev_case_free(&made);
}
END_TEST

START_TEST(devices_are_counted)
{
    struct ev_engine *engine;

    ev_case_make(find_case("steps"), &made);
    struct ev_open_args args = args_of("net.pt", 1);
    args.device_index = 1;
    ev_assert_fails(ev_cuda_open(&args, &engine, &err), EV_DEVICE,
                    "engine 'cuda': no CUDA device 1: there is 1");
    args.device_index = 0;
    args.model_path = "broken.pt";
    ev_assert_fails(ev_cuda_open(&args, &engine, &err), EV_UNSUPPORTED,
                    "broken.pt: layer odd is none");
    args.reader = NULL;
    ev_assert_fails(ev_cuda_open(&args, &engine, &err), EV_UNSUPPORTED, "ABI 1.3");
    ev_case_free(&made);
}
END_TEST

/* In the middle of a batch: one line, nothing is written into freed memory, closing works. */
START_TEST(a_device_can_be_lost)
{
    char text[16];

    snprintf(text, sizeof text, "%d", _i);
    ck_assert_int_eq(setenv("EMULATED_CUDA_LOST", text, 1), 0);
    struct ev_engine *engine = open_case("linear", N_ROWS);
    void *pictures = ev_case_pictures(&made, N_ROWS, EV_CASE_RANDOM);
    float *outputs = malloc((size_t)(N_ROWS * made.n_outputs) * sizeof *outputs);
    const struct ev_batch batch = batch_of(pictures, 0, N_ROWS);

    ev_assert_fails(ev_cuda_infer(engine, &batch, outputs, &err), EV_DEVICE,
                    "cuda:0 (emulated device): computing failed: unspecified launch failure "
                    "(CUDA_ERROR_LAUNCH_FAILED)");
    ev_assert_fails(ev_cuda_infer(engine, &batch, outputs, &err), EV_DEVICE, "cuda:0 ");
    free(outputs);
    free(pictures);
    ev_cuda_close(engine);
    ev_case_free(&made);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("cuda_engine");
    TCase *engine = tcase_create("engine");

    tcase_set_timeout(engine, 60);
    tcase_add_loop_test(engine, batches_go_through_lanes, 0, 4);
    tcase_add_test(engine, single_pictures_are_replayed);
    tcase_add_test(engine, the_devices_time_is_that_of_all_lanes);
    tcase_add_test(engine, pinned_memory_changes_no_output);
    tcase_add_test(engine, engines_share_a_device);
    tcase_add_test(engine, layers_are_told);
    tcase_add_test(engine, values_that_are_not_finite_name_the_layer);
    tcase_add_test(engine, failures_of_lanes_are_over);
    tcase_add_loop_test(engine, devices_that_cannot_are_named, 0, N_TROUBLES);
    tcase_add_test(engine, devices_are_counted);
    tcase_add_loop_test(engine, a_device_can_be_lost, 1, 8);
    suite_add_tcase(suite, engine);
    return suite;
}
