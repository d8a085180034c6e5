/* SPDX-License-Identifier: MIT */
/* What engines that compute a plan say of it. */
#ifndef EV_DESCRIBE_H
#define EV_DESCRIBE_H

#include "evalrun/backend.h"
#include "int8/plan.h"

/* Whether any layer computes in integers. */
bool ev_plan_has_int8(const struct ev_plan *plan);

/* Whether it computes in `precision` (0: whatever it holds): EV_UNSUPPORTED, naming `path`, where
 * floats were asked for and a layer computes in integers, or int8 and none does. What the engine
 * does not have at all the host has refused. */
EV_CHECKED enum ev_status ev_plan_check_precision(const struct ev_plan *plan, const char *path,
                                                  uint32_t precision, struct ev_error *err);

/* Its layers with weights, in order, with times from step_ns (one for each step of the plan).
 * EV_UNSUPPORTED, naming `path`, if there are more than max_layers. */
EV_CHECKED enum ev_status ev_plan_describe(const struct ev_plan *plan, const char *path,
                                           const int64_t *step_ns, struct ev_layer *layers,
                                           int32_t max_layers, int32_t *n_layers,
                                           struct ev_error *err);

#endif
