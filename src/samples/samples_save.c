/* SPDX-License-Identifier: MIT */
/*
 * Writes samples.h5: HDF5 builds it in memory, so that all of it goes through the caller's stream
 * and no half-written file is ever seen under its name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "samples/samples.h"
#include "samples/samples_format.h"

/* By how much the file in memory grows. */
#define GROWTH_BYTES ((size_t)4 << 20)

/* The first failure is kept, and all that follows does nothing. */
struct writer {
    hid_t file;
    bool ok;
};

static const struct {
    const char *name;
    size_t offset;
    bool is_wide; /* int64, not int32 */
} members[] = {
    {"process", offsetof(struct ev_block, process), false},
    {"round", offsetof(struct ev_block, round), false},
    {"position", offsetof(struct ev_block, position), false},
    {"predecessor", offsetof(struct ev_block, predecessor), false},
    {"entry", offsetof(struct ev_block, entry), false},
    {"mode", offsetof(struct ev_block, mode), false},
    {"boundary", offsetof(struct ev_block, boundary), false},
    {"n_threads", offsetof(struct ev_block, n_threads), false},
    {"rows_per_call", offsetof(struct ev_block, rows_per_call), true},
    {"rows_per_piece", offsetof(struct ev_block, rows_per_piece), true},
    {"period_ns", offsetof(struct ev_block, period_ns), true},
    {"first_call", offsetof(struct ev_block, first_call), true},
    {"n_calls", offsetof(struct ev_block, n_calls), true},
    {"cpu_ns", offsetof(struct ev_block, noise.cpu_ns), true},
    {"probe_ns", offsetof(struct ev_block, noise.probe_ns), true},
    {"steal_ticks", offsetof(struct ev_block, noise.steal_ticks), true},
    {"n_involuntary", offsetof(struct ev_block, noise.n_involuntary), true},
    {"psi_cpu_us", offsetof(struct ev_block, noise.psi_cpu_us), true},
    {"psi_io_us", offsetof(struct ev_block, noise.psi_io_us), true},
};
_Static_assert(sizeof(enum ev_mode) == sizeof(int32_t), "enums are stored as int32");

hid_t ev_samples_block_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct ev_block));
    bool ok = type >= 0;

    for (size_t i = 0; i < sizeof members / sizeof *members && ok; i++)
        ok = H5Tinsert(type, members[i].name, members[i].offset,
                       members[i].is_wide ? H5T_NATIVE_INT64 : H5T_NATIVE_INT32) >= 0;
    ok =
        ok && H5Tinsert(type, "flagged", offsetof(struct ev_block, flagged), H5T_NATIVE_UINT8) >= 0;
    if (ok)
        return type;
    if (type >= 0)
        H5Tclose(type);
    return -1;
}

/* Writes a dataset; `file_type` is what is stored, `type` what `values` are. Without a time stamp:
 * the same samples give the same bytes. */
static void write_values(struct writer *writer, const char *name, hid_t file_type, hid_t type,
                         int rank, const hsize_t *extent, const void *values)
{
    hid_t space = H5Screate_simple(rank, extent, NULL);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    hid_t dataset = -1;

    writer->ok = writer->ok && space >= 0 && plist >= 0 && links >= 0 &&
                 H5Pset_obj_track_times(plist, false) >= 0 &&
                 H5Pset_create_intermediate_group(links, 1) >= 0;
    if (writer->ok) {
        dataset = H5Dcreate2(writer->file, name, file_type, space, links, plist, H5P_DEFAULT);
        writer->ok =
            dataset >= 0 && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    }
    if (dataset >= 0)
        H5Dclose(dataset);
    if (links >= 0)
        H5Pclose(links);
    if (plist >= 0)
        H5Pclose(plist);
    if (space >= 0)
        H5Sclose(space);
}

static void write_floats(struct writer *writer, const char *name, int64_t n_rows, int64_t n_columns,
                         const float *values)
{
    const hsize_t extent[] = {(hsize_t)n_rows, (hsize_t)n_columns};

    write_values(writer, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, n_columns > 0 ? 2 : 1, extent,
                 values);
}

