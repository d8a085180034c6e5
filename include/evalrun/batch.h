/* SPDX-License-Identifier: MIT */
/* A view of a batch of pictures: who owns the bytes is said by the function that takes the view. */
#ifndef EVALRUN_BATCH_H
#define EVALRUN_BATCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Form of the pictures in a batch. Values are bits, so that an engine can say which it reads. */
enum ev_form {
    EV_FORM_U8_NHWC = 1 << 0,  /* uint8, (N, H, W, C), 0..255 */
    EV_FORM_F32_NCHW = 1 << 1, /* float32, (N, C, H, W), 0..1 */
};

/* Shape of one picture, in pixels and channels. */
struct ev_shape {
    int32_t height;
    int32_t width;
    int32_t channels;
};

/* `n_rows` pictures of one shape, packed without gaps in the order that `form` names. */
struct ev_batch {
    uint32_t size; /* sizeof(struct ev_batch) of the caller */
    uint32_t form; /* one enum ev_form */
    struct ev_shape shape;
    int64_t n_rows;
    const void *data;
};

#ifdef __cplusplus
}
#endif

#endif
