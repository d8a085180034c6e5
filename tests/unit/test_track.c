/* SPDX-License-Identifier: MIT */
/* Circuits: geometry against closed forms, and files that must be refused. */
#include <stdio.h>
#include <string.h>

#include "render/track.h"
#include "support/ev_test.h"
#include "support/ev_test_track.h"

static struct ev_error err;

static struct ev_track *open_ok(const char *path)
{
    struct ev_track *track = NULL;

    ev_assert_ok(ev_track_open(path, &track, &err));
    ck_assert_ptr_nonnull(track);
    return track;
}

START_TEST(circle_offsets)
{
    const double radius = 20.0;
    struct ev_track *track = open_ok(ev_test_circle("circle.csv", radius, 252, 1.5));

    ck_assert_double_eq_tol(track->length_m, 2.0 * M_PI * radius, 0.01);
    for (int i = 0; i < 1000; i++) {
        double angle = 2.0 * M_PI * i / 1000.0, distance = radius - 3.0 + 6.0 * (i % 13) / 12.0;
        struct ev_track_place place = ev_track_find(track, (float)(distance * cos(angle)),
                                                    (float)(distance * sin(angle)));
        ck_assert_int_ge(place.segment, 0);
        /* Counter-clockwise: the left is inside. The chord of 0.5 m lies 1.6 mm inside the arc,
         * and outside a corner the offset is from a chord drawn longer. */
        ck_assert_float_eq_tol(place.offset_m, (float)(radius - distance), 0.005f);
        double s_error = remainder(place.s_m - angle * radius, track->length_m);
        /* Where two chords meet, a point 3 m outside may belong to either. */
        ck_assert_double_eq_tol(s_error, 0.0, 0.08);
        ck_assert_float_eq(place.left_m, 1.5f);
    }
    ev_track_close(track);
}
END_TEST

START_TEST(far_points_are_off_the_track)
{
    struct ev_track *track = open_ok(ev_test_circle("circle.csv", 20.0, 252, 1.5));

    ck_assert_int_eq(ev_track_find(track, 0.0f, 0.0f).segment, -1);
    ck_assert_int_eq(ev_track_find(track, 1e9f, -1e9f).segment, -1);
    ck_assert_int_eq(ev_track_find(track, NAN, 0.0f).segment, -1);
    ev_track_close(track);
}
END_TEST

START_TEST(points_along_the_line)
{
    struct ev_track *track = open_ok(ev_test_oval("oval.csv", 60.0, 15.0, 1.5));
    struct ev_pose middle = ev_track_at(track, 30.0);

    ck_assert_double_eq_tol(middle.x_m, 30.0, 1e-3);
    ck_assert_double_eq_tol(middle.y_m, 0.0, 1e-3);
    ck_assert_double_eq_tol(middle.yaw_rad, 0.0, 1e-3);
    struct ev_pose wrapped = ev_track_at(track, 30.0 - 3.0 * track->length_m);
    ck_assert_double_eq_tol(wrapped.x_m, 30.0, 1e-3);
    ck_assert_double_eq_tol(ev_track_wrap(track, -1.0), track->length_m - 1.0, 1e-9);
    ck_assert_double_eq_tol(ev_track_wrap(track, track->length_m), 0.0, 1e-9);
    ev_track_close(track);
}
END_TEST

START_TEST(all_built_in_circuits_open)
{
    static const struct {
        const char *name;
        double length_m;
    } circuits[] = {{"simple", 428.6},
                    {"montreal", 1433.0},
                    {"montmelo", 737.2},
                    {"nurburgring", 554.3},
                    {"many_curves", 793.4}};

    for (size_t i = 0; i < sizeof circuits / sizeof circuits[0]; i++) {
        struct ev_track *track = open_ok(circuits[i].name);
        ck_assert_double_eq_tol(track->length_m, circuits[i].length_m, 0.5);
        ev_track_close(track);
    }
}
END_TEST

static const struct {
    const char *name;
    int bad_row; /* of 40 points on a circle */
    const char *bad_line;
    const char *message;
} bad_files[] = {
    {"nan", 7, "nan,0,1,1", "line 9"},
    {"words", 7, "here,0,1,1", "line 9"},
    {"negative width", 7, "1,2,-1,1", "line 9: left_m is -1"},
    {"width of kilometres", 7, "1,2,1500,1", "line 9: left_m is 1500"},
    {"far away", 7, "1e9,2,1,1", "line 9: x_m is 1e+09"},
    {"jump", 7, "300,200,1,1", "line 8: the next point is"},
    {"narrower than the line", 7, "1,2,0.05,1", "line 9: left_m is 0.05"},
    {"too few cells", 7, "1,2,1", "line 9"},
};

