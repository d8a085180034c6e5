/* SPDX-License-Identifier: MIT */
/* Pictures that cairo draws, from pixels and into PNG files. */
#ifndef EV_PICTURE_CANVAS_H
#define EV_PICTURE_CANVAS_H

#include <stdint.h>

#include <cairo/cairo.h>

#include "evalrun/error.h"

/* A surface with pixels (height, width, channels), channels 1 or 3; of other numbers the first is
 * shown as grey. The caller destroys it and looks at its status. */
cairo_surface_t *ev_canvas_picture(const uint8_t *pixels, int32_t height, int32_t width,
                                   int32_t channels);

/* Writes a surface of CAIRO_FORMAT_RGB24 as ev_picture_write_png does. */
EV_CHECKED enum ev_status ev_canvas_save(cairo_surface_t *surface, const char *path,
                                         struct ev_error *err);

#endif
