/* SPDX-License-Identifier: MIT */
/* Evaluation: runs backends on sets and fills a result. */
#ifndef EV_EVAL_H
#define EV_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "eval/journal.h"
#include "eval/result.h"

/* Name of the pooled row of a result. */
#define EV_SET_ALL "all"

/* One thing to evaluate. */
struct ev_eval_backend {
    const char *name; /* shown in reports */
    const struct ev_backend *engine;
    const char *model_path; /* NULL for an engine without a model */
    uint32_t precision;     /* one enum ev_precision, or 0: what the model was saved in */
};

struct ev_eval_set {
    const char *name;
    const char *path;
    const struct ev_set_source *source; /* NULL: /images and /labels */
};

struct ev_eval_args {
    const struct ev_eval_backend *backends;
    size_t n_backends;
    const struct ev_eval_set *sets;
    size_t n_sets;
    uint32_t device_kind;
    int32_t device_index;
    int32_t n_threads;
    int64_t batch_rows;
    int64_t latency_calls; /* timed batch-1 calls per backend and set; 0: none */
    int64_t warmup_calls;
    bool with_study; /* measures what is missing for the study's own figures, see eval/study.h */
    const char *profile;        /* of the times that come afterwards; NULL: none */
    struct ev_journal *journal; /* of the whole evaluation; NULL: nothing is kept */
};

/* The backend that others are compared with: the one named EV_BASELINE, else the first. */
size_t ev_eval_baseline(const struct ev_eval_args *args);

/* Opens and checks every set and every model before the first is evaluated, so that bad input
 * costs no time; sets that are evaluated together must have the same columns and shape of
 * pictures. Then, set by set, runs each backend: accuracy and throughput over the whole set in
 * batches read ahead, then batch-1 times, with the backends interleaved in blocks on the same
 * pictures. Adds a row per backend and set, and with several sets a pooled row "all" per backend.
 * When all backends have passed over a set, its rows get intervals of their errors, and verdicts
 * against the backend named EV_BASELINE, or the first without one. At the end alarms are raised,
 * see eval/alarm.h.
 *
 * A journal is started when all is opened, and gets outputs and times as they come. What one that
 * resumes has already is taken from it: errors are then the same to the bit. EV_INPUT where it is of
 * an evaluation with other outputs or times.
 *
 * On Ctrl-C returns EV_INTERRUPTED with the rows that were finished and result->interrupted set; on
 * an error the finished rows stay as well. A row whose errors were finished but whose batch-1 times
 * were not is kept without times; pooled rows are made only when everything was finished. */
EV_CHECKED enum ev_status ev_eval_run(const struct ev_eval_args *args, struct ev_result *result,
                                      struct ev_error *err);

#endif
