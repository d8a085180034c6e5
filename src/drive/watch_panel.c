/* SPDX-License-Identifier: MIT */
/* One moment of a lap, drawn with cairo: the camera's picture above, figures and map below. */
#include <cairo/cairo.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "drive/watch.h"

#define PICTURE_HEIGHT 211 /* 66 x 200 pixels, 3.2 times as large */
#define MAP_X          330
#define MAP_Y          (PICTURE_HEIGHT + 10)
#define MAP_WIDTH      (EV_PANEL_WIDTH - MAP_X - 10)
#define MAP_HEIGHT     (EV_PANEL_HEIGHT - MAP_Y - 10)
#define TEXT_X         16

/* A gauge from -range to range around its middle. */
#define GAUGE_WIDTH 120.0

static void set_ink(cairo_t *cr)
{
    cairo_set_source_rgb(cr, 0.13, 0.13, 0.13);
}

static void draw_camera(cairo_t *cr, const uint8_t *rgb)
{
    cairo_surface_t *picture =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, EV_PICTURE_WIDTH, EV_PICTURE_HEIGHT);

    if (cairo_surface_status(picture) == CAIRO_STATUS_SUCCESS) {
        unsigned char *pixels = cairo_image_surface_get_data(picture);
        int stride = cairo_image_surface_get_stride(picture);
        cairo_surface_flush(picture);
        for (int y = 0; y < EV_PICTURE_HEIGHT; y++) {
            for (int x = 0; x < EV_PICTURE_WIDTH; x++) {
                const uint8_t *from = rgb + (y * EV_PICTURE_WIDTH + x) * 3;
                uint32_t pixel = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
                memcpy(pixels + y * stride + 4 * x, &pixel, sizeof pixel);
            }
        }
        cairo_surface_mark_dirty(picture);
    }
    cairo_save(cr);
    cairo_scale(cr, (double)EV_PANEL_WIDTH / EV_PICTURE_WIDTH,
                (double)PICTURE_HEIGHT / EV_PICTURE_HEIGHT);
    cairo_set_source_surface(cr, picture, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
    cairo_surface_destroy(picture);
}

/* Metres to the panel's pixels, y upwards. */
struct map {
    double x_m, y_m, px_per_m, left, bottom;
};

static struct map make_map(const struct ev_track *track)
{
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;

    for (int32_t i = 0; i < track->n_segments; i++) {
        x0 = fmin(x0, track->segments[i].x_m);
        x1 = fmax(x1, track->segments[i].x_m);
        y0 = fmin(y0, track->segments[i].y_m);
        y1 = fmax(y1, track->segments[i].y_m);
    }
    double scale = fmin(MAP_WIDTH / fmax(x1 - x0, 1.0), MAP_HEIGHT / fmax(y1 - y0, 1.0)) * 0.92;
    return (struct map){x0, y0, scale, MAP_X + 0.5 * (MAP_WIDTH - scale * (x1 - x0)),
                        MAP_Y + MAP_HEIGHT - 0.5 * (MAP_HEIGHT - scale * (y1 - y0))};
}

static void line_to(cairo_t *cr, const struct map *map, double x_m, double y_m)
{
    cairo_line_to(cr, map->left + (x_m - map->x_m) * map->px_per_m,
                  map->bottom - (y_m - map->y_m) * map->px_per_m);
}

static void draw_map(cairo_t *cr, const struct ev_track *track, const struct ev_lap *lap,
                     int64_t frame)
{
    const struct map map = make_map(track);
    const struct ev_pose *pose = &lap->frames[frame].pose;

    cairo_set_line_width(cr, 4.0);
    cairo_set_source_rgb(cr, 0.80, 0.80, 0.80);
    for (int32_t i = 0; i < track->n_segments; i++)
        line_to(cr, &map, track->segments[i].x_m, track->segments[i].y_m);
    cairo_close_path(cr);
    cairo_stroke(cr);
    cairo_set_line_width(cr, 2.0);
    cairo_set_source_rgb(cr, 0.0, 0.45, 0.70);
    for (int64_t i = 0; i <= frame; i++)
        line_to(cr, &map, lap->frames[i].pose.x_m, lap->frames[i].pose.y_m);
    cairo_stroke(cr);
    cairo_set_source_rgb(cr, 0.84, 0.37, 0.0);
    cairo_arc(cr, map.left + (pose->x_m - map.x_m) * map.px_per_m,
              map.bottom - (pose->y_m - map.y_m) * map.px_per_m, 5.0, 0.0, 2.0 * M_PI);
    cairo_fill(cr);
}

