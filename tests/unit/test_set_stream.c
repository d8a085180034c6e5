/* SPDX-License-Identifier: MIT */
/* Streams: every row once and in order for any batch and depth, closing at any point, failures of
 * the reader thread. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

enum { HEIGHT = 3, WIDTH = 4, CHANNELS = 3, ROW_BYTES = HEIGHT * WIDTH * CHANNELS };

static struct ev_error err;

static struct ev_set *open_ok(const char *path)
{
    struct ev_set *set = NULL;

    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    return set;
}

static struct ev_set *make_deflated(int64_t n_rows, int64_t chunk_rows, int32_t level)
{
    struct ev_set_spec spec = ev_test_set_spec(n_rows, HEIGHT, WIDTH, CHANNELS, 1);
    const char *path = ev_test_path("set.h5");

    spec.chunk_rows = chunk_rows;
    spec.deflate_level = level;
    ev_test_write_spec(path, &spec);
    return open_ok(path);
}

static struct ev_set *make_set(int64_t n_rows, int64_t chunk_rows)
{
    return make_deflated(n_rows, chunk_rows, 0);
}

static enum ev_status open_stream(struct ev_set *set, int64_t batch_rows, int32_t depth,
                                  struct ev_stream **stream)
{
    const struct ev_stream_args args = {EV_FORM_U8_NHWC, batch_rows, depth, 3, 0};

    return ev_stream_open(set, &args, stream, &err);
}

static void check_stream_from(struct ev_set *set, int64_t batch_rows, int32_t depth,
                              int64_t first_row)
{
    const struct ev_stream_args args = {EV_FORM_U8_NHWC, batch_rows, depth, 3, first_row};
    const int64_t n_rows = ev_set_info(set)->n_rows;
    struct ev_stream *stream;
    struct ev_stream_batch batch;
    int64_t row = first_row;
    size_t n_bytes;

    ev_assert_ok(ev_stream_open(set, &args, &stream, &err));
    const char *memory = ev_stream_memory(stream, &n_bytes);
    for (;;) {
        ev_assert_ok(ev_stream_next(stream, &batch, &err));
        if (batch.batch.n_rows == 0)
            break;
        int64_t left = n_rows - row;
        ck_assert_int_eq(batch.first_row, row);
        ck_assert_int_eq(batch.batch.n_rows, left < batch_rows ? left : batch_rows);
        ck_assert_uint_eq(batch.batch.size, sizeof batch.batch);
        ck_assert_uint_eq(batch.batch.form, EV_FORM_U8_NHWC);
        ck_assert_int_eq(batch.batch.shape.height, HEIGHT);
        ck_assert_int_eq(batch.batch.shape.width, WIDTH);
        ck_assert_int_eq(batch.batch.shape.channels, CHANNELS);
        ev_test_check_pictures(batch.batch.data, row, batch.batch.n_rows, ROW_BYTES);
        const char *from = batch.batch.data;
        ck_assert(from >= memory &&
                  from + batch.batch.n_rows * (int64_t)ROW_BYTES <= memory + n_bytes);
        row += batch.batch.n_rows;
    }
    ck_assert_int_eq(row, n_rows);
    /* The end stays the end. */
    ev_assert_ok(ev_stream_next(stream, &batch, &err));
    ck_assert_int_eq(batch.batch.n_rows, 0);
    ev_stream_close(stream);
}

static void check_stream(struct ev_set *set, int64_t batch_rows, int32_t depth)
{
    check_stream_from(set, batch_rows, depth, 0);
}

/* From the first row of every batch on, which lies within a chunk or at its edge. */
START_TEST(from_any_batch_on)
{
    static const int64_t batches[] = {1, 6, 8, 16, 50};
    static const int64_t chunks[] = {0, 8};

    for (int c = 0; c < 2; c++) {
        struct ev_set *set = make_set(101, chunks[c]);
        for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
            for (int64_t first = 0; first < 101; first += batches[i]) {
                check_stream_from(set, batches[i], 1, first);
                check_stream_from(set, batches[i], 3, first);
            }
        }
        ev_set_close(set);
    }
}
END_TEST

START_TEST(every_row_once_in_order)
{
    static const int64_t batches[] = {1, 7, 50, 101, 102, 1024};
    static const struct {
        int64_t rows;
        int32_t level;
    } chunks[] = {{0, 0}, {8, 0}, {8, 6}, {7, 6}, {40, 6}}; /* 13, 15 and 3 deflated ones */

    for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
        struct ev_set *set = make_deflated(101, chunks[c].rows, chunks[c].level);
        for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
            for (int32_t depth = 1; depth <= 4; depth++)
                check_stream(set, batches[i], depth);
        }
        ev_set_close(set);
    }
    struct ev_set *one = make_set(1, 0);
    check_stream(one, 1, 1);
    check_stream(one, 1024, 3);
    ev_set_close(one);
}
END_TEST

