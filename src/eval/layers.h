/* SPDX-License-Identifier: MIT */
/* Single layers of the backends' models: where the time goes, and what int8 would do to each. */
#ifndef EV_LAYERS_H
#define EV_LAYERS_H

#include "eval/eval.h"

/* Rows that int8 is tried on, at most. */
#define EV_LAYERS_MAX_ROWS 2000

/*
 * Fills result->layers and result->peak for the backends and the first set of `args`, which were
 * evaluated before.
 *
 * Times: each model is opened anew with one thread; single pictures of the set, 64 evenly spread,
 * are inferred in turns with and without a look at the layers. A layer's time is the median of the
 * looks, and the whole time that of the calls without; what the layers leave of it is the last row
 * of each backend, of kind EV_LAYER_OTHER. The time of a layer holds what looking costs it.
 * Shares are of the sum of all rows. The peak is probed with one thread too.
 *
 * int8: each float layer of the backend that others are compared with, see ev_result_baseline(),
 * is computed in int8 by itself, calibrated on those 64 pictures, for at most EV_LAYERS_MAX_ROWS of
 * the set, evenly spread. The change of the MSE is against the same model and rows as they are.
 *
 * Backends whose engine knows nothing of layers are left out, with a note on standard error. On
 * Ctrl-C returns EV_INTERRUPTED; the rows that were finished stay. Memory: 256 pictures.
 */
EV_CHECKED enum ev_status ev_layers_run(const struct ev_eval_args *args, struct ev_result *result,
                                        struct ev_error *err);

#endif
