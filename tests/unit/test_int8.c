/* SPDX-License-Identifier: MIT */
/*
 * Networks in plain C against loops over one output value at a time, in PyTorch's order of axes:
 * borders, strides, gaps, groups, flat tensors; and those that cannot be.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "int8/dynamic.h"
#include "int8/run.h"

#define N_ROWS   3
#define MAX_LIST 20000

static struct ev_error err = EV_ERROR_INIT;

/* Memory of the layers. */
static int8_t weights[2][MAX_LIST];
static float floats[2][MAX_LIST], scales[2][64], biases[2][64];

static struct ev_net_layer plain(enum ev_net_kind kind, double scale, int32_t zero_point)
{
    struct ev_net_layer layer = {
        .kind = kind, .scale = scale, .zero_point = zero_point, .groups = 1};

    snprintf(layer.name, sizeof layer.name, "step%d", (int)kind);
    return layer;
}

/* A layer with random weights in list `i`. */
static struct ev_net_layer weighted(int i, enum ev_net_kind kind, enum ev_net_arithmetic arithmetic,
                                    int32_t n_in, int32_t n_out)
{
    struct ev_net_layer layer = plain(kind, 0.05, 7);
    struct ev_rng rng = ev_rng_at(5, EV_RNG_TEST, (uint64_t)i);

    for (int k = 0; k < MAX_LIST; k++) {
        weights[i][k] = (int8_t)((int)ev_rng_below(&rng, 255) - 127);
        floats[i][k] = (float)weights[i][k] / 100.0f;
    }
    for (int k = 0; k < 64; k++) {
        scales[i][k] = 0.001f + (float)k * 1e-5f;
        biases[i][k] = (float)ev_rng_below(&rng, 100) / 50.0f - 1.0f;
    }
    layer.arithmetic = arithmetic;
    layer.n_in = n_in;
    layer.n_out = n_out;
    layer.weight = weights[i];
    layer.weight_floats = floats[i];
    layer.weight_scales = scales[i];
    layer.bias = biases[i];
    for (int k = 0; k < 2; k++)
        layer.kernel[k] = layer.stride[k] = layer.dilation[k] = 1;
    return layer;
}

/* Sum of output (o, y, x) of a convolution over a picture (C, H, W) of doubles, 0 outside. */
static double sum_at(const struct ev_net_layer *conv, const struct ev_shape *in,
                     const double *picture, int o, int y, int x)
{
    const int n_in = conv->n_in / conv->groups;
    const int first = o / (conv->n_out / conv->groups) * n_in;
    double sum = 0.0;

    for (int i = 0; i < n_in; i++) {
        for (int ky = 0; ky < conv->kernel[0]; ky++) {
            for (int kx = 0; kx < conv->kernel[1]; kx++) {
                const int at_y = y * conv->stride[0] + ky * conv->dilation[0] - conv->padding[0];
                const int at_x = x * conv->stride[1] + kx * conv->dilation[1] - conv->padding[1];
                const int w = ((o * n_in + i) * conv->kernel[0] + ky) * conv->kernel[1] + kx;
                if (at_y < 0 || at_y >= in->height || at_x < 0 || at_x >= in->width)
                    continue;
                sum += picture[((first + i) * in->height + at_y) * in->width + at_x] *
                       (conv->arithmetic == EV_NET_FLOAT32 ? (double)conv->weight_floats[w]
                                                           : conv->weight[w]);
            }
        }
    }
    return sum;
}

static void run_net(const struct ev_net_layer *layers, int32_t n, uint32_t form,
                    const struct ev_shape *shape, int32_t n_outputs, const void *pictures,
                    float *outputs)
{
    const struct ev_net net = {layers, n};
    struct ev_plan *plan;

    ev_assert_ok(ev_plan_make(&net, "net", form, shape, n_outputs, EV_REQUANT_AVX512, &plan, &err));
    struct ev_scratch *scratch = ev_scratch_new(plan, N_ROWS);
    ck_assert_ptr_nonnull(scratch);
    ev_assert_ok(ev_plan_run(plan, scratch, pictures, N_ROWS, outputs, NULL, &err));
    ev_scratch_free(scratch);
    ev_plan_free(plan);
}

