/* SPDX-License-Identifier: MIT */
/* An engine for tests: at call EV_TEST_SIGNAL_AT it raises SIGINT, as Ctrl-C does, and at call
 * EV_TEST_FAIL_AT it fails. Outputs are 0.5. */
#include <signal.h>
#include <stdlib.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
    long n_calls;
};

static struct ev_engine only;

static enum ev_status stops_open(const struct ev_open_args *args, struct ev_engine **engine,
                                 struct ev_error *err)
{
    (void)err;
    only = (struct ev_engine){.shape = args->shape, .n_outputs = args->n_outputs};
    *engine = &only;
    return EV_OK;
}

static enum ev_status stops_describe(struct ev_engine *engine, struct ev_description *description,
                                     struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->weight_bytes = -1;
    return EV_OK;
}

static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? atol(text) : 0;
}

static enum ev_status stops_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                  float *outputs, struct ev_error *err)
{
    engine->n_calls++;
    if (engine->n_calls == number_of("EV_TEST_SIGNAL_AT"))
        raise(SIGINT);
    if (engine->n_calls == number_of("EV_TEST_FAIL_AT"))
        return ev_fail(err, EV_ENGINE, "stopped as asked");
    for (int64_t i = 0; i < batch->n_rows * engine->n_outputs; i++)
        outputs[i] = 0.5f;
    return EV_OK;
}

static void stops_close(struct ev_engine *engine)
{
    (void)engine;
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "stops",
    .summary = "for tests: stops at a given call",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_ROWS_INDEPENDENT | EV_TRAIT_NO_MODEL,
    .open = stops_open,
    .describe = stops_describe,
    .infer = stops_infer,
    .close = stops_close,
};
