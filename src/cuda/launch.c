/* SPDX-License-Identifier: MIT */
#include "cuda/launch.h"

#include <math.h>

#define THREADS      128
/* Warps of tiles that keep a multiprocessor busy; with fewer, smaller tiles are more. */
#define BUSY_WARPS   4
/* Rows of a linear layer from which on tiles are full. */
#define TILE_ROWS    16
/* That a kernel may be started with, and a little room for the last block. */
#define MAX_THREADS  ((int64_t)1 << 30)
/* Blocks that go through the values of one piece together. */
#define RANGE_BLOCKS 32

bool ev_cuda_is_renaming(const struct ev_step *step)
{
    return step->layer->kind == EV_NET_FLATTEN ||
           (step->layer->kind == EV_NET_TAKE &&
            step->in.channels == ev_cuda_pitch(step->in.channels));
}

static bool has_range(const struct ev_step *step)
{
    return step->n_products > 0 && step->layer->arithmetic == EV_NET_DYNAMIC;
}

bool ev_cuda_has_ranges(const struct ev_plan *plan)
{
    for (int32_t i = 0; i < plan->n_steps; i++) {
        if (has_range(&plan->steps[i]))
            return true;
    }
    return false;
}

static int64_t blocks_of(int64_t n, int64_t per_block)
{
    return (n + per_block - 1) / per_block;
}

/* Threads count in 32 bits: values of a tensor, and lanes for the outputs of few rows. */
enum ev_status ev_cuda_check_counts(const struct ev_plan *plan, int64_t max_rows,
                                    struct ev_error *err)
{
    for (int32_t i = 0; i < plan->n_steps; i++) {
        const struct ev_step *step = &plan->steps[i];
        const struct ev_shape in = {step->in.height, step->in.width,
                                    ev_cuda_pitch(step->in.channels)};
        const struct ev_shape out = {step->out.height, step->out.width,
                                     ev_cuda_pitch(step->out.channels)};
        if (ev_shape_values(&in) > MAX_THREADS / max_rows ||
            ev_shape_values(&out) > MAX_THREADS / max_rows ||
            out.channels > MAX_THREADS / (TILE_ROWS * EV_CUDA_WARP))
            return ev_fail(err, EV_UNSUPPORTED,
                           "layer %s: tensors of %d pictures have more values than kernels count",
                           step->layer->name, (int)max_rows);
    }
    return EV_OK;
}

/* Starts x * y blocks of the kernel with what it is given. */
static enum ev_status launch(const struct ev_cuda_lane *lane, enum ev_cuda_kernel kernel,
                             int64_t blocks_x, int64_t blocks_y, unsigned n_threads, void *args,
                             struct ev_error *err)
{
    const struct ev_cuda_device *device = lane->device;

    return ev_cuda_device_check(device,
                                device->driver->cuLaunchKernel(
                                    device->kernels[kernel], (unsigned)blocks_x, (unsigned)blocks_y,
                                    1, n_threads, 1, 1, 0, lane->stream, (void *[]){args}, NULL),
                                "starting a kernel", err);
}

/* As launch, for n threads. */
static enum ev_status launch_threads(const struct ev_cuda_lane *lane, enum ev_cuda_kernel kernel,
                                     int64_t n, void *args, struct ev_error *err)
{
    return launch(lane, kernel, blocks_of(n, THREADS), 1, THREADS, args, err);
}

/* --- Convolutions, linear layers --- */

/* Constants at an offset of the pack, or NULL. */
static const void *at_offset(const struct ev_cuda_program *program, int64_t offset)
{
    return offset < 0 ? NULL : (const void *)(uintptr_t)(program->constants + (CUdeviceptr)offset);
}

static struct ev_cuda_layer describe_layer(const struct ev_cuda_program *program, int32_t i,
                                           int64_t n_rows)
{
    const struct ev_step *step = &program->plan->steps[i];
    const struct ev_cuda_part *part = &program->parts[i];
    const struct ev_net_layer *from = step->layer;
    struct ev_cuda_layer layer = {
        .n_pixels = (int32_t)(n_rows * step->out.height * step->out.width),
        .in_height = step->in.height,
        .in_width = step->in.width,
        .in_pitch = from->arithmetic == EV_NET_FLOAT32 ? step->in.channels
                                                       : ev_cuda_pitch(step->in.channels),
        .out_height = step->out.height,
        .out_width = step->out.width,
        .out_pitch = step->out_tensor == EV_TENSOR_FLOATS ? step->out.channels
                                                          : ev_cuda_pitch(step->out.channels),
        .n_in = step->in.channels / (part->is_linear ? 1 : from->groups),
        .n_out = from->n_out,
        .groups = part->is_linear ? 1 : from->groups,
        .relu = from->relu,
        .n_runs = part->n_runs,
        .run_steps = part->run_steps,
        .run_bytes = part->run_bytes,
        .tiles = at_offset(program, part->tiles),
        .weights = at_offset(program, part->weights),
        .n_products = (int32_t)part->n_products,
        .in_zero = step->in_zero,
        .weight_sums = at_offset(program, part->weight_sums),
        .channels = at_offset(program, part->channels),
        .output = step->output,
        .weight_scales = at_offset(program, part->weight_scales),
        .bias = at_offset(program, part->bias),
    };

    for (int axis = 0; axis < 2; axis++) {
        layer.kernel[axis] = step->kernel[axis];
        layer.stride[axis] = part->is_linear ? 1 : from->stride[axis];
        layer.padding[axis] = part->is_linear ? 0 : from->padding[axis];
        layer.dilation[axis] = part->is_linear ? 1 : from->dilation[axis];
    }
    return layer;
}

