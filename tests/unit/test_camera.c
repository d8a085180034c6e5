/* SPDX-License-Identifier: MIT */
/* The camera against closed forms: where the line must be seen, how wide, and that the small
 * picture is the full one resized. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/camera.h"
#include "support/ev_test.h"
#include "support/ev_test_track.h"

#define FULL_BYTES ((size_t)EV_CAMERA_WIDTH * EV_CAMERA_HEIGHT * 3)

static struct ev_error err;

static struct ev_look plain_look(void)
{
    struct ev_look look = ev_look_reference;

    look.asphalt.sigma = look.grass.sigma = look.marking.sigma = look.wall.sigma = 0.0f;
    look.wall_share = look.marking_share = 0.0f;
    return look;
}

static double focal_px(void)
{
    return EV_CAMERA_WIDTH / 2.0 / tan(EV_CAMERA_FOV_RAD / 2.0);
}

/* How much of a pixel is line: red over asphalt. */
static double redness(const uint8_t *rgb, int row, int column)
{
    const uint8_t *pixel = rgb + ((size_t)row * EV_CAMERA_WIDTH + (size_t)column) * 3;
    double asphalt = ev_look_reference.asphalt.rgb[0];

    return fmax(0.0, (pixel[0] - asphalt) / (255.0 - asphalt)) * (pixel[1] < 62);
}

static uint8_t *render_full(struct ev_track *track, struct ev_look look, struct ev_pose pose)
{
    uint8_t *rgb = malloc(FULL_BYTES);

    ck_assert_ptr_nonnull(rgb);
    ev_camera_full(track, &look, pose, 1, rgb);
    return rgb;
}

/* On a straight, with the car 0.2 m to the left of the line and parallel to it. */
START_TEST(straight_line_is_where_geometry_says)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open(ev_test_oval("oval.csv", 120.0, 20.0, 2.0), &track, &err));
    uint8_t *rgb = render_full(track, plain_look(), (struct ev_pose){10.0, 0.2, 0.0});

    for (int row = EV_CAMERA_HORIZON + 4; row < EV_CAMERA_HEIGHT; row += 9) {
        double depth_m = EV_CAMERA_ABOVE_M * focal_px() / (row + 0.5 - EV_CAMERA_HORIZON);
        double expected_column = EV_CAMERA_WIDTH / 2.0 + focal_px() * 0.2 / depth_m;
        double expected_width = focal_px() * ev_look_reference.line_width_m / depth_m;
        double width = 0.0, centre = 0.0;
        for (int column = 0; column < EV_CAMERA_WIDTH; column++) {
            double share = redness(rgb, row, column);
            width += share;
            centre += share * (column + 0.5);
        }
        if (expected_column + expected_width > EV_CAMERA_WIDTH)
            break;
        ck_assert_double_eq_tol(width, expected_width, 0.05 * expected_width + 0.1);
        ck_assert_double_eq_tol(centre / width, expected_column, 0.35);
    }
    free(rgb);
    ev_track_close(track);
}
END_TEST

/* On a circle of 20 m to the left, from on the line: a point at arc angle a is R sin a ahead and
 * R (1 - cos a) to the left. */
START_TEST(circle_bends_as_geometry_says)
{
    const double radius = 20.0;
    struct ev_track *track;
    ev_assert_ok(ev_track_open(ev_test_circle("circle.csv", radius, 252, 2.0), &track, &err));
    struct ev_pose pose = {radius, 0.0, M_PI / 2.0};
    uint8_t *rgb = render_full(track, plain_look(), pose);

    for (int row = EV_CAMERA_HORIZON + 4; row < EV_CAMERA_HORIZON + 40; row += 3) {
        double depth_m = EV_CAMERA_ABOVE_M * focal_px() / (row + 0.5 - EV_CAMERA_HORIZON);
        double left_m = radius - sqrt(radius * radius - pow(depth_m + EV_CAMERA_AHEAD_M, 2.0));
        double expected = EV_CAMERA_WIDTH / 2.0 - focal_px() * left_m / depth_m;
        double width = 0.0, centre = 0.0;
        for (int column = 0; column < EV_CAMERA_WIDTH; column++) {
            double share = redness(rgb, row, column);
            width += share;
            centre += share * (column + 0.5);
        }
        ck_assert_double_gt(width, 0.0);
        ck_assert_double_eq_tol(centre / width, expected, 0.5 + 0.02 * fabs(expected - 320.0));
    }
    free(rgb);
    ev_track_close(track);
}
END_TEST

