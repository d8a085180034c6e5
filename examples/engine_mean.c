/* SPDX-License-Identifier: MIT */
/*
 * An example engine, complete: read it from top to bottom, copy it, and put your own runtime where
 * the arithmetic is. It needs the headers of include/evalrun/ and links nothing:
 *
 *     cc -std=c11 -O2 -fPIC -shared -I include examples/engine_mean.c -o engine_mean.so
 *     evalrun --backend ./engine_mean.so --set montreal
 *
 * Its "network" cuts each picture into as many upright strips as there are outputs; an output is
 * the mean brightness of its strip, from 0 to 1, times a gain, plus an offset. Gains and offsets
 * come from a text file given by --model, a line "gain offset" for each output; without that file
 * they are 1 and 0.
 */
#include "evalrun/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What an opened model is. The host only ever sees a pointer to it, so it holds whatever the
 * runtime needs: a session, weights, scratch memory. Nothing is kept in global variables, because
 * several models may be open at the same time. */
struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
    double *gains; /* (n_outputs, 2) float64: gain, offset */
};

/* Reads the model. The layer that knows the file writes the message: one line that starts with the
 * path and says what is wrong. ev_fail() stores it and returns the status, so that a failing
 * function ends in one statement. */
static enum ev_status read_gains(const char *path, struct ev_engine *engine, struct ev_error *err)
{
    enum ev_status status = EV_OK;
    FILE *file = fopen(path, "r");
    double rest;

    if (!file)
        return ev_fail(err, EV_INPUT, "%s: %s", path, strerror(errno));
    for (int32_t k = 0; k < engine->n_outputs && status == EV_OK; k++) {
        if (fscanf(file, "%lf %lf", &engine->gains[2 * k], &engine->gains[2 * k + 1]) != 2)
            status = ev_fail(err, EV_INPUT, "%s: line %d is not 'gain offset'", path, (int)k + 1);
    }
    if (status == EV_OK && fscanf(file, "%lf", &rest) == 1)
        status = ev_fail(err, EV_INPUT, "%s: holds more than the %d outputs of the set", path,
                         (int)engine->n_outputs);
    fclose(file);
    return status;
}

/* close: frees what open made; called once for every successful open, with NULL allowed. */
static void mean_close(struct ev_engine *engine)
{
    if (!engine)
        return;
    free(engine->gains);
    free(engine);
}

/* open: called once before anything else, and may take its time: load the model, move it to the
 * device, make scratch memory for args->max_rows pictures, start args->n_threads threads. A model
 * that does not fit args->shape and args->n_outputs is refused here. The strings in *args are the
 * host's: copy what is needed later. On failure nothing may be left behind, as close is not
 * called. */
static enum ev_status mean_open(const struct ev_open_args *args, struct ev_engine **engine,
                                struct ev_error *err)
{
    enum ev_status status = EV_OK;
    struct ev_engine *made = calloc(1, sizeof *made);

    *engine = NULL;
    if (made)
        made->gains = calloc((size_t)args->n_outputs, 2 * sizeof *made->gains);
    if (!made || !made->gains) {
        status = ev_fail(err, EV_MEMORY, "engine_mean: out of memory");
        goto done;
    }
    made->shape = args->shape;
    made->n_outputs = args->n_outputs;
    for (int32_t k = 0; k < args->n_outputs; k++)
        made->gains[2 * k] = 1.0;
    if (args->shape.width < args->n_outputs) {
        status = ev_fail(err, EV_UNSUPPORTED, "engine_mean: %d outputs need wider pictures",
                         (int)args->n_outputs);
        goto done;
    }
    if (args->model_path)
        status = read_gains(args->model_path, made, err);
done:
    if (status == EV_OK)
        *engine = made;
    else
        mean_close(made);
    return status;
}

/* describe: tells the host what was opened. It has set description->size and zeroed the rest;
 * `forms` says how this model wants its pictures, `detail` is shown in reports. */
static enum ev_status mean_describe(struct ev_engine *engine, struct ev_description *description,
                                    struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->weight_bytes = (int64_t)engine->n_outputs * 2 * (int64_t)sizeof(double);
    snprintf(description->detail, sizeof description->detail, "mean of %d strips",
             (int)engine->n_outputs);
    return EV_OK;
}

/* Sum of the bytes of the columns [first, last) of one (H, W, C) uint8 picture. */
static int64_t sum_columns(const uint8_t *picture, const struct ev_shape *shape, int32_t first,
                           int32_t last)
{
    const int64_t row_bytes = (int64_t)shape->width * shape->channels;
    int64_t sum = 0;

    for (int32_t y = 0; y < shape->height; y++) {
        const uint8_t *row = picture + y * row_bytes;
        for (int64_t i = (int64_t)first * shape->channels; i < (int64_t)last * shape->channels; i++)
            sum += row[i];
    }
    return sum;
}

/* infer: the hook that is timed. Reads batch->n_rows pictures, in a form that describe named, and
 * writes every one of the n_rows x n_outputs floats, row by row. Both buffers are the host's and
 * are not kept. No clock, no metric, no printing: those are the host's. */
static enum ev_status mean_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                 float *outputs, struct ev_error *err)
{
    const struct ev_shape *shape = &engine->shape;
    const int64_t picture_bytes = (int64_t)shape->height * shape->width * shape->channels;
    const uint8_t *pictures = batch->data; /* (N, H, W, C) uint8 */

    (void)err;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        for (int32_t k = 0; k < engine->n_outputs; k++) {
            int32_t first = (int32_t)((int64_t)k * shape->width / engine->n_outputs);
            int32_t last = (int32_t)((int64_t)(k + 1) * shape->width / engine->n_outputs);
            double n_bytes = (double)(last - first) * shape->height * shape->channels;
            int64_t sum = sum_columns(pictures + row * picture_bytes, shape, first, last);
            outputs[row * engine->n_outputs + k] =
                (float)((double)sum / n_bytes / 255.0 * engine->gains[2 * k] +
                        engine->gains[2 * k + 1]);
        }
    }
    return EV_OK;
}

/* The one exported object. The host checks `abi` and `size` before it calls anything. Hooks that
 * are left out are NULL: `sync` is for engines that return before their outputs are written
 * (EV_TRAIT_ASYNC), `devices_present` for those that run on more than a CPU. EV_TRAIT_NO_MODEL
 * says that a model file may be left out; EV_TRAIT_ROWS_INDEPENDENT, that a picture's outputs are
 * the same in whatever batch it comes. */
EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "mean",
    .summary = "example plug-in: mean brightness of strips of the picture",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_NO_MODEL | EV_TRAIT_ROWS_INDEPENDENT,
    .open = mean_open,
    .describe = mean_describe,
    .infer = mean_infer,
    .close = mean_close,
};
