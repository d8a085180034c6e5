/* SPDX-License-Identifier: MIT */
/*
 * Reads the code of a model, inlined to one list of operators, as a list of layers. Only a chain is
 * understood: each operator takes what the one before gave, and arguments that are fixed.
 */
#include "torch_reader.h"

#include <cmath>
#include <cstdio>
#include <deque>
#include <memory>

#include <ATen/native/quantized/PackedParams.h>
#include <ATen/ops/count_nonzero.h>
#include <ATen/ops/full.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "torch_engine.h"

namespace ev
{

namespace
{

/* What the host sees, and the memory that its layers point to. */
struct OwnedNet : ev_net {
    std::vector<struct ev_net_layer> steps;
    std::deque<at::Tensor> tensors;
};

class Reader
{
  public:
    Reader(const char *path_, const torch::jit::Module &model_) : path(path_), model(model_)
    {
    }
    OwnedNet *read(const char *method, bool is_bytes, bool divide);

  private:
    const std::string path;
    const torch::jit::Module &model;
    std::unique_ptr<OwnedNet> owned = std::make_unique<OwnedNet>();
    const torch::jit::Value *tensor = nullptr; /* what the chain has come to */
    const torch::jit::Node *node = nullptr;    /* the operator that is being read */
    size_t place = 1;      /* of the layer that is being read, among the model's own */
    bool divides = false;  /* by 255, before the model */
    bool is_planar = true; /* the picture is (C, H, W), as layers take it */

    [[noreturn]] void refuse(const std::string &why);
    c10::IValue fixed(const torch::jit::Value *value) const;
    c10::IValue fixed_list(const torch::jit::Node *maker) const;
    c10::IValue fixed_comparison(const torch::jit::Node *maker, const std::string &op) const;
    const torch::jit::Block *taken(const torch::jit::Node *branch) const;
    c10::IValue argument(size_t at);
    struct ev_net_layer &add(enum ev_net_kind kind);
    int32_t number(int64_t value, int64_t least, int64_t most = 65536);
    template <class T> const T *keep(const at::Tensor &values, at::ScalarType type);
    void name_after(struct ev_net_layer &layer, const c10::IValue &weight);
    void take_weights(struct ev_net_layer &layer, const at::Tensor &weight, const at::Tensor &bias);
    void take_packed(struct ev_net_layer &layer, const c10::IValue &packed);
    void take_geometry(struct ev_net_layer &layer, const std::vector<int64_t> &stride,
                       const std::vector<int64_t> &padding, const std::vector<int64_t> &dilation,
                       int64_t groups);
    void set_kernel(struct ev_net_layer &layer, const at::Tensor &weight);
    void read_weighted(const std::string &op);
    void read_quantized(const std::string &op);
    void read_clamp();
    void read_flat(const std::string &op);
    void read_permute();
    bool read_plain(const std::string &op);
    void read_node();
    void read_block(const torch::jit::Block *block);
    void read_branch();
    bool is_fixed_part();
};

std::string operator_name(const torch::jit::Node *node)
{
    std::string name = node->kind().toQualString();
    return name.substr(0, name.find_last_not_of('_') + 1);
}

void Reader::refuse(const std::string &why)
{
    throw Failure(EV_UNSUPPORTED, path + ": layer " + std::to_string(place) + " (" +
                                      node->kind().toQualString() + ") " + why);
}

/* What an operator on fixed values gives: a list of numbers, the number that a tensor holds, a
 * comparison, the side of a branch that is taken; None where it is not fixed. */
c10::IValue Reader::fixed(const torch::jit::Value *value) const
{
    const torch::jit::Node *maker = value->node();
    const std::string op = maker->kind().toQualString();

    if (maker->kind() == c10::prim::ListConstruct)
        return fixed_list(maker);
    if (maker->kind() == c10::prim::If) {
        const torch::jit::Block *block = taken(maker);
        return block ? fixed(block->outputs()[value->offset()]) : c10::IValue();
    }
    if (op == "aten::FloatImplicit" || op == "aten::IntImplicit" || op == "aten::Float" ||
        op == "aten::Int" || op == "aten::item") {
        const c10::IValue of = fixed(maker->input(0));
        return of.isTensor() && of.toTensor().numel() == 1 ? c10::IValue(of.toTensor().item())
                                                           : c10::IValue();
    }
    if (op == "aten::eq" || op == "aten::ne" || op == "aten::lt" || op == "aten::__not__")
        return fixed_comparison(maker, op);
    return fixed_value(value, model);
}

c10::IValue Reader::fixed_list(const torch::jit::Node *maker) const
{
    c10::List<int64_t> numbers;

    for (const torch::jit::Value *input : maker->inputs()) {
        const c10::IValue number = fixed(input);
        if (!number.isInt())
            return {};
        numbers.push_back(number.toInt());
    }
    return numbers;
}

c10::IValue Reader::fixed_comparison(const torch::jit::Node *maker, const std::string &op) const
{
    const c10::IValue a = fixed(maker->input(0));
    const c10::IValue b = op == "aten::__not__" ? c10::IValue() : fixed(maker->input(1));

    if (op == "aten::__not__")
        return a.isBool() ? c10::IValue(!a.toBool()) : c10::IValue();
    if (a.isString() && b.isString() && op != "aten::lt")
        return (a.toStringRef() == b.toStringRef()) == (op == "aten::eq");
    if (a.isInt() && b.isInt())
        return op == "aten::lt"   ? a.toInt() < b.toInt()
               : op == "aten::eq" ? a.toInt() == b.toInt()
                                  : a.toInt() != b.toInt();
    return {};
}

/* The side of a branch that is taken in every call; null if that is not fixed. */
const torch::jit::Block *Reader::taken(const torch::jit::Node *branch) const
{
    const c10::IValue condition = fixed(branch->input(0));

    return condition.isBool() ? branch->blocks()[condition.toBool() ? 0 : 1] : nullptr;
}

c10::IValue Reader::argument(size_t at)
{
    c10::IValue value = fixed(node->input(at));
    if (value.isNone() && !node->input(at)->mustBeNone())
        refuse("has an argument that is computed");
    return value;
}

struct ev_net_layer &Reader::add(enum ev_net_kind kind)
{
    struct ev_net_layer layer = {};
    const std::string name = operator_name(node) + "_" + std::to_string(owned->steps.size() + 1);

