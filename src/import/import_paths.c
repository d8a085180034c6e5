/* SPDX-License-Identifier: MIT */
/* Where the pictures are that a table names. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "import/import_private.h"

enum ev_status ev_import_paths_start(struct ev_import_plan *plan, struct ev_error *err)
{
    const char *root = plan->args->root;
    struct stat info;

    if (root && (stat(root, &info) != 0 || !S_ISDIR(info.st_mode)))
        return ev_fail(err, EV_INPUT, "--root: %s: not a folder", root);
    plan->root = root ? root : plan->folder;
    plan->paths[EV_IMPORT_PATH_HERE].n_dropped = root ? -1 : 0;
    plan->paths[EV_IMPORT_PATH_ELSEWHERE].n_dropped = -1;
    return EV_OK;
}

static enum ev_import_path_kind kind_of(const char *cell)
{
    bool drive = isalpha((unsigned char)cell[0]) && cell[1] == ':';

    return *cell == '/' || drive || strchr(cell, '\\') ? EV_IMPORT_PATH_ELSEWHERE
                                                       : EV_IMPORT_PATH_HERE;
}

/* What is left of a path without its first n parts, NULL if that is nothing. The part before a
 * leading slash counts. */
static const char *drop_parts(const char *path, int32_t n)
{
    for (; n > 0 && path; n--) {
        path = strchr(path, '/');
        path = path ? path + strspn(path, "/") : NULL;
    }
    return path && *path ? path : NULL;
}

/* The file (malloc'ed) that `cell` means without its first n_dropped parts; NULL if it has no more
 * parts than that. */
static enum ev_status follow(const struct ev_import_plan *plan, const char *cell, int32_t n_dropped,
                             char **path, struct ev_error *err)
{
    char *name = strdup(cell);

    *path = NULL;
    for (char *at = name; at && *at; at++)
        *at = *at == '\\' ? '/' : *at;
    const char *end = name ? drop_parts(name, n_dropped) : NULL;
    if (end) {
        bool as_it_stands = *end == '/' && !plan->args->root;
        *path = as_it_stands ? strdup(end) : ev_path_join(plan->root, end);
    }
    enum ev_status status =
        name && (!end || *path) ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
    free(name);
    return status;
}

enum ev_status ev_import_paths_learn(struct ev_import_plan *plan, const char *cell,
                                     struct ev_error *err)
{
    struct ev_import_paths *paths = &plan->paths[kind_of(cell)];
    char *path;

    if (*cell == '\0')
        return EV_OK;
    paths->n++;
    for (int32_t n_dropped = 0; paths->n_dropped < 0; n_dropped++) {
        enum ev_status status = follow(plan, cell, n_dropped, &path, err);
        if (status != EV_OK || !path)
            return status;
        if (ev_file_exists(path)) {
            paths->n_dropped = n_dropped;
            snprintf(paths->example, sizeof paths->example, "%.200s -> %.200s", cell, path);
        }
        free(path);
    }
    return EV_OK;
}

enum ev_status ev_import_find_picture(const struct ev_import_plan *plan, int64_t row,
                                      const char *cell, char **path, struct ev_error *err)
{
    char number[32];

    *path = NULL;
    if (!plan->is_log) {
        snprintf(number, sizeof number, "%lld.png", (long long)row);
        *path = ev_path_join(plan->folder, number);
        return *path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
    }
    if (*cell == '\0')
        return ev_fail(err, EV_INPUT, "an empty cell, expected a picture");
    int32_t n_dropped = plan->paths[kind_of(cell)].n_dropped;
    if (n_dropped >= 0) {
        enum ev_status status = follow(plan, cell, n_dropped, path, err);
        if (status != EV_OK || (*path && ev_file_exists(*path)))
            return status;
    }
    (void)ev_fail(err, EV_INPUT, "%.150s: no such picture%s%.80s", cell,
                  *path           ? ", looked for as "
                  : n_dropped < 0 ? ", nor any end of this path under "
                                  : ": the path is shorter than those before",
                  *path           ? *path
                  : n_dropped < 0 ? plan->root
                                  : "");
    free(*path);
    *path = NULL;
    return EV_INPUT;
}
