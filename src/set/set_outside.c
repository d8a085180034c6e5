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

/* --- Every file that is read --- */

/* A file that is looked for among those that HDF5 opens. */
struct search {
    const char *path;
    bool found;
};

/* Whether an external link leads to the file, at each step of several. */
static herr_t compare_link(const char *parent_file, const char *parent_group,
                           const char *child_file, const char *child_object, unsigned *flags,
                           hid_t plist, void *data)
{
    struct search *search = data;
    char *folder = ev_path_folder(parent_file);
    char *beside = folder ? ev_path_join(folder, child_file) : NULL;

    if (ev_file_is_same(child_file, search->path) ||
        (beside && ev_file_is_same(beside, search->path)))
        search->found = true;
    free(beside);
    free(folder);
    return follow_link(parent_file, parent_group, child_file, child_object, flags, plist, NULL);
}

/* Whether a dataset lies in the file, or has external storage there. */
static bool lies_in(hid_t dataset, const char *path)
{
    char name[4096];
    hid_t plist = H5Dget_create_plist(dataset);
    const int n_external = plist < 0 ? 0 : H5Pget_external_count(plist);
    ssize_t length = H5Fget_name(dataset, name, sizeof name);
    bool found = length > 0 && (size_t)length < sizeof name && ev_file_is_same(name, path);

    for (int i = 0; i < n_external && !found; i++) {
        off_t offset;
        hsize_t size;
        if (H5Pget_external(plist, (unsigned)i, sizeof name, name, &offset, &size) < 0)
            continue;
        name[sizeof name - 1] = '\0';
        found = ev_file_is_same(name, path);
    }
    if (plist >= 0)
        H5Pclose(plist);
    return found;
}

static void search_dataset(const struct ev_set *set, hid_t plist, const char *name,
                           struct search *search)
{
    hid_t dataset = H5Dopen2(set->file, name, plist);

    if (dataset < 0)
        return;
    search->found = search->found || lies_in(dataset, search->path);
    H5Dclose(dataset);
}

bool ev_set_reads_file(const struct ev_set *set, const char *path)
{
    struct search search = {path, ev_file_is_same(set->path, path)};
    hid_t plist = H5Pcreate(H5P_DATASET_ACCESS);
    H5G_info_t group;
    char name[256];

    if (search.found || plist < 0 || !ev_file_exists(path) || H5Gget_info(set->file, &group) < 0)
        goto done;
    H5Pset_elink_cb(plist, compare_link, &search);
    search_dataset(set, plist, set->images_name, &search);
    search_dataset(set, plist, set->labels_name, &search);
    for (hsize_t i = 0; i < group.nlinks && !search.found; i++) {
        ssize_t length = H5Lget_name_by_idx(set->file, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                            sizeof name, H5P_DEFAULT);
        if (length > 0 && (size_t)length < sizeof name)
            search_dataset(set, plist, name, &search);
    }
done:
    if (plist >= 0)
        H5Pclose(plist);
    return search.found;
}

/* --- External storage --- */

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
