/* SPDX-License-Identifier: MIT */
/*
 * CUDA kernels, packing and launching, against plain C: on the device in software of tests/cuda, or
 * on a GPU where the driver is a real one. Every tensor between two layers is compared.
 */
#include "support/ev_test.h"

#include <string.h>

#include "../cuda/cases.h"
#include "cuda/launch.h"
#include "cuda/pack.h"

static struct ev_error err = EV_ERROR_INIT;

static void run(const struct ev_case *one, int64_t n_rows, enum ev_requant_order order,
                enum ev_case_pictures pictures)
{
    struct ev_case_result result = {0};
    struct ev_cuda_device device;

    ev_assert_ok(ev_cuda_device_open(0, &device, &err));
    ev_assert_ok(ev_case_run(&device, one, n_rows, order, pictures, &result, &err));
    ck_assert_msg(result.n_different == 0 && result.largest < 1e-4,
                  "%s, %d rows: %lld of %lld differ, %g; %s", one->name, (int)n_rows,
                  (long long)result.n_different, (long long)result.n_integers, result.largest,
                  result.first);
    ck_assert(result.n_integers > 0);
    ev_cuda_device_close(&device);
}

/* Fewer rows than fill a tile, just as many, more than a piece that shares a range. */
START_TEST(every_case_equals_plain_c)
{
    static const int64_t rows[] = {1, 2, 15, 16, 17, 70};

    for (const struct ev_case *one = ev_cases; one->name; one++)
        run(one, rows[_i], EV_REQUANT_AMX, EV_CASE_RANDOM);
}
END_TEST

START_TEST(in_every_order)
{
    for (const struct ev_case *one = ev_cases; one->name; one++)
        run(one, 20, (enum ev_requant_order)_i, EV_CASE_RANDOM);
}
END_TEST

START_TEST(black_and_white)
{
    for (const struct ev_case *one = ev_cases; one->name; one++)
        run(one, 3, EV_REQUANT_AVX512, (enum ev_case_pictures)_i);
}
END_TEST

/* Tiles hold each weight once, where the header says, and 0 elsewhere. */
START_TEST(tiles_are_in_the_order_of_lanes)
{
    /* Two channels of a 1 x 3 kernel over three channels, which lie as four. */
    const int8_t weights[] = {1, 4, 7, 2, 5, 8, 3, 6, 9, -1, -4, -7, -2, -5, -8, -3, -6, -9};
    const float scales[] = {0.01f, 0.02f};
    const struct ev_net_layer layers[] = {
        {.kind = EV_NET_TAKE, .name = "take", .scale = 0.5, .groups = 1},
        {.kind = EV_NET_CONV,
         .name = "conv",
         .scale = 0.5,
         .arithmetic = EV_NET_INT8,
         .n_in = 3,
         .n_out = 2,
         .kernel = {1, 3},
         .stride = {1, 1},
         .dilation = {1, 1},
         .groups = 1,
         .weight = weights,
         .weight_scales = scales},
        {.kind = EV_NET_FLATTEN, .name = "flat", .groups = 1},
        {.kind = EV_NET_DEQUANTIZE, .name = "end", .groups = 1},
    };
    const struct ev_net net = {layers, 4};
    const struct ev_shape shape = {1, 3, 3};
    struct ev_cuda_pack pack;
    struct ev_plan *plan;

    ev_assert_ok(
        ev_plan_make(&net, "net", EV_FORM_U8_NHWC, &shape, 2, EV_REQUANT_AMX, &plan, &err));
    ev_assert_ok(ev_cuda_pack(plan, "net", &pack, &err));
    const struct ev_cuda_part *part = &pack.parts[1];
    ck_assert(part->by_tiles && part->n_tiles == 1 && part->n_runs == 1 && part->run_steps == 1);
    const uint64_t *tiles = (const uint64_t *)((const char *)pack.memory + part->tiles);
    for (int lane = 0; lane < EV_CUDA_WARP; lane++) {
        for (int byte = 0; byte < 8; byte++) {
            const int channel = lane / 4, k = byte / 4 * 16 + lane % 4 * 4 + byte % 4;
            const int pixel = k / 4, from = k % 4;
            const bool is_one = channel < 2 && pixel < 3 && from < 3;
            const int8_t expected = is_one ? (int8_t)(from + 1 + 3 * pixel) : 0;
            ck_assert_int_eq((int8_t)(tiles[lane] >> 8 * byte),
                             channel == 1 ? -expected : expected);
        }
    }
    ev_cuda_unpack(&pack);
    ev_plan_free(plan);
}
END_TEST

START_TEST(tensors_too_large_are_named)
{
    const struct ev_net_layer layer = {.name = "wide"};
    struct ev_step step = {.layer = &layer, .in = {16384, 16384, 3}, .out = {1, 1, 1}};
    const struct ev_plan plan = {.steps = &step, .n_steps = 1};

    ev_assert_ok(ev_cuda_check_counts(&plan, 1, &err));
    ev_assert_fails(ev_cuda_check_counts(&plan, 2, &err), EV_UNSUPPORTED,
                    "layer wide: tensors of 2 pictures have more values than kernels count");
    step.in.width++;
    ev_assert_fails(ev_cuda_check_counts(&plan, 1, &err), EV_UNSUPPORTED, "layer wide");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("cuda");
    TCase *cuda = tcase_create("cuda");

    tcase_set_timeout(cuda, 60);
    tcase_add_loop_test(cuda, every_case_equals_plain_c, 0, 6);
    tcase_add_loop_test(cuda, in_every_order, EV_REQUANT_AMX, EV_REQUANT_FBGEMM + 1);
    tcase_add_loop_test(cuda, black_and_white, EV_CASE_BLACK, EV_N_CASE_PICTURES);
    tcase_add_test(cuda, tiles_are_in_the_order_of_lanes);
    tcase_add_test(cuda, tensors_too_large_are_named);
    suite_add_tcase(suite, cuda);
    return suite;
}
