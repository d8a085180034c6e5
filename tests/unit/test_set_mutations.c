/* SPDX-License-Identifier: MIT */
/*
 * 2,000 damaged files: each is refused with one line, or read, and then as HDF5 itself reads it.
 * That nothing crashes, hangs or leaks is the other half; run it under a sanitizer too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/rng.h"
#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_seeds.h"

enum { N_MUTANTS = 2000, BATCH = 20, MAX_BYTES = 1 << 16 };

static struct ev_error err;

struct bytes {
    uint8_t at[MAX_BYTES];
    size_t n;
};

static void read_file(const char *path, struct bytes *bytes)
{
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    bytes->n = fread(bytes->at, 1, MAX_BYTES / 2, file);
    ck_assert_uint_lt(bytes->n, MAX_BYTES / 2);
    fclose(file);
}

static void write_file(const char *path, const struct bytes *bytes)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes->at, 1, bytes->n, file), bytes->n);
    ck_assert_int_eq(fclose(file), 0);
}

/* --- Mutations --- */

/* A place to damage: mostly one that is not within the zeros that fill HDF5's structures. */
static size_t pick_place(struct ev_rng *rng, const struct bytes *bytes, size_t width)
{
    size_t place = 0;

    for (int tries = 0; tries < 8; tries++) {
        place = ev_rng_below(rng, bytes->n - width + 1);
        if (bytes->at[place] != 0)
            break;
    }
    return place;
}

/* A number at a limit of something: of a type, or of the file. */
static uint64_t pick_number(struct ev_rng *rng, const struct bytes *bytes)
{
    const uint64_t edge = UINT64_C(1) << (8 * (1 + ev_rng_below(rng, 8)) - 1);

    switch (ev_rng_below(rng, 6)) {
    case 0:
        return ev_rng_below(rng, 3) - 1; /* -1, 0, 1 */
    case 1:
        return edge;
    case 2:
        return edge - 1;
    case 3:
        return bytes->n - ev_rng_below(rng, 2);
    case 4:
        return ev_rng_below(rng, bytes->n) & ~UINT64_C(7);
    default:
        return ev_rng_u64(rng);
    }
}

static void put_word(struct ev_rng *rng, struct bytes *bytes)
{
    const size_t width = (size_t)1 << ev_rng_below(rng, 4);
    const uint64_t number = pick_number(rng, bytes);
    size_t place = pick_place(rng, bytes, width);

    for (size_t i = 0; i < width; i++)
        bytes->at[place + i] = (uint8_t)(number >> (8 * i));
}

static void swap_blocks(struct ev_rng *rng, struct bytes *bytes)
{
    const size_t width = 1 + ev_rng_below(rng, 64);
    uint8_t *a = bytes->at + pick_place(rng, bytes, width);
    uint8_t *b = bytes->at + pick_place(rng, bytes, width);

    for (size_t i = 0; i < width; i++) {
        uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void resize(struct ev_rng *rng, struct bytes *bytes)
{
    size_t n = 1 + ev_rng_below(rng, bytes->n + 512);

    for (size_t i = bytes->n; i < n; i++)
        bytes->at[i] = (uint8_t)ev_rng_u64(rng);
    bytes->n = n;
}

static void mutate(struct ev_rng *rng, struct bytes *bytes)
{
    const uint64_t kind = ev_rng_below(rng, 16);

    if (kind < 5)
        bytes->at[pick_place(rng, bytes, 1)] ^= (uint8_t)(1 << ev_rng_below(rng, 8));
    else if (kind < 7)
        bytes->at[pick_place(rng, bytes, 1)] = (uint8_t)ev_rng_u64(rng);
    else if (kind < 13)
        put_word(rng, bytes);
    else if (kind < 15 && bytes->n > 64)
        swap_blocks(rng, bytes);
    else
        resize(rng, bytes);
}

/* --- What HDF5 says --- */

enum answer { SAME, OTHER, UNREADABLE };

/* Where value i of a row lies in the file's row. */
static size_t place_of(const struct ev_set_info *info, enum ev_set_layout layout, size_t i)
{
    const size_t n_channels = (size_t)info->shape.channels;
    const size_t n_pixels = (size_t)info->shape.height * (size_t)info->shape.width;
    const bool planar = layout == EV_SET_LAYOUT_NCHW;

    if (info->form == EV_FORM_U8_NHWC)
        return planar ? i % n_channels * n_pixels + i / n_channels : i;
    return planar ? i : i % n_pixels * n_channels + i / n_pixels;
}

static bool is_same(float a, float b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static bool read_dataset(hid_t file, const char *name, size_t n, float *values)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset);

    return space >= 0 && H5Sget_simple_extent_npoints(space) == (hssize_t)n &&
           H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
}

/* Reads the file as a whole with HDF5 alone and compares it with what the program read. */
static enum answer compare(const char *path, const struct ev_set *set, enum ev_set_layout layout,
                           const void *images)
{
    const struct ev_set_info *info = ev_set_info(set);
    const size_t n_rows = (size_t)info->n_rows, n_labels = n_rows * (size_t)info->n_outputs;
    const size_t n_values =
        (size_t)info->shape.height * (size_t)info->shape.width * (size_t)info->shape.channels;
    float *values = malloc((n_rows * n_values + n_labels) * sizeof *values);
    float *labels = values + n_rows * n_values;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);

    if (!values || file < 0 || !read_dataset(file, "images", n_rows * n_values, values) ||
        !read_dataset(file, "labels", n_labels, labels))
        return UNREADABLE;
    for (size_t i = 0; i < n_labels; i++) {
        if (!is_same(labels[i], ev_set_labels(set)[i]))
            return OTHER;
    }
    for (size_t i = 0; i < n_rows * n_values; i++) {
        float value = values[i / n_values * n_values + place_of(info, layout, i % n_values)];
        float read = info->form == EV_FORM_U8_NHWC ? (float)((const uint8_t *)images)[i]
                                                   : ((const float *)images)[i];
        if (!is_same(value, read))
            return OTHER;
    }
    return SAME;
}

