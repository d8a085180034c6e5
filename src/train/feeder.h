/* SPDX-License-Identifier: MIT */
/*
 * Feeds batches to a step: a background thread reads, flips, recolours and normalises the next
 * batch while the caller computes on this one. While a feeder runs, its sampler is the thread's.
 */
#ifndef EV_FEEDER_H
#define EV_FEEDER_H

#include <stdbool.h>
#include <stdint.h>

#include "train/sampler.h"

struct ev_feeder_args {
    struct ev_sampler *sampler;
    int64_t *rows; /* (n_rows) the caller's; sorted within each batch by the feeder */
    int64_t n_rows;
    int64_t batch_rows;
    bool augment;
    /* Random changes are keyed by (sampler's seed, first_index + position in rows). */
    uint64_t first_index;
};

/* Valid until the next call. */
struct ev_feed {
    struct ev_batch batch; /* uint8 NHWC; n_rows 0 after the last batch */
    const float *targets;  /* (n_rows, n_outputs) normalised */
};

struct ev_feeder;

EV_CHECKED enum ev_status ev_feeder_start(const struct ev_feeder_args *args,
                                          struct ev_feeder **feeder, struct ev_error *err);
/* The next batch, the last one short. An error of the thread comes out here. */
EV_CHECKED enum ev_status ev_feeder_next(struct ev_feeder *feeder, struct ev_feed *feed,
                                         struct ev_error *err);
/* Ends the thread, at any point. Takes NULL. */
void ev_feeder_stop(struct ev_feeder *feeder);

#endif
