/* SPDX-License-Identifier: MIT */
/* Opens a set and checks everything about it that can be checked without reading all pictures. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "set/set_private.h"

/* Pictures larger than this are a mistake or an attack: 60,000 x 60,000 is neither a camera. */
#define MAX_SIDE 16384
#define MAX_ROWS (INT64_C(1) << 40)

void ev_set_quiet_hdf5(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static const char *type_name(hid_t type)
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

/* Opens a dataset of the file and its extent. */
static enum ev_status open_dataset(const struct ev_set *set, const char *name, hid_t *dataset,
                                   int *rank, hsize_t extent[H5S_MAX_RANK], struct ev_error *err)
{
    *dataset = -1;
    if (H5Lexists(set->file, name, H5P_DEFAULT) <= 0)
        return ev_fail(err, EV_INPUT, "%s: no dataset /%s", set->path, name);
    *dataset = H5Dopen2(set->file, name, H5P_DEFAULT);
    if (*dataset < 0)
        return ev_fail(err, EV_INPUT, "%s: /%s is not a dataset or is damaged", set->path, name);
    hid_t space = H5Dget_space(*dataset);
    *rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (*rank > 0)
        H5Sget_simple_extent_dims(space, extent, NULL);
    if (space >= 0)
        H5Sclose(space);
    return EV_OK;
}

static enum ev_status check_images(struct ev_set *set, struct ev_error *err)
{
    hsize_t extent[H5S_MAX_RANK];
    int rank;

    enum ev_status status = open_dataset(set, "images", &set->images, &rank, extent, err);
    if (status != EV_OK)
        return status;
    hid_t type = H5Dget_type(set->images);
    bool is_u8 = type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) == 1 &&
                 H5Tget_sign(type) == H5T_SGN_NONE;
    if (!is_u8)
        status = ev_fail(err, EV_INPUT, "%s: /images is %s, expected uint8", set->path,
                         type < 0 ? "unreadable" : type_name(type));
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
    if (extent[0] > (hsize_t)MAX_ROWS || extent[1] < 1 || extent[1] > MAX_SIDE || extent[2] < 1 ||
        extent[2] > MAX_SIDE)
        return ev_fail(err, EV_INPUT, "%s: /images is %llu x %llu x %llu x %llu, too large or empty",
                       set->path, (unsigned long long)extent[0], (unsigned long long)extent[1],
                       (unsigned long long)extent[2], (unsigned long long)extent[3]);
    set->info.n_rows = (int64_t)extent[0];
    set->info.shape = (struct ev_shape){(int32_t)extent[1], (int32_t)extent[2], (int32_t)extent[3]};
    set->row_bytes = (size_t)extent[1] * (size_t)extent[2] * (size_t)extent[3];
    return EV_OK;
}

/* Finds out how the pictures are stored, and that a contiguous block of them lies in the file. */
static enum ev_status check_storage(struct ev_set *set, struct ev_error *err)
{
    enum ev_status status = EV_OK;
    hid_t plist = H5Dget_create_plist(set->images);
    H5D_layout_t layout = plist < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(plist);
    int n_filters = plist < 0 ? -1 : H5Pget_nfilters(plist);
    int n_external = plist < 0 ? 0 : H5Pget_external_count(plist);

    for (int i = 0; i < n_filters && status == EV_OK; i++) {
        unsigned flags, config;
        size_t n_values = 0;
        char name[64] = "";
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, &config);
        if (filter < 0 || H5Zfilter_avail(filter) <= 0)
            status = ev_fail(err, EV_INPUT, "%s: /images needs the HDF5 filter %d%s%s%s, not here",
                             set->path, (int)filter, *name ? " (" : "", name, *name ? ")" : "");
    }
    if (plist >= 0)
        H5Pclose(plist);
    if (status != EV_OK || layout != H5D_CONTIGUOUS || n_filters != 0 || n_external != 0)
        return status;

    haddr_t offset = H5Dget_offset(set->images);
    struct stat info;
    set->raw_file = open(set->path, O_RDONLY | O_CLOEXEC);
    if (set->raw_file < 0 || fstat(set->raw_file, &info) != 0)
        return ev_fail(err, EV_INPUT, "%s: %s", set->path, strerror(errno));
    if (offset == HADDR_UNDEF)
        return ev_fail(err, EV_INPUT, "%s: /images was never written", set->path);
    /* MAX_ROWS * MAX_SIDE^2 * 3 overflows int64_t, so divide. */
    int64_t n_bytes = info.st_size - (int64_t)offset;
    if ((int64_t)offset < 0 || n_bytes < 0 ||
        n_bytes / (int64_t)set->row_bytes < set->info.n_rows)
        return ev_fail(err, EV_INPUT, "%s: truncated: /images should have %lld rows, the file ends earlier",
                       set->path, (long long)set->info.n_rows);
    set->raw_offset = (int64_t)offset;
    return EV_OK;
}

static enum ev_status check_label_values(const struct ev_set *set, struct ev_error *err)
{
    const int32_t n_outputs = set->info.n_outputs;

    for (int64_t row = 0; row < set->info.n_rows; row++) {
        for (int32_t c = 0; c < n_outputs; c++) {
            float value = set->labels[row * n_outputs + c];
            if (!isfinite(value))
                return ev_fail(err, EV_INPUT, "%s: /labels row %lld: %s is %s", set->path,
                               (long long)row, set->info.columns[c].name,
                               isnan(value) ? "NaN" : "infinite");
        }
    }
    return EV_OK;
}

