/* SPDX-License-Identifier: MIT */
/* What the engine's hooks about single layers call. All throw. */
#ifndef EV_TORCH_LAYERS_H
#define EV_TORCH_LAYERS_H

#include "evalrun/backend.h"

namespace ev
{

/* Finds out what the model's layers are from a call with the batch's first picture, unless that is
 * known. Throws where there are none. */
void describe_layers(struct ev_engine &engine, const struct ev_batch &batch);
/* Infers the batch's one picture; the number of layers with weights, which are described and timed
 * in layers[]. */
int32_t time_layers(struct ev_engine &engine, const struct ev_batch &batch, struct ev_layer *layers,
                    int32_t max_layers);
/* Computes that layer alone as int8 would from now on; -1: none. */
void quantize_layer(struct ev_engine &engine, int32_t layer, const struct ev_batch *calibration);

} // namespace ev

#endif
