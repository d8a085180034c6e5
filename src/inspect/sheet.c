/* SPDX-License-Identifier: MIT */
/* Contact sheets, drawn with cairo. */
#include "inspect/sheet.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cairo/cairo.h>

#include "base/text.h"
#include "picture/picture_canvas.h"

#define ACROSS     4
#define MOST_DOWN  9
#define CELL_WIDTH 300
#define GAP        14
#define MARGIN     24
#define HEAD       64
#define CAPTION    24
#define MOST_CELL  300  /* height of a tall picture */
#define HEIGHT     1150 /* about */

/* How the sheet is divided. */
struct layout {
    int64_t n; /* pictures */
    int across, down;
    int cell_height; /* of a picture, without its caption */
    int width, height;
};

static struct layout make_layout(const struct ev_set_info *info)
{
    const double ratio = (double)info->shape.height / info->shape.width;
    struct layout layout = {.across = ACROSS};

    layout.cell_height = (int)fmin(fmax(round(CELL_WIDTH * ratio), 20.0), MOST_CELL);
    const int pitch = layout.cell_height + CAPTION + GAP;
    layout.down = (HEIGHT - HEAD - MARGIN) / pitch;
    layout.down = layout.down < 2 ? 2 : layout.down > MOST_DOWN ? MOST_DOWN : layout.down;
    layout.n = (int64_t)layout.across * layout.down;
    if (info->n_rows < layout.n) {
        layout.n = info->n_rows;
        layout.across = layout.n < ACROSS ? (int)layout.n : ACROSS;
        layout.down = (int)((layout.n + layout.across - 1) / layout.across);
    }
    /* Wide enough for the heading. */
    const int columns = layout.across < 2 ? 2 : layout.across;
    layout.width = 2 * MARGIN + columns * CELL_WIDTH + (columns - 1) * GAP;
    layout.height = HEAD + layout.down * pitch - GAP + MARGIN;
    return layout;
}

static uint32_t to_byte(float value)
{
    return value > 0.0f ? (uint32_t)(fminf(value, 1.0f) * 255.0f + 0.5f) : 0;
}

/* A surface with one picture (C, H, W), where 1 is white; the caller destroys it and looks at its
 * status. */
