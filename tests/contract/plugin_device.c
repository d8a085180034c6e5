/* SPDX-License-Identifier: MIT */
/*
 * An engine with a device of its own, which takes DEVICE_NS for each picture by its clock, and
 * twice that where it is to launch each operation by itself: then it works longer by the host's
 * clock, too. Each output is the first byte of its picture / 255. With EV_MUTE it does not tell
 * what its device, said to be a CUDA one, takes.
 */
#include <stdlib.h>

#include "evalrun/backend.h"

#define DEVICE_NS 1000
#define STEPS     20000

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
};

static enum ev_status device_open(const struct ev_open_args *args, struct ev_engine **engine,
                                  struct ev_error *err)
{
    *engine = malloc(sizeof **engine);
    if (!*engine)
        return ev_fail(err, EV_MEMORY, "out of memory");
    **engine = (struct ev_engine){args->shape, args->n_outputs};
    return EV_OK;
}

static enum ev_status device_describe(struct ev_engine *engine, struct ev_description *description,
                                      struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    return EV_OK;
}

static void work(int64_t n_steps)
{
    volatile uint32_t state = 1;

    for (int64_t step = 0; step < n_steps; step++)
        state = state * UINT32_C(1664525) + UINT32_C(1013904223);
}

static void fill(const struct ev_engine *engine, const struct ev_batch *batch, float *outputs)
{
    const uint8_t *pictures = batch->data; /* (N, H, W, C) uint8 */
    const int64_t picture_bytes =
        (int64_t)engine->shape.height * engine->shape.width * engine->shape.channels;

    for (int64_t i = 0; i < batch->n_rows * engine->n_outputs; i++)
        outputs[i] = (float)pictures[i / engine->n_outputs * picture_bytes] / 255.0f;
}

static enum ev_status device_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                   float *outputs, struct ev_error *err)
{
    (void)err;
    work(STEPS);
    fill(engine, batch, outputs);
    return EV_OK;
}

#ifndef EV_MUTE
static enum ev_status device_infer_apart(struct ev_engine *engine, const struct ev_batch *batch,
                                         float *outputs, struct ev_device_run *run,
                                         struct ev_error *err)
{
    (void)err;
    work(run->eager ? 4 * STEPS : STEPS);
    fill(engine, batch, outputs);
    run->device_ns = batch->n_rows * DEVICE_NS * (run->eager ? 2 : 1);
    return EV_OK;
}
#endif

static void device_close(struct ev_engine *engine)
{
    free(engine);
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
#ifdef EV_MUTE
    .name = "mute",
    .devices = EV_DEVICE_CUDA,
#else
    .name = "device",
    .devices = EV_DEVICE_CPU,
    .infer_apart = device_infer_apart,
#endif
    .summary = "has a device of its own",
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL | EV_TRAIT_ROWS_INDEPENDENT,
    .open = device_open,
    .describe = device_describe,
    .infer = device_infer,
    .close = device_close,
};
