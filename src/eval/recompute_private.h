/* SPDX-License-Identifier: MIT */
/* Setting saved figures against fresh ones; see recompute.h. */
#ifndef EV_RECOMPUTE_PRIVATE_H
#define EV_RECOMPUTE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "eval/recompute.h"

#define EV_COUNT(table) (sizeof(table) / sizeof *(table))

/* A double of a record. */
struct ev_figure {
    const char *name;
    size_t offset;
};

/* What figures are of. The strings are the result's, but for `prefix`: "" or what stands before a
 * figure's name, and a point. */
struct ev_figure_place {
    struct ev_recomputed *recomputed;
    const char *backend, *set, *prefix;
};

/* Each counts figures, and appends those that differ; false when out of memory. */
bool ev_compare_values(const struct ev_figure_place *at, const char *name, double saved,
                       double fresh);
bool ev_compare_figures(const struct ev_figure_place *at, const struct ev_figure *figures, size_t n,
                        const void *saved, const void *fresh);
bool ev_compare_texts(const struct ev_figure_place *at, const char *name, const char *saved,
                      const char *fresh);

/* Figures of worker processes' times, from the session. */
EV_CHECKED enum ev_status ev_recompute_times(const struct ev_result *result,
                                             struct ev_recomputed *recomputed,
                                             struct ev_error *err);

#endif
