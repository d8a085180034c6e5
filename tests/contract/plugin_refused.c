/* SPDX-License-Identifier: MIT */
/*
 * Engines that the program must refuse when it loads them, one fault each: compiled several times
 * with REFUSED_x defined. Everything but the fault is in order.
 */
#include <stddef.h>

#include "evalrun/backend.h"

static enum ev_status refused_open(const struct ev_open_args *args, struct ev_engine **engine,
                                   struct ev_error *err)
{
    (void)args;
    *engine = NULL;
    return ev_fail(err, EV_ENGINE, "a refused module was called");
}

static enum ev_status refused_describe(struct ev_engine *engine, struct ev_description *description,
                                       struct ev_error *err)
{
    (void)engine;
    (void)description;
    return ev_fail(err, EV_ENGINE, "a refused module was called");
}

#ifndef REFUSED_infer
static enum ev_status refused_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                    float *outputs, struct ev_error *err)
{
    (void)engine;
    (void)batch;
    (void)outputs;
    return ev_fail(err, EV_ENGINE, "a refused module was called");
}
#endif

static void refused_close(struct ev_engine *engine)
{
    (void)engine;
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
#ifdef REFUSED_abi
    .abi = EV_ABI_MAJOR + 1,
#else
    .abi = EV_ABI_MAJOR,
#endif
#if defined REFUSED_size
    .size = offsetof(struct ev_backend, infer),
#elif defined REFUSED_short
    .size = sizeof(struct ev_backend) + 8,
#else
    .size = sizeof(struct ev_backend),
#endif
#if defined REFUSED_taken
    .name = "null",
#elif defined REFUSED_unnamed
    .name = "",
#else
    .name = "refused",
#endif
    .summary = "must not be loaded",
#ifdef REFUSED_devices
    .devices = 0,
#else
    .devices = EV_DEVICE_CPU,
#endif
    .forms = EV_FORM_U8_NHWC,
#ifdef REFUSED_sync
    .traits = EV_TRAIT_ASYNC,
#endif
    .open = refused_open,
    .describe = refused_describe,
#ifdef REFUSED_infer
    .infer = NULL,
#else
    .infer = refused_infer,
#endif
    .close = refused_close,
};
