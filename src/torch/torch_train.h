/* SPDX-License-Identifier: MIT */
/* What the trainer's hooks call; struct ev_network is in torch_network.h. All throw. */
#ifndef EV_TORCH_TRAIN_H
#define EV_TORCH_TRAIN_H

#include "evalrun/trainer.h"

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
void export_network(const struct ev_network &network, const char *path);
void close_network(struct ev_network *network) noexcept;

} // namespace ev

#endif
