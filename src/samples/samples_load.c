/* SPDX-License-Identifier: MIT */
/* Reads samples.h5 and checks that all of it fits together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "samples/samples.h"
#include "samples/samples_format.h"

#define MAX_BACKENDS 4096
#define MAX_TEXT     8192

struct reader {
    hid_t file;
    const char *path;
    hsize_t n_bytes; /* of the file */
    struct ev_error *err;
};

static enum ev_status wrong(const struct reader *reader, const char *name, const char *what)
{
    return ev_fail(reader->err, EV_INPUT, "%s: %s %s", reader->path, name, what);
}

static bool is_there(const struct reader *reader, const char *name)
{
    char folder[64];
    const char *slash = strrchr(name, '/');

    snprintf(folder, sizeof folder, "%.*s", (int)(slash - name), name);
    return (!*folder || H5Lexists(reader->file, folder, H5P_DEFAULT) > 0) &&
           H5Lexists(reader->file, name, H5P_DEFAULT) > 0;
}

/* Opens a dataset of `rank` dimensions and tells them; the caller closes it. */
static enum ev_status open_dataset(const struct reader *reader, const char *name, int rank,
                                   hsize_t *extent, hid_t *dataset)
{
    *dataset = is_there(reader, name) ? H5Dopen2(reader->file, name, H5P_DEFAULT) : -1;
    if (*dataset < 0)
        return wrong(reader, name, "is missing");
    hid_t space = H5Dget_space(*dataset);
    const bool ok = space >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
                    H5Sget_simple_extent_dims(space, extent, NULL) == rank;
    if (space >= 0)
        H5Sclose(space);
    if (ok)
        return EV_OK;
    H5Dclose(*dataset);
    *dataset = -1;
    return wrong(reader, name, "has another shape than samples have");
}

/* Reads a dataset whose extent is known: *values is malloc'ed, with room for one element more, so
 * that it is never NULL. */
static enum ev_status read_values(const struct reader *reader, const char *name, hid_t type,
                                  size_t element, int rank, const hsize_t *expected, void **values)
{
    hsize_t extent[3], n = 1;
    hid_t dataset;
    enum ev_status status = open_dataset(reader, name, rank, extent, &dataset);

    if (status != EV_OK)
        return status;
    for (int i = 0; i < rank; i++) {
        if (extent[i] != expected[i])
            status = wrong(reader, name, "has another size than the rest of the file");
        else if (n > 0 && extent[i] > reader->n_bytes / element / n) /* nothing is compressed */
            status = wrong(reader, name, "is larger than the file");
        else
            n *= extent[i];
    }
    if (status == EV_OK) {
        *values = calloc(n + 1, element);
        if (!*values)
            status = ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
        else if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0)
            status = wrong(reader, name, "cannot be read");
    }
    H5Dclose(dataset);
    return status;
}

/* Number of elements of a list. */
static enum ev_status read_length(const struct reader *reader, const char *name, hsize_t most,
                                  hsize_t *n)
{
    hid_t dataset;
    enum ev_status status = open_dataset(reader, name, 1, n, &dataset);

    if (status != EV_OK)
        return status;
    H5Dclose(dataset);
    return *n <= most ? EV_OK : wrong(reader, name, "is too long");
}

/* Rows of (rows, columns). */
static enum ev_status read_shape(const struct reader *reader, const char *name, hsize_t extent[2])
{
    hid_t dataset;
    enum ev_status status = open_dataset(reader, name, 2, extent, &dataset);

    if (status != EV_OK)
        return status;
    H5Dclose(dataset);
    return extent[0] > 0 && extent[1] > 0 ? EV_OK : wrong(reader, name, "is empty");
}

static enum ev_status read_floats(const struct reader *reader, const char *name, int rank,
                                  const hsize_t *extent, float **values)
{
    return read_values(reader, name, H5T_NATIVE_FLOAT, sizeof **values, rank, extent,
                       (void **)values);
}

/* Copies the texts of a padded list; *texts has n. */
static enum ev_status split_texts(const struct reader *reader, const char *padded, size_t size,
                                  size_t n, char ***texts)
{
    *texts = calloc(n + 1, sizeof **texts);
    for (size_t i = 0; *texts && i < n; i++) {
        (*texts)[i] = strndup(padded + i * size, size);
        if (!(*texts)[i])
            return ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
    }
    return *texts ? EV_OK : ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
}

