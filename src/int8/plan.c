/* SPDX-License-Identifier: MIT */
#include "int8/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Products of one output that surely fit into 31 bits: 255 * 128 each. */
#define MAX_PRODUCTS (INT32_MAX / (255 * 128))

/* Where the walk through the layers is. */
struct walk {
    struct ev_plan *plan;
    const char *path;
    enum ev_requant_order order;
    struct ev_shape shape;
    enum ev_tensor tensor;
    double scale;
    int32_t zero_point;
    bool is_flat;
};

int64_t ev_shape_values(const struct ev_shape *shape)
{
    return (int64_t)shape->height * shape->width * shape->channels;
}

size_t ev_plan_picture_bytes(const struct ev_plan *plan)
{
    return (size_t)ev_shape_values(&plan->shape) *
           (plan->form == EV_FORM_U8_NHWC ? 1 : sizeof(float));
}

size_t ev_tensor_bytes(enum ev_tensor tensor)
{
    return tensor == EV_TENSOR_FLOATS ? sizeof(float) : 1;
}

EV_PRINTF(5, 6)
static enum ev_status refuse(const struct walk *walk, const struct ev_step *step,
                             enum ev_status status, struct ev_error *err, const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ev_fail(err, status, "%s: layer %s %s", walk->path, step->layer->name, text);
}

/* --- Sizes --- */

static enum ev_status size_conv(struct walk *walk, struct ev_step *step, struct ev_error *err)
{
    const struct ev_net_layer *layer = step->layer;
    const int32_t in[2] = {step->in.height, step->in.width};
    int32_t out[2];

    if (walk->is_flat || layer->n_in != step->in.channels)
        return refuse(walk, step, EV_INPUT, err, "wants %d channels, but gets %d values of %s",
                      (int)layer->n_in, (int)step->in.channels,
                      walk->is_flat ? "a flat tensor" : "a pixel");
    for (int i = 0; i < 2; i++) {
        const int64_t reach = (int64_t)layer->dilation[i] * (layer->kernel[i] - 1) + 1;
        const int64_t room = in[i] + 2 * (int64_t)layer->padding[i] - reach;
        if (room < 0)
            return refuse(walk, step, EV_INPUT, err, "is wider than its input of %d x %d pixels",
                          (int)in[0], (int)in[1]);
        out[i] = (int32_t)(room / layer->stride[i]) + 1;
        step->kernel[i] = layer->kernel[i];
    }
    step->out = (struct ev_shape){out[0], out[1], layer->n_out};
    return EV_OK;
}

static enum ev_status size_linear(struct walk *walk, struct ev_step *step, struct ev_error *err)
{
    const struct ev_net_layer *layer = step->layer;
    const int64_t n = ev_shape_values(&step->in);

    if (!walk->is_flat || layer->n_in != n)
        return refuse(walk, step, EV_INPUT, err, "wants %d values, but gets %lld%s",
                      (int)layer->n_in, (long long)n,
                      walk->is_flat ? "" : " of an image that is not flat");
    step->kernel[0] = step->in.height;
    step->kernel[1] = step->in.width;
    step->out = (struct ev_shape){1, 1, layer->n_out};
    return EV_OK;
}

/* --- Weights --- */

/* Where weight (o, i, y, x) of the net lies in the step. */
static size_t place(const struct ev_step *step, size_t n_in, size_t o, size_t i, size_t at)
{
    const size_t n_at = (size_t)step->kernel[0] * (size_t)step->kernel[1];

    return (o * n_at + at) * n_in + i;
}

static void order_weights(struct ev_step *step, size_t n_in)
{
    const struct ev_net_layer *layer = step->layer;
    const size_t n_at = (size_t)step->kernel[0] * (size_t)step->kernel[1];
    size_t from = 0;

    for (size_t o = 0; o < (size_t)layer->n_out; o++) {
        for (size_t i = 0; i < n_in; i++) {
            for (size_t at = 0; at < n_at; at++, from++) {
                const size_t to = place(step, n_in, o, i, at);
                if (layer->arithmetic == EV_NET_FLOAT32) {
                    step->weights_floats[to] = layer->weight_floats[from];
                } else {
                    step->weights[to] = layer->weight[from];
                    step->weight_sums[o] += layer->weight[from];
                }
            }
        }
    }
}

static void set_channels(const struct walk *walk, struct ev_step *step)
{
    const struct ev_net_layer *layer = step->layer;
    const enum ev_requant_order order =
        layer->kind == EV_NET_LINEAR ? EV_REQUANT_FBGEMM : walk->order;

    step->output = ev_requant_output(order, layer->relu, layer->scale, layer->zero_point);
    for (int32_t o = 0; o < layer->n_out; o++)
        step->channels[o] = ev_requant_channel(order, step->in_scale, layer->weight_scales[o],
                                               layer->bias ? layer->bias[o] : 0.0f, layer->scale);
}

