/* SPDX-License-Identifier: MIT */
/* Datasets of a file, whatever they hold: open, name their type, see whether they were written. */
#include "base/text.h"
#include "set/set_private.h"

#define CHUNK_CACHE_SLOTS 4099

hid_t ev_set_access_plist(size_t cache_bytes)
{
    hid_t plist = H5Pcreate(H5P_DATASET_ACCESS);

    if (plist >= 0) {
        H5Pset_chunk_cache(plist, CHUNK_CACHE_SLOTS, cache_bytes, H5D_CHUNK_CACHE_W0_DEFAULT);
        ev_set_guard_links(plist);
    }
    return plist;
}

const char *ev_set_type_name(hid_t type)
{
    size_t size = H5Tget_size(type);

    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        if (H5Tget_sign(type) == H5T_SGN_NONE)
            return size == 1 ? "uint8" : size == 2 ? "uint16" : size == 4 ? "uint32" : "uint64";
        return size == 1 ? "int8" : size == 2 ? "int16" : size == 4 ? "int32" : "int64";
    case H5T_FLOAT:
        return size == 2 ? "float16" : size == 4 ? "float32" : "float64";
    case H5T_STRING:
        return "text";
    default:
        return "of a type that is no number";
    }
}

/* Names of the file's datasets, as many as fit. */
struct names {
    char text[200];
    size_t used;
};

static herr_t add_name(hid_t object, const char *name, const H5O_info_t *info, void *data)
{
    struct names *names = data;

    (void)object;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    int n = snprintf(names->text + names->used, sizeof names->text - names->used, "%s/%s",
                     names->used > 0 ? ", " : "", name);
    if ((size_t)n >= sizeof names->text - names->used) {
        names->text[names->used] = '\0';
        return 1; /* enough */
    }
    names->used += (size_t)n;
    return 0;
}

static enum ev_status no_dataset(const struct ev_set *set, const char *name, struct ev_error *err)
{
    struct names names = {0};
    char clean[sizeof names.text];

    H5Ovisit2(set->file, H5_INDEX_NAME, H5_ITER_INC, add_name, &names, H5O_INFO_BASIC);
    ev_text_clean(names.text, clean, sizeof clean);
    if (names.used == 0)
        return ev_fail(err, EV_INPUT, "%s: no dataset /%s", set->path, name);
    return ev_fail(err, EV_INPUT, "%s: no dataset /%s; it has %s (see --images and --labels)",
                   set->path, name, clean);
}

/* Whether the bits of a number lie within its bytes, where HDF5 looks for them, and are no small
 * part of them: else the size is not what the values were stored with. */
static bool is_sound(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    size_t sign, exponent, n_exponent, mantissa, n_mantissa;

    if (class != H5T_INTEGER && class != H5T_FLOAT)
        return type >= 0;
    const size_t n_bits = 8 * H5Tget_size(type), n_used = H5Tget_precision(type);
    const int offset = H5Tget_offset(type);
    if (offset < 0 || n_used > n_bits || (size_t)offset > n_bits - n_used ||
        (n_bits > 8 && 2 * n_used < n_bits))
        return false;
    return class == H5T_INTEGER ||
           (H5Tget_fields(type, &sign, &exponent, &n_exponent, &mantissa, &n_mantissa) >= 0 &&
            sign < n_bits && exponent + n_exponent <= n_bits && mantissa + n_mantissa <= n_bits);
}

