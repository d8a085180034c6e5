/* SPDX-License-Identifier: MIT */
/*
 * Training: a step in micro-batches that fit the caches, Adam, prediction, and the state that a
 * run goes on from.
 */
#include "torch_train.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

namespace ev
{

namespace
{

/* Rows per forward and backward pass. Activations of 32 pictures stay near the cores: 32 is
 * fastest on two AVX2 cores, 16 and 64 lose some per cent, a whole batch of 128 two thirds. */
constexpr int64_t micro_rows = 32;

constexpr const char *state_format = "evalrun training state 1";

std::vector<at::Tensor> parameters_of(const struct ev_network &network)
{
    std::vector<at::Tensor> parameters;
    for (const Layer &layer : network.layers) {
        parameters.push_back(layer.weight);
        parameters.push_back(layer.bias);
    }
    if (network.facts.method == EV_METHOD_FLOAT) {
        parameters.push_back(network.norm.gamma);
        parameters.push_back(network.norm.beta);
    }
    return parameters;
}

bool trains(const struct ev_network &network)
{
    return network.facts.method == EV_METHOD_FLOAT || network.facts.method == EV_METHOD_QAT;
}

/* The layers that a pass uses, differentiable in the parameters: normalisation folded, weights
 * fake quantised in QAT, convolutions' weights channels last as the pictures are. */
Layers effective_layers(const struct ev_network &network, const at::Tensor &mean,
                        const at::Tensor &var)
{
    Layers layers = network.layers;
    if (network.facts.method == EV_METHOD_FLOAT)
        layers[0] = fold_norm(layers[0], network.norm, mean, var);
    for (size_t i = 0; i < layers.size(); i++) {
        at::Tensor &weight = layers[i].weight;
        if (network.facts.method == EV_METHOD_QAT)
            weight = fake_quantize_weight(i, weight);
        if (layers[i].is_conv())
            weight = weight.contiguous(at::MemoryFormat::ChannelsLast);
    }
    return layers;
}

/* `layers` cut off from the parameters: leaves that gather the gradients of all micro-batches. */
Layers leaves_of(const Layers &layers)
{
    Layers leaves = layers;
    for (Layer &leaf : leaves) {
        leaf.weight = leaf.weight.detach().requires_grad_(true);
        leaf.bias = leaf.bias.detach().requires_grad_(true);
    }
    return leaves;
}

/* Carries the leaves' gradients on to the parameters. */
void backward_through(const Layers &layers, const Layers &leaves)
{
    std::vector<at::Tensor> roots, gradients;
    for (size_t i = 0; i < layers.size(); i++) {
        roots.push_back(layers[i].weight);
        gradients.push_back(leaves[i].weight.grad());
        roots.push_back(layers[i].bias);
        gradients.push_back(leaves[i].bias.grad());
    }
    torch::autograd::backward(roots, gradients);
}

/* Outputs of one micro-batch. While learning, QAT's observers look at every activation. */
at::Tensor run_rows(struct ev_network &network, const Layers &layers, const at::Tensor &x,
                    bool learning)
{
    if (network.facts.method != EV_METHOD_QAT)
        return run_layers(layers, x, [](size_t, const at::Tensor &y) { return y; });

    bool look = learning && network.frozen.item<int64_t>() == 0;
    bool ready = network.observers.ready();
    return run_layers(layers, x, [&](size_t i, const at::Tensor &y) {
        if (look)
            network.observers.observe(i, y);
        /* Before the first step there are no ranges to round to. */
        return look || ready ? fake_quantize(y, network.observers.mapping(i)) : y;
    });
}

/* The network as a TorchScript module of its method. */
torch::jit::Module convert(const struct ev_network &network)
{
    Layers layers = network.layers;
    switch (network.facts.method) {
    case EV_METHOD_FLOAT:
        layers[0] = fold_norm(layers[0], network.norm, network.norm.running_mean,
                              network.norm.running_var);
        return float_model(network.facts, layers, network.norm);
    case EV_METHOD_DYNAMIC:
        return dynamic_model(network.facts, layers);
    default:
        if (!network.observers.ready())
            throw Failure(EV_USAGE, "no ranges of activations have been observed yet");
        return int8_model(network.facts, layers, network.observers);
    }
}

} // namespace

void Adam::init(const std::vector<at::Tensor> &parameters)
{
    for (const at::Tensor &parameter : parameters) {
        mean.push_back(at::zeros_like(parameter));
        mean_square.push_back(at::zeros_like(parameter));
        n_steps.push_back(at::zeros({}, at::kFloat));
    }
}

void Adam::step(const std::vector<at::Tensor> &parameters, double learning_rate)
{
    std::vector<at::Tensor> gradients;
    at::NoGradGuard no_grad;

    for (at::Tensor &n : n_steps)
        n.add_(1);
    for (const at::Tensor &parameter : parameters)
        gradients.push_back(parameter.grad());
    at::_fused_adam_(parameters, gradients, mean, mean_square, {}, n_steps, learning_rate, 0.9,
                     0.999, 0.0, 1e-8, false, false);
}

struct ev_network *open_network(const struct ev_network_args &args)
{
    auto network = std::make_unique<struct ev_network>();
    network->facts = {static_cast<enum ev_method>(args.method), args.shape, args.n_outputs};
    network->n_threads = args.n_threads;
    at::set_num_threads(args.n_threads);

