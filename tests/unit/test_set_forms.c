/* SPDX-License-Identifier: MIT */
/* Sets of other programs: every type, order of axes, way of storing and name gives the same
 * pictures, read row by row, in batches and unpacked. */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/progress.h"
#include "set/pixel.h"
#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

enum { N_ROWS = 37, HEIGHT = 4, WIDTH = 5, CHANNELS = 3, N_PIXELS = HEIGHT * WIDTH };
enum { N_VALUES = N_PIXELS * CHANNELS };

static struct ev_error err;

/* Value of a pixel, a byte; files of floats hold it over 256, which every type holds exactly. */
static uint8_t value_at(int64_t row, int y, int x, int c)
{
    return ev_test_pixel(row, (size_t)((y * WIDTH + x) * CHANNELS + c));
}

static uint16_t half_of(double value)
{
    for (uint32_t bits = 0; bits < 0x7c00; bits++) {
        if ((double)ev_half_to_float((uint16_t)bits) == value)
            return (uint16_t)bits;
    }
    ck_abort_msg("%g is no half", value);
}

/* One way in which a file may hold pictures. */
struct way {
    enum { U8, F16, F32, F64, F32_BIG_ENDIAN, N_TYPES } type;
    bool planar;
    enum {
        BLOCK,
        CHUNKS,
        CUT_CHUNKS,
        DEFLATED,
        SHUFFLED,
        SHUFFLED_ONLY,
        CHECKED,
        EDGE_PLAIN, /* filters left out of the last, partial chunk */
        CUT_DEFLATED,
        CUT_SHUFFLED,
        CUT_CHANNELS, /* and all other axes, as h5py does */
        CUT_WIDER,    /* chunks that are larger than pictures */
        N_STORED
    } stored;
};

/* float16 as other programs define it. */
static hid_t half_type(void)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);

    ck_assert_int_ge(H5Tset_fields(type, 15, 10, 5, 0, 10), 0);
    ck_assert_int_ge(H5Tset_size(type, 2), 0);
    ck_assert_int_ge(H5Tset_ebias(type, 15), 0);
    return type;
}

static hid_t file_type(const struct way *way)
{
    switch (way->type) {
    case U8:
        return H5Tcopy(H5T_STD_U8LE);
    case F16:
        return half_type();
    case F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    default:
        return H5Tcopy(H5T_IEEE_F32BE);
    }
}

static hid_t storage_of(const struct way *way, const hsize_t *extent)
{
    hsize_t chunk[4] = {5, extent[1], extent[2], extent[3]};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);

    if (way->stored == CUT_CHUNKS || way->stored == CUT_DEFLATED)
        chunk[2] = 2;
    if (way->stored == CUT_SHUFFLED)
        chunk[1] = 2;
    if (way->stored == CUT_CHANNELS)
        memcpy(chunk, (hsize_t[4]){7, 3, 2, way->planar ? 2 : 1}, sizeof chunk);
    if (way->stored == CUT_WIDER) {
        chunk[1] += 3;
        chunk[3] += 1;
    }
    if (way->stored != BLOCK)
        ck_assert_int_ge(H5Pset_chunk(plist, 4, chunk), 0);
    if (way->stored == SHUFFLED || way->stored == SHUFFLED_ONLY || way->stored == EDGE_PLAIN ||
        way->stored == CUT_SHUFFLED || way->stored == CUT_CHANNELS)
        H5Pset_shuffle(plist);
    if (way->stored == EDGE_PLAIN)
        H5Pset_chunk_opts(plist, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
    if (way->stored == DEFLATED || way->stored == SHUFFLED || way->stored == CUT_DEFLATED ||
        way->stored == CUT_CHANNELS || way->stored == CUT_WIDER)
        H5Pset_deflate(plist, 4);
    if (way->stored == CHECKED)
        H5Pset_fletcher32(plist);
    return plist;
}

