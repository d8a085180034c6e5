/* SPDX-License-Identifier: MIT */
/*
 * What the layers of any TorchScript model are, and how long each takes. Looking at arguments is
 * slow, so a first call of the model finds out what its layers are, and calls that are timed only
 * count them.
 */
#include "torch_layers.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <ATen/native/quantized/PackedParams.h>

#include "torch_watch.h"

namespace ev
{

namespace
{

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

} // namespace

std::string find_name(const torch::jit::Module &model, const c10::IValue &weight)
{
    for (const auto &item : model.named_attributes(true)) {
        if (is_same(item.value, weight))
            return layer_name(item.name);
    }
    return "";
}

namespace
{

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
    const auto inputs = inputs_of(call);
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
        auto [packed, packed_bias] = is_packed_conv(value)
                                         ? value.toCustomClass<ConvPackedParamsBase<2>>()->unpack()
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
        inputs_of(call).at(transposed_at).toBool())
        here.kind = Kind::TRANSPOSE;
    at::Tensor weight = weight_of(op, call, weight_bytes);
    by_input = here.kind == Kind::TRANSPOSE;
    n_macs_per_value = weight.defined() ? macs_per_value(here.kind, weight) : -1;
    n_input_values = inputs_of(call).at(op.input_at).toTensor().numel();
    add(here, call, weight, weight_bytes);
}

void Description::add(const Operator &op, const at::RecordFunction &call, const at::Tensor &weight,
                      int64_t weight_bytes)
{
    const c10::IValue &value = inputs_of(call).at(op.weight_at);
    const std::string kind = kind_name(op.kind, weight);
    std::string name = find_name(engine.model, value);
    LayerFacts facts = {};

    if (op.kind == Kind::MATMUL && name.empty())
        weight_bytes = 0; /* activations on both sides */
    if (name.empty()) {
        auto same_kind = [&](const LayerFacts &other) { return kind == other.layer.kind; };
        name =
            kind + "_" + std::to_string(1 + std::count_if(found.begin(), found.end(), same_kind));
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
    facts.device = inputs_of(call).at(op.input_at).toTensor().device();
    found.push_back(std::move(facts));
}

void Description::after(const at::RecordFunction &call)
{
    int64_t n_values = n_input_values;

    if (!by_input)
        n_values = output_of(call).toTensor().numel();
    found.back().layer.macs = n_macs_per_value < 0 ? -1 : n_values * n_macs_per_value;
}

} // namespace

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

namespace
{

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

} // namespace ev
