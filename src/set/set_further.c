/* SPDX-License-Identifier: MIT */
/* What a file holds beside labels and pixels: how the pictures are stored, further datasets. */
#include <string.h>
#include <sys/stat.h>

#include "set/set_private.h"

static void name_filters(hid_t plist, char *text, size_t size)
{
    const int n_filters = H5Pget_nfilters(plist);
    size_t used = 0;

    *text = '\0';
    for (int i = 0; i < n_filters && used < size; i++) {
        unsigned flags, config, values[8] = {0};
        size_t n_values = sizeof values / sizeof values[0];
        char name[48] = "";
        H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, values,
                                             sizeof name, name, &config);
        used += (size_t)snprintf(text + used, size - used, "%s", i > 0 ? ", " : "");
        if (used >= size)
            return;
        if (filter == H5Z_FILTER_DEFLATE)
            used += (size_t)snprintf(text + used, size - used, "deflate %u", values[0]);
        else
            used += (size_t)snprintf(text + used, size - used, "%s", *name ? name : "a filter");
    }
}

void ev_set_describe_storage(const struct ev_set *set, struct ev_set_storage *storage)
{
    hid_t plist = H5Dget_create_plist(set->images);
    H5D_layout_t layout = plist < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(plist);
    hsize_t chunk[H5S_MAX_RANK] = {0};
    hid_t type = H5Dget_type(set->images), space = H5Dget_space(set->images);
    struct stat info;

    *storage = (struct ev_set_storage){
        .layout = layout == H5D_CHUNKED   ? "chunked"
                  : layout == H5D_COMPACT ? "compact"
                                          : "contiguous",
        .type = type < 0 ? "?" : ev_set_type_name(type),
        .axes = H5Sget_simple_extent_ndims(space) == 3 ? "N x H x W"
                : set->planar                          ? "N x C x H x W"
                                                       : "N x H x W x C",
        .axes_found = set->layout == EV_SET_LAYOUT_FOUND,
        .picture_bytes = (int64_t)set->stored_bytes,
        .image_bytes = (int64_t)H5Dget_storage_size(set->images),
        .file_bytes = stat(set->path, &info) == 0 ? info.st_size : 0,
    };
    if (type >= 0)
        H5Tclose(type);
    if (space >= 0)
        H5Sclose(space);
    if (layout == H5D_CHUNKED && H5Pget_chunk(plist, H5S_MAX_RANK, chunk) > 0)
        storage->chunk_rows = (int64_t)chunk[0];
    if (plist < 0)
        return;
    name_filters(plist, storage->filters, sizeof storage->filters);
    H5Pclose(plist);
}

/* The texts of the attribute `names`, joined; "" if it has not one for each number of a row. */
static void join_names(hid_t dataset, int64_t n, char *text, size_t size)
{
    char names[EV_MAX_OUTPUTS][32];
    size_t used = 0;

    *text = '\0';
    if (n < 1 || n > EV_MAX_OUTPUTS || !ev_set_read_texts(dataset, "names", (int)n, names))
        return;
    for (int64_t i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", names[i]);
}

/* Whether /NAME has numbers for each row of the set; then it is described. */
static bool describe(const struct ev_set *set, const char *name, struct ev_set_further *further)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    struct ev_error ignored = EV_ERROR_INIT;
    hid_t dataset;
    int rank;

    if (ev_set_open_dataset(set, name, &dataset, &rank, extent, &ignored) != EV_OK)
        return false;
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    bool fits = (class == H5T_FLOAT || class == H5T_INTEGER) && rank >= 1 &&
                (int64_t)extent[0] == set->info.n_rows &&
                ev_set_check_written(set, name, dataset, &ignored) == EV_OK;
    if (type >= 0)
        H5Tclose(type);
    *further = (struct ev_set_further){.row_values = 1};
    snprintf(further->name, sizeof further->name, "%.63s", name);
    for (int i = 1; i < rank && fits; i++) {
        further->row_values *= (int64_t)extent[i];
        fits = further->row_values > 0 && further->row_values < (1 << 24);
    }
    if (fits)
        join_names(dataset, further->row_values, further->columns, sizeof further->columns);
    H5Dclose(dataset);
    return fits;
}

/* Names that the format has a meaning for, and where this set has its pictures and labels. */
static bool is_own(const struct ev_set *set, const char *name)
{
    return ev_set_is_format_name(name) || strcmp(name, set->images_name) == 0 ||
           strcmp(name, set->labels_name) == 0;
}

