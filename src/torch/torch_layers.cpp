/* SPDX-License-Identifier: MIT */
/*
 * Single layers of any TorchScript model: what they are, how long each takes, and what the outputs
 * would be if one of them were int8.
 *
 * libtorch calls back before and after each operator (at::RecordFunction). The operators with
 * weights are the layers; one that another of them calls is a part of it. Looking at arguments is
 * slow, so a first call of the model finds out what its layers are, and calls that are timed only
 * count them.
 */
#include "torch_layers.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>

#include <ATen/native/quantized/PackedParams.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/fake_quantize_per_channel_affine.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "torch_engine.h"

namespace ev
{

namespace
{

/* --- Operators with weights --- */

enum class Kind {
    CONV,      /* weight (out, in, ...) */
    TRANSPOSE, /* transposed convolution: weight (in, out, ...) */
    LINEAR,    /* weight (out, in) */
    PRODUCT,   /* weight (in, out) */
    MATMUL,    /* of any two tensors, the second need be no weight */
};

struct Operator {
    std::string_view name;
    Kind kind;
    size_t input_at, weight_at;
};

constexpr Operator operators[] = {
    {"aten::conv1d", Kind::CONV, 0, 1},
    {"aten::conv2d", Kind::CONV, 0, 1},
    {"aten::conv3d", Kind::CONV, 0, 1},
    {"aten::convolution", Kind::CONV, 0, 1},
    {"aten::_convolution", Kind::CONV, 0, 1},
    {"aten::mkldnn_convolution", Kind::CONV, 0, 1},
    {"mkldnn::_convolution_pointwise", Kind::CONV, 0, 1},
    {"mkldnn_prepacked::conv2d_run", Kind::CONV, 0, 1},
    {"prepacked::conv2d_clamp_run", Kind::CONV, 0, 1},
    {"quantized::conv1d", Kind::CONV, 0, 1},
    {"quantized::conv1d_relu", Kind::CONV, 0, 1},
    {"quantized::conv2d", Kind::CONV, 0, 1},
    {"quantized::conv2d_relu", Kind::CONV, 0, 1},
    {"aten::conv_transpose1d", Kind::TRANSPOSE, 0, 1},
    {"aten::conv_transpose2d", Kind::TRANSPOSE, 0, 1},
    {"aten::conv_transpose3d", Kind::TRANSPOSE, 0, 1},
    {"aten::linear", Kind::LINEAR, 0, 1},
    {"aten::mkldnn_linear", Kind::LINEAR, 0, 1},
    {"mkldnn::_linear_pointwise", Kind::LINEAR, 0, 1},
    {"prepacked::linear_clamp_run", Kind::LINEAR, 0, 1},
    {"quantized::linear", Kind::LINEAR, 0, 1},
    {"quantized::linear_relu", Kind::LINEAR, 0, 1},
    {"quantized::linear_dynamic", Kind::LINEAR, 0, 1},
    {"quantized::linear_relu_dynamic", Kind::LINEAR, 0, 1},
    {"quantized::linear_dynamic_fp16", Kind::LINEAR, 0, 1},
    {"quantized::linear_relu_dynamic_fp16", Kind::LINEAR, 0, 1},
    {"aten::addmm", Kind::PRODUCT, 1, 2},
    {"aten::mm", Kind::PRODUCT, 0, 1},
    {"aten::matmul", Kind::MATMUL, 0, 1},
    {"aten::bmm", Kind::MATMUL, 0, 1},
};

const Operator *find_operator(std::string_view name)
{
    for (const Operator &one : operators) {
        if (one.name == name)
            return &one;
    }
    return nullptr;
}

/* --- Watching the operators of a call --- */

/* What looks at the layers of a call, in order. Nothing may be thrown out of a callback. */
class Watch
{
public:
    virtual ~Watch() = default;

