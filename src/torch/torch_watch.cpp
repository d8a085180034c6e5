/* SPDX-License-Identifier: MIT */
/*
 * The operators with weights, and a watch over them: libtorch calls back before and after each
 * operator (at::RecordFunction). An operator with weights that another one calls is a part of it.
 */
#include "torch_watch.h"

namespace ev
{

namespace
{

constexpr Operator operators[] = {
    {"aten::conv1d", Kind::CONV, 0, 1},
    {"aten::conv2d", Kind::CONV, 0, 1},
    {"aten::conv3d", Kind::CONV, 0, 1},
    {"aten::convolution", Kind::CONV, 0, 1},
    {"aten::_convolution", Kind::CONV, 0, 1},
    {"aten::mkldnn_convolution", Kind::CONV, 0, 1},
    {"mkldnn::_convolution_pointwise", Kind::CONV, 0, 1},
    {"mkldnn_prepacked::conv2d_run", Kind::CONV, 0, 1},
    {"prepacked::conv2d_clamp_run", Kind::CONV, 0, 1},
    {"quantized::conv1d", Kind::CONV, 0, 1},
    {"quantized::conv1d_relu", Kind::CONV, 0, 1},
    {"quantized::conv2d", Kind::CONV, 0, 1},
    {"quantized::conv2d_relu", Kind::CONV, 0, 1},
    {"aten::conv_transpose1d", Kind::TRANSPOSE, 0, 1},
    {"aten::conv_transpose2d", Kind::TRANSPOSE, 0, 1},
    {"aten::conv_transpose3d", Kind::TRANSPOSE, 0, 1},
    {"aten::linear", Kind::LINEAR, 0, 1},
    {"aten::mkldnn_linear", Kind::LINEAR, 0, 1},
    {"mkldnn::_linear_pointwise", Kind::LINEAR, 0, 1},
    {"prepacked::linear_clamp_run", Kind::LINEAR, 0, 1},
    {"quantized::linear", Kind::LINEAR, 0, 1},
    {"quantized::linear_relu", Kind::LINEAR, 0, 1},
    {"quantized::linear_dynamic", Kind::LINEAR, 0, 1},
    {"quantized::linear_relu_dynamic", Kind::LINEAR, 0, 1},
    {"quantized::linear_dynamic_fp16", Kind::LINEAR, 0, 1},
    {"quantized::linear_relu_dynamic_fp16", Kind::LINEAR, 0, 1},
    {"aten::addmm", Kind::PRODUCT, 1, 2},
    {"aten::mm", Kind::PRODUCT, 0, 1},
    {"aten::matmul", Kind::MATMUL, 0, 1},
    {"aten::bmm", Kind::MATMUL, 0, 1},
};

} // namespace

const Operator *find_operator(std::string_view name)
{
    for (const Operator &one : operators) {
        if (one.name == name)
            return &one;
    }
    return nullptr;
}

bool is_plain(const at::Tensor &tensor)
{
    return tensor.defined() && tensor.layout() == at::kStrided;
}

bool is_same(const c10::IValue &a, const c10::IValue &b)
{
    if (a.isTensor() && b.isTensor())
        return is_plain(a.toTensor()) && is_plain(b.toTensor()) &&
               a.toTensor().const_data_ptr() == b.toTensor().const_data_ptr();
    return a.isObject() && b.isObject() && a.toObject() == b.toObject();
}

namespace
{

/* The watch of this thread's call. */
thread_local Watch *watch;

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction &call)
{
    if (const Operator *op = find_operator(call.name()))
        watch->start(*op, call);
    return nullptr;
}

void on_end(const at::RecordFunction &call, at::ObserverContext *)
{
    if (find_operator(call.name()))
        watch->end(call);
}

} // namespace

void Watch::run(struct ev_engine &engine, torch::jit::Module &model, const struct ev_batch &batch,
                int64_t first, int64_t n)
{
    struct Callback {
        at::CallbackHandle handle;
        ~Callback()
        {
            at::removeCallback(handle);
        }
    };
    watch = this;
    {
        Callback callback{at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                                         .needsInputs(needs_values())
                                                         .needsOutputs(needs_values())
                                                         .scopes({at::RecordScope::FUNCTION}))};
        run_piece(engine, model, batch, first, n);
    }
    if (trouble)
        std::rethrow_exception(trouble);
}

} // namespace ev