/* What the caller holds must not be written over while the reader goes on: it is looked at again
 * after every batch behind it could have been read. */
START_TEST(batch_stays_until_next)
{
    struct ev_set *set = make_set(400, 0);

    for (int32_t depth = 1; depth <= 3; depth++) {
        struct ev_stream *stream;
        struct ev_stream_batch batch;
        ev_assert_ok(open_stream(set, 4, depth, &stream));
        for (int64_t row = 0; row < 400; row += 4) {
            ev_assert_ok(ev_stream_next(stream, &batch, &err));
            ck_assert_int_eq(batch.first_row, row);
            for (int i = 0; i < 50; i++) {
                ev_test_check_pictures(batch.batch.data, row, 4, ROW_BYTES);
                sched_yield(); /* lets the reader run on the same core */
            }
        }
        ev_stream_close(stream);
    }
    ev_set_close(set);
}
END_TEST

START_TEST(closing_at_any_point)
{
    struct ev_set *set = make_set(60, 0);

    for (int n_taken = 0; n_taken <= 21; n_taken++) {
        for (int32_t depth = 1; depth <= 3; depth++) {
            struct ev_stream *stream;
            struct ev_stream_batch batch;
            ev_assert_ok(open_stream(set, 3, depth, &stream));
            for (int i = 0; i < n_taken; i++)
                ev_assert_ok(ev_stream_next(stream, &batch, &err));
            ev_stream_close(stream);
        }
    }
    ev_stream_close(NULL);
    ev_set_close(set);
}
END_TEST

START_TEST(failure_comes_out)
{
    const char *path = ev_test_path("set.h5");
    struct ev_set *set = make_set(100, 0);
    struct ev_stream *stream;
    struct ev_stream_batch batch;

    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
    off_t start = (off_t)H5Dget_offset(dataset);
    H5Dclose(dataset);
    H5Fclose(file);
    ck_assert_int_eq(truncate(path, start + 45 * ROW_BYTES), 0);
    ev_assert_ok(open_stream(set, 10, 2, &stream));
    /* The batches before are sound. */
    for (int64_t row = 0; row < 40; row += 10) {
        ev_assert_ok(ev_stream_next(stream, &batch, &err));
        ck_assert_int_eq(batch.first_row, row);
        ev_test_check_pictures(batch.batch.data, row, 10, ROW_BYTES);
    }
    for (int i = 0; i < 20; i++) {
        ev_assert_fails(ev_stream_next(stream, &batch, &err), EV_INPUT,
                        "set.h5: truncated while it was read (row 45)");
        ck_assert_int_eq(batch.batch.n_rows, 0);
    }
    ev_stream_close(stream);
    ev_set_close(set);
}
END_TEST

/* Chunks are unpacked in pairs: either of one may be damaged, or the last, which is alone. */
START_TEST(damaged_chunks)
{
    static const hsize_t damaged[] = {16, 24, 96};
    static const char *const messages[] = {"rows 16 to 23 cannot", "rows 24 to 31 cannot",
                                           "rows 96 to 100 cannot"};

    for (int i = 0; i < 3; i++) {
        struct ev_set *set = make_deflated(101, 8, 6);
        const hsize_t offset[4] = {damaged[i]};
        struct ev_stream *stream;
        struct ev_stream_batch batch;
        enum ev_status status = EV_OK;
        haddr_t address;
        hsize_t size;
        unsigned mask;

        hid_t file = H5Fopen(ev_test_path("set.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
        hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
        ck_assert_int_ge(H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &size), 0);
        H5Dclose(dataset);
        H5Fclose(file);
        FILE *bytes = fopen(ev_test_path("set.h5"), "r+");
        fseek(bytes, (long)(address + size - 1), SEEK_SET); /* of the checksum */
        const int last = getc(bytes);
        fseek(bytes, -1, SEEK_CUR);
        putc(last ^ 1, bytes);
        fclose(bytes);
        ev_assert_ok(open_stream(set, 8, 1, &stream));
        do {
            status = ev_stream_next(stream, &batch, &err);
            if (status == EV_OK)
                ev_test_check_pictures(batch.batch.data, batch.first_row, batch.batch.n_rows,
                                       ROW_BYTES);
        } while (status == EV_OK && batch.batch.n_rows > 0);
        ck_assert_int_eq(status, EV_INPUT);
        ck_assert_ptr_nonnull(strstr(err.message, messages[i]));
        ev_stream_close(stream);
        ev_set_close(set);
    }
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("set_stream");
    TCase *tests = tcase_create("set_stream");

    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, every_row_once_in_order);
    tcase_add_test(tests, from_any_batch_on);
    tcase_add_test(tests, batch_stays_until_next);
    tcase_add_test(tests, closing_at_any_point);
    tcase_add_test(tests, failure_comes_out);
    tcase_add_test(tests, damaged_chunks);
    suite_add_tcase(suite, tests);
    return suite;
}
