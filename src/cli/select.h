/* SPDX-License-Identifier: MIT */
/* What names on the command line mean: lists, sets, backends, devices. Names are checked first,
 * with the nearest known one suggested; what takes time (rendering, loading) is a second call. */
#ifndef EV_SELECT_H
#define EV_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "eval/eval.h"
#include "evalrun/error.h"

/* Names separated by commas. */
struct ev_list {
    char **items;
    size_t n;
};

/* Splits the value of --`option` and puts all[0..n_all-1] in the place of "all". An empty name or
 * one given twice is EV_USAGE. */
EV_CHECKED enum ev_status ev_list_split(const char *option, const char *text,
                                        const char *const *all, size_t n_all, struct ev_list *list,
                                        struct ev_error *err);
/* What item `which`, a file, is called: without folder and ending, unless another one is then called
 * the same; malloc'ed. `is_file` says which of the items are files. */
char *ev_list_short_name(const struct ev_list *list, size_t which,
                         bool (*is_file)(const char *item));
void ev_list_free(struct ev_list *list);

/* Sets: names of built-in ones, "all" (those of one role), and paths (with '/', or ending in .h5
 * or .hdf5). */
struct ev_sets {
    struct ev_list list;
    char **names; /* (n) for reports: of a file without folder and ending, if that is unique */
    char **paths; /* (n) NULL for built-in sets until ev_sets_ensure */
    bool *is_file; /* (n) a file of the user's, not a built-in set */
    size_t n;
};

/* `role` is what "all" means: "test" or "train". Files are checked to be there. */
EV_CHECKED enum ev_status ev_sets_select(const char *text, const char *role, struct ev_sets *sets,
                                         struct ev_error *err);
/* Renders the built-in ones that the cache folder (NULL: the default one) lacks. */
EV_CHECKED enum ev_status ev_sets_ensure(struct ev_sets *sets, const char *cache,
                                         int32_t n_threads, struct ev_error *err);
/* Finds those that the cache folder has, and renders nothing: the paths of the others stay NULL. */
EV_CHECKED enum ev_status ev_sets_find(struct ev_sets *sets, const char *cache,
                                       struct ev_error *err);
void ev_sets_free(struct ev_sets *sets);
/* Path (malloc'ed, into *path) of a single set, a built-in one by name or a file by path; renders
 * it if the cache folder lacks it. n_threads as ev_threads_select has it. */
EV_CHECKED enum ev_status ev_set_select(const char *name, const char *cache, int64_t n_threads,
                                        char **path, bool *is_file, struct ev_error *err);

/* Backends: names of variants, "all", and paths of engine modules (with '/'); or files of models,
 * that one of them runs. */
struct ev_backends {
    struct ev_list list;              /* of --backend */
    struct ev_list files;             /* of --model; empty without */
    struct ev_list precisions;        /* of --precision; empty without */
    struct ev_eval_backend *backends; /* (n); engine is NULL until ev_backends_load */
    size_t *items;                    /* (n) which one of `files`, or else of `list`, an entry is */
    char **storage;                   /* (n_storage) paths of variants' models, names of entries */
    size_t n_storage;
    const char *engine;               /* the caller's: what runs the variants; NULL: their own */
    bool is_default;                  /* nobody named any: what does not fit may be left out */
    bool is_engine_named;             /* for all models: none is chosen for the device */
    size_t n;
};

/* With `models` (not NULL), files separated by commas, the text must name one backend, whose engine
 * runs them; each is called after its file, without folder and ending where that is unique. `text`
 * NULL is "all", or the torch engine with `models`. `engine` (not NULL), a name or a path, takes
 * the place of the torch engine: for variants with a model, and for `models` where `text` is NULL. */
EV_CHECKED enum ev_status ev_backends_select(const char *text, const char *models,
                                             const char *engine, struct ev_backends *backends,
                                             struct ev_error *err);
/* An entry for each precision of the list `text` (of fp32, tf32, fp16, int8) that a backend's model
 * can be computed in: a float model in all but int8, one that holds int8 layers in that alone. In
 * fp32 and int8 they keep the names of their backends, others are called "baseline-fp16". The
 * registry says which variants are int8, and of files the module that reads models: one that it
 * cannot load is taken for a float model. With `text` NULL nothing is changed, and models are
 * computed in what they were saved in. EV_USAGE where the list has none for a backend, naming it, or
 * where two entries would be called the same; the backends stay the caller's to free. */
EV_CHECKED enum ev_status ev_backends_take_precisions(struct ev_backends *backends,
                                                      const char *text, struct ev_error *err);
/* Whether the model of entry i holds int8 layers, as said above. */
bool ev_backends_hold_int8(const struct ev_backends *backends, size_t i);
/* Loads the engines. On a CUDA device models that hold int8 layers have the cuda engine, unless one
 * is named. */
EV_CHECKED enum ev_status ev_backends_load(struct ev_backends *backends, uint32_t device_kind,
                                           struct ev_error *err);
void ev_backends_free(struct ev_backends *backends);

/* "cpu", "cuda", "cuda:N". */
EV_CHECKED enum ev_status ev_device_select(const char *text, uint32_t *kind, int32_t *index,
                                           struct ev_error *err);

/* Threads to use: `wanted`, or the cores this process may use if it is 0. EV_MEMORY where so many
 * cannot be started. */
EV_CHECKED enum ev_status ev_threads_select(int64_t wanted, int32_t *n_threads,
                                            struct ev_error *err);

#endif
