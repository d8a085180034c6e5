/* SPDX-License-Identifier: MIT */
/*
 * The trainer ABI: what a module exports so that `evalrun train` and `evalrun quantize` can use it.
 *
 * A trainer owns the network, the optimiser, the observers and the writing of models; it sees no
 * data set, no epoch and no file but those named here. Which rows come in which order, flips,
 * oversampling, the validation split, checkpoints, the log and the progress bar are the host's.
 *
 *     EV_EXPORT const struct ev_trainer ev_trainer_v1 = { ... };
 *
 * Network: PilotNet. Input (N, 3, 66, 200) in [0, 1]; BatchNorm2d(3, eps 1e-3); convolutions to
 * 24, 36, 48 channels (5x5, stride 2) and 64, 64 (3x3, stride 1), no padding, ReLU after each;
 * flatten to 1152; linear to 1164, 100, 50, 10 with ReLU, then n_outputs.
 */
#ifndef EVALRUN_TRAINER_H
#define EVALRUN_TRAINER_H

#include "evalrun/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EV_TRAINER_SYMBOL "ev_trainer_v1"

/* What is made of the network. */
enum ev_method {
    EV_METHOD_FLOAT = 0,   /* train in float32; exported as the baseline */
    EV_METHOD_DYNAMIC = 1, /* large linear layers in int8, activations quantised at run time */
    EV_METHOD_STATIC = 2,  /* int8 throughout, ranges observed on calibration batches */
    EV_METHOD_QAT = 3,     /* int8 throughout, trained with fake quantisation */
};

/* Linear layers of fewer weights stay in float32 with EV_METHOD_DYNAMIC. */
#define EV_DYNAMIC_LEAST_WEIGHTS 16384

/* How activation ranges are observed while calibrating (static). */
enum ev_observer {
    EV_OBSERVER_HISTOGRAM = 0,      /* range that minimises the quantisation error */
    EV_OBSERVER_MOVING_AVERAGE = 1, /* each batch's extremes: wider at once, narrower slowly */
};

/* A network under training or quantisation. Defined by the module, opaque to the host. */
struct ev_network;

struct ev_network_args {
    uint32_t size;
    int32_t n_threads;
    uint32_t method;           /* enum ev_method */
    uint32_t observer;         /* enum ev_observer; read by EV_METHOD_STATIC */
    struct ev_shape shape;     /* of one picture; 66 x 200 x 3 */
    int32_t n_outputs;
    uint64_t seed;             /* initial weights */
    const char *baseline_path; /* model saved by EV_METHOD_FLOAT to start from; NULL: new weights
                                  (only EV_METHOD_FLOAT) */
};

/* The trainer. Same rules for errors, threads and growth as struct ev_backend. All members are
 * required. */
struct ev_trainer {
    uint32_t abi;  /* EV_ABI_MAJOR */
    uint32_t size; /* sizeof(struct ev_trainer) as compiled */
    const char *name;

    /* Makes the network. On failure *network is NULL. A baseline that is not a file written by
     * export_model with EV_METHOD_FLOAT fails with EV_INPUT. */
    enum ev_status (*open)(const struct ev_network_args *args, struct ev_network **network,
                           struct ev_error *err);

    /* One optimiser step (Adam, loss = mean squared error over all outputs) on a uint8 NHWC batch
     * with targets (N, n_outputs) float32, normalised to [0, 1]. *loss gets the batch's loss
     * before the step. EV_METHOD_FLOAT and EV_METHOD_QAT only. */
    enum ev_status (*step)(struct ev_network *network, const struct ev_batch *batch,
                           const float *targets, double learning_rate, double *loss,
                           struct ev_error *err);

    /* Shows one uint8 NHWC batch to the observers. EV_METHOD_STATIC only. */
    enum ev_status (*observe)(struct ev_network *network, const struct ev_batch *batch,
                              struct ev_error *err);

    /* Outputs (N, n_outputs) of the network in evaluation mode; fake quantisation on in QAT. */
    enum ev_status (*predict)(struct ev_network *network, const struct ev_batch *batch,
                              float *outputs, struct ev_error *err);

    /* Called before the last phase of QAT: ranges of activations stay as they are from here on
     * (BatchNorm is folded before QAT starts). Other methods: no effect. */
    enum ev_status (*freeze)(struct ev_network *network, struct ev_error *err);

    /* Writes, or reads back, everything that training needs to go on from here to the bit
     * (weights, optimiser state, observers). The file is written where `path` says, not
     * atomically: the host gives a temporary name and renames it. */
    enum ev_status (*save_state)(struct ev_network *network, const char *path,
                                 struct ev_error *err);
    enum ev_status (*load_state)(struct ev_network *network, const char *path,
                                 struct ev_error *err);

    /* Writes the TorchScript file of the network's method: `forward(Tensor)` for float32 NCHW in
     * [0, 1] and `forward_u8(Tensor)` for uint8 NHWC, with the same outputs. BatchNorm is folded
     * into the first convolution. Same rule for `path` as save_state. */
    enum ev_status (*export_model)(struct ev_network *network, const char *path,
                                   struct ev_error *err);

    /* Frees the network. Takes NULL. */
    void (*close)(struct ev_network *network);
};

#ifdef __cplusplus
}
#endif

#endif