    layer.kind = kind;
    layer.groups = 1;
    for (int i = 0; i < 2; i++)
        layer.kernel[i] = layer.stride[i] = layer.dilation[i] = 1;
    std::snprintf(layer.name, sizeof layer.name, "%s", name.c_str());
    owned->steps.push_back(layer);
    return owned->steps.back();
}

int32_t Reader::number(int64_t value, int64_t least, int64_t most)
{
    if (value < least || value > most)
        refuse("has the size " + std::to_string(value));
    return static_cast<int32_t>(value);
}

template <class T> const T *Reader::keep(const at::Tensor &values, at::ScalarType type)
{
    owned->tensors.push_back(values.detach().to(at::kCPU, type).contiguous());
    return static_cast<const T *>(owned->tensors.back().data_ptr());
}

void Reader::name_after(struct ev_net_layer &layer, const c10::IValue &weight)
{
    const std::string name = find_name(model, weight);
    if (!name.empty())
        std::snprintf(layer.name, sizeof layer.name, "%s", name.c_str());
}

/* Scales and integers of a quantised weight, or floats. */
void Reader::take_weights(struct ev_net_layer &layer, const at::Tensor &weight,
                          const at::Tensor &bias)
{
    if (weight.dim() != (layer.kind == EV_NET_CONV ? 4 : 2))
        refuse("has weights of " + std::to_string(weight.dim()) + " dimensions");
    const int64_t n_out = number(weight.size(0), 1, INT32_MAX);
    layer.n_out = static_cast<int32_t>(n_out);
    layer.n_in = number(weight.size(1), 1, INT32_MAX);
    if (bias.defined()) {
        if (bias.scalar_type() != at::kFloat || bias.dim() != 1 || bias.size(0) != n_out)
            refuse("has a bias that is not a float32 for each output channel");
        layer.bias = keep<float>(bias, at::kFloat);
    }
    if (!weight.is_quantized()) {
        if (weight.scalar_type() != at::kFloat)
            refuse("has weights that are not float32");
        layer.weight_floats = keep<float>(weight, at::kFloat);
        return;
    }
    if (weight.scalar_type() != at::kQInt8)
        refuse("has weights that are not int8");
    const bool per_channel = weight.qscheme() == at::kPerChannelAffine;
    if (!per_channel && weight.qscheme() != at::kPerTensorAffine)
        refuse("has weights of a kind of scales that is not known");
    if (per_channel && weight.q_per_channel_axis() != 0)
        refuse("has no scale for each output channel");
    const bool symmetric =
        per_channel ? weight.q_per_channel_zero_points().count_nonzero().item<int64_t>() == 0
                    : weight.q_zero_point() == 0;
    if (!symmetric)
        refuse("has weights with a zero point");
    layer.weight = keep<int8_t>(weight.int_repr(), at::kChar);
    layer.weight_scales =
        per_channel ? keep<float>(weight.q_per_channel_scales(), at::kFloat)
                    : keep<float>(at::full({n_out}, weight.q_scale(), at::kDouble), at::kFloat);
}

void Reader::take_geometry(struct ev_net_layer &layer, const std::vector<int64_t> &stride,
                           const std::vector<int64_t> &padding,
                           const std::vector<int64_t> &dilation, int64_t groups)
{
    if (stride.size() != 2 || padding.size() != 2 || dilation.size() != 2)
        refuse("is no convolution in two dimensions");
    for (size_t i = 0; i < 2; i++) {
        layer.stride[i] = number(stride[i], 1);
        layer.padding[i] = number(padding[i], 0);
        layer.dilation[i] = number(dilation[i], 1);
    }
    layer.groups = number(groups, 1);
}

/* What a convolution's weight and its groups say together. */
void Reader::set_kernel(struct ev_net_layer &layer, const at::Tensor &weight)
{
    for (int i = 0; i < 2; i++)
        layer.kernel[i] = number(weight.size(2 + i), 1);
    if (layer.n_out % layer.groups != 0)
        refuse("has output channels that do not divide into its groups");
    layer.n_in = number(static_cast<int64_t>(layer.n_in) * layer.groups, 1);
}

void Reader::take_packed(struct ev_net_layer &layer, const c10::IValue &packed)
{
    at::Tensor weight;
    std::optional<at::Tensor> bias;

    name_after(layer, packed);
    if (is_packed_conv(packed)) {
        auto conv = packed.toCustomClass<ConvPackedParamsBase<2>>();
        if (conv->transpose())
            refuse("is a transposed convolution");
        std::tie(weight, bias) = conv->unpack();
        take_geometry(layer, conv->stride().vec(), conv->padding().vec(), conv->dilation().vec(),
                      conv->groups());
    } else if (is_packed_linear(packed)) {
        std::tie(weight, bias) = packed.toCustomClass<LinearPackedParamsBase>()->unpack();
    } else {
        refuse("has weights that are packed in a way that is not known");
    }
    if (!weight.is_quantized())
        refuse("has weights in 16 bits");
    take_weights(layer, weight, bias.value_or(at::Tensor()));
    if (layer.kind == EV_NET_CONV)
        set_kernel(layer, weight);
}

/* aten::conv2d(x, w, b, stride, padding, dilation, groups), aten::linear(x, w, b), and
 * aten::_convolution(x, w, b, stride, padding, dilation, transposed, output padding, groups, ...),
 * which a traced model has. */
void Reader::read_weighted(const std::string &op)
{
    const bool is_traced = op == "aten::_convolution";
    struct ev_net_layer &layer = add(op == "aten::linear" ? EV_NET_LINEAR : EV_NET_CONV);
    const c10::IValue weight = argument(1), bias = argument(2);

    if (!weight.isTensor() || weight.toTensor().is_quantized())
        refuse("has no weights of its own");
    name_after(layer, weight);
    if (layer.kind == EV_NET_CONV) {
        if (!argument(4).isIntList())
            refuse("is padded by name");
        if (is_traced && argument(6).toBool())
            refuse("is a transposed convolution");
        take_geometry(layer, argument(3).toIntVector(), argument(4).toIntVector(),
                      argument(5).toIntVector(), argument(is_traced ? 8 : 6).toInt());
    }
    take_weights(layer, weight.toTensor(), bias.isTensor() ? bias.toTensor() : at::Tensor());
    if (layer.kind == EV_NET_CONV)
        set_kernel(layer, weight.toTensor());
}

/* quantized::conv2d(x, packed, scale, zero point), linear, their _relu; linear_dynamic(x, packed,
 * reduce_range). */
void Reader::read_quantized(const std::string &op)
{
    const bool is_dynamic = op.find("_dynamic") != std::string::npos;
    struct ev_net_layer &layer =
        add(op.find("conv2d") != std::string::npos ? EV_NET_CONV : EV_NET_LINEAR);

    layer.relu = op.find("_relu") != std::string::npos;
    layer.arithmetic = is_dynamic ? EV_NET_DYNAMIC : EV_NET_INT8;
    take_packed(layer, argument(1));
    if (is_dynamic) {
        layer.reduce_range = argument(2).toBool();
    } else {
        layer.scale = argument(2).toDouble();
        layer.zero_point = static_cast<int32_t>(argument(3).toInt());
    }
}

void Reader::read_clamp()
{
    struct ev_net_layer &layer = add(EV_NET_CLAMP);
    const c10::IValue low = argument(1), high = argument(2);

    layer.low = low.isNone() ? -INFINITY : low.toScalar().toDouble();
    layer.high = high.isNone() ? INFINITY : high.toScalar().toDouble();
}

/* To one row of values for each picture, in whatever way that is written. */
void Reader::read_flat(const std::string &op)
{
    add(EV_NET_FLATTEN);
    if (op == "aten::flatten") {
        const int64_t end = argument(2).toInt();
        if (argument(1).toInt() != 1 || (end != -1 && end != 3))
            refuse("flattens other dimensions than those of a picture");
        return;
    }
    const torch::jit::Node *list = node->input(1)->node();
    const c10::IValue sizes = fixed(node->input(1));
    /* {number of pictures, n}, or {-1, n}. */
    const bool is_row = list->kind() == c10::prim::ListConstruct && list->inputs().size() == 2
                            ? fixed_value(list->input(1), model).isInt()
                            : sizes.isIntList() && sizes.toIntVector().size() == 2;
    if (!is_row)
        refuse("gives another shape than a row of values for each picture");
}

/* The one that puts the channels of a picture of bytes first, before any layer. */
void Reader::read_permute()
{
    if (is_planar || argument(1).toIntVector() != std::vector<int64_t>({0, 3, 1, 2}))
        refuse("turns a tensor that is not the picture");
    is_planar = true;
}

/* Operators without weights; false for one that is not known. */
bool Reader::read_plain(const std::string &op)
{
    if (op == "aten::quantize_per_tensor" || op == "aten::_make_per_tensor_quantized_tensor") {
        struct ev_net_layer &layer =
            add(op == "aten::quantize_per_tensor" ? EV_NET_QUANTIZE : EV_NET_TAKE);
        if (layer.kind == EV_NET_QUANTIZE && argument(3).toScalarType() != at::kQUInt8)
            refuse("quantises to another type than quint8");
        layer.scale = argument(1).toDouble();
        layer.zero_point = static_cast<int32_t>(argument(2).toInt());
    } else if (op == "aten::dequantize") {
        add(EV_NET_DEQUANTIZE);
    } else if (op == "aten::relu") {
        add(EV_NET_RELU);
    } else if (op == "aten::clamp" || op == "aten::hardtanh" || op == "quantized::clamp") {
        read_clamp();
    } else if (op == "aten::flatten" || op == "aten::view" || op == "aten::reshape") {
        read_flat(op);
    } else if (op == "aten::div") {
        if (node->inputs().size() != 2 || !argument(1).isScalar())
            refuse("divides by something else than one number, or rounds");
        add(EV_NET_DIVIDE).scale = argument(1).toScalar().toDouble();
    } else if (op == "aten::permute") {
        read_permute();
    } else if (op == "aten::to") {
        /* To the type of floats: by name, or that of another tensor, which are all floats. */
        const bool as_other = node->input(1)->node()->kind() == c10::prim::dtype;
        if (!as_other && (!argument(1).isInt() || argument(1).toScalarType() != at::kFloat))
            refuse("changes to another type than float32");
    } else if (op == "aten::dropout") {
        if (argument(2).toBool())
            refuse("drops values at random");
    } else if (op == "aten::contiguous") {
        /* An order in memory. */
    } else {
        return false;
    }
    return true;
}

bool has_tensors(at::ArrayRef<const torch::jit::Value *> values)
{
    for (const torch::jit::Value *value : values) {
        if (value->type()->isSubtypeOf(*c10::TensorType::get()))
            return true;
    }
    return false;
}

/* Whether a branch or a loop does something to tensors. */
bool touches_tensors(const torch::jit::Node *node)
{
    for (const torch::jit::Block *block : node->blocks()) {
        for (const torch::jit::Node *inner : block->nodes()) {
            if (has_tensors(inner->inputs()) || has_tensors(inner->outputs()) ||
                touches_tensors(inner))
                return true;
        }
    }
    return false;
}

/* Whether the operator makes an argument of another one: constants, lists, sizes. */
bool Reader::is_fixed_part()
{
    if (node->kind() == c10::prim::SetAttr)
        refuse("changes the model");
    if (touches_tensors(node))
        refuse("computes in a branch or a loop");
    if (node->kind().is_prim())
        return true;
    if (has_tensors(node->outputs()))
        return false;
    if (node->maybeSchema() && node->schema().is_mutable())
        refuse("changes tensors in place");
    return true;
}

void Reader::read_node()
{
    const std::string op = operator_name(node);

    place = owned->steps.size() + (divides ? 0 : 1);
    if (is_fixed_part())
        return;
    if (node->inputs().empty() || node->input(0) != tensor)
        refuse("does not take what the layer before it gives");
    if (!is_planar && op != "aten::permute" && op != "aten::to" && op != "aten::div" &&
        op != "aten::_make_per_tensor_quantized_tensor" && op != "aten::quantize_per_tensor" &&
        op != "aten::contiguous")
        refuse("takes a picture whose channels are last");
    if (op == "aten::conv2d" || op == "aten::_convolution" || op == "aten::linear")
        read_weighted(op);
    else if (op == "quantized::conv2d" || op == "quantized::conv2d_relu" ||
             op == "quantized::linear" || op == "quantized::linear_relu" ||
             op == "quantized::linear_dynamic" || op == "quantized::linear_relu_dynamic")
        read_quantized(op);
    else if (!read_plain(op))
        refuse("is none that plain integers and floats can compute");
    tensor = node->output();
}

/* The nodes of the side that is taken, as if they stood here. */
void Reader::read_branch()
{
    const torch::jit::Node *branch = node;
    const torch::jit::Block *block = taken(branch);

    if (!block)
        refuse("computes in a branch or a loop");
    read_block(block);
    node = branch;
    for (size_t i = 0; i < block->outputs().size(); i++) {
        if (block->outputs()[i] == tensor) {
            tensor = branch->output(i);
            return;
        }
    }
}

void Reader::read_block(const torch::jit::Block *block)
{
    for (const torch::jit::Node *each : block->nodes()) {
        node = each;
        if (node->kind() == c10::prim::If &&
            (touches_tensors(node) || has_tensors(node->outputs())))
            read_branch();
        else
            read_node();
    }
}

OwnedNet *Reader::read(const char *method, bool is_bytes, bool divide)
{
    auto graph = model.get_method(method).graph()->copy();

    torch::jit::Inline(*graph);
    if (graph->inputs().size() != 2 || graph->outputs().size() != 1)
        throw Failure(EV_UNSUPPORTED, path + ": " + method + " does not take one tensor alone");
    tensor = graph->inputs()[1];
    is_planar = !is_bytes;
    divides = divide;
    if (divide) {
        node = graph->param_node();
        add(EV_NET_DIVIDE).scale = 255.0;
    }
    read_block(graph->block());
    node = graph->return_node();
    if (node->input(0) != tensor)
        refuse("does not give what the last layer gives");
    owned->ev_net::layers = owned->steps.data();
    owned->n_layers = static_cast<int32_t>(owned->steps.size());
    return owned.release();
}

} // namespace

const struct ev_net *read_net(const char *path, uint32_t form)
{
    const torch::jit::Module model = load_model(path, c10::Device(c10::kCPU));
    const bool takes_bytes = model.find_method(bytes_method).has_value();
    const bool bytes = form == EV_FORM_U8_NHWC;

    return Reader(path, model)
        .read(bytes && takes_bytes ? bytes_method : "forward", bytes && takes_bytes,
              bytes && !takes_bytes);
}

void free_net(const struct ev_net *net) noexcept
{
    delete static_cast<const OwnedNet *>(net);
}

} // namespace ev
