/* SPDX-License-Identifier: MIT */
/* The engine: any TorchScript regression model, opened, checked by a probe, and run in pieces. */
#ifndef EV_TORCH_INFER_H
#define EV_TORCH_INFER_H

#include "torch_shim.h"

/* The layout of backend.h's opaque struct. */
struct ev_engine {
    torch::jit::Module model;  /* for single pictures, and for all where there is no `pieces` */
    torch::jit::Module pieces; /* for batches; another copy where that is faster */
    c10::Device device{c10::kCPU};
    struct ev_shape shape;
    int32_t n_outputs;
    int n_threads;
    bool takes_bytes;   /* has forward_u8 */
    int64_t piece_rows; /* a batch is computed in pieces of so many rows */
    int64_t weight_bytes;
    std::string detail;
};

namespace ev
{

struct ev_engine *open_engine(const struct ev_open_args &args);
void describe_engine(const struct ev_engine &engine, struct ev_description &description);
void infer_engine(struct ev_engine &engine, const struct ev_batch &batch, float *outputs);

} // namespace ev

#endif
