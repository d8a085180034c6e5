/* SPDX-License-Identifier: MIT */
/*
 * The rules of the int8 models: how weights and activations map to integers, how ranges of
 * activations are observed, and fake quantisation by the same rules.
 *
 * Pictures are quint8 with scale 1/255 and zero point 0. Weights are qint8, symmetric, with one
 * scale per output channel: 7 bits in the first layer, 8 in the others. Activations between layers
 * are quint8 with 7 bits and zero point 0, as they come after ReLU. So no sum of two products
 * leaves 16 bits (255 * 64 * 2 and 127 * 127 * 2 are below 32768), and CPUs without VNNI compute
 * the same integers as the others. The last layer's outputs, which nothing multiplies, have 8
 * bits and any zero point.
 */
#ifndef EV_TORCH_QUANTIZE_H
#define EV_TORCH_QUANTIZE_H

#include "torch_net.h"

namespace ev
{

/* real = scale * (integer - zero_point), integers in [0, max]. */
struct Mapping {
    double scale;
    int64_t zero_point;
    int64_t max;
};

/* Ranges of the activations after each layer, as observed so far. All state is in tensors, which
 * are saved and restored with the rest of a training's state. */
class Observers
{
public:
    /* An average or a histogram for each of `n_layers` activations. */
    void init(size_t n_layers, enum ev_observer kind_);
    /* Looks at the activation after layer i, (N,...) float32. */
    void observe(size_t i, const at::Tensor &activation);
    bool ready() const;
    Mapping mapping(size_t i) const;
    /* Names and tensors of the state. */
    std::vector<std::pair<std::string, at::Tensor>> state() const;

private:
    enum ev_observer kind = EV_OBSERVER_MOVING_AVERAGE;
    at::Tensor n_seen; /* (n_layers) int64, tensors looked at */
    at::Tensor low;    /* (n_layers) float64 */
    at::Tensor high;   /* (n_layers) float64; with histograms their upper end */
    at::Tensor counts; /* (n_layers, bins) int64, values in equal bins of (0, high] */

    void count(size_t i, const float *values, int64_t n, double max);
    double best_bound(size_t i) const;
};

/* One scale per output channel of layer i's weight, (out) float32. */
at::Tensor weight_scales(size_t i, const at::Tensor &weight);
/* The weight as qint8 by those scales. */
at::Tensor quantize_weight(size_t i, const at::Tensor &weight);
/* The weight rounded to what those integers stand for; gradients pass straight through. */
at::Tensor fake_quantize_weight(size_t i, const at::Tensor &weight);
at::Tensor fake_quantize(const at::Tensor &activation, const Mapping &mapping);

} // namespace ev

#endif
