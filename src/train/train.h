/* SPDX-License-Identifier: MIT */
/*
 * Training and quantising: epochs, order of rows, flips, oversampling, colour changes, validation
 * split, best epoch, log, checkpoint and resume. What happens inside a step is the trainer's.
 */
#ifndef EV_TRAIN_H
#define EV_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "evalrun/trainer.h"

struct ev_train_args {
    const char *const *set_paths;
    int32_t n_sets;
    const char *out_path;      /* model.pt; the log is written beside it as model.csv */
    const char *baseline_path; /* NULL when training from new weights */
    enum ev_method method;
    enum ev_observer observer;
    int64_t n_epochs;
    int64_t epoch_rows; /* pictures of one epoch, drawn from the repeated rows; 0: all of them */
    int64_t batch_rows;
    double learning_rate;        /* peak; cosine decay to 1/100 of it after a warm-up */
    double validation_share;     /* of blocks of consecutive rows, so that neighbours do not leak */
    int64_t repeat_bends;        /* how often a row with |w| > 1 rad/s counts; 1: once */
    int64_t repeat_sharp_bends;  /* how often a row with |w| > 2 rad/s counts */
    int64_t calibration_batches; /* read by EV_METHOD_STATIC */
    uint64_t seed;
    int32_t n_threads;
    bool augment; /* flips and colour changes; not read by EV_METHOD_STATIC and _DYNAMIC */
    bool fresh;   /* drop a checkpoint that is there */
};

/* How a run ended. */
struct ev_train_summary {
    int64_t best_epoch;  /* counted from 1; 0 without epochs */
    int64_t n_validation;
    double val_mse_norm; /* of the model written; NAN without validation rows */
};

/* Trains (FLOAT, QAT) or calibrates (STATIC) or converts (DYNAMIC) and writes the model, whole or
 * absent, and its log. A run that was interrupted goes on from OUT.state when called again with
 * the same arguments (n_threads may differ), with the same model as if it had not been; other
 * arguments are EV_USAGE. While another run writes the same model: EV_IO at once. *summary may be
 * NULL. */
EV_CHECKED enum ev_status ev_train_run(const struct ev_trainer *trainer,
                                       const struct ev_train_args *args,
                                       struct ev_train_summary *summary, struct ev_error *err);

#endif