static enum ev_status launch_tiles(const struct ev_cuda_lane *lane, const struct ev_cuda_part *part,
                                   struct ev_cuda_layer *layer, struct ev_error *err)
{
    const int64_t n_warps = blocks_of(layer->n_pixels, EV_CUDA_TILE_PIXELS * EV_CUDA_TILE_ROWS);
    const int64_t n_groups = part->n_tiles / part->tiles_of_warp;
    const int64_t n_busy = (int64_t)BUSY_WARPS * lane->device->n_processors;

    if (n_warps * n_groups < n_busy)
        return launch(lane, EV_CUDA_tiles_few, blocks_of(layer->n_pixels, EV_CUDA_TILE_PIXELS),
                      part->n_tiles, EV_CUDA_WARP, layer, err);
    return launch(lane, (enum ev_cuda_kernel)(EV_CUDA_tiles_1 + part->tiles_of_warp - 1),
                  blocks_of(n_warps, THREADS / EV_CUDA_WARP), n_groups, THREADS, layer, err);
}

static enum ev_status launch_integers(const struct ev_cuda_lane *lane,
                                      const struct ev_cuda_part *part, struct ev_cuda_layer *layer,
                                      struct ev_error *err)
{
    const int64_t n_outputs = (int64_t)layer->n_pixels * layer->n_out;

    if (part->is_linear && layer->n_pixels < TILE_ROWS)
        return launch_threads(lane, EV_CUDA_linear_few, n_outputs * EV_CUDA_WARP, layer, err);
    if (part->by_tiles)
        return launch_tiles(lane, part, layer, err);
    return launch_threads(lane, EV_CUDA_conv_any, n_outputs, layer, err);
}

static enum ev_status launch_floats(const struct ev_cuda_lane *lane,
                                    const struct ev_cuda_program *program,
                                    const struct ev_cuda_part *part, struct ev_cuda_layer *layer,
                                    struct ev_error *err)
{
    const int64_t n_outputs = (int64_t)layer->n_pixels * layer->n_out;

    if (part->is_linear && layer->n_pixels < TILE_ROWS)
        return launch_threads(lane, EV_CUDA_float_few, n_outputs * EV_CUDA_WARP, layer, err);
    if (part->float_tiles < 0)
        return launch_threads(lane, EV_CUDA_float_any, n_outputs, layer, err);
    layer->weights = at_offset(program, part->float_tiles);
    return launch_threads(lane, EV_CUDA_float_tiles,
                          blocks_of(layer->n_pixels, EV_CUDA_FLOAT_PIXELS) *
                              blocks_of(layer->n_out, EV_CUDA_FLOAT_CHANNELS),
                          layer, err);
}

/* --- Values --- */

static const void *pointer(CUdeviceptr at)
{
    return (const void *)(uintptr_t)at;
}

static struct ev_cuda_values describe_values(const struct ev_shape *shape, int64_t n_rows,
                                             CUdeviceptr in, CUdeviceptr out)
{
    return (struct ev_cuda_values){
        .in = pointer(in),
        .out = (void *)(uintptr_t)out,
        .n_pixels = (int32_t)(n_rows * shape->height * shape->width),
        .n_picture_pixels = shape->height * shape->width,
        .n_channels = shape->channels,
        .in_pitch = shape->channels,
        .out_pitch = shape->channels,
    };
}

static enum ev_status launch_values(const struct ev_cuda_lane *lane, enum ev_cuda_kernel kernel,
                                    struct ev_cuda_values *values, struct ev_error *err)
{
    return launch_threads(lane, kernel, (int64_t)values->n_pixels * values->n_channels, values,
                          err);
}

/* As launch_values, where integers come out: a thread for each four channels. */
static enum ev_status launch_words(const struct ev_cuda_lane *lane, enum ev_cuda_kernel kernel,
                                   struct ev_cuda_values *values, struct ev_error *err)
{
    return launch_threads(lane, kernel, (int64_t)values->n_pixels * (values->out_pitch / 4), values,
                          err);
}

enum ev_status ev_cuda_launch_planes(const struct ev_cuda_lane *lane, const struct ev_plan *plan,
                                     int64_t n_rows, CUdeviceptr in, CUdeviceptr out,
                                     struct ev_error *err)
{
    struct ev_cuda_values values = describe_values(&plan->shape, n_rows, in, out);

    return launch_values(lane, EV_CUDA_planes, &values, err);
}

