/* SPDX-License-Identifier: MIT */
/* Rendered sets: an expert drives a circuit, the camera takes pictures, both go into a set. */
#ifndef EV_RENDER_H
#define EV_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "render/camera.h"
#include "set/set.h"

/* Raised whenever the same arguments give other bytes than before, so that cached sets are
 * rendered again. */
#define EV_RENDERER_VERSION 1

/* What a rendered set is made from; together with the tool's renderer version this determines
 * every byte of the images, labels and poses. */
struct ev_render_args {
    const char *circuit;  /* name of a built-in circuit, or a CSV file's path (contains '/' or .csv) */
    uint64_t seed;
    int64_t n_frames;     /* 0: one lap in each direction */
    bool perturb;         /* training: poses off the line, light, colour, blur and noise vary */
    int32_t n_threads;
    int32_t chunk_rows;   /* 0: contiguous */
    int32_t deflate_level;
};

/* A built-in set. */
struct ev_builtin_set {
    const char *name;    /* of set and circuit */
    const char *role;    /* "train" or "test" */
    const char *summary;
    int64_t n_frames;    /* 0: one lap in each direction */
    bool perturb;
    uint64_t seed;
};

/* Table ended by a row whose name is NULL. */
extern const struct ev_builtin_set ev_builtin_sets[];
const struct ev_builtin_set *ev_builtin_set_find(const char *name);

/* Renders into the set file `out`, whole or absent, with progress on standard error. EV_USAGE if
 * `out` is the circuit's own file. */
EV_CHECKED enum ev_status ev_render_set(const struct ev_render_args *args, const char *out,
                                        struct ev_error *err);

/* How frame number `frame` of a rendered set looks, and the key of its noise. */
struct ev_look ev_render_look(uint64_t seed, bool perturb, int64_t frame, uint64_t *noise_key);

/* What all sets of camera pictures have in common: shape, columns, rate, poses; contiguous. The
 * texts are the caller's. */
struct ev_set_spec ev_render_set_spec(const char *circuit, const char *provenance, int64_t n_rows);

/* Provenance of a rendered set as JSON text, malloc'ed; NULL when out of memory. */
char *ev_render_provenance(const struct ev_render_args *args, const char *circuit,
                           int64_t n_frames);

/* Whether the cache folder holds the built-in set as this program would render it. */
bool ev_builtin_set_is_rendered(const struct ev_builtin_set *set, const char *cache_folder);

/* Where the cache folder has it, or would; malloc'ed, NULL when out of memory. */
char *ev_builtin_set_path(const struct ev_builtin_set *set, const char *cache_folder);
/* How many rows it has, also when it is not rendered. */
EV_CHECKED enum ev_status ev_builtin_set_count(const struct ev_builtin_set *set, int64_t *n_rows,
                                               struct ev_error *err);

/* Path (malloc'ed, into *path) of the built-in set in the cache folder; renders it first if it is
 * not there or was made by another renderer version or with other parameters. */
EV_CHECKED enum ev_status ev_builtin_set_ensure(const struct ev_builtin_set *set,
                                                const char *cache_folder, int32_t n_threads,
                                                char **path, struct ev_error *err);

#endif
