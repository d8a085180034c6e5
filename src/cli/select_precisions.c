/* SPDX-License-Identifier: MIT */
/* --precision: which precisions each model is computed in, and what its rows are called then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "cli/select.h"

#define MAX_NAMES 8

static enum ev_status split(const char *text, struct ev_list *list, struct ev_error *err)
{
    static const char *const all[] = {"all"}; /* is none: not every engine has them all */
    const char *names[MAX_NAMES];
    size_t n = 0;

    for (; n < MAX_NAMES && *ev_precision_name(UINT32_C(1) << n); n++)
        names[n] = ev_precision_name(UINT32_C(1) << n);
    enum ev_status status = ev_list_split("precision", text, all, 1, list, err);
    for (size_t i = 0; i < list->n && status == EV_OK; i++) {
        if (ev_precision_find(list->items[i]) == 0)
            status = ev_fail_unknown(err, "precision", list->items[i], names, n);
    }
    return status;
}

/* Entries in the making. */
struct entries {
    struct ev_eval_backend *backends;
    size_t *items;
    size_t n;
};

/* Entry i once more, in that precision. */
static enum ev_status add(struct ev_backends *backends, size_t i, uint32_t precision,
                          struct entries *entries, struct ev_error *err)
{
    struct ev_eval_backend *entry = &entries->backends[entries->n];
    const char *name = backends->backends[i].name;

    *entry = backends->backends[i];
    entry->precision = precision;
    entries->items[entries->n++] = backends->items[i];
    if (precision & (EV_PRECISION_FP32 | EV_PRECISION_INT8))
        return EV_OK;
    const size_t size = strlen(name) + 16;
    char **grown = realloc(backends->storage, (backends->n_storage + 1) * sizeof *grown);
    if (grown)
        backends->storage = grown;
    char *made = grown ? malloc(size) : NULL;
    if (!made)
        return ev_fail(err, EV_MEMORY, "out of memory");
    snprintf(made, size, "%s-%s", name, ev_precision_name(precision));
    backends->storage[backends->n_storage++] = made;
    entry->name = made;
    return EV_OK;
}

static enum ev_status add_all(struct ev_backends *backends, size_t i, const char *text,
                              struct entries *entries, struct ev_error *err)
{
    const bool is_int8 = ev_backends_hold_int8(backends, i);
    const char *what = backends->files.n > 0 ? "model" : "backend";
    const char *name = backends->backends[i].name;
    const size_t before = entries->n;
    enum ev_status status = EV_OK;

    for (size_t p = 0; p < backends->precisions.n && status == EV_OK; p++) {
        const uint32_t precision = ev_precision_find(backends->precisions.items[p]);
        if ((precision == EV_PRECISION_INT8) == is_int8)
            status = add(backends, i, precision, entries, err);
    }
    if (status != EV_OK || entries->n > before || backends->is_default)
        return status;
    return ev_fail(err, EV_USAGE, "--precision %s: %s '%s' is %s", text, what, name,
                   is_int8 ? "int8, which the list lacks"
                           : "float32: int8 models are made by `evalrun quantize`");
}

static enum ev_status check_names(const char *text, const struct entries *entries,
                                  struct ev_error *err)
{
    for (size_t i = 0; i < entries->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(entries->backends[i].name, entries->backends[j].name) == 0)
                return ev_fail(err, EV_USAGE, "--precision %s: two would be called '%s'", text,
                               entries->backends[i].name);
        }
    }
    return EV_OK;
}

enum ev_status ev_backends_take_precisions(struct ev_backends *backends, const char *text,
                                           struct ev_error *err)
{
    struct entries entries = {0};

    if (!text)
        return EV_OK;
    enum ev_status status = split(text, &backends->precisions, err);
    if (status != EV_OK)
        return status;
    const size_t most = backends->n * backends->precisions.n;
    entries.backends = calloc(most, sizeof *entries.backends);
    entries.items = calloc(most, sizeof *entries.items);
    if (!entries.backends || !entries.items)
        status = ev_fail(err, EV_MEMORY, "out of memory");
    for (size_t i = 0; i < backends->n && status == EV_OK; i++)
        status = add_all(backends, i, text, &entries, err);
    if (status == EV_OK)
        status = check_names(text, &entries, err);
    if (status != EV_OK) {
        free(entries.backends);
        free(entries.items);
        return status;
    }
    free(backends->backends);
    free(backends->items);
    backends->backends = entries.backends;
    backends->items = entries.items;
    backends->n = entries.n;
    return EV_OK;
}
