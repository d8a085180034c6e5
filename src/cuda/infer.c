/* SPDX-License-Identifier: MIT */
/* Batches through a model: one picture from a record, more of them in pieces that take turns on two
 * lanes. */
#include <stdlib.h>
#include <string.h>

#include "cuda/engine_private.h"
#include "cuda/launch.h"
#include "int8/describe.h"

/* --- One picture --- */

/* Copy, computation and copy back, in the lane's stream, from and to its own host memory. */
static enum ev_status put_single(struct ev_engine *engine, const struct ev_cuda_way *way,
                                 struct ev_error *err)
{
    struct ev_cuda_lane *lane = &engine->lanes[0];
    CUdeviceptr at = 0;
    enum ev_status status = ev_cuda_lane_send(lane, &way->program, lane->host_pictures, 1, err);

    if (status == EV_OK)
        status = ev_cuda_lane_compute(lane, &way->program, 1, NULL, &at, err);
    return status == EV_OK ? ev_cuda_lane_fetch(lane, &way->program, at, 1, lane->host_outputs, err)
                           : status;
}

/* Records all of it, to be started by one call. */
static enum ev_status record_single(struct ev_engine *engine, struct ev_cuda_way *way,
                                    struct ev_error *err)
{
    const struct ev_cuda_device *device = &engine->device;
    const struct ev_cuda_driver *driver = device->driver;
    CUstream stream = engine->lanes[0].stream;
    CUgraph graph = NULL;
    enum ev_status status = ev_cuda_device_check(
        device, driver->cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "recording", err);

    if (status != EV_OK)
        return status;
    status = put_single(engine, way, err);
    const CUresult result = driver->cuStreamEndCapture(stream, &graph);
    if (status == EV_OK)
        status = ev_cuda_device_check(device, result, "recording", err);
    if (status == EV_OK)
        status = ev_cuda_device_check(
            device, driver->cuGraphInstantiateWithFlags(&way->single, graph, 0), "recording", err);
    if (graph)
        (void)driver->cuGraphDestroy(graph);
    return status;
}

static enum ev_status start_single(struct ev_engine *engine, struct ev_cuda_way *way, bool eager,
                                   struct ev_error *err)
{
    if (eager)
        return put_single(engine, way, err);
    return ev_cuda_device_check(
        &engine->device, engine->device.driver->cuGraphLaunch(way->single, engine->lanes[0].stream),
        "computing", err);
}

/* --- Batches --- */

static bool is_pinned(const struct ev_engine *engine, const char *from, size_t n_bytes)
{
    for (int i = 0; i < EV_CUDA_MAX_PINNED; i++) {
        const struct ev_cuda_pinned *place = &engine->pinned[i];
        if (place->memory && from >= place->memory &&
            from + n_bytes <= place->memory + place->n_bytes)
            return true;
    }
    return false;
}

/* A piece of a batch, to be computed by a lane. */
struct piece {
    const char *pictures;
    float *outputs;
    int64_t n_rows;
};

/* Puts the piece into the lane. Its pictures are copied by way of the lane's own memory where the
 * device cannot read them itself; outputs always are. */
static enum ev_status put_piece(const struct ev_engine *engine, struct ev_cuda_lane *lane,
                                const struct ev_cuda_way *way, const struct piece *piece,
                                struct ev_error *err)
{
    const size_t n_bytes = (size_t)piece->n_rows * ev_plan_picture_bytes(way->plan);
    const void *from = piece->pictures;
    CUdeviceptr at = 0;

    if (!is_pinned(engine, piece->pictures, n_bytes)) {
        memcpy(lane->host_pictures, piece->pictures, n_bytes);
        from = lane->host_pictures;
    }
    enum ev_status status = ev_cuda_lane_send(lane, &way->program, from, piece->n_rows, err);
    if (status == EV_OK)
        status = ev_cuda_lane_compute(lane, &way->program, piece->n_rows, NULL, &at, err);
    return status == EV_OK
               ? ev_cuda_lane_fetch(lane, &way->program, at, piece->n_rows, lane->host_outputs, err)
               : status;
}

