/* SPDX-License-Identifier: MIT */
/* A network under training or quantisation: what the trainer's hooks work on. */
#ifndef EV_TORCH_TRAIN_H
#define EV_TORCH_TRAIN_H

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
    ev::Layers layers;  /* FLOAT: as trained; others: with the normalisation folded in */
    ev::InputNorm norm; /* of the input; others than FLOAT: as it was, no longer applied */
    ev::Adam adam;      /* FLOAT and QAT */
    ev::Observers observers; /* STATIC and QAT */
    at::Tensor frozen;       /* one int64: 1 once QAT's ranges stay as they are */
    /* What export_model would write, made when prediction first needs it; STATIC and DYNAMIC. */
    std::optional<torch::jit::Module> converted;
};

namespace ev
{

struct ev_network *open_network(const struct ev_network_args &args);
double step_network(struct ev_network &network, const struct ev_batch &batch, const float *targets,
                    double learning_rate);
void observe_network(struct ev_network &network, const struct ev_batch &batch);
void freeze_network(struct ev_network &network);
void predict_network(struct ev_network &network, const struct ev_batch &batch, float *outputs);
void save_network_state(const struct ev_network &network, const char *path);
void load_network_state(struct ev_network &network, const char *path);
void export_network(struct ev_network &network, const char *path);

} // namespace ev

#endif
