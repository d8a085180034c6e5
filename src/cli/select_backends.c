/* SPDX-License-Identifier: MIT */
/* --backend, --model and --engine: variants by name, engine modules by path, model files of the
 * user's, and what runs them. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/select.h"

#define MAX_NAMES 32

/* What runs a model given by --model unless --backend says otherwise. */
#define MODEL_ENGINE "torch"
/* What runs int8 models on a CUDA device, where libtorch has no kernels for them. */
#define CUDA_INT8_ENGINE "cuda"

static enum ev_status unknown_backend(const char *name, struct ev_error *err)
{
    const char *names[MAX_NAMES];
    size_t n = 0;

    for (; ev_variants[n].name && n < MAX_NAMES - 1; n++)
        names[n] = ev_variants[n].name;
    names[n++] = "all";
    enum ev_status status = ev_fail_unknown(err, "backend", name, names, n);
    if (ev_file_exists(name))
        return ev_fail(err, status,
                       "unknown backend '%s': an engine module's path needs a '/', as in ./%s",
                       name, name);
    return status;
}

/* Fills entry `at` from a word of the list; the engine is found later. */
static enum ev_status take_backend(struct ev_backends *backends, size_t at, bool with_files,
                                   struct ev_error *err)
{
    const char *word = backends->list.items[at];
    const struct ev_variant *variant = ev_variant_find(word);
    struct ev_eval_backend *backend = &backends->backends[at];
    int64_t bytes;

    backend->name = word;
    /* An engine's own name may stand where a model is given. */
    if (strchr(word, '/')) {
        enum ev_status status = ev_file_size(word, &bytes, err);
        if (status != EV_OK)
            return status;
    } else if (!variant && ev_engine_is_known(word) && !with_files) {
        return ev_fail(err, EV_USAGE, "backend '%s' is an engine: it needs --model FILE", word);
    } else if (!variant && !ev_engine_is_known(word)) {
        return unknown_backend(word, err);
    }
    if (with_files)
        return EV_OK;
    backends->items[at] = at;
    if (!variant || !variant->model)
        return EV_OK;
    backends->storage[at] = ev_path_data(variant->model);
    if (!backends->storage[at])
        return ev_fail(err, EV_MEMORY, "out of memory");
    backend->model_path = backends->storage[at];
    if (!ev_file_exists(backend->model_path))
        return ev_fail(err, EV_INPUT, "%s: the model of backend '%s' is missing",
                       backend->model_path, word);
    return EV_OK;
}

/* Whether the engine is one, and each backend leaves the choice to it. */
static enum ev_status check_engine(const struct ev_backends *backends, bool named,
                                   struct ev_error *err)
{
    const char *names[MAX_NAMES];
    size_t n = 0;

    if (!strchr(backends->engine, '/') && !ev_engine_is_known(backends->engine)) {
        for (; ev_engines[n].name && n < MAX_NAMES; n++)
            names[n] = ev_engines[n].name;
        return ev_fail_unknown(err, "engine", backends->engine, names, n);
    }
    for (size_t i = 0; i < backends->list.n && named; i++) {
        const struct ev_variant *variant = ev_variant_find(backends->list.items[i]);
        if (!variant || !variant->model)
            return ev_fail(err, EV_USAGE,
                           "--engine %s: runs models, but backend '%s' is an engine of its own",
                           backends->engine, backends->list.items[i]);
    }
    return EV_OK;
}

static bool is_file(const char *item)
{
    (void)item;
    return true; /* as all items of --model */
}

static enum ev_status split_files(const char *models, struct ev_list *files, struct ev_error *err)
{
    /* A comma may be part of a file's name. */
    const char *const whole[] = {models};
    enum ev_status status =
        ev_list_split("model", ev_file_exists(models) ? "all" : models, whole, 1, files, err);
    int64_t bytes;

    for (size_t i = 0; i < files->n && status == EV_OK; i++)
        status = ev_file_size(files->items[i], &bytes, err);
    return status;
}

static enum ev_status take_files(struct ev_backends *backends, struct ev_error *err)
{
    if (backends->list.n != 1)
        return ev_fail(err, EV_USAGE,
                       "--model needs one backend to run it, but --backend names %zu",
                       backends->list.n);
    for (size_t i = 0; i < backends->n; i++) {
        backends->storage[i] = ev_list_short_name(&backends->files, i, is_file);
        if (!backends->storage[i])
            return ev_fail(err, EV_MEMORY, "out of memory");
        backends->items[i] = i;
        backends->backends[i].name = backends->storage[i];
        backends->backends[i].model_path = backends->files.items[i];
    }
    return EV_OK;
}

