/* SPDX-License-Identifier: MIT */
/* What an evaluation keeps in the samples of its result: labels, the car's positions, every output,
 * and the pictures on which backends disagree most. Memory: 4 bytes a row and output for the labels
 * and for each backend, 8 bytes a row for positions. */
#ifndef EV_KEEP_H
#define EV_KEEP_H

#include "eval/eval.h"
#include "eval/spread.h"
#include "set/set.h"

/* Pictures of each backend on which it is furthest from the baseline, and how many rows of a set
 * two of them are apart at least: neighbouring frames look alike. */
#define EV_KEEP_PICTURES   4
#define EV_KEEP_ROWS_APART 20

/* Names the backends; once, before all else. EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_keep_backends(struct ev_samples *samples,
                                           const struct ev_eval_args *args, struct ev_error *err);
/* Adds a set, whose outputs come with each pass. Positions are those of its poses, where it has
 * any. */
EV_CHECKED enum ev_status ev_keep_set(struct ev_samples *samples, const char *name,
                                      struct ev_set *set, struct ev_error *err);
/* Adds the outputs of a backend for pictures of the last set, each by itself; they are the same ones
 * for all backends. */
EV_CHECKED enum ev_status ev_keep_single(struct ev_samples *samples, size_t backend,
                                         struct ev_model *model, const struct ev_spread *spread,
                                         struct ev_error *err);
/* Reads the pictures, when all sets are passed over: rows by the largest difference of an output to
 * the baseline's. Only of sets of bytes with 1, 3 or 4 channels; without any, none are kept. */
EV_CHECKED enum ev_status ev_keep_pictures(struct ev_samples *samples, struct ev_set **sets,
                                           size_t baseline, struct ev_error *err);

#endif
