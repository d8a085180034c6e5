/* SPDX-License-Identifier: MIT */
/* Opens the set that an operand names. */
#include "cli/open_set.h"

#include <stdlib.h>
#include <string.h>

#include "cli/select.h"
#include "render/render.h"

const char *const ev_set_layouts[] = {"nhwc", "nchw", NULL};

struct ev_set_source ev_set_options_source(const struct ev_set_options *options)
{
    struct ev_set_source source = options->source;

    if (options->layout)
        source.layout =
            strcmp(options->layout, "nchw") == 0 ? EV_SET_LAYOUT_NCHW : EV_SET_LAYOUT_NHWC;
    return source;
}

enum ev_status ev_set_options_check(char *const *names, size_t n, struct ev_error *err)
{
    static const char *const of_files[] = {"images", "labels", "layout", "white"};

    for (size_t i = 0; i < n; i++) {
        if (!ev_builtin_set_find(names[i]))
            return EV_OK;
    }
    for (size_t i = 0; n > 0 && i < sizeof of_files / sizeof *of_files; i++) {
        if (ev_option_is_given(of_files[i]))
            return ev_fail(err, EV_USAGE,
                           "--%s: not read for the built-in set '%s', only for files", of_files[i],
                           names[0]);
    }
    return EV_OK;
}

enum ev_status ev_set_open_named(const char *name, const struct ev_set_options *options,
                                 int64_t n_threads, struct ev_set **set, struct ev_error *err)
{
    const struct ev_set_source own = {.lenient = options->source.lenient};
    const struct ev_set_source source = ev_set_options_source(options);
    char *path = NULL;
    bool is_file;

    *set = NULL;
    enum ev_status status = ev_set_select(name, options->cache, n_threads, &path, &is_file, err);
    if (status == EV_OK)
        status = ev_set_open(path, is_file ? &source : &own, set, err);
    free(path);
    return status;
}
