/* SPDX-License-Identifier: MIT */
/* An engine for tests that raises alarms: it was asked for a CPU and says that it runs on a card, one
 * of its two layers is in int8, and the first output of a batch is NaN. The others are 0.5. */
#include <math.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
};

static struct ev_engine only;

static enum ev_status odd_open(const struct ev_open_args *args, struct ev_engine **engine,
                               struct ev_error *err)
{
    (void)err;
    only = (struct ev_engine){args->shape, args->n_outputs};
    *engine = &only;
    return EV_OK;
}

static enum ev_status odd_describe(struct ev_engine *engine, struct ev_description *description,
                                   struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->device_kind = EV_DEVICE_CUDA;
    description->device_index = 3;
    return EV_OK;
}

static enum ev_status odd_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                float *outputs, struct ev_error *err)
{
    (void)err;
    for (int64_t i = 0; i < batch->n_rows * engine->n_outputs; i++)
        outputs[i] = i == 0 ? NAN : 0.5f;
    return EV_OK;
}

static enum ev_status odd_layers(struct ev_engine *engine, const struct ev_batch *batch,
                                 struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                                 struct ev_error *err)
{
    (void)engine;
    (void)batch;
    (void)max_layers;
    (void)err;
    layers[0] = (struct ev_layer){"first", "conv2d", "int8", 100, 100, 1};
    layers[1] = (struct ev_layer){"second", "conv2d", "float32", 100, 400, 1};
    *n_layers = 2;
    return EV_OK;
}

static void odd_close(struct ev_engine *engine)
{
    (void)engine;
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "odd",
    .summary = "raises alarms",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL,
    .open = odd_open,
    .describe = odd_describe,
    .infer = odd_infer,
    .close = odd_close,
    .layers = odd_layers,
};