    void start(const Operator &op, const at::RecordFunction &call) noexcept
    {
        if (depth++ == 0)
            keep_trouble([&] { before(op, call); });
    }
    void end(const at::RecordFunction &call) noexcept
    {
        if (--depth == 0)
            keep_trouble([&] { after(call); });
    }
    /* Runs rows [first, first + n) of the batch through the model under this watch. */
    void run(struct ev_engine &engine, torch::jit::Module &model, const struct ev_batch &batch,
             int64_t first, int64_t n);

protected:
    virtual bool needs_values() const = 0; /* arguments and results */
    virtual void before(const Operator &op, const at::RecordFunction &call) = 0;
    virtual void after(const at::RecordFunction &call) = 0;

private:
    template <class Body> void keep_trouble(Body &&body) noexcept
    {
        try {
            body();
        } catch (...) {
            trouble = std::current_exception();
        }
    }

    int depth = 0; /* operators with weights that are running, one called by the other */
    std::exception_ptr trouble;
};

/* The watch of this thread's call. */
thread_local Watch *watch;

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction &call)
{
    if (const Operator *op = find_operator(call.name()))
        watch->start(*op, call);
    return nullptr;
}

void on_end(const at::RecordFunction &call, at::ObserverContext *)
{
    if (find_operator(call.name()))
        watch->end(call);
}

void Watch::run(struct ev_engine &engine, torch::jit::Module &model, const struct ev_batch &batch,
                int64_t first, int64_t n)
{
    struct Callback {
        at::CallbackHandle handle;
        ~Callback()
        {
            at::removeCallback(handle);
        }
    };
    watch = this;
    {
        Callback callback{at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                                         .needsInputs(needs_values())
                                                         .needsOutputs(needs_values())
                                                         .scopes({at::RecordScope::FUNCTION}))};
        run_piece(engine, model, batch, first, n);
    }
    if (trouble)
        std::rethrow_exception(trouble);
}

/* --- What the layers are --- */

/* The part of an attribute's name that is the layer's: "conv1" of "conv1_weight", "net.0" of
 * "net.0._packed_params"; may be empty. */
std::string layer_name(std::string name)
{
    for (const char *ending : {"_weight", "_packed"}) {
        const size_t n = std::string_view(ending).size();
        if (name.size() > n && name.compare(name.size() - n, n, ending) == 0)
            return name.substr(0, name.size() - n);
    }
    for (;;) {
        const size_t dot = name.rfind('.'), last = dot == std::string::npos ? 0 : dot + 1;
        if (name.compare(last, std::string::npos, "weight") != 0 && name.compare(last, 1, "_") != 0)
            return name;
        if (last == 0)
            return "";
        name.resize(dot);
    }
}

bool is_plain(const at::Tensor &tensor)
{
    return tensor.defined() && tensor.layout() == at::kStrided;
}

bool is_same(const c10::IValue &a, const c10::IValue &b)
{
    if (a.isTensor() && b.isTensor())
        return is_plain(a.toTensor()) && is_plain(b.toTensor()) &&
               a.toTensor().const_data_ptr() == b.toTensor().const_data_ptr();
    return a.isObject() && b.isObject() && a.toObject() == b.toObject();
}

/* What the model calls a layer by its weight; empty if it has no name. */
std::string find_name(const torch::jit::Module &model, const c10::IValue &weight)
{
    for (const auto &item : model.named_attributes(true)) {
        if (is_same(item.value, weight))
            return layer_name(item.name);
    }
    return "";
}

std::string type_name(at::ScalarType type)
{
    switch (type) {
    case at::kFloat:
        return "float32";
    case at::kDouble:
        return "float64";
    case at::kHalf:
        return "float16";
    case at::kBFloat16:
        return "bfloat16";
    case at::kQInt8:
    case at::kQUInt8:
    case at::kChar:
        return "int8";
    default:
        return at::toString(type);
    }
}