static enum ev_status take_weights(struct walk *walk, struct ev_step *step, struct ev_error *err)
{
    const struct ev_net_layer *layer = step->layer;
    const bool is_float = layer->arithmetic == EV_NET_FLOAT32;
    const size_t n_out = (size_t)layer->n_out;
    const size_t n_in =
        (size_t)(layer->kind == EV_NET_CONV ? layer->n_in / layer->groups : step->in.channels);

    step->n_products = (int64_t)n_in * step->kernel[0] * step->kernel[1];
    if (!is_float && step->n_products > MAX_PRODUCTS)
        return refuse(walk, step, EV_UNSUPPORTED, err, "adds up %lld products, more than %d",
                      (long long)step->n_products, MAX_PRODUCTS);
    const size_t n_weights = n_out * (size_t)step->n_products;
    step->weight_sums = calloc(n_out, sizeof *step->weight_sums);
    step->channels = calloc(n_out, sizeof *step->channels);
    if (is_float)
        step->weights_floats = malloc(n_weights * sizeof *step->weights_floats);
    else
        step->weights = malloc(n_weights * sizeof *step->weights);
    if (!step->weight_sums || !step->channels || (!step->weights && !step->weights_floats))
        return ev_fail(err, EV_MEMORY, "%s: out of memory", walk->path);
    order_weights(step, n_in);
    step->weight_bytes = (int64_t)(n_weights * (is_float ? sizeof(float) : 1)) +
                         (layer->bias ? (int64_t)(n_out * sizeof(float)) : 0);
    walk->plan->weight_bytes += step->weight_bytes;
    return EV_OK;
}

/* --- The walk --- */

/* The scale and zero point of the integers that the step gives. */
static enum ev_status take_scale(struct walk *walk, const struct ev_step *step,
                                 struct ev_error *err)
{
    const struct ev_net_layer *layer = step->layer;

    if (!(layer->scale > 0.0) || !isfinite((float)layer->scale) ||
        !isfinite(1.0f / (float)layer->scale))
        return refuse(walk, step, EV_INPUT, err, "has the scale %g", layer->scale);
    if (layer->zero_point < 0 || layer->zero_point > 255)
        return refuse(walk, step, EV_INPUT, err, "has the zero point %d", (int)layer->zero_point);
    walk->scale = layer->scale;
    walk->zero_point = layer->zero_point;
    return EV_OK;
}

static enum ev_status want(const struct walk *walk, const struct ev_step *step,
                           enum ev_tensor tensor, struct ev_error *err)
{
    static const char *const names[] = {"bytes", "integers", "floats"};

    if (step->in_tensor == tensor)
        return EV_OK;
    return refuse(walk, step, EV_UNSUPPORTED, err, "computes with %s, but gets %s", names[tensor],
                  names[step->in_tensor]);
}

static enum ev_status plan_weighted(struct walk *walk, struct ev_step *step, struct ev_error *err)
{
    const struct ev_net_layer *layer = step->layer;
    const bool is_int8 = layer->arithmetic == EV_NET_INT8;
    enum ev_status status = want(walk, step, is_int8 ? EV_TENSOR_INTEGERS : EV_TENSOR_FLOATS, err);

    if (status == EV_OK)
        status =
            layer->kind == EV_NET_CONV ? size_conv(walk, step, err) : size_linear(walk, step, err);
    if (status == EV_OK)
        status = take_weights(walk, step, err);
    if (status != EV_OK)
        return status;
    if (is_int8) {
        set_channels(walk, step);
        status = take_scale(walk, step, err);
    }
    return status;
}

static enum ev_status plan_tensor(struct walk *walk, struct ev_step *step, enum ev_tensor from,
                                  enum ev_tensor to, struct ev_error *err)
{
    const enum ev_status status = want(walk, step, from, err);

    step->out_tensor = to;
    return status == EV_OK && to == EV_TENSOR_INTEGERS ? take_scale(walk, step, err) : status;
}

