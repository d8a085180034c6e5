/* SPDX-License-Identifier: MIT */
/* Watching the operators with weights, the layers, while a model is called. */
#ifndef EV_TORCH_WATCH_H
#define EV_TORCH_WATCH_H

#include <algorithm>
#include <string_view>

#include <ATen/record_function.h>

#include "torch_engine.h"

namespace ev
{

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

/* The operator of that name, "aten::conv2d", or null if it has no weights. */
const Operator *find_operator(std::string_view name);

/* What looks at the layers of a call, in order. Nothing may be thrown out of a callback. */
class Watch
{
public:
    virtual ~Watch() = default;

    void start(const Operator &op, const at::RecordFunction &call) noexcept
    {
        if (depth++ == 0 && !trouble)
            keep_trouble([&] { before(op, call); });
    }
    void end(const at::RecordFunction &call) noexcept
    {
        if (--depth == 0 && !trouble)
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

/* The operator's own arguments, and its first result: of a call that the interpreter of TorchScript
 * makes, libtorch shows the whole stack, of which they are the last. */
inline c10::ArrayRef<const c10::IValue> inputs_of(const at::RecordFunction &call)
{
    const auto all = call.inputs();
    return all.slice(all.size() - std::min(all.size(), call.num_inputs()));
}
inline const c10::IValue &output_of(const at::RecordFunction &call)
{
    const auto &all = call.outputs();
    return all.at(all.size() - std::min(all.size(), call.num_outputs()));
}

/* Whether the tensor's values can be read. */
bool is_plain(const at::Tensor &tensor);
/* Whether both are the same weights, not equal ones. */
bool is_same(const c10::IValue &a, const c10::IValue &b);

} // namespace ev

#endif
