/* SPDX-License-Identifier: MIT */
/*
 * Chunks: packed ones are read raw through HDF5, under its lock, and unpacked here, outside it. Two
 * at a time, where two are wanted, are inflated half as fast again as by libdeflate, and that is
 * twice as fast as zlib, which HDF5 uses. libdeflate inflates the others, and alone says what is
 * damaged.
 */
#include <assert.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "set/inflate.h"
#include "set/set_private.h"

/* A chunk as it lies in the file. */
struct packed {
    uint8_t *bytes;
    size_t size; /* of the memory */
    size_t n_bytes;
    uint32_t skipped; /* a bit for each filter, in their order */
};

struct ev_unpacker {
    struct libdeflate_decompressor *inflater;
    struct ev_inflater *pair_inflater;
    struct packed packed[EV_MAX_UNPACKED];
    uint8_t *part;     /* (chunks, chunk) values to be placed; NULL unless pictures are cut */
    uint8_t *shuffled; /* (chunks, chunk) bytes of equal weight together; NULL without shuffle */
};

struct ev_unpacker *ev_unpacker_open(const struct ev_set *set)
{
    struct ev_unpacker *unpacker = calloc(1, sizeof *unpacker);

    if (!unpacker)
        return NULL;
    unpacker->inflater = libdeflate_alloc_decompressor();
    unpacker->pair_inflater = ev_inflater_open();
    unpacker->shuffled = set->shuffled ? malloc(EV_MAX_UNPACKED * set->chunk_bytes) : NULL;
    unpacker->part = set->is_cut ? malloc(EV_MAX_UNPACKED * set->chunk_bytes) : NULL;
    if (!unpacker->inflater || !unpacker->pair_inflater ||
        (set->shuffled && !unpacker->shuffled) || (set->is_cut && !unpacker->part)) {
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
    ev_inflater_close(unpacker->pair_inflater);
    for (int i = 0; i < EV_MAX_UNPACKED; i++)
        free(unpacker->packed[i].bytes);
    free(unpacker->part);
    free(unpacker->shuffled);
    free(unpacker);
}

static enum ev_status damaged_part(const struct ev_set *set, int64_t part, struct ev_error *err)
{
    const int64_t first = part / set->n_parts * set->chunk_rows, left = set->info.n_rows - first;

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
    return ok ? EV_OK : damaged_part(set, index, err);
}

/* Reads a packed chunk as it lies in the file. Caller holds the set's HDF5 lock. */
static enum ev_status read_packed(struct ev_set *set, int64_t part, struct packed *packed,
                                  struct ev_error *err)
{
    hsize_t offset[EV_MAX_AXES], size = 0;

