/* SPDX-License-Identifier: MIT */
/*
 * Data that a set keeps in other files. Behind external links they are read, but HDF5 opens
 * whatever is named there, and would wait for ever on a pipe. External storage must be there whole,
 * and virtual datasets are refused: HDF5 gives zeros for what is missing, and a score would be made
 * of them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "set/set_private.h"

static bool is_special(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* Whether `name` is there and no regular file: as it is, or in the folder of `beside`, which are
 * the places where HDF5 looks. */
static bool leads_astray(const char *beside, const char *name)
{
    const char *slash = strrchr(beside, '/');
    char *folder = slash ? strndup(beside, (size_t)(slash - beside)) : strdup(".");
    char *path = folder ? ev_path_join(folder, name) : NULL;
    bool astray = !path || is_special(name) || is_special(path);

    free(path);
    free(folder);
    return astray;
}

/* HDF5 calls this before it follows an external link, nested ones too. */
static herr_t follow_link(const char *parent_file, const char *parent_group, const char *child_file,
                          const char *child_object, unsigned *flags, hid_t plist, void *data)
{
    (void)parent_group;
    (void)child_object;
    (void)flags;
    (void)plist;
    (void)data;
    return leads_astray(parent_file, child_file) ? -1 : 0;
}

void ev_set_guard_links(hid_t access_plist)
{
    H5Pset_elink_cb(access_plist, follow_link, NULL);
}

/* Whether a part of external storage is a regular file that holds it. A part without a limit holds
 * all that is left of the dataset. */
static bool is_there(const char *file, off_t offset, hsize_t size, hsize_t left)
{
    struct stat info;

    return stat(file, &info) == 0 && S_ISREG(info.st_mode) && offset <= info.st_size &&
           (size == H5F_UNLIMITED ? left : size) <= (hsize_t)(info.st_size - offset);
}

enum ev_status ev_set_check_outside(const struct ev_set *set, const char *name, hid_t dataset,
                                    struct ev_error *err)
{
    hid_t plist = H5Dget_create_plist(dataset);
    enum ev_status status = EV_OK;
    char file[1024] = "";

    if (plist < 0)
        return ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
    if (H5Pget_layout(plist) == H5D_VIRTUAL)
        status = ev_fail(err, EV_INPUT,
                         "%s: /%s is a virtual dataset, made of other files: copy it into one",
                         set->path, name);
    int n_external = H5Pget_external_count(plist);
    hsize_t left = n_external > 0 ? H5Dget_storage_size(dataset) : 0;
    for (int i = 0; i < n_external && status == EV_OK; i++) {
        off_t offset = 0;
        hsize_t size = 0;
        if (H5Pget_external(plist, (unsigned)i, sizeof file, file, &offset, &size) < 0)
            status = ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
        file[sizeof file - 1] = '\0';
        if (status == EV_OK && !is_there(file, offset, size, left))
            status = ev_fail(err, EV_INPUT,
                             "%s: /%s lies in %.200s, which is no file or lacks a part of it",
                             set->path, name, file);
        left = size < left ? left - size : 0;
    }
    H5Pclose(plist);
    return status;
}
