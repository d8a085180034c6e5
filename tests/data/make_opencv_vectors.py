#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes opencv.txt, which tests/unit/test_picture.c compares with: pictures that OpenCV resized or
brought into another colour space. Needs numpy and opencv-python-headless; made with OpenCV 5.0.0.

A line is: operation, height, width and channels of the input, height and width of the output, and
the output's bytes in hexadecimal. The input is pixel(y, x, c), which the test computes itself.

Usage: make_opencv_vectors.py >opencv.txt
"""
import cv2
import numpy as np

RESIZES = {
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST_EXACT,
}
SHRINKING = [(24, 32, 3, 13, 20), (48, 64, 3, 7, 20), (20, 30, 1, 10, 15), (33, 17, 3, 32, 16)]
GROWING = [(11, 13, 3, 22, 31), (5, 40, 1, 9, 13), (1, 1, 3, 4, 3)]
REFERENCE = [(240, 640, 1, 66, 200)]
CASES = {
    "linear": SHRINKING + GROWING + REFERENCE,
    "area": SHRINKING,
    # Where a centre lies between two pixels OpenCV takes now one, now the other: few such sizes.
    "nearest": SHRINKING[2:] + GROWING,
}
COLOURS = {"yuv": cv2.COLOR_RGB2YUV, "grey": cv2.COLOR_RGB2GRAY}


def picture(height, width, channels):
    y, x, c = np.ogrid[:height, :width, :channels]
    return ((3 * x * x + 5 * y * y + 7 * x * y + 89 * c + x) % 256).astype(np.uint8)


def show(operation, source, out):
    sizes = (*source.shape, *out.shape[:2])
    print(operation, *sizes, out.tobytes().hex())


print(f"# OpenCV {cv2.__version__}")
for method, cases in CASES.items():
    for height, width, channels, out_height, out_width in cases:
        source = picture(height, width, channels)
        out = cv2.resize(source, (out_width, out_height), interpolation=RESIZES[method])
        show(method, source, out)
for colour, code in COLOURS.items():
    source = picture(40, 50, 3)
    show(colour, source, cv2.cvtColor(source, code))
