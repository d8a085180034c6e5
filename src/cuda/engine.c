/* SPDX-License-Identifier: MIT */
/* Opening and closing a model, and what it says of itself. */
#include <stdlib.h>
#include <string.h>

#include "cuda/engine_private.h"
#include "int8/describe.h"
#include "int8/order.h"

/* Pictures that a lane takes at once: the activations of so many stay in the second-level cache,
 * and while they are computed the next ones are copied. A multiple of EV_NET_PIECE_ROWS. */
#define LANE_ROWS  256
/* Of larger pictures fewer: tensors of a lane take no more than this. */
#define LANE_BYTES ((int64_t)1 << 30)

struct ev_cuda_way *ev_cuda_way_of(struct ev_engine *engine, uint32_t form)
{
    return form == EV_FORM_U8_NHWC ? &engine->bytes : &engine->floats;
}

/* --- Opening --- */

static enum ev_status open_way(struct ev_engine *engine, struct ev_cuda_way *way, uint32_t form,
                               struct ev_error *err)
{
    enum ev_status status = engine->reader->read(engine->path, form, &way->net, err);

    if (status == EV_OK)
        status = ev_plan_make(way->net, engine->path, form, &engine->shape, engine->n_outputs,
                              engine->order, &way->plan, err);
    return status == EV_OK
               ? ev_cuda_program_open(&engine->device, way->plan, engine->path, &way->program, err)
               : status;
}

static int64_t lane_rows(const struct ev_engine *engine, int64_t max_rows)
{
    int64_t rows = (max_rows + EV_NET_PIECE_ROWS - 1) / EV_NET_PIECE_ROWS * EV_NET_PIECE_ROWS;
    const size_t bytes = ev_cuda_most_bytes(engine->bytes.plan),
                 floats = ev_cuda_most_bytes(engine->floats.plan);
    const int64_t most = LANE_BYTES / (int64_t)(bytes > floats ? bytes : floats) /
                         EV_NET_PIECE_ROWS * EV_NET_PIECE_ROWS;

    if (max_rows == 1)
        return 1;
    rows = rows < LANE_ROWS ? rows : LANE_ROWS;
    return rows <= most ? rows : most > EV_NET_PIECE_ROWS ? most : EV_NET_PIECE_ROWS;
}

static enum ev_status open_lanes(struct ev_engine *engine, int64_t max_rows, struct ev_error *err)
{
    const struct ev_cuda_driver *driver = engine->device.driver;
    const int64_t rows = lane_rows(engine, max_rows);
    enum ev_status status = EV_OK;

    engine->n_lanes = max_rows > rows ? EV_CUDA_N_LANES : 1;
    for (int32_t i = 0; i < engine->n_lanes && status == EV_OK; i++)
        status = ev_cuda_lane_open(&engine->bytes.program, &engine->floats.program, rows,
                                   &engine->lanes[i], err);
    for (int i = 0; i < 2 && status == EV_OK; i++) {
        status = ev_cuda_device_check(&engine->device,
                                      driver->cuEventCreate(&engine->events[i], CU_EVENT_DEFAULT),
                                      "making an event", err);
        if (status == EV_OK)
            status = ev_cuda_device_check(
                &engine->device,
                driver->cuEventCreate(&engine->order_events[i], CU_EVENT_DISABLE_TIMING),
                "making an event", err);
    }
    return status;
}

static enum ev_status open_all(struct ev_engine *engine, const struct ev_open_args *args,
                               struct ev_error *err)
{
    enum ev_status status = ev_order_choose("cuda", &engine->order, err);

    if (status == EV_OK)
        status = ev_cuda_device_open(args->device_index, &engine->device, err);
    if (status == EV_OK)
        status = open_way(engine, &engine->bytes, EV_FORM_U8_NHWC, err);
    if (status == EV_OK)
        status = open_way(engine, &engine->floats, EV_FORM_F32_NCHW, err);
    if (status == EV_OK)
        status = ev_plan_check_precision(engine->bytes.plan, engine->path, args->precision, err);
    if (status == EV_OK)
        status = open_lanes(engine, args->max_rows, err);
    /* Weights and zeroed memory come by the device's own stream, which lanes do not wait for. */
    return status == EV_OK
               ? ev_cuda_device_check(&engine->device, engine->device.driver->cuCtxSynchronize(),
                                      "copying weights", err)
               : status;
}

enum ev_status ev_cuda_open(const struct ev_open_args *args, struct ev_engine **out,
                            struct ev_error *err)
{
    struct ev_engine *engine;

