/* SPDX-License-Identifier: MIT */
/* A set in packed chunks, unpacked once: reading rows in any order would unpack a whole chunk for
 * each of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "set/set_private.h"

#define BATCH_ROWS 256

/* Disks, not memory, as it may be large. */
#define USUAL_FOLDER "/var/tmp"

/* A file without a name: gone when it is closed, however the program ends. */
static int open_nameless(const char *folder)
{
    char name[4096];
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return file;
    if ((size_t)snprintf(name, sizeof name, "%s/evalrun-XXXXXX", folder) >= sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = mkstemp(name);
    if (file >= 0)
        unlink(name);
    return file;
}

static enum ev_status copy_rows(struct ev_set *set, struct ev_stream *stream, int file,
                                const char *folder, struct ev_error *err)
{
    const size_t picture_bytes = ev_set_picture_bytes(&set->info, set->info.form);
    struct ev_progress progress;
    struct ev_stream_batch read;
    enum ev_status status;
    char what[160];

    snprintf(what, sizeof what, "unpack %.140s", set->path);
    ev_progress_start(&progress, what, "pictures", set->info.n_rows);
    do {
        status = ev_stream_next(stream, &read, err);
        if (status == EV_OK &&
            !ev_file_write_all(file, read.batch.data, (size_t)read.batch.n_rows * picture_bytes))
            status = ev_fail(err, EV_IO, "%s: cannot be unpacked into %s: %s", set->path, folder,
                             strerror(errno));
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK && read.batch.n_rows > 0)
            ev_progress_update(&progress, read.first_row + read.batch.n_rows, NULL);
    } while (status == EV_OK && read.batch.n_rows > 0);
    ev_progress_finish(&progress);
    return status;
}

/* From now on the pictures are read from the file. */
static void switch_to(struct ev_set *set, int file)
{
    close(set->descriptor);
    ev_set_reader_close(set->reader);
    set->reader = NULL;
    set->descriptor = file;
    set->storage = EV_STORAGE_BLOCK;
    set->block_offset = 0;
    set->stored_bytes = ev_set_picture_bytes(&set->info, set->info.form);
    set->file_bytes = set->info.n_rows * (int64_t)set->stored_bytes;
    set->element = set->info.form == EV_FORM_U8_NHWC ? EV_ELEMENT_U8 : EV_ELEMENT_F32;
    set->planar = set->info.form == EV_FORM_F32_NCHW;
    set->white = 1.0;
}

enum ev_status ev_set_unpack(struct ev_set *set, int32_t n_threads, struct ev_error *err)
{
    const struct ev_stream_args args = {set->info.form, BATCH_ROWS, EV_READ_AHEAD, n_threads, 0};
    const char *named = getenv("TMPDIR");
    const char *folder = named && *named ? named : USUAL_FOLDER;
    struct ev_stream *stream = NULL;
    bool is_packed = set->storage == EV_STORAGE_HDF5 ||
                     (set->storage == EV_STORAGE_CHUNKS && (set->deflated || set->shuffled));

    if (!is_packed)
        return EV_OK;
    int file = open_nameless(folder);
    if (file < 0)
        return ev_fail(err, EV_IO, "%s: cannot be unpacked into %s: %s", set->path, folder,
                       strerror(errno));
    enum ev_status status = ev_stream_open(set, &args, &stream, err);
    if (status == EV_OK)
        status = copy_rows(set, stream, file, folder, err);
    ev_stream_close(stream);
    if (status == EV_OK)
        switch_to(set, file);
    else
        close(file);
    return status;
}
