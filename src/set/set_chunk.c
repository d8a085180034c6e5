/* SPDX-License-Identifier: MIT */
/*
 * Chunks: packed ones are read raw through HDF5, under its lock, and unpacked here, outside it.
 * libdeflate inflates whole buffers, two to three times as fast as the streams of zlib that HDF5
 * uses.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "set/set_private.h"

struct ev_unpacker {
    struct libdeflate_decompressor *inflater;
    uint8_t *packed; /* as in the file */
    size_t packed_size;
    uint8_t *shuffled; /* (chunk) inflated, bytes of equal weight together; NULL without shuffle */
};

static size_t chunk_bytes(const struct ev_set *set)
{
    return (size_t)set->chunk_rows * set->stored_bytes;
}

struct ev_unpacker *ev_unpacker_open(const struct ev_set *set)
{
    struct ev_unpacker *unpacker = calloc(1, sizeof *unpacker);

    if (!unpacker)
        return NULL;
    unpacker->inflater = libdeflate_alloc_decompressor();
    unpacker->shuffled = set->shuffled ? malloc(chunk_bytes(set)) : NULL;
    if (!unpacker->inflater || (set->shuffled && !unpacker->shuffled)) {
        ev_unpacker_close(unpacker);
        return NULL;
    }
    return unpacker;
}

void ev_unpacker_close(struct ev_unpacker *unpacker)
{
    if (!unpacker)
        return;
    if (unpacker->inflater)
        libdeflate_free_decompressor(unpacker->inflater);
    free(unpacker->packed);
    free(unpacker->shuffled);
    free(unpacker);
}

static enum ev_status damaged_chunk(const struct ev_set *set, int64_t index, struct ev_error *err)
{
    const int64_t first = index * set->chunk_rows, left = set->info.n_rows - first;

    return ev_set_damaged(set, first, left < set->chunk_rows ? left : set->chunk_rows, err);
}

/* Reads the rows of a chunk that is not packed. A raw read would be as long as the file says, for
 * such chunks without a way to ask first; this one is as long as the rows. Caller holds the set's
 * HDF5 lock. */
static enum ev_status read_plain(const struct ev_set *set, int64_t index, void *rows,
                                 struct ev_error *err)
{
    const int64_t first = index * set->chunk_rows, left = set->info.n_rows - first;
    hid_t type = H5Dget_type(set->images);

    ev_set_quiet_hdf5(); /* a setting of each thread */
    bool ok =
        type >= 0 && ev_set_transfer(set->images, type, first,
                                     left < set->chunk_rows ? left : set->chunk_rows, rows, false);
    if (type >= 0)
        H5Tclose(type);
    return ok ? EV_OK : damaged_chunk(set, index, err);
}

/* Reads a packed chunk as it lies in the file into unpacker->packed. Caller holds the set's HDF5
 * lock. */
static enum ev_status read_packed(struct ev_unpacker *unpacker, struct ev_set *set, int64_t index,
                                  size_t *n_packed, uint32_t *skipped, struct ev_error *err)
{
    const hsize_t offset[4] = {(hsize_t)(index * set->chunk_rows)};
    hsize_t size = 0;

    ev_set_quiet_hdf5(); /* a setting of each thread */
    if (H5Dget_chunk_storage_size(set->images, offset, &size) < 0 || size == 0 ||
        size > (hsize_t)set->file_bytes)
        return damaged_chunk(set, index, err);
    if (size > unpacker->packed_size) {
        free(unpacker->packed);
        unpacker->packed_size = size;
        unpacker->packed = malloc(size);
        if (!unpacker->packed) {
            unpacker->packed_size = 0;
            return ev_fail(err, EV_MEMORY, "%s: out of memory for a chunk of %llu bytes", set->path,
                           (unsigned long long)size);
        }
    }
    if (H5Dread_chunk(set->images, H5P_DEFAULT, offset, skipped, unpacker->packed) < 0)
        return damaged_chunk(set, index, err);
    *n_packed = size;
    return EV_OK;
}

/* Undoes HDF5's shuffle filter: first bytes of all values, then second ones, and so on; bytes that
 * make no whole value stay at the end. */
static void unshuffle(const uint8_t *shuffled, size_t n_bytes, size_t element, uint8_t *values)
{
    const size_t n_values = n_bytes / element;

    for (size_t b = 0; b < element; b++) {
        for (size_t i = 0; i < n_values; i++)
            values[i * element + b] = shuffled[b * n_values + i];
    }
}

static enum ev_status unpack(struct ev_unpacker *unpacker, const struct ev_set *set, int64_t index,
                             size_t n_packed, uint32_t skipped, void *rows, struct ev_error *err)
{
    const size_t n_bytes = chunk_bytes(set);
    const size_t element = ev_element_bytes(set->element);
    /* A writer may leave a filter out of a chunk that it does not make smaller. */
    const bool deflated = set->deflated && !(skipped & (set->shuffled ? 2u : 1u));
    const bool shuffled = set->shuffled && !(skipped & 1u) && element > 1;
    uint8_t *to = shuffled ? unpacker->shuffled : rows;

    if (deflated && libdeflate_zlib_decompress(unpacker->inflater, unpacker->packed, n_packed, to,
                                               n_bytes, NULL) != LIBDEFLATE_SUCCESS)
        return damaged_chunk(set, index, err);
    if (!deflated && n_packed != n_bytes)
        return damaged_chunk(set, index, err);
    if (!deflated)
        memcpy(to, unpacker->packed, n_bytes);
    if (shuffled)
        unshuffle(unpacker->shuffled, n_bytes, element, rows);
    return EV_OK;
}

enum ev_status ev_unpacker_load(struct ev_unpacker *unpacker, struct ev_set *set, int64_t index,
                                void *rows, struct ev_error *err)
{
    const bool is_packed = set->deflated || set->shuffled;
    uint32_t skipped = 0;
    size_t n_packed = 0;

    pthread_mutex_lock(&set->hdf5);
    enum ev_status status = is_packed ? read_packed(unpacker, set, index, &n_packed, &skipped, err)
                                      : read_plain(set, index, rows, err);
    pthread_mutex_unlock(&set->hdf5);
    if (status == EV_OK && is_packed)
        status = unpack(unpacker, set, index, n_packed, skipped, rows, err);
    return status;
}
