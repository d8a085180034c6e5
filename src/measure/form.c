/* SPDX-License-Identifier: MIT */
/* Bytes, channels last, to floats, channels first. */
#include "measure/form.h"

#include <assert.h>

#include "set/pixel.h"

enum ev_form ev_form_choose(const struct ev_model *model, enum ev_form have)
{
    return ev_model_description(model)->forms & have ? have : EV_FORM_F32_NCHW;
}

enum ev_status ev_form_check(const struct ev_model *model, enum ev_form have, const char *path,
                             struct ev_error *err)
{
    if (ev_model_description(model)->forms & ev_form_choose(model, have))
        return EV_OK;
    return ev_fail(err, EV_UNSUPPORTED, "%s: pictures of floats, but engine '%s' reads uint8 only",
                   path, ev_model_engine(model)->name);
}

size_t ev_form_picture_bytes(enum ev_form form, const struct ev_shape *shape)
{
    size_t n = (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;

    return form == EV_FORM_F32_NCHW ? n * sizeof(float) : n;
}

struct ev_batch ev_form_slice(const struct ev_batch *batch, int64_t first, int64_t n)
{
    struct ev_batch part = *batch;

    part.n_rows = n;
    part.data = (const char *)batch->data +
                (size_t)first * ev_form_picture_bytes((enum ev_form)batch->form, &batch->shape);
    return part;
}

struct ev_batch ev_form_to_floats(const struct ev_batch *bytes, float *floats)
{
    struct ev_batch batch = *bytes;

    assert(bytes->form == EV_FORM_U8_NHWC);
    ev_pixels_to_floats(EV_ELEMENT_U8, false, 1.0, bytes->n_rows,
                        (int64_t)bytes->shape.height * bytes->shape.width, bytes->shape.channels,
                        bytes->data, floats);
    batch.form = EV_FORM_F32_NCHW;
    batch.data = floats;
    return batch;
}
