/* SPDX-License-Identifier: MIT */
/* Sets made of other sets' rows: which rows, in which order, with all that belongs to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/file.h"
#include "inspect/cut.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

#define N_ROWS 50

static struct ev_error err;

/* Numbered rows with poses, /commands and an attribute of the user's in each place. */
static struct ev_set *make_set(const char *name, int64_t n_rows, bool with_pose)
{
    static const char *const names[] = {"a", "b"};
    struct ev_set_spec spec = ev_test_set_spec(n_rows, 2, 3, 3, 2);
    struct ev_set_writer *writer;
    struct ev_set *set;
    float *commands = malloc((size_t)n_rows * 2 * sizeof *commands);
    const double extra = 1.5;

    spec.with_pose = with_pose;
    for (int32_t i = 0; i < n_rows * 2; i++)
        commands[i] = (float)i * 0.5f;
    ev_assert_ok(ev_set_writer_open(ev_test_path(name), &spec, &writer, &err));
    ev_assert_ok(ev_test_append(writer, &spec, 0, n_rows, &err));
    ev_assert_ok(ev_set_writer_put(writer, "commands", 2, names, commands, &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    free(commands);
    hid_t file = H5Fopen(ev_test_path(name), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    for (int i = 0; i < 2; i++) {
        hid_t attribute = H5Acreate2(i == 0 ? file : labels, "weather", H5T_NATIVE_DOUBLE, space,
                                     H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(attribute, H5T_NATIVE_DOUBLE, &extra);
        H5Aclose(attribute);
    }
    H5Sclose(space);
    H5Dclose(labels);
    H5Fclose(file);
    ev_assert_ok(ev_set_open(ev_test_path(name), NULL, &set, &err));
    return set;
}

/* The value of an attribute of a file or of one of its datasets. */
static double number_of(const char *path, const char *dataset, const char *name)
{
    double value = -1.0;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t attribute = H5Aopen_by_name(file, dataset, name, H5P_DEFAULT, H5P_DEFAULT);

    if (attribute >= 0) {
        H5Aread(attribute, H5T_NATIVE_DOUBLE, &value);
        H5Aclose(attribute);
    }
    H5Fclose(file);
    return value;
}

static void read_commands(const char *path, float *commands)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "commands", H5P_DEFAULT);

    ck_assert_int_ge(H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, commands),
                     0);
    H5Dclose(dataset);
    H5Fclose(file);
}

/* The file holds exactly these rows of a set made by make_set, pictures, labels, poses, commands.
 */
static void check_rows(const char *path, const int64_t *rows, int64_t n)
{
    struct ev_set *set;
    uint8_t picture[18];
    double pose[EV_POSE_COLUMNS];
    float commands[4 * N_ROWS];
    char digest[65];

    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    ck_assert_int_eq(ev_set_info(set)->n_rows, n);
    read_commands(path, commands);
    for (int64_t i = 0; i < n; i++) {
        ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, i, 1, picture, &err));
        ev_test_check_pictures(picture, rows[i], 1, sizeof picture);
        for (int32_t c = 0; c < 2; c++) {
            ck_assert_float_eq(ev_set_labels(set)[2 * i + c], ev_test_label(rows[i], c));
            ck_assert_float_eq(commands[2 * i + c], (float)(2 * rows[i] + c) * 0.5f);
        }
        ev_assert_ok(ev_set_read_pose(set, i, 1, pose, &err));
        ck_assert_double_eq(pose[1], (double)rows[i] + 1.0);
    }
    ck_assert_str_eq(ev_set_info(set)->columns[1].name, "out1");
    ck_assert_str_eq(ev_set_info(set)->columns[1].unit, "m");
    ev_assert_ok(ev_set_sha256(set, digest, &err));
    ev_set_close(set);
}

