/* SPDX-License-Identifier: MIT */
/* Resampling, and the search for asphalt that overlaps. */
#include "render/track_line.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Pieces longer than this are cut into pieces of about the second length. */
#define WIDE_SPACING_M 1.0
#define FINE_SPACING_M 0.5

/* One coordinate of the centripetal Catmull-Rom spline through four neighbours at t between the
 * middle two, by Barry and Goldman's recursion ("A recursive evaluation algorithm for a class of
 * Catmull-Rom splines", SIGGRAPH 1988). knots[] are the parameters of the four. */
static double spline_at(const double values[4], const double knots[4], double t)
{
    double level[4];

    memcpy(level, values, sizeof level);
    for (int span = 1; span <= 3; span++) {
        for (int i = 0; i + span < 4; i++) {
            /* The middle stretch uses the two inner knots at its last level. */
            int low = span == 3 ? 1 : i, high = span == 3 ? 2 : i + span;
            double share = (t - knots[low]) / (knots[high] - knots[low]);
            level[i] += share * (level[i + 1] - level[i]);
        }
    }
    return level[0];
}

/* The piece between points[i] and the next, cut in `n` parts into out[0..n-1]. */
static void resample_piece(const double (*points)[EV_LINE_COLUMNS], int64_t n_points, int64_t i,
                           int64_t n, double (*out)[EV_LINE_COLUMNS])
{
    const double *around[4];
    double knots[4] = {0};

    for (int k = 0; k < 4; k++)
        around[k] = points[(i + n_points + k - 1) % n_points];
    for (int k = 1; k < 4; k++)
        knots[k] = knots[k - 1] + sqrt(hypot(around[k][EV_LINE_X] - around[k - 1][EV_LINE_X],
                                             around[k][EV_LINE_Y] - around[k - 1][EV_LINE_Y]));
    for (int64_t part = 0; part < n; part++) {
        double share = (double)part / (double)n;
        double t = knots[1] + share * (knots[2] - knots[1]);
        for (int c = 0; c < EV_LINE_COLUMNS; c++) {
            double values[4] = {around[0][c], around[1][c], around[2][c], around[3][c]};
            /* Widths go straight from point to point: a spline could leave their bounds. */
            out[part][c] = c < EV_LINE_LEFT ? spline_at(values, knots, t)
                                            : values[1] + share * (values[2] - values[1]);
        }
    }
}

static int64_t n_parts(const double *here, const double *next)
{
    double length_m = hypot(next[EV_LINE_X] - here[EV_LINE_X], next[EV_LINE_Y] - here[EV_LINE_Y]);

    return length_m > WIDE_SPACING_M ? (int64_t)ceil(length_m / FINE_SPACING_M) : 1;
}

enum ev_status ev_line_resample(double (**points)[EV_LINE_COLUMNS], int64_t *n,
                                struct ev_error *err)
{
    int64_t n_fine = 0;

    for (int64_t i = 0; i < *n; i++)
        n_fine += n_parts((*points)[i], (*points)[(i + 1) % *n]);
    if (n_fine == *n)
        return EV_OK;
    double(*fine)[EV_LINE_COLUMNS] = calloc((size_t)n_fine, sizeof *fine);
    if (!fine)
        return ev_fail(err, EV_MEMORY, "out of memory");
    for (int64_t i = 0, at = 0; i < *n; i++) {
        int64_t parts = n_parts((*points)[i], (*points)[(i + 1) % *n]);
        resample_piece((const double(*)[EV_LINE_COLUMNS]) * points, *n, i, parts, fine + at);
        at += parts;
    }
    free(*points);
    *points = fine;
    *n = n_fine;
    return EV_OK;
}

/* --- Overlapping asphalt --- */

/* A point with what the search needs. */
struct place {
    double x_m, y_m, tx, ty, s_m, left_m, right_m;
};

static int by_x(const void *a, const void *b)
{
    double x = ((const struct place *)a)->x_m, y = ((const struct place *)b)->x_m;

    return (x > y) - (x < y);
}

/* Width of the asphalt on the side on which the other point lies. */
static double width_towards(const struct place *from, const struct place *to)
{
    double side = from->tx * (to->y_m - from->y_m) - from->ty * (to->x_m - from->x_m);

    return side > 0 ? from->left_m : from->right_m;
}

/* Whether two stretches touch: the points are nearer than the asphalt between them is wide, though
 * they are not neighbours along the line. Around a bend of radius r two points of distance d along
 * the line are 2 r sin(d / 2r) apart; asphalt that fits inside the bend (r above its width w) does
 * not touch itself within d = 6 w. */
static bool touch(const struct place *a, const struct place *b, double length_m)
{
    double widths_m = width_towards(a, b) + width_towards(b, a);
    double along_m = fabs(a->s_m - b->s_m);

    along_m = fmin(along_m, length_m - along_m);
    return along_m > 3.0 * widths_m && hypot(a->x_m - b->x_m, a->y_m - b->y_m) < widths_m;
}

/* Fills the places and returns the line's length. */
static double make_places(const double (*points)[EV_LINE_COLUMNS], int64_t n, struct place *places)
{
    double s_m = 0.0;

    for (int64_t i = 0; i < n; i++) {
        const double *here = points[i], *next = points[(i + 1) % n];
        double dx = next[EV_LINE_X] - here[EV_LINE_X], dy = next[EV_LINE_Y] - here[EV_LINE_Y];
        double length_m = hypot(dx, dy);
        places[i] = (struct place){
            here[EV_LINE_X],    here[EV_LINE_Y],    dx / length_m, dy / length_m, s_m,
            here[EV_LINE_LEFT], here[EV_LINE_RIGHT]};
        s_m += length_m;
    }
    return s_m;
}

enum ev_status ev_line_check_edges(const double (*points)[EV_LINE_COLUMNS], int64_t n,
                                   const char *path, struct ev_error *err)
{
    struct place *places = calloc((size_t)n, sizeof *places);
    enum ev_status status = EV_OK;
    double widest_m = 0.0;

    if (!places)
        return ev_fail(err, EV_MEMORY, "out of memory");
    double length_m = make_places(points, n, places);
    for (int64_t i = 0; i < n; i++)
        widest_m = fmax(widest_m, fmax(places[i].left_m, places[i].right_m));
    /* In the order of x only near ones need to be compared. */
    qsort(places, (size_t)n, sizeof *places, by_x);
    for (int64_t i = 0; i < n && status == EV_OK; i++) {
        for (int64_t j = i + 1; j < n && places[j].x_m - places[i].x_m < 2.0 * widest_m; j++) {
            if (!touch(&places[i], &places[j], length_m))
                continue;
            status = ev_fail(err, EV_INPUT,
                             "%s: the asphalt %.1f m along the line and that at %.1f m overlap "
                             "near (%.1f, %.1f): the line crosses or touches itself",
                             path, fmin(places[i].s_m, places[j].s_m),
                             fmax(places[i].s_m, places[j].s_m), places[i].x_m, places[i].y_m);
            break;
        }
    }
    free(places);
    return status;
}