    ev_set_part_offset(set, part, offset);
    ev_set_quiet_hdf5(); /* a setting of each thread */
    if (H5Dget_chunk_storage_size(set->images, offset, &size) < 0 || size == 0 ||
        size > (hsize_t)set->file_bytes)
        return damaged_part(set, part, err);
    if (size > packed->size) {
        free(packed->bytes);
        packed->size = size;
        packed->bytes = malloc(size);
        if (!packed->bytes) {
            packed->size = 0;
            return ev_fail(err, EV_MEMORY, "%s: out of memory for a chunk of %llu bytes", set->path,
                           (unsigned long long)size);
        }
    }
    if (H5Dread_chunk(set->images, H5P_DEFAULT, offset, &packed->skipped, packed->bytes) < 0)
        return damaged_part(set, part, err);
    packed->n_bytes = size;
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

/* A writer may leave a filter out of a chunk that it does not make smaller. */
static bool is_deflated(const struct ev_set *set, const struct packed *packed)
{
    return set->deflated && !(packed->skipped & (set->shuffled ? 2u : 1u));
}

static bool is_shuffled(const struct ev_set *set, const struct packed *packed)
{
    return set->shuffled && !(packed->skipped & 1u) && ev_element_bytes(set->element) > 1;
}

/* Where part i of those that are unpacked together goes, and the next behind it. */
static uint8_t *room_of(uint8_t *rooms, const struct ev_set *set, int i)
{
    return rooms + (size_t)i * set->chunk_bytes;
}

static enum ev_status unpack(struct ev_unpacker *unpacker, const struct ev_set *set, int64_t first,
                             int n, uint8_t *values, struct ev_error *err)
{
    const size_t n_bytes = set->chunk_bytes;
    struct ev_inflate_job jobs[EV_MAX_UNPACKED];

    for (int i = 0; i < n; i++) {
        const struct packed *packed = &unpacker->packed[i];
        uint8_t *to = room_of(is_shuffled(set, packed) ? unpacker->shuffled : values, set, i);
        jobs[i] = (struct ev_inflate_job){packed->bytes, packed->n_bytes, to, n_bytes, false};
    }
    if (n == 2 && is_deflated(set, &unpacker->packed[0]) && is_deflated(set, &unpacker->packed[1]))
        ev_inflate_pair(unpacker->pair_inflater, jobs);
    for (int i = 0; i < n; i++) {
        const struct ev_inflate_job *job = &jobs[i];
        const bool deflated = is_deflated(set, &unpacker->packed[i]);
        if (deflated && !job->is_done &&
            libdeflate_zlib_decompress(unpacker->inflater, job->packed, job->n_packed, job->bytes,
                                       n_bytes, NULL) != LIBDEFLATE_SUCCESS)
            return damaged_part(set, first + i, err);
        if (!deflated && job->n_packed != n_bytes)
            return damaged_part(set, first + i, err);
        if (!deflated)
            memcpy(job->bytes, job->packed, n_bytes);
        if (is_shuffled(set, &unpacker->packed[i]))
            unshuffle(job->bytes, n_bytes, ev_element_bytes(set->element), room_of(values, set, i));
    }
    return EV_OK;
}

/* At most EV_MAX_UNPACKED parts, which the file has one after the other. */
static enum ev_status load_parts(struct ev_unpacker *unpacker, struct ev_set *set, int64_t first,
                                 int n, uint8_t *values, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    pthread_mutex_lock(&set->hdf5);
    for (int i = 0; i < n && status == EV_OK; i++)
        status = read_packed(set, first + i, &unpacker->packed[i], err);
    pthread_mutex_unlock(&set->hdf5);
    return status == EV_OK ? unpack(unpacker, set, first, n, values, err) : status;
}

/* All parts of the rows of a chunk. */
static enum ev_status load_cut(struct ev_unpacker *unpacker, struct ev_set *set, int64_t index,
                               uint8_t *rows, struct ev_error *err)
{
    const int64_t first = index * set->n_parts, end = first + set->n_parts;
    enum ev_status status = EV_OK;

    for (int64_t part = first; part < end && status == EV_OK; part += EV_MAX_UNPACKED) {
        const int n = end - part < EV_MAX_UNPACKED ? (int)(end - part) : EV_MAX_UNPACKED;
        status = load_parts(unpacker, set, part, n, unpacker->part, err);
        for (int i = 0; i < n && status == EV_OK; i++)
            ev_set_part_place(set, part + i, room_of(unpacker->part, set, i), rows);
    }
    return status;
}

enum ev_status ev_unpacker_load(struct ev_unpacker *unpacker, struct ev_set *set, int64_t first,
                                int n, uint8_t *rows, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    assert(n >= 1 && n <= (set->is_cut ? 1 : EV_MAX_UNPACKED));
    if (set->is_cut)
        return load_cut(unpacker, set, first, rows, err);
    if (set->deflated || set->shuffled)
        return load_parts(unpacker, set, first, n, rows, err);
    pthread_mutex_lock(&set->hdf5);
    for (int i = 0; i < n && status == EV_OK; i++)
        status = read_plain(set, first + i, room_of(rows, set, i), err);
    pthread_mutex_unlock(&set->hdf5);
    return status;
}