int64_t bytes_of(const at::Tensor &tensor)
{
    return tensor.defined() ? tensor.numel() * static_cast<int64_t>(tensor.element_size()) : 0;
}

template <size_t n> void set_text(char (&to)[n], const std::string &text)
{
    std::snprintf(to, n, "%s", text.c_str());
}

/* "conv2d", "linear". */
std::string kind_name(Kind kind, const at::Tensor &weight)
{
    const std::string dims = weight.defined() ? std::to_string(weight.dim() - 2) + "d" : "2d";

    switch (kind) {
    case Kind::CONV:
        return "conv" + dims;
    case Kind::TRANSPOSE:
        return "conv_transpose" + dims;
    case Kind::MATMUL:
        return "matmul";
    default:
        return "linear";
    }
}

/* Products that add up to one value of the output; of the input, for a transposed convolution. */
int64_t macs_per_value(Kind kind, const at::Tensor &weight)
{
    if (kind == Kind::PRODUCT || kind == Kind::MATMUL)
        return weight.size(weight.dim() > 1 ? -2 : 0);
    return weight.numel() / std::max<int64_t>(weight.size(0), 1);
}

/* Describes the layers of a call from their arguments and results. */
class Description : public Watch
{
public:
    explicit Description(struct ev_engine &engine_) : engine(engine_)
    {
    }
    std::vector<LayerFacts> found;

protected:
    bool needs_values() const override
    {
        return true;
    }
    void before(const Operator &op, const at::RecordFunction &call) override;
    void after(const at::RecordFunction &call) override;

private:
    struct ev_engine &engine;
    int64_t n_input_values = 0;
    int64_t n_macs_per_value = -1;
    bool by_input = false;

    void add(const Operator &op, const at::RecordFunction &call, const at::Tensor &weight,
             int64_t weight_bytes);
};

/* Weights as numbers, whether packed or not, and their bytes; the weights stay undefined where
 * they are packed in a way of which nothing is known here. */
at::Tensor weight_of(const Operator &op, const at::RecordFunction &call, int64_t &n_bytes)
{
    const auto inputs = call.inputs();
    const c10::IValue &value = inputs.at(op.weight_at);
    const bool half = std::string_view(call.name()).find("fp16") != std::string_view::npos;
    at::Tensor weight, bias;

    if (value.isTensor()) {
        const size_t bias_at = op.input_at == 0 ? 2 : 0;
        const bool has_bias = op.kind != Kind::MATMUL && inputs.size() > bias_at;
        weight = value.toTensor();
        if (has_bias && inputs[bias_at].isTensor())
            bias = inputs[bias_at].toTensor();
    } else if (is_packed_conv(value) || is_packed_linear(value)) {
        auto [packed, packed_bias] =
            is_packed_conv(value) ? value.toCustomClass<ConvPackedParamsBase<2>>()->unpack()
                                  : value.toCustomClass<LinearPackedParamsBase>()->unpack();
        weight = half ? packed.to(at::kHalf) : packed;
        bias = packed_bias.value_or(at::Tensor());
    }
    n_bytes = weight.defined() ? bytes_of(weight) + bytes_of(bias) : -1;
    return weight;
}

void Description::before(const Operator &op, const at::RecordFunction &call)
{
    constexpr size_t transposed_at = 6; /* of aten::convolution and aten::_convolution */
    Operator here = op;
    int64_t weight_bytes;

    if ((op.name == "aten::convolution" || op.name == "aten::_convolution") &&
        call.inputs().at(transposed_at).toBool())
        here.kind = Kind::TRANSPOSE;
    at::Tensor weight = weight_of(op, call, weight_bytes);
    by_input = here.kind == Kind::TRANSPOSE;
    n_macs_per_value = weight.defined() ? macs_per_value(here.kind, weight) : -1;
    n_input_values = call.inputs().at(op.input_at).toTensor().numel();
    add(here, call, weight, weight_bytes);
}

