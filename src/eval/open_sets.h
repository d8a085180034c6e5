/* SPDX-License-Identifier: MIT */
/* The sets and models of an evaluation, opened and checked. */
#ifndef EV_OPEN_SETS_H
#define EV_OPEN_SETS_H

#include "eval/eval.h"
#include "set/set.h"

/* Opens n_sets sets into opened[], which the caller has zeroed and closes, also after a failure.
 * EV_INPUT where a set has other columns or another shape of pictures than the first. Notes on
 * standard error what a person must know of colours and ranges. */
EV_CHECKED enum ev_status ev_open_sets(const struct ev_eval_set *sets, size_t n_sets,
                                       struct ev_set **opened, struct ev_error *err);

/* Opens backend b's model for pictures of `shape` in batches of at most max_rows, and checks that
 * it reads those of the opened sets (args->n_sets). The caller closes *model, also after a failure.
 */
EV_CHECKED enum ev_status ev_open_model(const struct ev_eval_args *args, size_t b,
                                        struct ev_set *const *opened, const struct ev_shape *shape,
                                        int32_t n_outputs, int32_t n_threads, int64_t max_rows,
                                        struct ev_model **model, struct ev_error *err);

#endif
