/* SPDX-License-Identifier: MIT */
/* The built-in sets: their table, and their place in the cache folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "render/drive_path.h"
#include "render/render.h"
#include "render/track.h"
#include "set/set.h"

const struct ev_builtin_set ev_builtin_sets[] = {
    {"simple", "test", "oval with gentle bends, 429 m", 0, false, 11},
    {"montreal", "test", "long straights and chicanes, 1433 m", 0, false, 12},
    {"montmelo", "test", "fast bends and sharp corners, 737 m", 0, false, 13},
    {"many_curves", "train", "bend after bend, 793 m", 20000, true, 21},
    {"nurburgring", "train", "straights and hairpins, 554 m", 20000, true, 22},
    {0},
};

const struct ev_builtin_set *ev_builtin_set_find(const char *name)
{
    for (const struct ev_builtin_set *set = ev_builtin_sets; set->name; set++) {
        if (strcmp(set->name, name) == 0)
            return set;
    }
    return NULL;
}

/* Whether the file is a whole set made with exactly this provenance. */
static bool is_current(const char *path, const char *provenance)
{
    struct ev_error ignored = EV_ERROR_INIT;
    struct ev_set *set = NULL;

    if (ev_set_open(path, NULL, &set, &ignored) != EV_OK)
        return false;
    bool current = strcmp(ev_set_info(set)->provenance, provenance) == 0;
    ev_set_close(set);
    return current;
}

static struct ev_render_args make_args(const struct ev_builtin_set *set, int32_t n_threads)
{
    return (struct ev_render_args){
        .circuit = set->name,
        .seed = set->seed,
        .n_frames = set->n_frames,
        .perturb = set->perturb,
        .n_threads = n_threads,
    };
}

char *ev_builtin_set_path(const struct ev_builtin_set *set, const char *cache_folder)
{
    char file_name[64];

    snprintf(file_name, sizeof file_name, "%s.h5", set->name);
    return ev_path_join(cache_folder, file_name);
}

enum ev_status ev_builtin_set_count(const struct ev_builtin_set *set, int64_t *n_rows,
                                    struct ev_error *err)
{
    struct ev_track *track = NULL;
    struct ev_drive_path path = {0};

    *n_rows = set->n_frames;
    if (set->n_frames > 0)
        return EV_OK;
    enum ev_status status = ev_track_open(set->name, &track, err);
    if (status == EV_OK)
        status = ev_drive_path_make(track, &path, err);
    *n_rows = path.n_points;
    ev_drive_path_free(&path);
    ev_track_close(track);
    return status;
}

bool ev_builtin_set_is_rendered(const struct ev_builtin_set *set, const char *cache_folder)
{
    struct ev_render_args args = make_args(set, 1);
    char *path = ev_builtin_set_path(set, cache_folder);
    char *provenance = ev_render_provenance(&args, set->name, set->n_frames);
    bool rendered = path && provenance && is_current(path, provenance);

    free(provenance);
    free(path);
    return rendered;
}

enum ev_status ev_builtin_set_ensure(const struct ev_builtin_set *set, const char *cache_folder,
                                     int32_t n_threads, char **path, struct ev_error *err)
{
    struct ev_render_args args = make_args(set, n_threads);

    *path = NULL;
    enum ev_status status = ev_file_make_folder(cache_folder, err);
    if (status != EV_OK)
        return status;
    char *target = ev_builtin_set_path(set, cache_folder);
    if (!target)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (!ev_builtin_set_is_rendered(set, cache_folder))
        status = ev_render_set(&args, target, err);
    if (status != EV_OK) {
        free(target);
        return status;
    }
    *path = target;
    return EV_OK;
}
