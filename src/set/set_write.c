/* SPDX-License-Identifier: MIT */
/* Writes a set of known length: pictures as they come, the rest at commit. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "evalrun/version.h"
#include "set/set_private.h"

struct ev_set_writer {
    struct ev_set_spec spec; /* its texts are copied into the file at open, not read later */
    char *path;
    char *temporary;
    hid_t file, images, labels, pose;
    int failure; /* errno of the first write that failed; 0: none */
    int64_t n_written;
    float *label_rows; /* (N, K), kept for the digest, which has all labels after all images */
    struct sha256_ctx digest;
};

static enum ev_status fail_write(const struct ev_set_writer *writer, struct ev_error *err)
{
    return ev_fail(err, EV_IO, "%s: cannot be written: %s", writer->path,
                   writer->failure ? strerror(writer->failure) : "HDF5 reports an error");
}

/* A dataset of N rows with `extent` behind them; chunked and compressed only where asked for. */
static hid_t create_dataset(const struct ev_set_writer *writer, const char *name, hid_t type,
                            int rank, const hsize_t *extent, bool chunked)
{
    hid_t dataset = -1;
    hid_t space = H5Screate_simple(rank, extent, NULL);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t access = ev_set_access_plist(EV_SET_CACHE_BYTES);

    if (space < 0 || plist < 0 || access < 0)
        goto done;
    /* No times in the file: the same rows give the same bytes. */
    H5Pset_obj_track_times(plist, 0);
    if (chunked) {
        hsize_t chunk[4] = {(hsize_t)writer->spec.chunk_rows};
        if (chunk[0] > extent[0])
            chunk[0] = extent[0];
        for (int i = 1; i < rank; i++)
            chunk[i] = extent[i];
        H5Pset_chunk(plist, rank, chunk);
        if (writer->spec.deflate_level > 0)
            H5Pset_deflate(plist, (unsigned)writer->spec.deflate_level);
    } else {
        /* Every byte will be written, so none is filled before. (The last chunk may have rows
         * behind the end, which are filled.) */
        H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
        H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER);
    }
    dataset = H5Dcreate2(writer->file, name, type, space, H5P_DEFAULT, plist, access);
done:
    if (access >= 0)
        H5Pclose(access);
    if (plist >= 0)
        H5Pclose(plist);
    if (space >= 0)
        H5Sclose(space);
    return dataset;
}

static bool write_root(const struct ev_set_writer *writer)
{
    const struct ev_set_spec *spec = &writer->spec;

    return ev_set_write_text(writer->file, "format", EV_SET_FORMAT) >= 0 &&
           ev_set_write_int(writer->file, "format_version", EV_SET_FORMAT_VERSION) >= 0 &&
           ev_set_write_text(writer->file, "tool_version", EV_VERSION) >= 0 &&
           ev_set_write_text(writer->file, "circuit", spec->circuit ? spec->circuit : "") >= 0 &&
           ev_set_write_text(writer->file, "provenance",
                             spec->provenance ? spec->provenance : "") >= 0 &&
           (!spec->colour || ev_set_write_text(writer->file, "colour", spec->colour) >= 0) &&
           ev_set_write_double(writer->file, "frame_rate_hz", spec->frame_rate_hz) >= 0;
}

static bool write_columns(const struct ev_set_writer *writer)
{
    const struct ev_set_spec *spec = &writer->spec;
    const char *names[EV_MAX_OUTPUTS], *units[EV_MAX_OUTPUTS];
    double low[EV_MAX_OUTPUTS], high[EV_MAX_OUTPUTS];
    static const char *const pose_names[EV_POSE_COLUMNS] = {"x_m", "y_m", "yaw_rad", "distance_m"};

    for (int i = 0; i < spec->n_outputs; i++) {
        names[i] = spec->columns[i].name;
        units[i] = spec->columns[i].unit;
        low[i] = spec->columns[i].min;
        high[i] = spec->columns[i].max;
    }
    return ev_set_write_texts(writer->labels, "names", spec->n_outputs, names) >= 0 &&
           ev_set_write_texts(writer->labels, "units", spec->n_outputs, units) >= 0 &&
           ev_set_write_doubles(writer->labels, "min", spec->n_outputs, low) >= 0 &&
           ev_set_write_doubles(writer->labels, "max", spec->n_outputs, high) >= 0 &&
           (writer->pose < 0 ||
            ev_set_write_texts(writer->pose, "names", EV_POSE_COLUMNS, pose_names) >= 0);
}

