/* SPDX-License-Identifier: MIT */
/*
 * Writes small TorchScript models that are not PilotNet, for pictures of 66 x 200 x 3 and two
 * outputs: make_model KIND FILE.
 *
 *     plain          a linear layer over the mean of each channel, and nothing else
 *     linear_first   a linear layer over the channels, then a convolution, then a linear layer: the
 *                    layers in another order; named as Python's torch.nn names them
 *     branches       a depthwise convolution in one of two branches, and a product with a
 *                    transposed weight
 *     computed       the weight of its convolution is computed in each call
 *     widened        turns what it is given to float32
 *     frozen         plain, whose weights are constants of its code
 *     none           no layer with weights
 *     int8           int8 layers of other kinds than PilotNet's: borders, gaps, groups, scales for
 *                    the whole weight, no bias, zero points, ReLU of its own, floats by a view
 *     loop           computes in a loop
 *     bytes          takes bytes, and leaves their channels last
 *     still          a convolution with a stride of 0
 *     dynamic        the picture's floats, flat, into two dynamic int8 layers
 */
#include <cstdio>
#include <cstring>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/quantize_per_tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/resolver.h>

namespace
{

/* Weights that repeat nothing: a ramp, folded to -0.5..0.5. */
at::Tensor weights(at::IntArrayRef sizes, double step)
{
    int64_t n = c10::multiply_integers(sizes);
    at::Tensor values = at::arange(n, at::kFloat).mul(step);
    return values.sub(values.floor()).sub(0.5).reshape(sizes);
}

void add_layer(torch::jit::Module &model, const char *name, at::IntArrayRef sizes, double step)
{
    torch::jit::Module layer(std::string("Layer_") + name);
    layer.register_parameter("weight", weights(sizes, step), false);
    layer.register_parameter("bias", weights({sizes[0]}, 0.37), false);
    model.register_module(name, layer);
}

torch::jit::Module plain()
{
    torch::jit::Module model("Plain");
    add_layer(model, "head", {2, 3}, 0.29);
    model.define(R"(
def forward(self, x):
    return torch.linear(torch.mean(x, [2, 3]), self.head.weight, self.head.bias)
)");
    return model;
}

torch::jit::Module linear_first()
{
    torch::jit::Module model("LinearFirst");
    add_layer(model, "mix", {4, 3}, 0.71);
    add_layer(model, "see", {8, 4, 5, 5}, 0.613);
    add_layer(model, "head", {2, 8}, 0.29);
    model.define(R"(
def forward(self, x):
    x = torch.linear(torch.permute(x, [0, 2, 3, 1]), self.mix.weight, self.mix.bias)
    x = torch.permute(torch.relu(x), [0, 3, 1, 2])
    x = torch.relu(torch.conv2d(x, self.see.weight, self.see.bias, [2, 2]))
    x = torch.mean(x, [2, 3])
    return torch.linear(x, self.head.weight, self.head.bias)
)");
    return model;
}

torch::jit::Module branches()
{
    torch::jit::Module model("Branches");
    add_layer(model, "each", {3, 1, 3, 3}, 0.713);
    add_layer(model, "last", {2, 3}, 0.31);
    model.register_attribute("padded", c10::BoolType::get(), false);
    model.define(R"(
def forward(self, x):
    if self.padded:
        x = torch.conv2d(x, self.each.weight, self.each.bias, [1, 1], [1, 1], [1, 1], 3)
    else:
        x = torch.conv2d(x, self.each.weight, self.each.bias, [1, 1], [0, 0], [1, 1], 3)
    x = torch.mean(x, [2, 3])
    return torch.addmm(self.last.bias, x, torch.t(self.last.weight))
)");
    return model;
}

/* Layers in parts of their own, whose calls go through the interpreter, and a value that waits on its
 * stack meanwhile. */
torch::jit::Module parts()
{
    torch::jit::Module see("See"), again("Again"), model("Parts");
    add_layer(see, "conv", {8, 3, 5, 5}, 0.613);
    see.define(R"(
def forward(self, x):
    return torch.relu(torch.conv2d(x, self.conv.weight, self.conv.bias, [4, 4]))
)");
    add_layer(again, "conv", {8, 8, 1, 1}, 0.437);
    again.define(R"(
def forward(self, x):
    return torch.add(x, torch.conv2d(x, self.conv.weight, self.conv.bias))
)");
    model.register_module("see", see);
    model.register_module("again", again);
    add_layer(model, "head", {2, 8}, 0.29);
    model.define(R"(
def forward(self, x):
    x = torch.mean(self.again.forward(self.see.forward(x)), [2, 3])
    return torch.linear(x, self.head.weight, self.head.bias)
)");
    return model;
}

torch::jit::Module computed()
{
    torch::jit::Module model("Computed");
    add_layer(model, "made", {2, 3, 3, 3}, 0.713);
    model.define(R"(
def forward(self, x):
    x = torch.conv2d(x, self.made.weight * 2.0, self.made.bias)
    return torch.mean(x, [2, 3])
)");
    return model;
}

torch::jit::Module widened()
{
    torch::jit::Module model("Widened");
    add_layer(model, "head", {2, 3}, 0.29);
    model.define(R"(
def forward(self, x):
    x = torch.mean(torch.to(x, 6), [2, 3])
    return torch.linear(x, self.head.weight, self.head.bias)
)");
    return model;
}

torch::jit::Module frozen()
{
    torch::jit::Module model = plain();
    model.register_attribute("training", c10::BoolType::get(), false);
    return torch::jit::freeze(model);
}

torch::jit::Module none()
{
    torch::jit::Module model("Nothing");
    model.define(R"(
def forward(self, x):
    return torch.mean(x, [2, 3])[:, 0:2]
)");
    return model;
}

torch::jit::Module not_a_number()
{
    torch::jit::Module model("NotANumber");
    model.define(R"(
def forward(self, x):
    return torch.mean(x, [2, 3])[:, 0:2] * 0. / 0.
)");
    return model;
}

torch::jit::Module loop()
{
    torch::jit::Module model("Loop");
    add_layer(model, "head", {2, 66 * 200 * 3}, 0.29);
    model.define(R"(
def forward(self, x):
    for i in range(3):
        x.mul_(2.)
    return torch.linear(torch.flatten(x, 1), self.head.weight, self.head.bias)
)");
    return model;
}

torch::jit::Module bytes()
{
    torch::jit::Module model = loop();
    model.define(R"(
def forward_u8(self, x):
    x = torch.flatten(torch.div(x, 255.), 1)
    return torch.linear(x, self.head.weight, self.head.bias)
)");
    return model;
}

torch::jit::Module still()
{
    torch::jit::Module model("Still");
    add_layer(model, "see", {8, 3, 5, 5}, 0.613);
    model.define(R"(
def forward(self, x):
    return torch.conv2d(x, self.see.weight, self.see.bias, [0, 1])
)");
    return model;
}

/* torch.* and quantized.* in source text. */
struct Names : torch::jit::Resolver {
    std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string &name,
                                                           torch::jit::GraphFunction &,
                                                           const torch::jit::SourceRange &) override
    {
        if (name == "torch")
            return std::make_shared<torch::jit::BuiltinModule>("aten");
        if (name == "quantized")
            return std::make_shared<torch::jit::BuiltinModule>("quantized");
        return nullptr;
    }
};

