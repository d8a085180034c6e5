/* SPDX-License-Identifier: MIT */
/*
 * TorchScript modules built in memory: weights as parameters or packed attributes, methods as
 * source text that libtorch compiles.
 */
#include "torch_model.h"

#include <cstdio>
#include <sstream>

#include <ATen/ops/stack.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/serialization/import.h>

namespace ev
{

namespace
{

constexpr const char *method_names[] = {"float", "dynamic", "static", "qat"};

/* The two public methods around run(). A picture's byte k is k / 255, as PyTorch divides. */
constexpr const char *float_methods = R"(
def forward(self, x: Tensor) -> Tensor:
    return self.run(x)

def forward_u8(self, x: Tensor) -> Tensor:
    return self.run(torch.div(torch.permute(x, [0, 3, 1, 2]).to(dtype=6), 255.))
)";

/* In int8 the bytes are the quantised tensor; 13 is quint8. */
constexpr const char *int8_methods = R"(
def forward(self, x: Tensor) -> Tensor:
    return self.run(torch.quantize_per_tensor(x, 0.00392156862745098, 0, 13))

def forward_u8(self, x: Tensor) -> Tensor:
    nchw = torch.permute(x, [0, 3, 1, 2])
    return self.run(torch._make_per_tensor_quantized_tensor(nchw, 0.00392156862745098, 0))
)";

/* Names in the source text: torch.* and quantized.*, each a family of operators. */
struct Names : torch::jit::Resolver {
    std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string &name,
                                                           torch::jit::GraphFunction &,
                                                           const torch::jit::SourceRange &) override
    {
        if (name == "torch")
            return std::make_shared<torch::jit::BuiltinModule>("aten");
        if (name == "quantized")
            return std::make_shared<torch::jit::BuiltinModule>("quantized");
        return nullptr;
    }
};

torch::jit::Module new_model(const ModelFacts &facts)
{
    torch::jit::Module model("PilotNet");
    std::vector<int64_t> shape = {facts.shape.height, facts.shape.width, facts.shape.channels};

    model.register_attribute("training", c10::BoolType::get(), false);
    model.register_attribute("evalrun_method", c10::StringType::get(),
                             std::string(method_names[facts.method]));
    model.register_attribute("evalrun_version", c10::StringType::get(), std::string(EV_VERSION));
    model.register_attribute("evalrun_shape", c10::ListType::ofInts(), shape);
    model.register_attribute("evalrun_outputs", c10::IntType::get(), facts.n_outputs);
    return model;
}

/* A number as source text that reads back to the bit. */
std::string number(double value)
{
    char text[40];
    std::snprintf(text, sizeof text, "%.17e", value);
    return text;
}

void register_packed(torch::jit::Module &model, size_t i, const Layer &layer)
{
    at::Tensor weight = quantize_weight(i, layer.weight), bias = layer.bias.detach().clone();
    std::vector<int64_t> stride = {layer.stride, layer.stride}, padding = {0, 0}, one = {1, 1};
    c10::IValue packed =
        layer.is_conv() ? call_operator("quantized::conv2d_prepack",
                                        {weight, bias, stride, padding, one, 1})
                        : call_operator("quantized::linear_prepack", {weight, bias});
    model.register_attribute(layer.name + "_packed", packed.type(), packed);
}

void register_weights(torch::jit::Module &model, const Layer &layer)
{
    model.register_parameter(layer.name + "_weight", layer.weight.detach().clone(), false);
    model.register_parameter(layer.name + "_bias", layer.bias.detach().clone(), false);
}

/* The layer in float32, as an expression of x. */
std::string float_call(const Layer &layer)
{
    std::string arguments = "x, self." + layer.name + "_weight, self." + layer.name + "_bias";
    if (!layer.is_conv())
        return "torch.linear(" + arguments + ")";
    std::string stride = std::to_string(layer.stride);
    return "torch.conv2d(" + arguments + ", [" + stride + ", " + stride + "])";
}

/* Defines run(): call(i, relu) is layer i's expression, and `result` the one to return. */
template <class Call>
void define_methods(torch::jit::Module &model, const Layers &layers, Call &&call,
                    const std::string &result, const char *public_methods)
{
    std::string source = "def run(self, x: Tensor) -> Tensor:\n";
    for (size_t i = 0; i < layers.size(); i++) {
        if (i > 0 && layers[i - 1].is_conv() && !layers[i].is_conv())
            source += "    x = torch.flatten(x, 1)\n";
        source += "    x = " + call(i, i + 1 < layers.size()) + "\n";
    }
    source += "    return " + result + "\n";
    model.define(source + public_methods, std::make_shared<Names>());
}

} // namespace

