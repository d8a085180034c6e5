/* SPDX-License-Identifier: MIT */
/* --set: built-in sets by name, files by path. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/select.h"
#include "render/render.h"

#define MAX_BUILTIN 32

static bool ends_in(const char *text, const char *ending)
{
    size_t n = strlen(text), n_ending = strlen(ending);
    return n >= n_ending && strcmp(text + n - n_ending, ending) == 0;
}

static bool is_path(const char *name)
{
    return strchr(name, '/') || ends_in(name, ".h5") || ends_in(name, ".hdf5");
}

/* Names of the built-in sets of a role, or of all with NULL. */
static size_t builtin_names(const char *role, const char *names[MAX_BUILTIN])
{
    size_t n = 0;

    for (const struct ev_builtin_set *set = ev_builtin_sets; set->name && n < MAX_BUILTIN; set++) {
        if (!role || strcmp(set->role, role) == 0)
            names[n++] = set->name;
    }
    return n;
}

/* What a drive was recorded into, or many files. */
static enum ev_status fail_folder(const char *name, struct ev_error *err)
{
    int n = (int)strlen(name);

    while (n > 1 && name[n - 1] == '/')
        n--;
    return ev_fail(err, EV_INPUT,
                   "%.*s: a folder, not a set: bring it in with 'evalrun dataset import %.*s --out "
                   "%.*s.h5'",
                   n, name, n, name, n, name);
}

static bool is_folder(const char *name)
{
    struct stat info;

    return stat(name, &info) == 0 && S_ISDIR(info.st_mode);
}

static enum ev_status check_name(const char *name, struct ev_error *err)
{
    const char *names[MAX_BUILTIN + 1];
    int64_t bytes;

    if ((is_path(name) || !ev_builtin_set_find(name)) && is_folder(name))
        return fail_folder(name, err);
    if (is_path(name))
        return ev_file_size(name, &bytes, err);
    if (ev_builtin_set_find(name))
        return EV_OK;
    /* In a list it has become names by now. */
    if (strcmp(name, "all") == 0)
        return ev_fail(err, EV_USAGE, "'all' is no set here: name each");
    size_t n = builtin_names(NULL, names);
    names[n++] = "all";
    enum ev_status status = ev_fail_unknown(err, "set", name, names, n);
    if (ev_file_exists(name))
        return ev_fail(err, status, "unknown set '%s': a file's path needs a '/', as in ./%s", name,
                       name);
    return status;
}

/* The name a set has in reports; "all" is their pooled row. */
static char *report_name(const struct ev_list *list, size_t which)
{
    const char *item = list->items[which];
    char *name = is_path(item) ? ev_list_short_name(list, which, is_path) : strdup(item);

    if (name && is_path(item) && strcmp(name, "all") == 0) {
        free(name);
        return strdup(item);
    }
    return name;
}

enum ev_status ev_sets_select(const char *text, const char *role, struct ev_sets *sets,
                              struct ev_error *err)
{
    const char *all[MAX_BUILTIN];
    size_t n_all = builtin_names(role, all);

    *sets = (struct ev_sets){0};
    enum ev_status status = ev_list_split("set", text, all, n_all, &sets->list, err);
    if (status != EV_OK)
        return status;
    sets->n = sets->list.n;
    sets->names = calloc(sets->n + 1, sizeof *sets->names);
    sets->paths = calloc(sets->n + 1, sizeof *sets->paths);
    sets->is_file = calloc(sets->n + 1, sizeof *sets->is_file);
    if (!sets->names || !sets->paths || !sets->is_file)
        status = ev_fail(err, EV_MEMORY, "out of memory");
    for (size_t i = 0; i < sets->n && status == EV_OK; i++) {
        const char *item = sets->list.items[i];
        status = check_name(item, err);
        if (status != EV_OK)
            break;
        sets->names[i] = report_name(&sets->list, i);
        sets->is_file[i] = is_path(item);
        sets->paths[i] = is_path(item) ? strdup(item) : NULL;
        if (!sets->names[i] || (is_path(item) && !sets->paths[i]))
            status = ev_fail(err, EV_MEMORY, "out of memory");
    }
    if (status != EV_OK)
        ev_sets_free(sets);
    return status;
}

enum ev_status ev_sets_ensure(struct ev_sets *sets, const char *cache, int32_t n_threads,
                              struct ev_error *err)
{
    enum ev_status status = EV_OK;
    char *folder = ev_path_cache(cache);

    if (!folder)
        return ev_fail(err, EV_MEMORY, "out of memory");
    for (size_t i = 0; i < sets->n && status == EV_OK; i++) {
        if (!sets->paths[i])
            status = ev_builtin_set_ensure(ev_builtin_set_find(sets->list.items[i]), folder,
                                           n_threads, &sets->paths[i], err);
    }
    free(folder);
    return status;
}

enum ev_status ev_sets_find(struct ev_sets *sets, const char *cache, struct ev_error *err)
{
    char *folder = ev_path_cache(cache);

    if (!folder)
        return ev_fail(err, EV_MEMORY, "out of memory");
    for (size_t i = 0; i < sets->n; i++) {
        const struct ev_builtin_set *set =
            sets->paths[i] ? NULL : ev_builtin_set_find(sets->list.items[i]);
        if (set && ev_builtin_set_is_rendered(set, folder))
            sets->paths[i] = ev_builtin_set_path(set, folder);
    }
    free(folder);
    return EV_OK;
}

enum ev_status ev_set_select(const char *name, const char *cache, int64_t n_threads, char **path,
                             bool *is_file, struct ev_error *err)
{
    enum ev_status status = check_name(name, err);
    int32_t n = 0;

    *path = NULL;
    *is_file = is_path(name);
    if (status != EV_OK)
        return status;
    if (*is_file) {
        *path = strdup(name);
        return *path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
    }
    status = ev_threads_select(n_threads, &n, err);
    if (status != EV_OK)
        return status;
    char *folder = ev_path_cache(cache);
    if (!folder)
        return ev_fail(err, EV_MEMORY, "out of memory");
    status = ev_builtin_set_ensure(ev_builtin_set_find(name), folder, n, path, err);
    free(folder);
    return status;
}

void ev_sets_free(struct ev_sets *sets)
{
    for (size_t i = 0; i < sets->n; i++) {
        if (sets->names)
            free(sets->names[i]);
        if (sets->paths)
            free(sets->paths[i]);
    }
    free(sets->names);
    free(sets->paths);
    free(sets->is_file);
    ev_list_free(&sets->list);
    *sets = (struct ev_sets){0};
}
