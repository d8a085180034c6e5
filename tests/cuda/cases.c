/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/lane.h"
#include "cuda/launch.h"
#include "cuda/pack.h"
#include "int8/run.h"

/* --- Random numbers, the same everywhere --- */

static uint32_t next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static int below(uint64_t *state, int n)
{
    return (int)(next_number(state) % (uint32_t)n);
}

/* --- Networks --- */

static void *keep(struct ev_case_net *net, size_t n_bytes)
{
    void *memory = calloc(1, n_bytes + 1);

    net->memory[net->n_memory++] = memory;
    return memory;
}

static struct ev_net_layer *add(struct ev_case_net *net, enum ev_net_kind kind, double scale,
                                int32_t zero_point)
{
    struct ev_net_layer *layer = &net->layers[net->n_layers++];

    *layer = (struct ev_net_layer){
        .kind = kind,
        .scale = scale,
        .zero_point = zero_point,
        .groups = 1,
        .kernel = {1, 1},
        .stride = {1, 1},
        .dilation = {1, 1},
    };
    snprintf(layer->name, sizeof layer->name, "step%d", net->n_layers);
    return layer;
}

/* A layer of n_products for each output, with random weights, scales and biases. */
static struct ev_net_layer *add_weighted(struct ev_case_net *net, enum ev_net_kind kind,
                                         enum ev_net_arithmetic arithmetic, int n_in, int n_out,
                                         int n_products)
{
    struct ev_net_layer *layer = add(net, kind, 0.03 * sqrt(n_products), 90);
    const size_t n = (size_t)n_out * (size_t)n_products;
    int8_t *weights = keep(net, n);
    float *floats = keep(net, n * sizeof *floats);
    float *scales = keep(net, (size_t)n_out * sizeof *scales);
    float *bias = keep(net, (size_t)n_out * sizeof *bias);

    for (size_t i = 0; i < n; i++) {
        weights[i] = (int8_t)(below(&net->seed, 256) - 128);
        floats[i] = (float)weights[i] / 200.0f;
    }
    for (int i = 0; i < n_out; i++) {
        scales[i] = 0.0005f + (float)below(&net->seed, 1000) * 1e-6f;
        bias[i] = (float)below(&net->seed, 1000) / 500.0f - 1.0f;
    }
    layer->arithmetic = arithmetic;
    layer->n_in = n_in;
    layer->n_out = n_out;
    layer->weight = weights;
    layer->weight_floats = floats;
    layer->weight_scales = scales;
    layer->bias = bias;
    return layer;
}

static struct ev_net_layer *add_conv(struct ev_case_net *net, enum ev_net_arithmetic arithmetic,
                                     int n_in, int n_out, int height, int width, int groups)
{
    struct ev_net_layer *layer =
        add_weighted(net, EV_NET_CONV, arithmetic, n_in, n_out, n_in / groups * height * width);

    layer->kernel[0] = height;
    layer->kernel[1] = width;
    layer->groups = groups;
    return layer;
}

static void set_pair(int32_t pair[2], int32_t first, int32_t second)
{
    pair[0] = first;
    pair[1] = second;
}

static void start(struct ev_case_net *net, uint32_t form, int height, int width, int channels)
{
    net->form = form;
    net->shape = (struct ev_shape){height, width, channels};
}

/* Bytes taken as integers of a zero point that is not 0. */
static void start_bytes(struct ev_case_net *net, int height, int width, int channels)
{
    start(net, EV_FORM_U8_NHWC, height, width, channels);
    add(net, EV_NET_TAKE, 0.01, 31);
}

/* The end: flat, a linear layer, floats. */
static void finish(struct ev_case_net *net, int n_values, int n_outputs)
{
    add(net, EV_NET_FLATTEN, 0.0, 0);
    add_weighted(net, EV_NET_LINEAR, EV_NET_INT8, n_values, n_outputs, n_values);
    add(net, EV_NET_DEQUANTIZE, 0.0, 0);
    net->n_outputs = n_outputs;
}

