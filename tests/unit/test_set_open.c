/* SPDX-License-Identifier: MIT */
/* Opening sets: what the program's own files and those of other tools say, and every kind of file
 * that must be refused with one line. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hdf5.h>

#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

static struct ev_error err;

/* A file written with HDF5 itself, sound unless a case changes something. */
struct foreign {
    const char *name;    /* of the case */
    const char *message; /* what the refusal says; NULL: it opens */
    hsize_t images[4];
    int images_rank;
    hid_t images_type; /* 0: uint8; negative: no /images */
    hsize_t labels[2];
    int labels_rank;
    hid_t labels_type;                  /* 0: float64; negative: no /labels */
    double bad_value;                   /* written as label of row 3, column 1, if not 0 */
    hsize_t images_chunk, labels_chunk; /* rows a chunk; 0: contiguous */
    enum { WRITE_ALL, WRITE_HALF, WRITE_NOTHING } images_rows, labels_rows;
    int filter; /* a filter's number that nobody has */
};

static void create(hid_t file, const char *name, hid_t type, hid_t memory_type, int rank,
                   const hsize_t *extent, hsize_t chunk_rows, int filter, int rows,
                   const void *data)
{
    hsize_t chunk[4] = {0}, start[4] = {0}, count[4] = {0};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(rank, extent, NULL);

    for (int i = 0; i < rank; i++)
        chunk[i] = count[i] = extent[i];
    if (chunk_rows) {
        chunk[0] = chunk_rows;
        H5Pset_chunk(plist, rank, chunk);
    }
    if (filter)
        H5Pset_filter(plist, filter, H5Z_FLAG_OPTIONAL, 0, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    ck_assert_int_ge(dataset, 0);
    if (rows == WRITE_HALF)
        count[0] /= 2;
    if (rows != WRITE_NOTHING && count[0] > 0) {
        hid_t memory = H5Screate_simple(rank, count, NULL);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
        ck_assert_int_ge(H5Dwrite(dataset, memory_type, memory, space, H5P_DEFAULT, data), 0);
        H5Sclose(memory);
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(plist);
}

static const char *write_foreign(const struct foreign *c)
{
    const char *path = ev_test_path("foreign.h5");
    /* HDF5 refuses a filter that it does not have when it writes, not when it creates: such a case
     * writes nothing. */
    static const uint8_t pixels[65536];
    static double labels[4096];
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    ck_assert_int_ge(file, 0);
    for (int i = 0; i < 4096; i++)
        labels[i] = i;
    if (c->bad_value != 0.0)
        labels[3 * 2 + 1] = c->bad_value;
    if (c->images_type >= 0) {
        bool text = c->images_type == H5T_C_S1;
        create(file, "images", c->images_type ? c->images_type : H5T_STD_U8LE,
               text ? H5T_C_S1 : H5T_NATIVE_UINT8, c->images_rank, c->images, c->images_chunk,
               c->filter, c->images_rows, pixels);
    }
    if (c->labels_type >= 0) {
        bool text = c->labels_type == H5T_C_S1;
        create(file, "labels", c->labels_type ? c->labels_type : H5T_IEEE_F64BE,
               text ? H5T_C_S1 : H5T_NATIVE_DOUBLE, c->labels_rank, c->labels, c->labels_chunk, 0,
               c->labels_rows, labels);
    }
    H5Fclose(file);
    return path;
}

/* HDF5's type identifiers are no constants, so the table is filled at run time. */
#define SOUND       .images = {10, 2, 3, 3}, .images_rank = 4, .labels = {10, 2}, .labels_rank = 2
#define IMAGES(...) .images = {__VA_ARGS__}, .labels = {10, 2}, .labels_rank = 2, .images_rank
#define LABELS(...) .labels = {__VA_ARGS__}, .images = {10, 2, 3, 3}, .images_rank = 4, .labels_rank

START_TEST(files_of_other_tools)
{
    const struct foreign cases[] = {
        {"sound", NULL, SOUND},
        {"grey", NULL, IMAGES(10, 2, 3, 1) = 4},
        {"labels in one dimension", NULL, LABELS(10) = 1},
        {"whole numbers", NULL, SOUND, .labels_type = H5T_STD_I16BE},
        {"chunks", NULL, SOUND, .images_chunk = 4, .labels_chunk = 3},
        {"no images", "no dataset /images", SOUND, .images_type = -1},
        {"no labels", "no dataset /labels", SOUND, .labels_type = -1},
        {"floats", NULL, SOUND, .images_type = H5T_IEEE_F32LE},
        {"channels first", NULL, IMAGES(10, 3, 2, 66) = 4},
        {"grey without an axis of channels", NULL, IMAGES(10, 2, 3) = 3},
        {"six channels", NULL, IMAGES(10, 7, 8, 6) = 4},
        {"signed images", "/images is int8, expected uint8 or floats", SOUND,
         .images_type = H5T_STD_I8LE},
        {"wide images", "/images is uint16, expected uint8", SOUND, .images_type = H5T_STD_U16LE},
        {"two dimensions", "/images has 2 dimensions, expected 4", IMAGES(10, 2) = 2},
        {"no rows", "/images has no rows", IMAGES(0, 2, 3, 3) = 4},
        {"no pixels", "empty", IMAGES(10, 0, 3, 3) = 4},
        {"huge sides", "too large", IMAGES(10, 100000, 3, 3) = 4, .images_rows = WRITE_NOTHING},
        {"huge product", "too large", IMAGES((hsize_t)1 << 60, 2, 3, 3) = 4, .images_chunk = 1,
         .images_rows = WRITE_NOTHING},
        {"lengths", "/images has 10 rows, /labels has 9", LABELS(9, 2) = 2},
        {"many columns", "/labels has 17 columns, expected 1 to 16", LABELS(10, 17) = 2},
        {"no columns", "/labels has 0 columns", LABELS(10, 0) = 2},
        {"labels in three dimensions", "/labels has 0 dimensions", LABELS(10) = 0},
        {"text", "/labels is text, expected numbers", SOUND, .labels_type = H5T_C_S1},
        {"NaN", "/labels row 3: y1 is NaN", SOUND, .bad_value = NAN},
        {"infinity", "/labels row 3: y1 is infinite", SOUND, .bad_value = -INFINITY},
        {"beyond float32", "/labels row 3: y1 is infinite", SOUND, .bad_value = 1e300},
        {"images not written", "/images was never written", SOUND, .images_rows = WRITE_NOTHING},
        {"labels not written", "/labels was never written", SOUND, .labels_rows = WRITE_NOTHING},
        {"chunks of images missing", "/images: only 3 of 5 chunks were written", SOUND,
         .images_chunk = 2, .images_rows = WRITE_HALF},
        {"chunks of labels missing", "/labels: only 2 of 4 chunks were written", SOUND,
         .labels_chunk = 3, .labels_rows = WRITE_HALF},
        {"filter", "/images needs the HDF5 filter 32000", SOUND, .images_chunk = 2, .filter = 32000,
         .images_rows = WRITE_NOTHING},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ev_set *set = NULL;
        const char *path = write_foreign(&cases[i]);
        err.message[0] = '\0';
        enum ev_status status = ev_set_open(path, NULL, &set, &err);
        if (!cases[i].message) {
            ck_assert_msg(status == EV_OK, "%s: %s", cases[i].name, err.message);
            ck_assert_int_eq(ev_set_info(set)->n_rows, 10);
            ck_assert_float_eq(ev_set_labels(set)[5], 5.0f);
            ev_set_close(set);
            continue;
        }
        ck_assert_msg(status == EV_INPUT, "%s: status %d", cases[i].name, (int)status);
        ck_assert_ptr_null(set);
        ck_assert_msg(strstr(err.message, cases[i].message) && !strchr(err.message, '\n') &&
                          strncmp(err.message, path, strlen(path)) == 0,
                      "%s: %s", cases[i].name, err.message);
    }
}
END_TEST

START_TEST(own_file)
{
    const char *path = ev_test_path("own.h5");
    struct ev_set_spec spec = ev_test_set_spec(10, 4, 5, 3, 2);
    struct ev_set *set;
    float targets[4];

    snprintf(spec.columns[1].name, sizeof spec.columns[1].name, "w");
    snprintf(spec.columns[1].unit, sizeof spec.columns[1].unit, "rad/s");
    spec.columns[1].min = -7.5;
    spec.columns[1].max = 12.5;
    ev_test_write_spec(path, &spec);
    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    const struct ev_set_info *info = ev_set_info(set);
    ck_assert_str_eq(info->path, path);
    ck_assert_int_eq(info->n_rows, 10);
    ck_assert_int_eq(info->shape.height, 4);
    ck_assert_int_eq(info->shape.width, 5);
    ck_assert_int_eq(info->shape.channels, 3);
    ck_assert_int_eq(info->n_outputs, 2);
    ck_assert_str_eq(info->columns[0].name, "out0");
    ck_assert_str_eq(info->columns[0].unit, "m");
    ck_assert_str_eq(info->columns[1].name, "w");
    ck_assert_str_eq(info->columns[1].unit, "rad/s");
    ck_assert_double_eq(info->columns[1].min, -7.5);
    ck_assert_double_eq(info->columns[1].max, 12.5);
    ck_assert_str_eq(info->circuit, "numbers");
    ck_assert_str_eq(info->provenance, spec.provenance);
    ck_assert_double_eq(info->frame_rate_hz, 20.0);
    ck_assert_uint_eq(strlen(info->recorded_sha256), 64);
    for (int32_t i = 0; i < 20; i++)
        ck_assert_float_eq(ev_set_labels(set)[i], ev_test_label(i / 2, i % 2));
    /* (label - min) / (max - min), rows 8 and 9 */
    ev_set_targets(set, 8, 2, targets);
    ck_assert_float_eq(targets[0], (float)(9.0 / 11.0));
    ck_assert_float_eq(targets[1], (float)((8.25 + 7.5) / 20.0));
    ck_assert_float_eq(targets[2], (float)(10.0 / 11.0));
    ck_assert_float_eq(targets[3], (float)((9.25 + 7.5) / 20.0));
    ev_set_close(set);
}
END_TEST

/* Texts of one kind, variable or fixed length with padding, as h5py and NumPy write them. */
static void put_texts(hid_t object, const char *name, bool variable, int n, const char **texts)
{
    enum { CELL = 40 };
    char cells[3][CELL] = {{0}};
    hsize_t extent = (hsize_t)n;
    hid_t type = H5Tcopy(H5T_C_S1);
    hid_t space = H5Screate_simple(1, &extent, NULL);

    H5Tset_size(type, variable ? H5T_VARIABLE : CELL);
    H5Tset_cset(type, variable ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
    if (!variable)
        H5Tset_strpad(type, H5T_STR_NULLPAD);
    for (int i = 0; i < n; i++)
        memcpy(cells[i], texts[i], strlen(texts[i]));
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(H5Awrite(attribute, type, variable ? (void *)texts : (void *)cells), 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_doubles(hid_t object, const char *name, int n, const double *values)
{
    hsize_t extent = (hsize_t)n;
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t attribute = H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);

    ck_assert_int_ge(H5Awrite(attribute, H5T_NATIVE_DOUBLE, values), 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

struct labelled {
    const char *message; /* NULL: it opens */
    const char *names[3];
    int n_names;
    double low[3], high[3];
    int n_low, n_high;
    const char *expected; /* name of column 0, where it opens */
    bool variable;
};

START_TEST(columns)
{
    static const struct labelled cases[] = {
        {NULL, {"v", "w"}, 2, {0, 1}, {1, 2}, 2, 2, "v", true},
        {NULL, {"v", "w"}, 2, {0, 1}, {1, 2}, 2, 2, "v", false},
        {NULL, {""}, 0, {0}, {0}, 0, 0, "y0", false},
        {NULL, {"", "w"}, 2, {0}, {0}, 0, 0, "y0", true},
        {NULL, {"two\nlines", "w"}, 2, {0}, {0}, 0, 0, "two lines", true},
        {NULL,
         {"longer than thirty-one characters", "w"},
         2,
         {0},
         {0},
         0,
         0,
         "longer than thirty-one characte",
         false},
        {"attribute names needs 2 texts", {"a", "b", "c"}, 3, {0}, {0}, 0, 0, NULL, true},
        {"min and max need 2 numbers", {""}, 0, {0, 0, 0}, {1, 1, 1}, 3, 3, NULL, true},
        {"min and max need 2 numbers", {""}, 0, {0, 0}, {0}, 2, 0, NULL, true},
        {"the range of w is 2 to 2", {"v", "w"}, 2, {0, 2}, {1, 2}, 2, 2, NULL, true},
        {"the range of y0 is 0 to 4.94066e-324", {""}, 0, {0, 0}, {5e-324, 1}, 2, 2, NULL, true},
        {"the range of y0 is -1e+308 to 1e+308",
         {""},
         0,
         {-1e308, 0},
         {1e308, 1},
         2,
         2,
         NULL,
         true},
        {"columns 0 and 1 are both called v", {"v", "v"}, 2, {0, 0}, {1, 1}, 2, 2, NULL, true},
        {"the range of y0 is nan to 1", {""}, 0, {NAN, 0}, {1, 1}, 2, 2, NULL, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct labelled *c = &cases[i];
        struct foreign sound = {SOUND};
        struct ev_set *set;
        const char *path = write_foreign(&sound), *names[3];
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT);
        memcpy(names, c->names, sizeof names);
        if (c->n_names)
            put_texts(labels, "names", c->variable, c->n_names, names);
        if (c->n_low)
            put_doubles(labels, "min", c->n_low, c->low);
        if (c->n_high)
            put_doubles(labels, "max", c->n_high, c->high);
        H5Dclose(labels);
        H5Fclose(file);
        if (c->message) {
            ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT, c->message);
            continue;
        }
        ev_assert_ok(ev_set_open(path, NULL, &set, &err));
        ck_assert_str_eq(ev_set_info(set)->columns[0].name, c->expected);
        ck_assert_double_eq(ev_set_info(set)->columns[1].min, c->n_low ? 1.0 : 0.0);
        ck_assert_double_eq(ev_set_info(set)->columns[1].max, c->n_low ? 2.0 : 1.0);
        ev_set_close(set);
    }
}
END_TEST

/* Labels 0, 1, 2, ... without a range: whoever means them to be scaled is told. */
START_TEST(labels_without_ranges_are_noted)
{
    static const double low[] = {0, 0}, high[] = {1, 1};
    struct foreign sound = {SOUND};
    const char *path = write_foreign(&sound), *notes = ev_test_path("notes");
    char line[600] = "";
    struct ev_set *set;

    ck_assert_ptr_nonnull(freopen(notes, "w", stderr));
    if (_i == 1) {
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT);
        put_doubles(labels, "min", 2, low);
        put_doubles(labels, "max", 2, high);
        H5Dclose(labels);
        H5Fclose(file);
    }
    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    ev_set_note_ranges(set);
    ev_set_close(set);
    fflush(stderr);
    FILE *file = fopen(notes, "r");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    if (_i == 1)
        ck_assert_uint_eq(n, 0);
    else
        ck_assert_ptr_nonnull(strstr(line, "y0 is 2 in row 1"));
}
END_TEST

static void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

/* A pipe that nobody writes to: whoever opens it waits for ever. And a file that ends before the
 * pictures do, which HDF5 reads as zeros. */
START_TEST(pipes_and_short_files_behind_a_set_are_refused)
{
    const char *path = ev_test_path("outside.h5"), *pipe_path = ev_test_path("pipe"),
               *short_path = ev_test_path("short.bin");
    const hsize_t images[4] = {10, 2, 3, 3};
    struct foreign sound = {SOUND};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(4, images, NULL);
    struct ev_set *set;

    write_foreign(&sound);
    write_bytes(short_path, "half of the pictures", 20);
    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (_i == 0) {
        H5Lcreate_external("pipe", "/images", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    } else {
        if (_i == 1)
            H5Pset_external(plist, pipe_path, 0, 180);
        else if (_i == 2)
            H5Pset_external(plist, short_path, 0, H5F_UNLIMITED);
        else
            H5Pset_virtual(plist, space, "pipe", "/images", space);
        hid_t dataset =
            H5Dcreate2(file, "images", H5T_STD_U8LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
        ck_assert_int_ge(dataset, 0);
        H5Dclose(dataset);
    }
    H5Lcreate_external("foreign.h5", "/labels", file, "labels", H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(plist);
    H5Fclose(file);
    ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT,
                    _i == 0   ? "/images is not a dataset"
                    : _i <= 2 ? "which is no file or lacks a part"
                              : "/images is a virtual dataset");
}
END_TEST

/* Links that lead nowhere, round, or to what is no set. */
START_TEST(links_astray)
{
    static const struct {
        const char *file, *target; /* file NULL: a soft link; else the file behind a link to it */
        const char *message;
    } cases[] = {
        {NULL, "/nowhere", "/images is not a dataset or is damaged"},
        {NULL, "/images", "/images is not a dataset or is damaged"},
        {NULL, "/", "/images is not a dataset or is damaged"},
        {NULL, "../../foreign.h5/images", "/images is not a dataset or is damaged"},
        {"missing.h5", "/images", "/images is not a dataset or is damaged"},
        {"links.h5", "/images", "/images is not a dataset or is damaged"}, /* itself */
        {"folder", "/images", "/images is not a dataset or is damaged"},
        {"text", "/images", "/images is not a dataset or is damaged"},
        {"foreign.h5", "/nowhere", "/images is not a dataset or is damaged"},
        {"foreign.h5", "/", "/images is not a dataset or is damaged"},
        {"empty", "/images", "/images is not a dataset or is damaged"},
        {"/dev/zero", "/images", "/images is not a dataset or is damaged"},
        {"foreign.h5", "/images", NULL},
        {NULL, "/pictures", NULL},
    };
    struct foreign sound = {SOUND};

    write_foreign(&sound);
    write_bytes(ev_test_path("text"), "not a set", 9);
    write_bytes(ev_test_path("empty"), "", 0);
    ck_assert_int_eq(mkdir(ev_test_path("folder"), 0700), 0);
    const char *path = ev_test_path("links.h5");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ev_set *set;
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        ck_assert_int_ge(file, 0);
        if (cases[i].file)
            H5Lcreate_external(cases[i].file, cases[i].target, file, "images", H5P_DEFAULT,
                               H5P_DEFAULT);
        else
            H5Lcreate_soft(cases[i].target, file, "images", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_external("foreign.h5", "/images", file, "pictures", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_external("foreign.h5", "/labels", file, "labels", H5P_DEFAULT, H5P_DEFAULT);
        ck_assert_int_ge(H5Fclose(file), 0);
        if (cases[i].message) {
            ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT, cases[i].message);
        } else {
            ev_assert_ok(ev_set_open(path, NULL, &set, &err));
            ev_set_close(set);
        }
    }
}
END_TEST

START_TEST(no_sets_at_all)
{
    const char *path = ev_test_path("file.h5");
    struct ev_set *set;

    ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT, "file.h5: No such file");
    ev_assert_fails(ev_set_open(ev_test_folder(), NULL, &set, &err), EV_INPUT,
                    "not a regular file");
    write_bytes(path, "", 0);
    ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT, "file.h5: empty file");
    write_bytes(path, "not a set but a text", 20);
    ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT, "file.h5: not an HDF5 file");
    /* A FIFO without a writer would block whoever opens it. */
    ck_assert_int_eq(mkfifo(ev_test_path("fifo.h5"), 0600), 0);
    ev_assert_fails(ev_set_open(ev_test_path("fifo.h5"), NULL, &set, &err), EV_INPUT,
                    "not a regular");
    ck_assert_ptr_null(set);
    ev_set_close(NULL);
}
END_TEST

/* Cut anywhere, a file must be refused; that nothing crashes is half of the test. */
START_TEST(truncated)
{
    const char *path = ev_test_path("cut.h5");
    struct ev_set_spec spec = ev_test_set_spec(10, 4, 5, 3, 2);
    struct stat info;

    for (int chunked = 0; chunked < 2; chunked++) {
        spec.chunk_rows = chunked ? 4 : 0;
        ev_test_write_spec(path, &spec);
        ck_assert_int_eq(stat(path, &info), 0);
        for (off_t size = info.st_size - 1; size > 0; size -= size > 200 ? 97 : 5) {
            struct ev_set *set;
            ck_assert_int_eq(truncate(path, size), 0);
            ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT, "cut.h5: ");
        }
    }
}
END_TEST

/* A file that says itself to be as long as it is, but ends within the pictures. */
START_TEST(ends_within_the_pictures)
{
    const struct foreign large = {IMAGES(10, 20, 60, 3) = 4};
    const char *path = write_foreign(&large);
    const off_t end = 20000;
    struct ev_set *set;
    uint8_t size[8];

    for (int i = 0; i < 8; i++)
        size[i] = (uint8_t)((uint64_t)end >> (8 * i));
    FILE *file = fopen(path, "r+");
    fseek(file, 40, SEEK_SET); /* the end of file in a superblock of version 0 */
    ck_assert_uint_eq(fwrite(size, 1, 8, file), 8);
    fclose(file);
    ck_assert_int_eq(truncate(path, end), 0);
    ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT,
                    "truncated: the file ends before the last of 10 rows");
}
END_TEST

START_TEST(later_format)
{
    const char *path = ev_test_path("later.h5");
    int64_t version = 2;

    ev_test_write_set(path, 3, 2, 2, 1, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, "format_version", H5P_DEFAULT);
    ck_assert_int_ge(H5Awrite(attribute, H5T_NATIVE_INT64, &version), 0);
    H5Aclose(attribute);
    H5Fclose(file);
    struct ev_set *set;
    ev_assert_fails(ev_set_open(path, NULL, &set, &err), EV_INPUT,
                    "later.h5: set format 2, this program reads up to 1");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_open");
    TCase *tests = tcase_create("set_open");

    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, files_of_other_tools);
    tcase_add_test(tests, own_file);
    tcase_add_test(tests, columns);
    tcase_add_loop_test(tests, labels_without_ranges_are_noted, 0, 2);
    tcase_add_loop_test(tests, pipes_and_short_files_behind_a_set_are_refused, 0, 4);
    tcase_add_test(tests, links_astray);
    tcase_add_test(tests, no_sets_at_all);
    tcase_add_test(tests, truncated);
    tcase_add_test(tests, ends_within_the_pictures);
    tcase_add_test(tests, later_format);
    suite_add_tcase(suite, tests);
    return suite;
}