/* Waits for the piece that the lane was given last, if any, and gives its outputs. */
static enum ev_status take_piece(const struct ev_engine *engine, const struct ev_cuda_lane *lane,
                                 const struct ev_cuda_way *way, struct piece *piece,
                                 struct ev_error *err)
{
    if (piece->n_rows == 0)
        return EV_OK;
    const enum ev_status status = ev_cuda_lane_wait(lane, &way->program, err);
    if (status == EV_OK)
        memcpy(piece->outputs, lane->host_outputs,
               (size_t)piece->n_rows * (size_t)engine->n_outputs * sizeof(float));
    piece->n_rows = 0;
    return status;
}

/* One lane's stream goes on only when the other has done what it was given so far. */
static enum ev_status wait_for_lane(struct ev_engine *engine, int waiting, int other,
                                    struct ev_error *err)
{
    const struct ev_cuda_driver *driver = engine->device.driver;
    CUresult result;

    if (engine->n_lanes < EV_CUDA_N_LANES)
        return EV_OK;
    result = driver->cuEventRecord(engine->order_events[other], engine->lanes[other].stream);
    if (result == CUDA_SUCCESS)
        result = driver->cuStreamWaitEvent(engine->lanes[waiting].stream,
                                           engine->order_events[other], 0);
    return ev_cuda_device_check(&engine->device, result, "ordering copies", err);
}

/* Puts an event in front of all that follows in both lanes, or behind all that was. */
static enum ev_status mark(struct ev_engine *engine, int event, struct ev_error *err)
{
    enum ev_status status = event == 1 ? wait_for_lane(engine, 0, 1, err) : EV_OK;

    if (status == EV_OK)
        status = ev_cuda_device_check(
            &engine->device,
            engine->device.driver->cuEventRecord(engine->events[event], engine->lanes[0].stream),
            "taking the time", err);
    return status == EV_OK && event == 0 ? wait_for_lane(engine, 1, 0, err) : status;
}

static enum ev_status run_pieces(struct ev_engine *engine, const struct ev_cuda_way *way,
                                 const struct ev_batch *batch, float *outputs, bool timed,
                                 struct ev_error *err)
{
    const int64_t lane_rows = engine->lanes[0].max_rows;
    const size_t picture_bytes = ev_plan_picture_bytes(way->plan);
    struct piece pieces[EV_CUDA_N_LANES] = {0};
    enum ev_status status = EV_OK;
    int turn = 0;

    for (int64_t first = 0; first < batch->n_rows && status == EV_OK; first += lane_rows) {
        const int64_t left = batch->n_rows - first;
        status = take_piece(engine, &engine->lanes[turn], way, &pieces[turn], err);
        pieces[turn] = (struct piece){(const char *)batch->data + (size_t)first * picture_bytes,
                                      outputs + first * engine->n_outputs,
                                      left < lane_rows ? left : lane_rows};
        if (status == EV_OK)
            status = put_piece(engine, &engine->lanes[turn], way, &pieces[turn], err);
        turn = (turn + 1) % engine->n_lanes;
    }
    if (status == EV_OK && timed)
        status = mark(engine, 1, err);
    for (int i = 0; i < engine->n_lanes && status == EV_OK; i++)
        status = take_piece(engine, &engine->lanes[i], way, &pieces[i], err);
    return status;
}

static enum ev_status run_single(struct ev_engine *engine, struct ev_cuda_way *way,
                                 const struct ev_batch *batch, float *outputs, bool eager,
                                 bool timed, struct ev_error *err)
{
    struct ev_cuda_lane *lane = &engine->lanes[0];

    memcpy(lane->host_pictures, batch->data, ev_plan_picture_bytes(way->plan));
    enum ev_status status = start_single(engine, way, eager, err);
    if (status == EV_OK && timed)
        status = mark(engine, 1, err);
    if (status == EV_OK)
        status = ev_cuda_lane_wait(lane, &way->program, err);
    if (status == EV_OK)
        memcpy(outputs, lane->host_outputs, (size_t)engine->n_outputs * sizeof *outputs);
    return status;
}

/* A failed computation leaves work in the streams, and marks of its failure: nothing of it may
 * write into what is freed, or be taken for one of the next computation. */
static enum ev_status drain(struct ev_engine *engine, enum ev_status status)
{
    for (int i = 0; i < engine->n_lanes && status != EV_OK; i++)
        ev_cuda_lane_reset(&engine->lanes[i]);
    return status;
}

