/* SPDX-License-Identifier: MIT */
/* The state that a training goes on from: a dictionary of tensors in PyTorch's own format. */
#include "torch_network.h"
#include "torch_train.h"

#include <ATen/core/Dict.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/serialization/pickle.h>

namespace ev
{

namespace
{

constexpr const char *state_format = "evalrun training state 1";

/* Everything that changes in training, by name. */
std::vector<std::pair<std::string, at::Tensor>> state_of(const struct ev_network &network)
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

} // namespace

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

} // namespace ev
