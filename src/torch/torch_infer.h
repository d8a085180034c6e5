/* SPDX-License-Identifier: MIT */
/* What the engine's hooks call: any TorchScript regression model, opened, checked by a probe, and
 * run in pieces. All throw. */
#ifndef EV_TORCH_INFER_H
#define EV_TORCH_INFER_H

#include "evalrun/backend.h"

namespace ev
{

struct ev_engine *open_engine(const struct ev_open_args &args);
void describe_engine(const struct ev_engine &engine, struct ev_description &description);
void infer_engine(struct ev_engine &engine, const struct ev_batch &batch, float *outputs);
/* The same, and nanoseconds by the device's clock; EV_UNSUPPORTED where that is the CPU. */
int64_t infer_engine_apart(struct ev_engine &engine, const struct ev_batch &batch, float *outputs);
void close_engine(struct ev_engine *engine) noexcept;

/* Whether the model at `path` holds packed int8 layers. */
bool holds_int8(const char *path);

} // namespace ev

#endif