void Description::add(const Operator &op, const at::RecordFunction &call, const at::Tensor &weight,
                      int64_t weight_bytes)
{
    const c10::IValue &value = call.inputs().at(op.weight_at);
    const std::string kind = kind_name(op.kind, weight);
    std::string name = find_name(engine.model, value);
    LayerFacts facts = {};

    if (op.kind == Kind::MATMUL && name.empty())
        weight_bytes = 0; /* activations on both sides */
    if (name.empty()) {
        auto same_kind = [&](const LayerFacts &other) { return kind == other.layer.kind; };
        name = kind + "_" + std::to_string(1 + std::count_if(found.begin(), found.end(), same_kind));
    }
    set_text(facts.layer.name, name);
    set_text(facts.layer.kind, kind);
    set_text(facts.layer.dtype, weight.defined() ? type_name(weight.scalar_type()) : "float32");
    facts.layer.weight_bytes = weight_bytes;
    if (value.isTensor() && is_plain(weight))
        facts.weight = weight.detach();
    facts.out_dim = op.kind == Kind::CONV || op.kind == Kind::LINEAR ? 0
                    : op.kind == Kind::TRANSPOSE                     ? 1
                                                                     : weight.dim() - 1;
    facts.input_at = op.input_at;
    facts.weight_at = op.weight_at;
    found.push_back(std::move(facts));
}

void Description::after(const at::RecordFunction &call)
{
    int64_t n_values = n_input_values;

    if (!by_input)
        n_values = call.outputs().at(0).toTensor().numel();
    found.back().layer.macs = n_macs_per_value < 0 ? -1 : n_values * n_macs_per_value;
}

/* Finds out what the model's layers are, unless that is known. */
void describe_layers(struct ev_engine &engine, const struct ev_batch &batch)
{
    if (!engine.layers.empty())
        return;
    Description description(engine);
    description.run(engine, engine.model, batch, 0, 1);
    if (description.found.empty())
        throw Failure(EV_UNSUPPORTED, "has no layers that libtorch tells of");
    engine.layers = std::move(description.found);
}

/* --- Times --- */

int64_t now_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

class Times : public Watch
{
public:
    explicit Times(size_t n_layers)
    {
        spent_ns.reserve(n_layers);
    }
    std::vector<int64_t> spent_ns;

protected:
    bool needs_values() const override
    {
        return false;
    }
    void before(const Operator &, const at::RecordFunction &) override
    {
        start_ns = now_ns();
    }
    void after(const at::RecordFunction &) override
    {
        spent_ns.push_back(now_ns() - start_ns);
    }

private:
    int64_t start_ns = 0;
};

/* --- One layer in int8 --- */

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
        at::Tensor x = call.inputs().at(op.input_at).toTensor();
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

/* What a value of the graph is in every call: a constant, a part of the model, its transpose; None
 * if it is computed. */
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
        throw Failure(EV_UNSUPPORTED, "layer " + name + " cannot be singled out in the model's code");

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

int32_t time_layers(struct ev_engine &engine, const struct ev_batch &batch, struct ev_layer *layers,
                    int32_t max_layers)
{
    if (!engine.device.is_cpu())
        throw Failure(EV_UNSUPPORTED, "times of layers are taken on the CPU only");
    use_threads(engine.n_threads);
    describe_layers(engine, batch);
    const size_t n = engine.layers.size();
    if (n > static_cast<size_t>(max_layers))
        throw Failure(EV_UNSUPPORTED, "has " + std::to_string(n) + " layers, too many");

    Times times(n);
    times.run(engine, engine.model, batch, 0, 1);
    if (times.spent_ns.size() != n)
        throw Failure(EV_UNSUPPORTED, "has other layers from call to call");
    for (size_t i = 0; i < n; i++) {
        layers[i] = engine.layers[i].layer;
        layers[i].time_ns = times.spent_ns[i];
    }
    return static_cast<int32_t>(n);
}

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
