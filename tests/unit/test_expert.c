/* SPDX-License-Identifier: MIT */
/* The expert and the car, against closed forms and on the real circuits. */
#include "render/drive_path.h"
#include "support/ev_test.h"
#include "support/ev_test_track.h"

static struct ev_error err;

static struct ev_track *open_ok(const char *path)
{
    struct ev_track *track = NULL;

    ev_assert_ok(ev_track_open(path, &track, &err));
    return track;
}

START_TEST(follows_a_circle)
{
    const double radius = 25.0;
    struct ev_track *track = open_ok(ev_test_circle("circle.csv", radius, 314, 1.5));
    struct ev_pose pose = ev_track_at(track, 3.25);
    struct ev_control ahead = ev_expert_control(track, pose, 3.25, 1);

    /* A pursuit of a point on the car's own circle steers exactly that circle. */
    ck_assert_double_eq_tol(ahead.w_radps / ahead.v_mps, 1.0 / radius, 0.02 / radius);
    pose.yaw_rad += M_PI;
    struct ev_control back = ev_expert_control(track, pose, 3.25, -1);
    ck_assert_double_eq_tol(back.w_radps, -ahead.w_radps, 0.05);
    ck_assert_double_eq_tol(back.v_mps, ahead.v_mps, 0.2);
    ev_track_close(track);
}
END_TEST

START_TEST(full_speed_on_a_straight)
{
    struct ev_track *track = open_ok(ev_test_oval("oval.csv", 80.0, 12.0, 1.5));
    struct ev_control control =
        ev_expert_control(track, (struct ev_pose){20.0, 0.0, 0.0}, 20.0, 1);

    ck_assert_double_eq_tol(control.v_mps, EV_CAR_V_MAX_MPS, 0.05);
    ck_assert_double_eq_tol(control.w_radps, 0.0, 0.01);
    /* Left of the line it steers right, and slower; turned left it steers right. */
    control = ev_expert_control(track, (struct ev_pose){20.0, 0.5, 0.0}, 20.0, 1);
    ck_assert_double_lt(control.w_radps, -0.2);
    ck_assert_double_lt(control.v_mps, EV_CAR_V_MAX_MPS - 2.0);
    control = ev_expert_control(track, (struct ev_pose){20.0, 0.0, 0.3}, 20.0, 1);
    ck_assert_double_lt(control.w_radps, -0.2);
    ev_track_close(track);
}
END_TEST

START_TEST(slow_in_a_sharp_bend)
{
    struct ev_track *track = open_ok(ev_test_circle("sharp.csv", 5.0, 63, 1.5));
    struct ev_control control = ev_expert_control(track, ev_track_at(track, 1.0), 1.0, 1);

    ck_assert_double_eq(control.v_mps, EV_CAR_V_MIN_MPS);
    ck_assert_double_le(control.w_radps, EV_CAR_W_MAX_RADPS);
    ev_track_close(track);
}
END_TEST

START_TEST(car_moves_on_arcs)
{
    struct ev_pose start = {1.0, 2.0, 0.0};
    struct ev_pose straight = ev_car_move(start, (struct ev_control){10.0, 0.0}, 0.05);
    /* Radius 10 / 2 = 5 m; a quarter turn ends 5 m ahead and 5 m to the left. */
    struct ev_pose quarter = ev_car_move(start, (struct ev_control){10.0, 2.0}, M_PI / 4.0);

    ck_assert_double_eq_tol(straight.x_m, 1.5, 1e-12);
    ck_assert_double_eq_tol(straight.y_m, 2.0, 1e-12);
    ck_assert_double_eq_tol(quarter.x_m, 6.0, 1e-9);
    ck_assert_double_eq_tol(quarter.y_m, 7.0, 1e-9);
    ck_assert_double_eq_tol(quarter.yaw_rad, M_PI / 2.0, 1e-9);
}
END_TEST

static const char *const circuits[] = {"simple", "montreal", "montmelo", "nurburgring",
                                       "many_curves"};

/* Both directions of every circuit: stays on the asphalt, on average within 0.1 m of the line. */
START_TEST(drives_every_circuit)
{
    struct ev_track *track = open_ok(circuits[_i]);
    struct ev_drive_path path;
    double sum_m = 0.0;
    int64_t n_reverse = 0;

    ev_assert_ok(ev_drive_path_make(track, &path, &err));
    for (int64_t i = 0; i < path.n_points; i++) {
        const struct ev_path_point *point = &path.points[i];
        struct ev_track_place place =
            ev_track_find(track, (float)point->pose.x_m, (float)point->pose.y_m);
        ck_assert_float_lt(place.offset_m, place.left_m);
        ck_assert_float_gt(place.offset_m, -place.right_m);
        sum_m += fabs(place.offset_m);
        n_reverse += point->direction < 0;
    }
    ck_assert_double_lt(sum_m / (double)path.n_points, 0.1);
    ck_assert_int_gt(n_reverse, path.n_points / 3);
    ck_assert_int_lt(n_reverse, path.n_points * 2 / 3);
    /* Never faster than the car can go: both laps take at least this many frames. */
    ck_assert_double_ge((double)path.n_points,
                        2.0 * track->length_m / EV_CAR_V_MAX_MPS * EV_CAR_RATE_HZ);
    ev_drive_path_free(&path);
    ev_track_close(track);
}
END_TEST

START_TEST(refuses_what_it_cannot_drive)
{
    struct ev_track *track = open_ok(ev_test_circle("tiny.csv", 0.6, 36, 0.15));
    struct ev_drive_path path;

    ev_assert_fails(ev_drive_path_make(track, &path, &err), EV_INPUT, "tiny.csv: the expert");
    ck_assert_ptr_null(path.points);
    ev_track_close(track);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("expert");
    TCase *tests = tcase_create("expert");

    tcase_add_test(tests, follows_a_circle);
    tcase_add_test(tests, full_speed_on_a_straight);
    tcase_add_test(tests, slow_in_a_sharp_bend);
    tcase_add_test(tests, car_moves_on_arcs);
    tcase_add_loop_test(tests, drives_every_circuit, 0, sizeof circuits / sizeof circuits[0]);
    tcase_add_test(tests, refuses_what_it_cannot_drive);
    suite_add_tcase(suite, tests);
    return suite;
}