START_TEST(subset_keeps_all_that_belongs_to_a_row)
{
    struct ev_set *set = make_set("all.h5", N_ROWS, true), *part;
    const struct ev_subset_args args = {.rows = "10:40:5", .every = 1};
    const char *out = ev_test_path("part.h5");

    ev_assert_ok(ev_subset(set, &args, out, &err));
    check_rows(out, (int64_t[]){10, 15, 20, 25, 30, 35}, 6);
    ck_assert_double_eq(number_of(out, ".", "weather"), 1.5);
    ck_assert_double_eq(number_of(out, "labels", "weather"), 1.5);
    ev_assert_ok(ev_set_open(out, NULL, &part, &err));
    const struct ev_set_info *info = ev_set_info(part);
    ck_assert_str_eq(info->circuit, "numbers");
    ck_assert_double_eq(info->frame_rate_hz, 4.0); /* every fifth of 20 a second */
    ck_assert_double_eq(info->columns[0].max, N_ROWS);
    ck_assert_ptr_nonnull(strstr(info->provenance, "\"rows\":\"10:40:5\""));
    ck_assert_ptr_nonnull(strstr(info->provenance, "\"file\":\"all.h5\""));
    ck_assert_ptr_nonnull(strstr(info->provenance, ev_set_info(set)->recorded_sha256));
    ck_assert_ptr_nonnull(strstr(info->provenance, "{\"made\":\"by a test\"}"));
    ck_assert_str_ne(info->recorded_sha256, ev_set_info(set)->recorded_sha256);
    ev_set_close(part);
    ev_set_close(set);
}
END_TEST

static const struct {
    struct ev_subset_args args;
    int64_t n, first, last;
} subsets[] = {
    {{NULL, NULL, 1, 0}, 50, 0, 49},
    {{NULL, NULL, 7, 0}, 8, 0, 49},
    {{NULL, "out0>=45", 1, 0}, 5, 45, 49},
    {{NULL, "out1<2", 1, 0}, 2, 0, 1},
    {{"20:", "out0>30", 3, 2}, 2, 31, 34},
    {{NULL, NULL, 1, 3}, 3, 0, 2},
    {{"0:50:1000000000000", NULL, 1, 0}, 1, 0, 0},
    {{"-1:", NULL, 1, 0}, 1, 49, 49},
};

START_TEST(subset_chooses_rows)
{
    struct ev_set *set = make_set("all.h5", N_ROWS, false);
    struct ev_cut_rows rows;

    ev_assert_ok(ev_subset_rows(set, &subsets[_i].args, &rows, &err));
    ck_assert_int_eq(rows.n, subsets[_i].n);
    ck_assert_int_eq(rows.rows[0], subsets[_i].first);
    ck_assert_int_eq(rows.rows[rows.n - 1], subsets[_i].last);
    ev_cut_rows_free(&rows);
    ev_set_close(set);
}
END_TEST

START_TEST(subset_without_rows)
{
    struct ev_set *set = make_set("all.h5", N_ROWS, false);
    struct ev_subset_args args = {.where = "out0>1000", .every = 1};

    ev_assert_fails(ev_subset(set, &args, ev_test_path("x.h5"), &err), EV_INPUT,
                    "no row fulfils --where out0>1000");
    args.rows = "24::9223372036854775807"; /* the row behind 24 overflows, to where 23 is */
    args.where = "out0<24";
    ev_assert_fails(ev_subset(set, &args, ev_test_path("x.h5"), &err), EV_INPUT,
                    "no row fulfils --where out0<24");
    args.rows = NULL;
    args.where = "wheel>1";
    ev_assert_fails(ev_subset(set, &args, ev_test_path("x.h5"), &err), EV_USAGE, "out0, out1");
    ck_assert(!ev_file_exists(ev_test_path("x.h5")));
    ev_set_close(set);
}
END_TEST

START_TEST(the_file_that_is_read_stays)
{
    struct ev_set *set = make_set("all.h5", N_ROWS, false);
    const struct ev_subset_args args = {.every = 2};

    ck_assert_int_eq(link(ev_test_path("all.h5"), ev_test_path("same.h5")), 0);
    ev_assert_fails(ev_subset(set, &args, ev_test_path("all.h5"), &err), EV_USAGE,
                    "is the set that is read");
    ev_assert_fails(ev_subset(set, &args, ev_test_path("same.h5"), &err), EV_USAGE,
                    "is the set that is read");
    ev_set_close(set);
}
END_TEST

/* One more set of numbered rows, otherwise like make_set's, with a change by the caller. */
static struct ev_set *make_other(const char *name, const struct ev_set_spec *spec)
{
    struct ev_set *set;

    ev_test_write_spec(ev_test_path(name), spec);
    ev_assert_ok(ev_set_open(ev_test_path(name), NULL, &set, &err));
    return set;
}

