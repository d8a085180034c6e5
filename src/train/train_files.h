/* SPDX-License-Identifier: MIT */
/* The files that a run writes: checked before any work, and locked until its end. */
#ifndef EV_TRAIN_FILES_H
#define EV_TRAIN_FILES_H

#include "train/train.h"

/* Zeroed: not held. */
struct ev_train_lock {
    char *path;
    int file;
};

/* Whether model and log can appear (failure as of ev_outfile_open) and are none of the files that
 * are read (EV_USAGE naming the file). Sets whose path is NULL are left out. */
EV_CHECKED enum ev_status ev_train_files_check(const struct ev_train_args *args,
                                               struct ev_error *err);

/* Keeps other runs from writing the same model until ev_train_files_unlock or the end of the
 * process, however it ends, and then removes temporary files that a killed run into it has left.
 * EV_IO naming the model while another run holds the lock, which is the empty file OUT.lock. */
EV_CHECKED enum ev_status ev_train_files_lock(const char *out_path, struct ev_train_lock *lock,
                                              struct ev_error *err);
/* Removes OUT.lock and lets go. Harmless on a zeroed struct. */
void ev_train_files_unlock(struct ev_train_lock *lock);

#endif