/* Values as doubles or bytes in the order of the file, written as the file's type. */
static void write_images(hid_t file, const char *name, const struct way *way)
{
    static double values[N_ROWS * N_VALUES];
    static uint16_t halves[N_ROWS * N_VALUES];
    hsize_t extent[4] = {N_ROWS, HEIGHT, WIDTH, CHANNELS};
    size_t at = 0;

    if (way->planar)
        memcpy(extent, (hsize_t[4]){N_ROWS, CHANNELS, HEIGHT, WIDTH}, sizeof extent);
    for (int64_t row = 0; row < N_ROWS; row++) {
        for (int i = 0; i < N_VALUES; i++, at++) {
            int c = way->planar ? i / N_PIXELS : i % CHANNELS;
            int pixel = way->planar ? i % N_PIXELS : i / CHANNELS;
            uint8_t value = value_at(row, pixel / WIDTH, pixel % WIDTH, c);
            values[at] = way->type == U8 ? value : value / 256.0;
            if (way->type == F16)
                halves[at] = half_of(values[at]);
        }
    }
    hid_t type = file_type(way), plist = storage_of(way, extent);
    hsize_t most[4] = {extent[0], H5S_UNLIMITED, extent[2], H5S_UNLIMITED};
    hid_t space = H5Screate_simple(4, extent, way->stored == CUT_WIDER ? most : NULL);
    hid_t groups = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(groups, 1);
    hid_t dataset = H5Dcreate2(file, name, type, space, groups, plist, H5P_DEFAULT);
    ck_assert_int_ge(dataset, 0);
    ck_assert_int_ge(H5Dwrite(dataset, way->type == F16 ? type : H5T_NATIVE_DOUBLE, H5S_ALL,
                              H5S_ALL, H5P_DEFAULT, way->type == F16 ? (void *)halves : values),
                     0);
    H5Dclose(dataset);
    H5Pclose(groups);
    H5Sclose(space);
    H5Pclose(plist);
    H5Tclose(type);
}

static void write_labels(hid_t file, const char *name)
{
    const hsize_t extent[2] = {N_ROWS, 1};
    double labels[N_ROWS];
    hid_t space = H5Screate_simple(2, extent, NULL);

    for (int i = 0; i < N_ROWS; i++)
        labels[i] = i;
    hid_t dataset =
        H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels),
                     0);
    H5Dclose(dataset);
    H5Sclose(space);
}

static const char *write_file(const struct way *way)
{
    const char *path = ev_test_path("foreign.h5");
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);

    if (way->stored == EDGE_PLAIN)
        H5Pset_libver_bounds(plist, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, plist);
    H5Pclose(plist);
    ck_assert_int_ge(file, 0);
    write_images(file, "x/img", way);
    write_labels(file, "y");
    H5Fclose(file);
    return path;
}

