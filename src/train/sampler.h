/* SPDX-License-Identifier: MIT */
/*
 * Which rows of several sets are trained on and which validate, and the order of an epoch. Rows
 * are numbered through all sets, in the order the sets were given. Pictures stay in the files.
 */
#ifndef EV_SAMPLER_H
#define EV_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "set/set.h"

struct ev_sampler_args {
    const char *const *set_paths;
    int32_t n_sets;
    int32_t n_threads; /* for unpacking */
    double validation_share;    /* 0 to 0.5 */
    int64_t repeat_bends;       /* a row with |w| > 1 rad/s is in the list so often */
    int64_t repeat_sharp_bends; /* and one with |w| > 2 rad/s so often */
    uint64_t seed;
};

struct ev_sampler {
    struct ev_set **sets;
    int32_t n_sets;
    int64_t *first_row; /* (n_sets + 1) number of each set's first row, then of all rows */
    struct ev_shape shape;
    int32_t n_outputs;
    struct ev_column columns[EV_MAX_OUTPUTS];
    bool mirrored[EV_MAX_OUTPUTS]; /* the output changes its sign in a mirror */
    bool can_mirror;               /* one of them does: pictures may be flipped */
    uint64_t seed;
    int64_t *training; /* (n_training) ascending, with repeats */
    int64_t n_training;
    int64_t *validation; /* (n_validation) ascending */
    int64_t n_validation;
};

/* Opens the sets, which must agree in shape and columns, and divides their rows. */
EV_CHECKED enum ev_status ev_sampler_open(const struct ev_sampler_args *args,
                                          struct ev_sampler **sampler, struct ev_error *err);
void ev_sampler_close(struct ev_sampler *sampler);

/* Length of an epoch that is cut to `epoch_rows` (0: not cut). */
int64_t ev_sampler_epoch_rows(const struct ev_sampler *sampler, int64_t epoch_rows);
/* The rows of epoch `epoch` (0-based) into rows[0..n_training-1]: all of `training`, shuffled;
 * the first ev_sampler_epoch_rows() of them are the epoch. */
void ev_sampler_shuffle(const struct ev_sampler *sampler, int64_t epoch, int64_t *rows);

/* Reads rows[0..n-1], ascending, repeats allowed: images (n, H, W, C) uint8 and labels
 * (n, n_outputs) in physical units. */
EV_CHECKED enum ev_status ev_sampler_read(struct ev_sampler *sampler, const int64_t *rows,
                                          int64_t n, uint8_t *images, float *labels,
                                          struct ev_error *err);

#endif
