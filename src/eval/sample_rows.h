/* SPDX-License-Identifier: MIT */
/* Rows of samples that a row of a result was computed from: those of one set, or of all sets that a
 * backend ran on, one after the other. */
#ifndef EV_SAMPLE_ROWS_H
#define EV_SAMPLE_ROWS_H

#include "eval/accuracy.h"

struct ev_sample_rows {
    int backend;
    const struct ev_samples_set **sets; /* (n_sets) of the samples */
    int64_t *n_rows;                    /* (n_sets) */
    size_t n_sets;                      /* 0: the samples do not have them */
    int64_t n;                          /* of all sets */
};

/* The rows of a backend on a set; EV_SET_ALL pools. Without samples of them, or with another number
 * of outputs than n_outputs, n_sets is 0. EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_sample_rows_find(const struct ev_samples *samples, const char *backend,
                                              const char *set, int32_t n_outputs,
                                              struct ev_sample_rows *rows, struct ev_error *err);
void ev_sample_rows_free(struct ev_sample_rows *rows);

/* Whether both have the same labels, set by set. */
bool ev_sample_rows_match(const struct ev_sample_rows *a, const struct ev_sample_rows *b);
/* Whether both have the same outputs, to the bit; they match. */
bool ev_sample_rows_equal(const struct ev_sample_rows *a, const struct ev_sample_rows *b);

/* Adds them to an accuracy, in their order. */
void ev_sample_rows_add(const struct ev_sample_rows *rows, struct ev_accuracy *accuracy);

/* Errors of rows in normalised units, of output k or, with k = -1, the mean over outputs: squared,
 * or absolute. `errors` has room for rows->n. */
void ev_sample_rows_errors(const struct ev_sample_rows *rows, const struct ev_column *columns,
                           int32_t k, bool absolute, double *errors);

/* Digest of the rows' outputs: float32 as in memory, row by row, set by set. */
void ev_sample_rows_sha256(const struct ev_sample_rows *rows, char hex[65]);

#endif