START_TEST(sky_grass_and_asphalt_have_their_colours)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open(ev_test_oval("oval.csv", 120.0, 20.0, 2.0), &track, &err));
    struct ev_look look = plain_look();
    uint8_t *rgb = render_full(track, look, (struct ev_pose){10.0, 0.0, 0.0});
    static const struct {
        int row, column;
        const struct ev_surface *surface;
    } points[] = {
        {100, 320, &ev_look_reference.sky},     {470, 320, &ev_look_reference.line},
        {470, 120, &ev_look_reference.asphalt}, {250, 5, &ev_look_reference.grass},
    };

    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const uint8_t *pixel =
            rgb + ((size_t)points[i].row * EV_CAMERA_WIDTH + (size_t)points[i].column) * 3;
        for (int c = 0; c < 3; c++)
            ck_assert_int_eq(pixel[c], (int)points[i].surface->rgb[c]);
    }
    free(rgb);
    ev_track_close(track);
}
END_TEST

/* Far from the track everything is grass: its noise has the look's mean and spread. */
START_TEST(texture_noise_has_its_spread)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open(ev_test_circle("circle.csv", 20.0, 252, 2.0), &track, &err));
    uint8_t *rgb = render_full(track, ev_look_reference, (struct ev_pose){500.0, 0.0, 0.0});
    double sum = 0.0, sum_sq = 0.0;
    const size_t first = (size_t)EV_CAMERA_HORIZON * EV_CAMERA_WIDTH;
    const size_t n = FULL_BYTES / 3 - first;

    for (size_t i = first; i < first + n; i++) {
        sum += rgb[i * 3];
        sum_sq += (double)rgb[i * 3] * rgb[i * 3];
    }
    double mean = sum / (double)n;
    ck_assert_double_eq_tol(mean, 138.0, 0.5);
    ck_assert_double_eq_tol(sqrt(sum_sq / (double)n - mean * mean), 26.0, 0.5);
    free(rgb);
    ev_track_close(track);
}
END_TEST

/* The small picture is the full one's lower half, resized bilinearly with half-pixel centres. */
START_TEST(picture_is_the_full_one_resized)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open("montmelo", &track, &err));
    struct ev_pose pose = ev_track_at(track, 100.0);
    uint8_t *full = render_full(track, ev_look_reference, pose);
    uint8_t picture[EV_PICTURE_BYTES];

    ev_camera_picture(track, &ev_look_reference, pose, 1, picture);
    for (int y = 0; y < EV_PICTURE_HEIGHT; y++) {
        for (int x = 0; x < EV_PICTURE_WIDTH * 3; x++) {
            double sy = (y + 0.5) * 240.0 / 66.0 - 0.5 + 240.0, sx = (x / 3 + 0.5) * 3.2 - 0.5;
            int y0 = (int)floor(sy), x0 = (int)floor(sx);
            double wy = sy - y0, wx = sx - x0;
            const uint8_t *p = full + ((size_t)y0 * EV_CAMERA_WIDTH + (size_t)x0) * 3 + x % 3;
            const uint8_t *q = p + (size_t)EV_CAMERA_WIDTH * 3;
            double expected = (1 - wy) * ((1 - wx) * p[0] + wx * p[3]) +
                              wy * ((1 - wx) * q[0] + wx * q[3]);
            ck_assert_double_eq_tol(picture[y * EV_PICTURE_WIDTH * 3 + x], expected, 0.51);
        }
    }
    free(full);
    ev_track_close(track);
}
END_TEST

