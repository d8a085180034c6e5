/* SPDX-License-Identifier: MIT */
/*
 * An engine that takes a fixed amount of arithmetic for each picture, EV_WORK steps, for the gate
 * on speed. Its outputs are of no use.
 */
#include <stddef.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
};

/* One for each time that it is opened, as a control is. */
#define MOST_OPENED 16
static struct ev_engine engines[MOST_OPENED];
static int n_opened;

static enum ev_status work_open(const struct ev_open_args *args, struct ev_engine **engine,
                                struct ev_error *err)
{
    if (n_opened == MOST_OPENED)
        return ev_fail(err, EV_MEMORY, "opened too often");
    *engine = &engines[n_opened++];
    **engine = (struct ev_engine){args->shape, args->n_outputs};
    return EV_OK;
}

static enum ev_status work_describe(struct ev_engine *engine, struct ev_description *description,
                                    struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    return EV_OK;
}

static enum ev_status work_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                 float *outputs, struct ev_error *err)
{
    (void)err;
    for (int64_t i = 0; i < batch->n_rows * engine->n_outputs; i++) {
        /* Each step waits for the one before, so that compilers and processors cannot hurry. */
        uint32_t state = (uint32_t)i + 1;
        for (int step = 0; step < EV_WORK; step++)
            state = state * UINT32_C(1664525) + UINT32_C(1013904223);
        outputs[i] = (float)(state >> 8) * 0x1p-24f;
    }
    return EV_OK;
}

static void work_close(struct ev_engine *engine)
{
    (void)engine;
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = EV_WORK_NAME,
    .summary = "a fixed amount of arithmetic",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL | EV_TRAIT_ROWS_INDEPENDENT,
    .open = work_open,
    .describe = work_describe,
    .infer = work_infer,
    .close = work_close,
};
