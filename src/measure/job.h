/* SPDX-License-Identifier: MIT */
/*
 * What the worker processes of a run are given: one piece of shared memory with the plan, the
 * models and the pictures. Written once, read by all; a worker is the same program, so it reads the
 * structs as they are.
 */
#ifndef EV_JOB_H
#define EV_JOB_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "measure/plan.h"
#include "set/set.h"

/* Distinct pictures at most; larger batches repeat them. */
#define EV_JOB_PICTURES 256

/* Pictures of a piece in EV_MODE_PIECES: few enough that a layer's activations stay in the cache.
 */
#define EV_PIECE_ROWS 128

/* A model to time. */
struct ev_job_entry {
    char engine[PATH_MAX]; /* as ev_engine_find has it */
    char model[PATH_MAX];  /* "": the engine needs none */
    uint32_t precision;    /* as struct ev_open_args has it */
};

/* Where EV_MODE_FED reads from. */
struct ev_job_set {
    char path[PATH_MAX];
    char images[PATH_MAX], labels[PATH_MAX]; /* of struct ev_set_source; "": NULL */
    enum ev_set_layout layout;
    double white;
};

struct ev_job {
    uint64_t n_bytes; /* of all of it, pictures included */
    uint64_t seed;
    struct ev_warm_up warm_up;
    struct ev_condition conditions[EV_MAX_CONDITIONS];
    int32_t n_conditions;
    uint32_t device_kind;
    int32_t device_index;
    int32_t n_threads; /* with batches */
    struct ev_shape shape;
    int32_t n_outputs;
    int64_t batch_rows, piece_rows;
    int64_t period_ns; /* of EV_MODE_PACED */
    struct ev_job_set set;
    int32_t n_entries;
    int32_t n_pictures;
    enum ev_form form;    /* of the pictures, as the set has them */
    uint64_t pictures_at; /* offset of (n_pictures) pictures */
    struct ev_job_entry entries[];
};

/* A job whose memory is `file`, a descriptor. Zeroed but for n_bytes, n_entries, n_pictures, shape,
 * form and pictures_at; the caller fills in the rest, and the pictures. EV_MEMORY if there is no
 * room. */
EV_CHECKED enum ev_status ev_job_make(int32_t n_entries, int32_t n_pictures,
                                      const struct ev_shape *shape, enum ev_form form,
                                      struct ev_job **job, int *file, struct ev_error *err);
/* The worker's view of it, read-only; NULL if the descriptor is none of a job. */
const struct ev_job *ev_job_map(int file);
/* Takes NULL. */
void ev_job_unmap(const struct ev_job *job);

/* Picture i modulo n_pictures; the job's own memory. */
void *ev_job_picture(const struct ev_job *job, int64_t i);

#endif