static bool create_file(struct ev_set_writer *writer)
{
    const struct ev_set_spec *spec = &writer->spec;
    hsize_t images[4] = {(hsize_t)spec->n_rows, (hsize_t)spec->shape.height,
                         (hsize_t)spec->shape.width, (hsize_t)spec->shape.channels};
    hsize_t labels[2] = {(hsize_t)spec->n_rows, (hsize_t)spec->n_outputs};
    hsize_t pose[2] = {(hsize_t)spec->n_rows, EV_POSE_COLUMNS};

    hid_t plist = ev_set_output_plist(&writer->failure);
    if (plist < 0)
        return false;
    writer->file = H5Fcreate(writer->temporary, H5F_ACC_TRUNC, H5P_DEFAULT, plist);
    H5Pclose(plist);
    if (writer->file < 0)
        return false;
    writer->images =
        create_dataset(writer, "images", H5T_STD_U8LE, 4, images, spec->chunk_rows > 0);
    writer->labels = create_dataset(writer, "labels", H5T_IEEE_F32LE, 2, labels, false);
    if (spec->with_pose)
        writer->pose = create_dataset(writer, "pose", H5T_IEEE_F64LE, 2, pose, false);
    return writer->images >= 0 && writer->labels >= 0 && (!spec->with_pose || writer->pose >= 0) &&
           write_root(writer) && write_columns(writer);
}

/* A text that is read again, not taken as missing. */
static enum ev_status check_text(const char *path, const char *text, struct ev_error *err)
{
    if (!text || strlen(text) < EV_SET_MAX_TEXT_BYTES)
        return EV_OK;
    return ev_fail(err, EV_INPUT, "%s: circuit or provenance of more than 1 MiB, not written",
                   path);
}

enum ev_status ev_set_writer_open(const char *path, const struct ev_set_spec *spec,
                                  struct ev_set_writer **out, struct ev_error *err)
{
    struct ev_set_writer *writer = calloc(1, sizeof *writer);

    assert(spec->n_rows >= 1 && spec->n_outputs >= 1 && spec->n_outputs <= EV_MAX_OUTPUTS);
    assert(spec->chunk_rows > 0 || spec->deflate_level == 0);
    *out = NULL;
    if (!writer)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    writer->spec = *spec;
    writer->file = writer->images = writer->labels = writer->pose = -1;
    writer->path = strdup(path);
    size_t n_labels = (size_t)spec->n_rows * (size_t)spec->n_outputs;
    writer->label_rows = malloc(n_labels * sizeof *writer->label_rows);
    sha256_init(&writer->digest);
    ev_set_quiet_hdf5();
    enum ev_status status = writer->path && writer->label_rows
                                ? ev_file_temporary(path, &writer->temporary, err)
                                : ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    if (status == EV_OK)
        status = check_text(path, spec->circuit, err);
    if (status == EV_OK)
        status = check_text(path, spec->provenance, err);
    if (status == EV_OK && (!create_file(writer) || writer->failure))
        status = fail_write(writer, err);
    if (status != EV_OK) {
        ev_set_writer_abort(writer);
        return status;
    }
    *out = writer;
    return EV_OK;
}

/* Writes n rows of a dataset from row n_written on. */
static bool write_rows(const struct ev_set_writer *writer, hid_t dataset, hid_t type, int64_t n,
                       const void *rows)
{
    /* HDF5 reads what it writes. */
    return ev_set_transfer(dataset, type, writer->n_written, n, (void *)(uintptr_t)rows, true);
}

enum ev_status ev_set_writer_append(struct ev_set_writer *writer, int64_t n, const uint8_t *images,
                                    const float *labels, const double *pose, struct ev_error *err)
{
    const struct ev_set_spec *spec = &writer->spec;
    size_t row_bytes =
        (size_t)spec->shape.height * (size_t)spec->shape.width * (size_t)spec->shape.channels;

    if (writer->n_written + n > spec->n_rows || spec->with_pose != (pose != NULL))
        return ev_fail(err, EV_ENGINE, "%s: rows that do not fit the set's description",
                       writer->path);
    if (!write_rows(writer, writer->images, H5T_NATIVE_UINT8, n, images) ||
        !write_rows(writer, writer->labels, H5T_NATIVE_FLOAT, n, labels) ||
        (pose && !write_rows(writer, writer->pose, H5T_NATIVE_DOUBLE, n, pose)))
        return fail_write(writer, err);
    if (writer->failure)
        return fail_write(writer, err);
    sha256_update(&writer->digest, (size_t)n * row_bytes, images);
    memcpy(writer->label_rows + writer->n_written * spec->n_outputs, labels,
           (size_t)n * (size_t)spec->n_outputs * sizeof *labels);
    writer->n_written += n;
    return EV_OK;
}