static const struct geometry {
    int32_t kernel[2], stride[2], padding[2], dilation[2], groups;
    int32_t out[2]; /* of 11 x 9 */
} geometries[] = {
    {{3, 3}, {1, 1}, {0, 0}, {1, 1}, 1, {9, 7}},   {{5, 3}, {2, 3}, {0, 0}, {1, 1}, 1, {4, 3}},
    {{3, 3}, {1, 1}, {1, 2}, {1, 1}, 1, {11, 11}}, {{3, 2}, {1, 1}, {0, 0}, {2, 3}, 1, {7, 6}},
    {{3, 3}, {2, 2}, {1, 1}, {1, 1}, 2, {6, 5}},   {{1, 1}, {1, 1}, {0, 0}, {1, 1}, 4, {11, 9}},
    {{11, 9}, {1, 1}, {0, 0}, {1, 1}, 1, {1, 1}},
};
#define N_GEOMETRIES ((int)(sizeof geometries / sizeof geometries[0]))

/* A convolution of 4 to 8 channels, flattened, and a linear layer to 3 outputs: the last layer sees
 * each value of the first. */
START_TEST(convolutions_of_any_geometry)
{
    const struct geometry *geometry = &geometries[_i];
    const struct ev_shape shape = {11, 9, 4};
    const int n_pixels = geometry->out[0] * geometry->out[1];
    static uint8_t pictures[N_ROWS * 11 * 9 * 4];
    static double integers[11 * 9 * 4], second[8 * 121];
    float outputs[N_ROWS * 3];
    struct ev_rng rng = ev_rng_at(6, EV_RNG_TEST, 0);
    struct ev_net_layer conv = weighted(0, EV_NET_CONV, EV_NET_INT8, 4, 8);
    struct ev_net_layer linear = weighted(1, EV_NET_LINEAR, EV_NET_INT8, 8 * n_pixels, 3);

    memcpy(conv.kernel, geometry->kernel, sizeof conv.kernel);
    memcpy(conv.stride, geometry->stride, sizeof conv.stride);
    memcpy(conv.padding, geometry->padding, sizeof conv.padding);
    memcpy(conv.dilation, geometry->dilation, sizeof conv.dilation);
    conv.groups = geometry->groups;
    conv.relu = _i % 2;
    linear.scale = 0.4;
    linear.zero_point = 120;
    for (size_t i = 0; i < sizeof pictures; i++)
        pictures[i] = (uint8_t)ev_rng_below(&rng, 256);
    const struct ev_net_layer layers[] = {plain(EV_NET_TAKE, 0.01, 31), conv,
                                          plain(EV_NET_FLATTEN, 0, 0), linear,
                                          plain(EV_NET_DEQUANTIZE, 0, 0)};
    run_net(layers, 5, EV_FORM_U8_NHWC, &shape, 3, pictures, outputs);

    for (int row = 0; row < N_ROWS; row++) {
        for (int i = 0; i < 11 * 9 * 4; i++)
            integers[i % 4 * 99 + i / 4] = (int)pictures[row * 11 * 9 * 4 + i] - 31;
        for (int i = 0; i < 8 * n_pixels; i++) {
            const int o = i / n_pixels, y = i % n_pixels / geometry->out[1];
            const double sum = sum_at(&conv, &shape, integers, o, y, i % geometry->out[1]);
            const struct ev_requant_channel channel =
                ev_requant_channel(EV_REQUANT_AVX512, 0.01, scales[0][o], biases[0][o], conv.scale);
            const struct ev_requant_output output =
                ev_requant_output(EV_REQUANT_AVX512, conv.relu, conv.scale, conv.zero_point);
            second[i] = ev_requant((int32_t)sum, &channel, &output) - conv.zero_point;
        }
        for (int o = 0; o < 3; o++) {
            double sum = 0.0;
            for (int i = 0; i < 8 * n_pixels; i++)
                sum += second[i] * weights[1][o * 8 * n_pixels + i];
            const struct ev_requant_channel channel = ev_requant_channel(
                EV_REQUANT_FBGEMM, conv.scale, scales[1][o], biases[1][o], linear.scale);
            const struct ev_requant_output output =
                ev_requant_output(EV_REQUANT_FBGEMM, false, linear.scale, linear.zero_point);
            const int integer = ev_requant((int32_t)sum, &channel, &output);
            ck_assert(outputs[row * 3 + o] == (float)(integer - linear.zero_point) * 0.4f);
        }
    }
}
END_TEST

