/* SPDX-License-Identifier: MIT */
/* Streams whose batches a model is given: on a device it reads them faster from pinned memory. */
#ifndef EV_PIN_H
#define EV_PIN_H

#include "backend/backend.h"
#include "set/set.h"

/* Between the stream's opening and its closing; `stream` NULL: nothing. */
void ev_pin_stream(struct ev_model *model, const struct ev_stream *stream);
void ev_unpin_stream(struct ev_model *model, const struct ev_stream *stream);

#endif
