/* SPDX-License-Identifier: MIT */
/* Pictures of some rows of a set, evenly spread over it, in memory: what models are given one at a
 * time. */
#ifndef EV_SPREAD_H
#define EV_SPREAD_H

#include "eval/timing.h"
#include "set/set.h"

/* Rows of a set at most. */
#define EV_SPREAD_ROWS 256

struct ev_spread {
    struct ev_timing_pictures pictures;
    int64_t rows[EV_SPREAD_ROWS]; /* (pictures.n): of which rows they are */
};

/* Reads them in each form of `forms` (bits of enum ev_form). On failure there is nothing to free.
 * Errors: of reading, EV_MEMORY naming the set. */
EV_CHECKED enum ev_status ev_spread_read(struct ev_set *set, unsigned forms,
                                         struct ev_spread *spread, struct ev_error *err);
/* Takes a zeroed one. */
void ev_spread_free(struct ev_spread *spread);

/* Outputs (pictures.n, n_outputs) of each picture by itself; `name` is shown with the progress.
 * EV_INTERRUPTED at Ctrl-C. */
EV_CHECKED enum ev_status ev_spread_infer(const struct ev_spread *spread, struct ev_model *model,
                                          const char *name, int32_t n_outputs, float *outputs,
                                          struct ev_error *err);

#endif
