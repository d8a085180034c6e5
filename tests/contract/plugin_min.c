/* SPDX-License-Identifier: MIT */
/*
 * The smallest engine that is accepted: required members only, and a table that ends before the
 * optional ones, as a module has that was compiled with the first version of the header. Each
 * output is the first byte of its picture / 255.
 */
#include <stddef.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
};

static struct ev_engine only;

static enum ev_status min_open(const struct ev_open_args *args, struct ev_engine **engine,
                               struct ev_error *err)
{
    (void)err;
    only.shape = args->shape;
    only.n_outputs = args->n_outputs;
    *engine = &only;
    return EV_OK;
}

static enum ev_status min_describe(struct ev_engine *engine, struct ev_description *description,
                                   struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    return EV_OK;
}

static enum ev_status min_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                float *outputs, struct ev_error *err)
{
    const uint8_t *pictures = batch->data; /* (N, H, W, C) uint8 */
    const int64_t picture_bytes =
        (int64_t)engine->shape.height * engine->shape.width * engine->shape.channels;

    (void)err;
    for (int64_t i = 0; i < batch->n_rows * engine->n_outputs; i++)
        outputs[i] = (float)pictures[i / engine->n_outputs * picture_bytes] / 255.0f;
    return EV_OK;
}

static void min_close(struct ev_engine *engine)
{
    (void)engine;
}

/* The members behind `size` hold what would crash if the host called it. */
EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = offsetof(struct ev_backend, sync),
    .name = "min",
    .summary = "required members only",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL | EV_TRAIT_ROWS_INDEPENDENT,
    .open = min_open,
    .describe = min_describe,
    .infer = min_infer,
    .close = min_close,
    .sync = (enum ev_status(*)(struct ev_engine *, struct ev_error *))8,
    .devices_present = (int32_t(*)(uint32_t, char (*)[64], int32_t))8,
    .layers = (enum ev_status(*)(struct ev_engine *, const struct ev_batch *, struct ev_layer *,
                                 int32_t, int32_t *, struct ev_error *))8,
    .quantize_layer = (enum ev_status(*)(struct ev_engine *, int32_t, const struct ev_batch *,
                                         struct ev_error *))8,
};
