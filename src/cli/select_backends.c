/* SPDX-License-Identifier: MIT */
/* --backend, --model and --engine: variants by name, engine modules by path, a model file of the
 * user's, and what runs them. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/select.h"

#define MAX_NAMES 32

/* What runs a model given by --model unless --backend says otherwise. */
#define MODEL_ENGINE "torch"

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
static enum ev_status take_backend(struct ev_backends *backends, size_t at, const char *model,
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
    } else if (!variant && ev_engine_is_known(word) && !model) {
        return ev_fail(err, EV_USAGE, "backend '%s' is an engine: it needs --model FILE", word);
    } else if (!variant && !ev_engine_is_known(word)) {
        return unknown_backend(word, err);
    }
    if (model || !variant || !variant->model)
        return EV_OK;
    backends->models[at] = ev_path_data(variant->model);
    if (!backends->models[at])
        return ev_fail(err, EV_MEMORY, "out of memory");
    backend->model_path = backends->models[at];
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
    for (size_t i = 0; i < backends->n && named; i++) {
        const struct ev_variant *variant = ev_variant_find(backends->list.items[i]);
        if (!variant || !variant->model)
            return ev_fail(err, EV_USAGE,
                           "--engine %s: runs models, but backend '%s' is an engine of its own",
                           backends->engine, backends->list.items[i]);
    }
    return EV_OK;
}

static enum ev_status take_model(struct ev_backends *backends, const char *model,
                                 struct ev_error *err)
{
    int64_t bytes;

    if (backends->n != 1)
        return ev_fail(err, EV_USAGE,
                       "--model needs one backend to run it, but --backend names %zu", backends->n);
    enum ev_status status = ev_file_size(model, &bytes, err);
    if (status != EV_OK)
        return status;
    backends->name = ev_path_stem(model);
    if (!backends->name)
        return ev_fail(err, EV_MEMORY, "out of memory");
    backends->backends[0].name = backends->name;
    backends->backends[0].model_path = model;
    return EV_OK;
}

enum ev_status ev_backends_select(const char *text, const char *model, const char *engine,
                                  struct ev_backends *backends, struct ev_error *err)
{
    const bool named = text != NULL;
    const char *all[MAX_NAMES];
    size_t n_all = 0;

    for (const struct ev_variant *v = ev_variants; v->name && n_all < MAX_NAMES; v++) {
        if (v->in_all)
            all[n_all++] = v->name;
    }
    *backends = (struct ev_backends){.engine = engine};
    if (!text)
        text = !model ? "all" : engine ? engine : MODEL_ENGINE;
    enum ev_status status = ev_list_split("backend", text, all, n_all, &backends->list, err);
    if (status != EV_OK)
        return status;
    backends->n = backends->list.n;
    backends->backends = calloc(backends->n + 1, sizeof *backends->backends);
    backends->models = calloc(backends->n + 1, sizeof *backends->models);
    if (!backends->backends || !backends->models)
        status = ev_fail(err, EV_MEMORY, "out of memory");
    if (status == EV_OK && engine)
        status = check_engine(backends, named, err);
    for (size_t i = 0; i < backends->n && status == EV_OK; i++)
        status = take_backend(backends, i, model, err);
    if (status == EV_OK && model)
        status = take_model(backends, model, err);
    if (status != EV_OK)
        ev_backends_free(backends);
    return status;
}

enum ev_status ev_backends_load(struct ev_backends *backends, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < backends->n && status == EV_OK; i++) {
        const char *word = backends->list.items[i];
        const struct ev_variant *variant = ev_variant_find(word);
        const char *engine = !variant                             ? word
                             : backends->engine && variant->model ? backends->engine
                                                                  : variant->engine;
        status = ev_engine_find(engine, &backends->backends[i].engine, err);
    }
    return status;
}

void ev_backends_free(struct ev_backends *backends)
{
    for (size_t i = 0; i < backends->n && backends->models; i++)
        free(backends->models[i]);
    free(backends->models);
    free(backends->backends);
    free(backends->name);
    ev_list_free(&backends->list);
    *backends = (struct ev_backends){0};
}
