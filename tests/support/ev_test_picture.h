/* SPDX-License-Identifier: MIT */
/* Pictures whose pixels can be told apart, and PNG and JPEG files of every kind. Nothing here uses
 * check, so that helper programs can link it; what cannot be done ends the program. */
#ifndef EV_TEST_PICTURE_H
#define EV_TEST_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Noise-like; tests/data/make_opencv_vectors.py computes the same. */
uint8_t ev_test_pixel_at(int32_t y, int32_t x, int32_t c);
/* A picture (height, width, channels) of these, malloc'ed. */
uint8_t *ev_test_pixels(int32_t height, int32_t width, int32_t channels);
/* A picture (height, width, 3) whose left half is of the grey level `number`, 0 to 155, and whose
 * right half is 100 levels brighter: JPEG keeps it within a level or two. malloc'ed. */
uint8_t *ev_test_halves(int32_t height, int32_t width, uint8_t number);

/* A PNG or JPEG file in memory; the caller frees `bytes`. */
struct ev_test_file {
    uint8_t *bytes;
    size_t n_bytes;
};

/* JPEG of pixels (height, width, channels): 1 grey, 3 RGB, 4 CMYK. */
struct ev_test_file ev_test_jpeg(const uint8_t *pixels, int32_t height, int32_t width,
                                 int32_t channels, bool progressive);
/* PNG of raw rows of a colour type and bit depth of libpng's; entry i of a palette is the colour
 * (i, 255 - i, i / 2). */
struct ev_test_file ev_test_png(const uint8_t *rows, int32_t height, int32_t width, int colour_type,
                                int bits, bool interlaced);
/* PNG of RGB pixels with n compressed texts of n_chars characters each. */
struct ev_test_file ev_test_png_texts(const uint8_t *pixels, int32_t height, int32_t width, int n,
                                      size_t n_chars);
/* A whole PNG file that claims to have this size and has no pixels. */
struct ev_test_file ev_test_png_bomb(uint32_t height, uint32_t width);

/* Writes the first n_bytes of a file's. */
void ev_test_write_file(const char *path, const struct ev_test_file *file, size_t n_bytes);

#endif
