/* SPDX-License-Identifier: MIT */
/* Opens a set and checks everything about it that can be checked without reading all pictures. The
 * labels, which are read whole, are in set_labels.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "set/set_private.h"

/* Larger pictures are a mistake in the file: no camera has this many pixels in a row. */
#define MAX_SIDE 16384
/* At 20 pictures a second, 1,700 years; keeps all sizes made from it far from overflowing. */
#define MAX_ROWS ((hsize_t)1 << 40)

void ev_set_quiet_hdf5(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Opens the file itself; says what else it is if it is no HDF5 file. */
static enum ev_status open_file(struct ev_set *set, struct ev_error *err)
{
    int64_t bytes;
    enum ev_status status = ev_file_size(set->path, &bytes, err);

    if (status != EV_OK)
        return status;
    if (access(set->path, R_OK) != 0)
        return ev_fail(err, EV_INPUT, "%s: %s", set->path, strerror(errno));
    if (bytes == 0)
        return ev_fail(err, EV_INPUT, "%s: empty file, expected an HDF5 set", set->path);
    if (H5Fis_hdf5(set->path) <= 0)
        return ev_fail(err, EV_INPUT, "%s: not an HDF5 file", set->path);
    set->file = H5Fopen(set->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (set->file < 0)
        return ev_fail(err, EV_INPUT, "%s: HDF5 cannot open it: truncated or damaged", set->path);
    return EV_OK;
}

static enum ev_status check_images(struct ev_set *set, struct ev_error *err)
{
    hsize_t extent[H5S_MAX_RANK];
    int rank;

    enum ev_status status = ev_set_open_dataset(set, "images", &set->images, &rank, extent, err);
    if (status != EV_OK)
        return status;
    hid_t type = H5Dget_type(set->images);
    bool is_u8 = type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) == 1 &&
                 H5Tget_sign(type) == H5T_SGN_NONE;
    if (!is_u8)
        status = ev_fail(err, EV_INPUT, "%s: /images is %s, expected uint8", set->path,
                         ev_set_type_name(type));
    if (type >= 0)
        H5Tclose(type);
    if (status != EV_OK)
        return status;
    if (rank != 4)
        return ev_fail(err, EV_INPUT, "%s: /images has %d dimensions, expected 4 (N, H, W, C)",
                       set->path, rank);
    if (extent[0] == 0)
        return ev_fail(err, EV_INPUT, "%s: /images has no rows", set->path);
    if (extent[3] != 1 && extent[3] != 3)
        return ev_fail(err, EV_INPUT, "%s: /images has %llu channels, expected 1 or 3", set->path,
                       (unsigned long long)extent[3]);
    /* With sides in bounds a row has less than 2^30 bytes; N rows must be countable too. */
    if (extent[1] < 1 || extent[1] > MAX_SIDE || extent[2] < 1 || extent[2] > MAX_SIDE ||
        extent[0] > MAX_ROWS || extent[0] > INT64_MAX / (extent[1] * extent[2] * extent[3]))
        return ev_fail(err, EV_INPUT, "%s: /images is %llu x %llu x %llu x %llu: %s", set->path,
                       (unsigned long long)extent[0], (unsigned long long)extent[1],
                       (unsigned long long)extent[2], (unsigned long long)extent[3],
                       extent[1] < 1 || extent[2] < 1 ? "empty" : "too large");
    set->info.n_rows = (int64_t)extent[0];
    set->info.shape = (struct ev_shape){(int32_t)extent[1], (int32_t)extent[2], (int32_t)extent[3]};
    set->row_bytes = (size_t)extent[1] * (size_t)extent[2] * (size_t)extent[3];
    return EV_OK;
}

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
                           "%s: /images needs the HDF5 filter %d%s%.63s%s, which is "
                           "not installed",
                           set->path, (int)filter, *name ? " (" : "", name, *name ? ")" : "");
    }
    return EV_OK;
}

/* A block of pictures in this very file is read without HDF5, if it lies in the file whole. */
static enum ev_status check_block(struct ev_set *set, struct ev_error *err)
{
    struct stat info;

    /* From the file's first byte, a user block included. */
    haddr_t offset = H5Dget_offset(set->images);
    set->raw_file = open(set->path, O_RDONLY | O_CLOEXEC);
    if (set->raw_file < 0 || fstat(set->raw_file, &info) != 0)
        return ev_fail(err, EV_INPUT, "%s: %s", set->path, strerror(errno));
    if (offset == HADDR_UNDEF || offset > (haddr_t)info.st_size ||
        (info.st_size - (int64_t)offset) / (int64_t)set->row_bytes < set->info.n_rows)
        return ev_fail(err, EV_INPUT, "%s: truncated: the file ends before the last of %lld rows",
                       set->path, (long long)set->info.n_rows);
    set->raw_offset = (int64_t)offset;
    return EV_OK;
}

