/* SPDX-License-Identifier: MIT */
/* Forms of pictures: sets hold bytes, some engines read floats only. */
#ifndef EV_FORM_H
#define EV_FORM_H

#include <stddef.h>

#include "backend/backend.h"

/* The form in which a model is given pictures of a set: as they are wherever it reads them, bytes
 * as floats otherwise. */
enum ev_form ev_form_choose(const struct ev_model *model, enum ev_form have);
/* EV_UNSUPPORTED if the model reads bytes only, and the pictures of the set at `path` are
 * floats. */
EV_CHECKED enum ev_status ev_form_check(const struct ev_model *model, enum ev_form have,
                                        const char *path, struct ev_error *err);

/* Bytes of one picture in that form. */
size_t ev_form_picture_bytes(enum ev_form form, const struct ev_shape *shape);

/* A view of rows [first, first + n) of a batch. */
struct ev_batch ev_form_slice(const struct ev_batch *batch, int64_t first, int64_t n);

/* A uint8 (N, H, W, C) batch as float32 (N, C, H, W) in 0..1, x / 255, into `floats`. */
struct ev_batch ev_form_to_floats(const struct ev_batch *bytes, float *floats);

#endif