/* A list of texts, padded to the longest: texts of variable length lie in a heap that HDF5 1.10
 * does not check. `text_of` gives text i. */
static void write_texts(struct writer *writer, const char *name, size_t n,
                        const char *(*text_of)(const void *list, size_t i), const void *list)
{
    const hsize_t extent = n;
    hid_t type = H5Tcopy(H5T_C_S1);
    size_t size = 1;

    for (size_t i = 0; i < n; i++)
        size = strlen(text_of(list, i)) + 1 > size ? strlen(text_of(list, i)) + 1 : size;
    char *texts = calloc(n + 1, size);
    writer->ok = writer->ok && texts && type >= 0 && H5Tset_size(type, size) >= 0;
    if (writer->ok) {
        for (size_t i = 0; i < n; i++)
            strcpy(texts + i * size, text_of(list, i));
        write_values(writer, name, type, type, 1, &extent, texts);
    }
    if (type >= 0)
        H5Tclose(type);
    free(texts);
}

static const char *backend_name(const void *list, size_t i)
{
    return ((const struct ev_samples *)list)->backends[i];
}

static const char *set_name(const void *list, size_t i)
{
    return ((const struct ev_samples *)list)->sets[i].name;
}

static const char *entry_name(const void *list, size_t i)
{
    return ((const struct ev_session *)list)->entries[i].backend;
}

static const char *one_text(const void *text, size_t i)
{
    (void)i;
    return text;
}

/* Of each backend that has them (n_rows, n_columns); n_columns 0: (n_rows). */
static void write_lists(struct writer *writer, size_t s, const char *what, size_t n_backends,
                        float *const *lists, int64_t n_rows, int64_t n_columns)
{
    char name[64];

    for (size_t b = 0; lists && b < n_backends; b++) {
        snprintf(name, sizeof name, "/sets/%zu/%s_%zu", s, what, b);
        if (lists[b])
            write_floats(writer, name, n_rows, n_columns, lists[b]);
    }
}

static void write_set(struct writer *writer, const struct ev_samples *samples, size_t s)
{
    const struct ev_samples_set *set = &samples->sets[s];
    char name[64];

    snprintf(name, sizeof name, "/sets/%zu/labels", s);
    write_floats(writer, name, set->n_rows, set->n_outputs, set->labels);
    write_lists(writer, s, "outputs", samples->n_backends, set->outputs, set->n_rows,
                set->n_outputs);
    snprintf(name, sizeof name, "/sets/%zu/positions", s);
    if (set->positions)
        write_floats(writer, name, set->n_rows, 2, set->positions);
    if (set->n_single > 0) {
        const hsize_t n = (hsize_t)set->n_single;
        snprintf(name, sizeof name, "/sets/%zu/single_rows", s);
        write_values(writer, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 1, &n, set->single_rows);
        write_lists(writer, s, "single", samples->n_backends, set->single, set->n_single,
                    set->n_outputs);
    }
    write_lists(writer, s, "mirrored", samples->n_backends, set->mirrored, set->n_rows,
                set->n_outputs);
    write_lists(writer, s, "study_ns", samples->n_backends, set->study_ns, EV_SAMPLES_STUDY_CALLS,
                0);
}

static void write_picture(struct writer *writer, const struct ev_samples *samples, size_t i)
{
    const struct ev_samples_picture *picture = &samples->pictures[i];
    const hsize_t extent[] = {(hsize_t)picture->height, (hsize_t)picture->width,
                              (hsize_t)picture->channels};
    const int64_t source[] = {picture->set, picture->backend, picture->row};
    const hsize_t n_source = 3;
    char name[64];

    snprintf(name, sizeof name, "/pictures/%zu/pixels", i);
    write_values(writer, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, 3, extent, picture->pixels);
    snprintf(name, sizeof name, "/pictures/%zu/set_backend_row", i);
    write_values(writer, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 1, &n_source, source);
}

