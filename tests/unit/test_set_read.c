/* SPDX-License-Identifier: MIT */
/* Reading pictures: every way of storing them gives the same bytes, files that break while they are
 * read say so, and digests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hdf5.h>

#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

enum { N_ROWS = 23, HEIGHT = 4, WIDTH = 5, CHANNELS = 3, ROW_BYTES = HEIGHT * WIDTH * CHANNELS };

static struct ev_error err;

static struct ev_set *open_ok(const char *path)
{
    struct ev_set *set = NULL;

    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    return set;
}

static void check_all_reads(struct ev_set *set)
{
    static const int64_t rows[] = {22, 0, 1, 2, 3, 3, 3, 10, 9, 8, 19, 20, 21, 22};
    const int n = sizeof rows / sizeof rows[0];
    uint8_t images[N_ROWS * ROW_BYTES];

    for (int64_t first = 0; first < N_ROWS; first++) {
        for (int64_t count = 1; count <= N_ROWS - first; count += 3) {
            memset(images, 0xee, sizeof images);
            ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, first, count, images, &err));
            ev_test_check_pictures(images, first, count, ROW_BYTES);
        }
    }
    ev_assert_ok(ev_set_read_rows(set, EV_FORM_U8_NHWC, rows, n, images, &err));
    for (int i = 0; i < n; i++)
        ev_test_check_pictures(images + i * ROW_BYTES, rows[i], 1, ROW_BYTES);
}

START_TEST(own_layouts)
{
    static const struct {
        int64_t chunk_rows;
        int32_t deflate_level;
    } layouts[] = {{0, 0}, {1, 0}, {16, 0}, {16, 6}, {100, 1}};

    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct ev_set_spec spec = ev_test_set_spec(N_ROWS, HEIGHT, WIDTH, CHANNELS, 2);
        spec.chunk_rows = layouts[i].chunk_rows;
        spec.deflate_level = layouts[i].deflate_level;
        ev_test_write_spec(ev_test_path("set.h5"), &spec);
        struct ev_set *set = open_ok(ev_test_path("set.h5"));
        check_all_reads(set);
        ev_set_close(set);
    }
}
END_TEST

/* Layouts that other tools write. */
enum foreign_layout { USER_BLOCK, COMPACT, EXTERNAL_FILE, EXTERNAL_LINK, SOFT_LINK, N_FOREIGN };

static hid_t write_images(hid_t file, const char *name, enum foreign_layout layout)
{
    const hsize_t extent[4] = {N_ROWS, HEIGHT, WIDTH, CHANNELS};
    uint8_t images[N_ROWS * ROW_BYTES];
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(4, extent, NULL);

    for (int64_t row = 0; row < N_ROWS; row++) {
        for (size_t i = 0; i < ROW_BYTES; i++)
            images[row * ROW_BYTES + (int64_t)i] = ev_test_pixel(row, i);
    }
    if (layout == COMPACT)
        H5Pset_layout(plist, H5D_COMPACT);
    if (layout == EXTERNAL_FILE)
        H5Pset_external(plist, ev_test_path("raw.bin"), 0, sizeof images);
    hid_t dataset = H5Dcreate2(file, name, H5T_STD_U8LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    ck_assert_int_ge(H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, images), 0);
    H5Sclose(space);
    H5Pclose(plist);
    return dataset;
}

