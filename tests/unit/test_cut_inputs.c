/* SPDX-License-Identifier: MIT */
/* Cut from files of other programs: names that the format uses itself, data in other files, types
 * that differ, attributes that cannot be kept. What is written is right, or it is left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5.h>

#include "base/file.h"
#include "inspect/cut.h"
#include "inspect/export.h"
#include "inspect/sheet.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

#define N_ROWS        20
#define PICTURE_BYTES 18

static struct ev_error err;

/* Numbered rows, 2 x 3 x 3 pixels and 2 labels. */
static void make_file(const char *name)
{
    ev_test_write_set(ev_test_path(name), N_ROWS, 2, 3, 3, 2);
}

static hid_t change(const char *name)
{
    hid_t file = H5Fopen(ev_test_path(name), H5F_ACC_RDWR, H5P_DEFAULT);

    ck_assert_int_ge(file, 0);
    return file;
}

/* Adds /NAME, `rank` axes, where all values are `value`. */
static void add_dataset(hid_t file, const char *name, hid_t type, int rank, const hsize_t *extent,
                        int value)
{
    hid_t space = H5Screate_simple(rank, extent, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    int *values = malloc((size_t)n * sizeof *values);

    for (hssize_t i = 0; i < n; i++)
        values[i] = value;
    ck_assert_int_ge(H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    free(values);
    H5Dclose(dataset);
    H5Sclose(space);
}

static struct ev_set *open_set(const char *name, const struct ev_set_source *source)
{
    struct ev_set *set;

    ev_assert_ok(ev_set_open(ev_test_path(name), source, &set, &err));
    return set;
}

static void write_subset(struct ev_set *set, const char *out)
{
    const struct ev_subset_args all = {.every = 1};

    ev_assert_ok(ev_subset(set, &all, ev_test_path(out), &err));
}

START_TEST(what_is_read_lands_in_images_and_labels)
{
    const struct ev_set_source source = {.images = "/more/pictures", .labels = "other"};
    const hsize_t images[] = {N_ROWS, 2, 3, 3}, labels[] = {N_ROWS, 2};
    uint8_t picture[PICTURE_BYTES];

    make_file("a.h5");
    hid_t file = change("a.h5");
    H5Gclose(H5Gcreate2(file, "more", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    add_dataset(file, "more/pictures", H5T_STD_U8LE, 4, images, 77);
    add_dataset(file, "other", H5T_IEEE_F32LE, 2, labels, 5);
    H5Fclose(file);
    struct ev_set *set = open_set("a.h5", &source);
    write_subset(set, "b.h5");
    struct ev_set *out = open_set("b.h5", NULL);
    struct ev_set_further list[EV_MAX_FURTHER];
    ck_assert_int_eq(ev_set_list_further(out, list), 0);
    for (int64_t row = 0; row < N_ROWS; row++) {
        ev_assert_ok(ev_set_read(out, EV_FORM_U8_NHWC, row, 1, picture, &err));
        ck_assert_uint_eq(picture[0], 77);
        ck_assert_uint_eq(picture[PICTURE_BYTES - 1], 77);
        ck_assert_float_eq(ev_set_labels(out)[2 * row + 1], 5.0f);
    }
    ev_set_close(out);
    ev_set_close(set);
}
END_TEST

START_TEST(nothing_is_copied_over)
{
    const struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    const hsize_t narrow[] = {N_ROWS, 2}, wide[] = {N_ROWS, 3};
    int64_t rows[N_ROWS];
    struct ev_set_writer *writer;

    for (int64_t i = 0; i < N_ROWS; i++)
        rows[i] = i;
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "a.h5" : "b.h5";
        make_file(name);
        hid_t file = change(name);
        add_dataset(file, "t", H5T_STD_I32LE, 2, i == 0 ? narrow : wide, 1);
        H5Fclose(file);
    }
    struct ev_set *a = open_set("a.h5", NULL), *b = open_set("b.h5", NULL);
    ev_assert_ok(ev_set_writer_open(ev_test_path("c.h5"), &spec, &writer, &err));
    ev_assert_fails(ev_set_writer_copy(writer, "labels", a, rows, N_ROWS, 0, &err), EV_ENGINE,
                    "/labels does not fit");
    ev_assert_ok(ev_set_writer_copy(writer, "t", a, rows, 10, 0, &err));
    ev_assert_fails(ev_set_writer_copy(writer, "t", b, rows, 10, 10, &err), EV_ENGINE,
                    "/t does not fit");
    ev_assert_ok(ev_set_writer_copy(writer, "t", a, rows, 10, 10, &err));
    ev_set_writer_abort(writer);
    ev_set_close(a);
    ev_set_close(b);
}
END_TEST

/* A file whose pictures are in external storage; labels are zeros. */
static void make_with_storage(const char *name, const char *storage)
{
    const hsize_t images[] = {N_ROWS, 2, 3, 3}, labels[] = {N_ROWS, 2};
    hid_t file = H5Fcreate(ev_test_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(4, images, NULL);
    uint8_t pixels[N_ROWS * PICTURE_BYTES] = {1};

    H5Pset_external(plist, ev_test_path(storage), 0, H5F_UNLIMITED);
    hid_t dataset =
        H5Dcreate2(file, "images", H5T_STD_U8LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(plist);
    add_dataset(file, "labels", H5T_IEEE_F32LE, 2, labels, 0);
    H5Fclose(file);
}

START_TEST(every_file_that_is_read_stays)
{
    const struct ev_subset_args all = {.every = 1};
    const struct ev_split_args half = {.seed = 1, .share = 0.5};

    make_file("end.h5");
    make_with_storage("raw.h5", "raw.bin");
    for (int i = 0; i < 2; i++) {
        hid_t file = H5Fcreate(ev_test_path(i == 0 ? "middle.h5" : "start.h5"), H5F_ACC_TRUNC,
                               H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_external(i == 0 ? "end.h5" : "middle.h5", "images", file, "images", H5P_DEFAULT,
                           H5P_DEFAULT);
        H5Lcreate_external("end.h5", "labels", file, "labels", H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
    }
    static const char *const files[][2] = {{"start.h5", "start.h5"},
                                           {"start.h5", "middle.h5"},
                                           {"start.h5", "end.h5"},
                                           {"raw.h5", "raw.bin"}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct ev_set *set = open_set(files[i][0], NULL);
        const char *out = ev_test_path(files[i][1]);
        ck_assert(ev_set_reads_file(set, out));
        ev_assert_fails(ev_subset(set, &all, out, &err), EV_USAGE, "is the set that is read");
        ev_assert_fails(ev_concat(&set, 1, out, &err), EV_USAGE, "is the set that is read");
        ev_assert_fails(ev_split(set, &half, ev_test_path("x.h5"), out, &err), EV_USAGE,
                        "is the set that is read");
        ev_assert_fails(ev_sheet_draw(set, out, &err), EV_USAGE, "is the set that is read");
        ck_assert(!ev_set_reads_file(set, ev_test_path("none.h5")));
        ev_set_close(set);
    }
    struct ev_set *other = open_set("raw.h5", NULL);
    ck_assert(!ev_set_reads_file(other, ev_test_path("end.h5")));
    ev_set_close(other);
}
END_TEST

START_TEST(concat_leaves_out_what_differs)
{
    const hsize_t narrow[] = {N_ROWS, 6}, cube[] = {N_ROWS, 2, 3};
    struct ev_set_further list[EV_MAX_FURTHER];

    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "a.h5" : "b.h5";
        make_file(name);
        hid_t file = change(name);
        add_dataset(file, "same", H5T_STD_I32LE, 2, narrow, 100 + i);
        add_dataset(file, "type", i == 0 ? H5T_STD_I8LE : H5T_STD_I32LE, 2, narrow, 100);
        add_dataset(file, "shape", H5T_STD_I32LE, i == 0 ? 2 : 3, i == 0 ? narrow : cube, 100);
        H5Fclose(file);
    }
    struct ev_set *sets[] = {open_set("a.h5", NULL), open_set("b.h5", NULL)};
    ev_assert_ok(ev_concat(sets, 2, ev_test_path("c.h5"), &err));
    struct ev_set *both = open_set("c.h5", NULL);
    ck_assert_int_eq(ev_set_list_further(both, list), 1);
    ck_assert_str_eq(list[0].name, "same");
    ev_set_close(both);
    ev_set_close(sets[0]);
    ev_set_close(sets[1]);
}
END_TEST

START_TEST(long_names_are_not_cut)
{
    struct ev_set *set;
    hid_t type = H5Tcopy(H5T_C_S1);
    const char *const names[] = {"a_name_that_has_thirty-two_bytes", "b"};
    const hsize_t two = 2;

    make_file("a.h5");
    hid_t file = change("a.h5"), space = H5Screate_simple(1, &two, NULL);
    hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT);
    H5Tset_size(type, H5T_VARIABLE);
    H5Adelete(labels, "names");
    hid_t attribute = H5Acreate2(labels, "names", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, names);
    H5Aclose(attribute);
    H5Dclose(labels);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
    set = open_set("a.h5", NULL);
    ev_assert_fails(ev_concat(&set, 1, ev_test_path("b.h5"), &err), EV_UNSUPPORTED,
                    "name or unit has more than 31 bytes");
    ck_assert(!ev_file_exists(ev_test_path("b.h5")));
    ev_set_close(set);
}
END_TEST

/* A set whose provenance is JSON of about so many bytes. */
static struct ev_set *make_told(const char *name, size_t n_bytes)
{
    struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    char *text = malloc(n_bytes + 32);

    memset(text, 'x', n_bytes + 32);
    memcpy(text, "{\"parents\":[1,2],\"t\":\"", 22);
    strcpy(text + n_bytes, "\"}");
    spec.provenance = text;
    ev_test_write_spec(ev_test_path(name), &spec);
    free(text);
    return open_set(name, NULL);
}

START_TEST(provenance_can_always_be_read)
{
    struct ev_set *sets[] = {make_told("a.h5", 400000), make_told("b.h5", 400000),
                             make_told("c.h5", 400000)};
    struct ev_set_spec spec = ev_test_set_spec(N_ROWS, 2, 3, 3, 2);
    struct ev_set_writer *writer;

    ev_assert_ok(ev_concat(sets, 3, ev_test_path("d.h5"), &err));
    struct ev_set *joined = open_set("d.h5", NULL);
    const char *told = ev_set_info(joined)->provenance;
    ck_assert_ptr_nonnull(strstr(told, "\"file\":\"a.h5\""));
    ck_assert_ptr_nonnull(strstr(told, "xxxx"));
    ck_assert_ptr_nonnull(strstr(told, "\"file\":\"c.h5\""));
    ck_assert_ptr_nonnull(strstr(told, "\"summary_of_bytes\":400002,\"n_parents\":2"));
    ev_set_close(joined);
    for (int i = 0; i < 3; i++)
        ev_set_close(sets[i]);

    char *text = malloc(EV_MAX_PROVENANCE_BYTES + 1);
    memset(text, ' ', EV_MAX_PROVENANCE_BYTES);
    text[EV_MAX_PROVENANCE_BYTES] = '\0';
    spec.provenance = text;
    ev_assert_fails(ev_set_writer_open(ev_test_path("e.h5"), &spec, &writer, &err), EV_INPUT,
                    "more than 1 MiB");
    text[EV_MAX_PROVENANCE_BYTES - 1] = '\0';
    ev_test_write_spec(ev_test_path("e.h5"), &spec);
    struct ev_set *longest = open_set("e.h5", NULL);
    ck_assert_uint_eq(strlen(ev_set_info(longest)->provenance), EV_MAX_PROVENANCE_BYTES - 1);
    ev_set_close(longest);
    free(text);
}
END_TEST

START_TEST(digests_are_computed_or_said_to_be_recorded)
{
    char digest[65], part[100];

    make_file("a.h5");
    struct ev_set *set = open_set("a.h5", NULL);
    ev_assert_ok(ev_set_sha256(set, digest, &err));
    ev_set_close(set);
    hid_t file = change("a.h5"), type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, 64);
    H5Adelete(file, "sha256");
    hid_t attribute = H5Acreate2(file, "sha256", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, "0000000000000000000000000000000000000000000000000000000000000000");
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
    set = open_set("a.h5", NULL);
    struct ev_set *sets[] = {set, set};
    ev_assert_ok(ev_concat(sets, 2, ev_test_path("b.h5"), &err));
    write_subset(set, "c.h5");
    ev_set_close(set);
    set = open_set("b.h5", NULL);
    snprintf(part, sizeof part, "\"sha256\":\"%s\"", digest);
    const char *first = strstr(ev_set_info(set)->provenance, part);
    ck_assert(first && strstr(first + 1, part)); /* of both */
    ev_set_close(set);
    set = open_set("c.h5", NULL);
    ck_assert_ptr_nonnull(strstr(ev_set_info(set)->provenance, "\"recorded_sha256\":\"00000000"));
    ev_set_close(set);
}
END_TEST

static void add_attribute(hid_t object, const char *name, hsize_t n)
{
    double *values = calloc((size_t)n, sizeof *values);
    hid_t space = H5Screate_simple(1, &n, NULL);
    hid_t attribute = H5Acreate2(object, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);

    ck_assert_int_ge(H5Awrite(attribute, H5T_NATIVE_DOUBLE, values), 0);
    H5Aclose(attribute);
    H5Sclose(space);
    free(values);
}

START_TEST(attributes_that_cannot_be_kept)
{
    const hsize_t images[] = {N_ROWS, 2, 3, 3}, labels[] = {N_ROWS, 2};
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);

    H5Pset_libver_bounds(plist, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(ev_test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, plist);
    H5Pclose(plist);
    add_dataset(file, "images", H5T_STD_U8LE, 4, images, 1);
    add_dataset(file, "labels", H5T_IEEE_F32LE, 2, labels, 1);
    add_attribute(file, "huge", 20000);
    add_attribute(file, "zeros", 7000);
    H5Fclose(file);
    struct ev_set *set = open_set("a.h5", NULL);
    write_subset(set, "b.h5");
    ev_set_close(set);
    file = change("b.h5");
    ck_assert_int_eq(H5Aexists(file, "huge"), 0);
    ck_assert_int_gt(H5Aexists(file, "zeros"), 0); /* the one behind it */
    H5Fclose(file);
}
END_TEST

/* Names that are told, each with a comma behind. */
static void tell_name(void *self, const char *name, const char *why)
{
    char *names = self;

    ck_assert_uint_gt(strlen(why), 0);
    ck_assert_uint_lt(strlen(names) + strlen(name) + 2, 400);
    strcat(names, name);
    strcat(names, ",");
}

START_TEST(what_is_left_out_is_told)
{
    const hsize_t row[] = {N_ROWS}, pose[] = {N_ROWS, 3}, other[] = {N_ROWS + 1};
    const char *long_name = "n234567890123456789012345678901234567890123456789012345678901234";
    struct ev_set_further list[EV_MAX_FURTHER];
    char names[400] = "", expected[400];

    make_file("a.h5");
    hid_t file = change("a.h5");
    for (int i = 0; i < 18; i++) {
        char name[] = {'f', (char)('a' + i), '\0'};
        add_dataset(file, name, H5T_STD_I32LE, 1, row, i);
    }
    add_dataset(file, "longer", H5T_STD_I32LE, 1, other, 0);
    add_dataset(file, long_name, H5T_STD_I32LE, 1, row, 0);
    add_dataset(file, "pose", H5T_IEEE_F64LE, 2, pose, 0);
    H5Fclose(file);
    struct ev_set *set = open_set("a.h5", NULL);
    ck_assert_int_eq(ev_set_find_further(set, list, tell_name, names), EV_MAX_FURTHER);
    snprintf(expected, sizeof expected, "longer,%s,pose,fq,", long_name);
    ck_assert_str_eq(names, expected);
    write_subset(set, "b.h5");
    ev_set_close(set);
    set = open_set("b.h5", NULL);
    ck_assert_int_eq(ev_set_list_further(set, list), EV_MAX_FURTHER);
    ck_assert(!ev_set_has_pose(set));
    ev_set_close(set);
}
END_TEST

START_TEST(pictures_of_two_channels)
{
    const struct ev_export_args args = {.as_is = true, .n_threads = 1};

    ev_test_write_set(ev_test_path("two.h5"), N_ROWS, 2, 3, 2, 2);
    ev_test_write_set(ev_test_path("four.h5"), N_ROWS, 2, 3, 4, 2);
    const struct ev_set_source source = {.layout = EV_SET_LAYOUT_NHWC};
    struct ev_set *two = open_set("two.h5", &source), *four = open_set("four.h5", &source);
    ev_assert_fails(ev_sheet_draw(two, ev_test_path("s.png"), &err), EV_UNSUPPORTED,
                    "two.h5: pictures of 2 channels");
    ev_assert_fails(ev_export(two, &args, ev_test_path("folder"), &err), EV_UNSUPPORTED,
                    "two.h5: pictures of 2 channels");
    ev_assert_ok(ev_sheet_draw(four, ev_test_path("s.png"), &err));
    ev_assert_fails(ev_export(four, &args, ev_test_path("folder"), &err), EV_UNSUPPORTED,
                    "four.h5: pictures of 4 channels");
    ev_set_close(two);
    ev_set_close(four);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("cut_inputs");
    TCase *tcase = tcase_create("cut_inputs");

    tcase_add_test(tcase, what_is_read_lands_in_images_and_labels);
    tcase_add_test(tcase, nothing_is_copied_over);
    tcase_add_test(tcase, every_file_that_is_read_stays);
    tcase_add_test(tcase, concat_leaves_out_what_differs);
    tcase_add_test(tcase, long_names_are_not_cut);
    tcase_add_test(tcase, provenance_can_always_be_read);
    tcase_add_test(tcase, digests_are_computed_or_said_to_be_recorded);
    tcase_add_test(tcase, attributes_that_cannot_be_kept);
    tcase_add_test(tcase, what_is_left_out_is_told);
    tcase_add_test(tcase, pictures_of_two_channels);
    suite_add_tcase(suite, tcase);
    return suite;
}
