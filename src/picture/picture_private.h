/* SPDX-License-Identifier: MIT */
/* What the decoders share. */
#ifndef EV_PICTURE_PRIVATE_H
#define EV_PICTURE_PRIVATE_H

#include "picture/picture.h"

/* The decoders of the formats: as ev_picture_decode, but the caller frees what a failure leaves. */
EV_CHECKED enum ev_status ev_picture_decode_png(const uint8_t *bytes, size_t n_bytes,
                                                const char *name, struct ev_picture *picture,
                                                struct ev_error *err);
EV_CHECKED enum ev_status ev_picture_decode_jpeg(const uint8_t *bytes, size_t n_bytes,
                                                 const char *name, struct ev_picture *picture,
                                                 struct ev_error *err);

/* Takes memory for an RGB picture, after a check of its size. */
EV_CHECKED enum ev_status ev_picture_make(struct ev_picture *picture, uint32_t height,
                                          uint32_t width, const char *name, struct ev_error *err);

#endif
