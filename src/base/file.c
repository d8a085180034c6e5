/* SPDX-License-Identifier: MIT */
/* Files that appear whole or not at all: written under another name, synced, renamed. */
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of temporary files that exist now, for a signal handler to unlink. Slots are taken and
 * freed atomically; names are never freed while in a slot. */
#define MAX_TEMPORARIES 64
static _Atomic(const char *) temporaries[MAX_TEMPORARIES];

/* A temporary name: the final one with this and random letters and digits before its ending. */
#define PART ".part-"
#define N_RANDOM 6

static void remember(const char *name)
{
    char *copy = strdup(name);

    for (int i = 0; copy && i < MAX_TEMPORARIES; i++) {
        const char *empty = NULL;
        if (atomic_compare_exchange_strong(&temporaries[i], &empty, copy))
            return;
    }
    free(copy);
}

static void forget(const char *name)
{
    for (int i = 0; i < MAX_TEMPORARIES; i++) {
        const char *known = atomic_load(&temporaries[i]);
        if (known && strcmp(known, name) == 0) {
            atomic_store(&temporaries[i], NULL);
            free((char *)known);
            return;
        }
    }
}

void ev_file_remove_temporaries(void)
{
    for (int i = 0; i < MAX_TEMPORARIES; i++) {
        const char *name = atomic_load(&temporaries[i]);
        if (name)
            unlink(name);
    }
}

enum ev_status ev_file_status(int reason)
{
    switch (reason) {
    case EACCES:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case EPERM:
    case EROFS:
        return EV_INPUT;
    default:
        return EV_IO;
    }
}

/* The part of a path that follows the folder. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The ending of a file name with its dot, as a temporary file keeps it; "" if there is none. */
static const char *ending_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot != name ? dot : name + strlen(name);
}

enum ev_status ev_file_temporary(const char *path, char **temporary, struct ev_error *err)
{
    const char *name = name_of(path), *ending = ending_of(name);
    int n_ending = (int)strlen(ending);
    struct stat info;

    *temporary = NULL;
    bool exists = stat(path, &info) == 0;
    if (*name == '\0' || (exists && S_ISDIR(info.st_mode)))
        return ev_fail(err, EV_INPUT, "%s: a folder, expected a file name", path);
    /* A rename would put a file in the place of /dev/null. */
    if (exists && !S_ISREG(info.st_mode))
        return ev_fail(err, EV_INPUT, "%s: not a regular file", path);
    size_t size = strlen(path) + 32;
    char *made = malloc(size);
    if (!made)
        return ev_fail(err, EV_MEMORY, "out of memory");
    snprintf(made, size, "%.*s" PART "XXXXXX%s", (int)strlen(path) - n_ending, path, ending);
    int file = mkstemps(made, n_ending);
    if (file < 0) {
        int reason = errno;
        free(made);
        return ev_fail(err, ev_file_status(reason), "%s: cannot be written: %s", path,
                       strerror(reason));
    }
    /* mkstemps makes files private; a result is as readable as any other new file. */
    mode_t mask = umask(0);
    umask(mask);
    fchmod(file, 0666 & ~mask);
    close(file);
    remember(made);
    *temporary = made;
    return EV_OK;
}

char *ev_file_final_name(const char *temporary)
{
    const char *part = NULL;

    for (const char *at = temporary; (at = strstr(at, PART)); at++)
        part = at;
    if (!part || part == temporary)
        return NULL;
    const char *rest = part + strlen(PART);
    for (int i = 0; i < N_RANDOM; i++, rest++) {
        if (!isalnum((unsigned char)*rest))
            return NULL;
    }
    size_t size = strlen(temporary) + 1;
    char *name = malloc(size);
    if (!name)
        return NULL;
    snprintf(name, size, "%.*s%s", (int)(part - temporary), temporary, rest);
    if (strcmp(ending_of(name), rest) == 0)
        return name;
    free(name);
    return NULL;
}

void ev_file_discard(const char *temporary)
{
    if (!temporary)
        return;
    unlink(temporary);
    forget(temporary);
}

/* Makes a finished rename survive a power cut; a folder that cannot be synced is no failure. */
static void sync_folder(const char *path)
{
    char *folder = ev_path_folder(path);
    int file = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (file >= 0) {
        fsync(file);
        close(file);
    }
    free(folder);
}

enum ev_status ev_file_sync(const char *temporary, const char *path, struct ev_error *err)
{
    int file = open(temporary, O_RDONLY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    int reason = errno;

    if (file >= 0)
        close(file);
    if (synced)
        return EV_OK;
    ev_file_discard(temporary);
    return ev_fail(err, ev_file_status(reason), "%s: cannot be written: %s", path,
                   strerror(reason));
}

enum ev_status ev_file_commit(const char *temporary, const char *path, struct ev_error *err)
{
    enum ev_status status = ev_file_sync(temporary, path, err);

