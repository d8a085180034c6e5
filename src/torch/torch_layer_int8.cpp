/* SPDX-License-Identifier: MIT */
/*
 * One layer of a float model as int8 would compute it: its input and its weight are rounded to
 * what the integers stand for, by an edit of the model's code.
 */
#include "torch_layers.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/aminmax.h>
#include <ATen/ops/fake_quantize_per_channel_affine.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "torch_watch.h"

namespace ev
{

namespace
{

/* Range of one layer's input; 0 is part of it. */
class InputRange : public Watch
{
public:
    explicit InputRange(size_t layer_) : layer(layer_)
    {
    }
    /* To be called before each run. */
    void rewind()
    {
        next = 0;
    }
    double low = 0.0, high = 0.0;

protected:
    bool needs_values() const override
    {
        return true;
    }
    void before(const Operator &op, const at::RecordFunction &call) override
    {
        if (next++ != layer)
            return;
        at::Tensor x = inputs_of(call).at(op.input_at).toTensor();
        auto [min, max] = at::aminmax(x);
        low = std::min(low, min.item<double>());
        high = std::max(high, max.item<double>());
    }
    void after(const at::RecordFunction &) override
    {
    }

private:
    size_t layer, next = 0;
};

constexpr int64_t input_max = 255, weight_max = 127;
/* A range is at least so wide: an input that is always zero still needs a scale. */
constexpr double least_range = 1e-6;

/* The weights rounded to what int8 stands for. */
at::Tensor rounded_weight(const LayerFacts &facts)
{
    const at::Tensor &weight = facts.weight;
    std::vector<int64_t> others;

    for (int64_t dim = 0; dim < weight.dim(); dim++) {
        if (dim != facts.out_dim)
            others.push_back(dim);
    }
    /* A channel of zeros needs a scale too. */
    at::Tensor scales = weight.abs().amax(others).clamp_min(1e-8).div(weight_max);
    return at::fake_quantize_per_channel_affine(weight, scales, at::zeros(scales.sizes(), at::kInt),
                                                facts.out_dim, -weight_max, weight_max);
}

} // namespace

c10::IValue fixed_value(const torch::jit::Value *value, const torch::jit::Module &model)
{
    const torch::jit::Node *node = value->node();

    if (auto constant = torch::jit::toIValue(value))
        return *constant;
    if (value == node->owningGraph()->inputs().at(0))
        return model._ivalue();
    if (node->kind() == c10::prim::GetAttr) {
        c10::IValue object = fixed_value(node->input(), model);
        return object.isObject() ? object.toObject()->getAttr(node->s(c10::attr::name))
                                 : c10::IValue();
    }
    if (node->kind() == c10::aten::t)
        return fixed_value(node->input(), model);
    return {};
}

namespace
{

/* The nodes that use the layer's weight: several where branches share it. */
void find_nodes(torch::jit::Block *block, const struct ev_engine &engine, const LayerFacts &facts,
                std::vector<torch::jit::Node *> &found)
{
    for (torch::jit::Node *node : block->nodes()) {
        for (torch::jit::Block *inner : node->blocks())
            find_nodes(inner, engine, facts, found);
        const Operator *op = find_operator(node->kind().toQualString());
        if (op && op->weight_at == facts.weight_at &&
            is_same(fixed_value(node->input(op->weight_at), engine.model), facts.weight))
            found.push_back(node);
    }
}

/* The method with the layer's input and weight rounded. */
torch::jit::GraphExecutor edit(const struct ev_engine &engine, const char *method,
                               const LayerFacts &facts, double low, double high)
{
    const std::string name = facts.layer.name;
    auto graph = engine.model.get_method(method).graph()->copy();
    std::vector<torch::jit::Node *> nodes;

    torch::jit::Inline(*graph);
    find_nodes(graph->block(), engine, facts, nodes);
    if (graph->inputs().size() != 2 || nodes.empty())
        throw Failure(EV_UNSUPPORTED,
                      "layer " + name + " cannot be singled out in the model's code");

    const double scale = std::max(high - low, least_range) / input_max;
    const int64_t zero_point = std::lrint(-low / scale);
    at::Tensor weight = rounded_weight(facts);
    for (torch::jit::Node *node : nodes) {
        torch::jit::WithInsertPoint here(node);
        torch::jit::Value *x =
            graph->insert(c10::Symbol::fromQualString("aten::fake_quantize_per_tensor_affine"),
                          {node->input(facts.input_at), scale, zero_point, 0, input_max});
        node->replaceInput(facts.input_at, x);
        node->replaceInput(facts.weight_at, graph->insertConstant(weight));
    }
    return {graph, method};
}

} // namespace

void quantize_layer(struct ev_engine &engine, int32_t layer, const struct ev_batch *calibration)
{
    engine.edited.clear();
    if (layer < 0)
        return;
    use_threads(engine.n_threads);
    describe_layers(engine, *calibration);
    const LayerFacts &facts = engine.layers.at(static_cast<size_t>(layer));
    if (!facts.weight.defined() || facts.weight.scalar_type() != at::kFloat)
        throw Failure(EV_UNSUPPORTED, std::string("layer ") + facts.layer.name + " is " +
                                          facts.layer.dtype + ", not plain float32");

    InputRange range(static_cast<size_t>(layer));
    for (int64_t first = 0; first < calibration->n_rows; first += engine.piece_rows) {
        range.rewind();
        range.run(engine, engine.pieces, *calibration, first,
                  std::min(engine.piece_rows, calibration->n_rows - first));
    }
    TORCH_CHECK(std::isfinite(range.low) && std::isfinite(range.high), "layer ", facts.layer.name,
                "'s input is not finite");
    c10::InferenceMode inference;
    std::map<std::string, torch::jit::GraphExecutor> edited;
    edited["forward"] = edit(engine, "forward", facts, range.low, range.high);
    if (engine.takes_bytes)
        edited[bytes_method] = edit(engine, bytes_method, facts, range.low, range.high);
    engine.edited = std::move(edited);
}

} // namespace ev
