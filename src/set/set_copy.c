/* SPDX-License-Identifier: MIT */
/* Copies from one set into another what the writer knows nothing of: attributes, further datasets.
 */
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "base/text.h"
#include "set/set_private.h"

/* A further dataset is copied in pieces of about this size. */
#define PIECE_BYTES     ((size_t)4 << 20)
#define MAX_VALUE_BYTES ((size_t)1 << 20)

/* --- Attributes --- */

/* Reads an attribute as it stands and writes it to another object; false where HDF5 cannot, or
 * where it has no meaning in another file. */
static bool copy_value(hid_t attribute, hid_t to, const char *name)
{
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hid_t type = stored < 0 ? -1 : H5Tcopy(stored); /* not one that has a name in the other file */
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    void *value = NULL;
    bool ok = false;

    if (type < 0 || n < 1 || H5Tdetect_class(type, H5T_REFERENCE) > 0 ||
        (size_t)n > MAX_VALUE_BYTES / H5Tget_size(type))
        goto done;
    value = calloc((size_t)n, H5Tget_size(type));
    if (value && H5Aread(attribute, type, value) >= 0) {
        hid_t copy = H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        ok = copy >= 0 && H5Awrite(copy, type, value) >= 0;
        if (copy >= 0)
            ok = H5Aclose(copy) >= 0 && ok;
        if (copy >= 0 && !ok)
            H5Adelete(to, name);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, value);
    }
done:
    free(value);
    if (type >= 0)
        H5Tclose(type);
    if (stored >= 0)
        H5Tclose(stored);
    if (space >= 0)
        H5Sclose(space);
    return ok;
}

/* Where attributes are copied to. */
struct target {
    hid_t to;
    const char *name; /* of the object, without a slash; "" for the file */
    const struct ev_set_writer *writer;
};

/* `which` is "attribute NAME is" or "attributes are". */
static void note_left_out(const struct target *target, const char *which, const char *why)
{
    char line[800], object[100];

    ev_text_clean(target->name, object, sizeof object);
    snprintf(line, sizeof line, "%.400s: /%s: %s left out: %s", ev_set_writer_path(target->writer),
             object, which, why);
    ev_progress_note(line);
}

static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *info, void *self)
{
    const struct target *target = self;

    (void)info;
    /* The digest is written last. */
    if (H5Aexists(target->to, name) != 0 || strcmp(name, "sha256") == 0)
        return 0;
    hid_t attribute = H5Aopen(from, name, H5P_DEFAULT);
    bool ok = attribute >= 0 && copy_value(attribute, target->to, name);
    if (attribute >= 0)
        H5Aclose(attribute);
    if (!ok) {
        char which[160], clean[100];
        ev_text_clean(name, clean, sizeof clean);
        snprintf(which, sizeof which, "attribute %s is", clean);
        note_left_out(target, which, "HDF5 cannot copy it");
    }
    return 0;
}

/* Attributes that the other object lacks. HDF5 gives none of them if one has a type that a later
 * HDF5 wrote. */
static void copy_attributes(hid_t from, hid_t to, const char *name,
                            const struct ev_set_writer *writer)
{
    struct target target = {to, name, writer};

    if (H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_INC, NULL, copy_attribute, &target) < 0)
        note_left_out(&target, "attributes are", "HDF5 cannot read one of them");
}

enum ev_status ev_set_writer_inherit(struct ev_set_writer *writer, const struct ev_set *set,
                                     struct ev_error *err)
{
    static const char *const names[] = {"images", "labels", "pose"};
    const char *const sources[] = {set->images_name, set->labels_name, "pose"};
    const hid_t to = ev_set_writer_file(writer);
    bool ok = true;

    copy_attributes(set->file, to, "", writer);

    for (size_t i = 0; i < sizeof names / sizeof names[0] && ok; i++) {
        if ((i == 2 && H5Lexists(set->file, "pose", H5P_DEFAULT) <= 0) ||
            H5Lexists(to, names[i], H5P_DEFAULT) <= 0)
            continue;
        hid_t source = H5Dopen2(set->file, sources[i], H5P_DEFAULT);
        hid_t target = H5Dopen2(to, names[i], H5P_DEFAULT);
        ok = source >= 0 && target >= 0;
        if (ok)
            copy_attributes(source, target, names[i], writer);
        if (source >= 0)
            H5Dclose(source);
        if (target >= 0)
            H5Dclose(target);
    }
    return ev_set_writer_check(writer, ok, err);
}

/* --- Further datasets --- */