static enum ev_status read_texts(const struct reader *reader, const char *name, char ***texts,
                                 size_t *n_texts)
{
    hsize_t n;
    void *padded = NULL;
    enum ev_status status = read_length(reader, name, MAX_BACKENDS, &n);

    if (status != EV_OK)
        return status;
    hid_t dataset = H5Dopen2(reader->file, name, H5P_DEFAULT);
    hid_t stored = dataset >= 0 ? H5Dget_type(dataset) : -1;
    hid_t type = H5Tcopy(H5T_C_S1);
    const size_t size =
        stored >= 0 && H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) == 0
            ? H5Tget_size(stored)
            : 0;
    if (size < 1 || size > MAX_TEXT || type < 0 || H5Tset_size(type, size) < 0)
        status = wrong(reader, name, "are no texts");
    if (status == EV_OK)
        status = read_values(reader, name, type, size, 1, &n, &padded);
    if (status == EV_OK)
        status = split_texts(reader, padded, size, n, texts);
    *n_texts = status == EV_OK || *texts ? n : 0;
    if (type >= 0)
        H5Tclose(type);
    if (stored >= 0)
        H5Tclose(stored);
    if (dataset >= 0)
        H5Dclose(dataset);
    free(padded);
    return status;
}

/* Of each backend that has them; *lists has n_backends. */
static enum ev_status read_lists(const struct reader *reader, size_t s, const char *what,
                                 size_t n_backends, int rank, const hsize_t *extent, float ***lists)
{
    char name[64];
    enum ev_status status = EV_OK;

    *lists = calloc(n_backends + 1, sizeof **lists);
    if (!*lists)
        return ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
    for (size_t b = 0; b < n_backends && status == EV_OK; b++) {
        snprintf(name, sizeof name, "/sets/%zu/%s_%zu", s, what, b);
        if (is_there(reader, name))
            status = read_floats(reader, name, rank, extent, &(*lists)[b]);
    }
    return status;
}

static enum ev_status read_single(const struct reader *reader, size_t s, size_t n_backends,
                                  struct ev_samples_set *set)
{
    hsize_t n;
    char name[64];

    snprintf(name, sizeof name, "/sets/%zu/single_rows", s);
    if (!is_there(reader, name))
        return EV_OK;
    enum ev_status status = read_length(reader, name, (hsize_t)set->n_rows, &n);
    if (status == EV_OK)
        status = read_values(reader, name, H5T_NATIVE_INT64, sizeof *set->single_rows, 1, &n,
                             (void **)&set->single_rows);
    if (status != EV_OK)
        return status;
    for (hsize_t i = 0; i < n; i++) {
        if (set->single_rows[i] < 0 || set->single_rows[i] >= set->n_rows)
            return wrong(reader, name, "has a row that the set has not");
    }
    const hsize_t extent[] = {n, (hsize_t)set->n_outputs};
    set->n_single = (int64_t)n;
    return read_lists(reader, s, "single", n_backends, 2, extent, &set->single);
}

static enum ev_status read_set(const struct reader *reader, size_t s, size_t n_backends,
                               struct ev_samples_set *set)
{
    const hsize_t n_calls = EV_SAMPLES_STUDY_CALLS;
    hsize_t extent[2];
    char name[64];

    snprintf(name, sizeof name, "/sets/%zu/labels", s);
    enum ev_status status = read_shape(reader, name, extent);
    if (status == EV_OK)
        status = read_floats(reader, name, 2, extent, &set->labels);
    if (status == EV_OK)
        status = read_lists(reader, s, "outputs", n_backends, 2, extent, &set->outputs);
    if (status != EV_OK)
        return status;
    set->n_rows = (int64_t)extent[0];
    set->n_outputs = (int32_t)extent[1];
    status = read_lists(reader, s, "mirrored", n_backends, 2, extent, &set->mirrored);
    if (status == EV_OK)
        status = read_lists(reader, s, "study_ns", n_backends, 1, &n_calls, &set->study_ns);
    snprintf(name, sizeof name, "/sets/%zu/positions", s);
    extent[1] = 2;
    if (status == EV_OK && is_there(reader, name))
        status = read_floats(reader, name, 2, extent, &set->positions);
    return status == EV_OK ? read_single(reader, s, n_backends, set) : status;
}

static enum ev_status read_sets(const struct reader *reader, struct ev_samples *samples)
{
    char **names = NULL;
    size_t n = 0;
    enum ev_status status = read_texts(reader, "/set_names", &names, &n);