START_TEST(bad_lines)
{
    const char *path = ev_test_path("bad.csv");
    FILE *file = fopen(path, "w");
    struct ev_track *track = NULL;

    fputs("x_m,y_m,left_m,right_m\n", file);
    for (int i = 0; i < 40; i++) {
        double angle = 2.0 * M_PI * i / 40;
        if (i == bad_files[_i].bad_row)
            fprintf(file, "%s\n", bad_files[_i].bad_line);
        else
            fprintf(file, "%f,%f,1,1\n", 5.0 * cos(angle), 5.0 * sin(angle));
    }
    fclose(file);
    ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, bad_files[_i].message);
    ck_assert_ptr_null(track);
    ck_assert_ptr_nonnull(strstr(err.message, "bad.csv"));
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(bad_shapes)
{
    const char *path = ev_test_path("bad.csv");
    struct ev_track *track = NULL;

    write_text(path, "x_m,y_m,left_m\n0,0,1\n1,0,1\n");
    ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, "points");
    write_text(path, "");
    ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, "bad.csv");
    ev_assert_fails(ev_track_open(ev_test_path("none.csv"), &track, &err), EV_INPUT, "none.csv");
    ev_assert_fails(ev_track_open("montrael", &track, &err), EV_INPUT, "'montreal'");
    /* Half a circle is not closed. */
    FILE *file = fopen(path, "w");
    fputs("x_m,y_m,left_m,right_m\n", file);
    for (int i = 0; i < 40; i++)
        fprintf(file, "%f,%f,1,1\n", 10.0 * cos(i * 0.05), 10.0 * sin(i * 0.05));
    fclose(file);
    ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, "not closed");
}
END_TEST

/* A lemniscate crosses itself at its middle; a bone's two long sides are nearer to each other than
 * the asphalt is wide, or not. */
START_TEST(asphalt_must_not_overlap)
{
    const char *path = ev_test_path("shape.csv");
    struct ev_track *track = NULL;

    FILE *file = fopen(path, "w");
    fputs("x_m,y_m,left_m,right_m\n", file);
    for (int i = 0; i < 400; i++) {
        double t = 2.0 * M_PI * i / 400, scale = 30.0 / (1.0 + sin(t) * sin(t));
        fprintf(file, "%f,%f,1,1\n", scale * cos(t), scale * cos(t) * sin(t));
    }
    fclose(file);
    ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, "shape.csv: the asphalt ");
    ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, "crosses or touches itself");
    ck_assert_ptr_null(track);

    for (double half_width = 1.5; half_width < 2.6; half_width += 1.0) {
        file = fopen(path, "w");
        fputs("x_m,y_m,left_m,right_m\n", file);
        for (int i = 0; i < 600; i++) {
            double t = 2.0 * M_PI * i / 600, x = 30.0 * cos(t);
            double y = (2.0 + 8.0 * (x / 30.0) * (x / 30.0)) * sin(t); /* 4 m across its middle */
            fprintf(file, "%f,%f,%g,%g\n", x, y, half_width, half_width);
        }
        fclose(file);
        if (half_width < 2.0) {
            ev_assert_ok(ev_track_open(path, &track, &err));
            ev_track_close(track);
        } else {
            ev_assert_fails(ev_track_open(path, &track, &err), EV_INPUT, "overlap near (");
        }
    }
}
END_TEST

/* A circle of 40 points 3.1 m apart becomes smooth: a polygon would be 6 cm inside. */
START_TEST(coarse_lines_are_resampled)
{
    const double radius = 20.0;
    struct ev_track *track = open_ok(ev_test_circle("coarse.csv", radius, 40, 1.5));

    ck_assert_int_ge(track->n_segments, 240);
    ck_assert_double_eq_tol(track->length_m, 2.0 * M_PI * radius, 0.05);
    for (int32_t i = 0; i < track->n_segments; i++) {
        const struct ev_segment *segment = &track->segments[i];
        ck_assert_double_eq_tol(hypot(segment->x_m, segment->y_m), radius, 0.005);
        ck_assert_float_lt(segment->length_m, 0.6f);
        ck_assert_float_eq(segment->left_m, 1.5f);
    }
    ev_track_close(track);
    /* A fine one stays as it is. */
    track = open_ok(ev_test_circle("fine.csv", radius, 252, 1.5));
    ck_assert_int_eq(track->n_segments, 252);
    ev_track_close(track);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("track");
    TCase *tests = tcase_create("track");

    tcase_add_test(tests, circle_offsets);
    tcase_add_test(tests, far_points_are_off_the_track);
    tcase_add_test(tests, points_along_the_line);
    tcase_add_test(tests, all_built_in_circuits_open);
    tcase_add_loop_test(tests, bad_lines, 0, sizeof bad_files / sizeof bad_files[0]);
    tcase_add_test(tests, asphalt_must_not_overlap);
    tcase_add_test(tests, coarse_lines_are_resampled);
    tcase_add_test(tests, bad_shapes);
    suite_add_tcase(suite, tests);
    return suite;
}
