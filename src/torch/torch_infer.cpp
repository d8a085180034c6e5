/* SPDX-License-Identifier: MIT */
/*
 * Opening a TorchScript file, finding out what it is, and running batches through it. Large
 * batches are cut in pieces whose activations stay in the caches.
 */
#include "torch_infer.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/native/quantized/PackedParams.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/version.h>

#include "evalrun/net.h"
#include "torch_cuda.h"
#include "torch_engine.h"
#include "torch_layers.h"

namespace ev
{

namespace
{

/* Rows in a piece: the activations of 32 pictures stay near the cores, where a whole batch of 1024
 * goes through memory in each layer. Measured on two AVX2 cores, us a picture and core: int8 460 to
 * 680 at 8 and 16, 410 to 590 at 32, 550 at 64, 1840 at 1024; float32 1160 from 8 to 64, 2400 at
 * 128, 3060 at 256. The size never depends on the number of threads: with dynamic quantisation one
 * range serves all rows of a piece, and so the outputs would. */
constexpr int64_t cpu_piece_rows = EV_NET_PIECE_ROWS;
constexpr int64_t cuda_piece_rows = 1024;

constexpr const char *own_method = "evalrun_method";

/* What the attributes of a model hold. */
struct Weights {
    int64_t n_bytes = 0;
    bool has_float = false, has_packed = false;
};

void add_tensor(Weights &weights, const at::Tensor &tensor)
{
    if (!tensor.defined())
        return;
    weights.n_bytes += static_cast<int64_t>(tensor.nbytes());
    /* Attributes of a few numbers (means, shapes) do not make a model a float one. */
    weights.has_float |= tensor.is_floating_point() && tensor.dim() > 1 && tensor.numel() > 64;
}

template <class Packed> void add_packed(Weights &weights, const c10::IValue &value)
{
    auto [weight, bias] = value.toCustomClass<Packed>()->unpack();
    weights.n_bytes += static_cast<int64_t>(weight.nbytes() + (bias ? bias->nbytes() : 0));
    weights.has_packed = true;
}

bool is_a(const c10::IValue &value, const char *class_name)
{
    return value.isObject() && value.type()->str().find(class_name) != std::string::npos;
}

} // namespace

bool is_packed_conv(const c10::IValue &value)
{
    return is_a(value, "quantized.Conv2dPackedParamsBase");
}

bool is_packed_linear(const c10::IValue &value)
{
    return is_a(value, "quantized.LinearPackedParamsBase");
}

namespace
{

Weights weigh(const torch::jit::Module &model)
{
    Weights weights;
    for (const auto &value : model.attributes(true)) {
        if (value.isTensor()) {
            add_tensor(weights, value.toTensor());
        } else if (is_packed_conv(value)) {
            add_packed<ConvPackedParamsBase<2>>(weights, value);
        } else if (is_packed_linear(value)) {
            add_packed<LinearPackedParamsBase>(weights, value);
        }
    }
    return weights;
}

const char *float_name(uint32_t precision)
{
    return precision == EV_PRECISION_FP16   ? "float16"
           : precision == EV_PRECISION_TF32 ? "tf32"
                                            : "float32";
}

} // namespace

bool holds_int8(const char *path)
{
    return weigh(load_model(path, c10::kCPU)).has_packed;
}

namespace
{

std::string detail_of(const Weights &weights, bool onednn, uint32_t precision,
                      const c10::Device &device)
{
    std::string text = "libtorch " TORCH_VERSION ", ";
    if (weights.has_packed)
        text += std::string("int8 (") +
                (onednn ? "oneDNN" : at::toString(at::globalContext().qEngine())) + ")" +
                (weights.has_float ? " and float32" : "");
    else
        text += float_name(precision);
    return device.is_cpu() ? text : text + ", " + cuda_device_name(device.index());
}

} // namespace

void use_threads(int n_threads)
{
    thread_local int n_threads_now = 0;
    if (n_threads != n_threads_now) {
        at::set_num_threads(n_threads);
        n_threads_now = n_threads;
    }
}

/* The method as the model has it, or with one layer in int8. */
static c10::IValue call(struct ev_engine &engine, torch::jit::Module &model, const char *method,
                        const at::Tensor &x)
{
    /* Let go before anybody waits for the outputs. */
    Tf32 tf32(engine.device, engine.precision == EV_PRECISION_TF32);
    auto edited = engine.edited.find(method);
    if (edited == engine.edited.end())
        return model.get_method(method)({x});
    torch::jit::Stack stack = {model._ivalue(), x};
    edited->second.run(stack);
    return stack.at(0);
}

static at::ScalarType input_type(const struct ev_engine &engine)
{
    return engine.precision == EV_PRECISION_FP16 ? at::kHalf : at::kFloat;
}

at::Tensor run_piece(struct ev_engine &engine, torch::jit::Module &model,
                     const struct ev_batch &batch, int64_t first, int64_t n, c10::Device *ran_on)
{
    Quiet quiet;
    c10::InferenceMode inference;
    /* The graph as saved: without it libtorch profiles and rewrites in the first calls, which
     * are then a hundred times slower than the rest. */
    torch::jit::GraphOptimizerEnabledGuard plain(false);
    at::Tensor rows = batch_rows(batch, engine.shape, first, n).to(engine.device);
    c10::IValue y;

    if (batch.form == EV_FORM_U8_NHWC && engine.takes_bytes)
        y = call(engine, model, bytes_method, rows);
    else if (batch.form == EV_FORM_U8_NHWC)
        y = call(engine, model, "forward", unit_floats(rows, input_type(engine)));
    else
        y = call(engine, model, "forward", rows.to(input_type(engine)));

    TORCH_CHECK(y.isTensor(), "gives no tensor");
    at::Tensor outputs = y.toTensor();
    TORCH_CHECK(outputs.is_floating_point() && !outputs.is_quantized(),
                "gives no floating-point tensor");
    if (ran_on)
        *ran_on = outputs.device();
    outputs = outputs.to(at::kCPU, at::kFloat);
    if (outputs.dim() == 1 && outputs.size(0) == n)
        outputs = outputs.unsqueeze(1);
    TORCH_CHECK(outputs.dim() == 2 && outputs.size(0) == n, "gives no row of outputs per picture");
    return outputs;
}

torch::jit::Module load_model(const char *path, const c10::Device &device)
{
    const std::string file = path;
    check_readable(path);
    torch::jit::Module model;
    try {
        model = torch::jit::load(file, device);
        model.eval();
    } catch (...) {
        throw Failure(current_status(EV_INPUT),
                      file + ": not a TorchScript model: " + current_reason());
    }
    if (!model.find_method("forward"))
        throw Failure(EV_INPUT, file + ": has no method forward");
    return model;
}

namespace
{

/* Packs the convolutions of our own int8 models for oneDNN, whatever the CPU. libtorch's default
 * does so with AVX512-VNNI; on others it takes FBGEMM, with which the first convolution is three
 * times slower. Other people's models stay as libtorch loads them: theirs may use 8 bits on both
 * sides, and then the two saturate differently. */
bool pack_for_onednn(torch::jit::Module &model)
{
    const auto &engines = at::globalContext().supportedQEngines();
    if (!model.hasattr(own_method) ||
        std::find(engines.begin(), engines.end(), at::QEngine::ONEDNN) == engines.end())
        return false;

    const at::QEngine before = at::globalContext().qEngine();
    bool packed = false;
    for (const auto &item : model.named_attributes(false)) {
        if (!is_packed_conv(item.value))
            continue;
        auto conv = item.value.toCustomClass<ConvPackedParamsBase<2>>();
        auto [weight, bias] = conv->unpack();
        at::globalContext().setQEngine(at::QEngine::ONEDNN);
        c10::IValue repacked = call_operator("quantized::conv2d_prepack",
                                             {weight, bias, conv->stride(), conv->padding(),
                                              conv->dilation(), conv->groups()});
        at::globalContext().setQEngine(before);
        model.setattr(item.name, repacked);
        packed = true;
    }
    return packed;
}

/* Where the model computes, `outputs` being where its outputs are. On a card they may have been
 * brought back only at the end, so the layers are asked. */
c10::Device find_device(struct ev_engine &engine, const struct ev_batch &batch, c10::Device outputs)
{
    if (engine.device.is_cpu())
        return outputs;
    try {
        describe_layers(engine, batch);
    } catch (...) {
        return outputs;
    }
    for (const LayerFacts &layer : engine.layers) {
        if (layer.device != engine.device)
            return layer.device;
    }
    return engine.device;
}

/* `n_rows` black pictures: does the model take them, and what does it give? */
void probe(struct ev_engine &engine, torch::jit::Module &model, int64_t n_rows, const char *path)
{
    const struct ev_shape &shape = engine.shape;
    std::vector<uint8_t> black(static_cast<size_t>(n_rows) * static_cast<size_t>(shape.height) *
                               static_cast<size_t>(shape.width) *
                               static_cast<size_t>(shape.channels));
    struct ev_batch batch = {sizeof batch, EV_FORM_U8_NHWC, shape, n_rows, black.data()};
    int64_t n_outputs;

    try {
        c10::Device outputs = engine.device;
        n_outputs = run_piece(engine, model, batch, 0, n_rows, &outputs).size(1);
        engine.ran_on = find_device(engine, batch, outputs);
    } catch (...) {
        /* A frozen model, for one, holds float32 in its code. */
        const char *type = engine.precision == EV_PRECISION_FP16 ? " in float16" : "";
        throw Failure(current_status(EV_INPUT),
                      std::string(path) + ": does not take pictures of " +
                          std::to_string(shape.height) + " x " + std::to_string(shape.width) +
                          " x " + std::to_string(shape.channels) + type + ": " +
                          current_reason());
    }
    if (n_outputs != engine.n_outputs)
        throw Failure(EV_INPUT, std::string(path) + ": gives " + std::to_string(n_outputs) +
                                    " outputs, expected " + std::to_string(engine.n_outputs));
}

/* Whether that model can be computed so; what the engine cannot at all, the host refuses. */
void check_precision(const struct ev_engine &engine, const Weights &weights, const char *path)
{
    const bool is_int8 = engine.precision == EV_PRECISION_INT8;
    std::string reason;

    if (weights.has_packed && engine.precision != 0 && !is_int8)
        reason = std::string("is an int8 model, which is not computed in ") +
                 float_name(engine.precision);
    else if (!weights.has_packed && is_int8)
        reason = "is a float model, which is not computed in int8";
    else if (engine.precision == EV_PRECISION_TF32 && engine.device.is_cpu())
        throw Failure(EV_UNSUPPORTED, "engine 'torch': computes in tf32 on CUDA devices only");
    if (!reason.empty())
        throw Failure(EV_UNSUPPORTED, std::string(path) + ": " + reason);
}

/* The model's floats in the type that was asked for. Not Module::to, which makes floats of integers
 * too. In place, as parts of a model may share a tensor. */
void convert_floats(const struct ev_engine &engine, torch::jit::Module &model)
{
    if (engine.precision == 0 || engine.precision == EV_PRECISION_INT8)
        return;
    for (const auto &value : model.attributes(true)) {
        if (!value.isTensor() || !value.toTensor().defined())
            continue;
        at::Tensor tensor = value.toTensor();
        if (tensor.is_floating_point() && tensor.scalar_type() != input_type(engine))
            tensor.set_data(tensor.to(input_type(engine)));
    }
}

/* Loads the model, or both copies. A convolution packed for oneDNN keeps what it prepared for the
 * batch size that it sees first, and prepares anew in every call for all others; so single
 * pictures and pieces each have a copy, and the probe shows each its size. */
void load_copies(struct ev_engine &engine, const char *path)
{
    engine.model = engine.pieces = load_model(path, engine.device);
    convert_floats(engine, engine.model);
    Weights weights = weigh(engine.model);
    check_precision(engine, weights, path);
    /* What takes bytes makes float32 of them in its own code. */
    engine.takes_bytes = engine.precision != EV_PRECISION_FP16 &&
                         engine.model.find_method(bytes_method).has_value();
    if (weights.has_packed && !engine.device.is_cpu())
        throw Failure(EV_UNSUPPORTED, std::string(path) +
                                          ": libtorch runs int8 models on the CPU only; on " +
                                          engine.device.str() + " --engine cuda does");

    bool onednn = weights.has_packed && pack_for_onednn(engine.model);
    engine.weight_bytes = weights.n_bytes;
    engine.detail = detail_of(weights, onednn, engine.precision, engine.device);
    engine.piece_rows = engine.device.is_cpu() ? cpu_piece_rows : cuda_piece_rows;
    probe(engine, engine.model, 1, path);
    if (weights.has_packed) {
        engine.pieces = load_model(path, engine.device);
        pack_for_onednn(engine.pieces);
        probe(engine, engine.pieces, engine.piece_rows, path);
    }
}

} // namespace

struct ev_engine *open_engine(const struct ev_open_args &args)
{
    auto engine = std::make_unique<struct ev_engine>();