    if (args.baseline_path) {
        read_baseline(args.baseline_path, args.shape, args.n_outputs, network->layers,
                      network->norm);
        if (args.method == EV_METHOD_FLOAT)
            network->layers[0] = unfold_norm(network->layers[0], network->norm);
    } else if (args.method == EV_METHOD_FLOAT) {
        network->layers = new_layers(args.shape, args.n_outputs, args.seed);
        network->norm = new_norm(args.shape.channels);
    } else {
        throw Failure(EV_USAGE, "quantising needs a baseline model");
    }
    if (trains(*network)) {
        std::vector<at::Tensor> parameters = parameters_of(*network);
        for (at::Tensor &parameter : parameters)
            parameter.requires_grad_(true);
        network->adam.init(parameters);
    }
    network->observers.init(network->layers.size(), args.method == EV_METHOD_STATIC
                                                        ? static_cast<enum ev_observer>(args.observer)
                                                        : EV_OBSERVER_MOVING_AVERAGE);
    network->frozen = at::zeros({}, at::kLong);
    return network.release();
}

double step_network(struct ev_network &network, const struct ev_batch &batch, const float *targets,
                    double learning_rate)
{
    if (!trains(network))
        throw Failure(EV_UNSUPPORTED, "this method does not train");
    at::set_num_threads(network.n_threads);

    std::vector<at::Tensor> parameters = parameters_of(network);
    for (at::Tensor &parameter : parameters)
        parameter.mutable_grad() = at::Tensor();
    ChannelMoments moments;
    if (network.facts.method == EV_METHOD_FLOAT)
        moments = channel_moments(batch);
    Layers layers = effective_layers(network, moments.mean, moments.var);
    Layers leaves = leaves_of(layers);
    const int64_t n_outputs = network.facts.n_outputs;
    double loss = 0.0;

    for (int64_t first = 0; first < batch.n_rows; first += micro_rows) {
        int64_t n = std::min(micro_rows, batch.n_rows - first);
        at::Tensor x = unit_floats(batch_rows(batch, network.facts.shape, first, n));
        at::Tensor wanted = at::from_blob(const_cast<float *>(targets + first * n_outputs),
                                          {n, n_outputs}, at::kFloat);
        at::Tensor y = run_rows(network, leaves, x, true);
        at::Tensor part = at::mse_loss(y, wanted, at::Reduction::Sum)
                              .div(static_cast<double>(batch.n_rows * n_outputs));
        part.backward();
        loss += part.item<double>();
    }
    backward_through(layers, leaves);
    network.adam.step(parameters, learning_rate);
    if (network.facts.method == EV_METHOD_FLOAT)
        update_norm(network.norm, moments);
    return loss;
}

void observe_network(struct ev_network &network, const struct ev_batch &batch)
{
    if (network.facts.method != EV_METHOD_STATIC)
        throw Failure(EV_UNSUPPORTED, "this method does not observe");
    at::NoGradGuard no_grad;
    at::set_num_threads(network.n_threads);
    Layers layers = effective_layers(network, {}, {});

    for (int64_t first = 0; first < batch.n_rows; first += micro_rows) {
        int64_t n = std::min(micro_rows, batch.n_rows - first);
        at::Tensor x = unit_floats(batch_rows(batch, network.facts.shape, first, n));
        run_layers(layers, x, [&](size_t i, const at::Tensor &y) {
            network.observers.observe(i, y);
            return y;
        });
    }
    network.converted.reset();
}

void freeze_network(struct ev_network &network)
{
    if (network.facts.method == EV_METHOD_QAT)
        network.frozen.fill_(1);
}

void predict_network(struct ev_network &network, const struct ev_batch &batch, float *outputs)
{
    at::NoGradGuard no_grad;
    at::set_num_threads(network.n_threads);
    const int64_t n_outputs = network.facts.n_outputs;
    Layers layers;

    if (trains(network))
        layers = effective_layers(network, network.norm.running_mean, network.norm.running_var);
    else if (!network.converted)
        network.converted = convert(network);
    for (int64_t first = 0; first < batch.n_rows; first += micro_rows) {
        int64_t n = std::min(micro_rows, batch.n_rows - first);
        at::Tensor rows = batch_rows(batch, network.facts.shape, first, n);
        at::Tensor y = trains(network)
                           ? run_rows(network, layers, unit_floats(rows), false)
                           : network.converted->get_method("forward_u8")({rows}).toTensor();
        at::from_blob(outputs + first * n_outputs, {n, n_outputs}, at::kFloat).copy_(y);
    }
}

/* Everything that changes in training, by name. */
static std::vector<std::pair<std::string, at::Tensor>> state_of(const struct ev_network &network)
{
    std::vector<std::pair<std::string, at::Tensor>> state;
    std::vector<at::Tensor> parameters = parameters_of(network);

    for (size_t i = 0; i < network.adam.mean.size(); i++) {
        std::string number = std::to_string(i);
        state.emplace_back("parameter " + number, parameters[i]);
        state.emplace_back("mean " + number, network.adam.mean[i]);
        state.emplace_back("mean square " + number, network.adam.mean_square[i]);
        state.emplace_back("steps " + number, network.adam.n_steps[i]);
    }
    state.emplace_back("running mean", network.norm.running_mean);
    state.emplace_back("running var", network.norm.running_var);
    for (auto &named : network.observers.state())
        state.push_back(named);
    state.emplace_back("frozen", network.frozen);
    return state;
}

void save_network_state(const struct ev_network &network, const char *path)
{
    c10::Dict<std::string, at::Tensor> tensors;
    for (const auto &[name, tensor] : state_of(network))
        tensors.insert(name, tensor.detach());
    c10::IValue what = c10::ivalue::Tuple::create(
        std::string(state_format), static_cast<int64_t>(network.facts.method), tensors);
    std::vector<char> bytes = torch::jit::pickle_save(what);
    write_file(path, bytes.data(), bytes.size());
}

void load_network_state(struct ev_network &network, const char *path)
{
    std::vector<char> bytes = read_file(path);
    at::NoGradGuard no_grad;

    try {
        c10::IValue what = torch::jit::pickle_load(bytes);
        const auto &parts = what.toTupleRef().elements();
        TORCH_CHECK(parts.size() == 3 && parts[0].toStringRef() == state_format,
                    "written by something else");
        TORCH_CHECK(parts[1].toInt() == network.facts.method, "of another method");
        auto tensors = parts[2].toGenericDict();
        auto state = state_of(network);
        TORCH_CHECK(tensors.size() == state.size(), "of another network");
        for (const auto &[name, tensor] : state) {
            at::Tensor from = tensors.at(name).toTensor();
            TORCH_CHECK(from.sizes() == tensor.sizes() &&
                            from.scalar_type() == tensor.scalar_type(),
                        "of another network");
        }
        for (const auto &[name, tensor] : state)
            tensor.copy_(tensors.at(name).toTensor());
        network.converted.reset();
    } catch (...) {
        throw Failure(current_status(EV_INPUT), std::string(path) +
                                                    ": not a state of this training: " +
                                                    current_reason());
    }
}

void export_network(struct ev_network &network, const char *path)
{
    at::NoGradGuard no_grad;
    save_model(convert(network), path);
}

} // namespace ev