/* Whether /images is of the file itself, not behind a link to another one. */
static bool is_own(const struct ev_set *set)
{
    char file[4096], images[4096];
    ssize_t n_file = H5Fget_name(set->file, file, sizeof file);
    ssize_t n_images = H5Fget_name(set->images, images, sizeof images);

    return n_file > 0 && (size_t)n_file < sizeof file && n_images == n_file &&
           strcmp(file, images) == 0;
}

/* Finds out how the pictures are stored, and that they are there. */
static enum ev_status check_storage(struct ev_set *set, struct ev_error *err)
{
    hid_t plist = H5Dget_create_plist(set->images);

    if (plist < 0)
        return ev_fail(err, EV_INPUT, "%s: /images: truncated or damaged", set->path);
    enum ev_status status = check_filters(set, plist, err);
    if (status == EV_OK)
        status = ev_set_check_written(set, "images", set->images, err);
    if (status == EV_OK && H5Pget_layout(plist) == H5D_CONTIGUOUS &&
        H5Pget_external_count(plist) == 0 && is_own(set))
        status = check_block(set, err);
    H5Pclose(plist);
    return status;
}

/* The file's root attributes; all are optional. */
static enum ev_status read_root(struct ev_set *set, struct ev_error *err)
{
    char *format = ev_set_read_text(set->file, "format");
    double version = EV_SET_FORMAT_VERSION;
    bool is_ours = format && strcmp(format, EV_SET_FORMAT) == 0;

    free(format);
    ev_set_read_double(set->file, "format_version", &version);
    if (is_ours && version > EV_SET_FORMAT_VERSION && !set->lenient)
        return ev_fail(err, EV_INPUT, "%s: set format %g, this program reads up to %d", set->path,
                       version, EV_SET_FORMAT_VERSION);
    set->circuit = ev_set_read_text(set->file, "circuit");
    set->provenance = ev_set_read_text(set->file, "provenance");
    set->sha256 = ev_set_read_text(set->file, "sha256");
    ev_set_read_double(set->file, "frame_rate_hz", &set->info.frame_rate_hz);
    set->info.circuit = set->circuit ? set->circuit : "";
    set->info.provenance = set->provenance ? set->provenance : "";
    bool is_digest =
        set->sha256 && strlen(set->sha256) == 64 && strspn(set->sha256, "0123456789abcdef") == 64;
    set->info.recorded_sha256 = is_digest ? set->sha256 : "";
    return EV_OK;
}

static enum ev_status open_set(const char *path, bool lenient, struct ev_set **out,
                               struct ev_error *err)
{
    struct ev_set *set = calloc(1, sizeof *set);

    *out = NULL;
    if (!set)
        return ev_fail(err, EV_MEMORY, "out of memory");
    set->lenient = lenient;
    set->file = set->images = -1;
    set->raw_file = -1;
    set->path = strdup(path);
    ev_set_quiet_hdf5();
    enum ev_status status = set->path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
    if (status == EV_OK)
        status = open_file(set, err);
    if (status == EV_OK)
        status = read_root(set, err);
    if (status == EV_OK)
        status = check_images(set, err);
    if (status == EV_OK)
        status = check_storage(set, err);
    if (status == EV_OK)
        status = ev_set_read_labels(set, err);
    if (status != EV_OK) {
        ev_set_close(set);
        return status;
    }
    set->info.path = set->path;
    *out = set;
    return EV_OK;
}

enum ev_status ev_set_open(const char *path, struct ev_set **set, struct ev_error *err)
{
    return open_set(path, false, set, err);
}

enum ev_status ev_set_open_lenient(const char *path, struct ev_set **set, struct ev_error *err)
{
    return open_set(path, true, set, err);
}

void ev_set_close(struct ev_set *set)
{
    if (!set)
        return;
    if (set->images >= 0)
        H5Dclose(set->images);
    if (set->file >= 0)
        H5Fclose(set->file);
    if (set->raw_file >= 0)
        close(set->raw_file);
    free(set->path);
    free(set->circuit);
    free(set->provenance);
    free(set->sha256);
    free(set->labels);
    free(set);
}

const struct ev_set_info *ev_set_info(const struct ev_set *set)
{
    return &set->info;
}

const float *ev_set_labels(const struct ev_set *set)
{
    return set->labels;
}

void ev_set_targets(const struct ev_set *set, int64_t first, int64_t n, float *out)
{
    const int32_t n_outputs = set->info.n_outputs;
    const float *labels = set->labels + first * n_outputs;

    for (int64_t i = 0; i < n * n_outputs; i++) {
        const struct ev_column *column = &set->info.columns[i % n_outputs];
        out[i] = (float)((labels[i] - column->min) / (column->max - column->min));
    }
}
