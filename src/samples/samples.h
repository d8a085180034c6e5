/* SPDX-License-Identifier: MIT */
/*
 * Samples: what a run measured, before any statistics. Every figure of a result is computed from
 * them, and can be computed from them again: the outputs for every row of every set, and the time
 * of every call.
 *
 * All strings and arrays are malloc'ed and owned by the record.
 */
#ifndef EV_SAMPLES_H
#define EV_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"

/* --- Outputs --- */

/* Timed calls of the study's own way (--study), see eval/study.h. */
#define EV_SAMPLES_STUDY_CALLS 1000

/* Rows of one set: labels in physical units, and what each backend gave, in normalised units. */
struct ev_samples_set {
    char *name;
    int64_t n_rows;
    int32_t n_outputs;
    float *labels;   /* (n_rows, n_outputs) */
    float **outputs; /* (n_backends) of (n_rows, n_outputs); NULL: that backend did not run */
    float *
        positions; /* (n_rows, 2): x and y of the car on the circuit's map, metres; NULL: unknown */
    /* Some of the rows once more, each in a call of its own: what batches change. */
    int64_t n_single;     /* 0: none */
    int64_t *single_rows; /* (n_single) */
    float **single;       /* (n_backends) of (n_single, n_outputs), as outputs; NULL: none */
    /* Of the study's own way: outputs for all pictures mirrored, and times of calls. NULL: none. */
    float **mirrored; /* (n_backends) of (n_rows, n_outputs), as outputs */
    float **study_ns; /* (n_backends) of (EV_SAMPLES_STUDY_CALLS) */
};

/* A picture of a set that reports show: where a backend disagreed most with the baseline. */
struct ev_samples_picture {
    int32_t set;
    int32_t backend;
    int64_t row;
    int32_t height, width, channels;
    uint8_t *pixels; /* (height, width, channels) */
};

/* --- Times --- */

/* How calls follow each other, and how many pictures each is given. Files hold the numbers. */
enum ev_mode {
    EV_MODE_COLD,     /* one picture: opening the model and its first call */
    EV_MODE_HOT,      /* one picture, one call after the other */
    EV_MODE_PACED,    /* one picture, a call each period of the control loop */
    EV_MODE_RESIDENT, /* a batch that is in memory */
    EV_MODE_FED,      /* batches streamed from the set's file */
    EV_MODE_PIECES,   /* a batch that is in memory, in pieces */
    EV_MODE_EAGER,    /* as hot, but each operation is launched by itself on the device */
    EV_N_MODES
};

/* From where to where a call is timed. Files hold the numbers. */
enum ev_boundary {
    EV_BOUNDARY_COMPUTE, /* ready floats to outputs */
    EV_BOUNDARY_E2E,     /* bytes of pictures to outputs */
    EV_BOUNDARY_DEVICE,  /* by the device's own clock, from the first copy to it to the last back */
    EV_N_BOUNDARIES
};

/* "cold", "hot", "paced", "resident", "fed", "pieces", "eager"; "compute", "e2e", "device". */
const char *ev_mode_name(enum ev_mode mode);
const char *ev_boundary_name(enum ev_boundary boundary);

/* What disturbed a block, as far as the kernel tells; -1: unknown. */
struct ev_block_noise {
    int64_t cpu_ns;        /* of this process's threads */
    int64_t probe_ns;      /* a fixed amount of arithmetic just before the block */
    int64_t steal_ticks;   /* of the whole machine */
    int64_t n_involuntary; /* context switches */
    int64_t psi_cpu_us;    /* stalled for a CPU, whole machine */
    int64_t psi_io_us;
};

/* Calls of one entry, one after the other. */
struct ev_block {
    int32_t process;     /* 0, 1, ... in order of their start */
    int32_t round;       /* within process, mode and boundary */
    int32_t position;    /* within the round */
    int32_t predecessor; /* entry of the block before; -1: none */
    int32_t entry;
    enum ev_mode mode;
    enum ev_boundary boundary;
    int32_t n_threads;
    int64_t rows_per_call;
    int64_t rows_per_piece; /* rows_per_call but for EV_MODE_PIECES */
    int64_t period_ns;      /* EV_MODE_PACED, else 0 */
    int64_t first_call;     /* of the session's call_ns */
    int64_t n_calls;
    bool flagged; /* disturbed: counted, never left out */
    struct ev_block_noise noise;
};

/* What is timed: the backends in the order of the samples, then the control, which is the baseline
 * opened a second time. */
struct ev_entry {
    char *backend;
    bool is_control;
};

/* All blocks of a run, in the order of measuring. A run without times has no entries. */
struct ev_session {
    char *profile; /* "quick", "std", "strict" */
    uint64_t seed;
    int32_t n_processes; /* finished ones */
    struct ev_entry *entries;
    size_t n_entries;
    int32_t baseline; /* entry */
    struct ev_block *blocks;
    size_t n_blocks;
    float *call_ns; /* (n_calls): whole nanoseconds */
    int64_t n_calls;
};

/* --- The record --- */

struct ev_samples {
    char **backends; /* (n_backends) */
    size_t n_backends;
    struct ev_samples_set *sets; /* (n_sets); one after the other where they are pooled */
    size_t n_sets;
    struct ev_samples_picture *pictures; /* by backend, then from the worst on */
    size_t n_pictures;
    struct ev_session session;
};

/* An empty record is zeroed. */
void ev_samples_free(struct ev_samples *samples);
void ev_session_free(struct ev_session *session);

/* Appends a block and its calls, whose first_call and n_calls it sets; false when out of memory. */
bool ev_session_add(struct ev_session *session, const struct ev_block *block, const float *call_ns,
                    int64_t n_calls);

/* The set or backend of that name, -1 if there is none. */
int ev_samples_find_set(const struct ev_samples *samples, const char *set);
int ev_samples_find_backend(const struct ev_samples *samples, const char *backend);

/*
 * samples.h5: /backends (names), /sets/0, /sets/1, ... with attribute `name`, datasets `labels` and
 * `outputs_0`, `outputs_1`, ... by number of the backend, `positions`, `single_rows` and `single_0`,
 * ..., `mirrored_0`, ... and `study_ns_0`, ...; /pictures/0, ... with
 * the attributes set, backend and row; /session with attributes profile, seed, n_processes,
 * baseline and datasets `entries`, `is_control`, `blocks` (compound, the members of struct ev_block
 * and struct ev_block_noise) and `call_ns`. The same record gives the same bytes. Failures
 * begin with what is wrong: the caller knows the path.
 */
EV_CHECKED enum ev_status ev_samples_save(const struct ev_samples *samples, FILE *out,
                                          struct ev_error *err);
/* Reads and checks it: EV_INPUT with the path for what is no such file. HDF5 1.10 may crash on a
 * damaged file: compare its digest first (see SHA256SUMS), or load what was written by this
 * program. */
EV_CHECKED enum ev_status ev_samples_load(const char *path, struct ev_samples *samples,
                                          struct ev_error *err);

#endif