/* In a child of its own, as HDF5 may crash. What it cannot read, damaged in what the program does
 * not need (the level of a deflate filter), is UNREADABLE. */
static enum answer ask_hdf5(const char *path, const struct ev_set *set, enum ev_set_layout layout,
                            const void *images)
{
    int end = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct rlimit seconds = {20, 20};
        setrlimit(RLIMIT_CPU, &seconds);
        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
        _exit((int)compare(path, set, layout, images));
    }
    ck_assert_int_eq(waitpid(child, &end, 0), child);
    return WIFEXITED(end) && WEXITSTATUS(end) <= UNREADABLE ? (enum answer)WEXITSTATUS(end)
                                                            : UNREADABLE;
}

/* --- The test --- */

/* All rows by a stream, malloc'ed, or NULL with an error. */
static void *read_all(struct ev_set *set)
{
    const struct ev_set_info *info = ev_set_info(set);
    const struct ev_stream_args args = {info->form, 4, 1, 2, 0};
    const size_t picture_bytes = ev_set_picture_bytes(info, info->form);
    struct ev_stream_batch read = {0};
    struct ev_stream *stream;
    int64_t n_read = 0;

    if (ev_stream_open(set, &args, &stream, &err) != EV_OK)
        return NULL;
    uint8_t *images = malloc((size_t)info->n_rows * picture_bytes);
    ck_assert_ptr_nonnull(images);
    while (ev_stream_next(stream, &read, &err) == EV_OK && read.batch.n_rows > 0) {
        memcpy(images + (size_t)n_read * picture_bytes, read.batch.data,
               (size_t)read.batch.n_rows * picture_bytes);
        n_read += read.batch.n_rows;
    }
    ev_stream_close(stream);
    if (n_read == info->n_rows)
        return images;
    free(images);
    return NULL;
}

static void check_message(const char *path, int mutant)
{
    ck_assert_msg(err.status == EV_INPUT && strncmp(err.message, path, strlen(path)) == 0 &&
                      !strchr(err.message, '\n'),
                  "mutant %d: status %d: %s", mutant, (int)err.status, err.message);
}

/* `sound` are the pictures of the file before it was damaged, n_bytes of them. */
static void try_mutant(const char *path, const struct ev_test_seed *seed, int mutant,
                       const void *sound, size_t n_bytes)
{
    const struct ev_set_source source = {.layout = seed->layout};
    struct ev_set *set = NULL;

    err = (struct ev_error)EV_ERROR_INIT;
    if (ev_set_open(path, &source, &set, &err) != EV_OK) {
        ck_assert_ptr_null(set);
        check_message(path, mutant);
        return;
    }
    void *images = read_all(set);
    if (!images) {
        check_message(path, mutant);
    } else {
        enum answer answer = ask_hdf5(path, set, seed->layout, images);
        const struct ev_set_info *info = ev_set_info(set);
        bool is_sound = n_bytes == (size_t)info->n_rows * ev_set_picture_bytes(info, info->form) &&
                        memcmp(images, sound, n_bytes) == 0;
        ck_assert_msg(answer == SAME || (answer == UNREADABLE && is_sound),
                      "mutant %d of %s: HDF5 %s", mutant, seed->name,
                      answer == OTHER ? "reads something else" : "cannot read it");
    }
    free(images);
    ev_set_close(set);
}

START_TEST(mutants)
{
    static struct bytes sound, mutant;
    const int seed = _i % EV_TEST_N_SEEDS;
    const char *path = ev_test_write_seed(seed);
    const struct ev_set_source source = {.layout = ev_test_seeds[seed].layout};
    struct ev_set *set;

    ev_assert_ok(ev_set_open(path, &source, &set, &err));
    const struct ev_set_info *info = ev_set_info(set);
    const size_t n_bytes = (size_t)info->n_rows * ev_set_picture_bytes(info, info->form);
    void *images = read_all(set);
    ck_assert_ptr_nonnull(images);
    ck_assert_int_eq(ask_hdf5(path, set, source.layout, images), SAME);
    ev_set_close(set);
    read_file(path, &sound);
    for (int i = _i * BATCH; i < (_i + 1) * BATCH; i++) {
        struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, (uint64_t)i);
        mutant = sound;
        do
            mutate(&rng, &mutant);
        while (ev_rng_below(&rng, 3) == 0);
        write_file(path, &mutant);
        try_mutant(path, &ev_test_seeds[seed], i, images, n_bytes);
    }
    free(images);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_mutations");
    TCase *tests = tcase_create("set_mutations");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, mutants, 0, N_MUTANTS / BATCH);
    suite_add_tcase(suite, tests);
    return suite;
}
