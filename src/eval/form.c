/* SPDX-License-Identifier: MIT */
/* Bytes, channels last, to floats, channels first. */
#include "eval/form.h"

#include <assert.h>
#include <stdint.h>

enum ev_form ev_form_choose(const struct ev_model *model)
{
    return ev_model_description(model)->forms & EV_FORM_U8_NHWC ? EV_FORM_U8_NHWC
                                                                : EV_FORM_F32_NCHW;
}

size_t ev_form_picture_bytes(enum ev_form form, const struct ev_shape *shape)
{
    size_t n = (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;

    return form == EV_FORM_F32_NCHW ? n * sizeof(float) : n;
}

struct ev_batch ev_form_to_floats(const struct ev_batch *bytes, float *floats)
{
    const uint8_t *in = bytes->data;
    const size_t n_pixels = (size_t)bytes->shape.height * (size_t)bytes->shape.width;
    const size_t n_channels = (size_t)bytes->shape.channels;
    struct ev_batch batch = *bytes;

    assert(bytes->form == EV_FORM_U8_NHWC);
    for (int64_t row = 0; row < bytes->n_rows; row++) {
        float *out = floats + (size_t)row * n_pixels * n_channels;
        for (size_t c = 0; c < n_channels; c++) {
            for (size_t i = 0; i < n_pixels; i++)
                out[c * n_pixels + i] = (float)in[i * n_channels + c] / 255.0f;
        }
        in += n_pixels * n_channels;
    }
    batch.form = EV_FORM_F32_NCHW;
    batch.data = floats;
    return batch;
}
