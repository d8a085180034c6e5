/* SPDX-License-Identifier: MIT */
/* How the pictures of a file are stored, and that they are all there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "set/set_private.h"

/* Filters come first: without them HDF5 finds out only while reading. */
static enum ev_status check_filters(const struct ev_set *set, hid_t plist, struct ev_error *err)
{
    int n_filters = H5Pget_nfilters(plist);

    for (int i = 0; i < n_filters; i++) {
        unsigned flags, config;
        size_t n_values = 0;
        char name[64] = "";
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, &config);
        if (filter < 0 || H5Zfilter_avail(filter) <= 0)
            return ev_fail(err, EV_INPUT,
                           "%s: /%s needs the HDF5 filter %d%s%.63s%s, which is "
                           "not installed",
                           set->path, set->images_name, (int)filter, *name ? " (" : "", name,
                           *name ? ")" : "");
    }
    return EV_OK;
}

/* Opens the file that holds the pictures: the set's, or the one behind an external link. */
static enum ev_status open_descriptor(struct ev_set *set, struct ev_error *err)
{
    char name[4096];
    struct stat info;
    ssize_t n_name = H5Fget_name(set->images, name, sizeof name);

    if (n_name <= 0 || (size_t)n_name >= sizeof name)
        return ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, set->images_name);
    set->descriptor = open(name, O_RDONLY | O_CLOEXEC);
    if (set->descriptor < 0 || fstat(set->descriptor, &info) != 0)
        return ev_fail(err, ev_file_status(errno), "%s: %s", name, strerror(errno));
    set->file_bytes = info.st_size;
    return EV_OK;
}

/* A block of pictures is read without HDF5, if it lies in the file whole. */
static enum ev_status find_block(struct ev_set *set, struct ev_error *err)
{
    /* From the file's first byte, a user block included. */
    haddr_t offset = H5Dget_offset(set->images);

    if (offset == HADDR_UNDEF || offset > (haddr_t)set->file_bytes ||
        (set->file_bytes - (int64_t)offset) / (int64_t)set->stored_bytes < set->info.n_rows)
        return ev_fail(err, EV_INPUT, "%s: truncated: the file ends before the last of %lld rows",
                       set->path, (long long)set->info.n_rows);
    set->block_offset = (int64_t)offset;
    return EV_OK;
}

/* Whether chunks have no filters but shuffle, of whole values, and deflate, in this order, and all
 * of them (options leave them out of the last one); those that cut pictures must be packed. */
static bool find_chunks(struct ev_set *set, hid_t plist)
{
    hsize_t extent[H5S_MAX_RANK], chunk[H5S_MAX_RANK];
    hid_t space = H5Dget_space(set->images);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, extent, NULL);
    unsigned chunk_options = 0;
    bool ok = rank >= 1 && rank <= EV_MAX_AXES && H5Pget_chunk(plist, rank, chunk) == rank &&
              H5Pget_chunk_opts(plist, &chunk_options) >= 0 && chunk_options == 0;

    if (space >= 0)
        H5Sclose(space);
    int n_filters = H5Pget_nfilters(plist);
    for (int i = 0; ok && i < n_filters; i++) {
        unsigned flags, config, value = 0;
        size_t n_values = 1;
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, &value, 0, NULL, &config);
        ok = (filter == H5Z_FILTER_SHUFFLE && i == 0 && n_values == 1 &&
              value == ev_element_bytes(set->element)) ||
             (filter == H5Z_FILTER_DEFLATE && i == n_filters - 1);
        set->shuffled = set->shuffled || filter == H5Z_FILTER_SHUFFLE;
        set->deflated = set->deflated || filter == H5Z_FILTER_DEFLATE;
    }
    ok = ok && ev_set_find_parts(set, rank, extent, chunk);
    return ok && (!set->is_cut || set->shuffled || set->deflated);
}

/* Chunks that are not packed are read without HDF5's cache, which trusts the sizes that the file
 * gives for them: what is not kept, HDF5 reads by its place and the length of the rows. */
static enum ev_status reopen_uncached(struct ev_set *set, struct ev_error *err)
{
    hid_t plist = ev_set_access_plist(0);

    H5Dclose(set->images);
    set->images = plist < 0 ? -1 : H5Dopen2(set->file, set->images_name, plist);
    if (plist >= 0)
        H5Pclose(plist);
    return set->images >= 0 ? EV_OK
                            : ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path,
                                      set->images_name);
}

enum ev_status ev_set_find_storage(struct ev_set *set, struct ev_error *err)
{
    const bool is_native = set->storage != EV_STORAGE_HDF5;
    hid_t plist = H5Dget_create_plist(set->images);

    set->storage = EV_STORAGE_HDF5;
    if (plist < 0)
        return ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, set->images_name);
    enum ev_status status = check_filters(set, plist, err);
    if (status == EV_OK)
        status = ev_set_check_written(set, set->images_name, set->images, err);
    if (status == EV_OK)
        status = open_descriptor(set, err);
    H5D_layout_t layout = H5Pget_layout(plist);
    bool is_block = layout == H5D_CONTIGUOUS && H5Pget_external_count(plist) == 0;
    if (status == EV_OK && is_native && is_block) {
        set->storage = EV_STORAGE_BLOCK;
        status = find_block(set, err);
    } else if (status == EV_OK && is_native && layout == H5D_CHUNKED && find_chunks(set, plist)) {
        set->storage = EV_STORAGE_CHUNKS;
        if (!set->deflated && !set->shuffled)
            status = reopen_uncached(set, err);
    }
    set->hdf5_unpacks = set->storage == EV_STORAGE_HDF5 && H5Pget_nfilters(plist) > 0;
    H5Pclose(plist);
    return status;
}