START_TEST(concat_joins_in_order)
{
    struct ev_set *set = make_set("a.h5", N_ROWS, true), *both;
    struct ev_set *sets[] = {set, set};
    const char *out = ev_test_path("both.h5");
    int64_t rows[2 * N_ROWS];

    for (int64_t i = 0; i < 2 * N_ROWS; i++)
        rows[i] = i % N_ROWS;
    ev_assert_ok(ev_concat(sets, 2, out, &err));
    check_rows(out, rows, 2 * N_ROWS);
    ev_assert_ok(ev_set_open(out, NULL, &both, &err));
    ck_assert_str_eq(ev_set_info(both)->circuit, "numbers");
    ck_assert_double_eq(ev_set_info(both)->frame_rate_hz, 20.0);
    ev_set_close(both);
    ev_set_close(set);
}
END_TEST

START_TEST(concat_names_what_differs)
{
    struct ev_set *set = make_set("a.h5", N_ROWS, true);
    const struct ev_set_spec same = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    struct ev_set_spec spec[7] = {same, same, same, same, same, same, same};
    static const char *const texts[] = {
        "b.h5: pictures of 4 x 3 x 3, but", "b.h5: pictures of 2 x 3 x 1, but",
        "b.h5: 1 label columns, but",       "b.h5: label column 1 is turn, but in",
        "b.h5: out0 is in 'km', but in",    "b.h5: the range of out1 is -1 to 2, but in",
        "b.h5: colour 'yuv', but",
    };

    spec[0].shape.height = 4;
    spec[1].shape.channels = 1;
    spec[2].n_outputs = 1;
    strcpy(spec[3].columns[1].name, "turn");
    strcpy(spec[4].columns[0].unit, "km");
    spec[5].columns[1].max = 2.0;
    spec[6].colour = "yuv";
    struct ev_set *sets[] = {set, make_other("b.h5", &spec[_i])};
    ev_assert_fails(ev_concat(sets, 2, ev_test_path("x.h5"), &err), EV_INPUT, texts[_i]);
    ck_assert(!ev_file_exists(ev_test_path("x.h5")));
    ev_set_close(sets[0]);
    ev_set_close(sets[1]);
}
END_TEST

static const struct {
    int32_t channels;
    const char *colour;
} assumed[] = {{1, "grey"}, {3, "rgb"}};

START_TEST(concat_takes_a_missing_colour_for_what_the_channels_say)
{
    struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, assumed[_i].channels, 2);
    struct ev_set *sets[2];

    sets[0] = make_other("a.h5", &spec);
    spec.colour = assumed[_i].colour;
    sets[1] = make_other("b.h5", &spec);
    ck_assert_str_eq(ev_set_colour(ev_set_info(sets[0])), assumed[_i].colour);
    ev_assert_ok(ev_concat(sets, 2, ev_test_path("both.h5"), &err));
    ev_set_close(sets[0]);
    ev_set_close(sets[1]);
}
END_TEST

START_TEST(concat_of_unlike_sets)
{
    struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    struct ev_set *both;

    spec.circuit = "letters";
    spec.frame_rate_hz = 10.0;
    struct ev_set *sets[] = {make_set("a.h5", N_ROWS, true), make_other("b.h5", &spec)};
    ev_assert_ok(ev_concat(sets, 2, ev_test_path("both.h5"), &err));
    ev_assert_ok(ev_set_open(ev_test_path("both.h5"), NULL, &both, &err));
    struct ev_set_further list[EV_MAX_FURTHER];
    ck_assert_int_eq(ev_set_list_further(both, list), 0); /* /commands of a.h5 alone */
    ck_assert(!ev_set_has_pose(both));
    ck_assert_str_eq(ev_set_info(both)->circuit, "numbers, letters");
    ck_assert_double_eq(ev_set_info(both)->frame_rate_hz, 0.0);
    ck_assert_int_eq(ev_set_info(both)->n_rows, 2 * N_ROWS);
    ev_set_close(both);
    ev_set_close(sets[0]);
    ev_set_close(sets[1]);
}
END_TEST

/* The rows of both parts are ascending, and together all rows, each once. */
static void check_parts(const struct ev_cut_rows *first, const struct ev_cut_rows *rest, int64_t n)
{
    int64_t i = 0, j = 0;

    ck_assert_int_gt(first->n, 0);
    ck_assert_int_gt(rest->n, 0);
    ck_assert_int_eq(first->n + rest->n, n);
    for (int64_t row = 0; row < n; row++) {
        if (i < first->n && first->rows[i] == row)
            i++;
        else if (j < rest->n && rest->rows[j] == row)
            j++;
        else
            ck_abort_msg("row %lld is in neither part, or out of order", (long long)row);
    }
}

