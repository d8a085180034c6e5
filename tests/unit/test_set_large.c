/* SPDX-License-Identifier: MIT */
/* A set far larger than memory: two million pictures, 79 GB in name, streamed within 300 MiB. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <hdf5.h>
#include <libdeflate.h>

#include "set/set.h"
#include "support/ev_test.h"

enum { CHUNK_ROWS = 32, BATCH_ROWS = 1024 };

#define N_ROWS     INT64_C(2000000)
#define PICTURE    ((size_t)66 * 200 * 3)
#define MOST_BYTES (INT64_C(300) << 20)

static struct ev_error err;

/* A deflated chunk whose pictures are all of one grey. */
static size_t pack_chunk(uint8_t grey, char **packed)
{
    const size_t n_bytes = CHUNK_ROWS * PICTURE;
    struct libdeflate_compressor *packer = libdeflate_alloc_compressor(6);
    uint8_t *rows = malloc(n_bytes);
    const size_t bound = libdeflate_zlib_compress_bound(packer, n_bytes);

    *packed = malloc(bound);
    ck_assert(packer && rows && *packed);
    memset(rows, grey, n_bytes);
    size_t n_packed = libdeflate_zlib_compress(packer, rows, n_bytes, *packed, bound);
    free(rows);
    libdeflate_free_compressor(packer);
    return n_packed;
}

/* Labels in a block that no one writes: zeros in a hole of the file. */
static void create_labels(hid_t file)
{
    const hsize_t extent[2] = {(hsize_t)N_ROWS, 1};
    hid_t space = H5Screate_simple(2, extent, NULL);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);

    H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER);
    H5Dclose(H5Dcreate2(file, "labels", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Pclose(plist);
    H5Sclose(space);
}

/* Chunk i is grey i % 2, `sparse`: allocated and never written, which is 0. */
static void write_large(const char *path, bool sparse)
{
    const hsize_t extent[4] = {(hsize_t)N_ROWS, 66, 200, 3}, chunk[4] = {CHUNK_ROWS, 66, 200, 3};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(4, extent, NULL);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    char *packed[2];
    size_t n_packed[2];

    H5Pset_chunk(plist, 4, chunk);
    if (sparse) {
        H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
        H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER);
    } else {
        H5Pset_deflate(plist, 6);
    }
    hid_t images = H5Dcreate2(file, "images", H5T_STD_U8LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    ck_assert_int_ge(images, 0);
    for (int i = 0; i < 2; i++)
        n_packed[i] = pack_chunk((uint8_t)i, &packed[i]);
    for (hsize_t i = 0; !sparse && i < (hsize_t)N_ROWS / CHUNK_ROWS; i++) {
        const hsize_t offset[4] = {i * CHUNK_ROWS};
        ck_assert_int_ge(
            H5Dwrite_chunk(images, H5P_DEFAULT, 0, offset, n_packed[i % 2], packed[i % 2]), 0);
    }
    free(packed[0]);
    free(packed[1]);
    H5Dclose(images);
    create_labels(file);
    H5Pclose(plist);
    H5Sclose(space);
    ck_assert_int_ge(H5Fclose(file), 0);
}

START_TEST(two_million_pictures)
{
    const struct ev_stream_args args = {EV_FORM_U8_NHWC, BATCH_ROWS, 2, 2, 0};
    const bool sparse = _i == 1;
    const char *path = ev_test_path("large.h5");
    struct ev_stream_batch read;
    struct ev_stream *stream;
    struct ev_set *set;
    struct rusage usage;
    int64_t n_rows = 0;

    write_large(path, sparse);
    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    ck_assert_int_eq(ev_set_info(set)->n_rows, N_ROWS);
    ev_assert_ok(ev_stream_open(set, &args, &stream, &err));
    do {
        ev_assert_ok(ev_stream_next(stream, &read, &err));
        const uint8_t *images = read.batch.data;
        for (int64_t i = 0; i < read.batch.n_rows; i++, n_rows++)
            ck_assert_uint_eq(images[(size_t)i * PICTURE + PICTURE / 2],
                              sparse ? 0 : n_rows / CHUNK_ROWS % 2);
    } while (read.batch.n_rows > 0);
    ck_assert_int_eq(n_rows, N_ROWS);
    ev_stream_close(stream);
    ev_set_close(set);
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    /* Sanitizers take memory of their own. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ck_assert_int_le((int64_t)usage.ru_maxrss * 1024, MOST_BYTES);
#endif
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_large");
    TCase *tests = tcase_create("set_large");

    tcase_set_timeout(tests, 300);
    /* Holes read as zeros, but each page of them goes through the page cache: a minute or two. */
    tcase_add_loop_test(tests, two_million_pictures, 0, getenv("EV_TEST_SPARSE") ? 2 : 1);
    suite_add_tcase(suite, tests);
    return suite;
}