    use_threads(args.n_threads);
    if (args.device_kind == EV_DEVICE_CUDA)
        engine->device = cuda_device(args.device_index);
    engine->shape = args.shape;
    engine->n_outputs = args.n_outputs;
    engine->n_threads = args.n_threads;
    engine->takes_batches = args.max_rows > 1;
    /* A host of ABI 1.2 asks for none. */
    engine->precision = args.size < sizeof args ? 0 : args.precision;
    load_copies(*engine, args.model_path);
    return engine.release();
}

void describe_engine(const struct ev_engine &engine, struct ev_description &description)
{
    description.forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW;
    description.shape = engine.shape;
    description.n_outputs = engine.n_outputs;
    description.weight_bytes = engine.weight_bytes;
    std::snprintf(description.detail, sizeof description.detail, "%s", engine.detail.c_str());
    /* A host of ABI 1.0 or 1.1 has no room for more. */
    if (description.size < sizeof description)
        return;
    description.device_kind = engine.ran_on.is_cpu()    ? EV_DEVICE_CPU
                              : engine.ran_on.is_cuda() ? EV_DEVICE_CUDA
                                                        : 0;
    description.device_index = engine.ran_on.is_cuda() ? engine.ran_on.index() : 0;
}

/* Computes pieces until `next` has gone through them all. */
static void run_pieces(struct ev_engine &engine, const struct ev_batch &batch, float *outputs,
                       std::atomic<int64_t> &next)
{
    const int64_t piece = engine.piece_rows;

    for (int64_t first = piece * next++; first < batch.n_rows; first = piece * next++) {
        int64_t n = std::min(piece, batch.n_rows - first);
        torch::jit::Module &model = n == 1 ? engine.model : engine.pieces;
        at::Tensor y = run_piece(engine, model, batch, first, n);
        TORCH_CHECK(y.size(1) == engine.n_outputs, "gives another number of outputs");
        at::from_blob(outputs + first * engine.n_outputs, {n, engine.n_outputs}, at::kFloat)
            .copy_(y);
    }
}

/* One thread a piece waits less than all threads in each layer of one piece; and each takes the
 * next piece, so that one that is held up (by the reader of the next batch, say) computes fewer.
 * Not at::parallel_for: that runs in one thread in a file compiled without -fopenmp, and with it
 * in another OpenMP than libtorch's own where the wheel brings one under a name of its own. */
static void run_on_threads(struct ev_engine &engine, const struct ev_batch &batch, float *outputs,
                           int64_t n_threads)
{
    std::atomic<int64_t> next{0};
    std::vector<std::future<void>> workers;
    auto work = [&] {
        use_threads(1);
        run_pieces(engine, batch, outputs, next);
    };

    for (int64_t i = 0; i < n_threads; i++)
        workers.push_back(std::async(std::launch::async, work));
    for (auto &worker : workers)
        worker.wait();
    for (auto &worker : workers)
        worker.get();
}

void infer_engine(struct ev_engine &engine, const struct ev_batch &batch, float *outputs)
{
    const int64_t n_pieces = (batch.n_rows + engine.piece_rows - 1) / engine.piece_rows;
    const int64_t n_threads = std::min<int64_t>(engine.n_threads, n_pieces);
    std::atomic<int64_t> next{0};

    /* Several threads inside one piece would add up in another order than one does; and for a single
     * picture in between batches they would wait for each other, long where others want the CPU. */
    use_threads(engine.takes_batches ? 1 : engine.n_threads);
    if (engine.device.is_cpu() && n_threads > 1)
        run_on_threads(engine, batch, outputs, n_threads);
    else
        run_pieces(engine, batch, outputs, next);
}

int64_t infer_engine_apart(struct ev_engine &engine, const struct ev_batch &batch, float *outputs)
{
    if (engine.device.is_cpu())
        throw Failure(EV_UNSUPPORTED, "engine 'torch': the CPU has no clock of its own");
    return time_on_device(engine.device, [&] { infer_engine(engine, batch, outputs); });
}

void close_engine(struct ev_engine *engine) noexcept
{
    delete engine;
}

} // namespace ev