EV_PRINTF(4, 5)
static void write_line(cairo_t *cr, double y, double size, const char *format, ...)
{
    char text[200], clean[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ev_text_clean(text, clean, sizeof clean);
    cairo_set_font_size(cr, size);
    cairo_move_to(cr, TEXT_X, y);
    cairo_show_text(cr, clean);
}

/* A bar from the gauge's middle to `value`, to the left where it is positive: left is positive for
 * the yaw rate and for the offset. */
static void draw_gauge(cairo_t *cr, double y, double value, double range)
{
    const double middle = 250.0;
    double length = fmin(fmax(value / range, -1.0), 1.0) * 0.5 * GAUGE_WIDTH;

    cairo_set_source_rgb(cr, 0.88, 0.88, 0.88);
    cairo_rectangle(cr, middle - 0.5 * GAUGE_WIDTH, y - 10, GAUGE_WIDTH, 11);
    cairo_fill(cr);
    cairo_set_source_rgb(cr, 0.84, 0.37, 0.0);
    cairo_rectangle(cr, length > 0 ? middle - length : middle, y - 10, fabs(length), 11);
    cairo_fill(cr);
    set_ink(cr);
    cairo_rectangle(cr, middle - 0.5, y - 12, 1, 15);
    cairo_fill(cr);
}

static void write_figures(cairo_t *cr, const struct ev_drive_result *result,
                          const struct ev_drive_run *run, const struct ev_lap *lap, int64_t number)
{
    const struct ev_lap_frame *frame = &lap->frames[number];
    char name[120];

    ev_drive_run_name(result, run, ", ", name, sizeof name);
    cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    set_ink(cr);
    write_line(cr, PICTURE_HEIGHT + 30, 17, "%s", result->args->backends[run->backend].name);
    write_line(cr, PICTURE_HEIGHT + 52, 12, "%s", name);
    write_line(cr, PICTURE_HEIGHT + 82, 12, "%.2f s, %.0f of %.0f m", frame->time_s,
               fmax(frame->progress_m, 0.0), lap->length_m);
    write_line(cr, PICTURE_HEIGHT + 106, 12, "speed %.1f m/s", frame->motion.v_mps);
    draw_gauge(cr, PICTURE_HEIGHT + 130, frame->motion.w_radps, EV_CAR_W_MAX_RADPS);
    write_line(cr, PICTURE_HEIGHT + 130, 12, "yaw rate %+.2f rad/s", frame->motion.w_radps);
    draw_gauge(cr, PICTURE_HEIGHT + 154, frame->offset_m, 0.5);
    write_line(cr, PICTURE_HEIGHT + 154, 12, "from the line %+.2f m", frame->offset_m);
    if (isfinite(frame->command.v_mps) && isfinite(frame->command.w_radps))
        write_line(cr, PICTURE_HEIGHT + 178, 12, "answer: %.1f m/s, %+.2f rad/s",
                   frame->command.v_mps, frame->command.w_radps);
    else
        write_line(cr, PICTURE_HEIGHT + 178, 12, "busy: the picture is missed");
}

void ev_panel_draw(cairo_t *cr, const struct ev_drive_result *result,
                   const struct ev_drive_run *run, int64_t which, int64_t frame)
{
    const struct ev_track *track = result->args->tracks[run->track];
    const struct ev_lap *lap = &run->laps[which];
    uint8_t rgb[EV_PICTURE_BYTES];

    ev_lap_picture(track, result->args->seed, which, frame, lap->frames[frame].pose, rgb);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_rectangle(cr, 0, 0, EV_PANEL_WIDTH, EV_PANEL_HEIGHT);
    cairo_fill(cr);
    draw_camera(cr, rgb);
    draw_map(cr, track, lap, frame);
    write_figures(cr, result, run, lap, frame);
}
