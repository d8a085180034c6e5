/* SPDX-License-Identifier: MIT */
/*
 * What tools/gpu-check runs on a machine with a GPU: kernels against plain C, committed models
 * against plain C and libtorch, and times. Needs no library but libc and the module of libtorch.
 */
#ifndef EV_GPU_CHECK_H
#define EV_GPU_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "../cuda/cases.h"
#include "cuda/device.h"
#include "evalrun/backend.h"

/* Pictures of the committed models. */
#define EV_CHECK_BATCH   1024
#define EV_CHECK_OUTPUTS 2
#define EV_CHECK_PICTURE ((size_t)66 * 200 * 3)

/* Where things are, and how long to measure. */
struct ev_check {
    struct ev_cuda_device device;
    const struct ev_backend *torch;     /* the module's engine, */
    const struct ev_net_reader *reader; /* and its reader; NULL without a module */
    const char *models;                 /* folder */
    uint8_t *pictures;                  /* EV_CHECK_BATCH of them */
    int64_t max_rows;                   /* of models that are compared */
    int64_t n_singles, n_batches;       /* timed calls */
    FILE *table;                        /* of times: what,value,unit */
    int n_failed;
};

/* Prints a line that begins with ok or FAILED, and counts. */
void ev_check_say(struct ev_check *check, bool ok, const char *format, ...) EV_PRINTF(3, 4);

/* Networks of tests/cuda/cases.h with that many rows, in every order. */
void ev_check_cases(struct ev_check *check, int64_t n_rows);
/* Each tensor of static and qat, and the outputs of all four models by the engine. */
void ev_check_models(struct ev_check *check);
/* Times of static and qat, and of the float baseline by libtorch; the bars. */
void ev_check_times(struct ev_check *check);

/* "MODELS/NAME.pt" in static storage. */
const char *ev_check_model_path(const struct ev_check *check, const char *name);
/* What engines are opened with, for batches of up to max_rows. */
struct ev_open_args ev_check_args(const struct ev_check *check, const char *path,
                                  uint32_t device_kind, int64_t max_rows);
/* Rows [first, first + n) of the pictures. */
struct ev_batch ev_check_batch(const struct ev_check *check, int64_t first, int64_t n);

#endif
