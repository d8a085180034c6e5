/* SPDX-License-Identifier: MIT */
#include "int8/run.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "int8/dynamic.h"
#include "int8/products.h"

struct ev_scratch {
    int64_t n_rows;
    void *tensors[2];  /* of all rows: in front of a layer and behind it */
    void *padded;      /* one picture with its border */
    uint8_t *integers; /* one picture, quantised by its range */
    void *patch;       /* what a kernel sees at one place */
    void *sums;        /* of one pixel: int32 or float32 */
};

/* The most that any step has: channels that come out, or products of one value. */
static int64_t most_values(const struct ev_plan *plan)
{
    int64_t most = 1;

    for (int32_t i = 0; i < plan->n_steps; i++) {
        const struct ev_step *step = &plan->steps[i];
        most = step->out.channels > most ? step->out.channels : most;
        most = step->n_products > most ? step->n_products : most;
    }
    return most;
}

struct ev_scratch *ev_scratch_new(const struct ev_plan *plan, int64_t n_rows)
{
    struct ev_scratch *scratch = calloc(1, sizeof *scratch);

    if (!scratch)
        return NULL;
    scratch->n_rows = n_rows;
    for (int i = 0; i < 2; i++)
        scratch->tensors[i] = malloc((size_t)(n_rows * plan->max_bytes));
    scratch->padded = malloc((size_t)plan->max_padded_bytes);
    scratch->integers = malloc((size_t)plan->max_padded_bytes);
    scratch->patch = malloc((size_t)most_values(plan) * sizeof(float));
    scratch->sums = malloc((size_t)most_values(plan) * sizeof(float));
    if (scratch->patch && scratch->tensors[0] && scratch->tensors[1] && scratch->padded &&
        scratch->integers && scratch->sums)
        return scratch;
    ev_scratch_free(scratch);
    return NULL;
}

void ev_scratch_free(struct ev_scratch *scratch)
{
    if (!scratch)
        return;
    free(scratch->tensors[0]);
    free(scratch->tensors[1]);
    free(scratch->padded);
    free(scratch->integers);
    free(scratch->patch);
    free(scratch->sums);
    free(scratch);
}

/* --- Convolutions, linear layers --- */

/* The picture with a border of zeros: of the zero point, among integers. */
static const void *pad(const struct ev_step *step, const void *picture, int zero, size_t bytes,
                       void *padded)
{
    const int32_t *padding = step->layer->padding;
    const size_t pixel = (size_t)step->in.channels * bytes;
    const size_t line = (size_t)step->in.width * pixel;
    const size_t border = (size_t)padding[1] * pixel;
    char *to = padded;

    if (padding[0] == 0 && padding[1] == 0)
        return picture;
    memset(padded, zero, ((size_t)step->in.height + 2 * (size_t)padding[0]) * (line + 2 * border));
    to += (size_t)padding[0] * (line + 2 * border) + border;
    for (int32_t y = 0; y < step->in.height; y++, to += line + 2 * border)
        memcpy(to, (const char *)picture + (size_t)y * line, line);
    return padded;
}

/* Copies a run of floats, or of bytes as int16: their products are then those of a processor's
 * instructions for pairs. */
static void *copy_run(void *to, const void *from, int64_t n, bool is_float)
{
    int16_t *shorts = to;

    if (is_float) {
        memcpy(to, from, (size_t)n * sizeof(float));
        return (float *)to + n;
    }
    for (int64_t i = 0; i < n; i++)
        shorts[i] = ((const uint8_t *)from)[i];
    return shorts + n;
}

/* What the kernel sees at one place, packed. A line of it is one run of values unless the kernel
 * has gaps or looks at some of the channels only. */
static void pack_patch(const struct ev_step *step, const char *corner, bool is_float, void *patch)
{
    const struct ev_net_layer *layer = step->layer;
    const bool is_whole = layer->dilation[1] == 1 && layer->groups == 1;
    const int64_t pixel = step->in.channels, bytes = is_float ? (int64_t)sizeof(float) : 1;
    const int64_t line = (step->in.width + 2 * (int64_t)layer->padding[1]) * pixel;
    const int64_t run = is_whole ? step->kernel[1] * pixel : pixel / layer->groups;
    const int32_t n_runs = is_whole ? 1 : step->kernel[1];

    for (int32_t ky = 0; ky < step->kernel[0]; ky++) {
        for (int32_t k = 0; k < n_runs; k++) {
            const int64_t at = ky * layer->dilation[0] * line + k * layer->dilation[1] * pixel;
            patch = copy_run(patch, corner + at * bytes, run, is_float);
        }
    }
}

