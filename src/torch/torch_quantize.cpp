/* SPDX-License-Identifier: MIT */
/* Scales from weights, ranges from activations. */
#include "torch_quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/fake_quantize_per_channel_affine.h>
#include <ATen/ops/fake_quantize_per_tensor_affine.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/zeros.h>

namespace ev
{

namespace
{

constexpr int64_t n_bins = 2048;
/* Share of a new tensor in the moving average, as in PyTorch. */
constexpr double average_share = 0.01;
/* A range is at least so wide: a layer that is always zero still needs a scale. */
constexpr double least_range = 1e-6;

constexpr int64_t activation_max = 127;
constexpr int64_t output_max = 255;

int64_t weight_min(size_t i)
{
    return i == 0 ? -64 : -127;
}

int64_t weight_max(size_t i)
{
    return i == 0 ? 63 : 127;
}

} // namespace

void Observers::init(size_t n_layers, enum ev_observer kind_)
{
    int64_t n = static_cast<int64_t>(n_layers);
    kind = kind_;
    n_seen = at::zeros(n, at::kLong);
    low = at::zeros(n, at::kDouble);
    high = at::zeros(n, at::kDouble);
    counts = at::zeros({n, kind == EV_OBSERVER_HISTOGRAM ? n_bins : 0}, at::kLong);
}

void Observers::observe(size_t i, const at::Tensor &activation)
{
    at::NoGradGuard no_grad;
    at::Tensor flat = activation.detach().contiguous(activation.suggest_memory_format());
    auto [min, max] = at::aminmax(flat);
    double new_low = min.item<double>(), new_high = max.item<double>();
    bool is_output = i + 1 == static_cast<size_t>(n_seen.size(0));
    double &low_i = low.data_ptr<double>()[i], &high_i = high.data_ptr<double>()[i];
    int64_t &n_seen_i = n_seen.data_ptr<int64_t>()[i];

    TORCH_CHECK(std::isfinite(new_low) && std::isfinite(new_high),
                "the network's activations are not finite");
    if (is_output) {
        /* The outputs' extremes are what the car needs most: nothing that cuts them. */
        low_i = n_seen_i == 0 ? new_low : std::min(low_i, new_low);
        high_i = n_seen_i == 0 ? new_high : std::max(high_i, new_high);
    } else if (kind == EV_OBSERVER_MOVING_AVERAGE) {
        /* Wider at once, narrower slowly: the plain average of small batches' maxima lies below
         * most of them, and cut the speed on straights to nine tenths. */
        low_i += (n_seen_i == 0 || new_low < low_i ? 1.0 : average_share) * (new_low - low_i);
        high_i += (n_seen_i == 0 || new_high > high_i ? 1.0 : average_share) * (new_high - high_i);
    } else {
        count(i, flat.data_ptr<float>(), flat.numel(), new_high);
    }
    n_seen_i++;
}

void Observers::count(size_t i, const float *values, int64_t n, double max)
{
    int64_t *bins = counts.data_ptr<int64_t>() + static_cast<int64_t>(i) * n_bins;
    double &top = high.data_ptr<double>()[i];

    if (top == 0.0)
        top = std::max(max, least_range);
    /* Doubling the range merges pairs of bins, which loses nothing. */
    for (; top < max; top *= 2.0) {
        for (int64_t k = 0; k < n_bins / 2; k++)
            bins[k] = bins[2 * k] + bins[2 * k + 1];
        std::fill(bins + n_bins / 2, bins + n_bins, 0);
    }
    /* Zeros, half of all values after ReLU, are exact in any scale and stay out. */
    const float per_value = static_cast<float>(n_bins / top);
    for (int64_t k = 0; k < n; k++) {
        if (values[k] > 0.0f)
            bins[std::min(static_cast<int64_t>(values[k] * per_value), n_bins - 1)]++;
    }
}

double Observers::best_bound(size_t i) const
{
    /* The squared error of a bound c over the histogram: values up to c are rounded to steps of
     * c / 127, step^2 / 12 on average; values x above c become c, (x - c)^2. Going down from the
     * top, the sums over values above c follow from their powers 0, 1 and 2. */
    const int64_t *bins = counts.data_ptr<int64_t>() + static_cast<int64_t>(i) * n_bins;
    const double top = high.data_ptr<double>()[i], width = top / n_bins;
    double n_all = 0.0, n_above = 0.0, sum_above = 0.0, squares_above = 0.0;
    double best = top, best_error = std::numeric_limits<double>::infinity();

    for (int64_t k = 0; k < n_bins; k++)
        n_all += static_cast<double>(bins[k]);
    for (int64_t k = n_bins - 1; k > 0; k--) {
        double c = width * static_cast<double>(k + 1), step = c / activation_max;
        double error = (n_all - n_above) * step * step / 12.0 + squares_above -
                       2.0 * c * sum_above + c * c * n_above;
        if (error < best_error) {
            best_error = error;
            best = c;
        }
        double n = static_cast<double>(bins[k]), x = c - width / 2.0;
        n_above += n;
        sum_above += n * x;
        squares_above += n * x * x;
    }
    return best;
}

bool Observers::ready() const
{
    return n_seen.min().item<int64_t>() > 0;
}

Mapping Observers::mapping(size_t i) const
{
    double low_i = low.data_ptr<double>()[i], high_i = high.data_ptr<double>()[i];

    if (i + 1 < static_cast<size_t>(n_seen.size(0))) {
        double bound = kind == EV_OBSERVER_HISTOGRAM ? best_bound(i) : high_i;
        return {std::max(bound, least_range) / activation_max, 0, activation_max};
    }
    /* Zero is one of the integers, so that the zero point fits its type. */
    low_i = std::min(low_i, 0.0);
    high_i = std::max(high_i, low_i + least_range);
    high_i = std::max(high_i, 0.0);
    double scale = (high_i - low_i) / output_max;
    return {scale, std::lrint(-low_i / scale), output_max};
}

std::vector<std::pair<std::string, at::Tensor>> Observers::state() const
{
    return {{"observed", n_seen}, {"low", low}, {"high", high}, {"counts", counts}};
}

at::Tensor weight_scales(size_t i, const at::Tensor &weight)
{
    at::NoGradGuard no_grad;
    at::Tensor largest = weight.detach().abs().flatten(1).amax(1);
    /* A channel of zeros needs a scale too. */
    return largest.clamp_min(1e-8).div_(static_cast<double>(weight_max(i)));
}

at::Tensor quantize_weight(size_t i, const at::Tensor &weight)
{
    at::Tensor scales = weight_scales(i, weight);
    at::Tensor zeros = at::zeros(scales.sizes(), at::kLong);
    return at::quantize_per_channel(weight.detach().contiguous(), scales.to(at::kDouble), zeros, 0,
                                    at::kQInt8);
}

at::Tensor fake_quantize_weight(size_t i, const at::Tensor &weight)
{
    at::Tensor scales = weight_scales(i, weight);
    at::Tensor zeros = at::zeros(scales.sizes(), at::kInt);
    return at::fake_quantize_per_channel_affine(weight, scales, zeros, 0, weight_min(i),
                                                weight_max(i));
}

at::Tensor fake_quantize(const at::Tensor &activation, const Mapping &mapping)
{
    return at::fake_quantize_per_tensor_affine(activation, mapping.scale, mapping.zero_point, 0,
                                               mapping.max);
}

} // namespace ev