/* Floats come plane by plane; the same convolution in float32, and a clamp. */
START_TEST(floats_in_planes)
{
    const struct ev_shape shape = {5, 4, 2};
    static float pictures[N_ROWS * 2 * 5 * 4];
    double picture[2 * 5 * 4];
    float outputs[N_ROWS * 6];
    struct ev_rng rng = ev_rng_at(7, EV_RNG_TEST, 0);
    struct ev_net_layer conv = weighted(0, EV_NET_CONV, EV_NET_FLOAT32, 2, 6);
    struct ev_net_layer clamp = plain(EV_NET_CLAMP, 0, 0);

    conv.kernel[0] = 5;
    conv.kernel[1] = 4;
    clamp.low = -0.5;
    clamp.high = 1.0;
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        pictures[i] = (float)ev_rng_below(&rng, 1000) / 500.0f;
    const struct ev_net_layer layers[] = {plain(EV_NET_DIVIDE, 2.0, 0), conv, clamp,
                                          plain(EV_NET_FLATTEN, 0, 0)};
    run_net(layers, 4, EV_FORM_F32_NCHW, &shape, 6, pictures, outputs);

    for (int row = 0; row < N_ROWS; row++) {
        for (int i = 0; i < 40; i++)
            picture[i] = (double)pictures[row * 40 + i] / 2.0;
        for (int o = 0; o < 6; o++) {
            const double value = sum_at(&conv, &shape, picture, o, 0, 0) + (double)biases[0][o];
            const double expected = fmin(fmax(value, -0.5), 1.0);
            ck_assert_double_eq_tol((double)outputs[row * 6 + o], expected, 1e-5);
        }
    }
}
END_TEST

/* One range for all rows of the piece. */
START_TEST(dynamic_layers_share_a_range)
{
    const struct ev_shape shape = {1, 1, 5};
    const float pictures[N_ROWS * 5] = {0.5f, -1.0f, 2.0f, 0.0f,  1.0f, 3.0f, 0.1f, 0.2f,
                                        0.3f, 0.4f,  0.0f, -0.5f, 0.6f, 0.7f, 0.9f};
    float outputs[N_ROWS * 2];
    struct ev_net_layer linear = weighted(0, EV_NET_LINEAR, EV_NET_DYNAMIC, 5, 2);
    const struct ev_dynamic range = ev_dynamic_choose(-1.0f, 3.0f, true);

    linear.reduce_range = true;
    linear.relu = true;
    const struct ev_net_layer layers[] = {plain(EV_NET_FLATTEN, 0, 0), linear};
    run_net(layers, 2, EV_FORM_F32_NCHW, &shape, 2, pictures, outputs);
    for (int row = 0; row < N_ROWS; row++) {
        for (int o = 0; o < 2; o++) {
            int32_t sum = 0;
            for (int i = 0; i < 5; i++) {
                const float value = pictures[row * 5 + i] * (1.0f / (float)range.scale);
                sum += ((int32_t)rintf(value)) * weights[0][o * 5 + i];
            }
            const float value = fmaf((float)sum, (float)range.scale * scales[0][o], biases[0][o]);
            ck_assert(outputs[row * 2 + o] == (value > 0.0f ? value : 0.0f));
        }
    }
}
END_TEST