    if (status == EV_OK) {
        samples->sets = calloc(n + 1, sizeof *samples->sets);
        if (!samples->sets)
            status = ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
    }
    for (size_t s = 0; s < n && samples->sets; s++) {
        samples->n_sets = s + 1;
        samples->sets[s].name = names[s];
        names[s] = NULL;
        if (status == EV_OK)
            status = read_set(reader, s, samples->n_backends, &samples->sets[s]);
    }
    for (size_t s = 0; names && s < n; s++)
        free(names[s]);
    free(names);
    return status;
}

static enum ev_status read_picture(const struct reader *reader, size_t i,
                                   const struct ev_samples *samples,
                                   struct ev_samples_picture *picture)
{
    const hsize_t n_source = 3;
    hsize_t extent[3];
    int64_t *source = NULL;
    hid_t dataset;
    char name[64];

    snprintf(name, sizeof name, "/pictures/%zu/set_backend_row", i);
    enum ev_status status =
        read_values(reader, name, H5T_NATIVE_INT64, sizeof *source, 1, &n_source, (void **)&source);
    if (status == EV_OK && (source[0] < 0 || source[0] >= (int64_t)samples->n_sets ||
                            source[1] < 0 || source[1] >= (int64_t)samples->n_backends ||
                            source[2] < 0 || source[2] >= samples->sets[source[0]].n_rows))
        status = wrong(reader, name, "is not of a row of the file");
    if (status == EV_OK) {
        picture->set = (int32_t)source[0];
        picture->backend = (int32_t)source[1];
        picture->row = source[2];
    }
    free(source);
    snprintf(name, sizeof name, "/pictures/%zu/pixels", i);
    if (status == EV_OK)
        status = open_dataset(reader, name, 3, extent, &dataset);
    if (status != EV_OK)
        return status;
    H5Dclose(dataset);
    if (extent[0] < 1 || extent[1] < 1 || extent[2] < 1 || extent[0] > 65535 || extent[1] > 65535 ||
        extent[2] > 4)
        return wrong(reader, name, "is no picture");
    picture->height = (int32_t)extent[0];
    picture->width = (int32_t)extent[1];
    picture->channels = (int32_t)extent[2];
    return read_values(reader, name, H5T_NATIVE_UINT8, 1, 3, extent, (void **)&picture->pixels);
}

static enum ev_status read_pictures(const struct reader *reader, struct ev_samples *samples)
{
    H5G_info_t info;

    if (H5Lexists(reader->file, "/pictures", H5P_DEFAULT) <= 0)
        return EV_OK;
    if (H5Gget_info_by_name(reader->file, "/pictures", &info, H5P_DEFAULT) < 0 ||
        info.nlinks > MAX_BACKENDS)
        return wrong(reader, "/pictures", "is no group of pictures");
    samples->pictures = calloc(info.nlinks + 1, sizeof *samples->pictures);
    if (!samples->pictures)
        return ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
    enum ev_status status = EV_OK;
    for (size_t i = 0; i < info.nlinks && status == EV_OK; i++) {
        samples->n_pictures = i + 1;
        status = read_picture(reader, i, samples, &samples->pictures[i]);
    }
    return status;
}

static enum ev_status read_entries(const struct reader *reader, struct ev_session *session)
{
    char **names = NULL;
    uint8_t *is_control = NULL;
    size_t n = 0;
    enum ev_status status = read_texts(reader, "/session/entries", &names, &n);
    const hsize_t extent = n;

    if (status == EV_OK)
        status = read_values(reader, "/session/is_control", H5T_NATIVE_UINT8, 1, 1, &extent,
                             (void **)&is_control);
    if (status == EV_OK) {
        session->entries = calloc(n + 1, sizeof *session->entries);
        if (!session->entries)
            status = ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
    }
    for (size_t e = 0; e < n && session->entries; e++) {
        session->n_entries = e + 1;
        session->entries[e].backend = names[e];
        names[e] = NULL;
        session->entries[e].is_control = is_control[e] != 0;
    }
    for (size_t e = 0; names && e < n; e++)
        free(names[e]);
    free(names);
    free(is_control);
    return status;
}

