/* SPDX-License-Identifier: MIT */
/* Laps found in poses: of the expert's drives, of training poses, of joined sets. */
#include <math.h>
#include <stdlib.h>

#include "inspect/laps.h"
#include "render/drive_path.h"
#include "render/perturb.h"
#include "support/ev_test.h"

#define MOST_ROWS 8000

static struct ev_error err;
static double poses[MOST_ROWS][EV_POSE_COLUMNS];
static int64_t n_poses;

/* Adds n rows of a drive around a circuit from its first on, as a rendered set has them; returns
 * where the reverse lap starts in the path, *n_path rows long. */
static int64_t drive(const char *circuit, int64_t n, bool perturb, int64_t *n_path)
{
    struct ev_track *track;
    struct ev_drive_path path;
    int64_t turn = 0;

    ev_assert_ok(ev_track_open(circuit, &track, &err));
    ev_assert_ok(ev_drive_path_make(track, &path, &err));
    while (path.points[turn].direction > 0)
        turn++;
    for (int64_t i = 0; i < (n > 0 ? n : path.n_points); i++) {
        struct ev_path_point point = path.points[i % path.n_points];
        if (perturb)
            ev_perturb_pose(track, 5, i, &point);
        double *pose = poses[n_poses++];
        pose[0] = point.pose.x_m;
        pose[1] = point.pose.y_m;
        pose[2] = point.pose.yaw_rad;
        pose[3] = point.s_m;
    }
    *n_path = path.n_points;
    ev_drive_path_free(&path);
    ev_track_close(track);
    return turn;
}

static void check_laps(int64_t n, const int64_t *firsts)
{
    struct ev_set_laps laps;
    int64_t n_rows = 0;

    ev_assert_ok(ev_set_laps_of(&poses[0][0], n_poses, &laps, &err));
    for (int64_t i = 0; i < laps.n_laps; i++) {
        ck_assert_int_lt(i, n);
        ck_assert_int_eq(laps.laps[i].first, firsts[i]);
        ck_assert_int_eq(laps.laps[i].first, n_rows);
        n_rows += laps.laps[i].n_rows;
    }
    ck_assert_int_eq(laps.n_laps, n);
    ck_assert_int_eq(n_rows, n_poses);
    ev_set_laps_free(&laps);
}

START_TEST(a_lap_each_way)
{
    static const char *const circuits[] = {"simple", "montreal", "montmelo", "nurburgring",
                                           "many_curves"};
    struct ev_set_laps laps;
    int64_t n_path;

    int64_t turn = drive(circuits[_i], 0, false, &n_path);
    check_laps(2, (int64_t[]){0, turn});
    ev_assert_ok(ev_set_laps_of(&poses[0][0], n_poses, &laps, &err));
    ck_assert_int_eq(laps.laps[0].direction, 1);
    ck_assert_int_eq(laps.laps[1].direction, -1);
    ev_set_laps_free(&laps);
}
END_TEST

START_TEST(training_poses_jump_about)
{
    int64_t n_path;

    int64_t turn = drive("nurburgring", 6000, true, &n_path);
    int64_t firsts[20], n = 0;
    for (int64_t first = 0; first < 6000; first += n_path) {
        firsts[n++] = first;
        if (first + turn < 6000)
            firsts[n++] = first + turn;
    }
    ck_assert_int_gt(n, 6);
    check_laps(n, firsts);
}
END_TEST

START_TEST(laps_one_after_the_other)
{
    /* Three and a half laps of a circle, some rows before the line at first. */
    for (int i = 0; i < 350; i++) {
        double angle = (i - 10) * 2.0 * M_PI / 100.0,
               wrapped = fmod(angle + 4.0 * M_PI, 2.0 * M_PI);
        double *pose = poses[n_poses++];
        pose[0] = 50.0 * cos(angle);
        pose[1] = 50.0 * sin(angle);
        pose[2] = remainder(angle + 0.5 * M_PI, 2.0 * M_PI);
        pose[3] = 50.0 * wrapped;
    }
    check_laps(5, (int64_t[]){0, 10, 110, 210, 310});
}
END_TEST

START_TEST(joined_sets)
{
    int64_t n_path;

    int64_t turn = drive("simple", 0, false, &n_path);
    int64_t second = n_poses;
    int64_t second_turn = drive("montmelo", 0, false, &n_path);
    check_laps(4, (int64_t[]){0, turn, second, second + second_turn});
}
END_TEST

START_TEST(a_part_of_a_lap)
{
    int64_t n_path;

    (void)drive("montreal", 200, false, &n_path);
    check_laps(1, (int64_t[]){0});
    n_poses = 1;
    check_laps(1, (int64_t[]){0});
}
END_TEST

START_TEST(poses_that_are_unknown)
{
    int64_t n_path;

    int64_t turn = drive("simple", 0, false, &n_path);
    for (int i = 0; i < EV_POSE_COLUMNS; i++)
        poses[100][i] = NAN;
    check_laps(2, (int64_t[]){0, turn});
    for (int64_t row = 0; row < n_poses; row++)
        poses[row][3] = NAN;
    struct ev_set_laps laps;
    ev_assert_ok(ev_set_laps_of(&poses[0][0], n_poses, &laps, &err));
    ck_assert_int_ge(laps.n_laps, 1);
    ev_set_laps_free(&laps);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_laps");
    TCase *tcase = tcase_create("laps");

    tcase_add_loop_test(tcase, a_lap_each_way, 0, 5);
    tcase_add_test(tcase, training_poses_jump_about);
    tcase_add_test(tcase, laps_one_after_the_other);
    tcase_add_test(tcase, joined_sets);
    tcase_add_test(tcase, a_part_of_a_lap);
    tcase_add_test(tcase, poses_that_are_unknown);
    suite_add_tcase(suite, tcase);
    return suite;
}
