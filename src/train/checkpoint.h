/* SPDX-License-Identifier: MIT */
/*
 * What an interrupted training goes on from. OUT.state is a small JSON file: the arguments, the
 * finished epochs, and which epochs' files belong to it: OUT.state-N (the trainer's state after
 * epoch N) and OUT.best-N (the model that validated best). It is written last and renamed into
 * place, so whatever moment a run is killed at, it names whole files.
 */
#ifndef EV_CHECKPOINT_H
#define EV_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "evalrun/error.h"
#include "set/set.h"

/* One finished epoch; also a line of the log. Missing figures are NAN. */
struct ev_epoch_record {
    int64_t epoch; /* from 1; 0: no training, only the conversion */
    int64_t n_images;
    double train_loss;
    double val_mse_norm;
    double val_r2[EV_MAX_OUTPUTS];
    double learning_rate; /* of the epoch's last step */
    double seconds;
};

struct ev_checkpoint {
    const char *out_path;
    json_t *arguments; /* object of strings, integers and reals */
    struct ev_epoch_record *epochs;
    int64_t n_epochs;   /* finished */
    int64_t best_epoch; /* from 1; 0: none yet */
    char best_sha256[65];
};

/* Starts an empty checkpoint; takes over `arguments`. */
void ev_checkpoint_init(struct ev_checkpoint *checkpoint, const char *out_path,
                        json_t *arguments);
void ev_checkpoint_free(struct ev_checkpoint *checkpoint);

/* Reads OUT.state if it is there. EV_USAGE if it was made with other arguments, EV_INPUT if it is
 * damaged; both say how to start afresh. */
EV_CHECKED enum ev_status ev_checkpoint_load(struct ev_checkpoint *checkpoint,
                                             struct ev_error *err);
EV_CHECKED enum ev_status ev_checkpoint_save(const struct ev_checkpoint *checkpoint,
                                             struct ev_error *err);
/* Whether the files that a checkpoint with finished epochs names are there, and its best model is
 * the one that was written: EV_INPUT naming the file and saying how to start afresh. */
EV_CHECKED enum ev_status ev_checkpoint_check_files(const struct ev_checkpoint *checkpoint,
                                                    struct ev_error *err);
/* Appends a finished epoch; EV_MEMORY. */
EV_CHECKED enum ev_status ev_checkpoint_add(struct ev_checkpoint *checkpoint,
                                            const struct ev_epoch_record *record,
                                            struct ev_error *err);

/* "OUT.state-N" and "OUT.best-N", malloc'ed; NULL when out of memory. */
char *ev_checkpoint_state_path(const struct ev_checkpoint *checkpoint, int64_t epoch);
char *ev_checkpoint_best_path(const struct ev_checkpoint *checkpoint, int64_t epoch);

/* Whether the file `name` is of the form of one of these or of OUT.state, with `out_name` for OUT;
 * both without folder. */
bool ev_checkpoint_owns(const char *out_name, const char *name);

/* Removes OUT.state and then all OUT.state-N and OUT.best-N that lie beside it. */
EV_CHECKED enum ev_status ev_checkpoint_remove(const struct ev_checkpoint *checkpoint,
                                               struct ev_error *err);
/* Removes those of them that the checkpoint does not name. */
void ev_checkpoint_tidy(const struct ev_checkpoint *checkpoint);

#endif