    *out = NULL;
    if (args->size < sizeof *args || !args->reader)
        return ev_fail(err, EV_UNSUPPORTED, "engine 'cuda' needs a program of ABI 1.3");
    engine = calloc(1, sizeof *engine);
    if (!engine || !(engine->path = strdup(args->model_path))) {
        free(engine);
        return ev_fail(err, EV_MEMORY, "engine 'cuda': out of memory");
    }
    engine->reader = args->reader;
    engine->device_index = args->device_index;
    engine->shape = args->shape;
    engine->n_outputs = args->n_outputs;
    const enum ev_status status = open_all(engine, args, err);
    if (status == EV_OK)
        *out = engine;
    else
        ev_cuda_close(engine);
    return status;
}

/* --- Closing --- */

static void close_way(struct ev_engine *engine, struct ev_cuda_way *way)
{
    if (way->single)
        (void)engine->device.driver->cuGraphExecDestroy(way->single);
    ev_cuda_program_close(&way->program);
    ev_plan_free(way->plan);
    if (way->net)
        engine->reader->free(way->net);
}

void ev_cuda_close(struct ev_engine *engine)
{
    struct ev_error ignored = EV_ERROR_INIT;

    if (!engine)
        return;
    if (engine->device.context && ev_cuda_device_enter(&engine->device, &ignored) != EV_OK)
        ignored.status = EV_OK; /* a lost device's memory is the driver's */
    for (int i = 0; i < EV_CUDA_MAX_PINNED; i++) {
        if (engine->pinned[i].memory)
            ev_cuda_unpin(engine, engine->pinned[i].memory);
    }
    for (int i = 0; i < EV_CUDA_N_LANES; i++)
        ev_cuda_lane_close(&engine->lanes[i]);
    for (int i = 0; i < 2; i++) {
        if (engine->events[i])
            (void)engine->device.driver->cuEventDestroy(engine->events[i]);
        if (engine->order_events[i])
            (void)engine->device.driver->cuEventDestroy(engine->order_events[i]);
    }
    close_way(engine, &engine->bytes);
    close_way(engine, &engine->floats);
    ev_cuda_device_close(&engine->device);
    free(engine->path);
    free(engine);
}

/* --- Saying --- */

enum ev_status ev_cuda_describe(struct ev_engine *engine, struct ev_description *description,
                                struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->weight_bytes = engine->bytes.plan->weight_bytes;
    description->device_kind = EV_DEVICE_CUDA;
    description->device_index = engine->device_index;
    if (ev_plan_has_int8(engine->bytes.plan))
        snprintf(description->detail, sizeof description->detail,
                 "own CUDA kernels, int8 as %s rounds, %s", ev_order_name(engine->order),
                 engine->device.name);
    else
        snprintf(description->detail, sizeof description->detail, "own CUDA kernels, float32, %s",
                 engine->device.name);
    return EV_OK;
}

/* --- Memory of the host --- */

/* Memory that another model of the process has registered is copied from as fast, and where that
 * one lets it go first, from then on like any other. */
enum ev_status ev_cuda_pin(struct ev_engine *engine, void *memory, uint64_t n_bytes,
                           struct ev_error *err)
{
    enum ev_status status = ev_cuda_device_enter(&engine->device, err);
    struct ev_cuda_pinned *place = NULL;

    for (int i = 0; i < EV_CUDA_MAX_PINNED && !place; i++) {
        if (!engine->pinned[i].memory)
            place = &engine->pinned[i];
    }
    if (status == EV_OK && !place)
        status = ev_fail(err, EV_UNSUPPORTED, "more than %d places of pinned memory",
                         EV_CUDA_MAX_PINNED);
    if (status != EV_OK)
        return status;
    const CUresult result = engine->device.driver->cuMemHostRegister(memory, (size_t)n_bytes, 0);
    const bool is_others = result == CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    if (!is_others)
        status = ev_cuda_device_check(&engine->device, result, "registering memory", err);
    if (status == EV_OK)
        *place = (struct ev_cuda_pinned){memory, (size_t)n_bytes, !is_others};
    return status;
}

void ev_cuda_unpin(struct ev_engine *engine, void *memory)
{
    struct ev_error ignored = EV_ERROR_INIT;

    for (int i = 0; i < EV_CUDA_MAX_PINNED; i++) {
        struct ev_cuda_pinned *place = &engine->pinned[i];
        if (place->memory != memory)
            continue;
        if (place->is_own && ev_cuda_device_enter(&engine->device, &ignored) == EV_OK)
            (void)engine->device.driver->cuMemHostUnregister(memory);
        *place = (struct ev_cuda_pinned){0};
        return;
    }
}
