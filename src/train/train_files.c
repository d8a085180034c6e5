/* SPDX-License-Identifier: MIT */
/* What is checked about a run's files, its lock, and what killed runs left. */
#include "train/train_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "train/checkpoint.h"
#include "train/train_log.h"

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* Whether a path that is read has the name of a file that this run keeps beside its model and
 * removes: a checkpoint's, or the lock. */
static bool is_kept(const char *path, const char *out_path)
{
    char *folder = ev_path_folder(path), *out_folder = ev_path_folder(out_path);
    const char *slash = strrchr(path, '/'), *out_slash = strrchr(out_path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *out_name = out_slash ? out_slash + 1 : out_path;
    const size_t n = strlen(out_name);
    bool owned = ev_checkpoint_owns(out_name, name) ||
                 (strncmp(name, out_name, n) == 0 && strcmp(name + n, ".lock") == 0);

    owned = owned && folder && out_folder && ev_file_is_same(folder, out_folder);
    free(folder);
    free(out_folder);
    return owned;
}

static enum ev_status check_input(const char *path, const struct ev_train_args *args,
                                  struct ev_error *err)
{
    if (!path || !is_kept(path, args->out_path))
        return EV_OK;
    return ev_fail(err, EV_USAGE,
                   "%s: has the name of a file that training into %s keeps and removes: rename it",
                   path, args->out_path);
}

static enum ev_status check_file(const char *path, const struct ev_train_args *args,
                                 struct ev_error *err)
{
    bool is_read = args->baseline_path && ev_file_is_same(path, args->baseline_path);

    for (int32_t i = 0; i < args->n_sets && !is_read; i++)
        is_read = args->set_paths[i] && ev_file_is_same(path, args->set_paths[i]);
    if (is_read)
        return ev_fail(err, EV_USAGE, "%s: would be overwritten, but it is what is read", path);
    return ev_file_check_path(path, err);
}

enum ev_status ev_train_files_check(const struct ev_train_args *args, struct ev_error *err)
{
    char *log = ev_train_log_path(args->out_path);
    enum ev_status status = log ? check_file(args->out_path, args, err) : out_of_memory(err);

    if (status == EV_OK)
        status = check_file(log, args, err);
    if (status == EV_OK)
        status = check_input(args->baseline_path, args, err);
    for (int32_t i = 0; i < args->n_sets && status == EV_OK; i++)
        status = check_input(args->set_paths[i], args, err);
    free(log);
    return status;
}

/* Removes temporary files whose final name is that of one of the run's files. */
static enum ev_status remove_stale(const char *out_path, struct ev_error *err)
{
    char *folder = ev_path_folder(out_path), *log_path = ev_train_log_path(out_path);
    enum ev_status status = folder && log_path ? EV_OK : out_of_memory(err);
    DIR *listing = status == EV_OK ? opendir(folder) : NULL;
    const char *slash = strrchr(out_path, '/');
    size_t n_folder = slash ? (size_t)(slash - out_path) + 1 : 0;
    const char *out_name = out_path + n_folder;
    struct dirent *entry;

    while (listing && (entry = readdir(listing))) {
        char *name = ev_file_final_name(entry->d_name);
        if (name && (strcmp(name, out_name) == 0 || strcmp(name, log_path + n_folder) == 0 ||
                     ev_checkpoint_owns(out_name, name)))
            unlinkat(dirfd(listing), entry->d_name, 0);
        free(name);
    }
    if (listing)
        closedir(listing);
    free(log_path);
    free(folder);
    return status;
}

enum ev_status ev_train_files_lock(const char *out_path, struct ev_train_lock *lock,
                                   struct ev_error *err)
{
    size_t size = strlen(out_path) + sizeof ".lock";
    struct stat info;

    *lock = (struct ev_train_lock){0};
    char *path = malloc(size);
    if (!path)
        return out_of_memory(err);
    snprintf(path, size, "%s.lock", out_path);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        enum ev_status status =
            ev_fail(err, ev_file_status(errno), "%s: cannot be written: %s", path, strerror(errno));
        free(path);
        return status;
    }
    /* A file system that knows no locks protects nobody, which is no reason not to train there. A
     * file without a name is one that another run, ending just now, has removed. */
    bool is_held = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_held || (fstat(file, &info) == 0 && info.st_nlink == 0)) {
        close(file);
        free(path);
        return ev_fail(err, EV_IO, "%s: another evalrun is writing it", out_path);
    }
    *lock = (struct ev_train_lock){.path = path, .file = file};
    return remove_stale(out_path, err);
}

void ev_train_files_unlock(struct ev_train_lock *lock)
{
    struct stat info;

    if (!lock->path)
        return;
    /* While it is still held, so that nobody else's is removed; a file of that name with something
     * in it is not this program's. */
    if (fstat(lock->file, &info) == 0 && info.st_size == 0)
        unlink(lock->path);
    close(lock->file);
    free(lock->path);
    *lock = (struct ev_train_lock){0};
}
