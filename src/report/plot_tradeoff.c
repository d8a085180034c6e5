/* SPDX-License-Identifier: MIT */
/*
 * The chart of size against error against time: time to the right, error upwards, size as the area
 * of a disc. Axes are chosen here, as the names beside the discs must be placed so that none lies
 * on another or on a point; a name without a free place is left to the list below the chart.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/plot_script.h"

/* The plot area of plots/tradeoff.gp and what is drawn in it, in pixels: near enough to tell what
 * would overlap. */
#define AREA_WIDTH   820.0
#define AREA_HEIGHT  330.0
#define CHAR_WIDTH   6.6
#define TEXT_HEIGHT  14.0
#define POINT_RADIUS 5.0
#define DISC_RADIUS  28.0 /* of the largest size */

struct axis {
    double min, max;
    bool logarithmic;
};

struct box {
    double left, right, bottom, top;
};

/* A backend in the plot area. */
struct place {
    bool drawn;
    double x, y;   /* pixels */
    double radius; /* of its disc */
    bool named;
    struct box name;
};

static double position(const struct axis *axis, double value)
{
    if (axis->logarithmic)
        return log(value / axis->min) / log(axis->max / axis->min);
    return (value - axis->min) / (axis->max - axis->min);
}

static double value_at(const struct axis *axis, double position)
{
    if (axis->logarithmic)
        return axis->min * pow(axis->max / axis->min, position);
    return axis->min + position * (axis->max - axis->min);
}

/* Times from 0, or logarithmic. */
static struct axis time_axis(const struct ev_plot_range *range)
{
    if (range->most <= 0)
        return (struct axis){0, 1, false};
    if (ev_plot_is_wide(range))
        return (struct axis){0.4 * range->least, 2.5 * range->most, true};
    return (struct axis){0, 1.2 * range->most, false};
}

/* Errors not from 0: variants of one network differ by a few percent. */
static struct axis error_axis(const struct ev_plot_range *range)
{
    if (range->most <= 0)
        return (struct axis){0, 1, false};
    if (ev_plot_is_wide(range))
        return (struct axis){0.5 * range->least, 2 * range->most, true};
    const double spread = range->most - range->least;
    const double room = spread > 0.02 * range->most ? 0.45 * spread : 0.2 * range->most;
    return (struct axis){fmax(0, range->least - room), range->most + room, false};
}

static bool overlaps(const struct box *a, const struct box *b)
{
    return a->left < b->right && b->left < a->right && a->bottom < b->top && b->bottom < a->top;
}

static struct box around(double x, double y, double radius)
{
    return (struct box){x - radius, x + radius, y - radius, y + radius};
}

/* How bad a name at `box` would be: infinite on another name, a point or the area's edge, else the
 * number of foreign discs it touches. */
static double judge(const struct place *places, size_t n, size_t own, const struct box *box)
{
    double cost = 0;

    if (box->left < 0 || box->right > AREA_WIDTH || box->bottom < 0 || box->top > AREA_HEIGHT)
        return INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!places[i].drawn)
            continue;
        struct box point = around(places[i].x, places[i].y, POINT_RADIUS);
        struct box disc = around(places[i].x, places[i].y, places[i].radius);
        if (overlaps(box, &point) || (places[i].named && overlaps(box, &places[i].name)))
            return INFINITY;
        cost += i != own && overlaps(box, &disc) ? 1 : 0;
    }
    return cost;
}

/* Above, below, right or left of its disc, wherever it disturbs least. */
static void place_name(struct place *places, size_t n, size_t own, const char *name)
{
    struct place *place = &places[own];
    const double half = strlen(name) * CHAR_WIDTH / 2, high = TEXT_HEIGHT / 2;
    const double away = fmax(place->radius, POINT_RADIUS) + 3;
    const double centres[4][2] = {
        {place->x, place->y + away + high},
        {place->x, place->y - away - high},
        {place->x + away + half, place->y},
        {place->x - away - half, place->y},
    };
    double least = INFINITY;

    for (size_t i = 0; place->drawn && i < 4; i++) {
        const double *centre = centres[i];
        struct box box = {centre[0] - half, centre[0] + half, centre[1] - high, centre[1] + high};
        double cost = judge(places, n, own, &box);
        if (cost < least) {
            least = cost;
            place->name = box;
        }
    }
    place->named = isfinite(least);
}

static void find_ranges(const struct ev_view *view, struct ev_plot_range *times,
                        struct ev_plot_range *errors, struct ev_plot_range *sizes)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        ev_plot_widen(times, ev_plot_median_ms(view, b));
        ev_plot_widen(errors, ev_plot_mse(view, b, ev_view_main_set(view)));
        ev_plot_widen(sizes, ev_plot_size_mib(view, b));
    }
}

static void write_axis(FILE *script, char letter, const struct axis *axis)
{
    fprintf(script, "%c_min = %.17g\n%c_max = %.17g\n%c_logarithmic = %d\n", letter, axis->min,
            letter, axis->max, letter, axis->logarithmic);
}

