/* SPDX-License-Identifier: MIT */
/*
 * The wrappers: the only callers of an engine's hooks. They hold every engine to its contract, so
 * that no caller has to test for a missing hook, an empty message, a wrong shape or a row that was
 * never written: a failure has a one-line message, a success has none, and an engine that does
 * otherwise is reported by name as EV_ENGINE.
 */
#include "backend/backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What outputs hold before infer: a quiet NaN with a payload that no arithmetic makes (x86 and
 * ARM give 0x7fc00000 or 0xffc00000), so a model's own NaN is told from a row left out. */
#define UNWRITTEN_BITS UINT32_C(0x7fc0e7a1)

/* The module that reads networks for engines that want one. */
#define NET_READER "torch"

struct ev_model {
    const struct ev_backend *backend;
    char *path; /* of the model's file, or NULL */
    struct ev_engine *engine;
    struct ev_description description;
    int64_t max_rows;
};

/* Engines may pass on what a library said, over several lines; a message is one line. */
static void make_one_line(char *message)
{
    size_t length = strnlen(message, EV_ERROR_CHARS - 1);

    message[length] = '\0';
    while (length > 0 && strchr("\r\n\t ", message[length - 1]))
        message[--length] = '\0';
    for (char *c = message; *c; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
}

/* What an engine may say of a model or of the machine. The other statuses are verdicts of the
 * program, and its exit codes. */
static bool is_engines(enum ev_status status)
{
    return status == EV_INPUT || status == EV_UNSUPPORTED || status == EV_IO ||
           status == EV_MEMORY || status == EV_DEVICE || status == EV_ENGINE;
}

/* Whether a message says by itself what failed: the model's file or, by "engine 'NAME'", what is no
 * fault of that. */
static bool says_what(const char *message, const char *path)
{
    return strncmp(message, "engine '", strlen("engine '")) == 0 ||
           (path && strncmp(message, path, strlen(path)) == 0);
}

/* A failure that an engine reports, behind the model's path or the engine's name. */
static enum ev_status pass_on(const struct ev_model *model, enum ev_status status,
                              const char *message, struct ev_error *err)
{
    const char *path = model->path;

    if (says_what(message, path))
        return ev_fail(err, status, "%s", message);
    if (path)
        return ev_fail(err, status, "%s: %s", path, message);
    return ev_fail(err, status, "engine '%s': %s", model->backend->name, message);
}

/* Judges what `hook` of an engine returned, and what it left in *said, by the error contract; the
 * verdict and its message go to the caller's *err. */
static enum ev_status judge(const struct ev_model *model, const char *hook, enum ev_status status,
                            struct ev_error *said, struct ev_error *err)
{
    const struct ev_backend *backend = model->backend;

    make_one_line(said->message);
    if (status == EV_OK && !said->message[0])
        return EV_OK;
    if (status == EV_OK)
        return ev_fail(err, EV_ENGINE, "engine '%s': %s succeeded, but left the message: %s",
                       backend->name, hook, said->message);
    if (!is_engines(status))
        return ev_fail(err, EV_ENGINE, "engine '%s': %s returned status %d, not an engine's%s%s",
                       backend->name, hook, (int)status, said->message[0] ? ": " : "",
                       said->message);
    if (!said->message[0])
        return ev_fail(err, EV_ENGINE, "engine '%s': %s failed with status %d and no message",
                       backend->name, hook, (int)status);
    return pass_on(model, status, said->message, err);
}

static bool same_shape(const struct ev_shape *a, const struct ev_shape *b)
{
    return a->height == b->height && a->width == b->width && a->channels == b->channels;
}

static enum ev_status check_args(const struct ev_backend *backend, const struct ev_open_args *args,
                                 struct ev_error *err)
{
    assert(args->n_threads >= 1 && args->max_rows >= 1 && args->n_outputs >= 1);
    assert(args->shape.height >= 1 && args->shape.width >= 1 && args->shape.channels >= 1);

    if (!(backend->devices & args->device_kind))
        return ev_fail(err, EV_UNSUPPORTED, "engine '%s' does not run on %s, but on --device %s",
                       backend->name, args->device_kind == EV_DEVICE_CUDA ? "cuda" : "the CPU",
                       args->device_kind == EV_DEVICE_CUDA ? "cpu" : "cuda");
    if (!args->model_path && !(backend->traits & EV_TRAIT_NO_MODEL))
        return ev_fail(err, EV_USAGE, "engine '%s' needs a model", backend->name);
    if (args->precision & ~backend->precisions)
        return ev_fail(err, EV_UNSUPPORTED, "engine '%s' does not compute in %s", backend->name,
                       ev_precision_name(args->precision));
    return EV_OK;
}

/* What the engine says of the opened model must be what was asked for: open should have failed
 * otherwise. */
static enum ev_status check_description(const struct ev_backend *backend,
                                        const struct ev_open_args *args,
                                        struct ev_description *found, struct ev_error *err)
{
    const uint32_t known_forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW;

    found->detail[sizeof found->detail - 1] = '\0';
    if (found->device_kind & ~(uint32_t)(EV_DEVICE_CPU | EV_DEVICE_CUDA) ||
        found->device_kind == (EV_DEVICE_CPU | EV_DEVICE_CUDA) || found->device_index < 0)
        return ev_fail(err, EV_ENGINE, "engine '%s': describes a device of kind 0x%x, number %d",
                       backend->name, (unsigned)found->device_kind, (int)found->device_index);
    if (!same_shape(&found->shape, &args->shape))
        return ev_fail(err, EV_ENGINE,
                       "engine '%s': describes pictures of %d x %d x %d, opened for %d x %d x %d",
                       backend->name, found->shape.height, found->shape.width,
                       found->shape.channels, args->shape.height, args->shape.width,
                       args->shape.channels);
    if (found->n_outputs != args->n_outputs)
        return ev_fail(err, EV_ENGINE, "engine '%s': describes %d outputs, opened for %d",
                       backend->name, found->n_outputs, args->n_outputs);
    if (!(found->forms & known_forms) || (found->forms & ~backend->forms))
        return ev_fail(err, EV_ENGINE,
                       "engine '%s': describes picture forms 0x%x, exports forms 0x%x",
                       backend->name, (unsigned)found->forms, (unsigned)backend->forms);
    return EV_OK;
}

enum ev_status ev_model_open(const struct ev_backend *engine, const struct ev_open_args *args,
                             struct ev_model **model, struct ev_error *err)
{
    struct ev_open_args own_args = *args;
    struct ev_error said = EV_ERROR_INIT;
    struct ev_model *made = NULL;
    enum ev_status status = check_args(engine, args, err);

    *model = NULL;
    if (status != EV_OK)
        return status;
    made = calloc(1, sizeof *made);
    if (!made)
        return ev_fail(err, EV_MEMORY, "engine '%s': out of memory", engine->name);
    made->backend = engine;
    made->max_rows = args->max_rows;
    made->path = args->model_path ? strdup(args->model_path) : NULL;
    own_args.size = sizeof own_args;
    if (engine->traits & EV_TRAIT_WANTS_READER)
        status = ev_net_reader_find(NET_READER, &own_args.reader, err);
    if (status != EV_OK)
        goto done;

    status = engine->open(&own_args, &made->engine, &said);
    if (status != EV_OK)
        made->engine = NULL; /* by contract; whatever it says, close is not called */
    status = judge(made, "open", status, &said, err);
    if (status == EV_OK && !made->engine)
        status =
            ev_fail(err, EV_ENGINE, "engine '%s': open succeeded, but made nothing", engine->name);
    if (status != EV_OK)
        goto done;

    made->description.size = sizeof made->description;
    made->description.weight_bytes = -1;
    status = engine->describe(made->engine, &made->description, &said);
    status = judge(made, "describe", status, &said, err);
    if (status == EV_OK)
        status = check_description(engine, args, &made->description, err);
done:
    if (status == EV_OK)
        *model = made;
    else
        ev_model_close(made);
    return status;
}

void ev_model_close(struct ev_model *model)
{
    if (!model)
        return;
    if (model->engine)
        model->backend->close(model->engine);
    free(model->path);
    free(model);
}

const struct ev_description *ev_model_description(const struct ev_model *model)
{
    return &model->description;
}

const struct ev_backend *ev_model_engine(const struct ev_model *model)
{
    return model->backend;
}

static void assert_batch(const struct ev_model *model, const struct ev_batch *batch)
{
    (void)model;
    (void)batch;
    assert(batch->n_rows >= 1 && batch->n_rows <= model->max_rows);
    assert(batch->form & model->description.forms);
    assert(same_shape(&batch->shape, &model->description.shape));
}

static void mark_unwritten(float *outputs, int64_t n)
{
    const uint32_t bits = UNWRITTEN_BITS;

    for (int64_t i = 0; i < n; i++)
        memcpy(&outputs[i], &bits, sizeof bits);
}

/* Index of the first value still marked, or n. Counting first keeps the loop free of branches:
 * it runs inside what is timed. */
static int64_t find_unwritten(const float *outputs, int64_t n)
{
    int64_t n_marked = 0;
    int64_t at = 0;
    uint32_t bits;

    for (int64_t i = 0; i < n; i++) {
        memcpy(&bits, &outputs[i], sizeof bits);
        n_marked += bits == UNWRITTEN_BITS;
    }
    if (n_marked == 0)
        return n;
    for (; at < n; at++) {
        memcpy(&bits, &outputs[at], sizeof bits);
        if (bits == UNWRITTEN_BITS)
            break;
    }
    return at;
}

static enum ev_status check_written(const struct ev_model *model, const struct ev_batch *batch,
                                    const float *outputs, struct ev_error *err)
{
    const int32_t n_outputs = model->description.n_outputs;
    const int64_t n = batch->n_rows * n_outputs;
    const int64_t unwritten = find_unwritten(outputs, n);

    if (unwritten == n)
        return EV_OK;
    return ev_fail(err, EV_ENGINE,
                   "engine '%s': left output %d of row %lld of a batch of %lld unwritten",
                   model->backend->name, (int)(unwritten % n_outputs),
                   (long long)(unwritten / n_outputs), (long long)batch->n_rows);
}

enum ev_status ev_model_infer(struct ev_model *model, const struct ev_batch *batch, float *outputs,
                              struct ev_error *err)
{
    const struct ev_backend *backend = model->backend;
    struct ev_error said;
    enum ev_status status;

    assert_batch(model, batch);
    mark_unwritten(outputs, batch->n_rows * model->description.n_outputs);
    said.status = EV_OK;
    said.message[0] = '\0';
    status = backend->infer(model->engine, batch, outputs, &said);
    status = judge(model, "infer", status, &said, err);
    if (status == EV_OK && backend->sync)
        status = judge(model, "sync", backend->sync(model->engine, &said), &said, err);
    return status == EV_OK ? check_written(model, batch, outputs, err) : status;
}

/* What an engine says of its layers: printable texts, figures that can be. */
static enum ev_status check_layers(const struct ev_model *model, struct ev_layer *layers, int32_t n,
                                   struct ev_error *err)
{
    const char *name = model->backend->name;

    if (n < 1 || n > EV_MAX_LAYERS)
        return ev_fail(err, EV_ENGINE, "engine '%s': tells of %d layers, not of 1 to %d", name,
                       (int)n, EV_MAX_LAYERS);
    for (int32_t i = 0; i < n; i++) {
        struct ev_layer *layer = &layers[i];
        layer->name[sizeof layer->name - 1] = '\0';
        layer->kind[sizeof layer->kind - 1] = '\0';
        layer->dtype[sizeof layer->dtype - 1] = '\0';
        if (!layer->name[0] || !layer->kind[0] || !layer->dtype[0])
            return ev_fail(err, EV_ENGINE, "engine '%s': layer %d lacks a name, kind or type", name,
                           (int)i);
        if (layer->macs < -1 || layer->weight_bytes < -1 || layer->time_ns < 0)
            return ev_fail(err, EV_ENGINE, "engine '%s': layer %d has a negative figure", name,
                           (int)i);
    }
    return EV_OK;
}

enum ev_status ev_model_layers(struct ev_model *model, const struct ev_batch *batch,
                               struct ev_layer layers[EV_MAX_LAYERS], int32_t *n_layers,
                               struct ev_error *err)
{
    const struct ev_backend *backend = model->backend;
    struct ev_error said = EV_ERROR_INIT;

    assert_batch(model, batch);
    assert(batch->n_rows == 1);
    *n_layers = 0;
    if (!backend->layers)
        return ev_fail(err, EV_UNSUPPORTED, "engine '%s' knows nothing of layers", backend->name);
    memset(layers, 0, EV_MAX_LAYERS * sizeof *layers);
    enum ev_status status =
        backend->layers(model->engine, batch, layers, EV_MAX_LAYERS, n_layers, &said);
    status = judge(model, "layers", status, &said, err);
    if (status == EV_OK)
        status = check_layers(model, layers, *n_layers, err);
    if (status != EV_OK)
        *n_layers = 0;
    return status;
}

enum ev_status ev_model_quantize_layer(struct ev_model *model, int32_t layer,
                                       const struct ev_batch *calibration, struct ev_error *err)
{
    const struct ev_backend *backend = model->backend;
    struct ev_error said = EV_ERROR_INIT;

    assert(layer >= -1 && layer < EV_MAX_LAYERS);
    if (layer >= 0)
        assert_batch(model, calibration);
    if (!backend->quantize_layer)
        return ev_fail(err, EV_UNSUPPORTED, "engine '%s' cannot compute one layer in int8",
                       backend->name);
    return judge(model, "quantize_layer",
                 backend->quantize_layer(model->engine, layer, calibration, &said), &said, err);
}

enum ev_status ev_model_infer_apart(struct ev_model *model, const struct ev_batch *batch,
                                    float *outputs, bool eager, int64_t *device_ns,
                                    struct ev_error *err)
{
    const struct ev_backend *backend = model->backend;
    struct ev_device_run run = {sizeof run, eager, -1};
    struct ev_error said = EV_ERROR_INIT;

    assert_batch(model, batch);
    *device_ns = -1;
    if (!backend->infer_apart)
        return ev_fail(err, EV_UNSUPPORTED, "engine '%s' does not tell its device's time apart",
                       backend->name);
    mark_unwritten(outputs, batch->n_rows * model->description.n_outputs);
    enum ev_status status = judge(
        model, "infer_apart", backend->infer_apart(model->engine, batch, outputs, &run, &said),
        &said, err);
    if (status == EV_OK)
        status = check_written(model, batch, outputs, err);
    if (status == EV_OK && run.device_ns <= 0)
        status = ev_fail(err, EV_ENGINE, "engine '%s': tells no time of its device", backend->name);
    if (status == EV_OK)
        *device_ns = run.device_ns;
    return status;
}

void ev_model_pin(struct ev_model *model, void *memory, size_t n_bytes)
{
    struct ev_error ignored = EV_ERROR_INIT; /* slower then, and no more */

    if (model->backend->pin && model->backend->unpin)
        (void)model->backend->pin(model->engine, memory, n_bytes, &ignored);
}

void ev_model_unpin(struct ev_model *model, void *memory)
{
    if (model->backend->pin && model->backend->unpin)
        model->backend->unpin(model->engine, memory);
}

int32_t ev_engine_devices(const struct ev_backend *engine, uint32_t device_kind, char (*names)[64],
                          int32_t max_names)
{
    int32_t n_found;

    if (!(engine->devices & device_kind))
        return 0;
    memset(names, 0, (size_t)max_names * sizeof *names);
    if (engine->devices_present) {
        n_found = engine->devices_present(device_kind, names, max_names);
    } else {
        n_found = device_kind == EV_DEVICE_CPU ? 1 : 0;
        if (n_found > 0 && max_names > 0)
            snprintf(names[0], sizeof names[0], "cpu");
    }
    for (int32_t i = 0; i < max_names; i++)
        names[i][sizeof names[i] - 1] = '\0';
    return n_found < 0 ? 0 : n_found;
}
