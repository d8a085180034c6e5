/* SPDX-License-Identifier: MIT */
/* SHA256SUMS: digests of the files of a folder, in the form that `sha256sum -c` reads. */
#ifndef EV_SUMS_H
#define EV_SUMS_H

#include <stddef.h>
#include <stdio.h>

#include "evalrun/error.h"

#define EV_SUMS_FILE "SHA256SUMS"

struct ev_sum_line {
    char *name; /* below the folder: "results.csv", "plots/error.png" */
    char hex[65];
};

/* An empty list is zeroed; it owns its names. */
struct ev_sums {
    struct ev_sum_line *lines;
    size_t n;
};

void ev_sums_free(struct ev_sums *sums);

/* Reads the file folder/name and appends its digest; EV_INPUT naming what is not there. */
EV_CHECKED enum ev_status ev_sums_add(struct ev_sums *sums, const char *folder, const char *name,
                                      struct ev_error *err);
/* One line for each; what cannot be written is seen when the file is closed. */
void ev_sums_print(const struct ev_sums *sums, FILE *out);

/* Reads such a file. EV_INPUT with its path and line for what is none, or for a name that leads out
 * of the folder. */
EV_CHECKED enum ev_status ev_sums_load(const char *path, struct ev_sums *sums,
                                       struct ev_error *err);
/* The digest of that name, or NULL. */
const char *ev_sums_find(const struct ev_sums *sums, const char *name);

#endif
