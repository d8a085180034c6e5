/* SPDX-License-Identifier: MIT */
/*
 * A network as a list of layers in plain C: what a module reads from a model file for engines that
 * compute by themselves, without the library that the file was written with.
 *
 * Arithmetic is PyTorch's: a tensor in integers is uint8 with a scale and a zero point,
 *
 *     value = scale * (integer - zero_point),
 *
 * weights are int8 with a scale for each output channel and no zero point, biases are float32.
 */
#ifndef EVALRUN_NET_H
#define EVALRUN_NET_H

#include <stdbool.h>

#include "evalrun/batch.h"
#include "evalrun/error.h"
#include "evalrun/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a layer does. Images are (C, H, W) here, in whatever order an engine keeps them. */
enum ev_net_kind {
    EV_NET_DIVIDE,     /* bytes or floats become floats, divided by `scale` */
    EV_NET_TAKE,       /* bytes are the integers of a tensor of `scale` and `zero_point` */
    EV_NET_QUANTIZE,   /* floats become integers of `scale` and `zero_point` */
    EV_NET_DEQUANTIZE, /* and floats again */
    EV_NET_CONV,       /* two-dimensional convolution (the cross-correlation of PyTorch) */
    EV_NET_LINEAR,
    EV_NET_RELU,
    EV_NET_CLAMP, /* to `low` and `high`, in the tensor's values */
    EV_NET_FLATTEN,
};

/* How a convolution or linear layer computes. */
enum ev_net_arithmetic {
    EV_NET_FLOAT32,
    EV_NET_INT8,    /* integers in, integers of `scale` and `zero_point` out */
    EV_NET_DYNAMIC, /* floats in and out; integers of 7 or 8 bits by the range of a whole piece */
};

/* Pictures of one piece: with EV_NET_DYNAMIC they share a range, so that it decides on outputs. */
#define EV_NET_PIECE_ROWS 32

/* The host reads arrays of it, so it never grows. All memory is the net's. */
struct ev_net_layer {
    enum ev_net_kind kind;
    char name[64]; /* "conv1": what the model calls it, else the operator and a number */
    double scale;  /* of the output; of EV_NET_DIVIDE the divisor */
    int32_t zero_point;
    double low, high;

    /* --- EV_NET_CONV and EV_NET_LINEAR --- */

    enum ev_net_arithmetic arithmetic;
    bool relu;                                             /* follows at once */
    bool reduce_range;                                     /* EV_NET_DYNAMIC: 7 bits */
    int32_t n_in, n_out;                                   /* channels or values */
    int32_t kernel[2], stride[2], padding[2], dilation[2]; /* vertical, horizontal */
    int32_t groups;
    const int8_t *weight;       /* (n_out, n_in / groups, kernel) unless EV_NET_FLOAT32 */
    const float *weight_scales; /* (n_out), likewise */
    const float *weight_floats; /* the same with EV_NET_FLOAT32 */
    const float *bias;          /* (n_out), or NULL */
};

struct ev_net {
    const struct ev_net_layer *layers; /* in order of computation */
    int32_t n_layers;
};

/* The exported symbol's name. */
#define EV_NET_READER_SYMBOL "ev_net_reader_v1"

/* Same rules for errors, threads and growth as struct ev_backend. All members of 1.2 are required. */
struct ev_net_reader {
    uint32_t abi;  /* EV_ABI_MAJOR */
    uint32_t size; /* sizeof(struct ev_net_reader) as compiled */

    const char *name; /* the module's: "torch" */

    /* Reads what the model computes from pictures of `form`. A model with a way of its own for
     * bytes is read by that; of another one the floats are bytes / 255. A layer that is none of
     * the above is EV_UNSUPPORTED, named with the path. *net is NULL on failure. */
    enum ev_status (*read)(const char *path, uint32_t form, const struct ev_net **net,
                           struct ev_error *err);
    /* Frees what read made. Takes NULL. */
    void (*free)(const struct ev_net *net);

    /* --- Since ABI 1.3 --- */

    /* Whether a model holds int8 layers; also of models that read refuses. */
    enum ev_status (*holds_int8)(const char *path, bool *holds, struct ev_error *err);
};

#ifdef __cplusplus
}
#endif

#endif
