#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes numpy_errors.txt, which tests/unit/test_numpy_errors.c compares with: outputs and labels of
a few hundred rows, and their errors as NumPy computes them in float64. Needs numpy; made with NumPy
2.4.

All numbers are hexadecimal floats, so that none is rounded on its way. A case is a line

    case NAME N_ROWS BATCH_ROWS

then two lines of columns, `column NAME MIN MAX`, a line for each row with its labels v and w, the
outputs for its picture, and the outputs for the picture mirrored, and the figures, `FIGURE VALUE`
with v_, w_ or all_ before it; study_ are those of src/eval/study.h.

Usage: make_numpy_errors.py >numpy_errors.txt
"""
import re

import numpy as np

COLUMNS = [("v", 6.5, 24.0), ("w", -7.1, 7.1)]
LOW = np.array([low for _, low, _ in COLUMNS])
RANGE = np.array([high - low for _, low, high in COLUMNS])
BATCH_ROWS = 64


def short(value):
    """A hexadecimal float without the zeros behind its last digit."""
    return re.sub(r"\.?0*p", "p", float(value).hex())


def plain(rng):
    """Errors as a trained model has them, and bends on both sides of the study's limits."""
    n = 300
    labels = np.stack([rng.uniform(6.5, 24, n), 1.6 * rng.standard_normal(n)], axis=1)
    labels[:8, 1] = [1, -1, 2, -2, 1.0000001, -2.0000002, 0, -0.0]
    labels = labels.astype(np.float32)
    targets = (labels - LOW) / RANGE
    outputs = (targets + 0.05 * rng.standard_normal((n, 2))).astype(np.float32)
    targets[:, 1] = 1 - targets[:, 1]
    mirrored = (targets + 0.07 * rng.standard_normal((n, 2))).astype(np.float32)
    return labels, outputs, mirrored


def wide(rng):
    """Errors from 1e-7 to 1e7, so that the order of sums would show."""
    labels, outputs, mirrored = plain(rng)
    scale = 10.0 ** rng.uniform(-7, 7, outputs.shape)
    return labels, (outputs * scale).astype(np.float32), mirrored


def awkward(rng):
    """The ends of float32, exact hits, outputs that are all the same, labels far outside."""
    values = np.array([0, -0.0, 1, 1e-45, -1e-38, 1.17549435e-38, 3.0e38, -3.0e38, 0.5, 1 / 3, 1e-20])
    pairs = np.array([(a, b) for a in values for b in values])
    labels = np.resize([[6.5, -7.1], [24, 7.1], [15.25, 0], [-1e6, 1e6]], (len(pairs), 2))
    return labels.astype(np.float32), pairs.astype(np.float32), pairs[::-1].astype(np.float32)


def single(rng):
    """One row."""
    return tuple(array[:1] for array in plain(rng))


def print_errors(name, errors, scale):
    print(f"{name}_mse_norm {np.mean(errors**2).hex()}")
    print(f"{name}_mae_norm {np.mean(np.abs(errors)).hex()}")
    if scale is not None:
        print(f"{name}_mse {np.mean((errors * scale) ** 2).hex()}")
        print(f"{name}_mae {np.mean(np.abs(errors * scale)).hex()}")
        print(f"{name}_rmse {np.sqrt(np.mean((errors * scale) ** 2)).hex()}")


def study(lists):
    """Of lists of (|w|, squared error of a row), the pictures' and perhaps their mirror images'."""
    bends = np.concatenate([bend for bend, _ in lists])
    squares = np.concatenate([square for _, square in lists])
    bent, sharp = squares[(bends > 1) & (bends <= 2)], squares[bends > 2]
    squares = np.concatenate([squares, np.tile(bent, 5), np.tile(sharp, 10)])
    batches = [squares[i : i + BATCH_ROWS] for i in range(0, len(squares), BATCH_ROWS)]
    return np.mean([np.mean(batch) for batch in batches])


def print_case(name, labels, outputs, mirrored):
    print(f"case {name} {len(labels)} {BATCH_ROWS}")
    for column, low, high in COLUMNS:
        print(f"column {column} {low.hex()} {high.hex()}")
    for row in np.concatenate([labels, outputs, mirrored], axis=1):
        print(" ".join(short(value) for value in row))
    wide_labels = labels.astype(np.float64)
    errors = outputs.astype(np.float64) - (wide_labels - LOW) / RANGE
    for k, (column, _, _) in enumerate(COLUMNS):
        print_errors(column, errors[:, k], RANGE[k])
    print_errors("all", errors, None)
    flipped = wide_labels * [1, -1]
    mirrored_errors = mirrored.astype(np.float64) - (flipped - LOW) / RANGE
    bends = np.abs(wide_labels[:, 1])
    lists = [(bends, np.mean(errors**2, axis=1)), (bends, np.mean(mirrored_errors**2, axis=1))]
    print(f"study_mse {study(lists[:1]).hex()}")
    print(f"study_mse_mirrored {study(lists).hex()}")


if __name__ == "__main__":
    print(f"# NumPy {np.__version__}")
    generator = np.random.default_rng(20170425)
    for make in (plain, wide, awkward, single):
        print_case(make.__name__, *make(generator))
