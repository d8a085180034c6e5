/* SPDX-License-Identifier: MIT */
/* Laps of a set, found in its poses. */
#ifndef EV_LAPS_H
#define EV_LAPS_H

#include <stdint.h>

#include "evalrun/error.h"
#include "set/set.h"

/* One lap: rows from `first` to before the next lap's. */
struct ev_set_lap {
    int64_t first, n_rows;
    int32_t direction; /* 1: the distance grows, -1: it falls */
};

struct ev_set_laps {
    struct ev_set_lap *laps; /* (n_laps), owned; together they are all rows, in order */
    int64_t n_laps;
};

/* Finds laps in poses (n, EV_POSE_COLUMNS), n >= 1. A lap ends where the distance along the lap
 * passes the line (falls back by more than half of the lap, or jumps ahead by as much when it is
 * driven the other way), where the car turns round, and where it is suddenly somewhere else, as
 * between sets that were joined. Poses that are moved along the line by a few metres, as in
 * training sets, do not end a lap. NaN counts as no movement. */
EV_CHECKED enum ev_status ev_set_laps_of(const double *poses, int64_t n, struct ev_set_laps *laps,
                                         struct ev_error *err);
/* The same for a set; EV_INPUT if it has no /pose. */
EV_CHECKED enum ev_status ev_set_laps_find(struct ev_set *set, struct ev_set_laps *laps,
                                           struct ev_error *err);
void ev_set_laps_free(struct ev_set_laps *laps);

#endif
