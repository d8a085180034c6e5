/* SPDX-License-Identifier: MIT */
/*
 * PilotNet as a list of layers: shapes, weights, the forward pass with a tap at each activation,
 * and the exact folding of the input's BatchNorm into the first convolution.
 */
#ifndef EV_TORCH_NET_H
#define EV_TORCH_NET_H

#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>

#include "torch_shim.h"

namespace ev
{

/* One convolution or linear layer. ReLU follows each but the last. */
struct Layer {
    std::string name;  /* "conv1".."conv5", "fc1".."fc5" */
    int64_t stride;    /* of a convolution; 0: linear */
    at::Tensor weight; /* (out,in,k,k) or (out,in) float32 */
    at::Tensor bias;   /* (out) float32 */

    bool is_conv() const
    {
        return stride > 0;
    }
};

using Layers = std::vector<Layer>;

/* BatchNorm2d over the input's channels: x -> gamma * (x - mean) / sqrt(var + eps) + beta. */
struct InputNorm {
    at::Tensor gamma, beta;               /* (C), trained */
    at::Tensor running_mean, running_var; /* (C), for evaluation */
};

/* Mean and biased variance of each channel over a batch, of pictures in [0, 1]. */
struct ChannelMoments {
    at::Tensor mean, var; /* (C) float32 */
    int64_t n;            /* values per channel */
};

/* New weights from `seed`: uniform in +-sqrt(6 / fan in), biases zero. Throws where the pictures
 * are too small for the five convolutions. */
Layers new_layers(const struct ev_shape &shape, int64_t n_outputs, uint64_t seed);
InputNorm new_norm(int64_t n_channels);

ChannelMoments channel_moments(const struct ev_batch &batch);
/* Moves the running moments towards a batch's, as BatchNorm2d does in training mode. */
void update_norm(InputNorm &norm, const ChannelMoments &moments);

/* The first convolution with the normalisation inside. There is no padding, so this is exact:
 *   conv(W, b)(gamma (x - mean) s + beta) = conv(W a, b + sum W (beta - mean a))(x),
 * with s = 1/sqrt(var + eps) and a = gamma s. Differentiable in weights, gamma and beta, and the
 * input needs no gradient. */
Layer fold_norm(const Layer &first, const InputNorm &norm, const at::Tensor &mean,
                const at::Tensor &var);
/* The inverse: the layer that fold_norm makes `folded` of. */
Layer unfold_norm(const Layer &folded, const InputNorm &norm);

/* Outputs (N,n_outputs) for x (N,C,H,W). tap(i, x) sees the activation after layer i (after its
 * ReLU) and returns what goes on in its place. */
template <class Tap> at::Tensor run_layers(const Layers &layers, at::Tensor x, Tap &&tap)
{
    for (size_t i = 0; i < layers.size(); i++) {
        const Layer &layer = layers[i];
        if (layer.is_conv()) {
            x = at::conv2d(x, layer.weight, layer.bias, layer.stride);
        } else {
            if (x.dim() > 2)
                x = x.flatten(1);
            x = at::linear(x, layer.weight, layer.bias);
        }
        if (i + 1 < layers.size())
            x = at::relu_(x);
        x = tap(i, x);
    }
    return x;
}

} // namespace ev

#endif