    if (status != EV_OK)
        return status;
    if (rename(temporary, path) != 0) {
        int reason = errno;
        ev_file_discard(temporary);
        return ev_fail(err, ev_file_status(reason), "%s: cannot be written: %s", path,
                       strerror(reason));
    }
    forget(temporary);
    sync_folder(path);
    return EV_OK;
}

enum ev_status ev_outfile_open(struct ev_outfile *file, const char *path, struct ev_error *err)
{
    *file = (struct ev_outfile){0};
    enum ev_status status = ev_file_temporary(path, &file->temporary, err);
    if (status != EV_OK)
        return status;
    file->path = strdup(path);
    file->stream = fopen(file->temporary, "w");
    if (file->path && file->stream)
        return EV_OK;
    status = ev_fail(err, EV_IO, "%s: cannot be written: %s", path, strerror(errno));
    ev_outfile_abort(file);
    return status;
}

enum ev_status ev_outfile_sync(struct ev_outfile *file, struct ev_error *err)
{
    errno = 0;
    bool failed = ferror(file->stream) != 0;
    failed = fflush(file->stream) != 0 || failed;
    failed = failed || fsync(fileno(file->stream)) != 0;
    if (!failed)
        return EV_OK;
    enum ev_status status =
        ev_fail(err, EV_IO, "%s: cannot be written: %s", file->path, strerror(errno ? errno : EIO));
    ev_outfile_abort(file);
    return status;
}

enum ev_status ev_outfile_commit(struct ev_outfile *file, struct ev_error *err)
{
    enum ev_status status = ev_outfile_sync(file, err);

    if (status != EV_OK)
        return status;
    if (fclose(file->stream) != 0)
        status = ev_fail(err, EV_IO, "%s: cannot be written: %s", file->path, strerror(errno));
    file->stream = NULL;
    if (status == EV_OK)
        status = ev_file_commit(file->temporary, file->path, err);
    ev_outfile_abort(file);
    return status;
}

void ev_outfile_abort(struct ev_outfile *file)
{
    if (file->stream)
        fclose(file->stream);
    ev_file_discard(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (struct ev_outfile){0};
}

enum ev_status ev_file_check_path(const char *path, struct ev_error *err)
{
    char *temporary = NULL;
    enum ev_status status = ev_file_temporary(path, &temporary, err);

    ev_file_discard(temporary);
    free(temporary);
    return status;
}

enum ev_status ev_file_check(const char *folder, const char *name, struct ev_error *err)
{
    char *path = ev_path_join(folder, name);
    enum ev_status status =
        path ? ev_file_check_path(path, err) : ev_fail(err, EV_MEMORY, "out of memory");

    free(path);
    return status;
}

enum ev_status ev_file_make_folder(const char *path, struct ev_error *err)
{
    char *partial = strdup(path);
    struct stat info;

    if (!partial)
        return ev_fail(err, EV_MEMORY, "out of memory");
    for (char *at = partial + 1; *path; at++) {
        char here = *at;
        if (here != '/' && here != '\0')
            continue;
        *at = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST && errno != EISDIR) {
            int reason = errno;
            free(partial);
            return ev_fail(err, ev_file_status(reason), "%s: cannot make this folder: %s", path,
                           strerror(reason));
        }
        *at = here;
        if (here == '\0')
            break;
    }
    free(partial);
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return ev_fail(err, EV_INPUT, "%s: not a folder", path);
    return EV_OK;
}

bool ev_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool ev_file_is_same(const char *a, const char *b)
{
    struct stat x, y;

    return strcmp(a, b) == 0 ||
           (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

enum ev_status ev_file_size(const char *path, int64_t *bytes, struct ev_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return ev_fail(err, ev_file_status(errno), "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return ev_fail(err, EV_INPUT, "%s: not a regular file", path);
    *bytes = info.st_size;
    return EV_OK;
}

/* Opens a regular file for reading; others would block or never end. */
static FILE *open_regular(const char *path, struct ev_error *err)
{
    int64_t bytes;

    if (ev_file_size(path, &bytes, err) != EV_OK)
        return NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        (void)ev_fail(err, ev_file_status(errno), "%s: %s", path, strerror(errno));
    return file;
}

enum ev_status ev_file_read(const char *path, size_t max_bytes, char **text, size_t *length,
                            struct ev_error *err)
{
    size_t size = 65536, used = 0;
    char *buffer = NULL;
    enum ev_status status = EV_OK;

    *text = NULL;
    FILE *file = open_regular(path, err);
    if (!file)
        return err->status;
    while (status == EV_OK) {
        char *grown = realloc(buffer, size + 1);
        if (!grown) {
            status = ev_fail(err, EV_MEMORY, "%s: out of memory", path);
            break;
        }
        buffer = grown;
        used += fread(buffer + used, 1, size - used, file);
        if (used < size)
            break;
        if (used > max_bytes)
            status = ev_fail(err, EV_INPUT, "%s: larger than %zu bytes", path, max_bytes);
        size *= 2;
    }
    if (status == EV_OK && used > max_bytes)
        status = ev_fail(err, EV_INPUT, "%s: larger than %zu bytes", path, max_bytes);
    if (status == EV_OK && ferror(file))
        status = ev_fail(err, EV_IO, "%s: cannot be read: %s", path, strerror(errno));
    fclose(file);
    if (status != EV_OK) {
        free(buffer);
        return status;
    }
    buffer[used] = '\0';
    *text = buffer;
    *length = used;
    return EV_OK;
}

bool ev_file_read_all(int file, void *bytes, size_t n_bytes)
{
    char *to = bytes;

    while (n_bytes > 0) {
        ssize_t n = read(file, to, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

bool ev_file_write_all(int file, const void *bytes, size_t n_bytes)
{
    const char *from = bytes;

    while (n_bytes > 0) {
        ssize_t n = write(file, from, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        n_bytes -= (size_t)n;
    }
    return true;
}
