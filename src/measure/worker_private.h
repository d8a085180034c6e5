/* SPDX-License-Identifier: MIT */
/* A worker while it measures: worker.c plans and opens, worker_calls.c calls. */
#ifndef EV_WORKER_PRIVATE_H
#define EV_WORKER_PRIVATE_H

#include "measure/job.h"
#include "measure/noise.h"

/* An entry while it is open. */
struct ev_subject {
    const struct ev_backend *engine;
    struct ev_model *model;
};

struct ev_worker {
    const struct ev_job *job;
    int answers;
    int32_t process;
    struct ev_subject *subjects; /* (n_entries) */
    struct ev_noise_meter meter;
    int32_t last_entry; /* of the block before; -1: none */
    int64_t n_rows;     /* of a call: 1, or the job's batch_rows */
    int32_t n_threads;
    struct ev_set *set; /* open for EV_MODE_FED */

    /* Inputs in memory, of n_rows pictures or, with one row, of all of the job's. */
    struct ev_batch bytes;  /* as the set has them */
    struct ev_batch floats; /* ready for models that read floats; data is NULL if none are made */
    float *converted;       /* room for one call's pictures as floats */
    float *outputs;         /* (n_rows, n_outputs) */
};

/* Makes inputs for calls of n_rows pictures, and ready floats if a condition wants them; freed by
 * ev_worker_free_inputs, also after a failure. EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_worker_make_inputs(struct ev_worker *worker, int64_t n_rows,
                                                bool with_floats, struct ev_error *err);
void ev_worker_free_inputs(struct ev_worker *worker);
/* Has a model pin the batch that is in memory, until it is closed. */
void ev_worker_pin_inputs(const struct ev_worker *worker, struct ev_model *model);

/* Pictures of a call of the condition, once inputs are made: fewer than n_rows where a set is too
 * short for a block. */
int64_t ev_worker_rows(const struct ev_worker *worker, const struct ev_condition *condition);

/* Calls an entry n times from memory as a condition wants it, the first one on picture `first`. The
 * times, by the clock of the condition's boundary, go to call_ns, unless it is NULL. */
EV_CHECKED enum ev_status ev_worker_call(struct ev_worker *worker,
                                         const struct ev_condition *condition, int32_t entry,
                                         int64_t first, int32_t n, float *call_ns,
                                         struct ev_error *err);

/* A block: the discarded calls, then the timed ones; call_ns has room for condition->n_calls. */
EV_CHECKED enum ev_status ev_worker_block(struct ev_worker *worker,
                                          const struct ev_condition *condition, int32_t entry,
                                          int64_t first, float *call_ns, struct ev_error *err);

#endif
