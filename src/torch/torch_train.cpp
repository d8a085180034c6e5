/* SPDX-License-Identifier: MIT */
/*
 * Training and calibration: a step in micro-batches that fit the caches, Adam, observing, and
 * prediction.
 */
#include "torch_train.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "torch_network.h"

namespace ev
{

namespace
{

/* Rows per forward and backward pass. Activations of 32 pictures stay near the cores: 32 is
 * fastest on two AVX2 cores, 16 and 64 lose some per cent, a whole batch of 128 two thirds. */
constexpr int64_t micro_rows = 32;

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

/* Carries the leaves' gradients on to the parameters. A layer's weight and bias may come from one
 * graph, which both passes need. */
void backward_through(const Layers &layers, const Layers &leaves)
{
    for (size_t i = 0; i < layers.size(); i++) {
        layers[i].weight.backward(leaves[i].weight.grad(), true);
        layers[i].bias.backward(leaves[i].bias.grad(), true);
    }
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
ScriptModel convert(const struct ev_network &network)
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
                           : network.converted->run(rows);
        at::from_blob(outputs + first * n_outputs, {n, n_outputs}, at::kFloat).copy_(y);
    }
}

void export_network(const struct ev_network &network, const char *path)
{
    at::NoGradGuard no_grad;
    convert(network).save(path);
}

void close_network(struct ev_network *network) noexcept
{
    delete network;
}

} // namespace ev
