/* SPDX-License-Identifier: MIT */
/*
 * Draws the sheet with cairo: a row of pictures for each backend, in each the label and both
 * answers as arrows from the lower edge, with their numbers below. An arrow is as long as the first
 * output that is never negative is large, and bends to the left as the first signed output is
 * positive: a car's speed and yaw rate.
 */
#include "report/worst_sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairo/cairo.h>

#include "base/file.h"
#include "base/text.h"
#include "picture/picture_canvas.h"

#define ACROSS     4
#define CELL_WIDTH 300
#define GAP        14
#define MARGIN     24
#define HEAD       76
#define ROW_HEAD   30
#define LINE       16
#define CAPTION    (4 * LINE + 8)
#define MOST_CELL  300.0
/* In front of the numbers of an answer. */
#define NAME_WIDTH 100

/* Pixels of the file for one of the layout. */
#define SCALE 1.5

/* Who says something of a picture, and how it is drawn: told apart in grey by width and dashes. */
struct voice {
    double red, green, blue;
    double dashes[2];
    int n_dashes;
};

enum { TRUTH, REFERENCE, VARIANT, N_VOICES };

static const struct voice voices[N_VOICES] = {
    {0.10, 0.10, 0.10, {0, 0}, 0},
    {0.00, 0.45, 0.70, {7, 4}, 2},
    {0.84, 0.37, 0.00, {2, 3}, 2},
};

/* A picture and what is said of it. */
struct shown {
    const struct ev_samples_picture *picture;
    const struct ev_samples_set *set;
    const struct ev_column *columns;
    const float *normalised[N_VOICES]; /* (n_outputs); the label's is `label` */
    float label[EV_MAX_OUTPUTS];
};

struct sheet {
    const struct ev_view *view;
    const struct ev_samples *samples;
    int cell_height;
    int height;
};

/* --- What is shown --- */

/* False for a picture whose numbers are not all there. */
static bool find_shown(const struct ev_view *view, const struct ev_samples_picture *picture,
                       struct shown *shown)
{
    const struct ev_samples *samples = &view->result->samples;
    const struct ev_samples_set *set = &samples->sets[picture->set];
    const int reference = ev_samples_find_backend(samples, view->backends[view->reference]);

    *shown =
        (struct shown){.picture = picture, .set = set, .columns = ev_view_columns_of(view, set)};
    if (!shown->columns || reference < 0 || !set->outputs[reference] ||
        !set->outputs[picture->backend] || set->n_outputs > EV_MAX_OUTPUTS)
        return false;
    const int64_t first = picture->row * set->n_outputs;
    for (int32_t k = 0; k < set->n_outputs; k++) {
        const struct ev_column *column = &shown->columns[k];
        shown->label[k] =
            (float)(((double)set->labels[first + k] - column->min) / (column->max - column->min));
    }
    shown->normalised[REFERENCE] = set->outputs[reference] + first;
    shown->normalised[VARIANT] = set->outputs[picture->backend] + first;
    return true;
}

/* The backend's pictures that can be shown, at most a row of them. */
static int find_row(const struct ev_view *view, size_t backend, struct shown shown[ACROSS])
{
    const struct ev_samples *samples = &view->result->samples;
    const int number = ev_samples_find_backend(samples, view->backends[backend]);
    int n = 0;

    for (size_t i = 0; i < samples->n_pictures && n < ACROSS; i++) {
        if (samples->pictures[i].backend == number &&
            find_shown(view, &samples->pictures[i], &shown[n]))
            n++;
    }
    return n;
}

bool ev_worst_has_pictures(const struct ev_view *view)
{
    struct shown shown[ACROSS];

    for (size_t b = 0; b < view->n_backends; b++) {
        if (b != view->reference && find_row(view, b, shown) > 0)
            return true;
    }
    return false;
}

/* --- Drawing --- */

static void set_font(cairo_t *cr, bool bold, double size)
{
    cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
    cairo_set_source_rgb(cr, 0.13, 0.13, 0.13);
}

static double width_of(cairo_t *cr, const char *text)
{
    cairo_text_extents_t extents;

    cairo_text_extents(cr, text, &extents);
    return extents.x_advance;
}

/* Writes a text, without its end where it is wider than `room`. */
static void write_text(cairo_t *cr, double x, double y, double room, const char *text)
{
    char clean[400];

    ev_text_clean(text, clean, sizeof clean);
    for (size_t length = strlen(clean); length > 0 && width_of(cr, clean) > room;) {
        while (length > 0 && ((unsigned char)clean[--length] & 0xc0) == 0x80)
            ;
        clean[length] = '\0';
    }
    cairo_move_to(cr, x, y);
    cairo_show_text(cr, clean);
}