void pack(torch::jit::Module &model, const char *name, const char *prepack,
          torch::jit::Stack arguments)
{
    c10::Dispatcher::singleton().findSchemaOrThrow(prepack, "").callBoxed(&arguments);
    model.register_attribute(name, arguments[0].type(), arguments[0]);
}

/* A scale for each output channel, or one for all. */
at::Tensor int8_weights(at::IntArrayRef sizes, double step, bool per_channel)
{
    at::Tensor values = weights(sizes, step);
    if (!per_channel)
        return at::quantize_per_tensor(values, 0.004, 0, at::kQInt8);
    at::Tensor scales = at::arange(sizes[0], at::kDouble).mul(1e-5).add(0.004);
    return at::quantize_per_channel(values, scales, at::zeros({sizes[0]}, at::kLong), 0,
                                    at::kQInt8);
}

/* All integers stay below 128: beyond, processors without VNNI saturate. */
torch::jit::Module int8()
{
    using Ints = std::vector<int64_t>;
    torch::jit::Module model("Int8");
    const c10::IValue none;

    pack(model, "wide", "quantized::conv2d_prepack",
         {int8_weights({8, 3, 5, 5}, 0.613, true), weights({8}, 0.37), Ints{3, 4}, Ints{2, 1},
          Ints{1, 1}, 1});
    pack(model, "grouped", "quantized::conv2d_prepack",
         {int8_weights({8, 4, 3, 3}, 0.713, true), weights({8}, 0.41), Ints{1, 2}, Ints{1, 1},
          Ints{1, 1}, 2});
    pack(model, "gaps", "quantized::conv2d_prepack",
         {int8_weights({6, 8, 3, 3}, 0.517, false), none, Ints{2, 2}, Ints{0, 0}, Ints{2, 2}, 1});
    pack(model, "head", "quantized::linear_prepack",
         {int8_weights({2, 6 * 9 * 11}, 0.29, true), weights({2}, 0.3)});
    model.define(R"(
def forward(self, x):
    x = torch.quantize_per_tensor(x, 0.0094, 21, 13)
    x = quantized.clamp(quantized.conv2d(x, self.wide, 0.05, 60), -2., 3.35)
    x = torch.relu(x)
    x = quantized.clamp(quantized.conv2d(x, self.grouped, 0.07, 71), -9., 3.92)
    x = quantized.clamp(quantized.conv2d_relu(x, self.gaps, 0.06, 5), 0., 7.32)
    x = torch.reshape(x, [torch.size(x, 0), -1])
    x = quantized.linear(x, self.head, 0.011, 130)
    return torch.dequantize(x)
)",
                 std::make_shared<Names>());
    return model;
}

