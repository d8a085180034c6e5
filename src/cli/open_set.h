/* SPDX-License-Identifier: MIT */
/* The options that say where files have what, and opening the one set that a command works on. */
#ifndef EV_OPEN_SET_H
#define EV_OPEN_SET_H

#include "cli/option.h"
#include "evalrun/error.h"
#include "set/set.h"

struct ev_set_options {
    const char *cache;
    const char *layout;
    struct ev_set_source source; /* of files; its layout is taken from the text above */
};

extern const char *const ev_set_layouts[];

/* Rows of a command's table. */
#define EV_SET_OPTIONS(options)                                                                    \
    {"cache", 0, EV_OPT_TEXT, "DIR", &(options).cache, 0, 0, "folder of rendered sets", NULL},     \
        {"images",                                                                                 \
         0,                                                                                        \
         EV_OPT_TEXT,                                                                              \
         "PATH",                                                                                   \
         &(options).source.images,                                                                 \
         0,                                                                                        \
         0,                                                                                        \
         "where your file has its pictures (default: /images)",                                    \
         NULL},                                                                                    \
        {"labels",                                                                                 \
         0,                                                                                        \
         EV_OPT_TEXT,                                                                              \
         "PATH",                                                                                   \
         &(options).source.labels,                                                                 \
         0,                                                                                        \
         0,                                                                                        \
         "and its labels (default: /labels)",                                                      \
         NULL},                                                                                    \
        {"layout",                                                                                 \
         0,                                                                                        \
         EV_OPT_CHOICE,                                                                            \
         "NAME",                                                                                   \
         &(options).layout,                                                                        \
         0,                                                                                        \
         0,                                                                                        \
         "order of the pictures' axes, nhwc or nchw (default: by the axis of 1, 3 or 4)",          \
         ev_set_layouts},                                                                          \
    {                                                                                              \
        "white", 0, EV_OPT_DOUBLE, "NUMBER", &(options).source.white, 1e-6, 1e6,                   \
            "what white is in pictures of floats (default: 1)", NULL                               \
    }

/* Where files have what, as the options say. */
struct ev_set_source ev_set_options_source(const struct ev_set_options *options);

/* Options of files where all n sets that are named are built in are EV_USAGE, as nothing reads them.
 * With a file among the sets they are that file's. */
EV_CHECKED enum ev_status ev_set_options_check(char *const *names, size_t n, struct ev_error *err);

/* Opens a built-in set by name, or a file by path. What the cache folder lacks is rendered first,
 * by n_threads (0: as many as there are cores). */
EV_CHECKED enum ev_status ev_set_open_named(const char *name, const struct ev_set_options *options,
                                            int64_t n_threads, struct ev_set **set,
                                            struct ev_error *err);

#endif
