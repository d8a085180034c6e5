/* SPDX-License-Identifier: MIT */
/*
 * The engine "null": every output is 0.5, whatever the picture. It needs no model and does next
 * to nothing, so what is measured with it is the harness itself: reading, errors, reports.
 */
#include "backend/engine_null.h"

#include <stdlib.h>

#define CONSTANT_OUTPUT 0.5f

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
};

static enum ev_status null_open(const struct ev_open_args *args, struct ev_engine **engine,
                                struct ev_error *err)
{
    *engine = malloc(sizeof **engine);
    if (!*engine)
        return ev_fail(err, EV_MEMORY, "engine 'null': out of memory");
    (*engine)->shape = args->shape;
    (*engine)->n_outputs = args->n_outputs;
    return EV_OK;
}

static enum ev_status null_describe(struct ev_engine *engine, struct ev_description *description,
                                    struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->weight_bytes = 0;
    description->device_kind = EV_DEVICE_CPU;
    snprintf(description->detail, sizeof description->detail, "constant outputs");
    return EV_OK;
}

static enum ev_status null_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                 float *outputs, struct ev_error *err)
{
    int64_t n = batch->n_rows * engine->n_outputs;

    (void)err;
    for (int64_t i = 0; i < n; i++)
        outputs[i] = CONSTANT_OUTPUT;
    return EV_OK;
}

static void null_close(struct ev_engine *engine)
{
    free(engine);
}

const struct ev_backend ev_engine_null = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "null",
    .summary = "constant outputs, measures the harness itself",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW,
    .traits = EV_TRAIT_ROWS_INDEPENDENT | EV_TRAIT_NO_MODEL,
    .open = null_open,
    .describe = null_describe,
    .infer = null_infer,
    .close = null_close,
};