static cairo_surface_t *make_picture(const struct ev_shape *shape, const float *pixels)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, shape->width, shape->height);

    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    unsigned char *to = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const size_t plane = (size_t)shape->height * (size_t)shape->width;
    const bool grey = shape->channels == 1;
    for (int y = 0; y < shape->height; y++) {
        for (int x = 0; x < shape->width; x++) {
            const float *from = pixels + (size_t)y * (size_t)shape->width + x;
            const uint32_t pixel = to_byte(from[0]) << 16 | to_byte(from[grey ? 0 : plane]) << 8 |
                                   to_byte(from[grey ? 0 : 2 * plane]);
            memcpy(to + y * stride + 4 * x, &pixel, sizeof pixel);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

/* Draws the picture into the middle of its cell, as large as it fits; small ones in sharp pixels.
 */
static cairo_status_t draw_picture(cairo_t *cr, const struct ev_shape *shape, const float *pixels,
                                   double x, double y, double cell_height)
{
    const double scale = fmin(CELL_WIDTH / (double)shape->width, cell_height / shape->height);
    const double width = scale * shape->width, height = scale * shape->height;
    cairo_surface_t *picture = make_picture(shape, pixels);
    cairo_status_t status = cairo_surface_status(picture);

    cairo_save(cr);
    cairo_set_source_rgb(cr, 0.94, 0.94, 0.94);
    cairo_rectangle(cr, x, y, CELL_WIDTH, cell_height);
    cairo_fill(cr);
    cairo_translate(cr, x + 0.5 * (CELL_WIDTH - width), y + 0.5 * (cell_height - height));
    cairo_rectangle(cr, 0, 0, width, height);
    cairo_clip(cr);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, picture, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr),
                             scale > 1.0 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_paint(cr);
    cairo_restore(cr);
    cairo_surface_destroy(picture);
    return status;
}

/* --- Text --- */

static void set_font(cairo_t *cr, bool bold, double size, double grey)
{
    cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
    cairo_set_source_rgb(cr, grey, grey, grey);
}

static double width_of(cairo_t *cr, const char *text)
{
    cairo_text_extents_t extents;

    cairo_text_extents(cr, text, &extents);
    return extents.x_advance;
}

/* Writes a text that is one line of Unicode. */
static void write_text(cairo_t *cr, double x, double y, const char *text)
{
    cairo_move_to(cr, x, y);
    cairo_show_text(cr, text);
}

/* Decimals that tell a thousandth of a column's range. */
static int decimals_of(const struct ev_column *column)
{
    const double decimals = 3.0 - floor(log10(column->max - column->min));

    return decimals < 0.0 ? 0 : decimals > 6.0 ? 6 : (int)decimals;
}

/* The row's number at the left, as many labels as fit at the right. */
static void write_caption(cairo_t *cr, const struct ev_set_info *info, int64_t row,
                          const float *labels, double x, double y)
{
    char number[32], label[64], line[EV_MAX_OUTPUTS * 96] = "";
    size_t used = 0;

    set_font(cr, true, 12, 0.15);
    snprintf(number, sizeof number, "row %lld", (long long)row);
    write_text(cr, x, y, number);
    const double room = CELL_WIDTH - width_of(cr, number) - 12;
    set_font(cr, false, 12, 0.30);
    for (int32_t i = 0; i < info->n_outputs; i++) {
        const struct ev_column *column = &info->columns[i];
        size_t before = used;
        used +=
            (size_t)snprintf(line + used, sizeof line - used, "%s%s %s%s%s", i > 0 ? "    " : "",
                             column->name, ev_text_fixed(labels[i], decimals_of(column), label),
                             *column->unit ? " " : "", column->unit);
        if (width_of(cr, line) > room) {
            line[before] = '\0';
            break;
        }
    }
    write_text(cr, x + CELL_WIDTH - width_of(cr, line), y, line);
}

/* Writes as much of a text as fits. */
static void write_fitting(cairo_t *cr, double y, const char *text, double room)
{
    char clean[1024];

    ev_text_clean(text, clean, sizeof clean);
    for (size_t length = strlen(clean); length > 0 && width_of(cr, clean) > room;) {
        /* The end of a character, not of a byte. */
        while (length > 0 && ((unsigned char)clean[--length] & 0xc0) == 0x80)
            ;
        clean[length] = '\0';
    }
    write_text(cr, MARGIN, y, clean);
}

static void write_head(cairo_t *cr, const struct ev_set_info *info, const struct layout *layout)
{
    const char *slash = strrchr(info->path, '/');
    const double room = layout->width - 2 * MARGIN;
    char line[400], shown[64], all[64];

    set_font(cr, true, 18, 0.10);
    write_fitting(cr, 34, slash ? slash + 1 : info->path, room);
    set_font(cr, false, 12, 0.40);
    const bool some = layout->n < info->n_rows;
    snprintf(line, sizeof line, "%s%s%s%s; %d x %d pixels%s%s%.200s",
             some ? ev_text_count(layout->n, NULL, shown) : "", some ? " of " : "",
             ev_text_count(info->n_rows, "row", all), some ? ", evenly spaced" : "",
             info->shape.width, info->shape.height, info->shape.channels == 1 ? ", grey" : "",
             *info->circuit ? "; circuit " : "", info->circuit);
    write_fitting(cr, 53, line, room);
}

/* --- All of it --- */

static enum ev_status draw_cells(cairo_t *cr, struct ev_set *set, const struct layout *layout,
                                 struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const struct ev_shape *shape = &info->shape;
    float *pixels = malloc(ev_set_picture_bytes(info, EV_FORM_F32_NCHW));
    enum ev_status status =
        pixels ? EV_OK : ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);

    for (int64_t i = 0; i < layout->n && status == EV_OK; i++) {
        const int64_t row = layout->n > 1 ? (info->n_rows - 1) * i / (layout->n - 1) : 0;
        const double x = MARGIN + (double)(i % layout->across) * (CELL_WIDTH + GAP);
        const double y =
            HEAD + (double)(i / layout->across) * (layout->cell_height + CAPTION + GAP);
        status = ev_set_read(set, EV_FORM_F32_NCHW, row, 1, pixels, err);
        if (status == EV_OK &&
            draw_picture(cr, shape, pixels, x, y, layout->cell_height) != CAIRO_STATUS_SUCCESS)
            status = ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);
        write_caption(cr, info, row, ev_set_labels(set) + row * info->n_outputs, x,
                      y + layout->cell_height + 16);
    }
    free(pixels);
    return status;
}

enum ev_status ev_sheet_draw(struct ev_set *set, const char *path, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const struct layout layout = make_layout(info);

    if (ev_set_reads_file(set, path))
        return ev_fail(err, EV_USAGE, "--sheet %s: is the set that is read", path);
    if (info->shape.channels != 1 && info->shape.channels != 3 && info->shape.channels != 4)
        return ev_fail(err, EV_UNSUPPORTED,
                       "%s: pictures of %d channels, a sheet shows those of 1, 3 or 4", info->path,
                       info->shape.channels);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, layout.width, layout.height);
    cairo_t *cr = cairo_create(surface);
    enum ev_status status = cairo_status(cr) == CAIRO_STATUS_SUCCESS
                                ? EV_OK
                                : ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    write_head(cr, info, &layout);
    if (status == EV_OK)
        status = draw_cells(cr, set, &layout, err);
    if (status == EV_OK)
        status = ev_canvas_save(surface, path, err);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return status;
}
