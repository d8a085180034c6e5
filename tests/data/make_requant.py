# SPDX-License-Identifier: MIT
"""Writes requant.csv: sums of products, and the integers that libtorch's convolutions make of them.

Run with a torch that has oneDNN and FBGEMM, on a processor with AVX-512 VNNI but without AMX. Each
order of operations is a process of its own, as oneDNN's instructions are chosen once:

    python3 make_requant.py > requant.csv
"""
import os
import subprocess
import sys

import numpy as np

ORDERS = {"amx": ("onednn", "AVX2"), "avx512": ("onednn", "AVX512_CORE_VNNI"),
          "fbgemm": ("fbgemm", "")}
N_IN, N_OUT, N_PIXELS, N_SEEDS, N_KEPT = 64, 24, 400000, 6, 12
F = np.float32


def guesses(sums, sx, sw, bias, sy, zero, relu):
    """What each order would give, to keep sums of which the orders make different integers."""
    sums = sums.astype(F)
    inverse, product = F(1.0 / sy), F(sx) * sw
    first = F(1) / F(1.0 / sx)
    floor = F(0) if relu else F(-np.inf)
    a = np.maximum(sums * (first * sw) + bias, floor)
    b = np.maximum(sums * first * sw + bias, floor)
    c = np.rint((sums + bias / product) * (product / F(sy))) + F(zero)
    return [np.clip(np.rint(a * inverse + F(zero)), 0, 255),
            np.clip(np.rint(b * inverse + F(zero)), 0, 255), np.clip(c, zero if relu else 0, 255)]


def run(order):
    import torch
    for seed in range(2 * N_SEEDS):
        random, relu = np.random.default_rng(seed), seed % 2 == 1
        sx, sy, zero = 0.0271828 * (1 + relu), 0.0931, 0 if relu else 93
        torch.backends.quantized.engine = ORDERS[order][0]
        x = random.integers(0, 128, (1, N_IN, 1, N_PIXELS), dtype=np.uint8)
        w = random.integers(-127, 128, (N_OUT, N_IN), dtype=np.int8)
        sw = random.uniform(0.0005, 0.003, N_OUT).astype(F)
        bias = random.uniform(-1, 1, N_OUT).astype(F)
        weight = torch._make_per_channel_quantized_tensor(
            torch.from_numpy(w).reshape(N_OUT, N_IN, 1, 1), torch.from_numpy(sw).double(),
            torch.zeros(N_OUT, dtype=torch.long), 0)
        packed = torch.ops.quantized.conv2d_prepack(weight, torch.from_numpy(bias), [1, 1], [0, 0],
                                                    [1, 1], 1)
        conv = torch.ops.quantized.conv2d_relu if relu else torch.ops.quantized.conv2d
        y = conv(torch._make_per_tensor_quantized_tensor(torch.from_numpy(x), sx, 0), packed, sy,
                 zero).int_repr().numpy()[0, :, 0, :]
        sums = w.astype(np.int64) @ x[0, :, 0, :].astype(np.int64)
        rows = guesses(sums, sx, sw[:, None], bias[:, None], sy, zero, relu)
        kept = [np.argwhere(rows[0] != rows[1])[:N_KEPT], np.argwhere(rows[1] != rows[2])[:N_KEPT],
                np.stack([random.integers(0, N_OUT, N_KEPT), random.integers(0, N_PIXELS, N_KEPT)], 1)]
        for o, i in np.unique(np.concatenate(kept), axis=0):
            print(f"{order},{int(relu)},{sums[o, i]},{sx!r},{float(sw[o])!r},{float(bias[o])!r},"
                  f"{sy!r},{zero},{y[o, i]}")


if len(sys.argv) > 1:
    run(sys.argv[1])
else:
    print("order,relu,sum,input_scale,weight_scale,bias,output_scale,zero_point,integer")
    for name, (_, isa) in ORDERS.items():
        environment = dict(os.environ, **({"ONEDNN_MAX_CPU_ISA": isa} if isa else {}))
        sys.stdout.flush()
        subprocess.run([sys.executable, "-W", "ignore", sys.argv[0], name], env=environment, check=True)