/* The sums of all channels of output pixel (y, x); `input` has its border. */
static void add_up(const struct ev_step *step, const void *input, int32_t y, int32_t x,
                   struct ev_scratch *scratch)
{
    const struct ev_net_layer *layer = step->layer;
    const bool is_float = layer->arithmetic == EV_NET_FLOAT32;
    const int64_t bytes = is_float ? (int64_t)sizeof(float) : 1;
    const int32_t n_out = step->out.channels / layer->groups;
    const int64_t width = step->in.width + 2 * (int64_t)layer->padding[1];
    const int64_t corner =
        ((int64_t)y * layer->stride[0] * width + (int64_t)x * layer->stride[1]) * step->in.channels;

    memset(scratch->sums, 0, (size_t)step->out.channels * sizeof(float));
    for (int32_t group = 0; group < layer->groups; group++) {
        const int64_t first = corner + (int64_t)group * (step->in.channels / layer->groups);
        const int64_t weight = (int64_t)group * n_out * step->n_products;
        pack_patch(step, (const char *)input + first * bytes, is_float, scratch->patch);
        if (is_float)
            ev_products_float(scratch->patch, step->weights_floats + weight, step->n_products,
                              n_out, (float *)scratch->sums + group * n_out);
        else
            ev_products_int8(scratch->patch, step->weights + weight, step->n_products, n_out,
                             (int32_t *)scratch->sums + group * n_out);
    }
}

static void finish_integers(const struct ev_step *step, const int32_t *sums, uint8_t *out)
{
    for (int32_t o = 0; o < step->out.channels; o++)
        out[o] = ev_requant(sums[o] - step->in_zero * step->weight_sums[o], &step->channels[o],
                            &step->output);
}

/* y = acc * (sx * sw) + b in one rounding. */
static void finish_dynamic(const struct ev_step *step, const struct ev_dynamic *range,
                           const int32_t *sums, float *out)
{
    const struct ev_net_layer *layer = step->layer;

    for (int32_t o = 0; o < step->out.channels; o++) {
        const int32_t sum = sums[o] - range->zero_point * step->weight_sums[o];
        const float scale = (float)range->scale * layer->weight_scales[o];
        const float value = fmaf((float)sum, scale, layer->bias ? layer->bias[o] : 0.0f);
        out[o] = layer->relu && value < 0.0f ? 0.0f : value;
    }
}

static void finish_floats(const struct ev_step *step, const float *sums, float *out)
{
    const struct ev_net_layer *layer = step->layer;

    for (int32_t o = 0; o < step->out.channels; o++) {
        const float value = sums[o] + (layer->bias ? layer->bias[o] : 0.0f);
        out[o] = layer->relu && value < 0.0f ? 0.0f : value;
    }
}

/* One picture; `input` has its border. */
static void run_pixels(const struct ev_step *step, const struct ev_dynamic *range,
                       const void *input, struct ev_scratch *scratch, void *out)
{
    const size_t pixel = (size_t)step->out.channels * ev_tensor_bytes(step->out_tensor);
    const void *sums = scratch->sums;
    char *to = out;

    for (int32_t y = 0; y < step->out.height; y++) {
        for (int32_t x = 0; x < step->out.width; x++, to += pixel) {
            add_up(step, input, y, x, scratch);
            if (step->layer->arithmetic == EV_NET_INT8)
                finish_integers(step, sums, (uint8_t *)to);
            else if (step->layer->arithmetic == EV_NET_DYNAMIC)
                finish_dynamic(step, range, sums, (float *)to);
            else
                finish_floats(step, sums, (float *)to);
        }
    }
}

static void quantize(const float *values, int64_t n, double scale, int32_t zero_point,
                     uint8_t *integers)
{
    const float inverse = 1.0f / (float)scale;

    for (int64_t i = 0; i < n; i++)
        integers[i] = ev_quantize(values[i], inverse, zero_point);
}

static enum ev_status run_weighted(const struct ev_step *step, struct ev_scratch *scratch,
                                   int64_t n_rows, const void *in, void *out, struct ev_error *err)
{
    const bool is_dynamic = step->layer->arithmetic == EV_NET_DYNAMIC;
    const int64_t n_in = ev_shape_values(&step->in), n_out = ev_shape_values(&step->out);
    const size_t in_bytes = ev_tensor_bytes(step->in_tensor);
    const size_t out_bytes = ev_tensor_bytes(step->out_tensor);
    struct ev_dynamic range = {0};
    float low, high;

    if (is_dynamic) {
        if (!ev_dynamic_range(in, n_rows * n_in, &low, &high))
            return ev_fail(err, EV_INPUT, "layer %s gets values that are not finite",
                           step->layer->name);
        range = ev_dynamic_choose(low, high, step->layer->reduce_range);
    }
    for (int64_t row = 0; row < n_rows; row++) {
        const void *picture = (const char *)in + (size_t)(row * n_in) * in_bytes;
        int zero = step->in_tensor == EV_TENSOR_INTEGERS ? step->in_zero : 0;
        size_t bytes = in_bytes;
        if (is_dynamic) {
            quantize(picture, n_in, range.scale, range.zero_point, scratch->integers);
            picture = scratch->integers;
            zero = range.zero_point;
            bytes = 1;
        }
        picture = pad(step, picture, zero, bytes, scratch->padded);
        run_pixels(step, &range, picture, scratch, (char *)out + (size_t)(row * n_out) * out_bytes);
    }
    return EV_OK;
}