static void make_steps(struct ev_case_net *net)
{
    struct ev_net_layer *conv;

    start_bytes(net, 13, 18, 3);
    conv = add_conv(net, EV_NET_INT8, 3, 24, 5, 5, 1);
    set_pair(conv->stride, 2, 2);
    conv->relu = true;
    conv->zero_point = 0;
    conv = add_conv(net, EV_NET_INT8, 24, 36, 3, 3, 1);
    conv->relu = true;
    finish(net, 3 * 5 * 36, 4);
}

/* 70 channels are two groups of tiles, the second not full; 5 channels are padded to 8. */
static void make_many_channels(struct ev_case_net *net)
{
    start_bytes(net, 9, 11, 5);
    add_conv(net, EV_NET_INT8, 5, 70, 2, 4, 1)->bias = NULL;
    add_conv(net, EV_NET_INT8, 70, 7, 1, 1, 1);
    finish(net, 8 * 8 * 7, 12);
}

/* Lines of the kernel with gaps between, but none in them. */
static void make_gaps_between_lines(struct ev_case_net *net)
{
    struct ev_net_layer *conv;

    start_bytes(net, 12, 10, 4);
    conv = add_conv(net, EV_NET_INT8, 4, 8, 3, 2, 1);
    set_pair(conv->dilation, 2, 1);
    set_pair(conv->stride, 1, 3);
    finish(net, 8 * 3 * 8, 4);
}

static void make_gaps(struct ev_case_net *net)
{
    struct ev_net_layer *conv;

    start_bytes(net, 12, 10, 4);
    conv = add_conv(net, EV_NET_INT8, 4, 8, 3, 2, 1);
    set_pair(conv->dilation, 2, 3);
    finish(net, 8 * 7 * 8, 4);
}

static void make_border(struct ev_case_net *net)
{
    struct ev_net_layer *conv;

    start_bytes(net, 7, 6, 3);
    conv = add_conv(net, EV_NET_INT8, 3, 8, 3, 3, 1);
    set_pair(conv->padding, 1, 2);
    finish(net, 7 * 8 * 8, 4);
}

static void make_groups(struct ev_case_net *net)
{
    struct ev_net_layer *conv;

    start_bytes(net, 8, 8, 6);
    conv = add_conv(net, EV_NET_INT8, 6, 12, 3, 3, 3);
    set_pair(conv->stride, 2, 1);
    finish(net, 3 * 6 * 12, 4);
}

/* Long rows, more outputs than a warp's tiles, and few behind them. */
static void make_linear(struct ev_case_net *net)
{
    start_bytes(net, 3, 11, 6);
    add(net, EV_NET_FLATTEN, 0.0, 0);
    add_weighted(net, EV_NET_LINEAR, EV_NET_INT8, 3 * 11 * 6, 76, 3 * 11 * 6)->relu = true;
    add_weighted(net, EV_NET_LINEAR, EV_NET_INT8, 76, 2, 76);
    add(net, EV_NET_DEQUANTIZE, 0.0, 0);
    net->n_outputs = 2;
}

/* Zero points at both ends, ReLU and a clamp of integers. */
static void make_clamps(struct ev_case_net *net)
{
    struct ev_net_layer *layer;

    start(net, EV_FORM_U8_NHWC, 6, 8, 3);
    add(net, EV_NET_TAKE, 0.02, 255);
    layer = add_conv(net, EV_NET_INT8, 3, 8, 3, 3, 1);
    layer->zero_point = 120;
    add(net, EV_NET_RELU, 0.0, 0);
    layer = add(net, EV_NET_CLAMP, 0.0, 0);
    layer->low = 0.3;
    layer->high = 6.0;
    finish(net, 4 * 6 * 8, 4);
}

/* Pictures as floats, quantised. */
static void make_planes(struct ev_case_net *net)
{
    start(net, EV_FORM_F32_NCHW, 7, 9, 3);
    add(net, EV_NET_QUANTIZE, 1.0 / 255.0, 3);
    add_conv(net, EV_NET_INT8, 3, 8, 3, 3, 1);
    finish(net, 5 * 7 * 8, 4);
}