/* The integers of a layer that is quantised by its range, from floats at `in`. */
static enum ev_status launch_range(const struct ev_cuda_lane *lane, const struct ev_step *step,
                                   int32_t number, int64_t n_rows, CUdeviceptr in,
                                   struct ev_error *err)
{
    struct ev_cuda_values values = describe_values(&step->in, n_rows, in, lane->integers);
    const int64_t piece_values =
        (int64_t)EV_NET_PIECE_ROWS * values.n_picture_pixels * values.n_channels;
    const int64_t n_blocks = blocks_of(piece_values, THREADS);

    values.out_pitch = ev_cuda_pitch(step->in.channels);
    values.found = (struct ev_cuda_range *)(uintptr_t)lane->found;
    values.ranges = (struct ev_dynamic *)(uintptr_t)lane->ranges;
    values.failed = (int32_t *)(uintptr_t)lane->failed;
    values.step_number = number + 1;
    values.reduce_range = step->layer->reduce_range;
    values.n_pieces = (int32_t)blocks_of(n_rows, EV_NET_PIECE_ROWS);
    enum ev_status status =
        launch(lane, EV_CUDA_find_range, n_blocks < RANGE_BLOCKS ? n_blocks : RANGE_BLOCKS,
               values.n_pieces, THREADS, &values, err);
    if (status == EV_OK)
        status = launch_threads(lane, EV_CUDA_choose_range, values.n_pieces, &values, err);
    return status == EV_OK ? launch_words(lane, EV_CUDA_quantize_range, &values, err) : status;
}

static enum ev_status launch_clamp(const struct ev_cuda_lane *lane, const struct ev_step *step,
                                   struct ev_cuda_values *values, struct ev_error *err)
{
    const bool is_relu = step->layer->kind == EV_NET_RELU;

    values->low = is_relu ? 0.0f : (float)step->layer->low;
    values->high = is_relu ? INFINITY : (float)step->layer->high;
    if (step->in_tensor == EV_TENSOR_FLOATS)
        return launch_values(lane, EV_CUDA_clamp_floats, values, err);
    const float inverse = 1.0f / (float)step->in_scale;
    values->low = ev_quantize(values->low, inverse, step->in_zero);
    values->high = is_relu ? 255.0f : ev_quantize(values->high, inverse, step->in_zero);
    return launch_words(lane, EV_CUDA_clamp_integers, values, err);
}

static enum ev_status launch_weighted(const struct ev_cuda_lane *lane,
                                      const struct ev_cuda_program *program, int32_t i,
                                      int64_t n_rows, CUdeviceptr in, CUdeviceptr out,
                                      struct ev_error *err)
{
    const struct ev_step *step = &program->plan->steps[i];
    struct ev_cuda_layer layer = describe_layer(program, i, n_rows);
    enum ev_status status = EV_OK;

    layer.in = pointer(in);
    layer.out = (void *)(uintptr_t)out;
    if (step->layer->arithmetic == EV_NET_FLOAT32)
        return launch_floats(lane, program, &program->parts[i], &layer, err);
    if (has_range(step)) {
        layer.in = pointer(lane->integers);
        layer.ranges = pointer(lane->ranges);
        status = launch_range(lane, step, i, n_rows, in, err);
    }
    return status == EV_OK ? launch_integers(lane, &program->parts[i], &layer, err) : status;
}

enum ev_status ev_cuda_launch_step(const struct ev_cuda_lane *lane,
                                   const struct ev_cuda_program *program, int32_t i, int64_t n_rows,
                                   CUdeviceptr in, CUdeviceptr out, struct ev_error *err)
{
    const struct ev_step *step = &program->plan->steps[i];
    const int32_t pitch = ev_cuda_pitch(step->in.channels);
    struct ev_cuda_values values = describe_values(&step->in, n_rows, in, out);

    if (step->in_tensor == EV_TENSOR_INTEGERS)
        values.in_pitch = pitch;
    if (step->out_tensor == EV_TENSOR_INTEGERS)
        values.out_pitch = pitch;
    switch (step->layer->kind) {
    case EV_NET_CONV:
    case EV_NET_LINEAR:
        return launch_weighted(lane, program, i, n_rows, in, out, err);
    case EV_NET_DIVIDE:
        values.scale = (float)step->layer->scale;
        return launch_values(
            lane, step->in_tensor == EV_TENSOR_BYTES ? EV_CUDA_divide_bytes : EV_CUDA_divide_floats,
            &values, err);
    case EV_NET_QUANTIZE:
        values.scale = 1.0f / (float)step->layer->scale;
        values.zero_point = step->layer->zero_point;
        return launch_words(lane, EV_CUDA_quantize, &values, err);
    case EV_NET_DEQUANTIZE:
        values.scale = (float)step->in_scale;
        values.zero_point = step->in_zero;
        return launch_values(lane, EV_CUDA_dequantize, &values, err);
    case EV_NET_RELU:
    case EV_NET_CLAMP:
        return launch_clamp(lane, step, &values, err);
    case EV_NET_TAKE:
        return launch_words(lane, EV_CUDA_take, &values, err);
    case EV_NET_FLATTEN:
        break; /* is a renaming */
    }
    return EV_OK;
}