static void write_foreign(const char *path, enum foreign_layout layout)
{
    const hsize_t n_rows = N_ROWS;
    float labels[N_ROWS] = {0};
    hid_t plist = H5Pcreate(H5P_FILE_CREATE);
    if (layout == USER_BLOCK)
        H5Pset_userblock(plist, 1024);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, plist, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &n_rows, NULL);
    hid_t dataset =
        H5Dcreate2(file, "labels", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels);
    H5Dclose(dataset);
    if (layout == EXTERNAL_LINK) {
        hid_t other = H5Fcreate(ev_test_path("other.h5"), H5F_ACC_TRUNC, plist, H5P_DEFAULT);
        H5Dclose(write_images(other, "pictures", layout));
        H5Fclose(other);
        H5Lcreate_external("other.h5", "/pictures", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    } else if (layout == SOFT_LINK) {
        H5Dclose(write_images(file, "pictures", layout));
        H5Lcreate_soft("/pictures", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    } else {
        H5Dclose(write_images(file, "images", layout));
    }
    H5Sclose(space);
    H5Pclose(plist);
    ck_assert_int_ge(H5Fclose(file), 0);
}

START_TEST(foreign_layouts)
{
    const char *path = ev_test_path("foreign.h5");

    write_foreign(path, (enum foreign_layout)_i);
    struct ev_set *set = open_ok(path);
    check_all_reads(set);
    ev_set_close(set);
}
END_TEST

START_TEST(file_that_shrinks)
{
    const char *path = ev_test_path("set.h5");
    struct stat info;
    uint8_t images[N_ROWS * ROW_BYTES];

    /* Without labels behind them the pictures are what the end of the file cuts. */
    ev_test_write_set(path, N_ROWS, HEIGHT, WIDTH, CHANNELS, 1);
    struct ev_set *set = open_ok(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
    off_t start = (off_t)H5Dget_offset(dataset);
    H5Dclose(dataset);
    H5Fclose(file);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(truncate(path, start + 11 * ROW_BYTES + 7), 0);
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, 0, 11, images, &err));
    ev_assert_fails(ev_set_read(set, EV_FORM_U8_NHWC, 5, 10, images, &err), EV_INPUT,
                    "set.h5: truncated while it was read (row 11)");
    ev_assert_fails(ev_set_read(set, EV_FORM_U8_NHWC, 22, 1, images, &err), EV_INPUT, "(row 22)");
    ev_set_close(set);
}
END_TEST

START_TEST(damaged_chunk)
{
    const char *path = ev_test_path("set.h5");
    struct ev_set_spec spec = ev_test_set_spec(N_ROWS, HEIGHT, WIDTH, CHANNELS, 1);
    uint8_t images[N_ROWS * ROW_BYTES];
    hsize_t offset[4] = {8}, bytes, size;
    haddr_t address;
    unsigned mask;

    spec.chunk_rows = 8;
    spec.deflate_level = 5;
    ev_test_write_spec(path, &spec);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
    ck_assert_int_ge(H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &size), 0);
    bytes = size;
    H5Dclose(dataset);
    H5Fclose(file);
    FILE *stream = fopen(path, "r+");
    fseek(stream, (long)address, SEEK_SET);
    for (hsize_t i = 0; i < bytes; i++)
        putc(0xff, stream);
    fclose(stream);
    struct ev_set *set = open_ok(path);
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, 0, 8, images, &err));
    ev_assert_fails(ev_set_read(set, EV_FORM_U8_NHWC, 3, 12, images, &err), EV_INPUT,
                    "set.h5: /images rows 8 to 15 cannot be read");
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, 16, 7, images, &err));
    ev_test_check_pictures(images, 16, 7, ROW_BYTES);
    ev_set_close(set);
}
END_TEST

/* The digest is of the content: the same for every layout, recorded or computed. */
START_TEST(digests)
{
    struct ev_set_spec spec = ev_test_set_spec(600, 2, 3, 1, 2);
    char recorded[65], hex[65];

    for (int i = 0; i < 3; i++) {
        const char *path = ev_test_path("set.h5");
        spec.chunk_rows = i == 0 ? 0 : 16;
        spec.deflate_level = i == 2 ? 3 : 0;
        ev_test_write_spec(path, &spec);
        struct ev_set *set = open_ok(path);
        ev_assert_ok(ev_set_sha256(set, hex, &err));
        ck_assert_str_eq(hex, ev_set_info(set)->recorded_sha256);
        if (i == 0)
            memcpy(recorded, hex, sizeof hex);
        ck_assert_str_eq(hex, recorded);
        ev_set_close(set);

        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        ck_assert_int_ge(H5Adelete(file, "sha256"), 0);
        H5Fclose(file);
        set = open_ok(path);
        ck_assert_str_eq(ev_set_info(set)->recorded_sha256, "");
        ev_assert_ok(ev_set_sha256(set, hex, &err));
        ck_assert_str_eq(hex, recorded);
        ev_set_close(set);
    }
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_read");
    TCase *tests = tcase_create("set_read");

    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, own_layouts);
    tcase_add_loop_test(tests, foreign_layouts, 0, N_FOREIGN);
    tcase_add_test(tests, file_that_shrinks);
    tcase_add_test(tests, damaged_chunk);
    tcase_add_test(tests, digests);
    suite_add_tcase(suite, tests);
    return suite;
}