/* Where each backend's disc is and how large, NaN for those that lack a figure. */
static void find_places(const struct ev_view *view, const struct axis *x, const struct axis *y,
                        double largest_size, struct place *places)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        const double time = ev_plot_median_ms(view, b), size = ev_plot_size_mib(view, b);
        const double mse = ev_plot_mse(view, b, ev_view_main_set(view));
        places[b] = (struct place){
            .drawn = time > 0 && mse > 0 && isfinite(time) && isfinite(mse),
            .x = position(x, time) * AREA_WIDTH,
            .y = position(y, mse) * AREA_HEIGHT,
            .radius = isfinite(size) ? DISC_RADIUS * sqrt(size / largest_size) : 0,
        };
    }
}

/* Discs, and the centre of each name in units of the axes. */
static void write_places(const struct ev_view *view, const struct axis *x, const struct axis *y,
                         struct place *places, FILE *script)
{
    static const char *const arrays[] = {"disc_x", "disc_y", "disc_radius", "label_x", "label_y"};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        ev_plot_start_array(script, arrays[i], view->n_backends);
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct place *place = &places[b];
        char name[EV_PLOT_LABEL_CHARS];
        ev_view_label(view, b, name, sizeof name);
        place_name(places, view->n_backends, b, name);
        const double name_x = (place->name.left + place->name.right) / 2 / AREA_WIDTH;
        const double name_y = (place->name.bottom + place->name.top) / 2 / AREA_HEIGHT;
        const bool disc = place->drawn && place->radius > 0;
        const double values[] = {
            ev_plot_median_ms(view, b),
            ev_plot_mse(view, b, ev_view_main_set(view)),
            disc ? place->radius : NAN,
            place->named ? value_at(x, name_x) : NAN,
            place->named ? value_at(y, name_y) : NAN,
        };
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
            ev_plot_set_number_element(script, arrays[i], b, values[i]);
    }
}

/* Whether no other backend is at least as fast and as accurate, and better in one of the two. */
static bool is_in_front(const struct ev_view *view, const struct place *places, size_t own)
{
    const char *set = ev_view_main_set(view);
    const double time = ev_plot_median_ms(view, own), mse = ev_plot_mse(view, own, set);

    for (size_t b = 0; b < view->n_backends; b++) {
        const double t = ev_plot_median_ms(view, b), e = ev_plot_mse(view, b, set);
        if (places[b].drawn && t <= time && e <= mse && (t < time || e < mse))
            return false;
    }
    return places[own].drawn;
}

/* $front: those in front from the fastest on, between the points where the line enters and leaves
 * the plot. */
static void write_front(const struct ev_view *view, const struct place *places,
                        const struct axis *x, const struct axis *y, FILE *script)
{
    const char *set = ev_view_main_set(view);
    double after = -INFINITY, mse = NAN;

    fputs("$front << EOD\n", script);
    for (;;) {
        size_t next = view->n_backends;
        for (size_t b = 0; b < view->n_backends; b++) {
            const double time = ev_plot_median_ms(view, b);
            if (is_in_front(view, places, b) && time > after &&
                (next == view->n_backends || time < ev_plot_median_ms(view, next)))
                next = b;
        }
        if (next == view->n_backends)
            break;
        if (isinf(after))
            fprintf(script, "%.17g %.17g\n", ev_plot_median_ms(view, next), y->max);
        after = ev_plot_median_ms(view, next);
        mse = ev_plot_mse(view, next, set);
        fprintf(script, "%.17g %.17g\n", after, mse);
    }
    if (isfinite(mse))
        fprintf(script, "%.17g %.17g\n", x->max, mse);
    else
        fputs("NaN NaN\n", script);
    fputs("EOD\n", script);
}

bool ev_plot_write_tradeoff(const struct ev_view *view, FILE *script)
{
    const char *set = ev_view_main_set(view);
    struct ev_plot_range times = EV_PLOT_NOTHING_SEEN, errors = EV_PLOT_NOTHING_SEEN;
    struct ev_plot_range sizes = EV_PLOT_NOTHING_SEEN;

    ev_plot_write_head(view, "Size, error and inference time", script);
    find_ranges(view, &times, &errors, &sizes);
    const struct axis x = time_axis(&times), y = error_axis(&errors);
    struct place *places = calloc(view->n_backends, sizeof *places);
    if (!places)
        return false;
    find_places(view, &x, &y, sizes.most > 0 ? sizes.most : 1, places);
    write_axis(script, 'x', &x);
    write_axis(script, 'y', &y);
    ev_plot_set_number(script, "tick_decimals", ev_grid_decimals((y.max - y.min) / 8, 1));
    write_places(view, &x, &y, places, script);
    write_front(view, places, &x, &y, script);
    free(places);
    ev_plot_start_array(script, "sizes", view->n_backends);
    ev_plot_start_array(script, "times", view->n_backends);
    ev_plot_start_array(script, "errors", view->n_backends);
    fputs("$data << EOD\n", script);
    for (size_t b = 0; b < view->n_backends; b++) {
        const double values[] = {ev_plot_median_ms(view, b), ev_plot_mse(view, b, set)};
        ev_plot_write_line(script, b, values, 2);
    }
    fputs("EOD\n", script);
    for (size_t b = 0; b < view->n_backends; b++) {
        ev_plot_set_label(script, "sizes", b, ev_plot_size_mib(view, b), &sizes, 3, "-");
        ev_plot_set_label(script, "times", b, ev_plot_median_ms(view, b), &times, 3, "-");
        ev_plot_set_label(script, "errors", b, ev_plot_mse(view, b, set), &errors, 4, "-");
    }
    return true;
}
