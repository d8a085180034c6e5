/* SPDX-License-Identifier: MIT */
/* How long an evaluation will take: from a few calls of each model, measured now, and the plan. */
#ifndef EV_ESTIMATE_H
#define EV_ESTIMATE_H

#include "eval/eval.h"
#include "measure/plan.h"

/* What is asked. The sets of `eval` are those that are there; all sets are counted in set_rows. */
struct ev_estimate_args {
    const struct ev_eval_args *eval;
    const int64_t *set_rows; /* (n_sets) of all sets, also of those that are not there yet */
    size_t n_sets;
    struct ev_shape shape; /* of pictures and outputs where no set is there */
    int32_t n_outputs;
    const struct ev_profile *profile; /* NULL: none */
    double load_s;                    /* that loading the engines took */
};

/* What one model takes, in seconds. */
struct ev_estimate_model {
    int64_t model_bytes; /* of its file; -1 without one */
    double open_s;
    double first_s;  /* its first call, with one picture */
    double single_s; /* each further one, on one thread, as worker processes call it */
    double here_s;   /* the same on all threads, as this process does */
    double row_s;    /* a picture of a batch, read from the set and computed on all threads */
};

/* A part of the work: how many pictures all backends are given, and how long that takes. */
struct ev_estimate_part {
    int64_t n_rows;
    double seconds;
};

struct ev_estimate {
    struct ev_estimate_model *models; /* (n_backends) */
    double open_s;                    /* engines, and each model once */
    struct ev_estimate_part warm_up;  /* a batch before each pass */
    struct ev_estimate_part passes;   /* all backends on all sets */
    struct ev_estimate_part singles;  /* pictures spread over each set, one by one */
    double calls_s;                   /* single calls in this process */
    double times_s;                   /* worker processes: as many as the profile wants at least */
    double times_most_s;              /* and at most */
    struct ev_profile profile;        /* as it will be carried out, where there is one */
    int32_t n_processes;              /* that fit into its cap, of the fewest */
    double period_s;                  /* between paced calls */
    double total_s; /* of these, without rendering, layers, the study's figures and reports */
};

/* Opens sets and models as ev_eval_run() does, with its errors, and writes nothing. `estimate` is
 * freed by ev_estimate_free(), also after a failure. */
EV_CHECKED enum ev_status ev_estimate_make(const struct ev_estimate_args *args,
                                           struct ev_estimate *estimate, struct ev_error *err);
void ev_estimate_free(struct ev_estimate *estimate);

#endif
