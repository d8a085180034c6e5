/* SPDX-License-Identifier: MIT */
/* Reads pictures: straight from the file where they lie in one block, from chunks, or through
 * HDF5; and turns them into the form that is wanted. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "set/set_private.h"

/* What is turned into another form at once: stays in the caches of a core. */
#define SPAN_BYTES ((size_t)512 << 10)

struct ev_set_reader {
    struct ev_set *set;
    struct ev_unpacker *unpacker; /* with EV_STORAGE_CHUNKS */
    int n_chunks;                 /* are unpacked at once: a group */
    uint8_t *group;               /* the rows of group `index` */
    int64_t index;                /* -1: none */
    uint8_t *span;                /* rows as stored, before they are turned into another form */
    int64_t span_rows;
};

enum ev_status ev_set_damaged(const struct ev_set *set, int64_t first, int64_t n,
                              struct ev_error *err)
{
    /* HDF5 loses the texts of its errors when a thread ends. */
    H5Eclear2(H5E_DEFAULT);
    return ev_fail(err, EV_INPUT, "%s: /%s rows %lld to %lld cannot be read: damaged", set->path,
                   set->images_name, (long long)first, (long long)(first + n - 1));
}

enum ev_status ev_set_check_length(const struct ev_set *set, struct ev_error *err)
{
    struct stat info;

    if (fstat(set->descriptor, &info) != 0)
        return ev_fail(err, EV_IO, "%s: cannot be read: %s", set->path, strerror(errno));
    if (info.st_size < set->file_bytes)
        return ev_fail(err, EV_INPUT, "%s: truncated while it was read: %lld bytes of %lld",
                       set->path, (long long)info.st_size, (long long)set->file_bytes);
    return EV_OK;
}

/* --- Rows as stored --- */

static enum ev_status read_block(const struct ev_set *set, int64_t first, int64_t n, uint8_t *rows,
                                 struct ev_error *err)
{
    size_t left = (size_t)n * set->stored_bytes;
    int64_t offset = set->block_offset + first * (int64_t)set->stored_bytes;

    while (left > 0) {
        ssize_t got = pread(set->descriptor, rows, left, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ev_fail(err, EV_IO, "%s: cannot be read: %s", set->path, strerror(errno));
        if (got == 0)
            return ev_fail(err, EV_INPUT, "%s: truncated while it was read (row %lld)", set->path,
                           (long long)((offset - set->block_offset) / (int64_t)set->stored_bytes));
        rows += got;
        offset += got;
        left -= (size_t)got;
    }
    return EV_OK;
}

/* The last group may be shorter. */
static enum ev_status load_group(struct ev_set_reader *reader, int64_t index, uint8_t *rows,
                                 struct ev_error *err)
{
    struct ev_set *set = reader->set;
    const int64_t first = index * reader->n_chunks;
    const int64_t left = (set->info.n_rows - 1) / set->chunk_rows + 1 - first;

    return ev_unpacker_load(reader->unpacker, set, first,
                            left < reader->n_chunks ? (int)left : reader->n_chunks, rows, err);
}

/* A group that is wanted whole is unpacked where it goes; of others the reader keeps the rows. */
static enum ev_status read_chunks(struct ev_set_reader *reader, int64_t first, int64_t n,
                                  uint8_t *rows, struct ev_error *err)
{
    const size_t row_bytes = reader->set->stored_bytes;
    const int64_t group_rows = reader->n_chunks * reader->set->chunk_rows;
    enum ev_status status = EV_OK;

    while (n > 0 && status == EV_OK) {
        const int64_t index = first / group_rows, within = first % group_rows;
        const int64_t now = group_rows - within < n ? group_rows - within : n;
        if (now == group_rows && index != reader->index) {
            status = load_group(reader, index, rows, err);
        } else {
            if (index != reader->index) {
                reader->index = -1;
                status = load_group(reader, index, reader->group, err);
            }
            if (status == EV_OK) {
                reader->index = index;
                memcpy(rows, reader->group + (size_t)within * row_bytes, (size_t)now * row_bytes);
            }
        }
        rows += (size_t)now * row_bytes;
        first += now;
        n -= now;
    }
    return status;
}

/* The type in memory of what HDF5 reads; the caller closes it. Half floats are taken as they are:
 * HDF5's own conversion is slower than inflating. */
static hid_t memory_type(const struct ev_set *set)
{
    if (set->element == EV_ELEMENT_F16)
        return H5Dget_type(set->images);
    return H5Tcopy(set->element == EV_ELEMENT_U8 ? H5T_NATIVE_UINT8 : H5T_NATIVE_FLOAT);
}

static enum ev_status read_hdf5(struct ev_set *set, int64_t first, int64_t n, void *rows,
                                struct ev_error *err)
{
    pthread_mutex_lock(&set->hdf5);
    ev_set_quiet_hdf5(); /* a setting of each thread */
    hid_t type = memory_type(set);
    bool ok = type >= 0 && ev_set_transfer(set->images, type, first, n, rows, false);
    if (type >= 0)
        H5Tclose(type);
    pthread_mutex_unlock(&set->hdf5);
    return ok ? EV_OK : ev_set_damaged(set, first, n, err);
}

static enum ev_status read_stored(struct ev_set_reader *reader, int64_t first, int64_t n,
                                  void *rows, struct ev_error *err)
{
    struct ev_set *set = reader->set;

    if (set->storage == EV_STORAGE_BLOCK)
        return read_block(set, first, n, rows, err);
    enum ev_status status = set->storage == EV_STORAGE_CHUNKS
                                ? read_chunks(reader, first, n, rows, err)
                                : read_hdf5(set, first, n, rows, err);
    return status == EV_OK ? ev_set_check_length(set, err) : status;
}

/* --- Rows in a form --- */

size_t ev_set_picture_bytes(const struct ev_set_info *info, enum ev_form form)
{
    size_t n =
        (size_t)info->shape.height * (size_t)info->shape.width * (size_t)info->shape.channels;

    return form == EV_FORM_F32_NCHW ? n * sizeof(float) : n;
}

bool ev_set_is_as_stored(const struct ev_set *set, enum ev_form form)
{
    if (form == EV_FORM_U8_NHWC)
        return !set->planar || set->info.shape.channels == 1;
    return set->element == EV_ELEMENT_F32 && set->white == 1.0 &&
           (set->planar || set->info.shape.channels == 1);
}

static void change_form(const struct ev_set *set, enum ev_form form, int64_t n, const void *rows,
                        void *images)
{
    const struct ev_shape *shape = &set->info.shape;
    const int64_t n_pixels = (int64_t)shape->height * shape->width;

    if (form == EV_FORM_U8_NHWC)
        ev_pixels_interleave(n, n_pixels, shape->channels, rows, images);
    else
        ev_pixels_to_floats(set->element, set->planar, set->white, n, n_pixels, shape->channels,
                            rows, images);
}

enum ev_status ev_set_reader_open(struct ev_set *set, int n_chunks, struct ev_set_reader **out,
                                  struct ev_error *err)
{
    struct ev_set_reader *reader = calloc(1, sizeof *reader);
    bool ok = reader != NULL;

