/* SPDX-License-Identifier: MIT */
/* Lists of names, devices, threads. */
#include "cli/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/host.h"
#include "base/text.h"
#include "cli/option.h"

static enum ev_status add_item(const char *option, const char *text, size_t length,
                               struct ev_list *list, struct ev_error *err)
{
    if (length == 0)
        return ev_fail(err, EV_USAGE, "--%s: empty name in the list", option);
    for (size_t i = 0; i < list->n; i++) {
        if (strlen(list->items[i]) == length && strncmp(list->items[i], text, length) == 0)
            return ev_fail(err, EV_USAGE, "--%s: '%s' is given twice", option, list->items[i]);
    }
    char **grown = realloc(list->items, (list->n + 1) * sizeof *grown);
    if (grown)
        list->items = grown;
    char *item = grown ? strndup(text, length) : NULL;
    if (!item)
        return ev_fail(err, EV_MEMORY, "out of memory");
    list->items[list->n++] = item;
    return EV_OK;
}

enum ev_status ev_list_split(const char *option, const char *text, const char *const *all,
                             size_t n_all, struct ev_list *list, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    *list = (struct ev_list){0};
    for (const char *at = text; status == EV_OK;) {
        size_t length = strcspn(at, ",");
        if (length == 3 && strncmp(at, "all", 3) == 0) {
            for (size_t i = 0; i < n_all && status == EV_OK; i++)
                status = add_item(option, all[i], strlen(all[i]), list, err);
        } else {
            status = add_item(option, at, length, list, err);
        }
        at += length;
        if (*at++ == '\0')
            break;
    }
    if (status != EV_OK)
        ev_list_free(list);
    return status;
}

char *ev_list_short_name(const struct ev_list *list, size_t which,
                         bool (*is_file)(const char *item))
{
    char *stem = ev_path_stem(list->items[which]);

    for (size_t i = 0; i < list->n && stem; i++) {
        const char *item = list->items[i];
        char *other = is_file(item) ? ev_path_stem(item) : strdup(item);
        const bool same = i != which && other && strcmp(stem, other) == 0;
        free(other);
        if (same) {
            free(stem);
            return strdup(list->items[which]);
        }
    }
    return stem;
}

void ev_list_free(struct ev_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct ev_list){0};
}

enum ev_status ev_device_select(const char *text, uint32_t *kind, int32_t *index,
                                struct ev_error *err)
{
    static const char *const names[] = {"cpu", "cuda"};
    enum ev_status status = ev_device_parse(text, kind, index, err);
    char word[32];

    if (status == EV_OK || strncmp(text, "cuda:", 5) == 0)
        return status;
    /* "cude:1" is as near to cuda as "cude". */
    snprintf(word, sizeof word, "%.*s", (int)strcspn(text, ":"), text);
    const char *near = ev_text_nearest(word, names, sizeof names / sizeof names[0]);
    if (near)
        return ev_fail(err, EV_USAGE, "unknown device '%s': did you mean '%s'?", text, near);
    return ev_fail(err, EV_USAGE, "unknown device '%s': expected cpu, cuda or cuda:N", text);
}

/* Rendering, an engine and the reader of a set each have threads of their own. */
#define THREADS_BESIDE 4

enum ev_status ev_threads_select(int64_t wanted, int32_t *n_threads, struct ev_error *err)
{
    *n_threads = wanted > 0 ? (int32_t)wanted : ev_host_cores();
    enum ev_status status = ev_host_check_threads(2 * *n_threads + THREADS_BESIDE, err);
    return status == EV_OK ? EV_OK : ev_prefix(err, "--threads");
}