/* One range for the values of each piece of rows. */
static void make_dynamic(struct ev_case_net *net)
{
    struct ev_net_layer *layer;

    start(net, EV_FORM_U8_NHWC, 3, 5, 3);
    add(net, EV_NET_DIVIDE, 300.0, 0);
    add(net, EV_NET_FLATTEN, 0.0, 0);
    layer = add_weighted(net, EV_NET_LINEAR, EV_NET_DYNAMIC, 45, 20, 45);
    layer->reduce_range = true;
    layer->relu = true;
    layer = add_weighted(net, EV_NET_LINEAR, EV_NET_DYNAMIC, 20, 4, 20);
    layer->bias = NULL;
    net->n_outputs = 4;
}

static void make_dynamic_conv(struct ev_case_net *net)
{
    struct ev_net_layer *layer;

    start(net, EV_FORM_F32_NCHW, 5, 6, 3);
    add(net, EV_NET_DIVIDE, 0.7, 0);
    layer = add_conv(net, EV_NET_DYNAMIC, 3, 4, 3, 3, 1);
    set_pair(layer->padding, 1, 1);
    layer = add_conv(net, EV_NET_DYNAMIC, 4, 4, 5, 6, 1);
    add(net, EV_NET_FLATTEN, 0.0, 0);
    net->n_outputs = 4;
}

static void make_floats(struct ev_case_net *net)
{
    struct ev_net_layer *layer;

    start(net, EV_FORM_U8_NHWC, 9, 12, 3);
    add(net, EV_NET_DIVIDE, 255.0, 0);
    layer = add_conv(net, EV_NET_FLOAT32, 3, 10, 3, 3, 1);
    set_pair(layer->stride, 2, 1);
    set_pair(layer->padding, 1, 0);
    layer->relu = true;
    layer = add(net, EV_NET_CLAMP, 0.0, 0);
    layer->low = 0.1;
    layer->high = 2.0;
    add_conv(net, EV_NET_FLOAT32, 10, 6, 2, 2, 2);
    add(net, EV_NET_FLATTEN, 0.0, 0);
    add_weighted(net, EV_NET_LINEAR, EV_NET_FLOAT32, 4 * 9 * 6, 9, 4 * 9 * 6);
    net->n_outputs = 9;
}

const struct ev_case ev_cases[] = {
    {"steps", make_steps},
    {"many channels", make_many_channels},
    {"gaps between lines", make_gaps_between_lines},
    {"gaps", make_gaps},
    {"border", make_border},
    {"groups", make_groups},
    {"linear", make_linear},
    {"clamps", make_clamps},
    {"planes", make_planes},
    {"dynamic", make_dynamic},
    {"dynamic convolutions", make_dynamic_conv},
    {"floats", make_floats},
    {NULL, NULL},
};

/* --- Comparing --- */

/* What a comparison holds while it goes on. */
struct comparison {
    struct ev_cuda_program program;
    struct ev_cuda_lane lane;
    struct ev_plan *plan;
    const char *pictures;
    int64_t n_rows;
    struct ev_case_result *result;
};