    if (ok) {
        reader->set = set;
        reader->index = -1;
        reader->span_rows = (int64_t)(SPAN_BYTES / set->stored_bytes);
        reader->span_rows += reader->span_rows == 0;
    }
    if (ok && set->storage == EV_STORAGE_CHUNKS) {
        reader->unpacker = ev_unpacker_open(set);
        reader->n_chunks = n_chunks;
        reader->group = malloc((size_t)n_chunks * (size_t)set->chunk_rows * set->stored_bytes);
        ok = reader->unpacker && reader->group;
    }
    if (ok) {
        reader->span = malloc((size_t)reader->span_rows * set->stored_bytes);
        ok = reader->span != NULL;
    }
    *out = ok ? reader : NULL;
    if (!ok)
        ev_set_reader_close(reader);
    return ok ? EV_OK : ev_fail(err, EV_MEMORY, "%s: out of memory for reading", set->path);
}

void ev_set_reader_close(struct ev_set_reader *reader)
{
    if (!reader)
        return;
    ev_unpacker_close(reader->unpacker);
    free(reader->group);
    free(reader->span);
    free(reader);
}

enum ev_status ev_set_reader_read(struct ev_set_reader *reader, enum ev_form form, int64_t first,
                                  int64_t n, void *images, struct ev_error *err)
{
    const struct ev_set *set = reader->set;
    const size_t picture_bytes = ev_set_picture_bytes(&set->info, form);
    char *to = images;

    assert(first >= 0 && n >= 0 && n <= set->info.n_rows - first);
    assert(form == set->info.form || form == EV_FORM_F32_NCHW);
    if (ev_set_is_as_stored(set, form))
        return read_stored(reader, first, n, images, err);
    for (int64_t now; n > 0; n -= now, first += now, to += (size_t)now * picture_bytes) {
        now = n < reader->span_rows ? n : reader->span_rows;
        enum ev_status status = read_stored(reader, first, now, reader->span, err);
        if (status != EV_OK)
            return status;
        change_form(set, form, now, reader->span, to);
    }
    return EV_OK;
}

enum ev_status ev_set_read(struct ev_set *set, enum ev_form form, int64_t first, int64_t n,
                           void *images, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    if (!set->reader)
        status = ev_set_reader_open(set, 1, &set->reader, err);
    return status == EV_OK ? ev_set_reader_read(set->reader, form, first, n, images, err) : status;
}

enum ev_status ev_set_read_rows(struct ev_set *set, enum ev_form form, const int64_t *rows,
                                int64_t n, void *images, struct ev_error *err)
{
    const size_t picture_bytes = ev_set_picture_bytes(&set->info, form);
    enum ev_status status = EV_OK;

    for (int64_t i = 0, run; i < n && status == EV_OK; i += run) {
        run = 1;
        while (i + run < n && rows[i + run] == rows[i] + run)
            run++;
        status =
            ev_set_read(set, form, rows[i], run, (char *)images + (size_t)i * picture_bytes, err);
    }
    return status;
}
