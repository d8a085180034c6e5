/* SPDX-License-Identifier: MIT */
/*
 * A network made ready for pictures of one size: each layer with the sizes that go in and out of
 * it, its weights in the order in which the loops read them, and what turns its sums into the next
 * tensor. Images are kept as (H, W, C). A linear layer is a convolution with the size of its input.
 */
#ifndef EV_PLAN_H
#define EV_PLAN_H

#include "evalrun/net.h"
#include "int8/requant.h"

enum ev_tensor { EV_TENSOR_BYTES, EV_TENSOR_INTEGERS, EV_TENSOR_FLOATS };

struct ev_step {
    const struct ev_net_layer *layer;
    struct ev_shape in, out;
    enum ev_tensor in_tensor, out_tensor;
    double in_scale; /* of integers */
    int32_t in_zero;

    /* --- Convolutions and linear layers --- */

    int32_t kernel[2];
    int64_t n_products;                  /* of one output value */
    int64_t weight_bytes; /* as the net has them */
    int16_t *weights;                    /* (n_out, kernel, n_in / groups), unless floats */
    float *weights_floats;               /* likewise */
    int32_t *weight_sums;                /* (n_out): what a zero point of 1 adds to a sum */
    struct ev_requant_channel *channels; /* (n_out), with EV_NET_INT8 */
    struct ev_requant_output output;
};

struct ev_plan {
    struct ev_step *steps;
    int32_t n_steps;
    struct ev_shape shape; /* of a picture */
    uint32_t form;
    int32_t n_outputs;
    int64_t max_bytes; /* of one picture between two layers */
    int64_t max_padded_bytes;
    int64_t weight_bytes; /* as the net has them */
};

/* Makes a plan for pictures of `shape` in `form`. `path` is named by errors: EV_INPUT where the
 * network does not take such pictures or gives another number of outputs than n_outputs,
 * EV_UNSUPPORTED, with the layer, for what it cannot compute. The net must outlive the plan. */
EV_CHECKED enum ev_status ev_plan_make(const struct ev_net *net, const char *path, uint32_t form,
                                       const struct ev_shape *shape, int32_t n_outputs,
                                       enum ev_requant_order order, struct ev_plan **plan,
                                       struct ev_error *err);
/* Takes NULL. */
void ev_plan_free(struct ev_plan *plan);

/* Bytes of one picture in the plan's form. */
size_t ev_plan_picture_bytes(const struct ev_plan *plan);

/* Values of one picture, and bytes of one value. */
int64_t ev_shape_values(const struct ev_shape *shape);
size_t ev_tensor_bytes(enum ev_tensor tensor);

#endif