/* Fills the entries: of the files, or one for each backend. */
static enum ev_status take_all(struct ev_backends *backends, bool named, struct ev_error *err)
{
    const bool with_files = backends->files.n > 0;
    enum ev_status status = EV_OK;

    backends->n = with_files ? backends->files.n : backends->list.n;
    const size_t most = backends->n > backends->list.n ? backends->n : backends->list.n;
    backends->backends = calloc(most + 1, sizeof *backends->backends);
    backends->items = calloc(most + 1, sizeof *backends->items);
    backends->storage = calloc(most + 1, sizeof *backends->storage);
    if (!backends->backends || !backends->items || !backends->storage)
        return ev_fail(err, EV_MEMORY, "out of memory");
    backends->n_storage = backends->n;
    if (backends->engine)
        status = check_engine(backends, named, err);
    for (size_t i = 0; i < backends->list.n && status == EV_OK; i++)
        status = take_backend(backends, i, with_files, err);
    return status == EV_OK && with_files ? take_files(backends, err) : status;
}

enum ev_status ev_backends_select(const char *text, const char *models, const char *engine,
                                  struct ev_backends *backends, struct ev_error *err)
{
    const bool named = text != NULL;
    const char *all[MAX_NAMES];
    size_t n_all = 0;

    for (const struct ev_variant *v = ev_variants; v->name && n_all < MAX_NAMES; v++) {
        if (v->in_all)
            all[n_all++] = v->name;
    }
    *backends = (struct ev_backends){
        .engine = engine,
        .is_default = !text && !models,
        .is_engine_named = engine || (text && models),
    };
    if (!text)
        text = !models ? "all" : engine ? engine : MODEL_ENGINE;
    enum ev_status status = ev_list_split("backend", text, all, n_all, &backends->list, err);
    if (status == EV_OK && models)
        status = split_files(models, &backends->files, err);
    if (status == EV_OK)
        status = take_all(backends, named, err);
    if (status != EV_OK)
        ev_backends_free(backends);
    return status;
}

/* Whether a model holds int8 layers; one of which nothing is known does not. */
static bool holds_int8(const char *path)
{
    struct ev_error ignored = EV_ERROR_INIT;
    const struct ev_net_reader *reader;
    bool holds = false;

    return ev_net_reader_find(MODEL_ENGINE, &reader, &ignored) == EV_OK && reader->holds_int8 &&
           reader->holds_int8(path, &holds, &ignored) == EV_OK && holds;
}

static const char *word_of(const struct ev_backends *backends, size_t i)
{
    return backends->list.items[backends->files.n > 0 ? 0 : backends->items[i]];
}

bool ev_backends_hold_int8(const struct ev_backends *backends, size_t i)
{
    const struct ev_variant *variant = ev_variant_find(word_of(backends, i));
    const char *path = backends->backends[i].model_path;

    return backends->files.n == 0 && variant ? variant->is_int8 : path && holds_int8(path);
}

/* What runs entry i: the engine that was named, or the one for its kind of model on that device. */
static const char *engine_of(const struct ev_backends *backends, size_t i, uint32_t device_kind)
{
    const char *word = word_of(backends, i);
    const struct ev_variant *variant = ev_variant_find(word);
    const char *engine = !variant                             ? word
                         : backends->engine && variant->model ? backends->engine
                                                              : variant->engine;
    const bool is_chosen = backends->is_engine_named || strcmp(engine, MODEL_ENGINE) != 0;

    return !is_chosen && device_kind == EV_DEVICE_CUDA &&
                   ev_backends_hold_int8(backends, i)
               ? CUDA_INT8_ENGINE
               : engine;
}

enum ev_status ev_backends_load(struct ev_backends *backends, uint32_t device_kind,
                                struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < backends->n && status == EV_OK; i++)
        status = ev_engine_find(engine_of(backends, i, device_kind), &backends->backends[i].engine,
                                err);
    return status;
}

void ev_backends_free(struct ev_backends *backends)
{
    for (size_t i = 0; i < backends->n_storage && backends->storage; i++)
        free(backends->storage[i]);
    free(backends->storage);
    free(backends->items);
    free(backends->backends);
    ev_list_free(&backends->precisions);
    ev_list_free(&backends->files);
    ev_list_free(&backends->list);
    *backends = (struct ev_backends){0};
}