enum ev_status ev_set_writer_put(struct ev_set_writer *writer, const char *name,
                                 int32_t n_columns, const char *const *names, const float *values,
                                 struct ev_error *err)
{
    const hsize_t extent[2] = {(hsize_t)writer->spec.n_rows, (hsize_t)n_columns};
    hid_t dataset = create_dataset(writer, name, H5T_IEEE_F32LE, 2, extent, false);
    bool ok = dataset >= 0 &&
              H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0 &&
              ev_set_write_texts(dataset, "names", n_columns, (const char **)names) >= 0;

    if (dataset >= 0)
        ok = H5Dclose(dataset) >= 0 && ok;
    return ok && writer->failure == 0 ? EV_OK : fail_write(writer, err);
}

enum ev_status ev_set_writer_tell(struct ev_set_writer *writer, const char *provenance,
                                  struct ev_error *err)
{
    enum ev_status status = check_text(writer->path, provenance, err);

    if (status != EV_OK)
        return status;
    bool ok = H5Adelete(writer->file, "provenance") >= 0 &&
              ev_set_write_text(writer->file, "provenance", provenance) >= 0;
    return ev_set_writer_check(writer, ok, err);
}

hid_t ev_set_writer_file(const struct ev_set_writer *writer)
{
    return writer->file;
}

const char *ev_set_writer_path(const struct ev_set_writer *writer)
{
    return writer->path;
}

enum ev_status ev_set_writer_check(const struct ev_set_writer *writer, bool ok,
                                   struct ev_error *err)
{
    return ok && writer->failure == 0 ? EV_OK : fail_write(writer, err);
}

static bool write_digest(struct ev_set_writer *writer)
{
    char hex[65];
    const struct ev_set_spec *spec = &writer->spec;

    sha256_update(&writer->digest,
                  (size_t)spec->n_rows * (size_t)spec->n_outputs * sizeof *writer->label_rows,
                  (const uint8_t *)writer->label_rows);
    ev_digest_hex(&writer->digest, hex);
    return ev_set_write_text(writer->file, "sha256", hex) >= 0;
}

/* Closes everything that is open; false if HDF5 reports an error. */
static bool close_file(struct ev_set_writer *writer)
{
    hid_t *datasets[] = {&writer->images, &writer->labels, &writer->pose};
    bool ok = true;

    for (size_t i = 0; i < sizeof datasets / sizeof datasets[0]; i++) {
        if (*datasets[i] >= 0)
            ok = H5Dclose(*datasets[i]) >= 0 && ok;
        *datasets[i] = -1;
    }
    if (writer->file >= 0) {
        ok = H5Fclose(writer->file) >= 0 && ok;
    }
    writer->file = -1;
    return ok;
}

enum ev_status ev_set_writer_finish(struct ev_set_writer *writer, struct ev_error *err)
{
    if (writer->file < 0)
        return EV_OK;
    if (writer->n_written != writer->spec.n_rows)
        return ev_fail(err, EV_ENGINE, "%s: %lld of %lld rows were written", writer->path,
                       (long long)writer->n_written, (long long)writer->spec.n_rows);
    bool ok = write_digest(writer);
    ok = close_file(writer) && ok && writer->failure == 0;
    return ok ? ev_file_sync(writer->temporary, writer->path, err) : fail_write(writer, err);
}

enum ev_status ev_set_writer_commit(struct ev_set_writer *writer, struct ev_error *err)
{
    enum ev_status status = ev_set_writer_finish(writer, err);

    if (status == EV_OK)
        status = ev_file_commit(writer->temporary, writer->path, err);
    if (status == EV_OK) {
        /* The name is gone: nothing is left to remove. */
        free(writer->temporary);
        writer->temporary = NULL;
    }
    ev_set_writer_abort(writer);
    return status;
}

void ev_set_writer_abort(struct ev_set_writer *writer)
{
    if (!writer)
        return;
    close_file(writer);
    ev_file_discard(writer->temporary);
    free(writer->temporary);
    free(writer->path);
    free(writer->label_rows);
    free(writer);
}
