/* SPDX-License-Identifier: MIT */
/*
 * Pictures of 8 bits a channel: read from PNG and JPEG files, cropped, resized, brought into
 * another colour space, written as PNG. All functions may be called from several threads, each
 * with pictures of its own.
 */
#ifndef EV_PICTURE_H
#define EV_PICTURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"

/* Larger pictures are refused by their header, before memory is taken for them. */
#define EV_PICTURE_MAX_SIDE   16384
#define EV_PICTURE_MAX_PIXELS (64 << 20)

/* Rows from the top, channels side by side (R, G, B or one grey). Zeroed: no picture. */
struct ev_picture {
    int32_t height, width, channels;
    size_t row_bytes; /* from one row to the next; more than width * channels in a cropped one */
    uint8_t *pixels;  /* the first pixel */
    uint8_t *memory;  /* what ev_picture_free frees */
};

/* Reads a PNG or JPEG file, told by its first bytes, as RGB: grey and palettes become RGB, 16 bits
 * become 8, transparency is dropped, an orientation in EXIF and gamma are ignored. Failure:
 * EV_INPUT with one line that begins with the path - not a picture, CMYK, too large, truncated,
 * damaged; EV_IO, EV_MEMORY. *picture is then zeroed. */
EV_CHECKED enum ev_status ev_picture_read(const char *path, struct ev_picture *picture,
                                          struct ev_error *err);
/* The same from bytes[0..n_bytes-1] in memory; messages begin with `name`. */
EV_CHECKED enum ev_status ev_picture_decode(const uint8_t *bytes, size_t n_bytes, const char *name,
                                            struct ev_picture *picture, struct ev_error *err);
/* Takes a zeroed one. */
void ev_picture_free(struct ev_picture *picture);

/* Rows [top, bottom) and columns [left, right); a bottom or right of 0 or less is counted from the
 * picture's end, so that a zeroed struct means the whole picture. */
struct ev_picture_crop {
    int32_t top, bottom, left, right;
};

/* Narrows the picture in place, without copying. EV_INPUT, without the picture's name, if the
 * rectangle is empty or not within it; the picture is then as it was. */
EV_CHECKED enum ev_status ev_picture_crop(struct ev_picture *picture,
                                          const struct ev_picture_crop *crop, struct ev_error *err);

/* All with half-pixel centres and without antialiasing but for `area`: linear as OpenCV's
 * INTER_LINEAR within one grey level, nearest as its INTER_NEAREST_EXACT (between two pixels, the
 * right or lower one); area is the mean of what a pixel covers, as INTER_AREA where pictures
 * shrink. */
enum ev_picture_resize { EV_RESIZE_LINEAR, EV_RESIZE_AREA, EV_RESIZE_NEAREST };

/* Resizes into out (height, width, channels of the picture). Failure: EV_MEMORY. */
EV_CHECKED enum ev_status ev_picture_resize(const struct ev_picture *picture,
                                            enum ev_picture_resize method, int32_t height,
                                            int32_t width, uint8_t *out, struct ev_error *err);

enum ev_picture_colour { EV_COLOUR_RGB, EV_COLOUR_YUV, EV_COLOUR_GREY };

/* "rgb", "yuv", "grey". */
const char *ev_picture_colour_name(enum ev_picture_colour colour);
/* Channels of a picture in that colour space. */
int32_t ev_picture_colour_channels(enum ev_picture_colour colour);
/* Brings n RGB pixels into another colour space, in place, as OpenCV's COLOR_RGB2YUV and
 * COLOR_RGB2GRAY do with 8 bits; grey pixels (n of them) lie one after the other at the front. */
void ev_picture_convert(uint8_t *pixels, size_t n, enum ev_picture_colour colour);

/* Writes pixels (height, width, channels), channels 1 or 3, as an 8-bit PNG file, whole or absent.
 * Failure: by ev_file_status, naming the path; EV_MEMORY. */
EV_CHECKED enum ev_status ev_picture_write_png(const char *path, const uint8_t *pixels,
                                               int32_t height, int32_t width, int32_t channels,
                                               struct ev_error *err);
/* The same into a stream that is the caller's, who also looks for its errors; messages begin with
 * `path`. For many pictures: no syncing, and a quick compression. */
EV_CHECKED enum ev_status ev_picture_put_png(FILE *stream, const char *path, const uint8_t *pixels,
                                             int32_t height, int32_t width, int32_t channels,
                                             struct ev_error *err);

#endif