enum ev_status ev_case_plain(const struct ev_plan *plan, const void *pictures, int64_t n_rows,
                             size_t row_bytes, void *outputs, struct ev_error *err)
{
    const size_t n_floats = (row_bytes + sizeof(float) - 1) / sizeof(float);
    struct ev_plan roomy = *plan;
    enum ev_status status = EV_OK;

    /* Outputs are copied as floats: of bytes, up to three more than there are. */
    roomy.n_outputs = (int32_t)n_floats;
    roomy.max_bytes += (int64_t)sizeof(float) - 1;
    struct ev_scratch *scratch = ev_scratch_new(&roomy, EV_NET_PIECE_ROWS);
    float *piece = malloc(EV_NET_PIECE_ROWS * n_floats * sizeof *piece);
    if (!scratch || !piece)
        status = ev_fail(err, EV_MEMORY, "no memory for plain C");
    for (int64_t row = 0; row < n_rows && status == EV_OK; row += EV_NET_PIECE_ROWS) {
        const int64_t left = n_rows - row;
        const int64_t n = left < EV_NET_PIECE_ROWS ? left : EV_NET_PIECE_ROWS;
        status = ev_plan_run(&roomy, scratch,
                             (const char *)pictures + (size_t)row * ev_plan_picture_bytes(plan), n,
                             piece, NULL, err);
        if (status == EV_OK)
            memcpy((char *)outputs + (size_t)row * row_bytes, piece, (size_t)n * row_bytes);
    }
    free(piece);
    ev_scratch_free(scratch);
    return status;
}

static void note(struct ev_case_result *result, const struct ev_step *step, int64_t row,
                 int64_t value, double found, double expected)
{
    if (!result->first[0])
        snprintf(result->first, sizeof result->first, "%s, row %lld, value %lld: %g, not %g",
                 step->layer->name, (long long)row, (long long)value, found, expected);
}

/* Compares what the device has with what plain C has, value by value. */
static void compare_values(const struct comparison *comparison, const struct ev_step *step,
                           const void *found, const void *expected, bool is_exact)
{
    struct ev_case_result *result = comparison->result;
    const bool is_float = step->out_tensor == EV_TENSOR_FLOATS;
    const int64_t n_values = ev_shape_values(&step->out);
    const int32_t n_channels = step->out.channels;
    const int64_t pitch =
        step->out_tensor == EV_TENSOR_INTEGERS ? ev_cuda_pitch(n_channels) : n_channels;

    for (int64_t i = 0; i < comparison->n_rows * n_values; i++) {
        const int64_t at = i / n_channels * pitch + i % n_channels;
        const double a =
            is_float ? (double)((const float *)found)[at] : (double)((const uint8_t *)found)[at];
        const double b = is_float ? (double)((const float *)expected)[i]
                                  : (double)((const uint8_t *)expected)[i];
        const double difference = fabs(a - b) / (is_exact ? 1.0 : fabs(b) + 0.1);
        result->n_integers += is_exact;
        if (is_exact ? a != b : !(difference <= 1e-4)) {
            result->n_different += is_exact;
            note(result, step, i / n_values, i % n_values, a, b);
        }
        if (!is_exact && difference > result->largest)
            result->largest = difference;
    }
}

/* Whether the first n steps give the same to the bit: no sum of floats is among them. */
static bool is_exact(const struct ev_plan *plan, int32_t n_steps)
{
    for (int32_t i = 0; i < n_steps; i++) {
        if (plan->steps[i].n_products > 0 && plan->steps[i].layer->arithmetic == EV_NET_FLOAT32)
            return false;
    }
    return true;
}

/* The tensor after the first n steps. */
static enum ev_status compare_step(struct comparison *comparison, int32_t n_steps,
                                   struct ev_error *err)
{
    const struct ev_plan *whole = comparison->plan;
    const struct ev_step *step = &whole->steps[n_steps - 1];
    struct ev_plan first = *whole;
    struct ev_cuda_program program = comparison->program;
    struct ev_cuda_lane *lane = &comparison->lane;
    const struct ev_shape padded = {step->out.height, step->out.width,
                                    step->out_tensor == EV_TENSOR_INTEGERS
                                        ? ev_cuda_pitch(step->out.channels)
                                        : step->out.channels};
    const size_t value_bytes = ev_tensor_bytes(step->out_tensor);
    const size_t n_bytes =
        (size_t)comparison->n_rows * (size_t)ev_shape_values(&padded) * value_bytes;
    void *found = malloc(n_bytes);
    const size_t row_bytes = (size_t)ev_shape_values(&step->out) * value_bytes;
    void *expected = malloc((size_t)comparison->n_rows * row_bytes);
    CUdeviceptr at = 0;

