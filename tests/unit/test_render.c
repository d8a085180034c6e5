/* SPDX-License-Identifier: MIT */
/* Rendered sets: the same bytes for any number of threads, labels that fit the poses, the cache. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/progress.h"
#include "render/camera.h"
#include "render/expert.h"
#include "render/perturb.h"
#include "render/render.h"
#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_track.h"

static struct ev_error err;

static struct ev_render_args small_args(bool perturb)
{
    return (struct ev_render_args){
        .circuit = "simple",
        .seed = 7,
        .n_frames = 70, /* more than one block, and not a whole number of them */
        .perturb = perturb,
        .n_threads = 2,
    };
}

static char *render(const struct ev_render_args *args, const char *name)
{
    static char hex[65];

    ev_progress_set_quiet(true);
    ev_assert_ok(ev_render_set(args, ev_test_path(name), &err));
    ev_assert_ok(ev_file_sha256(ev_test_path(name), hex, &err));
    return strdup(hex);
}

START_TEST(same_bytes_for_any_number_of_threads)
{
    struct ev_render_args args = small_args(_i == 1);
    char *two = render(&args, "two.h5");

    args.n_threads = 1;
    char *one = render(&args, "one.h5");
    args.seed = 8;
    char *other = render(&args, "other.h5");
    ck_assert_str_eq(one, two);
    ck_assert_str_ne(one, other);
    free(one);
    free(two);
    free(other);
}
END_TEST

START_TEST(set_describes_itself)
{
    struct ev_render_args args = small_args(false);
    struct ev_set *set;
    free(render(&args, "set.h5"));

    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    const struct ev_set_info *info = ev_set_info(set);
    ck_assert_int_eq(info->n_rows, 70);
    ck_assert_int_eq(info->shape.height, 66);
    ck_assert_int_eq(info->shape.width, 200);
    ck_assert_int_eq(info->shape.channels, 3);
    ck_assert_int_eq(info->n_outputs, 2);
    ck_assert_str_eq(info->columns[0].name, "v");
    ck_assert_str_eq(info->columns[0].unit, "m/s");
    ck_assert_double_eq(info->columns[0].min, 6.5);
    ck_assert_double_eq(info->columns[0].max, 24.0);
    ck_assert_str_eq(info->columns[1].unit, "rad/s");
    ck_assert_double_eq(info->columns[1].min, -7.1);
    ck_assert_str_eq(info->circuit, "simple");
    ck_assert_double_eq(info->frame_rate_hz, 20.0);
    json_t *provenance = json_loads(info->provenance, 0, NULL);
    ck_assert_int_eq(json_integer_value(json_object_get(provenance, "seed")), 7);
    ck_assert_str_eq(json_string_value(json_object_get(provenance, "circuit")), "simple");
    json_decref(provenance);
    ev_set_close(set);
}
END_TEST

/* Labels stay within the car's limits, also far off the line, and both directions are driven. */
START_TEST(labels_stay_within_limits)
{
    struct ev_render_args args = small_args(true);
    struct ev_set *set;
    double largest_w = 0.0;

    args.circuit = "nurburgring";
    args.n_frames = 400;
    free(render(&args, "set.h5"));
    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    const float *labels = ev_set_labels(set);
    for (int i = 0; i < 400; i++) {
        ck_assert_float_ge(labels[2 * i], 6.5f);
        ck_assert_float_le(labels[2 * i], 24.0f);
        ck_assert_float_le(fabsf(labels[2 * i + 1]), 7.1f);
        largest_w = fmax(largest_w, fabs(labels[2 * i + 1]));
    }
    /* Some of the perturbed frames need a hard turn. */
    ck_assert_double_gt(largest_w, 2.0);
    ev_set_close(set);
}
END_TEST

START_TEST(perturbed_poses_lie_around_the_line)
{
    struct ev_track *track;
    double sum = 0.0, sum_sq = 0.0;
    enum { N = 2000 };

    ev_assert_ok(ev_track_open(ev_test_oval("oval.csv", 100.0, 20.0, 2.0), &track, &err));
    for (int i = 0; i < N; i++) {
        struct ev_path_point point = {{30.0, 0.0, 0.0}, 30.0, 1};
        ev_perturb_pose(track, 3, i, &point);
        ck_assert_double_ge(point.pose.x_m, 29.99);
        ck_assert_double_le(point.pose.x_m, 32.01);
        ck_assert_double_eq_tol(point.s_m, point.pose.x_m, 0.01);
        sum += point.pose.y_m;
        sum_sq += point.pose.y_m * point.pose.y_m;
    }
    /* A mixture of a normal of 0.15 m and, for 35 %, a uniform within 0.9 m. */
    double spread = sqrt(0.65 * 0.15 * 0.15 + 0.35 * 0.9 * 0.9 / 3.0);
    ck_assert_double_eq_tol(sum / N, 0.0, 5.0 * spread / sqrt(N));
    ck_assert_double_eq_tol(sqrt(sum_sq / N), spread, 0.1 * spread);
    ev_track_close(track);
}
END_TEST

START_TEST(bad_arguments_leave_nothing)
{
    struct ev_render_args args = small_args(false);

    args.circuit = "simpel";
    ev_assert_fails(ev_render_set(&args, ev_test_path("set.h5"), &err), EV_INPUT, "'simple'");
    ck_assert(!ev_file_exists(ev_test_path("set.h5")));
    args.circuit = "simple";
    ev_assert_fails(ev_render_set(&args, ev_test_path("no/folder.h5"), &err), EV_INPUT, "folder.h5");
}
END_TEST

/* A cached set is used while its provenance fits, and made again when it does not. */
START_TEST(cache_is_made_once)
{
    const struct ev_builtin_set set = {"simple", "test", "", 20, false, 5};
    struct ev_builtin_set other = set;
    char *path = NULL;
    char before[65], after[65];

    ev_progress_set_quiet(true);
    ck_assert(!ev_builtin_set_is_rendered(&set, ev_test_folder()));
    ev_assert_ok(ev_builtin_set_ensure(&set, ev_test_path("deep/cache"), 1, &path, &err));
    ck_assert(ev_builtin_set_is_rendered(&set, ev_test_path("deep/cache")));
    ev_assert_ok(ev_file_sha256(path, before, &err));
    free(path);

    other.seed = 6;
    ck_assert(!ev_builtin_set_is_rendered(&other, ev_test_path("deep/cache")));
    ev_assert_ok(ev_builtin_set_ensure(&other, ev_test_path("deep/cache"), 1, &path, &err));
    ev_assert_ok(ev_file_sha256(path, after, &err));
    ck_assert_str_ne(before, after);

    /* Damage is noticed as well. */
    FILE *file = fopen(path, "w");
    fputs("no longer a set", file);
    fclose(file);
    ck_assert(!ev_builtin_set_is_rendered(&other, ev_test_path("deep/cache")));
    free(path);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("render");
    TCase *tests = tcase_create("render");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, same_bytes_for_any_number_of_threads, 0, 2);
    tcase_add_test(tests, set_describes_itself);
    tcase_add_test(tests, labels_stay_within_limits);
    tcase_add_test(tests, perturbed_poses_lie_around_the_line);
    tcase_add_test(tests, bad_arguments_leave_nothing);
    tcase_add_test(tests, cache_is_made_once);
    suite_add_tcase(suite, tests);
    return suite;
}