START_TEST(values_that_are_not_finite_have_no_range)
{
    const struct ev_shape shape = {1, 1, 5};
    float pictures[N_ROWS * 5] = {0}, outputs[N_ROWS * 2];
    const struct ev_net_layer layers[] = {plain(EV_NET_FLATTEN, 0, 0),
                                          weighted(0, EV_NET_LINEAR, EV_NET_DYNAMIC, 5, 2)};
    const struct ev_net net = {layers, 2};
    struct ev_plan *plan;

    pictures[7] = NAN;
    ev_assert_ok(
        ev_plan_make(&net, "net", EV_FORM_F32_NCHW, &shape, 2, EV_REQUANT_AMX, &plan, &err));
    struct ev_scratch *scratch = ev_scratch_new(plan, N_ROWS);
    ev_assert_fails(ev_plan_run(plan, scratch, pictures, N_ROWS, outputs, NULL, &err), EV_INPUT,
                    "layer step5 gets values that are not finite");
    ev_scratch_free(scratch);
    ev_plan_free(plan);
}
END_TEST

static enum ev_status plan_of(const struct ev_net_layer *layers, int32_t n, int32_t n_outputs)
{
    const struct ev_shape shape = {11, 9, 4};
    const struct ev_net net = {layers, n};
    struct ev_plan *plan;
    const enum ev_status status = ev_plan_make(&net, "net.pt", EV_FORM_U8_NHWC, &shape, n_outputs,
                                               EV_REQUANT_AMX, &plan, &err);

    ck_assert((plan != NULL) == (status == EV_OK));
    ev_plan_free(plan);
    return status;
}

START_TEST(what_does_not_fit_is_named)
{
    struct ev_net_layer take = plain(EV_NET_TAKE, 0.01, 0), flat = plain(EV_NET_FLATTEN, 0, 0);
    struct ev_net_layer conv = weighted(0, EV_NET_CONV, EV_NET_INT8, 4, 8);
    struct ev_net_layer linear = weighted(1, EV_NET_LINEAR, EV_NET_INT8, 396, 2);
    const struct ev_net_layer end = plain(EV_NET_DEQUANTIZE, 0, 0);

    snprintf(conv.name, sizeof conv.name, "see");
    snprintf(linear.name, sizeof linear.name, "head");
    ev_assert_ok(plan_of((struct ev_net_layer[]){take, flat, linear, end}, 4, 2));
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, flat, linear, end}, 4, 3), EV_INPUT,
                    "net.pt: gives 2 outputs, expected 3");
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, flat, linear}, 3, 2), EV_INPUT,
                    "net.pt: gives no floating-point tensor");
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, conv, end}, 3, 2), EV_UNSUPPORTED,
                    "net.pt: gives images");
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, linear, end}, 3, 2), EV_INPUT,
                    "net.pt: layer head wants 396 values, but gets 396 of an image");
    ev_assert_fails(plan_of((struct ev_net_layer[]){conv, end}, 2, 2), EV_UNSUPPORTED,
                    "net.pt: layer see computes with integers, but gets bytes");
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, flat, conv, end}, 4, 2), EV_INPUT,
                    "net.pt: layer see wants 4 channels, but gets 4 values of a flat tensor");
    conv.kernel[1] = 10;
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, conv, end}, 3, 2), EV_INPUT,
                    "net.pt: layer see is wider than its input of 11 x 9 pixels");
    conv.kernel[1] = 1;
    conv.n_in = 3;
    ev_assert_fails(plan_of((struct ev_net_layer[]){take, conv, end}, 3, 2), EV_INPUT,
                    "net.pt: layer see wants 3 channels, but gets 4 values of a pixel");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("int8");
    TCase *int8 = tcase_create("int8");

    tcase_add_loop_test(int8, convolutions_of_any_geometry, 0, N_GEOMETRIES);
    tcase_add_test(int8, floats_in_planes);
    tcase_add_test(int8, dynamic_layers_share_a_range);
    tcase_add_test(int8, values_that_are_not_finite_have_no_range);
    tcase_add_test(int8, what_does_not_fit_is_named);
    suite_add_tcase(suite, int8);
    return suite;
}
