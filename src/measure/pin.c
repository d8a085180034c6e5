/* SPDX-License-Identifier: MIT */
#include "measure/pin.h"

void ev_pin_stream(struct ev_model *model, const struct ev_stream *stream)
{
    size_t n_bytes;
    void *memory = stream ? ev_stream_memory(stream, &n_bytes) : NULL;

    if (memory)
        ev_model_pin(model, memory, n_bytes);
}

void ev_unpin_stream(struct ev_model *model, const struct ev_stream *stream)
{
    size_t n_bytes;

    if (stream)
        ev_model_unpin(model, ev_stream_memory(stream, &n_bytes));
}
