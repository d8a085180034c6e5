/* SPDX-License-Identifier: MIT */
/* The plan of PilotNet, its first weights, and the input's BatchNorm done by arithmetic. */
#include "torch_net.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/zeros.h>

namespace ev
{

namespace
{

constexpr double norm_eps = 1e-3;
constexpr double norm_momentum = 0.1;

struct ConvPlan {
    int64_t channels, kernel, stride;
};

constexpr ConvPlan conv_plan[] = {{24, 5, 2}, {36, 5, 2}, {48, 5, 2}, {64, 3, 1}, {64, 3, 1}};
constexpr int64_t hidden_plan[] = {1164, 100, 50, 10};

Layer new_layer(std::string name, at::IntArrayRef weight_shape, int64_t stride,
                at::Generator &generator)
{
    int64_t fan_in = 1;
    for (int64_t size : weight_shape.slice(1))
        fan_in *= size;
    /* He's uniform: with PyTorch's default (a third of the variance) the signal shrinks from layer
     * to layer, and with some seeds all ten units of fc4 are dead from the start. */
    double bound = std::sqrt(6.0 / static_cast<double>(fan_in));
    at::Tensor weight = at::empty(weight_shape, at::kFloat).uniform_(-bound, bound, generator);
    return {std::move(name), stride, weight, at::zeros(weight_shape[0], at::kFloat)};
}

} // namespace

Layers new_layers(const struct ev_shape &shape, int64_t n_outputs, uint64_t seed)
{
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    int64_t height = shape.height, width = shape.width, channels = shape.channels;
    Layers layers;

    for (const ConvPlan &plan : conv_plan) {
        if (height < plan.kernel || width < plan.kernel)
            throw Failure(EV_INPUT, "pictures of " + std::to_string(shape.height) + " x " +
                                        std::to_string(shape.width) +
                                        " are too small for the network");
        layers.push_back(new_layer("conv" + std::to_string(layers.size() + 1),
                                   {plan.channels, channels, plan.kernel, plan.kernel},
                                   plan.stride, generator));
        height = (height - plan.kernel) / plan.stride + 1;
        width = (width - plan.kernel) / plan.stride + 1;
        channels = plan.channels;
    }
    int64_t width_in = channels * height * width;
    size_t n_convs = layers.size();
    for (int64_t width_out : hidden_plan) {
        layers.push_back(new_layer("fc" + std::to_string(layers.size() - n_convs + 1),
                                   {width_out, width_in}, 0, generator));
        width_in = width_out;
    }
    layers.push_back(new_layer("fc" + std::to_string(layers.size() - n_convs + 1),
                               {n_outputs, width_in}, 0, generator));
    /* Outputs start near the middle of the targets' range [0, 1]. */
    layers.back().weight.mul_(0.1);
    layers.back().bias.fill_(0.5);
    return layers;
}

InputNorm new_norm(int64_t n_channels)
{
    return {at::ones(n_channels), at::zeros(n_channels), at::zeros(n_channels),
            at::ones(n_channels)};
}

ChannelMoments channel_moments(const struct ev_batch &batch)
{
    /* Exact integer sums. One accumulator for each byte of a picture's row lets the compiler use
     * vectors whatever the number of channels; 32 bits hold 66051 squares of 255. */
    constexpr int64_t max_adds = 65536;
    const size_t n_channels = static_cast<size_t>(batch.shape.channels);
    const size_t width = static_cast<size_t>(batch.shape.width) * n_channels;
    const int64_t n_rows = batch.n_rows * batch.shape.height;
    const uint8_t *row = static_cast<const uint8_t *>(batch.data);
    std::vector<uint64_t> total(n_channels), total_squares(n_channels);
    std::vector<uint32_t> sum(width), squares(width);

    for (int64_t i = 0; i < n_rows; i++, row += width) {
        for (size_t k = 0; k < width; k++) {
            sum[k] += row[k];
            squares[k] += static_cast<uint32_t>(row[k]) * row[k];
        }
        if ((i + 1) % max_adds != 0 && i + 1 != n_rows)
            continue;
        for (size_t k = 0; k < width; k++) {
            total[k % n_channels] += sum[k];
            total_squares[k % n_channels] += squares[k];
            sum[k] = squares[k] = 0;
        }
    }

    ChannelMoments moments;
    moments.n = n_rows * batch.shape.width;
    moments.mean = at::empty(batch.shape.channels, at::kFloat);
    moments.var = at::empty(batch.shape.channels, at::kFloat);
    for (size_t c = 0; c < n_channels; c++) {
        double n = static_cast<double>(moments.n);
        double mean = static_cast<double>(total[c]) / n;
        double var = static_cast<double>(total_squares[c]) / n - mean * mean;
        moments.mean.data_ptr<float>()[c] = static_cast<float>(mean / 255.0);
        moments.var.data_ptr<float>()[c] = static_cast<float>(var / (255.0 * 255.0));
    }
    return moments;
}

void update_norm(InputNorm &norm, const ChannelMoments &moments)
{
    double n = static_cast<double>(moments.n);

    norm.running_mean.lerp_(moments.mean, norm_momentum);
    norm.running_var.lerp_(moments.var * (n / (n - 1.0)), norm_momentum);
}

Layer fold_norm(const Layer &first, const InputNorm &norm, const at::Tensor &mean,
                const at::Tensor &var)
{
    at::Tensor a = norm.gamma * at::rsqrt(var + norm_eps);
    at::Tensor shift = (norm.beta - mean * a).view({1, -1, 1, 1});
    at::Tensor bias = first.bias + (first.weight * shift).sum({1, 2, 3});
    return {first.name, first.stride, first.weight * a.view({1, -1, 1, 1}), bias};
}

Layer unfold_norm(const Layer &folded, const InputNorm &norm)
{
    at::Tensor a = norm.gamma * at::rsqrt(norm.running_var + norm_eps);
    at::Tensor shift = (norm.beta - norm.running_mean * a).view({1, -1, 1, 1});
    at::Tensor weight = folded.weight / a.view({1, -1, 1, 1});
    return {folded.name, folded.stride, weight, folded.bias - (weight * shift).sum({1, 2, 3})};
}

} // namespace ev