ScriptModel float_model(const ModelFacts &facts, const Layers &layers, const InputNorm &norm)
{
    torch::jit::Module model = new_model(facts);
    at::Tensor rows = at::stack({norm.gamma, norm.beta, norm.running_mean, norm.running_var});

    model.register_buffer("evalrun_norm", rows.detach());
    for (const Layer &layer : layers)
        register_weights(model, layer);
    auto call = [&layers](size_t i, bool relu) {
        std::string text = float_call(layers[i]);
        return relu ? "torch.relu_(" + text + ")" : text;
    };
    define_methods(model, layers, call, "x", float_methods);
    return ScriptModel(model);
}

/* Whether the dynamic variant holds a layer in int8. Small ones stay in float32: the last
 * three of PilotNet have 0.4 % of the weights, but rounding their inputs to 7 bits made two thirds
 * of the added error. */
static bool is_dynamic_int8(const Layer &layer)
{
    return !layer.is_conv() && layer.weight.numel() >= EV_DYNAMIC_LEAST_WEIGHTS;
}

ScriptModel dynamic_model(const ModelFacts &facts, const Layers &layers)
{
    torch::jit::Module model = new_model(facts);

    for (size_t i = 0; i < layers.size(); i++) {
        if (is_dynamic_int8(layers[i]))
            register_packed(model, i, layers[i]);
        else
            register_weights(model, layers[i]);
    }
    auto call = [&layers](size_t i, bool relu) {
        if (!is_dynamic_int8(layers[i])) {
            std::string text = float_call(layers[i]);
            return relu ? "torch.relu_(" + text + ")" : text;
        }
        /* The last argument is reduce_range: inputs of 7 bits, as everywhere. */
        return std::string(relu ? "quantized.linear_relu_dynamic" : "quantized.linear_dynamic") +
               "(x, self." + layers[i].name + "_packed, True)";
    };
    define_methods(model, layers, call, "x", float_methods);
    return ScriptModel(model);
}

ScriptModel int8_model(const ModelFacts &facts, const Layers &layers, const Observers &observers)
{
    torch::jit::Module model = new_model(facts);

    for (size_t i = 0; i < layers.size(); i++)
        register_packed(model, i, layers[i]);
    auto call = [&](size_t i, bool relu) {
        Mapping mapping = observers.mapping(i);
        std::string text = std::string("quantized.") + (layers[i].is_conv() ? "conv2d" : "linear") +
                           (relu ? "_relu" : "") + "(x, self." + layers[i].name + "_packed, " +
                           number(mapping.scale) + ", " + std::to_string(mapping.zero_point) + ")";
        /* quint8 would go on to 255 where a picture leaves the observed range. */
        double bound = mapping.scale * static_cast<double>(mapping.max);
        return relu ? "quantized.clamp(" + text + ", 0., " + number(bound) + ")" : text;
    };
    define_methods(model, layers, call, "torch.dequantize(x)", int8_methods);
    return ScriptModel(model);
}

ScriptModel::ScriptModel(const torch::jit::Module &module_)
    : module(std::make_shared<torch::jit::Module>(module_))
{
}

at::Tensor ScriptModel::run(const at::Tensor &pictures_u8) const
{
    return module->get_method("forward_u8")({pictures_u8}).toTensor();
}

void ScriptModel::save(const char *path) const
{
    std::ostringstream stream;
    module->save(stream);
    std::string bytes = stream.str();
    write_file(path, bytes.data(), bytes.size());
}

void read_baseline(const char *path, const struct ev_shape &shape, int64_t n_outputs,
                   Layers &layers, InputNorm &norm)
{
    const std::string file = path;
    std::vector<char> bytes = read_file(path);
    torch::jit::Module model;

    try {
        std::istringstream stream(std::string(bytes.begin(), bytes.end()));
        model = torch::jit::load(stream, at::kCPU);
    } catch (...) {
        throw Failure(current_status(EV_INPUT),
                      file + ": not a TorchScript model: " + current_reason());
    }
    if (!model.hasattr("evalrun_method") || !model.attr("evalrun_method").isString() ||
        model.attr("evalrun_method").toStringRef() != method_names[EV_METHOD_FLOAT])
        throw Failure(EV_INPUT, file + ": not a baseline made by evalrun train");

    try {
        layers = new_layers(shape, n_outputs, 0);
        norm = new_norm(shape.channels);
        /* copy_ would broadcast; a wrong shape must not pass. */
        auto take = [&model](at::Tensor &to, const std::string &name) {
            at::Tensor from = model.attr(name).toTensor();
            TORCH_CHECK(from.sizes() == to.sizes() && from.scalar_type() == at::kFloat, name,
                        " is of another shape");
            to = from.detach().clone();
        };
        for (Layer &layer : layers) {
            take(layer.weight, layer.name + "_weight");
            take(layer.bias, layer.name + "_bias");
        }
        at::Tensor rows = at::stack({norm.gamma, norm.beta, norm.running_mean, norm.running_var});
        take(rows, "evalrun_norm");
        norm = {rows[0].clone(), rows[1].clone(), rows[2].clone(), rows[3].clone()};
    } catch (...) {
        throw Failure(current_status(EV_INPUT),
                      file + ": a baseline for other pictures or outputs: " + current_reason());
    }
}

} // namespace ev
