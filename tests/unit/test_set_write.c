/* SPDX-License-Identifier: MIT */
/* Writing sets: what stands in the file, the same bytes from the same rows, whole or not at all. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The form of H5Oget_info in HDF5 1.10, whatever the version. */
#define H5_USE_110_API
#include <hdf5.h>

#include "base/file.h"
#include "evalrun/version.h"
#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

static struct ev_error err;

static int count_files(void)
{
    DIR *folder = opendir(ev_test_folder());
    int n = 0;

    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

/* An attribute's texts, joined by commas. */
static const char *texts_of(hid_t object, const char *name)
{
    static char joined[256];
    char *texts[EV_MAX_OUTPUTS];
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    ck_assert_msg(attribute >= 0, "no attribute %s", name);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t n = H5Sget_simple_extent_npoints(space);

    /* What h5py gives back as str. */
    ck_assert_int_gt(H5Tis_variable_str(type), 0);
    ck_assert_int_eq(H5Tget_cset(type), H5T_CSET_UTF8);
    ck_assert_int_ge(H5Aread(attribute, type, texts), 0);
    joined[0] = '\0';
    for (hssize_t i = 0; i < n; i++) {
        size_t used = strlen(joined);
        snprintf(joined + used, sizeof joined - used, "%s%s", i ? "," : "", texts[i]);
        H5free_memory(texts[i]);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return joined;
}

static void check_doubles(hid_t object, const char *name, int n, const double *expected)
{
    double values[EV_MAX_OUTPUTS];
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t space = H5Aget_space(attribute);

    ck_assert_int_eq(H5Sget_simple_extent_npoints(space), n);
    ck_assert_int_ge(H5Aread(attribute, H5T_NATIVE_DOUBLE, values), 0);
    for (int i = 0; i < n; i++)
        ck_assert_double_eq(values[i], expected[i]);
    H5Sclose(space);
    H5Aclose(attribute);
}

START_TEST(what_stands_in_the_file)
{
    struct ev_set_spec spec = ev_test_set_spec(10, 2, 3, 3, 2);
    double poses[40];

    spec.with_pose = true;
    ev_test_write_spec(ev_test_path("set.h5"), &spec);
    hid_t file = H5Fopen(ev_test_path("set.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    ck_assert_str_eq(texts_of(file, "format"), "evalrun-set");
    check_doubles(file, "format_version", 1, (double[]){1.0});
    ck_assert_str_eq(texts_of(file, "tool_version"), EV_VERSION);
    ck_assert_str_eq(texts_of(file, "circuit"), "numbers");
    ck_assert_str_eq(texts_of(file, "provenance"), spec.provenance);
    check_doubles(file, "frame_rate_hz", 1, (double[]){20.0});
    ck_assert_int_eq(H5Aexists(file, "colour"), 0);
    ck_assert_uint_eq(strlen(texts_of(file, "sha256")), 64);
    hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT);
    ck_assert_str_eq(texts_of(labels, "names"), "out0,out1");
    ck_assert_str_eq(texts_of(labels, "units"), "m,m");
    check_doubles(labels, "min", 2, (double[]){-1.0, -1.0});
    check_doubles(labels, "max", 2, (double[]){10.0, 10.0});
    H5O_info_t about;
    ck_assert_int_ge(H5Oget_info(labels, &about), 0);
    ck_assert_int_eq(about.mtime, 0); /* times would make every file another one */
    H5Dclose(labels);
    hid_t pose = H5Dopen2(file, "pose", H5P_DEFAULT);
    ck_assert_str_eq(texts_of(pose, "names"), "x_m,y_m,yaw_rad,distance_m");
    ck_assert_int_ge(H5Dread(pose, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, poses), 0);
    for (int i = 0; i < 40; i++)
        ck_assert_double_eq(poses[i], i / 4 + i % 4);
    H5Dclose(pose);
    H5Fclose(file);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(colour_is_recorded_where_known)
{
    struct ev_set_spec spec = ev_test_set_spec(10, 2, 3, 3, 2);

    spec.colour = "yuv";
    ev_test_write_spec(ev_test_path("set.h5"), &spec);
    hid_t file = H5Fopen(ev_test_path("set.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    ck_assert_str_eq(texts_of(file, "colour"), "yuv");
    H5Fclose(file);
}
END_TEST

START_TEST(digest_of_the_content)
{
    struct ev_set *set;

    /* SHA-256 of the bytes 0 0 1 0 2 0 and the float32 0, 1, 2, by Python's hashlib. */
    ev_test_write_set(ev_test_path("set.h5"), 3, 1, 2, 1, 1);
    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    ck_assert_str_eq(ev_set_info(set)->recorded_sha256,
                     "951e2c792b115f6e28c4e088fded79c7deb6b2eeee987f32689641726836fae3");
    ev_set_close(set);
}
END_TEST

START_TEST(same_rows_same_bytes)
{
    static const struct {
        int64_t chunk_rows;
        int32_t deflate_level;
    } layouts[] = {{0, 0}, {16, 0}, {16, 6}};

    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct ev_set_spec spec = ev_test_set_spec(100, 4, 5, 3, 2);
        char first[65], second[65];
        spec.with_pose = true;
        spec.chunk_rows = layouts[i].chunk_rows;
        spec.deflate_level = layouts[i].deflate_level;
        ev_test_write_spec(ev_test_path("first.h5"), &spec);
        /* Memory that HDF5 gets now is not what it got before. */
        void *dirt = malloc(1 << 20);
        memset(dirt, 0x5a, 1 << 20);
        free(dirt);
        ev_test_write_spec(ev_test_path("second.h5"), &spec);
        ev_assert_ok(ev_file_sha256(ev_test_path("first.h5"), first, &err));
        ev_assert_ok(ev_file_sha256(ev_test_path("second.h5"), second, &err));
        ck_assert_str_eq(first, second);
    }
}
END_TEST

START_TEST(appears_at_commit)
{
    const char *path = ev_test_path("set.h5");
    struct ev_set_spec spec = ev_test_set_spec(20, 2, 2, 1, 1);
    struct ev_set_writer *writer;
    char before[65], after[65];

    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    ev_assert_ok(ev_test_append(writer, &spec, 0, 20, &err));
    ck_assert(!ev_file_exists(path));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    ck_assert(ev_file_exists(path));
    ck_assert_int_eq(count_files(), 1);

    /* Given up, a second one leaves the first as it was. */
    ev_assert_ok(ev_file_sha256(path, before, &err));
    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    ev_assert_ok(ev_test_append(writer, &spec, 100, 7, &err));
    ck_assert_int_eq(count_files(), 2);
    ev_set_writer_abort(writer);
    ev_set_writer_abort(NULL);
    ck_assert_int_eq(count_files(), 1);
    ev_assert_ok(ev_file_sha256(path, after, &err));
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(rows_that_do_not_fit)
{
    struct ev_set_spec spec = ev_test_set_spec(10, 2, 2, 1, 1);
    struct ev_set_writer *writer;
    uint8_t images[4] = {0};
    double pose[4] = {0};
    float label = 0;

    ev_assert_ok(ev_set_writer_open(ev_test_path("set.h5"), &spec, &writer, &err));
    ev_assert_ok(ev_test_append(writer, &spec, 0, 9, &err));
    ev_assert_fails(ev_test_append(writer, &spec, 9, 2, &err), EV_ENGINE, "do not fit");
    ev_assert_fails(ev_set_writer_append(writer, 1, images, &label, pose, &err), EV_ENGINE,
                    "do not fit");
    ev_assert_fails(ev_set_writer_commit(writer, &err), EV_ENGINE, "9 of 10 rows were written");
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(places_that_cannot_be_written)
{
    struct ev_set_spec spec = ev_test_set_spec(10, 2, 2, 1, 1);
    struct ev_set_writer *writer;

    ev_assert_fails(ev_set_writer_open(ev_test_path("none/set.h5"), &spec, &writer, &err), EV_INPUT,
                    "none/set.h5: cannot be written: No such file");
    ck_assert_ptr_null(writer);
    ev_assert_fails(ev_set_writer_open(ev_test_folder(), &spec, &writer, &err), EV_INPUT, "a folder");
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

static enum ev_status write_all(const char *path, const struct ev_set_spec *spec)
{
    struct ev_set_writer *writer;
    enum ev_status status = ev_set_writer_open(path, spec, &writer, &err);

    if (status != EV_OK)
        return status;
    for (int64_t first = 0; first < spec->n_rows && status == EV_OK; first += 10)
        status = ev_test_append(writer, spec, first, 10, &err);
    if (status == EV_OK)
        return ev_set_writer_commit(writer, &err);
    ev_set_writer_abort(writer);
    return status;
}

/* A limit on the size of files fails writes as a full disk does, wherever in the file it strikes;
 * HDF5 must also let the program end afterwards, which this test's process does. */
START_TEST(full_disk)
{
    const char *path = ev_test_path("set.h5");
    const bool chunked = _i > 0;
    struct ev_set_spec spec = ev_test_set_spec(100, 20, 20, 3, 2);
    struct stat info;

    spec.with_pose = true;
    spec.chunk_rows = chunked ? 16 : 0;
    ev_assert_ok(write_all(path, &spec));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(remove(path), 0);
    signal(SIGXFSZ, SIG_IGN);
    const rlim_t last = (rlim_t)info.st_size - 1;
    const rlim_t sizes[] = {0, 1, 100, 1000, 2047, 5000, 60000, last / 2, last - 4000, last};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct rlimit limit = {sizes[i], RLIM_INFINITY};
        int failed = setrlimit(RLIMIT_FSIZE, &limit);
        enum ev_status status = write_all(path, &spec);
        /* check notes its assertions in a file: none while the limit holds. */
        limit.rlim_cur = RLIM_INFINITY;
        failed |= setrlimit(RLIMIT_FSIZE, &limit);
        ck_assert_int_eq(failed, 0);
        ck_assert_msg(status == EV_IO && strstr(err.message, "set.h5: cannot be written: File too"),
                      "limit %llu: status %d: %s", (unsigned long long)sizes[i], (int)status,
                      err.message);
        ck_assert_int_eq(count_files(), 0);
    }
    ev_assert_ok(write_all(path, &spec));
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_write");
    TCase *tests = tcase_create("set_write");

    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, what_stands_in_the_file);
    tcase_add_test(tests, colour_is_recorded_where_known);
    tcase_add_test(tests, digest_of_the_content);
    tcase_add_test(tests, same_rows_same_bytes);
    tcase_add_test(tests, appears_at_commit);
    tcase_add_test(tests, rows_that_do_not_fit);
    tcase_add_test(tests, places_that_cannot_be_written);
    tcase_add_loop_test(tests, full_disk, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