static void multiply_images(const char *path, float factor)
{
    static float values[N_ROWS * N_VALUES];
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t images = H5Dopen2(file, "x/img", H5P_DEFAULT);

    H5Dread(images, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        values[i] *= factor;
    ck_assert_int_ge(H5Dwrite(images, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(images);
    H5Fclose(file);
}

static const struct ev_set_source source = {.images = "/x/img", .labels = "/y"};

static struct ev_set *open_ok(const char *path, const struct ev_set_source *from)
{
    struct ev_set *set = NULL;

    ev_assert_ok(ev_set_open(path, from, &set, &err));
    return set;
}

static void check_bytes(const uint8_t *images, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n * N_VALUES; i++)
        ck_assert_uint_eq(images[i], ev_test_pixel(first + i / N_VALUES, (size_t)(i % N_VALUES)));
}

/* Floats come channels first; `scale` is what a byte's value is divided by. */
static void check_floats(const float *images, int64_t first, int64_t n, double scale)
{
    for (int64_t row = 0; row < n; row++) {
        for (int i = 0; i < N_VALUES; i++) {
            int pixel = i % N_PIXELS;
            uint8_t value = value_at(first + row, pixel / WIDTH, pixel % WIDTH, i / N_PIXELS);
            ck_assert_float_eq(images[row * N_VALUES + i], (float)(value / scale));
        }
    }
}

static void check_batches(struct ev_set *set, enum ev_form form, int64_t batch_rows, double scale)
{
    const struct ev_stream_args args = {form, batch_rows, 2, 3, 0};
    struct ev_stream_batch read;
    struct ev_stream *stream;
    int64_t row = 0;

    ev_assert_ok(ev_stream_open(set, &args, &stream, &err));
    for (;; row += read.batch.n_rows) {
        ev_assert_ok(ev_stream_next(stream, &read, &err));
        if (read.batch.n_rows == 0)
            break;
        ck_assert_int_eq(read.first_row, row);
        ck_assert_uint_eq(read.batch.form, form);
        if (form == EV_FORM_U8_NHWC)
            check_bytes(read.batch.data, row, read.batch.n_rows);
        else
            check_floats(read.batch.data, row, read.batch.n_rows, scale);
    }
    ck_assert_int_eq(row, N_ROWS);
    ev_stream_close(stream);
}

/* All rows at once, some rows in any order, and batches that fit chunks and that do not. */
static void check_all(struct ev_set *set, enum ev_form form, double scale)
{
    static const int64_t rows[] = {36, 3, 4, 5, 0, 0, 21};
    static float images[N_ROWS * N_VALUES];

    ev_assert_ok(ev_set_read(set, form, 0, N_ROWS, images, &err));
    if (form == EV_FORM_U8_NHWC)
        check_bytes((const uint8_t *)images, 0, N_ROWS);
    else
        check_floats(images, 0, N_ROWS, scale);
    ev_assert_ok(ev_set_read_rows(set, form, rows, 7, images, &err));
    for (int i = 0; i < 7; i++) {
        if (form == EV_FORM_U8_NHWC)
            check_bytes((const uint8_t *)images + i * N_VALUES, rows[i], 1);
        else
            check_floats(images + i * N_VALUES, rows[i], 1, scale);
    }
    check_batches(set, form, 10, scale);
    check_batches(set, form, 3, scale);
    check_batches(set, form, 64, scale);
}

START_TEST(every_way_gives_the_same_pictures)
{
    for (int i = 0; i < 2 * N_TYPES; i++) {
        const struct way way = {i / 2, i % 2, _i};
        struct ev_set *set = open_ok(write_file(&way), &source);
        const struct ev_set_info *info = ev_set_info(set);
        ck_assert_int_eq(info->shape.height, HEIGHT);
        ck_assert_int_eq(info->shape.width, WIDTH);
        ck_assert_int_eq(info->shape.channels, CHANNELS);
        ck_assert_int_eq(info->form, way.type == U8 ? EV_FORM_U8_NHWC : EV_FORM_F32_NCHW);
        ck_assert_float_eq(ev_set_labels(set)[36], 36.0f);
        double scale = way.type == U8 ? 255.0 : 256.0;
        for (int unpacked = 0; unpacked < 2; unpacked++) {
            if (way.type == U8)
                check_all(set, EV_FORM_U8_NHWC, scale);
            check_all(set, EV_FORM_F32_NCHW, scale);
            ev_assert_ok(ev_set_unpack(set, 2, &err));
        }
        ev_set_close(set);
    }
}
END_TEST

START_TEST(white_is_divided_out)
{
    for (int i = 0; i < 2 * N_TYPES; i++) {
        const struct way way = {i / 2, i % 2, BLOCK};
        struct ev_set_source dark = source;
        dark.white = 0.5;
        struct ev_set *set = open_ok(write_file(&way), &dark);
        check_batches(set, EV_FORM_F32_NCHW, 8, way.type == U8 ? 255.0 : 128.0);
        ev_set_close(set);
    }
}
END_TEST

/* Floats of 0 to 255 are no pictures for models, unless somebody says that they are. */
START_TEST(floats_of_bytes_are_refused)
{
    const struct way way = {F32, false, BLOCK};
    struct ev_set_source scaled = source;

    struct ev_set *set = open_ok(write_file(&way), &source);
    ev_assert_ok(ev_set_check_white(set, &err));
    ev_set_close(set);
    multiply_images(ev_test_path("foreign.h5"), 256.0f);
    set = open_ok(ev_test_path("foreign.h5"), &source);
    ev_assert_fails(ev_set_check_white(set, &err), EV_INPUT,
                    "models take floats of 0 to 1: add --white 255");
    ev_set_close(set);
    scaled.white = 255.0;
    set = open_ok(ev_test_path("foreign.h5"), &scaled);
    ev_assert_ok(ev_set_check_white(set, &err));
    check_batches(set, EV_FORM_F32_NCHW, 8, 255.0);
    ev_set_close(set);
}
END_TEST

/* 4 x 5 x 3 read the wrong way round when asked to. */
START_TEST(the_layout_may_be_told)
{
    const struct way way = {U8, false, BLOCK};
    struct ev_set_source told = source;

    told.layout = EV_SET_LAYOUT_NCHW;
    struct ev_set *set = open_ok(write_file(&way), &told);
    ck_assert_int_eq(ev_set_info(set)->shape.channels, 4);
    ck_assert_int_eq(ev_set_info(set)->shape.height, 5);
    ck_assert_int_eq(ev_set_info(set)->shape.width, 3);
    ev_set_close(set);
}
END_TEST

START_TEST(names_are_suggested)
{
    const struct way way = {U8, false, BLOCK};
    struct ev_set *set;

    ev_assert_fails(ev_set_open(write_file(&way), NULL, &set, &err), EV_INPUT,
                    "foreign.h5: no dataset /images; it has /x/img, /y (see --images");
}
END_TEST

START_TEST(halves)
{
    static const struct {
        uint16_t half;
        float value;
    } cases[] = {{0x0000, 0.0f},         {0x8000, -0.0f},    {0x3c00, 1.0f},
                 {0xc000, -2.0f},        {0x7bff, 65504.0f}, {0x0001, 0x1p-24f},
                 {0x03ff, 0x1.ff8p-15f}, {0x0400, 0x1p-14f}, {0x3555, 0x1.554p-2f},
                 {0x7c00, INFINITY},     {0xfc00, -INFINITY}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float value = ev_half_to_float(cases[i].half);
        ck_assert(memcmp(&value, &cases[i].value, sizeof value) == 0);
    }
    ck_assert(isnan(ev_half_to_float(0x7e00)));
    ck_assert(isnan(ev_half_to_float(0xfc01)));
}
END_TEST

/* Puts a file that cannot be read in the place of all descriptors of the set's file. */
static void break_descriptors(const char *path)
{
    char *real = realpath(path, NULL), name[64], target[4096];
    DIR *folder = opendir("/proc/self/fd");
    int broken = open("/dev/null", O_WRONLY), n_broken = 0;

    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        snprintf(name, sizeof name, "/proc/self/fd/%.20s", entry->d_name);
        ssize_t n = readlink(name, target, sizeof target - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (strcmp(target, real) == 0) {
            ck_assert_int_ge(dup2(broken, atoi(entry->d_name)), 0);
            n_broken++;
        }
    }
    closedir(folder);
    close(broken);
    free(real);
    ck_assert_int_ge(n_broken, 2); /* HDF5's and ours */
}

/* A disk that fails, and a file that becomes shorter, while batches are read: an error that names
 * the file, whatever way the rows are stored. */
START_TEST(mirrors_exchange_left_and_right)
{
    uint8_t pixels[2 * 3 * 3], even[2 * 2] = {1, 2, 3, 4};
    float planes[2 * 3] = {1, 2, 3, 4, 5, 6};
    static const uint8_t mirrored[18] = {84, 98,  112, 42,  56,  70,  0,   14,  28,
                                         210, 224, 238, 168, 182, 196, 126, 140, 154};
    static const float mirrored_planes[6] = {3, 2, 1, 6, 5, 4};

    for (int i = 0; i < 18; i++)
        pixels[i] = (uint8_t)(i * 14);
    ev_pixels_mirror(2, 3, 3, pixels);
    ck_assert_mem_eq(pixels, mirrored, sizeof pixels);
    ev_pixels_mirror(2, 3, sizeof *planes, planes);
    ck_assert_mem_eq(planes, mirrored_planes, sizeof planes);
    ev_pixels_mirror(2, 2, 1, even);
    ck_assert_mem_eq(even, ((uint8_t[]){2, 1, 4, 3}), sizeof even);
}
END_TEST

START_TEST(files_that_break_while_they_are_read)
{
    const struct way way = {U8, false, _i / 2};
    const char *path = write_file(&way);
    const struct ev_stream_args args = {EV_FORM_U8_NHWC, 4, 1, 2, 0};
    struct ev_set *set = open_ok(path, &source);
    struct ev_stream_batch read;
    struct ev_stream *stream;
    enum ev_status status = EV_OK;

    if (_i % 2)
        ck_assert_int_eq(truncate(path, 2300), 0);
    else
        break_descriptors(path);
    ev_assert_ok(ev_stream_open(set, &args, &stream, &err));
    for (int i = 0; i < 20 && status == EV_OK; i++)
        status = ev_stream_next(stream, &read, &err);
    ck_assert_msg(status == EV_INPUT || status == EV_IO, "status %d", (int)status);
    ck_assert_msg(strstr(err.message, "foreign.h5: ") == err.message + strlen(path) - 10 &&
                      (strstr(err.message, "truncated while") || strstr(err.message, "cannot be")),
                  "%s", err.message);
    ev_stream_close(stream);
    ev_set_close(set);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_forms");
    TCase *tests = tcase_create("set_forms");

    ev_progress_set_quiet(true);
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, every_way_gives_the_same_pictures, 0, N_STORED);
    tcase_add_test(tests, white_is_divided_out);
    tcase_add_test(tests, floats_of_bytes_are_refused);
    tcase_add_test(tests, the_layout_may_be_told);
    tcase_add_test(tests, names_are_suggested);
    tcase_add_test(tests, halves);
    tcase_add_test(tests, mirrors_exchange_left_and_right);
    tcase_add_loop_test(tests, files_that_break_while_they_are_read, 0, 2 * N_STORED);
    suite_add_tcase(suite, tests);
    return suite;
}
