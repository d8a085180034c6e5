/* SPDX-License-Identifier: MIT */
/* The TorchScript files of the four methods: made from layers, and the baseline read back. */
#ifndef EV_TORCH_MODEL_H
#define EV_TORCH_MODEL_H

#include <memory>

#include "torch_quantize.h"

namespace torch::jit
{
struct Module;
}

namespace ev
{

/* What a model file says of itself, in attributes beside the weights. */
struct ModelFacts {
    enum ev_method method;
    struct ev_shape shape;
    int64_t n_outputs;
};

/* A TorchScript module in memory. */
class ScriptModel
{
public:
    explicit ScriptModel(const torch::jit::Module &module_);
    /* Outputs (n,n_outputs) float32 for pictures (n,H,W,C) uint8. */
    at::Tensor run(const at::Tensor &pictures_u8) const;
    /* Writes the file. Not atomic. */
    void save(const char *path) const;

private:
    std::shared_ptr<torch::jit::Module> module;
};

/* The baseline: `layers` with the normalisation already folded in; `norm` is kept beside them so
 * that training can go on from the file. */
ScriptModel float_model(const ModelFacts &facts, const Layers &layers, const InputNorm &norm);

/* Linear layers in int8, ranges of their inputs taken at run time; `layers` folded. */
ScriptModel dynamic_model(const ModelFacts &facts, const Layers &layers);

/* int8 throughout (static, QAT); `layers` folded, `observers` ready. */
ScriptModel int8_model(const ModelFacts &facts, const Layers &layers,
                       const Observers &observers);

/* Reads the folded layers, and the normalisation, of a file that float_model made for this shape
 * and number of outputs; EV_INPUT naming the file otherwise. */
void read_baseline(const char *path, const struct ev_shape &shape, int64_t n_outputs,
                   Layers &layers, InputNorm &norm);

} // namespace ev

#endif