bool ev_set_is_format_name(const char *name)
{
    return strcmp(name, "images") == 0 || strcmp(name, "labels") == 0 || strcmp(name, "pose") == 0;
}

/* Whether a path in the file is the name or begins with the group of that name. */
static bool leads_to(const char *name, const char *path)
{
    const size_t length = strlen(name);

    return strncmp(path, name, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Why /NAME, which is not further, belongs to no set made of this one's rows; NULL if it does. */
static const char *why_left_out(const struct ev_set *set, const char *name)
{
    if (leads_to(name, set->images_name) || leads_to(name, set->labels_name))
        return NULL;
    if (strcmp(name, "pose") == 0)
        return ev_set_has_pose(set) ? NULL : "no four numbers for each picture";
    return is_own(set, name) ? "not what is read as pictures or labels"
                             : "no numbers with a row for each picture";
}

int32_t ev_set_find_further(const struct ev_set *set, struct ev_set_further list[EV_MAX_FURTHER],
                            void (*tell)(void *self, const char *name, const char *why), void *self)
{
    H5G_info_t group;
    struct ev_set_further first_more;
    int64_t n_more = 0;
    char name[256];
    int32_t n = 0;

    if (H5Gget_info(set->file, &group) < 0)
        return 0;
    for (hsize_t i = 0; i < group.nlinks && (tell || n < EV_MAX_FURTHER); i++) {
        struct ev_set_further one;
        const char *why = NULL;
        ssize_t length = H5Lget_name_by_idx(set->file, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                            sizeof name, H5P_DEFAULT);
        if (length < 1)
            continue;
        if ((size_t)length >= sizeof one.name)
            why = "a name of more than 63 bytes";
        else if (is_own(set, name) || !describe(set, name, &one))
            why = why_left_out(set, name);
        else if (n < EV_MAX_FURTHER)
            list[n++] = one;
        else if (n_more++ == 0)
            first_more = one;
        if (tell && why)
            tell(self, name, why);
    }
    if (tell && n_more > 0) {
        char why[100];
        snprintf(why, sizeof why, "%d further datasets are kept, not %lld", EV_MAX_FURTHER,
                 (long long)(EV_MAX_FURTHER + n_more));
        tell(self, first_more.name, why);
    }
    return n;
}

int32_t ev_set_list_further(const struct ev_set *set, struct ev_set_further list[EV_MAX_FURTHER])
{
    return ev_set_find_further(set, list, NULL, NULL);
}

/* Whether the rows of two open datasets have one type and shape. */
static bool has_like_rows(hid_t a, hid_t b)
{
    hsize_t extents[2][H5S_MAX_RANK];
    hid_t types[] = {H5Dget_type(a), H5Dget_type(b)};
    hid_t spaces[] = {H5Dget_space(a), H5Dget_space(b)};
    bool alike = types[0] >= 0 && types[1] >= 0 && H5Tequal(types[0], types[1]) > 0;
    int ranks[2];

    for (int i = 0; i < 2; i++) {
        ranks[i] = spaces[i] < 0 ? -1 : H5Sget_simple_extent_dims(spaces[i], extents[i], NULL);
        if (spaces[i] >= 0)
            H5Sclose(spaces[i]);
        if (types[i] >= 0)
            H5Tclose(types[i]);
    }
    alike = alike && ranks[0] >= 1 && ranks[0] == ranks[1];
    for (int i = 1; alike && i < ranks[0]; i++)
        alike = extents[0][i] == extents[1][i];
    return alike;
}

bool ev_set_has_like_rows(hid_t a_file, hid_t b_file, const char *name)
{
    hid_t a = H5Dopen2(a_file, name, H5P_DEFAULT), b = H5Dopen2(b_file, name, H5P_DEFAULT);
    bool alike = a >= 0 && b >= 0 && has_like_rows(a, b);

    if (a >= 0)
        H5Dclose(a);
    if (b >= 0)
        H5Dclose(b);
    return alike;
}

bool ev_set_is_further_alike(const struct ev_set *a, const struct ev_set *b,
                             const struct ev_set_further *wanted)
{
    struct ev_set_further list[EV_MAX_FURTHER];
    const int32_t n = ev_set_list_further(b, list);

    for (int32_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, wanted->name) == 0 &&
            strcmp(list[i].columns, wanted->columns) == 0)
            return ev_set_has_like_rows(a->file, b->file, wanted->name);
    }
    return false;
}
