/* SPDX-License-Identifier: MIT */
#include "cuda/lane.h"

#include <stdlib.h>

#include "cuda/launch.h"

/* --- Programs --- */

enum ev_status ev_cuda_program_open(const struct ev_cuda_device *device, const struct ev_plan *plan,
                                    const char *path, struct ev_cuda_program *program,
                                    struct ev_error *err)
{
    struct ev_cuda_pack pack;

    *program = (struct ev_cuda_program){device, plan, NULL, 0};
    enum ev_status status = ev_cuda_pack(plan, path, &pack, err);
    if (status == EV_OK)
        status = ev_cuda_device_alloc(device, pack.n_bytes + EV_CUDA_SLACK_BYTES, "weights",
                                      &program->constants, err);
    if (status == EV_OK)
        status = ev_cuda_device_check(
            device, device->driver->cuMemcpyHtoD(program->constants, pack.memory, pack.n_bytes),
            "copying weights", err);
    program->parts = pack.parts;
    free(pack.memory);
    return status;
}

void ev_cuda_program_close(struct ev_cuda_program *program)
{
    if (program->device)
        ev_cuda_device_free(program->device, program->constants);
    free(program->parts);
    *program = (struct ev_cuda_program){0};
}

/* --- Memory --- */

/* Bytes of a tensor of one picture as it lies on the device. */
static size_t tensor_bytes(const struct ev_shape *shape, enum ev_tensor tensor)
{
    const struct ev_shape padded = {shape->height, shape->width, ev_cuda_pitch(shape->channels)};

    return (size_t)ev_shape_values(&padded) * ev_tensor_bytes(tensor);
}

size_t ev_cuda_most_bytes(const struct ev_plan *plan)
{
    size_t most = 0;

    for (int32_t i = 0; i < plan->n_steps; i++) {
        const struct ev_step *step = &plan->steps[i];
        const size_t in = tensor_bytes(&step->in, step->in_tensor);
        const size_t out = tensor_bytes(&step->out, step->out_tensor);
        most = in > most ? in : most;
        most = out > most ? out : most;
    }
    return most;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t most_of_both(const struct ev_cuda_program *program,
                           const struct ev_cuda_program *other,
                           size_t (*bytes)(const struct ev_plan *plan))
{
    return larger(bytes(program->plan), other ? bytes(other->plan) : 0);
}

static size_t output_bytes(const struct ev_plan *plan)
{
    return (size_t)plan->n_outputs * sizeof(float);
}

static enum ev_status alloc_ranges(struct ev_cuda_lane *lane, struct ev_error *err)
{
    const struct ev_cuda_range empty = {EV_CUDA_RANGE_ZERO, EV_CUDA_RANGE_ZERO, 0};
    const size_t n_pieces = ((size_t)lane->max_rows + EV_NET_PIECE_ROWS - 1) / EV_NET_PIECE_ROWS;
    enum ev_status status =
        ev_cuda_device_alloc(lane->device, n_pieces * sizeof empty, "ranges", &lane->found, err);

    if (status == EV_OK)
        status = ev_cuda_device_alloc(lane->device, n_pieces * sizeof(struct ev_dynamic), "ranges",
                                      &lane->ranges, err);
    if (status == EV_OK)
        status = ev_cuda_device_alloc(lane->device, sizeof(int32_t), "ranges", &lane->failed, err);
    for (size_t i = 0; i < n_pieces && status == EV_OK; i++)
        status = ev_cuda_device_check(lane->device,
                                      lane->device->driver->cuMemcpyHtoD(
                                          lane->found + i * sizeof empty, &empty, sizeof empty),
                                      "copying to the device", err);
    return status;
}

static enum ev_status alloc_host(struct ev_cuda_lane *lane, size_t picture_bytes,
                                 size_t outputs_bytes, struct ev_error *err)
{
    const size_t n_rows = (size_t)lane->max_rows;
    enum ev_status status =
        ev_cuda_device_alloc_host(lane->device, n_rows * picture_bytes, &lane->host_pictures, err);

    if (status == EV_OK)
        status = ev_cuda_device_alloc_host(lane->device, n_rows * outputs_bytes,
                                           (void **)&lane->host_outputs, err);
    if (status == EV_OK)
        status = ev_cuda_device_alloc_host(lane->device, sizeof *lane->host_failed,
                                           (void **)&lane->host_failed, err);
    if (status == EV_OK)
        *lane->host_failed = 0;
    return status;
}

enum ev_status ev_cuda_lane_open(const struct ev_cuda_program *program,
                                 const struct ev_cuda_program *other, int64_t max_rows,
                                 struct ev_cuda_lane *lane, struct ev_error *err)
{
    const struct ev_cuda_device *device = program->device;
    const size_t n_rows = (size_t)max_rows;
    const size_t picture_bytes = most_of_both(program, other, ev_plan_picture_bytes);
    const size_t outputs_bytes = most_of_both(program, other, output_bytes);
    const size_t bytes =
        n_rows * most_of_both(program, other, ev_cuda_most_bytes) + EV_CUDA_SLACK_BYTES;
    CUdeviceptr *const tensors[] = {&lane->tensors[0], &lane->tensors[1], &lane->integers};

    *lane = (struct ev_cuda_lane){.device = device, .max_rows = max_rows};
    enum ev_status status = ev_cuda_check_counts(program->plan, max_rows, err);
    if (status == EV_OK && other)
        status = ev_cuda_check_counts(other->plan, max_rows, err);
    if (status == EV_OK)
        status = ev_cuda_device_check(
            device, device->driver->cuStreamCreate(&lane->stream, CU_STREAM_NON_BLOCKING),
            "making a stream", err);
    if (status == EV_OK)
        status = ev_cuda_device_alloc(device, n_rows * picture_bytes + EV_CUDA_SLACK_BYTES,
                                      "pictures", &lane->pictures, err);
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0] && status == EV_OK; i++)
        status = ev_cuda_device_alloc(device, bytes, "tensors between layers", tensors[i], err);
    if (status == EV_OK)
        status = alloc_ranges(lane, err);
    return status == EV_OK ? alloc_host(lane, picture_bytes, outputs_bytes, err) : status;
}

