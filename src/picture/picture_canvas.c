/* SPDX-License-Identifier: MIT */
/* cairo's pixels, which are words of 32 bits, to and from bytes. */
#include "picture/picture_canvas.h"

#include <stdlib.h>
#include <string.h>

#include "picture/picture.h"

cairo_surface_t *ev_canvas_picture(const uint8_t *pixels, int32_t height, int32_t width,
                                   int32_t channels)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);

    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    unsigned char *to = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const int green = channels == 3 ? 1 : 0, blue = channels == 3 ? 2 : 0;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++, pixels += channels) {
            const uint32_t pixel =
                (uint32_t)pixels[0] << 16 | (uint32_t)pixels[green] << 8 | pixels[blue];
            memcpy(to + y * stride + 4 * x, &pixel, sizeof pixel);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

enum ev_status ev_canvas_save(cairo_surface_t *surface, const char *path, struct ev_error *err)
{
    const int width = cairo_image_surface_get_width(surface);
    const int height = cairo_image_surface_get_height(surface);
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *to = rgb;

    if (!rgb)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    cairo_surface_flush(surface);
    const unsigned char *from = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint32_t pixel;
            memcpy(&pixel, from + y * stride + 4 * x, sizeof pixel);
            *to++ = (uint8_t)(pixel >> 16);
            *to++ = (uint8_t)(pixel >> 8);
            *to++ = (uint8_t)pixel;
        }
    }
    enum ev_status status = ev_picture_write_png(path, rgb, height, width, 3, err);
    free(rgb);
    return status;
}