/* Int8, and no chain of layers. */
torch::jit::Module int8_mean()
{
    using Ints = std::vector<int64_t>;
    torch::jit::Module model("Int8Mean");

    pack(model, "see", "quantized::conv2d_prepack",
         {int8_weights({2, 3, 5, 5}, 0.613, true), weights({2}, 0.37), Ints{2, 2}, Ints{0, 0},
          Ints{1, 1}, 1});
    model.define(R"(
def forward(self, x):
    x = torch.quantize_per_tensor(x, 0.0094, 21, 13)
    x = torch.dequantize(quantized.conv2d(x, self.see, 0.05, 60))
    return torch.mean(x, [2, 3])
)",
                 std::make_shared<Names>());
    return model;
}

torch::jit::Module dynamic()
{
    torch::jit::Module model("Dynamic");

    pack(model, "first", "quantized::linear_prepack",
         {int8_weights({7, 66 * 200 * 3}, 0.613, true), weights({7}, 0.37)});
    pack(model, "second", "quantized::linear_prepack",
         {int8_weights({2, 7}, 0.29, false), c10::IValue()});
    model.define(R"(
def forward(self, x):
    x = quantized.linear_relu_dynamic(torch.flatten(x, 1), self.first, True)
    return quantized.linear_dynamic(x, self.second, False)
)",
                 std::make_shared<Names>());
    return model;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const struct {
        const char *name;
        torch::jit::Module (*make)();
    } kinds[] = {
        {"plain", plain},       {"linear_first", linear_first},
        {"branches", branches}, {"computed", computed},
        {"parts", parts},       {"int8_mean", int8_mean},
        {"nan", not_a_number},
        {"widened", widened},   {"frozen", frozen},
        {"none", none},         {"int8", int8},
        {"dynamic", dynamic},   {"loop", loop},
        {"bytes", bytes},       {"still", still},
    };
    for (const auto &kind : kinds) {
        if (std::strcmp(kind.name, argv[1]) == 0) {
            kind.make().save(argv[2]);
            return 0;
        }
    }
    std::fprintf(stderr, "unknown kind %s\n", argv[1]);
    return 2;
}
