/* SPDX-License-Identifier: MIT */
/* Computes a plan for the pictures of one piece, on the calling thread. */
#ifndef EV_RUN_H
#define EV_RUN_H

#include "int8/plan.h"

/* Memory between the layers; one for each thread. */
struct ev_scratch;

/* Room for pieces of up to n_rows pictures; NULL when there is none. */
struct ev_scratch *ev_scratch_new(const struct ev_plan *plan, int64_t n_rows);
/* Takes NULL. */
void ev_scratch_free(struct ev_scratch *scratch);

/* Outputs (n_rows, n_outputs) of n_rows packed pictures in the plan's form. step_ns, if not NULL,
 * gets each step's time. EV_INPUT where the values of a layer that is quantised by their range are
 * not finite. */
EV_CHECKED enum ev_status ev_plan_run(const struct ev_plan *plan, struct ev_scratch *scratch,
                                      const void *pictures, int64_t n_rows, float *outputs,
                                      int64_t *step_ns, struct ev_error *err);

#endif