/* Along the path, which is then gone. */
static void stroke(cairo_t *cr, const struct voice *voice, bool dashed)
{
    if (voice == &voices[TRUTH]) {
        /* A white line with dark edges: the answers are drawn within it and beside it. */
        cairo_set_line_width(cr, 8);
        cairo_set_source_rgb(cr, voice->red, voice->green, voice->blue);
        cairo_stroke_preserve(cr);
        cairo_set_line_width(cr, 6);
        cairo_set_source_rgb(cr, 1, 1, 1);
    } else {
        cairo_set_dash(cr, voice->dashes, dashed ? voice->n_dashes : 0, 0);
        cairo_set_line_width(cr, 2.4);
        cairo_set_source_rgb(cr, voice->red, voice->green, voice->blue);
    }
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static bool is_signed(const struct ev_column *column)
{
    return column->min < 0 && column->max > 0;
}

/* Length and bend of an arrow, 0..1 and -1..1; NAN where an output is no number. */
static void arrow_of(const struct shown *shown, const float *normalised, double *length,
                     double *bend)
{
    bool has_length = false, has_bend = false;

    *length = 1;
    *bend = 0;
    for (int32_t k = 0; k < shown->set->n_outputs; k++) {
        const struct ev_column *column = &shown->columns[k];
        const double value = column->min + (double)normalised[k] * (column->max - column->min);
        if (is_signed(column) && !has_bend) {
            *bend = value / fmax(-column->min, column->max);
            has_bend = true;
        } else if (!is_signed(column) && !has_length) {
            *length = (double)normalised[k];
            has_length = true;
        }
    }
}

/* An arrow from the middle of the lower edge; the label's has no head. */
static void draw_arrow(cairo_t *cr, const struct shown *shown, const float *normalised,
                       const struct voice *voice, double width, double height)
{
    const int n_steps = 24;
    double length, bend, x = width / 2, y = height - 3, angle = 0;

    arrow_of(shown, normalised, &length, &bend);
    if (!isfinite(length) || !isfinite(bend))
        return;
    const double step = height * (0.30 + 0.55 * fmin(fmax(length, 0), 1)) / n_steps;
    const double turn = 1.4 * fmin(fmax(bend, -1), 1) / n_steps;
    cairo_move_to(cr, x, y);
    for (int i = 0; i < n_steps; i++) {
        angle += turn;
        x -= step * sin(angle);
        y -= step * cos(angle);
        cairo_line_to(cr, x, y);
    }
    stroke(cr, voice, true);
    if (voice == &voices[TRUTH])
        return;
    for (int side = -1; side <= 1; side += 2) {
        const double back = angle + side * 0.5;
        cairo_move_to(cr, x, y);
        cairo_line_to(cr, x + 9 * sin(back), y + 9 * cos(back));
    }
    stroke(cr, voice, false);
}

static cairo_status_t draw_picture(cairo_t *cr, const struct shown *shown, double x, double y,
                                   double cell_height)
{
    const struct ev_samples_picture *picture = shown->picture;
    const double scale = fmin(CELL_WIDTH / (double)picture->width, cell_height / picture->height);
    const double width = scale * picture->width, height = scale * picture->height;
    cairo_surface_t *surface =
        ev_canvas_picture(picture->pixels, picture->height, picture->width, picture->channels);
    cairo_status_t status = cairo_surface_status(surface);

    cairo_save(cr);
    cairo_translate(cr, x + 0.5 * (CELL_WIDTH - width), y + 0.5 * (cell_height - height));
    cairo_rectangle(cr, 0, 0, width, height);
    cairo_clip(cr);
    cairo_save(cr);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr),
                             scale > 1.0 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_paint(cr);
    cairo_restore(cr);
    draw_arrow(cr, shown, shown->label, &voices[TRUTH], width, height);
    for (int i = REFERENCE; i < N_VOICES; i++)
        draw_arrow(cr, shown, shown->normalised[i], &voices[i], width, height);
    cairo_restore(cr);
    cairo_surface_destroy(surface);
    return status;
}

/* Decimals that tell a thousandth of a column's range. */
static int decimals_of(const struct ev_column *column)
{
    const double decimals = 3.0 - floor(log10(column->max - column->min));

    return decimals < 0.0 ? 0 : decimals > 6.0 ? 6 : (int)decimals;
}

/* "v 12.31 m/s   w 0.42 rad/s": as many outputs as there is room for. */
static void write_numbers(cairo_t *cr, const struct shown *shown, const float *normalised, double x,
                          double y, double room)
{
    char text[EV_MAX_OUTPUTS * 128] = "", clean[sizeof text];
    size_t used = 0;

    for (int32_t k = 0; k < shown->set->n_outputs; k++) {
        const size_t before = used;
        const struct ev_column *column = &shown->columns[k];
        const double value = column->min + (double)normalised[k] * (column->max - column->min);
        char number[64];
        used += (size_t)snprintf(
            text + used, sizeof text - used, "%s%s %s%s%s", k > 0 ? "   " : "", column->name,
            isfinite(value) ? ev_text_fixed(value, decimals_of(column), number) : "no number",
            *column->unit ? " " : "", column->unit);
        ev_text_clean(text, clean, sizeof clean);
        if (width_of(cr, clean) > room) {
            text[before] = '\0';
            break;
        }
    }
    write_text(cr, x, y, room, text);
}

