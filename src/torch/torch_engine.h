/* SPDX-License-Identifier: MIT */
/* An opened model: what the engine's hooks work on. */
#ifndef EV_TORCH_ENGINE_H
#define EV_TORCH_ENGINE_H

#include <map>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "torch_shim.h"

namespace ev
{

constexpr const char *bytes_method = "forward_u8";

/* A layer with weights, as a call of the model showed it. */
struct LayerFacts {
    struct ev_layer layer; /* without its time */
    at::Tensor weight;     /* floats, as the operator is given them; undefined if they are packed */
    int64_t out_dim;       /* of `weight`: the one of the output channels */
    size_t input_at;       /* which of the operator's arguments is the layer's input, */
    size_t weight_at;      /* and which its weight */
    c10::Device device{c10::kCPU}; /* of its input */
};

} // namespace ev

/* The layout of backend.h's opaque struct. */
struct ev_engine {
    torch::jit::Module model;  /* for single pictures, and for all where there is no `pieces` */
    torch::jit::Module pieces; /* for batches; another copy where that is faster */
    c10::Device device{c10::kCPU};
    struct ev_shape shape;
    int32_t n_outputs;
    int n_threads;
    bool takes_batches; /* not opened for single pictures alone */
    uint32_t precision; /* that was asked for, or 0 */
    bool takes_bytes;   /* is called by forward_u8 */
    int64_t piece_rows; /* a batch is computed in pieces of so many rows */
    int64_t weight_bytes;
    std::string detail;
    c10::Device ran_on{c10::kCPU};      /* as seen when the model was opened */
    std::vector<ev::LayerFacts> layers; /* found when first asked for */
    /* Methods with one layer in int8, by their names; empty: all as the model has it. */
    std::map<std::string, torch::jit::GraphExecutor> edited;
};

namespace ev
{

/* Loads a model that has a method forward; throws EV_INPUT with the path where it is none. */
torch::jit::Module load_model(const char *path, const c10::Device &device);

/* Intra-op threads are a setting of the calling thread. */
void use_threads(int n_threads);

/* (n, n_outputs) float32 on the CPU: rows [first, first + n) of the batch in one call of `model`.
 * *ran_on is the device that the model left them on. */
at::Tensor run_piece(struct ev_engine &engine, torch::jit::Module &model,
                     const struct ev_batch &batch, int64_t first, int64_t n,
                     c10::Device *ran_on = nullptr);

/* What the model calls a layer by its weight, "conv1", "net.0"; empty if it has no name. */
std::string find_name(const torch::jit::Module &model, const c10::IValue &weight);
/* What a value of the model's code is in every call: a constant, a part of the model, its
 * transpose; None if it is computed. */
c10::IValue fixed_value(const torch::jit::Value *value, const torch::jit::Module &model);

/* Whether an attribute or argument holds a packed int8 layer. */
bool is_packed_conv(const c10::IValue &value);
bool is_packed_linear(const c10::IValue &value);

} // namespace ev

#endif
