/* SPDX-License-Identifier: MIT */
/*
 * An engine for tests that has two precisions: outputs are 0.5, a little more in fp16 unless
 * EV_TEST_EQUAL is set. Each time that it opens it adds a line to the file EV_TEST_OPENED: whether
 * that is in a worker process, in which precision, and for how many rows at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_open_args args;
};

static void note_opened(const struct ev_open_args *args)
{
    const char *path = getenv("EV_TEST_OPENED");
    FILE *file = path ? fopen(path, "a") : NULL;
    FILE *self = fopen("/proc/self/cmdline", "r");
    char line[64] = "";
    const size_t n = self ? fread(line, 1, sizeof line - 1, self) : 0;

    if (self)
        fclose(self);
    if (!file)
        return;
    fprintf(file, "%s %u %lld\n",
            n > strlen(line) + 1 && strcmp(line + strlen(line) + 1, "worker") == 0 ? "worker"
                                                                                   : "program",
            (unsigned)args->precision, (long long)args->max_rows);
    fclose(file);
}

static enum ev_status precise_open(const struct ev_open_args *args, struct ev_engine **engine,
                                   struct ev_error *err)
{
    note_opened(args);
    *engine = malloc(sizeof **engine);
    if (!*engine)
        return ev_fail(err, EV_MEMORY, "out of memory");
    (*engine)->args = *args;
    return EV_OK;
}

static enum ev_status precise_describe(struct ev_engine *engine, struct ev_description *description,
                                       struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->args.shape;
    description->n_outputs = engine->args.n_outputs;
    return EV_OK;
}

static enum ev_status precise_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                    float *outputs, struct ev_error *err)
{
    const int is_half = engine->args.precision == EV_PRECISION_FP16 && !getenv("EV_TEST_EQUAL");

    (void)err;
    for (int64_t i = 0; i < batch->n_rows * engine->args.n_outputs; i++)
        outputs[i] = is_half ? 0.5009765625f : 0.5f;
    return EV_OK;
}

static enum ev_status precise_layers(struct ev_engine *engine, const struct ev_batch *batch,
                                     struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                                     struct ev_error *err)
{
    const int is_half = engine->args.precision == EV_PRECISION_FP16;

    (void)batch;
    (void)max_layers;
    (void)err;
    layers[0] = (struct ev_layer){"only", "linear", "float32", 100, 400, 1};
    if (is_half)
        strcpy(layers[0].dtype, "float16");
    *n_layers = 1;
    return EV_OK;
}

static void precise_close(struct ev_engine *engine)
{
    free(engine);
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "precise",
    .summary = "has two precisions",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_ROWS_INDEPENDENT | EV_TRAIT_NO_MODEL,
    .open = precise_open,
    .describe = precise_describe,
    .infer = precise_infer,
    .close = precise_close,
    .layers = precise_layers,
    .precisions = EV_PRECISION_FP32 | EV_PRECISION_FP16,
};
