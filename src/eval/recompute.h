/* SPDX-License-Identifier: MIT */
/*
 * The figures of a result computed again from its samples, and set against those it holds.
 *
 * Sums are taken in the order in which the evaluation took them, and resampling has fixed seeds, so
 * on one machine all figures come out the same to the bit. Another machine's logarithms may differ
 * in the last one: figures that differ by less than 1e-12 of their size are equal.
 */
#ifndef EV_RECOMPUTE_H
#define EV_RECOMPUTE_H

#include "eval/result.h"

/* A figure that is not what the samples give. */
struct ev_mismatch {
    const char *backend, *set; /* the result's; "" for what is of no set */
    char figure[96];           /* as results.json calls it: "mse_norm", "v.mae", "median_ns" */
    char saved[40];
    char recomputed[40];
};

struct ev_recomputed {
    struct ev_mismatch *mismatches;
    size_t n_mismatches;
    int64_t n_figures; /* that were recomputed */
    int64_t n_without; /* that are there, but without samples */
};

/* Recomputes errors, intervals, changes, verdicts and times. EV_MEMORY and EV_INTERRUPTED are the
 * only errors, and leave it empty. */
EV_CHECKED enum ev_status ev_recompute(const struct ev_result *result,
                                       struct ev_recomputed *recomputed, struct ev_error *err);
void ev_recomputed_free(struct ev_recomputed *recomputed);

#endif