START_TEST(split_at_random)
{
    struct ev_set *set = make_set("a.h5", N_ROWS, true);
    struct ev_cut_rows first[3], rest[3];
    struct ev_split_args args = {.seed = 7, .share = 0.7};

    for (int i = 0; i < 3; i++) {
        args.seed = i < 2 ? 7 : 8;
        ev_assert_ok(ev_split_rows(set, &args, &first[i], &rest[i], &err));
        check_parts(&first[i], &rest[i], N_ROWS);
        ck_assert_int_eq(first[i].n, 35);
    }
    const size_t bytes = 35 * sizeof first[0].rows[0];
    ck_assert_mem_eq(first[0].rows, first[1].rows, bytes);
    ck_assert_mem_ne(first[0].rows, first[2].rows, bytes);
    for (int i = 0; i < 3; i++) {
        ev_cut_rows_free(&first[i]);
        ev_cut_rows_free(&rest[i]);
    }
    ev_set_close(set);
}
END_TEST

START_TEST(split_takes_each_row_alike)
{
    struct ev_set *set = make_set("a.h5", N_ROWS, false);
    int taken[N_ROWS] = {0};

    for (uint64_t seed = 0; seed < 1000; seed++) {
        const struct ev_split_args args = {.seed = seed, .share = 0.2};
        struct ev_cut_rows first, rest;
        ev_assert_ok(ev_split_rows(set, &args, &first, &rest, &err));
        for (int64_t i = 0; i < first.n; i++)
            taken[first.rows[i]]++;
        ev_cut_rows_free(&first);
        ev_cut_rows_free(&rest);
    }
    /* Binomial, 1000 times 0.2: mean 200, standard deviation 12.6; here 5 of them. */
    for (int i = 0; i < N_ROWS; i++)
        ck_assert_msg(abs(taken[i] - 200) < 64, "row %d was taken %d times", i, taken[i]);
    ev_set_close(set);
}
END_TEST

START_TEST(split_keeps_a_row_on_each_side)
{
    struct ev_set *set = make_set("a.h5", 2, false), *one = make_set("b.h5", 1, false);
    struct ev_split_args args = {.seed = 1, .share = 0.999};
    struct ev_cut_rows first, rest;

    ev_assert_ok(ev_split_rows(set, &args, &first, &rest, &err));
    check_parts(&first, &rest, 2);
    ev_cut_rows_free(&first);
    ev_cut_rows_free(&rest);
    ev_assert_fails(ev_split_rows(one, &args, &first, &rest, &err), EV_INPUT, "has one row");
    ev_set_close(set);
    ev_set_close(one);
}
END_TEST

/* A set of 100 rows in laps of 20 m, of 10 rows each, or of 10 and of 90. */
static struct ev_set *make_laps(const char *name, bool unequal)
{
    struct ev_set_spec spec = ev_test_set_spec(100, 2, 3, 3, 2);
    struct ev_set_writer *writer;
    struct ev_set *set;
    uint8_t picture[18] = {0};