static void write_blocks(struct writer *writer, const struct ev_session *session)
{
    const hsize_t n = session->n_blocks;
    hid_t type = ev_samples_block_type();
    hid_t packed = type >= 0 ? H5Tcopy(type) : -1;

    writer->ok = writer->ok && packed >= 0 && H5Tpack(packed) >= 0;
    if (writer->ok)
        write_values(writer, "/session/blocks", packed, type, 1, &n, session->blocks);
    if (packed >= 0)
        H5Tclose(packed);
    if (type >= 0)
        H5Tclose(type);
}

static void write_session(struct writer *writer, const struct ev_session *session)
{
    const hsize_t n_entries = session->n_entries, n_numbers = 3;
    const int64_t numbers[] = {(int64_t)session->seed, session->n_processes, session->baseline};
    uint8_t *is_control = calloc(session->n_entries + 1, 1);

    writer->ok = writer->ok && is_control;
    if (writer->ok) {
        for (size_t e = 0; e < session->n_entries; e++)
            is_control[e] = session->entries[e].is_control;
        write_texts(writer, "/session/profile", 1, one_text, session->profile);
        write_values(writer, "/session/seed_processes_baseline", H5T_STD_I64LE, H5T_NATIVE_INT64, 1,
                     &n_numbers, numbers);
        write_texts(writer, "/session/entries", session->n_entries, entry_name, session);
        write_values(writer, "/session/is_control", H5T_STD_U8LE, H5T_NATIVE_UINT8, 1, &n_entries,
                     is_control);
        write_blocks(writer, session);
        write_floats(writer, "/session/call_ns", session->n_calls, 0, session->call_ns);
    }
    free(is_control);
}

/* The file in memory, as bytes that the caller frees; NULL on failure. */
static void *make_image(const struct ev_samples *samples, size_t *size)
{
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
    struct writer writer = {.file = -1};
    void *image = NULL;

    if (plist >= 0 && H5Pset_fapl_core(plist, GROWTH_BYTES, false) >= 0)
        writer.file = H5Fcreate("samples.h5", H5F_ACC_TRUNC, H5P_DEFAULT, plist);
    writer.ok = writer.file >= 0;
    write_texts(&writer, "/backends", samples->n_backends, backend_name, samples);
    write_texts(&writer, "/set_names", samples->n_sets, set_name, samples);
    for (size_t s = 0; s < samples->n_sets && writer.ok; s++)
        write_set(&writer, samples, s);
    for (size_t i = 0; i < samples->n_pictures && writer.ok; i++)
        write_picture(&writer, samples, i);
    if (samples->session.n_entries > 0 && writer.ok)
        write_session(&writer, &samples->session);
    ssize_t bytes = -1;
    if (writer.ok && H5Fflush(writer.file, H5F_SCOPE_GLOBAL) >= 0)
        bytes = H5Fget_file_image(writer.file, NULL, 0);
    image = bytes > 0 ? malloc((size_t)bytes) : NULL;
    if (image && H5Fget_file_image(writer.file, image, (size_t)bytes) == bytes) {
        *size = (size_t)bytes;
    } else {
        free(image);
        image = NULL;
    }
    if (writer.file >= 0)
        H5Fclose(writer.file);
    if (plist >= 0)
        H5Pclose(plist);
    return image;
}

enum ev_status ev_samples_save(const struct ev_samples *samples, FILE *out, struct ev_error *err)
{
    size_t size = 0;

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    void *image = make_image(samples, &size);
    if (!image)
        return ev_fail(err, EV_MEMORY, "out of memory for the samples");
    /* So large a write goes past the stream's buffer, and its reason is not known later. */
    const bool ok = fwrite(image, 1, size, out) == size;
    const int reason = errno;
    free(image);
    return ok ? EV_OK
              : ev_fail(err, ev_file_status(reason), "cannot be written: %s", strerror(reason));
}
