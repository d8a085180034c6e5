/* SPDX-License-Identifier: MIT */
/* The log of a training: one CSV line an epoch, beside the model. */
#ifndef EV_TRAIN_LOG_H
#define EV_TRAIN_LOG_H

#include "train/checkpoint.h"

/* "model.csv" for a model "model.pt", malloc'ed; NULL when out of memory. */
char *ev_train_log_path(const char *model_path);

/* Writes the epochs of `checkpoint` to the log of its model, whole or absent. Missing
 * figures are empty cells. */
EV_CHECKED enum ev_status ev_train_log_write(const struct ev_checkpoint *checkpoint,
                                             const struct ev_column *columns, int32_t n_outputs,
                                             struct ev_error *err);

#endif
