/* SPDX-License-Identifier: MIT */
/* An engine that breaks its contract in the way that the "model path" names, so that one module
 * serves every case of the test: the program must say so and go on. */
#include <stdlib.h>
#include <string.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_open_args args;
    char misdeed[32];
};

static int is(const struct ev_engine *engine, const char *misdeed)
{
    return strcmp(engine->misdeed, misdeed) == 0;
}

static enum ev_status wrong_open(const struct ev_open_args *args, struct ev_engine **engine,
                                 struct ev_error *err)
{
    *engine = NULL;
    if (strcmp(args->model_path, "open-nothing") == 0)
        return EV_OK;
    if (strcmp(args->model_path, "open-unknown-status") == 0)
        return (enum ev_status)1234;
    if (strcmp(args->model_path, "open-verdict") == 0)
        return ev_fail(err, EV_CANNOT_TELL, "unsure");
    if (strcmp(args->model_path, "open-several-lines") == 0)
        return ev_fail(err, EV_INPUT, "first line\n  second\tline\n\n");
    if (strcmp(args->model_path, "open-fails-with-object") == 0) {
        *engine = (struct ev_engine *)8; /* close must not be called with it */
        return ev_fail(err, EV_INPUT, "refused");
    }
    *engine = calloc(1, sizeof **engine);
    if (!*engine)
        return ev_fail(err, EV_MEMORY, "wrong: out of memory");
    (*engine)->args = *args;
    snprintf((*engine)->misdeed, sizeof(*engine)->misdeed, "%s", args->model_path);
    if (is(*engine, "open-message"))
        (void)ev_fail(err, EV_OK, "all is well");
    return EV_OK;
}

static enum ev_status wrong_describe(struct ev_engine *engine, struct ev_description *description,
                                     struct ev_error *err)
{
    description->forms = is(engine, "describe-forms") ? 0 : EV_FORM_U8_NHWC;
    if (is(engine, "describe-more-forms"))
        description->forms |= EV_FORM_F32_NCHW;
    description->shape = engine->args.shape;
    description->shape.width += is(engine, "describe-shape");
    description->n_outputs = engine->args.n_outputs + is(engine, "describe-outputs");
    memset(description->detail, 'x', sizeof description->detail); /* no end */
    if (is(engine, "describe-device"))
        description->device_kind = EV_DEVICE_CPU | EV_DEVICE_CUDA;
    if (is(engine, "describe-device-number"))
        description->device_index = -1;
    if (is(engine, "describe-silent"))
        return EV_INPUT;
    if (is(engine, "describe-fails"))
        return ev_fail(err, EV_DEVICE, "the device went away");
    return EV_OK;
}

static enum ev_status wrong_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                  float *outputs, struct ev_error *err)
{
    const int64_t n = batch->n_rows * engine->args.n_outputs;
    const uint32_t arithmetic_nan = UINT32_C(0x7fc00000);

    for (int64_t i = 0; i < n; i++) {
        if (!(is(engine, "infer-last") && i == n - 1) && !(is(engine, "infer-none")))
            outputs[i] = 0.25f;
    }
    if (is(engine, "infer-nan"))
        memcpy(outputs, &arithmetic_nan, sizeof arithmetic_nan);
    if (is(engine, "infer-silent"))
        return EV_DEVICE;
    if (is(engine, "infer-message"))
        (void)ev_fail(err, EV_OK, "all is well");
    if (is(engine, "infer-fails"))
        return ev_fail(err, EV_MEMORY, "the device's memory is full");
    return EV_OK;
}

static enum ev_status wrong_layers(struct ev_engine *engine, const struct ev_batch *batch,
                                   struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                                   struct ev_error *err)
{
    (void)batch;
    *n_layers = is(engine, "layers-none") ? 0 : is(engine, "layers-many") ? max_layers + 1 : 2;
    for (int32_t i = 0; i < 2; i++)
        layers[i] = (struct ev_layer){"layer", "conv2d", "float32", 10, 40, 100};
    if (is(engine, "layers-unnamed"))
        layers[1].name[0] = '\0';
    if (is(engine, "layers-negative"))
        layers[1].time_ns = -1;
    if (is(engine, "layers-macs"))
        layers[0].macs = -2;
    if (is(engine, "layers-bytes"))
        layers[0].weight_bytes = -2;
    if (is(engine, "layers-endless"))
        memset(layers[1].kind, 'x', sizeof layers[1].kind);
    if (is(engine, "layers-silent"))
        return EV_DEVICE;
    if (is(engine, "layers-refused"))
        return ev_fail(err, EV_UNSUPPORTED, "not this model");
    return EV_OK;
}

static enum ev_status wrong_quantize_layer(struct ev_engine *engine, int32_t layer,
                                           const struct ev_batch *calibration, struct ev_error *err)
{
    (void)layer;
    (void)calibration;
    if (is(engine, "quantize-message"))
        (void)ev_fail(err, EV_OK, "all is well");
    return EV_OK;
}

static void wrong_close(struct ev_engine *engine)
{
    free(engine);
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "wrong",
    .summary = "breaks the contract as told",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .open = wrong_open,
    .describe = wrong_describe,
    .infer = wrong_infer,
    .close = wrong_close,
    .layers = wrong_layers,
    .quantize_layer = wrong_quantize_layer,
};