static bool is_sound(const struct ev_session *session, const struct ev_block *block)
{
    const int32_t n_entries = (int32_t)session->n_entries;

    return block->entry >= 0 && block->entry < n_entries && block->predecessor >= -1 &&
           block->predecessor < n_entries && (int)block->mode >= 0 && block->mode < EV_N_MODES &&
           (int)block->boundary >= 0 && block->boundary < EV_N_BOUNDARIES && block->process >= 0 &&
           block->round >= 0 && block->position >= 0 && block->rows_per_call >= 1 &&
           block->rows_per_piece >= 1 && block->n_calls >= 1 && block->first_call >= 0 &&
           block->first_call <= session->n_calls - block->n_calls;
}

static enum ev_status check_session(const struct reader *reader, const struct ev_session *session)
{
    if (session->baseline < 0 || session->baseline >= (int32_t)session->n_entries)
        return wrong(reader, "/session/seed_processes_baseline", "names no entry");
    for (size_t i = 0; i < session->n_blocks; i++) {
        if (!is_sound(session, &session->blocks[i]))
            return wrong(reader, "/session/blocks", "do not fit the rest of the file");
    }
    for (int64_t i = 0; i < session->n_calls; i++) {
        if (!isfinite(session->call_ns[i]) || session->call_ns[i] < 0)
            return wrong(reader, "/session/call_ns", "has a time that is none");
    }
    return EV_OK;
}

static enum ev_status read_blocks(const struct reader *reader, struct ev_session *session)
{
    hsize_t n;
    enum ev_status status = read_length(reader, "/session/blocks", (hsize_t)1 << 32, &n);
    hid_t type = ev_samples_block_type();

    if (status == EV_OK && type < 0)
        status = ev_fail(reader->err, EV_MEMORY, "%s: out of memory", reader->path);
    if (status == EV_OK)
        status = read_values(reader, "/session/blocks", type, sizeof *session->blocks, 1, &n,
                             (void **)&session->blocks);
    session->n_blocks = status == EV_OK ? n : 0;
    if (status == EV_OK)
        status = read_length(reader, "/session/call_ns", (hsize_t)1 << 36, &n);
    if (status == EV_OK)
        status = read_floats(reader, "/session/call_ns", 1, &n, &session->call_ns);
    session->n_calls = status == EV_OK ? (int64_t)n : 0;
    if (type >= 0)
        H5Tclose(type);
    return status;
}

static enum ev_status read_session(const struct reader *reader, struct ev_session *session)
{
    const hsize_t n_numbers = 3;
    int64_t *numbers = NULL;
    char **profile = NULL;
    size_t n_profiles = 0;

    if (H5Lexists(reader->file, "/session", H5P_DEFAULT) <= 0)
        return EV_OK;
    enum ev_status status = read_texts(reader, "/session/profile", &profile, &n_profiles);
    if (status == EV_OK && n_profiles != 1)
        status = wrong(reader, "/session/profile", "is not one text");
    for (size_t i = 0; profile && i < n_profiles; i++) {
        if (i == 0)
            session->profile = profile[0];
        else
            free(profile[i]);
    }
    free(profile);
    if (status == EV_OK)
        status = read_values(reader, "/session/seed_processes_baseline", H5T_NATIVE_INT64,
                             sizeof *numbers, 1, &n_numbers, (void **)&numbers);
    if (status == EV_OK) {
        session->seed = (uint64_t)numbers[0];
        session->n_processes = (int32_t)numbers[1];
        session->baseline = (int32_t)numbers[2];
        status = read_entries(reader, session);
    }
    free(numbers);
    if (status == EV_OK)
        status = read_blocks(reader, session);
    return status == EV_OK ? check_session(reader, session) : status;
}

enum ev_status ev_samples_load(const char *path, struct ev_samples *samples, struct ev_error *err)
{
    int64_t n_bytes;

    memset(samples, 0, sizeof *samples);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    enum ev_status status = ev_file_size(path, &n_bytes, err);
    if (status != EV_OK)
        return status;
    struct reader reader = {H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), path, (hsize_t)n_bytes,
                            err};
    if (reader.file < 0)
        return ev_fail(err, EV_INPUT, "%s: not an HDF5 file, or damaged", path);
    status = read_texts(&reader, "/backends", &samples->backends, &samples->n_backends);
    if (status == EV_OK)
        status = read_sets(&reader, samples);
    if (status == EV_OK)
        status = read_pictures(&reader, samples);
    if (status == EV_OK)
        status = read_session(&reader, &samples->session);
    H5Fclose(reader.file);
    if (status != EV_OK)
        ev_samples_free(samples);
    return status;
}
