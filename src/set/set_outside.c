/* SPDX-License-Identifier: MIT */
/*
 * Data that a set keeps in other files: behind external links, as external storage, as sources of a
 * virtual dataset. HDF5 opens whatever is named there, and would wait for ever on a pipe.
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

enum ev_status ev_set_check_outside(const struct ev_set *set, const char *name, hid_t dataset,
                                    struct ev_error *err)
{
    hid_t plist = H5Dget_create_plist(dataset);
    enum ev_status status = EV_OK;
    size_t n_sources = 0;
    char file[1024] = "";

    if (plist < 0)
        return ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
    const bool is_virtual = H5Pget_layout(plist) == H5D_VIRTUAL;
    int n_external = H5Pget_external_count(plist);
    if (is_virtual)
        H5Pget_virtual_count(plist, &n_sources);
    else
        n_sources = n_external > 0 ? (size_t)n_external : 0;
    for (size_t i = 0; i < n_sources && status == EV_OK; i++) {
        off_t offset;
        hsize_t size;
        bool known = is_virtual
                         ? H5Pget_virtual_filename(plist, i, file, sizeof file) >= 0
                         : H5Pget_external(plist, (unsigned)i, sizeof file, file, &offset, &size) >= 0;
        file[sizeof file - 1] = '\0';
        if (known && leads_astray(set->path, file))
            status = ev_fail(err, EV_INPUT, "%s: /%s lies in %.200s, which is not a file",
                             set->path, name, file);
    }
    H5Pclose(plist);
    return status;
}
