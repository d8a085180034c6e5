/* SPDX-License-Identifier: MIT */
/* Reads pictures: straight from the file where they lie in one block, else through HDF5. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "set/set_private.h"

/* Reads this many rows at once where the whole set is gone through. */
#define DIGEST_ROWS 256

static enum ev_status read_raw(struct ev_set *set, int64_t first, int64_t n, uint8_t *images,
                               struct ev_error *err)
{
    size_t n_bytes = (size_t)n * set->row_bytes, left = n_bytes;
    int64_t offset = set->raw_offset + first * (int64_t)set->row_bytes;

    while (left > 0) {
        ssize_t got = pread(set->raw_file, images, left, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ev_fail(err, EV_IO, "%s: cannot be read: %s", set->path, strerror(errno));
        if (got == 0)
            return ev_fail(err, EV_INPUT, "%s: truncated while it was read (row %lld)", set->path,
                           (long long)(first + (int64_t)((n_bytes - left) / set->row_bytes)));
        images += got;
        offset += got;
        left -= (size_t)got;
    }
    return EV_OK;
}

static enum ev_status read_hdf5(struct ev_set *set, int64_t first, int64_t n, uint8_t *images,
                                struct ev_error *err)
{
    const struct ev_shape *shape = &set->info.shape;
    hsize_t start[4] = {(hsize_t)first};
    hsize_t count[4] = {(hsize_t)n, (hsize_t)shape->height, (hsize_t)shape->width,
                        (hsize_t)shape->channels};
    hid_t memory = H5Screate_simple(4, count, NULL);
    hid_t space = H5Dget_space(set->images);
    herr_t result = -1;

    ev_set_quiet_hdf5();
    if (memory >= 0 && space >= 0 &&
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
        result = H5Dread(set->images, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, images);
    if (memory >= 0)
        H5Sclose(memory);
    if (space >= 0)
        H5Sclose(space);
    if (result < 0)
        return ev_fail(err, EV_INPUT, "%s: /images rows %lld to %lld cannot be read: damaged",
                       set->path, (long long)first, (long long)(first + n - 1));
    return EV_OK;
}

enum ev_status ev_set_read(struct ev_set *set, int64_t first, int64_t n, uint8_t *images,
                           struct ev_error *err)
{
    assert(first >= 0 && n >= 0 && n <= set->info.n_rows - first);
    return set->raw_file >= 0 ? read_raw(set, first, n, images, err)
                              : read_hdf5(set, first, n, images, err);
}

enum ev_status ev_set_read_rows(struct ev_set *set, const int64_t *rows, int64_t n, uint8_t *images,
                                struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int64_t i = 0, run; i < n && status == EV_OK; i += run) {
        run = 1;
        while (i + run < n && rows[i + run] == rows[i] + run)
            run++;
        status = ev_set_read(set, rows[i], run, images + (size_t)i * set->row_bytes, err);
    }
    return status;
}

enum ev_status ev_set_sha256(struct ev_set *set, char hex[65], struct ev_error *err)
{
    const int64_t n_rows = set->info.n_rows;
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    enum ev_status status = EV_OK;

    if (*set->info.recorded_sha256) {
        memcpy(hex, set->info.recorded_sha256, 65);
        return EV_OK;
    }
    uint8_t *images = malloc(DIGEST_ROWS * set->row_bytes);
    if (!images)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", set->path);
    sha256_init(&context);
    for (int64_t first = 0; first < n_rows && status == EV_OK; first += DIGEST_ROWS) {
        int64_t n = n_rows - first < DIGEST_ROWS ? n_rows - first : DIGEST_ROWS;
        status = ev_set_read(set, first, n, images, err);
        if (status == EV_OK)
            sha256_update(&context, (size_t)n * set->row_bytes, images);
    }
    free(images);
    sha256_update(&context, (size_t)n_rows * (size_t)set->info.n_outputs * sizeof *set->labels,
                  (const uint8_t *)set->labels);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return status;
}
