/* SPDX-License-Identifier: MIT */
/* Folders are made under another name and renamed. */
#include "inspect/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Whether something is there that a rename cannot replace: anything but an empty folder. */
static enum ev_status check_place(const char *path, struct ev_error *err)
{
    struct stat info;
    struct dirent *entry;
    bool empty = true;

    if (lstat(path, &info) != 0)
        return EV_OK;
    if (!S_ISDIR(info.st_mode))
        return ev_fail(err, EV_INPUT, "%s: is there already, expected a new folder's name", path);
    DIR *listing = opendir(path);
    while (listing && empty && (entry = readdir(listing)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (listing)
        closedir(listing);
    return listing && empty ? EV_OK : ev_fail(err, EV_INPUT, "%s: the folder is not empty", path);
}

enum ev_status ev_new_folder_open(struct ev_new_folder *folder, const char *path,
                                  struct ev_error *err)
{
    char *name = NULL;

    *folder = (struct ev_new_folder){.path = ev_path_trim(path)};
    if (!folder->path || asprintf(&name, "%s.part-XXXXXX", folder->path) < 0)
        return ev_fail(err, EV_MEMORY, "out of memory");
    enum ev_status status = check_place(folder->path, err);
    if (status == EV_OK && !mkdtemp(name))
        status =
            ev_fail(err, ev_file_status(errno), "%s: cannot be written: %s", path, strerror(errno));
    if (status != EV_OK) {
        free(name);
        return status;
    }
    folder->temporary = name;
    /* mkdtemp makes folders private; a result is as readable as any other new folder. */
    mode_t mask = umask(0);
    umask(mask);
    chmod(name, 0777 & ~mask);
    return EV_OK;
}

char *ev_new_folder_path(const struct ev_new_folder *folder, const char *name)
{
    return ev_path_join(folder->temporary, name);
}

enum ev_status ev_new_folder_commit(struct ev_new_folder *folder, struct ev_error *err)
{
    int file = open(folder->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* One call for all files: a sync of each would take longer than writing it. */
    bool synced = file >= 0 && syncfs(file) == 0;
    int reason = errno;

    if (file >= 0)
        close(file);
    if (!synced || rename(folder->temporary, folder->path) != 0)
        return ev_fail(err, EV_IO, "%s: cannot be written: %s", folder->path,
                       strerror(synced ? errno : reason));
    free(folder->temporary);
    folder->temporary = NULL;
    return EV_OK;
}

/* Only files are in it. */
static void remove_all(const char *path)
{
    DIR *listing = opendir(path);
    struct dirent *entry;

    while (listing && (entry = readdir(listing)))
        unlinkat(dirfd(listing), entry->d_name, 0); /* not "." and "..", which are no files */
    if (listing)
        closedir(listing);
    rmdir(path);
}

void ev_new_folder_abort(struct ev_new_folder *folder)
{
    if (folder->temporary)
        remove_all(folder->temporary);
    free(folder->temporary);
    free(folder->path);
    *folder = (struct ev_new_folder){0};
}
