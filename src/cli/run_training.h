/* SPDX-License-Identifier: MIT */
/* What `evalrun train` and `evalrun quantize` share. */
#ifndef EV_RUN_TRAINING_H
#define EV_RUN_TRAINING_H

#include "train/train.h"

/* Finds the sets and the trainer, runs, and prints what was written. The set paths and, if 0, the
 * number of threads in `args` are filled in here. */
EV_CHECKED enum ev_status ev_run_training(struct ev_train_args *args, const char *set_text,
                                          const char *cache, struct ev_error *err);

#endif
