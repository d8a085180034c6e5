/* SPDX-License-Identifier: MIT */
/* Findings of the check of a set, each with its rows; and the hashes that find equal pictures. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "inspect/twins.h"
#include "inspect/verify.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

#define N_ROWS    600
#define ROW_BYTES 18 /* 2 x 3 x 3 */

static struct ev_error err;
static uint8_t images[N_ROWS][ROW_BYTES];
static float labels[N_ROWS][2];
static double poses[N_ROWS][EV_POSE_COLUMNS];
static struct ev_set_source source = {.lenient = true};

/* Rows that are in order: the pictures are those of ev_test_pixel. */
static void reset(void)
{
    memset(poses, 0, sizeof poses);
    for (int64_t row = 0; row < N_ROWS; row++) {
        for (size_t i = 0; i < ROW_BYTES; i++)
            images[row][i] = ev_test_pixel(row, i);
        for (int32_t i = 0; i < 2; i++)
            labels[row][i] = ev_test_label(row, i);
    }
}

static const char *provenance, *colour; /* NULL: the usual one */

static const char *write_set(int64_t chunk_rows)
{
    struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    const char *path = ev_test_path("set.h5");
    struct ev_set_writer *writer;

    spec.with_pose = true;
    spec.provenance = provenance ? provenance : spec.provenance;
    spec.colour = colour;
    spec.chunk_rows = chunk_rows;
    spec.deflate_level = chunk_rows > 0 ? 4 : 0;
    spec.columns[0].max = spec.columns[1].max = N_ROWS + 1;
    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    ev_assert_ok(
        ev_set_writer_append(writer, N_ROWS, &images[0][0], &labels[0][0], &poses[0][0], &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    return path;
}

/* The findings as "kind text: rows" lines. */
static const char *findings_of(const char *path)
{
    static char all[4096];
    struct ev_findings findings;
    struct ev_set *set;
    size_t used = 0;

    ev_assert_ok(ev_set_open(path, &source, &set, &err));
    ev_assert_ok(ev_verify(set, &findings, &err));
    all[0] = '\0';
    for (int32_t i = 0; i < findings.n; i++) {
        char rows[200] = "";
        if (findings.findings[i].rows.n_rows > 0)
            ev_row_ranges_text(&findings.findings[i].rows, 10, rows, sizeof rows);
        used += (size_t)snprintf(all + used, sizeof all - used, "%s: %s: %s\n",
                                 ev_finding_name(findings.findings[i].kind),
                                 findings.findings[i].text, rows);
    }
    ev_findings_free(&findings);
    ev_set_close(set);
    return all;
}

START_TEST(nothing_is_found)
{
    reset();
    ck_assert_str_eq(findings_of(write_set(0)), "");
    ck_assert_str_eq(findings_of(write_set(7)), "");
}
END_TEST

START_TEST(rows_of_each_kind)
{
    reset();
    labels[3][0] = NAN;
    labels[4][0] = NAN;
    labels[9][1] = -INFINITY;
    labels[599][1] = 602.0f;
    labels[0][0] = -1.0f; /* the bound itself */
    labels[1][0] = -1.001f;
    poses[77][2] = NAN;
    poses[78][0] = INFINITY;
    memset(images[5], 9, ROW_BYTES);
    memset(images[6], 9, ROW_BYTES);
    memset(images[500], 200, ROW_BYTES);
    memcpy(images[11], images[10], ROW_BYTES);
    memcpy(images[12], images[10], ROW_BYTES);
    memcpy(images[300], images[10], ROW_BYTES);
    memcpy(images[400], images[350], ROW_BYTES);
    memcpy(images[401], images[350], ROW_BYTES);
    ck_assert_str_eq(findings_of(write_set(0)),
                     "nan: label out0 is NaN: rows 3-4\n"
                     "range: label out0 outside its range of -1 to 601: row 1\n"
                     "infinite: label out1 is infinite: row 9\n"
                     "range: label out1 outside its range of -1 to 601: row 599\n"
                     "pose: pose is NaN or infinite: rows 77-78\n"
                     "constant: constant pictures, all pixels equal: rows 5-6, 500\n"
                     "repeated: pictures equal to the one before: rows 11-12, 401\n"
                     "duplicate: pictures equal to an earlier one: rows 300, 400\n");
}
END_TEST

/* Of imports that took pictures several times, did not, and of a part of the former. */
static const struct {
    const char *provenance;
    bool oversampled;
} imports[] = {
    {"{\"import\":\"log\",\"oversample\":[{\"above\":1.0,\"times\":5}]}", true},
    {"{\"import\":\"log\",\"oversample\":[]}", false},
    {"{\"made_by\":\"dataset subset\",\"parents\":[{\"file\":\"a.h5\"},{\"provenance\":{"
     "\"import\":\"log\",\"oversample\":[{\"above\":1.0,\"times\":5}]}}]}",
     true},
};

START_TEST(repeats_of_an_import)
{
    char expected[400];

    reset();
    for (int64_t row = 11; row <= 13; row++)
        memcpy(images[row], images[10], ROW_BYTES);
    memcpy(labels[11], labels[10], sizeof labels[10]);
    memcpy(labels[12], labels[10], sizeof labels[10]);
    memcpy(images[300], images[10], ROW_BYTES); /* equal, but not behind it */
    memcpy(labels[300], labels[10], sizeof labels[10]);
    snprintf(expected, sizeof expected,
             "repeated: pictures equal to the one before: row%s\n"
             "duplicate: pictures equal to an earlier one: row 300\n",
             imports[_i].oversampled ? " 13" : "s 11-13");
    provenance = imports[_i].provenance;
    ck_assert_str_eq(findings_of(write_set(0)), expected);
}
END_TEST

static const struct {
    const char *colour, *finding;
} colours[] = {
    {"rgb", ""},
    {"yuv", ""},
    {"grey", "form: attribute colour is grey, but pictures have 3 channels: \n"},
    {"bgr", "form: attribute colour is 'bgr', expected rgb, yuv or grey: \n"},
};

START_TEST(colours_that_fit)
{
    reset();
    colour = colours[_i].colour;
    ck_assert_str_eq(findings_of(write_set(0)), colours[_i].finding);
}
END_TEST

START_TEST(equal_channels_are_not_a_constant_picture)
{
    reset();
    for (int i = 0; i < ROW_BYTES; i++)
        images[20][i] = (uint8_t)(i % 3 * 50); /* a plain colour */
    for (int i = 0; i < ROW_BYTES; i++)
        images[21][i] = (uint8_t)(i / 3 * 30); /* a grey ramp */
    ck_assert_str_eq(findings_of(write_set(0)),
                     "constant: constant pictures, all pixels equal: row 20\n");
}
END_TEST

START_TEST(content_that_was_changed)
{
    const char *path;

    reset();
    path = write_set(0);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "labels", H5P_DEFAULT);
    labels[100][1] += 0.25f;
    ck_assert_int_ge(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels), 0);
    H5Dclose(dataset);
    H5Fclose(file);
    ck_assert_ptr_nonnull(strstr(findings_of(path), "digest: content was changed: its SHA-256"));
}
END_TEST