    first.n_steps = n_steps;
    program.plan = &first;
    enum ev_status status = found && expected
                                ? ev_case_plain(&first, comparison->pictures, comparison->n_rows,
                                                row_bytes, expected, err)
                                : ev_fail(err, EV_MEMORY, "no memory for tensors");
    if (status == EV_OK)
        status = ev_cuda_lane_send(lane, &program, comparison->pictures, comparison->n_rows, err);
    if (status == EV_OK)
        status = ev_cuda_lane_compute(lane, &program, comparison->n_rows, NULL, &at, err);
    if (status == EV_OK)
        status = ev_cuda_device_check(
            lane->device, lane->device->driver->cuMemcpyDtoHAsync(found, at, n_bytes, lane->stream),
            "copying", err);
    if (status == EV_OK)
        status = ev_cuda_lane_wait(lane, &comparison->program, err);
    if (status == EV_OK)
        compare_values(comparison, step, found, expected, is_exact(whole, n_steps));
    free(found);
    free(expected);
    return status;
}

enum ev_status ev_case_compare(const struct ev_cuda_device *device, const struct ev_net *net,
                               uint32_t form, const struct ev_shape *shape, int32_t n_outputs,
                               enum ev_requant_order order, const void *pictures, int64_t n_rows,
                               struct ev_case_result *result, struct ev_error *err)
{
    struct comparison comparison = {.pictures = pictures, .n_rows = n_rows, .result = result};
    enum ev_status status =
        ev_plan_make(net, "net", form, shape, n_outputs, order, &comparison.plan, err);

    if (status == EV_OK)
        status = ev_cuda_program_open(device, comparison.plan, "net", &comparison.program, err);
    if (status == EV_OK)
        status = ev_cuda_lane_open(&comparison.program, NULL, n_rows, &comparison.lane, err);
    for (int32_t i = 1; status == EV_OK && i <= comparison.plan->n_steps; i++)
        status = compare_step(&comparison, i, err);
    ev_cuda_lane_close(&comparison.lane);
    ev_cuda_program_close(&comparison.program);
    ev_plan_free(comparison.plan);
    return status;
}

void *ev_case_pictures(struct ev_case_net *net, int64_t n_rows, enum ev_case_pictures which)
{
    const int64_t n_values = ev_shape_values(&net->shape);
    const size_t n = (size_t)(n_rows * n_values);
    float *floats = malloc(n * sizeof *floats);
    uint8_t *bytes = (uint8_t *)floats;

    for (size_t i = 0; floats && i < n; i++) {
        const int brightest = 255 - (int)((int64_t)i / n_values) % 200;
        const int value = which == EV_CASE_BLACK   ? 0
                          : which == EV_CASE_WHITE ? 255
                                                   : below(&net->seed, brightest + 1);
        if (net->form == EV_FORM_U8_NHWC)
            bytes[i] = (uint8_t)value;
        else
            floats[i] = (float)value / 255.0f;
    }
    return floats;
}

void ev_case_make(const struct ev_case *one, struct ev_case_net *net)
{
    *net = (struct ev_case_net){.seed = 4711};
    one->make(net);
}

void ev_case_free(struct ev_case_net *net)
{
    for (int i = 0; i < net->n_memory; i++)
        free(net->memory[i]);
}

enum ev_status ev_case_run(const struct ev_cuda_device *device, const struct ev_case *one,
                           int64_t n_rows, enum ev_requant_order order, enum ev_case_pictures which,
                           struct ev_case_result *result, struct ev_error *err)
{
    struct ev_case_net made;

    ev_case_make(one, &made);
    const struct ev_net net = {made.layers, made.n_layers};
    void *pictures = ev_case_pictures(&made, n_rows, which);
    const enum ev_status status =
        pictures ? ev_case_compare(device, &net, made.form, &made.shape, made.n_outputs, order,
                                   pictures, n_rows, result, err)
                 : ev_fail(err, EV_MEMORY, "no memory for pictures");
    free(pictures);
    ev_case_free(&made);
    return status;
}