/* --- Value by value --- */

static void divide(const struct ev_step *step, int64_t n, const void *in, float *out)
{
    const float divisor = (float)step->layer->scale;

    for (int64_t i = 0; i < n; i++)
        out[i] = (step->in_tensor == EV_TENSOR_BYTES ? (float)((const uint8_t *)in)[i]
                                                     : ((const float *)in)[i]) /
                 divisor;
}

static void dequantize(const struct ev_step *step, int64_t n, const uint8_t *in, float *out)
{
    const float scale = (float)step->in_scale;

    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(in[i] - step->in_zero) * scale;
}

/* min(max(value, low), high), also where low > high. ReLU has no upper bound; not-a-number stays
 * what it is. */
static void clamp(const struct ev_step *step, int64_t n, const void *in, void *out)
{
    const bool is_relu = step->layer->kind == EV_NET_RELU;
    const float low = is_relu ? 0.0f : (float)step->layer->low;
    const float high = is_relu ? INFINITY : (float)step->layer->high;

    if (step->in_tensor == EV_TENSOR_FLOATS) {
        for (int64_t i = 0; i < n; i++) {
            float value = ((const float *)in)[i];
            value = value < low ? low : value;
            ((float *)out)[i] = value > high ? high : value;
        }
        return;
    }
    const float inverse = 1.0f / (float)step->in_scale;
    const uint8_t least = ev_quantize(low, inverse, step->in_zero);
    const uint8_t most = is_relu ? 255 : ev_quantize(high, inverse, step->in_zero);
    for (int64_t i = 0; i < n; i++) {
        uint8_t value = ((const uint8_t *)in)[i];
        value = value < least ? least : value;
        ((uint8_t *)out)[i] = value > most ? most : value;
    }
}

static enum ev_status run_step(const struct ev_step *step, struct ev_scratch *scratch,
                               int64_t n_rows, const void *in, void *out, struct ev_error *err)
{
    const int64_t n = n_rows * ev_shape_values(&step->in);

    switch (step->layer->kind) {
    case EV_NET_CONV:
    case EV_NET_LINEAR:
        return run_weighted(step, scratch, n_rows, in, out, err);
    case EV_NET_DIVIDE:
        divide(step, n, in, out);
        break;
    case EV_NET_QUANTIZE:
        quantize(in, n, step->layer->scale, step->layer->zero_point, out);
        break;
    case EV_NET_DEQUANTIZE:
        dequantize(step, n, in, out);
        break;
    case EV_NET_RELU:
    case EV_NET_CLAMP:
        clamp(step, n, in, out);
        break;
    case EV_NET_TAKE:
    case EV_NET_FLATTEN:
        break; /* the same values under another name */
    }
    return EV_OK;
}

/* --- The whole --- */

/* Pictures as the first layer wants them: floats come plane by plane. */
static void take_pictures(const struct ev_plan *plan, const void *pictures, int64_t n_rows,
                          void *to)
{
    const int64_t n_pixels = (int64_t)plan->shape.height * plan->shape.width;
    const int32_t n_channels = plan->shape.channels;
    const float *from = pictures;
    float *out = to;

    if (plan->form == EV_FORM_U8_NHWC) {
        memcpy(to, pictures, (size_t)(n_rows * n_pixels * n_channels));
        return;
    }
    for (int64_t row = 0; row < n_rows; row++, from += n_pixels * n_channels) {
        for (int64_t i = 0; i < n_pixels; i++) {
            for (int32_t c = 0; c < n_channels; c++)
                *out++ = from[c * n_pixels + i];
        }
    }
}

enum ev_status ev_plan_run(const struct ev_plan *plan, struct ev_scratch *scratch,
                           const void *pictures, int64_t n_rows, float *outputs, int64_t *step_ns,
                           struct ev_error *err)
{
    enum ev_status status = EV_OK;
    int now = 0;

    assert(n_rows <= scratch->n_rows);
    take_pictures(plan, pictures, n_rows, scratch->tensors[now]);
    for (int32_t i = 0; i < plan->n_steps && status == EV_OK; i++) {
        const enum ev_net_kind kind = plan->steps[i].layer->kind;
        const int64_t start_ns = step_ns ? ev_clock_raw_ns() : 0;
        status = run_step(&plan->steps[i], scratch, n_rows, scratch->tensors[now],
                          scratch->tensors[!now], err);
        if (kind != EV_NET_TAKE && kind != EV_NET_FLATTEN)
            now = !now;
        if (step_ns)
            step_ns[i] = ev_clock_raw_ns() - start_ns;
    }
    if (status == EV_OK)
        memcpy(outputs, scratch->tensors[now],
               (size_t)(n_rows * plan->n_outputs) * sizeof *outputs);
    return status;
}