START_TEST(pictures_that_cannot_be_read)
{
    const char *path;
    haddr_t address;
    hsize_t size, offset[4];
    unsigned mask;

    reset();
    memset(images[150], 9, ROW_BYTES);
    memcpy(images[320], images[199], ROW_BYTES);
    memcpy(images[331], images[330], ROW_BYTES);
    memcpy(images[300], images[299], ROW_BYTES); /* which cannot be read */
    path = write_set(100);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset);
    ck_assert_int_ge(H5Dget_chunk_info(dataset, space, 2, offset, &mask, &address, &size), 0);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
    int raw = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(raw, "damaged!", 8, (off_t)address), 8);
    close(raw);
    ck_assert_str_eq(findings_of(path),
                     "damaged: pictures that cannot be read: rows 200-299\n"
                     "constant: constant pictures, all pixels equal: row 150\n"
                     "repeated: pictures equal to the one before: row 331\n"
                     "duplicate: pictures equal to an earlier one: row 320\n");
}
END_TEST

/* Replaces an attribute of the file, or of one of its datasets, by n numbers; none if n is 0. */
static void put_attribute(const char *path, const char *dataset, const char *name, int n)
{
    const hsize_t extent = (hsize_t)n;
    const double values[] = {3.0, 3.0, 3.0};
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t object = H5Oopen(file, dataset, H5P_DEFAULT);

    ck_assert_int_ge(H5Adelete(object, name), 0);
    if (n > 0) {
        hid_t space = H5Screate_simple(1, &extent, NULL);
        hid_t attribute =
            H5Acreate2(object, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(attribute, H5T_NATIVE_DOUBLE, values);
        H5Aclose(attribute);
        H5Sclose(space);
    }
    H5Oclose(object);
    H5Fclose(file);
}

static const struct {
    const char *dataset, *name;
    int n;
    const char *finding;
} faults[] = {
    {".", "format_version", 1, "form: format version 3 is unknown: this program reads up to 1: \n"},
    {".", "format_version", 0, "form: attribute format_version is missing: \n"},
    {".", "circuit", 0, "form: attribute circuit is missing: \n"},
    {".", "circuit", 1, "form: attribute circuit is no text: \n"},
    {".", "provenance", 0, "form: attribute provenance is missing: \n"},
    {".", "sha256", 0, "form: attribute sha256 is missing: \n"},
    {".", "frame_rate_hz", 0, "form: attribute frame_rate_hz is missing or no frequency: \n"},
    {"labels", "names", 0, "form: /labels: attribute names is missing: \n"},
    {"labels", "names", 2, "form: /labels: attribute names needs 2 texts, one for each column: \n"},
    {"labels", "units", 2, "form: /labels: attribute units needs 2 texts, one for each column: \n"},
};

START_TEST(attributes)
{
    const char *path;

    reset();
    path = write_set(0);
    put_attribute(path, faults[_i].dataset, faults[_i].name, faults[_i].n);
    ck_assert_str_eq(findings_of(path), faults[_i].finding);
}
END_TEST

START_TEST(ranges_that_make_no_sense)
{
    const char *path;

    reset();
    path = write_set(0);
    put_attribute(path, "labels", "min", 3);
    ck_assert_ptr_nonnull(
        strstr(findings_of(path), "form: /labels: attribute min needs 2 numbers"));
    put_attribute(path, "labels", "min", 2);
    put_attribute(path, "labels", "max", 2);
    ck_assert_ptr_nonnull(strstr(findings_of(path), "form: /labels: the range of out0 is 3 to 3"));
    ck_assert_ptr_null(strstr(findings_of(path), "outside"));
}
END_TEST

START_TEST(foreign_files_need_no_attributes)
{
    const char *path;

    reset();
    path = write_set(0);
    put_attribute(path, ".", "format", 0);
    put_attribute(path, ".", "tool_version", 0);
    put_attribute(path, ".", "provenance", 0);
    put_attribute(path, "labels", "units", 0);
    ck_assert_str_eq(findings_of(path), "");
    /* Without ranges nothing is outside them. */
    put_attribute(path, "labels", "min", 0);
    put_attribute(path, "labels", "max", 0);
    ck_assert_str_eq(findings_of(path), "");
}
END_TEST

/* A file of another program: float32 (10, 2, 3, 4) in `x`, labels in `y`. */
static const char *write_floats(float pictures[10][24])
{
    const hsize_t extents[2][4] = {{10, 2, 3, 4}, {10, 1}};
    const char *path = ev_test_path("floats.h5");
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const float y[10] = {0};

    for (int i = 0; i < 2; i++) {
        hid_t space = H5Screate_simple(i == 0 ? 4 : 2, extents[i], NULL);
        hid_t dataset = H5Dcreate2(file, i == 0 ? "x" : "y", H5T_NATIVE_FLOAT, space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                 i == 0 ? (const void *)pictures : y);
        H5Dclose(dataset);
        H5Sclose(space);
    }
    H5Fclose(file);
    return path;
}

START_TEST(pictures_of_floats)
{
    static float pictures[10][24];

    for (int i = 0; i < 240; i++)
        pictures[i / 24][i % 24] = (float)i / 240.0f;
    pictures[2][23] = NAN;
    pictures[3][0] = -INFINITY;
    for (int i = 0; i < 24; i++)
        pictures[5][i] = i < 12 ? 0.25f : 0.75f; /* each channel is */
    memcpy(pictures[9], pictures[1], sizeof pictures[1]);
    source = (struct ev_set_source){
        .images = "x", .labels = "/y", .layout = EV_SET_LAYOUT_NHWC, .lenient = true};
    /* As (H, W, C) with 4 channels row 5 is no single colour, (C, H, W) it is one. */
    ck_assert_ptr_null(strstr(findings_of(write_floats(pictures)), "constant"));
    source.layout = EV_SET_LAYOUT_NCHW;
    const char *found = findings_of(write_floats(pictures));
    ck_assert_ptr_nonnull(
        strstr(found, "pixels: pictures with NaN or infinite pixels: rows 2-3\n"));
    ck_assert_ptr_nonnull(strstr(found, "constant: constant pictures, all pixels equal: row 5\n"));
    ck_assert_ptr_nonnull(strstr(found, "duplicate: pictures equal to an earlier one: row 9\n"));
}
END_TEST

START_TEST(hashes)
{
    struct ev_twins twins;
    uint8_t picture[ROW_BYTES] = {0};
    uint64_t hash = ev_picture_hash(picture, sizeof picture);

    /* Each byte counts, also those behind the last whole word. */
    for (size_t i = 0; i < sizeof picture; i++) {
        picture[i] = 1;
        ck_assert_uint_ne(ev_picture_hash(picture, sizeof picture), hash);
        picture[i] = 0;
    }
    ck_assert(ev_twins_init(&twins, 1000));
    for (int64_t row = 0; row < 1000; row++) /* all into the same few slots */
        ck_assert_int_eq(ev_twins_add(&twins, (uint64_t)row << 40, row), -1);
    for (int64_t row = 0; row < 1000; row++)
        ck_assert_int_eq(ev_twins_add(&twins, (uint64_t)row << 40, row + 5000), row);
    ev_twins_free(&twins);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("verify");
    TCase *tcase = tcase_create("verify");

    tcase_add_test(tcase, nothing_is_found);
    tcase_add_test(tcase, rows_of_each_kind);
    tcase_add_loop_test(tcase, repeats_of_an_import, 0, (int)(sizeof imports / sizeof imports[0]));
    tcase_add_loop_test(tcase, colours_that_fit, 0, (int)(sizeof colours / sizeof colours[0]));
    tcase_add_test(tcase, equal_channels_are_not_a_constant_picture);
    tcase_add_test(tcase, content_that_was_changed);
    tcase_add_test(tcase, pictures_that_cannot_be_read);
    tcase_add_loop_test(tcase, attributes, 0, (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(tcase, ranges_that_make_no_sense);
    tcase_add_test(tcase, foreign_files_need_no_attributes);
    tcase_add_test(tcase, pictures_of_floats);
    tcase_add_test(tcase, hashes);
    suite_add_tcase(suite, tcase);
    return suite;
}
