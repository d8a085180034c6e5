/* SPDX-License-Identifier: MIT */
/* A first look at an opened model: where it runs, and which of its layers are computed in what. */
#ifndef EV_LOOK_H
#define EV_LOOK_H

#include "backend/backend.h"
#include "eval/result.h"

/*
 * Infers one black picture of the set, by the engine's hook that tells of layers and by the one
 * that tells of its device. Which layers should be in int8:
 *
 *     "static", "qat"      all
 *     "dynamic"            linear ones of at least EV_DYNAMIC_LEAST_WEIGHTS weights, as ranges that
 *                          are taken at run time are only had for these
 *     any other model      all if one of its convolutions is in int8; if only others are, the same
 *                          as of "dynamic"; none if no layer is
 *
 * An engine that knows nothing of layers leaves them unknown; so does one that fails to tell, with
 * a note on standard error. EV_MEMORY and EV_DEVICE, of a device that was lost, are the only
 * errors.
 */
EV_CHECKED enum ev_status ev_look(struct ev_model *model, const char *backend,
                                  const struct ev_set_info *info, struct ev_result_look *look,
                                  struct ev_error *err);

/* Whether the model's engine tells what its device takes, by inferring one picture. One that fails
 * to does not, with a note on standard error; but EV_DEVICE, after which no picture will be
 * computed either, is an error. */
EV_CHECKED enum ev_status ev_look_tells_apart(struct ev_model *model, const char *backend,
                                              const struct ev_batch *picture, bool *tells,
                                              struct ev_error *err);

#endif