void ev_cuda_lane_close(struct ev_cuda_lane *lane)
{
    const struct ev_cuda_device *device = lane->device;

    if (!device)
        return;
    const CUdeviceptr memory[] = {lane->pictures, lane->tensors[0], lane->tensors[1],
                                  lane->integers, lane->found,      lane->ranges,
                                  lane->failed};
    void *const host_memory[] = {lane->host_pictures, lane->host_outputs, lane->host_failed};
    if (lane->stream) {
        (void)device->driver->cuStreamSynchronize(lane->stream);
        (void)device->driver->cuStreamDestroy(lane->stream);
    }
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        ev_cuda_device_free(device, memory[i]);
    for (size_t i = 0; i < sizeof host_memory / sizeof host_memory[0]; i++)
        ev_cuda_device_free_host(device, host_memory[i]);
    *lane = (struct ev_cuda_lane){0};
}

/* --- Work --- */

enum ev_status ev_cuda_lane_send(const struct ev_cuda_lane *lane,
                                 const struct ev_cuda_program *program, const void *pictures,
                                 int64_t n_rows, struct ev_error *err)
{
    return ev_cuda_device_check(lane->device,
                                lane->device->driver->cuMemcpyHtoDAsync(
                                    lane->pictures, pictures,
                                    (size_t)n_rows * ev_plan_picture_bytes(program->plan),
                                    lane->stream),
                                "copying pictures", err);
}

static enum ev_status note_time(const struct ev_cuda_lane *lane, const CUevent *events, int32_t i,
                                struct ev_error *err)
{
    return events
               ? ev_cuda_device_check(lane->device,
                                      lane->device->driver->cuEventRecord(events[i], lane->stream),
                                      "taking the time", err)
               : EV_OK;
}

enum ev_status ev_cuda_lane_compute(const struct ev_cuda_lane *lane,
                                    const struct ev_cuda_program *program, int64_t n_rows,
                                    const CUevent *events, CUdeviceptr *outputs,
                                    struct ev_error *err)
{
    const struct ev_plan *plan = program->plan;
    CUdeviceptr at = lane->pictures;
    enum ev_status status = EV_OK;
    int next = 0;

    if (plan->form == EV_FORM_F32_NCHW) {
        status = ev_cuda_launch_planes(lane, plan, n_rows, at, lane->tensors[next], err);
        at = lane->tensors[next];
        next = !next;
    }
    for (int32_t i = 0; i < plan->n_steps && status == EV_OK; i++) {
        status = note_time(lane, events, i, err);
        if (status != EV_OK || ev_cuda_is_renaming(&plan->steps[i]))
            continue;
        status = ev_cuda_launch_step(lane, program, i, n_rows, at, lane->tensors[next], err);
        at = lane->tensors[next];
        next = !next;
    }
    *outputs = at;
    return status == EV_OK ? note_time(lane, events, plan->n_steps, err) : status;
}

enum ev_status ev_cuda_lane_fetch(const struct ev_cuda_lane *lane,
                                  const struct ev_cuda_program *program, CUdeviceptr outputs,
                                  int64_t n_rows, float *to, struct ev_error *err)
{
    const struct ev_cuda_driver *driver = lane->device->driver;
    const size_t n_bytes = (size_t)n_rows * output_bytes(program->plan);
    CUresult result = driver->cuMemcpyDtoHAsync(to, outputs, n_bytes, lane->stream);

    if (result == CUDA_SUCCESS && ev_cuda_has_ranges(program->plan))
        result = driver->cuMemcpyDtoHAsync(lane->host_failed, lane->failed,
                                           sizeof *lane->host_failed, lane->stream);
    return ev_cuda_device_check(lane->device, result, "copying outputs", err);
}

void ev_cuda_lane_reset(struct ev_cuda_lane *lane)
{
    const struct ev_cuda_driver *driver = lane->device->driver;

    (void)driver->cuMemsetD8Async(lane->failed, 0, sizeof *lane->host_failed, lane->stream);
    (void)driver->cuStreamSynchronize(lane->stream);
    *lane->host_failed = 0;
}

enum ev_status ev_cuda_lane_wait(const struct ev_cuda_lane *lane,
                                 const struct ev_cuda_program *program, struct ev_error *err)
{
    const struct ev_cuda_device *device = lane->device;
    const enum ev_status status = ev_cuda_device_check(
        device, device->driver->cuStreamSynchronize(lane->stream), "computing", err);
    const int32_t failed = *lane->host_failed;

    return status == EV_OK && failed > 0
               ? ev_fail(err, EV_INPUT, "layer %s gets values that are not finite",
                         program->plan->steps[failed - 1].layer->name)
               : status;
}
