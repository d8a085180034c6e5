/* SPDX-License-Identifier: MIT */
/* A network under training or quantisation: what the trainer's hooks work on. */
#ifndef EV_TORCH_NETWORK_H
#define EV_TORCH_NETWORK_H

#include <optional>

#include "torch_model.h"

namespace ev
{

/* Adam with PyTorch's defaults. The moments are in the order of the parameters. */
struct Adam {
    std::vector<at::Tensor> mean, mean_square, n_steps;

    void init(const std::vector<at::Tensor> &parameters);
    /* Moves the parameters by their gradients. */
    void step(const std::vector<at::Tensor> &parameters, double learning_rate);
};

} // namespace ev

/* The layout of trainer.h's opaque struct. */
struct ev_network {
    ev::ModelFacts facts;
    int n_threads;
    ev::Layers layers;       /* FLOAT: as trained; others: with the normalisation folded in */
    ev::InputNorm norm;      /* of the input; others than FLOAT: as it was, no longer applied */
    ev::Adam adam;           /* FLOAT and QAT */
    ev::Observers observers; /* STATIC and QAT */
    at::Tensor frozen;       /* one int64: 1 once QAT's ranges stay as they are */
    /* What export_model would write, made when prediction first needs it; STATIC and DYNAMIC. */
    std::optional<ev::ScriptModel> converted;
};

namespace ev
{

/* What the optimiser moves: the layers' weights and biases, then, with FLOAT, gamma and beta. */
std::vector<at::Tensor> parameters_of(const struct ev_network &network);

} // namespace ev

#endif