static enum ev_status run(struct ev_engine *engine, const struct ev_batch *batch, float *outputs,
                          bool eager, bool timed, struct ev_error *err)
{
    struct ev_cuda_way *way = ev_cuda_way_of(engine, batch->form);
    enum ev_status status = ev_cuda_device_enter(&engine->device, err);

    if (status == EV_OK && batch->n_rows == 1 && !eager && !way->single)
        status = record_single(engine, way, err);
    if (status == EV_OK && timed)
        status = mark(engine, 0, err);
    if (status != EV_OK)
        return status;
    if (batch->n_rows == 1)
        status = run_single(engine, way, batch, outputs, eager, timed, err);
    else
        status = run_pieces(engine, way, batch, outputs, timed, err);
    return drain(engine, status);
}

enum ev_status ev_cuda_infer(struct ev_engine *engine, const struct ev_batch *batch, float *outputs,
                             struct ev_error *err)
{
    return run(engine, batch, outputs, false, false, err);
}

/* Nanoseconds between two events, both of which have been put into a lane. */
static enum ev_status elapsed(const struct ev_engine *engine, const CUevent events[2], int64_t *ns,
                              struct ev_error *err)
{
    const struct ev_cuda_driver *driver = engine->device.driver;
    float ms = 0.0f;
    CUresult result = driver->cuEventSynchronize(events[1]);

    if (result == CUDA_SUCCESS)
        result = driver->cuEventElapsedTime(&ms, events[0], events[1]);
    *ns = (int64_t)((double)ms * 1e6);
    return ev_cuda_device_check(&engine->device, result, "taking the time", err);
}

enum ev_status ev_cuda_infer_apart(struct ev_engine *engine, const struct ev_batch *batch,
                                   float *outputs, struct ev_device_run *device_run,
                                   struct ev_error *err)
{
    const enum ev_status status = run(engine, batch, outputs, device_run->eager != 0, true, err);

    return status == EV_OK ? elapsed(engine, engine->events, &device_run->device_ns, err) : status;
}

/* --- Layers --- */

/* One picture, each step of it between two of the (n_steps + 1) events. */
static enum ev_status time_steps(struct ev_engine *engine, const struct ev_cuda_way *way,
                                 const struct ev_batch *batch, const CUevent *events,
                                 int64_t *step_ns, struct ev_error *err)
{
    struct ev_cuda_lane *lane = &engine->lanes[0];
    CUdeviceptr at = 0;

    memcpy(lane->host_pictures, batch->data, ev_plan_picture_bytes(way->plan));
    enum ev_status status = ev_cuda_lane_send(lane, &way->program, lane->host_pictures, 1, err);
    if (status == EV_OK)
        status = ev_cuda_lane_compute(lane, &way->program, 1, events, &at, err);
    if (status == EV_OK)
        status = ev_cuda_lane_fetch(lane, &way->program, at, 1, lane->host_outputs, err);
    if (status == EV_OK)
        status = ev_cuda_lane_wait(lane, &way->program, err);
    for (int32_t i = 0; i < way->plan->n_steps && status == EV_OK; i++)
        status = elapsed(engine, &events[i], &step_ns[i], err);
    return status;
}

enum ev_status ev_cuda_layers(struct ev_engine *engine, const struct ev_batch *batch,
                              struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                              struct ev_error *err)
{
    const struct ev_cuda_driver *driver = engine->device.driver;
    const struct ev_cuda_way *way = ev_cuda_way_of(engine, batch->form);
    const size_t n_events = (size_t)way->plan->n_steps + 1;
    CUevent *events = calloc(n_events, sizeof(CUevent));
    int64_t *step_ns = calloc(n_events, sizeof *step_ns);
    enum ev_status status = events && step_ns
                                ? ev_cuda_device_enter(&engine->device, err)
                                : ev_fail(err, EV_MEMORY, "%s: out of memory", engine->path);

    *n_layers = 0;
    for (size_t i = 0; i < n_events && status == EV_OK; i++)
        status = ev_cuda_device_check(&engine->device,
                                      driver->cuEventCreate(&events[i], CU_EVENT_DEFAULT),
                                      "making an event", err);
    if (status == EV_OK)
        status = time_steps(engine, way, batch, events, step_ns, err);
    if (status == EV_OK)
        status =
            ev_plan_describe(way->plan, engine->path, step_ns, layers, max_layers, n_layers, err);
    status = drain(engine, status);
    for (size_t i = 0; events && i < n_events; i++) {
        if (events[i])
            (void)driver->cuEventDestroy(events[i]);
    }
    free(events);
    free(step_ns);
    return status;
}
