/* SPDX-License-Identifier: MIT */
/* Values of pictures: from the order and type in which they lie in a file to those that models
 * read. Pictures are packed, n_pixels = H * W of each. Threads: any, on buffers of their own. */
#ifndef EV_PIXEL_H
#define EV_PIXEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Type of a picture's values in a file; floats are IEEE, in the machine's byte order. */
enum ev_element {
    EV_ELEMENT_U8,
    EV_ELEMENT_F16,
    EV_ELEMENT_F32,
};

/* Bytes of one value. */
size_t ev_element_bytes(enum ev_element element);

/* Values of n_pictures, (H, W, C) or with `planar` (C, H, W), to float32 (C, H, W): bytes as
 * x / 255, floats as x / white. */
void ev_pixels_to_floats(enum ev_element element, bool planar, double white, int64_t n_pictures,
                         int64_t n_pixels, int32_t n_channels, const void *values, float *floats);

/* Bytes (C, H, W) to (H, W, C). */
void ev_pixels_interleave(int64_t n_pictures, int64_t n_pixels, int32_t n_channels,
                          const uint8_t *planes, uint8_t *pixels);

/* Mirrors lines of `width` pixels in place, left to right: H lines of C bytes a pixel are a picture
 * (H, W, C), C * H lines of 4 bytes one of floats (C, H, W). */
void ev_pixels_mirror(int64_t n_lines, int64_t width, int32_t pixel_bytes, void *pixels);

/* IEEE 754 binary16 to binary32, exact; a NaN stays one. */
float ev_half_to_float(uint16_t half);

#endif
