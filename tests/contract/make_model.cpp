/* SPDX-License-Identifier: MIT */
/*
 * Writes small TorchScript models that are not PilotNet, for pictures of 66 x 200 x 3 and two
 * outputs: make_model KIND FILE.
 *
 *     linear_first   a linear layer over the channels, then a convolution, then a linear layer: the
 *                    layers in another order; named as Python's torch.nn names them
 *     branches       a depthwise convolution in one of two branches, and a product with a
 *                    transposed weight
 *     computed       the weight of its convolution is computed in each call
 *     none           no layer with weights
 */
#include <cstdio>
#include <cstring>

#include <ATen/ops/arange.h>
#include <torch/csrc/jit/api/module.h>

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

torch::jit::Module none()
{
    torch::jit::Module model("Nothing");
    model.define(R"(
def forward(self, x):
    return torch.mean(x, [2, 3])[:, 0:2]
)");
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
        {"linear_first", linear_first},
        {"branches", branches},
        {"computed", computed},
        {"none", none},
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
