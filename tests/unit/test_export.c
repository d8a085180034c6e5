/* SPDX-License-Identifier: MIT */
/* Sets as folders: full pictures that resize to the set's own, tables that read back exactly. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/file.h"
#include "base/text.h"
#include "inspect/export.h"
#include "inspect/folder.h"
#include "picture/picture.h"
#include "render/camera.h"
#include "render/render.h"
#include "render/replay.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"
#include "support/ev_test_track.h"

static struct ev_error err;

static struct ev_set *render(const char *circuit, bool perturb, int64_t n_frames)
{
    const struct ev_render_args args = {
        .circuit = circuit, .seed = 4, .n_frames = n_frames, .perturb = perturb, .n_threads = 1};
    struct ev_set *set;

    ev_assert_ok(ev_render_set(&args, ev_test_path("set.h5"), &err));
    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    return set;
}

static const struct ev_export_args all = {.n_threads = 2};

/* The picture in the folder: its lower half, resized as the set's pictures were, is the set's own
 * within `most` grey levels. */
static void check_picture(struct ev_set *set, int64_t row, const char *folder, int64_t number,
                          int most)
{
    static const struct ev_picture_crop ground = {.top = EV_CAMERA_HORIZON};
    uint8_t own[EV_PICTURE_BYTES], small[EV_PICTURE_BYTES];
    struct ev_picture full;
    char name[64];

    snprintf(name, sizeof name, "%s/%lld.png", folder, (long long)number);
    ev_assert_ok(ev_picture_read(ev_test_path(name), &full, &err));
    ck_assert_int_eq(full.width, 640);
    ck_assert_int_eq(full.height, 480);
    ev_assert_ok(ev_picture_crop(&full, &ground, &err));
    ev_assert_ok(ev_picture_resize(&full, EV_RESIZE_LINEAR, EV_PICTURE_HEIGHT, EV_PICTURE_WIDTH,
                                   small, &err));
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, row, 1, own, &err));
    for (int i = 0; i < EV_PICTURE_BYTES; i++) {
        if (abs(own[i] - small[i]) > most)
            ck_abort_msg("row %lld, byte %d: %d in the set, %d resized", (long long)row, i, own[i],
                         small[i]);
    }
    ev_picture_free(&full);
}

START_TEST(full_pictures_resize_to_the_sets_own)
{
    const bool perturb = _i == 1;
    struct ev_set *set = render("simple", perturb, 24);
    int n_blurred = 0;

    ev_assert_ok(ev_export(set, &all, ev_test_path("out"), &err));
    for (int64_t row = 0; row < 24; row++) {
        uint64_t key;
        check_picture(set, row, "out", row, 1);
        n_blurred += ev_render_look(4, perturb, row, &key).blur_sigma_px > 0.0f;
    }
    ck_assert(perturb == (n_blurred > 0)); /* the difficult ones were among them */
    ev_set_close(set);
}
END_TEST

START_TEST(sky_is_above_the_horizon)
{
    struct ev_set *set = render("simple", false, 1);
    struct ev_picture full;

    ev_assert_ok(ev_export(set, &all, ev_test_path("out"), &err));
    ev_assert_ok(ev_picture_read(ev_test_path("out/0.png"), &full, &err));
    for (int y = 0; y < EV_CAMERA_HORIZON; y += 60)
        ck_assert_int_eq(full.pixels[(size_t)y * full.row_bytes + 2], 222);
    ev_picture_free(&full);
    ev_set_close(set);
}
END_TEST

/* Rows of data.csv are the labels to the last bit. */
static void check_table(const struct ev_set *set, const char *folder, const int64_t *rows,
                        int64_t n)
{
    const struct ev_set_info *info = ev_set_info(set);
    char name[64];
    struct ev_csv csv;

    snprintf(name, sizeof name, "%s/data.csv", folder);
    ev_assert_ok(ev_csv_read(ev_test_path(name), &csv, &err));
    ck_assert_int_eq(csv.n_rows, n);
    ck_assert_int_eq(csv.n_columns, info->n_outputs);
    for (int32_t c = 0; c < info->n_outputs; c++) {
        ck_assert_int_eq(ev_csv_column(&csv, info->columns[c].name), c);
        for (int64_t i = 0; i < n; i++)
            ck_assert_float_eq(strtof(ev_csv_cell(&csv, i, c), NULL),
                               ev_set_labels(set)[rows[i] * info->n_outputs + c]);
    }
    ev_csv_free(&csv);
}

START_TEST(some_rows)
{
    struct ev_set *set = render("simple", false, 40);
    const struct ev_export_args args = {.rows = "10:30:9", .n_threads = 1};

    ev_assert_ok(ev_export(set, &args, ev_test_path("out"), &err));
    check_table(set, "out", (int64_t[]){10, 19, 28}, 3);
    for (int64_t i = 0; i < 3; i++)
        check_picture(set, 10 + 9 * i, "out", i, 1);
    ck_assert(!ev_file_exists(ev_test_path("out/3.png")));
    ev_set_close(set);
}
END_TEST

START_TEST(other_sets_keep_their_size)
{
    const int32_t channels = _i == 0 ? 3 : 1;
    struct ev_set *set;
    struct ev_picture picture;
    uint8_t own[5 * 7 * 3];

    ev_test_write_set(ev_test_path("set.h5"), 70, 5, 7, channels, 3);
    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    ev_assert_ok(ev_export(set, &all, ev_test_path("out"), &err));
    int64_t rows[70];
    for (int64_t i = 0; i < 70; i++)
        rows[i] = i;
    check_table(set, "out", rows, 70);
    ev_assert_ok(ev_picture_read(ev_test_path("out/69.png"), &picture, &err));
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, 69, 1, own, &err));
    ck_assert_int_eq(picture.height, 5);
    ck_assert_int_eq(picture.width, 7);
    for (int i = 0; i < 5 * 7 * 3; i++) /* read as RGB */
        ck_assert_uint_eq(picture.pixels[i], own[channels == 3 ? i : i / 3]);
    ev_picture_free(&picture);
    ev_set_close(set);
}
END_TEST

