/* SPDX-License-Identifier: MIT */
/* Forms of pictures: sets hold bytes, some engines read floats only. */
#ifndef EV_FORM_H
#define EV_FORM_H

#include <stddef.h>

#include "backend/backend.h"

/* The form in which a model is given pictures: bytes as they lie in sets wherever it reads them. */
enum ev_form ev_form_choose(const struct ev_model *model);

/* Bytes of one picture in that form. */
size_t ev_form_picture_bytes(enum ev_form form, const struct ev_shape *shape);

/* A uint8 (N, H, W, C) batch as float32 (N, C, H, W) in 0..1, x / 255, into `floats`. */
struct ev_batch ev_form_to_floats(const struct ev_batch *bytes, float *floats);

#endif