enum ev_status ev_set_open_dataset(const struct ev_set *set, const char *name, hid_t *dataset,
                                   int *rank, hsize_t extent[H5S_MAX_RANK], struct ev_error *err)
{
    *dataset = -1;
    if (H5Lexists(set->file, name, H5P_DEFAULT) <= 0)
        return no_dataset(set, name, err);
    hid_t plist = ev_set_access_plist(EV_SET_CACHE_BYTES);
    if (plist >= 0) {
        *dataset = H5Dopen2(set->file, name, plist);
        H5Pclose(plist);
    }
    if (*dataset < 0)
        return ev_fail(err, EV_INPUT, "%s: /%s is not a dataset or is damaged", set->path, name);
    hid_t type = H5Dget_type(*dataset);
    enum ev_status status =
        is_sound(type) ? ev_set_check_outside(set, name, *dataset, err)
                       : ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
    if (type >= 0)
        H5Tclose(type);
    if (status != EV_OK) {
        H5Dclose(*dataset);
        *dataset = -1;
        return status;
    }
    hid_t space = H5Dget_space(*dataset);
    *rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (*rank > 0)
        H5Sget_simple_extent_dims(space, extent, NULL);
    if (space >= 0)
        H5Sclose(space);
    return EV_OK;
}

bool ev_set_transfer(hid_t dataset, hid_t type, int64_t first, int64_t n, void *rows, bool write)
{
    hsize_t start[H5S_MAX_RANK] = {(hsize_t)first}, count[H5S_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    bool ok = false;

    if (space < 0)
        return false;
    int rank = H5Sget_simple_extent_dims(space, count, NULL);
    count[0] = (hsize_t)n;
    hid_t memory = H5Screate_simple(rank, count, NULL);
    if (memory >= 0) {
        ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
             (write ? H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, rows)
                    : H5Dread(dataset, type, memory, space, H5P_DEFAULT, rows)) >= 0;
        H5Sclose(memory);
    }
    H5Sclose(space);
    return ok;
}

/* How many chunks the dataset has, and how many it would have with every row written. */
static bool count_chunks(hid_t dataset, hid_t plist, hsize_t *n_found, hsize_t *n_expected)
{
    hsize_t chunk[H5S_MAX_RANK], extent[H5S_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, extent, NULL);
    bool ok = rank >= 1 && H5Pget_chunk(plist, rank, chunk) == rank &&
              H5Dget_num_chunks(dataset, space, n_found) >= 0;

    if (space >= 0)
        H5Sclose(space);
    *n_expected = 1;
    for (int i = 0; ok && i < rank; i++)
        *n_expected *= (extent[i] + chunk[i] - 1) / chunk[i];
    return ok;
}

/* Whether what is stored in one piece has a byte for every value: HDF5 reads on behind it. */
static bool is_whole(hid_t dataset)
{
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    size_t size = type < 0 ? 0 : H5Tget_size(type);

    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return n >= 0 && size > 0 && H5Dget_storage_size(dataset) / size >= (hsize_t)n;
}

enum ev_status ev_set_check_written(const struct ev_set *set, const char *name, hid_t dataset,
                                    struct ev_error *err)
{
    enum ev_status status = EV_OK;
    hid_t plist = H5Dget_create_plist(dataset);
    H5D_layout_t layout = plist < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(plist);
    hsize_t n_expected, n_found;

    if (layout == H5D_LAYOUT_ERROR) {
        status = ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
    } else if (layout == H5D_CONTIGUOUS) {
        if (H5Pget_external_count(plist) == 0 && H5Dget_offset(dataset) == HADDR_UNDEF)
            status = ev_fail(err, EV_INPUT, "%s: /%s was never written", set->path, name);
        else if (!is_whole(dataset))
            status = ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
    } else if (layout == H5D_COMPACT) {
        if (!is_whole(dataset))
            status = ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
    } else if (layout == H5D_CHUNKED) {
        if (!count_chunks(dataset, plist, &n_found, &n_expected))
            status = ev_fail(err, EV_INPUT, "%s: /%s: truncated or damaged", set->path, name);
        else if (n_found != n_expected)
            status =
                ev_fail(err, EV_INPUT, "%s: /%s: only %llu of %llu chunks were written", set->path,
                        name, (unsigned long long)n_found, (unsigned long long)n_expected);
    }
    if (plist >= 0)
        H5Pclose(plist);
    return status;
}