static void write_caption(cairo_t *cr, const struct sheet *sheet, size_t backend,
                          const struct shown *shown, double x, double y)
{
    char text[160], names[N_VOICES][16];
    const float *const said[N_VOICES] = {shown->label, shown->normalised[REFERENCE],
                                         shown->normalised[VARIANT]};

    snprintf(names[TRUTH], sizeof names[TRUTH], "label");
    ev_view_label(sheet->view, sheet->view->reference, names[REFERENCE], sizeof names[REFERENCE]);
    ev_view_label(sheet->view, backend, names[VARIANT], sizeof names[VARIANT]);
    set_font(cr, true, 11);
    snprintf(text, sizeof text, "%.100s, row %lld", shown->set->name,
             (long long)shown->picture->row);
    write_text(cr, x, y, CELL_WIDTH, text);
    set_font(cr, false, 11);
    for (int i = 0; i < N_VOICES; i++) {
        const double line = y + (i + 1) * LINE;
        write_text(cr, x, line, NAME_WIDTH - 4, names[i]);
        write_numbers(cr, shown, said[i], x + NAME_WIDTH, line, CELL_WIDTH - NAME_WIDTH);
    }
}

/* How each voice is drawn. */
static void write_head(cairo_t *cr, const struct sheet *sheet)
{
    char names[N_VOICES][44] = {"label", "", "the backend of the row"};
    double x = MARGIN;

    ev_view_label(sheet->view, sheet->view->reference, names[REFERENCE], sizeof names[REFERENCE]);
    set_font(cr, true, 18);
    write_text(cr, MARGIN, 34, 1000, "Worst disagreements");
    for (int i = 0; i < N_VOICES; i++) {
        cairo_move_to(cr, x, 54);
        cairo_line_to(cr, x + 40, 54);
        stroke(cr, &voices[i], true);
        set_font(cr, false, 12);
        write_text(cr, x + 48, 58, 300, names[i]);
        x += 340;
    }
}

static cairo_status_t draw_rows(cairo_t *cr, const struct sheet *sheet)
{
    cairo_status_t status = CAIRO_STATUS_SUCCESS;
    double y = HEAD;

    for (size_t b = 0; b < sheet->view->n_backends; b++) {
        struct shown shown[ACROSS];
        char label[44];
        const int n = b == sheet->view->reference ? 0 : find_row(sheet->view, b, shown);
        if (n == 0)
            continue;
        ev_view_label(sheet->view, b, label, sizeof label);
        set_font(cr, true, 14);
        write_text(cr, MARGIN, y + 18, 1000, label);
        for (int i = 0; i < n && status == CAIRO_STATUS_SUCCESS; i++) {
            const double x = MARGIN + i * (CELL_WIDTH + GAP);
            status = draw_picture(cr, &shown[i], x, y + ROW_HEAD, sheet->cell_height);
            write_caption(cr, sheet, b, &shown[i], x, y + ROW_HEAD + sheet->cell_height + LINE);
        }
        y += ROW_HEAD + sheet->cell_height + CAPTION + GAP;
    }
    return status == CAIRO_STATUS_SUCCESS ? cairo_status(cr) : status;
}

/* All cells are as high as the tallest picture wants. */
static void measure(struct sheet *sheet)
{
    int n_rows = 0;
    double ratio = 0;

    for (size_t b = 0; b < sheet->view->n_backends; b++) {
        struct shown shown[ACROSS];
        const int n = b == sheet->view->reference ? 0 : find_row(sheet->view, b, shown);
        n_rows += n > 0;
        for (int i = 0; i < n; i++)
            ratio = fmax(ratio, (double)shown[i].picture->height / shown[i].picture->width);
    }
    sheet->cell_height = (int)fmin(fmax(round(CELL_WIDTH * ratio), 40), MOST_CELL);
    sheet->height = HEAD + n_rows * (ROW_HEAD + sheet->cell_height + CAPTION + GAP) + MARGIN - GAP;
}

static enum ev_status draw_sheet(const struct ev_view *view, const char *path, struct ev_error *err)
{
    struct sheet sheet = {view, &view->result->samples, 0, 0};
    const int width = 2 * MARGIN + ACROSS * CELL_WIDTH + (ACROSS - 1) * GAP;

    measure(&sheet);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(SCALE * width),
                                                          (int)(SCALE * sheet.height));
    cairo_t *cr = cairo_create(surface);
    cairo_scale(cr, SCALE, SCALE);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    write_head(cr, &sheet);
    enum ev_status status = draw_rows(cr, &sheet) == CAIRO_STATUS_SUCCESS
                                ? ev_canvas_save(surface, path, err)
                                : ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return status;
}

enum ev_status ev_worst_write(const struct ev_view *view, const char *folder, struct ev_error *err)
{
    char *path = ev_path_join(folder, EV_WORST_NAME ".png");
    enum ev_status status = path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && ev_worst_has_pictures(view))
        status = draw_sheet(view, path, err);
    else if (status == EV_OK)
        (void)unlink(path);
    free(path);
    return status;
}