/* Walls hide the ground behind them and nothing else; with no walls and markings none are seen. */
START_TEST(walls_and_markings_come_with_their_share)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open(ev_test_oval("oval.csv", 120.0, 20.0, 2.0), &track, &err));
    struct ev_look look = plain_look();
    look.wall.rgb[1] = 250.0f;
    look.marking.rgb[1] = 100.0f;
    look.marking.rgb[2] = 250.0f;

    for (int with = 0; with < 2; with++) {
        look.wall_share = look.marking_share = (float)with;
        uint8_t *rgb = render_full(track, look, (struct ev_pose){10.0, 0.0, 0.0});
        int n_wall = 0, n_marking = 0;
        for (size_t i = (size_t)EV_CAMERA_HORIZON * EV_CAMERA_WIDTH; i < FULL_BYTES / 3; i++) {
            n_wall += rgb[i * 3 + 1] == 250;
            n_marking += rgb[i * 3 + 2] > 190; /* brighter than all but the marking */
        }
        ck_assert_int_eq(n_wall > 500, with);
        ck_assert_int_eq(n_marking > 100, with);
        if (!with)
            ck_assert_int_eq(n_wall + n_marking, 0);
        free(rgb);
    }
    ev_track_close(track);
}
END_TEST

/* 4.4 m ahead, 3 m to the right: grass beside 2 m of asphalt, asphalt when that side is doubled. */
START_TEST(asphalt_is_as_wide_as_the_look_says)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open(ev_test_oval("oval.csv", 120.0, 20.0, 2.0), &track, &err));
    struct ev_look look = plain_look();
    const int column = EV_CAMERA_WIDTH / 2 + (int)(focal_px() * 3.0 / 4.4);
    const size_t right = ((size_t)250 * EV_CAMERA_WIDTH + (size_t)column) * 3;
    const size_t left = ((size_t)250 * EV_CAMERA_WIDTH + EV_CAMERA_WIDTH - 1 - (size_t)column) * 3;

    for (int doubled = 0; doubled < 2; doubled++) {
        look.width_scale[1] = doubled ? 2.0f : 1.0f;
        uint8_t *rgb = render_full(track, look, (struct ev_pose){10.0, 0.0, 0.0});
        ck_assert_int_eq(rgb[right], doubled ? 66 : 138);
        ck_assert_int_eq(rgb[left], 138);
        free(rgb);
    }
    ev_track_close(track);
}
END_TEST

START_TEST(blur_keeps_the_mean_and_softens)
{
    struct ev_track *track;
    ev_assert_ok(ev_track_open("simple", &track, &err));
    struct ev_look look = ev_look_reference;
    uint8_t sharp[EV_PICTURE_BYTES], soft[EV_PICTURE_BYTES];
    struct ev_pose pose = ev_track_at(track, 10.0);
    double sum[2] = {0}, step[2] = {0};

    ev_camera_picture(track, &look, pose, 1, sharp);
    look.blur_sigma_px = 0.6f;
    ev_camera_picture(track, &look, pose, 1, soft);
    for (int i = 0; i < EV_PICTURE_BYTES - 3; i++) {
        sum[0] += sharp[i];
        sum[1] += soft[i];
        step[0] += abs(sharp[i] - sharp[i + 3]);
        step[1] += abs(soft[i] - soft[i + 3]);
    }
    ck_assert_double_eq_tol(sum[1] / sum[0], 1.0, 0.01);
    ck_assert_double_lt(step[1], 0.6 * step[0]);
    ev_track_close(track);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("camera");
    TCase *tests = tcase_create("camera");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, straight_line_is_where_geometry_says);
    tcase_add_test(tests, circle_bends_as_geometry_says);
    tcase_add_test(tests, sky_grass_and_asphalt_have_their_colours);
    tcase_add_test(tests, texture_noise_has_its_spread);
    tcase_add_test(tests, picture_is_the_full_one_resized);
    tcase_add_test(tests, walls_and_markings_come_with_their_share);
    tcase_add_test(tests, asphalt_is_as_wide_as_the_look_says);
    tcase_add_test(tests, blur_keeps_the_mean_and_softens);
    suite_add_tcase(suite, tests);
    return suite;
}