/* Number of rows of the file that is written. */
static hsize_t count_rows(hid_t file)
{
    hsize_t extent[2] = {0};
    hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT);
    hid_t space = labels < 0 ? -1 : H5Dget_space(labels);

    if (space >= 0) {
        H5Sget_simple_extent_dims(space, extent, NULL);
        H5Sclose(space);
    }
    if (labels >= 0)
        H5Dclose(labels);
    return extent[0];
}

/* The same dataset for all rows of the new file: contiguous, no times. */
static hid_t create_like(hid_t source, hid_t file, const char *name,
                         const struct ev_set_writer *writer)
{
    hsize_t extent[H5S_MAX_RANK];
    hid_t type = H5Dget_type(source), from = H5Dget_space(source), dataset = -1;
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    int rank = from < 0 ? -1 : H5Sget_simple_extent_dims(from, extent, NULL);

    extent[0] = count_rows(file);
    hid_t space = rank < 1 ? -1 : H5Screate_simple(rank, extent, NULL);
    hid_t own = type < 0 ? -1 : H5Tcopy(type);
    if (space >= 0 && own >= 0 && plist >= 0) {
        H5Pset_obj_track_times(plist, 0);
        H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
        dataset = H5Dcreate2(file, name, own, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    }
    if (dataset >= 0)
        copy_attributes(source, dataset, name, writer);
    if (own >= 0)
        H5Tclose(own);
    if (space >= 0)
        H5Sclose(space);
    if (plist >= 0)
        H5Pclose(plist);
    if (from >= 0)
        H5Sclose(from);
    if (type >= 0)
        H5Tclose(type);
    return dataset;
}

static size_t row_bytes_of(hid_t dataset, hid_t type)
{
    hsize_t extent[H5S_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    int rank = space < 0 ? 0 : H5Sget_simple_extent_dims(space, extent, NULL);
    size_t bytes = H5Tget_size(type);

    for (int i = 1; i < rank; i++)
        bytes *= (size_t)extent[i];
    if (space >= 0)
        H5Sclose(space);
    return bytes;
}

static enum ev_status copy_rows(struct ev_set_writer *writer, const char *name,
                                const struct ev_set *set, hid_t source, hid_t target,
                                const int64_t *rows, int64_t n, int64_t first_row,
                                struct ev_error *err)
{
    hid_t type = H5Dget_type(source);
    size_t row_bytes = type < 0 ? 1 : row_bytes_of(source, type);
    int64_t most = (int64_t)(PIECE_BYTES / row_bytes) + 1;
    char *piece = malloc((size_t)most * row_bytes);
    enum ev_status status = EV_OK;

    if (!piece)
        status = ev_fail(err, EV_MEMORY, "%s: out of memory", set->path);
    for (int64_t i = 0, run; i < n && status == EV_OK; i += run) {
        run = 1;
        while (i + run < n && run < most && rows[i + run] == rows[i] + run)
            run++;
        if (!ev_set_transfer(source, type, rows[i], run, piece, false))
            status = ev_fail(err, EV_INPUT, "%s: /%s cannot be read: damaged", set->path, name);
        else
            status = ev_set_writer_check(
                writer, ev_set_transfer(target, type, first_row + i, run, piece, true), err);
    }
    free(piece);
    if (type >= 0)
        H5Tclose(type);
    return status;
}

enum ev_status ev_set_writer_copy(struct ev_set_writer *writer, const char *name,
                                  const struct ev_set *set, const int64_t *rows, int64_t n,
                                  int64_t first_row, struct ev_error *err)
{
    const hid_t file = ev_set_writer_file(writer);
    hid_t source = H5Dopen2(set->file, name, H5P_DEFAULT), target = -1;
    const bool exists = H5Lexists(file, name, H5P_DEFAULT) > 0;
    enum ev_status status = EV_OK;

    if (source < 0)
        return ev_fail(err, EV_INPUT, "%s: no dataset /%s", set->path, name);
    /* Rows of another shape would be read and written out of bounds. */
    if (exists ? first_row == 0 || !ev_set_has_like_rows(set->file, file, name) : first_row != 0) {
        H5Dclose(source);
        return ev_fail(err, EV_ENGINE, "%s: /%s does not fit what is written already", set->path,
                       name);
    }
    target = exists ? H5Dopen2(file, name, H5P_DEFAULT) : create_like(source, file, name, writer);
    status = ev_set_writer_check(writer, target >= 0, err);
    if (status == EV_OK)
        status = copy_rows(writer, name, set, source, target, rows, n, first_row, err);
    if (target >= 0 && H5Dclose(target) < 0 && status == EV_OK)
        status = ev_set_writer_check(writer, false, err);
    H5Dclose(source);
    return status;
}
