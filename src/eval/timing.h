/* SPDX-License-Identifier: MIT */
/*
 * Times of single inferences. The clock is the harness's: a sample is the time of one call of
 * ev_model_infer with one picture, outputs back in the host's memory.
 *
 * Models are measured in turns, in blocks of calls on the same pictures, and each round starts with
 * another model: whatever slows the machine for a while (a frequency step, a neighbour) then falls
 * on all of them. A block starts with a few calls that are not counted, as the model before has
 * used the caches.
 */
#ifndef EV_TIMING_H
#define EV_TIMING_H

#include <stdint.h>

#include "backend/backend.h"
#include "base/progress.h"
#include "eval/result.h"

/* Pictures in memory, each usable as a batch of one row. `floats` may be NULL if no model needs
 * that form. */
struct ev_timing_pictures {
    struct ev_shape shape;
    int64_t n;
    enum ev_form form;    /* what the set has */
    const uint8_t *bytes; /* (n, H, W, C) uint8; NULL for a set of floats */
    const float *floats;  /* (n, C, H, W) float32, 0..1 */
};

/* One model and where its samples go. */
struct ev_timing_entry {
    struct ev_model *model;
    float *samples_ns; /* room for n_calls */
};

/* Picture i modulo n, in the form that the model is given, as a batch. */
struct ev_batch ev_timing_batch(const struct ev_timing_pictures *pictures,
                                const struct ev_model *model, int64_t i);

/* Measures n_calls of each entry after n_warmup calls of each; call i is on picture i modulo n.
 * `progress` (may be NULL) counts calls. Stops at Ctrl-C with EV_INTERRUPTED. */
EV_CHECKED enum ev_status ev_timing_run(const struct ev_timing_entry *entries, size_t n_entries,
                                        const struct ev_timing_pictures *pictures, int64_t n_calls,
                                        int64_t n_warmup, struct ev_progress *progress,
                                        struct ev_error *err);

/* Figures of n_calls >= 1 samples, which the figures own afterwards, in their order of measuring.
 * EV_MEMORY frees the samples. */
EV_CHECKED enum ev_status ev_timing_figures(float *samples_ns, int64_t n_calls,
                                            struct ev_latency_figures *figures,
                                            struct ev_error *err);

#endif
