/* SPDX-License-Identifier: MIT */
/* An asynchronous engine: infer only remembers what to do, sync does it. Each output is the first
 * byte of its picture / 255. */
#include <stdlib.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
    struct ev_batch pending;
    float *outputs;
};

static enum ev_status async_open(const struct ev_open_args *args, struct ev_engine **engine,
                                 struct ev_error *err)
{
    *engine = calloc(1, sizeof **engine);
    if (!*engine)
        return ev_fail(err, EV_MEMORY, "async: out of memory");
    (*engine)->shape = args->shape;
    (*engine)->n_outputs = args->n_outputs;
    return EV_OK;
}

static enum ev_status async_describe(struct ev_engine *engine, struct ev_description *description,
                                     struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    return EV_OK;
}

static enum ev_status async_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                  float *outputs, struct ev_error *err)
{
    (void)err;
    engine->pending = *batch;
    engine->outputs = outputs;
    return EV_OK;
}

static enum ev_status async_sync(struct ev_engine *engine, struct ev_error *err)
{
    const uint8_t *pictures = engine->pending.data; /* (N, H, W, C) uint8 */
    const int64_t picture_bytes =
        (int64_t)engine->shape.height * engine->shape.width * engine->shape.channels;

    (void)err;
    for (int64_t i = 0; i < engine->pending.n_rows * engine->n_outputs; i++)
        engine->outputs[i] = (float)pictures[i / engine->n_outputs * picture_bytes] / 255.0f;
    return EV_OK;
}

static void async_close(struct ev_engine *engine)
{
    free(engine);
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "async",
    .summary = "outputs are written by sync",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL | EV_TRAIT_ROWS_INDEPENDENT | EV_TRAIT_ASYNC,
    .open = async_open,
    .describe = async_describe,
    .infer = async_infer,
    .close = async_close,
    .sync = async_sync,
};
