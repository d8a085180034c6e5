/* SPDX-License-Identifier: MIT */
/* Colour spaces with OpenCV's 8-bit arithmetic, to the last bit: weights as whole numbers, halves
 * rounded up. */
#include "picture/picture.h"

/* Weights of Y (ITU-R BT.601: 0.299, 0.587, 0.114) times 2^14 and, for grey alone, times 2^15. */
#define YUV_BITS  14
#define GREY_BITS 15

const char *ev_picture_colour_name(enum ev_picture_colour colour)
{
    static const char *const names[] = {"rgb", "yuv", "grey"};

    return names[colour];
}

int32_t ev_picture_colour_channels(enum ev_picture_colour colour)
{
    return colour == EV_COLOUR_GREY ? 1 : 3;
}

static uint8_t clamp(int32_t value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

/* U = 0.492 (B - Y) + 128, V = 0.877 (R - Y) + 128. */
static void convert_to_yuv(uint8_t *pixels, size_t n)
{
    const int32_t half = 1 << (YUV_BITS - 1), middle = 128 << YUV_BITS;

    for (size_t i = 0; i < n; i++, pixels += 3) {
        int32_t r = pixels[0], g = pixels[1], b = pixels[2];
        int32_t y = (4899 * r + 9617 * g + 1868 * b + half) >> YUV_BITS;
        pixels[0] = (uint8_t)y;
        pixels[1] = clamp((8061 * (b - y) + middle + half) >> YUV_BITS);
        pixels[2] = clamp((14369 * (r - y) + middle + half) >> YUV_BITS);
    }
}

static void convert_to_grey(uint8_t *pixels, size_t n)
{
    const uint8_t *from = pixels;

    for (size_t i = 0; i < n; i++, from += 3)
        pixels[i] = (uint8_t)((9798 * from[0] + 19235 * from[1] + 3735 * from[2] +
                               (1 << (GREY_BITS - 1))) >>
                              GREY_BITS);
}

void ev_picture_convert(uint8_t *pixels, size_t n, enum ev_picture_colour colour)
{
    if (colour == EV_COLOUR_YUV)
        convert_to_yuv(pixels, n);
    else if (colour == EV_COLOUR_GREY)
        convert_to_grey(pixels, n);
}