START_TEST(shortest_numbers)
{
    const float labels[] = {0.1f, 1.0f / 3.0f, 24.0f, 1000.00006f, -0.30000001f, 1e-7f};
    const uint8_t images[6 * 4] = {0};
    struct ev_set_spec spec = ev_test_set_spec(6, 2, 2, 1, 1);
    struct ev_set_writer *writer;
    struct ev_set *set;
    char text[200] = "";

    ev_assert_ok(ev_set_writer_open(ev_test_path("set.h5"), &spec, &writer, &err));
    ev_assert_ok(ev_set_writer_append(writer, 6, images, labels, NULL, &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    ev_assert_ok(ev_export(set, &all, ev_test_path("out"), &err));
    check_table(set, "out", (int64_t[]){0, 1, 2, 3, 4, 5}, 6);
    FILE *table = fopen(ev_test_path("out/data.csv"), "r");
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, table), 0);
    fclose(table);
    ck_assert_str_eq(text, "out0\n0.1\n0.33333334\n24\n1000.00006\n-0.3\n1e-07\n");
    ev_set_close(set);
}
END_TEST

START_TEST(as_is)
{
    struct ev_set *set = render("simple", false, 2);
    const struct ev_export_args args = {.as_is = true, .n_threads = 1};
    struct ev_picture picture;

    ev_assert_ok(ev_export(set, &args, ev_test_path("out"), &err));
    ev_assert_ok(ev_picture_read(ev_test_path("out/1.png"), &picture, &err));
    ck_assert_int_eq(picture.height, EV_PICTURE_HEIGHT);
    ck_assert_int_eq(picture.width, EV_PICTURE_WIDTH);
    ev_picture_free(&picture);
    ev_set_close(set);
}
END_TEST

START_TEST(circuits_of_files)
{
    char *circle = strdup(ev_test_circle("circle.csv", 40.0, 400, 4.0));
    struct ev_set *set = render(circle, false, 3);
    struct ev_export_args args = {.n_threads = 1};
    struct ev_picture picture;

    /* Its name alone says too little: the set's own pictures. */
    ev_assert_ok(ev_export(set, &args, ev_test_path("small"), &err));
    ev_assert_ok(ev_picture_read(ev_test_path("small/0.png"), &picture, &err));
    ck_assert_int_eq(picture.height, EV_PICTURE_HEIGHT);
    ev_picture_free(&picture);
    args.circuit = circle;
    ev_assert_ok(ev_export(set, &args, ev_test_path("full"), &err));
    check_picture(set, 2, "full", 2, 1);
    args.circuit = "montreal";
    ev_assert_fails(ev_export(set, &args, ev_test_path("wrong"), &err), EV_INPUT,
                    "row 0: rendered again, the picture is another one");
    args.circuit = "./nowhere.csv";
    ev_assert_fails(ev_export(set, &args, ev_test_path("wrong"), &err), EV_INPUT, "nowhere.csv");
    ck_assert(!ev_file_exists(ev_test_path("wrong")));
    free(circle);
    ev_set_close(set);
}
END_TEST

static int count_entries(const char *path)
{
    DIR *listing = opendir(path);
    int n = -2;

    while (readdir(listing))
        n++;
    closedir(listing);
    return n;
}

START_TEST(folders_appear_whole)
{
    struct ev_new_folder folder;

    ev_assert_ok(ev_new_folder_open(&folder, ev_test_path("new///"), &err));
    char *path = ev_new_folder_path(&folder, "file");
    fclose(fopen(path, "w"));
    free(path);
    ck_assert(!ev_file_exists(ev_test_path("new")));
    ev_assert_ok(ev_new_folder_commit(&folder, &err));
    ev_new_folder_abort(&folder);
    ck_assert(ev_file_exists(ev_test_path("new/file")));

    ev_assert_fails(ev_new_folder_open(&folder, ev_test_path("new"), &err), EV_INPUT, "not empty");
    ev_new_folder_abort(&folder);
    unlink(ev_test_path("new/file"));
    ev_assert_ok(ev_new_folder_open(&folder, ev_test_path("new"), &err)); /* empty now */
    path = ev_new_folder_path(&folder, "file");
    fclose(fopen(path, "w"));
    free(path);
    ev_new_folder_abort(&folder);
    ck_assert_int_eq(count_entries(ev_test_path("new")), 0);
    ck_assert_int_eq(count_entries(ev_test_folder()), 1);

    fclose(fopen(ev_test_path("file"), "w"));
    ev_assert_fails(ev_new_folder_open(&folder, ev_test_path("file"), &err), EV_INPUT,
                    "is there already");
    ev_new_folder_abort(&folder);
    ev_assert_fails(ev_new_folder_open(&folder, ev_test_path("no/such/one"), &err), EV_INPUT,
                    "no/such/one");
    ev_new_folder_abort(&folder);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("export");
    TCase *tcase = tcase_create("export");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, full_pictures_resize_to_the_sets_own, 0, 2);
    tcase_add_test(tcase, sky_is_above_the_horizon);
    tcase_add_test(tcase, some_rows);
    tcase_add_loop_test(tcase, other_sets_keep_their_size, 0, 2);
    tcase_add_test(tcase, shortest_numbers);
    tcase_add_test(tcase, as_is);
    tcase_add_test(tcase, circuits_of_files);
    tcase_add_test(tcase, folders_appear_whole);
    suite_add_tcase(suite, tcase);
    return suite;
}