static enum ev_status plan_step(struct walk *walk, struct ev_step *step, struct ev_error *err)
{
    switch (step->layer->kind) {
    case EV_NET_DIVIDE:
        return plan_tensor(walk, step,
                           step->in_tensor == EV_TENSOR_BYTES ? EV_TENSOR_BYTES : EV_TENSOR_FLOATS,
                           EV_TENSOR_FLOATS, err);
    case EV_NET_TAKE:
        return plan_tensor(walk, step, EV_TENSOR_BYTES, EV_TENSOR_INTEGERS, err);
    case EV_NET_QUANTIZE:
        return plan_tensor(walk, step, EV_TENSOR_FLOATS, EV_TENSOR_INTEGERS, err);
    case EV_NET_DEQUANTIZE:
        return plan_tensor(walk, step, EV_TENSOR_INTEGERS, EV_TENSOR_FLOATS, err);
    case EV_NET_CONV:
    case EV_NET_LINEAR:
        return plan_weighted(walk, step, err);
    case EV_NET_RELU:
    case EV_NET_CLAMP:
        if (step->in_tensor == EV_TENSOR_BYTES)
            return want(walk, step, EV_TENSOR_INTEGERS, err);
        return EV_OK;
    case EV_NET_FLATTEN:
        walk->is_flat = true;
        return EV_OK;
    }
    return refuse(walk, step, EV_UNSUPPORTED, err, "is of an unknown kind");
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The room that a picture needs in front of and behind the step, and with its padding. */
static void count_bytes(struct ev_plan *plan, const struct ev_step *step)
{
    const struct ev_net_layer *layer = step->layer;
    const struct ev_shape padded = {step->in.height + 2 * layer->padding[0],
                                    step->in.width + 2 * layer->padding[1], step->in.channels};
    const int64_t in_bytes = (int64_t)ev_tensor_bytes(step->in_tensor);

    plan->max_bytes = larger(plan->max_bytes, in_bytes * ev_shape_values(&step->in));
    plan->max_bytes = larger(plan->max_bytes, (int64_t)ev_tensor_bytes(step->out_tensor) *
                                                  ev_shape_values(&step->out));
    plan->max_padded_bytes = larger(plan->max_padded_bytes, in_bytes * ev_shape_values(&padded));
}

static enum ev_status walk_layers(struct walk *walk, const struct ev_net *net, struct ev_error *err)
{
    struct ev_plan *plan = walk->plan;
    enum ev_status status = EV_OK;

    for (int32_t i = 0; i < net->n_layers && status == EV_OK; i++) {
        struct ev_step *step = &plan->steps[plan->n_steps++];
        step->layer = &net->layers[i];
        step->in = step->out = walk->shape;
        step->in_tensor = step->out_tensor = walk->tensor;
        step->in_scale = walk->scale;
        step->in_zero = walk->zero_point;
        status = plan_step(walk, step, err);
        walk->shape = step->out;
        walk->tensor = step->out_tensor;
        count_bytes(plan, step);
    }
    if (status != EV_OK)
        return status;
    if (walk->tensor != EV_TENSOR_FLOATS)
        return ev_fail(err, EV_INPUT, "%s: gives no floating-point tensor", walk->path);
    if (!walk->is_flat || walk->shape.height != 1 || walk->shape.width != 1)
        return ev_fail(err, EV_UNSUPPORTED, "%s: gives images, not a row of outputs per picture",
                       walk->path);
    if (ev_shape_values(&walk->shape) != plan->n_outputs)
        return ev_fail(err, EV_INPUT, "%s: gives %lld outputs, expected %d", walk->path,
                       (long long)ev_shape_values(&walk->shape), (int)plan->n_outputs);
    return EV_OK;
}

enum ev_status ev_plan_make(const struct ev_net *net, const char *path, uint32_t form,
                            const struct ev_shape *shape, int32_t n_outputs,
                            enum ev_requant_order order, struct ev_plan **out, struct ev_error *err)
{
    struct ev_plan *plan = calloc(1, sizeof *plan);

    *out = NULL;
    if (plan)
        plan->steps = calloc((size_t)net->n_layers + 1, sizeof *plan->steps);
    if (!plan || !plan->steps) {
        ev_plan_free(plan);
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    }
    plan->form = form;
    plan->shape = *shape;
    plan->n_outputs = n_outputs;
    struct walk walk = {
        .plan = plan,
        .path = path,
        .order = order,
        .shape = *shape,
        .tensor = form == EV_FORM_U8_NHWC ? EV_TENSOR_BYTES : EV_TENSOR_FLOATS,
    };
    const enum ev_status status = walk_layers(&walk, net, err);
    if (status == EV_OK)
        *out = plan;
    else
        ev_plan_free(plan);
    return status;
}

void ev_plan_free(struct ev_plan *plan)
{
    if (!plan)
        return;
    for (int32_t i = 0; i < plan->n_steps; i++) {
        free(plan->steps[i].weights);
        free(plan->steps[i].weights_floats);
        free(plan->steps[i].weight_sums);
        free(plan->steps[i].channels);
    }
    free(plan->steps);
    free(plan);
}
