/* SPDX-License-Identifier: MIT */
/* An engine whose open fails without a word. */
#include "evalrun/backend.h"

static enum ev_status silent_open(const struct ev_open_args *args, struct ev_engine **engine,
                                  struct ev_error *err)
{
    (void)args;
    (void)err;
    *engine = NULL;
    return EV_INPUT;
}

static enum ev_status silent_describe(struct ev_engine *engine, struct ev_description *description,
                                      struct ev_error *err)
{
    (void)engine;
    (void)description;
    (void)err;
    return EV_INPUT;
}

static enum ev_status silent_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                   float *outputs, struct ev_error *err)
{
    (void)engine;
    (void)batch;
    (void)outputs;
    (void)err;
    return EV_INPUT;
}

static void silent_close(struct ev_engine *engine)
{
    (void)engine;
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "silent",
    .summary = "fails without a word",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL,
    .open = silent_open,
    .describe = silent_describe,
    .infer = silent_infer,
    .close = silent_close,
};