/* Names, units and ranges from the attributes of /labels; y0, y1, ... with 0..1 without them. */
static enum ev_status read_columns(struct ev_set *set, hid_t labels, struct ev_error *err)
{
    const int n = set->info.n_outputs;
    char texts[EV_MAX_OUTPUTS][32];
    double low[EV_MAX_OUTPUTS], high[EV_MAX_OUTPUTS];

    for (int i = 0; i < n; i++) {
        struct ev_column *column = &set->info.columns[i];
        snprintf(column->name, sizeof column->name, "y%d", i);
        column->min = 0.0;
        column->max = 1.0;
    }
    if (ev_set_read_texts(labels, "names", n, texts)) {
        for (int i = 0; i < n; i++)
            memcpy(set->info.columns[i].name, texts[i], sizeof texts[i]);
    }
    if (ev_set_read_texts(labels, "units", n, texts)) {
        for (int i = 0; i < n; i++)
            memcpy(set->info.columns[i].unit, texts[i], sizeof texts[i]);
    }
    if (H5Aexists(labels, "min") <= 0 && H5Aexists(labels, "max") <= 0)
        return EV_OK;
    if (!ev_set_read_doubles(labels, "min", n, low) || !ev_set_read_doubles(labels, "max", n, high))
        return ev_fail(err, EV_INPUT, "%s: /labels: attributes min and max need %d numbers each",
                       set->path, n);
    for (int i = 0; i < n; i++) {
        struct ev_column *column = &set->info.columns[i];
        if (!isfinite(low[i]) || !isfinite(high[i]) || low[i] >= high[i])
            return ev_fail(err, EV_INPUT, "%s: /labels: the range of %s is %g to %g", set->path,
                           column->name, low[i], high[i]);
        column->min = low[i];
        column->max = high[i];
    }
    return EV_OK;
}

static enum ev_status check_labels(struct ev_set *set, struct ev_error *err)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    hid_t labels, type = -1;
    int rank;

    enum ev_status status = open_dataset(set, "labels", &labels, &rank, extent, err);
    if (status != EV_OK)
        return status;
    type = H5Dget_type(labels);
    hsize_t n_outputs = rank == 2 ? extent[1] : 1;
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    if (class != H5T_FLOAT && class != H5T_INTEGER)
        status = ev_fail(err, EV_INPUT, "%s: /labels is %s, expected numbers", set->path,
                         type < 0 ? "unreadable" : type_name(type));
    else if (rank != 1 && rank != 2)
        status = ev_fail(err, EV_INPUT, "%s: /labels has %d dimensions, expected 2 (N, K)",
                         set->path, rank);
    else if ((int64_t)extent[0] != set->info.n_rows)
        status = ev_fail(err, EV_INPUT, "%s: /images has %lld rows, /labels has %llu", set->path,
                         (long long)set->info.n_rows, (unsigned long long)extent[0]);
    else if (n_outputs < 1 || n_outputs > EV_MAX_OUTPUTS)
        status = ev_fail(err, EV_INPUT, "%s: /labels has %llu columns, expected 1 to %d", set->path,
                         (unsigned long long)n_outputs, EV_MAX_OUTPUTS);
    if (status != EV_OK)
        goto done;
    set->info.n_outputs = (int32_t)n_outputs;
    status = read_columns(set, labels, err);
    if (status != EV_OK)
        goto done;
    set->labels = malloc((size_t)set->info.n_rows * (size_t)n_outputs * sizeof *set->labels);
    if (!set->labels)
        status = ev_fail(err, EV_MEMORY, "%s: out of memory for the labels", set->path);
    else if (H5Dread(labels, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, set->labels) < 0)
        status = ev_fail(err, EV_INPUT, "%s: /labels cannot be read: truncated or damaged",
                         set->path);
    else
        status = check_label_values(set, err);
done:
    if (type >= 0)
        H5Tclose(type);
    H5Dclose(labels);
    return status;
}

/* The file's root attributes; all are optional. */
static void read_root(struct ev_set *set)
{
    set->circuit = ev_set_read_text(set->file, "circuit");
    set->provenance = ev_set_read_text(set->file, "provenance");
    set->sha256 = ev_set_read_text(set->file, "sha256");
    ev_set_read_double(set->file, "frame_rate_hz", &set->info.frame_rate_hz);
    set->info.path = set->path;
    set->info.circuit = set->circuit ? set->circuit : "";
    set->info.provenance = set->provenance ? set->provenance : "";
    set->info.recorded_sha256 = set->sha256 && strlen(set->sha256) == 64 ? set->sha256 : "";
}

enum ev_status ev_set_open(const char *path, struct ev_set **out, struct ev_error *err)
{
    struct ev_set *set = calloc(1, sizeof *set);

    *out = NULL;
    if (!set)
        return ev_fail(err, EV_MEMORY, "out of memory");
    set->file = set->images = -1;
    set->raw_file = -1;
    set->path = strdup(path);
    ev_set_quiet_hdf5();
    enum ev_status status = set->path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
    if (status == EV_OK)
        status = open_file(set, err);
    if (status == EV_OK)
        status = check_images(set, err);
    if (status == EV_OK)
        status = check_storage(set, err);
    if (status == EV_OK)
        status = check_labels(set, err);
    if (status != EV_OK) {
        ev_set_close(set);
        return status;
    }
    read_root(set);
    *out = set;
    return EV_OK;
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