    spec.with_pose = true;
    ev_assert_ok(ev_set_writer_open(ev_test_path(name), &spec, &writer, &err));
    for (int i = 0; i < 100; i++) {
        const float labels[] = {(float)i, 0.0f};
        const double first = 2.0 * (i % 10);
        const double pose[] = {0.0, 0.0, 0.0, unequal && i >= 10 ? (i - 10) / 4.5 : first};
        ev_assert_ok(ev_set_writer_append(writer, 1, picture, labels, pose, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    ev_assert_ok(ev_set_open(ev_test_path(name), NULL, &set, &err));
    return set;
}

START_TEST(split_by_lap)
{
    struct ev_set *set = make_laps("a.h5", false);
    const struct ev_split_args args = {.by_lap = true, .seed = 3, .share = 0.68};
    struct ev_cut_rows first, rest;

    ev_assert_ok(ev_split_rows(set, &args, &first, &rest, &err));
    check_parts(&first, &rest, 100);
    ck_assert_int_eq(first.n, 70); /* seven laps are nearest */
    for (int64_t i = 0; i < first.n; i++)
        ck_assert_int_eq(first.rows[i] / 10, first.rows[i / 10 * 10] / 10);
    ev_cut_rows_free(&first);
    ev_cut_rows_free(&rest);
    ev_set_close(set);

    set = make_set("b.h5", N_ROWS, false);
    ev_assert_fails(ev_split_rows(set, &args, &first, &rest, &err), EV_INPUT, "no dataset /pose");
    ev_set_close(set);
    set = make_set("c.h5", N_ROWS, true); /* the distance grows all the time */
    ev_assert_fails(ev_split_rows(set, &args, &first, &rest, &err), EV_INPUT, "single lap");
    ev_set_close(set);
}
END_TEST

START_TEST(split_by_lap_is_near_whatever_the_seed)
{
    struct ev_set *set = make_laps("a.h5", true);
    struct ev_split_args args = {.by_lap = true};
    struct ev_cut_rows first, rest;

    for (int i = 0; i < 40; i++) {
        args.seed = (uint64_t)i / 2;
        args.share = i % 2 == 0 ? 0.8 : 0.01; /* nearer to 90 rows of 100, or to 10 */
        ev_assert_ok(ev_split_rows(set, &args, &first, &rest, &err));
        ck_assert_int_eq(first.n, i % 2 == 0 ? 90 : 10);
        ev_cut_rows_free(&first);
        ev_cut_rows_free(&rest);
    }
    ev_set_close(set);
}
END_TEST

START_TEST(a_finished_set_is_whole_but_has_no_name_yet)
{
    const struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    struct ev_set_writer *writer;
    struct ev_set *set;
    const char *path = ev_test_path("a.h5");

    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    ev_assert_ok(ev_test_append(writer, &spec, 0, N_ROWS, &err));
    ev_assert_ok(ev_set_writer_finish(writer, &err));
    ck_assert(!ev_file_exists(path));
    ev_assert_ok(ev_set_writer_finish(writer, &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    ck_assert_uint_eq(strlen(ev_set_info(set)->recorded_sha256), 64);
    ev_set_close(set);
}
END_TEST

START_TEST(split_writes_both_parts)
{
    struct ev_set *set = make_set("a.h5", N_ROWS, true);
    const struct ev_split_args args = {.seed = 3, .share = 0.5};
    struct ev_cut_rows first, rest;
    char digests[2][65];

    ev_assert_ok(ev_split_rows(set, &args, &first, &rest, &err));
    for (int i = 0; i < 2; i++) {
        ev_assert_ok(ev_split(set, &args, ev_test_path("one.h5"), ev_test_path("two.h5"), &err));
        check_rows(ev_test_path("one.h5"), first.rows, first.n);
        check_rows(ev_test_path("two.h5"), rest.rows, rest.n);
        ev_assert_ok(ev_file_sha256(ev_test_path("one.h5"), digests[i], &err));
    }
    ck_assert_str_eq(digests[0], digests[1]);
    ev_cut_rows_free(&first);
    ev_cut_rows_free(&rest);

    /* Neither part without the other. */
    unlink(ev_test_path("one.h5"));
    ev_assert_fails(ev_split(set, &args, ev_test_path("one.h5"), ev_test_path("no/two.h5"), &err),
                    EV_INPUT, "no/two.h5");
    ck_assert(!ev_file_exists(ev_test_path("one.h5")));
    ev_set_close(set);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("cut");
    TCase *tcase = tcase_create("cut");

    tcase_add_test(tcase, subset_keeps_all_that_belongs_to_a_row);
    tcase_add_loop_test(tcase, subset_chooses_rows, 0, (int)(sizeof subsets / sizeof subsets[0]));
    tcase_add_test(tcase, subset_without_rows);
    tcase_add_test(tcase, the_file_that_is_read_stays);
    tcase_add_test(tcase, concat_joins_in_order);
    tcase_add_loop_test(tcase, concat_names_what_differs, 0, 7);
    tcase_add_loop_test(tcase, concat_takes_a_missing_colour_for_what_the_channels_say, 0, 2);
    tcase_add_test(tcase, concat_of_unlike_sets);
    tcase_add_test(tcase, split_at_random);
    tcase_add_test(tcase, split_takes_each_row_alike);
    tcase_add_test(tcase, split_keeps_a_row_on_each_side);
    tcase_add_test(tcase, split_by_lap);
    tcase_add_test(tcase, split_by_lap_is_near_whatever_the_seed);
    tcase_add_test(tcase, a_finished_set_is_whole_but_has_no_name_yet);
    tcase_add_test(tcase, split_writes_both_parts);
    suite_add_tcase(suite, tcase);
    return suite;
}
