/* SPDX-License-Identifier: MIT */
/*
 * Laps of models on circuits: every backend on every circuit in every direction, several laps each,
 * in parallel. A lap depends on its arguments alone, so the result is the same for any number of
 * threads (but for what is measured with the wall clock).
 */
#ifndef EV_DRIVE_H
#define EV_DRIVE_H

#include "drive/lap.h"
#include "eval/eval.h"

/* Directions, as bits. */
enum ev_drive_direction { EV_DRIVE_FORWARD = 1 << 0, EV_DRIVE_REVERSE = 1 << 1 };

struct ev_drive_args {
    const struct ev_eval_backend *backends;
    size_t n_backends;
    struct ev_track *const *tracks; /* the caller's, open until the result is freed */
    size_t n_tracks;
    unsigned directions; /* enum ev_drive_direction bits */
    int64_t n_laps;      /* of each backend, circuit and direction */
    uint64_t seed;
    bool perturb;
    double lag_s;
    double latency_s; /* of every command; negative: each backend's own, measured on this machine */
    uint32_t device_kind;
    int32_t device_index;
    int32_t n_threads;
};

/* The laps of one backend on one circuit in one direction. */
struct ev_drive_run {
    size_t backend, track; /* indices into the arguments */
    int direction;         /* 1 or -1 */
    struct ev_lap *laps;   /* (n_laps) */
};

struct ev_drive_result {
    const struct ev_drive_args *args;
    struct ev_drive_run *runs; /* backends innermost: the variants of a circuit are neighbours */
    size_t n_runs;
    double *latency_s;     /* (n_backends) median of what commands were delayed by */
    double *latency_p99_s; /* (n_backends) */
    bool interrupted;
};

/* Drives all laps, with progress on standard error. At Ctrl-C laps end with EV_LAP_INTERRUPTED and
 * the result says so; that is no failure. The result refers to *args. */
EV_CHECKED enum ev_status ev_drive_run_all(const struct ev_drive_args *args,
                                           struct ev_drive_result *result, struct ev_error *err);
void ev_drive_result_free(struct ev_drive_result *result);

/* "montreal" or "montreal, reverse"; for file names "montreal-reverse". */
void ev_drive_run_name(const struct ev_drive_result *result, const struct ev_drive_run *run,
                       const char *separator, char *text, size_t size);

/* A model as a driver. Opened for one thread. */
struct ev_model_driver;
EV_CHECKED enum ev_status ev_model_driver_open(const struct ev_eval_backend *backend,
                                               const struct ev_drive_args *args, int32_t n_threads,
                                               struct ev_model_driver **driver,
                                               struct ev_error *err);
void ev_model_driver_close(struct ev_model_driver *driver);
struct ev_driver ev_model_driver_as_driver(struct ev_model_driver *driver);
struct ev_model *ev_model_driver_model(struct ev_model_driver *driver);

#endif
