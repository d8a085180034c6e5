/* SPDX-License-Identifier: MIT */
/* The sets of an evaluation, opened and checked. */
#ifndef EV_OPEN_SETS_H
#define EV_OPEN_SETS_H

#include "eval/eval.h"
#include "set/set.h"

/* Opens n_sets sets into opened[], which the caller has zeroed and closes, also after a failure.
 * EV_INPUT where a set has other columns or another shape of pictures than the first. Notes on
 * standard error what a person must know of colours and ranges. */
EV_CHECKED enum ev_status ev_open_sets(const struct ev_eval_set *sets, size_t n_sets,
                                       struct ev_set **opened, struct ev_error *err);

#endif
