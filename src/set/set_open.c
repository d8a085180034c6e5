/* SPDX-License-Identifier: MIT */
/* Opens a set and checks everything about it that can be checked without reading all pictures, part
 * by part: the file here, pictures in set_pictures.c and set_storage.c, labels in set_labels.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "set/set_private.h"

/* Of pictures that are read at once to see whether they can be. */
#define CHECK_BYTES ((size_t)4 << 20)

void ev_set_quiet_hdf5(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Why HDF5 cannot open what begins as an HDF5 file. */
static enum ev_status refuse_file(const struct ev_set *set, int file, struct ev_error *err)
{
    unsigned char head[12] = {0};
    bool readable = pread(file, head, sizeof head, 0) == (ssize_t)sizeof head;

    int again = open(set->path, O_RDONLY | O_CLOEXEC);
    if (again < 0)
        return ev_fail(err, ev_file_status(errno), "%s: %s", set->path, strerror(errno));
    close(again);
    if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return ev_fail(err, EV_INPUT, "%s: another program has it open for writing", set->path);
    /* Superblock version 2 and 3: byte 8 is the version, bit 0 of byte 11 "open for writing". */
    if (readable && head[8] >= 2 && (head[11] & 1))
        return ev_fail(err, EV_INPUT,
                       "%s: was not closed by the program that wrote it (h5clear -s clears the "
                       "mark)",
                       set->path);
    return ev_fail(err, EV_INPUT, "%s: HDF5 cannot open it: truncated or damaged", set->path);
}

/* HDF5 looks for its signature in several places; where it cannot look, that at the beginning
 * counts. */
static bool is_hdf5(int file, const char *path)
{
    static const char signature[8] = "\211HDF\r\n\032\n";
    char head[sizeof signature] = {0};

    return (pread(file, head, sizeof head, 0) == (ssize_t)sizeof head &&
            memcmp(head, signature, sizeof head) == 0) ||
           H5Fis_hdf5(path) > 0;
}

/* Opens the file itself; says what else it is if it is no HDF5 file. */
static enum ev_status open_file(struct ev_set *set, struct ev_error *err)
{
    int64_t bytes;
    enum ev_status status = ev_file_size(set->path, &bytes, err);

    if (status != EV_OK)
        return status;
    int file = open(set->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return ev_fail(err, ev_file_status(errno), "%s: %s", set->path, strerror(errno));
    if (bytes == 0)
        status = ev_fail(err, EV_INPUT, "%s: empty file, expected an HDF5 set", set->path);
    else if (!is_hdf5(file, set->path))
        status = ev_fail(err, EV_INPUT, "%s: not an HDF5 file", set->path);
    if (status == EV_OK) {
        set->file = H5Fopen(set->path, H5F_ACC_RDONLY, H5P_DEFAULT);
        if (set->file < 0)
            status = refuse_file(set, file, err);
    }
    close(file);
    return status;
}

/* The file's root attributes; all are optional. */
static enum ev_status read_root(struct ev_set *set, struct ev_error *err)
{
    if (set->is_probed)
        return EV_OK;
    char *format = ev_set_read_text(set->file, "format");
    double version = EV_SET_FORMAT_VERSION;
    bool is_ours = format && strcmp(format, EV_SET_FORMAT) == 0;

    free(format);
    ev_set_read_double(set->file, "format_version", &version);
    if (is_ours && version > EV_SET_FORMAT_VERSION && !set->lenient)
        return ev_fail(err, EV_INPUT, "%s: set format %g, this program reads up to %d", set->path,
                       version, EV_SET_FORMAT_VERSION);
    set->circuit = ev_set_read_text(set->file, "circuit");
    set->colour = ev_set_read_text(set->file, "colour");
    set->provenance = ev_set_read_text(set->file, "provenance");
    set->sha256 = ev_set_read_text(set->file, "sha256");
    ev_set_read_double(set->file, "frame_rate_hz", &set->info.frame_rate_hz);
    return EV_OK;
}

/* A digest is of the format's own content: bytes, channels last, and its labels. Of other files
 * nobody knows what it was made of. */
static bool has_digest(const struct ev_set *set)
{
    return set->sha256 && strlen(set->sha256) == 64 &&
           strspn(set->sha256, "0123456789abcdef") == 64 && set->info.form == EV_FORM_U8_NHWC &&
           !set->planar && strcmp(set->images_name, "images") == 0 &&
           strcmp(set->labels_name, "labels") == 0;
}

static void show_root(struct ev_set *set)
{

    set->info.path = set->path;
    set->info.circuit = set->circuit ? set->circuit : "";
    set->info.colour = set->colour ? set->colour : "";
    set->info.provenance = set->provenance ? set->provenance : "";
    set->info.recorded_sha256 = has_digest(set) ? set->sha256 : "";
}

static void ignore(void *self, const char *fault)
{
    (void)self;
    (void)fault;
}

/* What is asked of a set that is checked, so that the child comes to harm by it. */
static void rehearse(const struct ev_set *set)
{
    struct ev_set_further list[EV_MAX_FURTHER];

    (void)ev_set_has_pose(set);
    (void)ev_set_list_further(set, list);
    ev_set_check_form(set, ignore, NULL);
}

/* Opens and checks everything: in a child first, then here. */
static enum ev_status open_all(struct ev_set *set, struct ev_error *err)
{
    enum ev_status status = open_file(set, err);

    if (status == EV_OK)
        status = read_root(set, err);
    if (status == EV_OK)
        status = ev_set_find_pictures(set, err);
    if (status == EV_OK)
        show_root(set);
    if (status == EV_OK)
        status = ev_set_find_storage(set, err);
    if (status == EV_OK)
        status = ev_set_read_labels(set, err);
    if (status == EV_OK && set->lenient)
        rehearse(set);
    return status;
}

/* What the child does: where HDF5 unpacks the pictures, they are all read too, as damaged ones make
 * it crash as well. */
static enum ev_status check_all(struct ev_set *set, struct ev_error *err)
{
    enum ev_status status = open_all(set, err);

    if (status != EV_OK || !set->hdf5_unpacks)
        return status;
    const int64_t n_rows = set->info.n_rows;
    const int64_t step = 1 + (int64_t)(CHECK_BYTES / set->stored_bytes);
    void *rows = malloc((size_t)step * set->stored_bytes);
    if (!rows)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", set->path);
    ev_set_probe_allow(n_rows * (int64_t)set->stored_bytes);
    for (int64_t first = 0; first < n_rows && status == EV_OK; first += step) {
        const int64_t n = n_rows - first < step ? n_rows - first : step;
        status = ev_set_read(set, set->info.form, first, n, rows, err);
        /* A set that is checked is told row by row what cannot be read. */
        if (set->lenient)
            status = EV_OK;
    }
    free(rows);
    return status;
}

/* A path in a file as messages and HDF5 have it, without the slash before; malloc'ed. */
static char *name_of(const char *path, const char *otherwise)
{
    path = path ? path : otherwise;
    return strdup(path + strspn(path, "/"));
}

enum ev_status ev_set_open(const char *path, const struct ev_set_source *source,
                           struct ev_set **out, struct ev_error *err)
{
    const struct ev_set_source usual = {0};
    struct ev_set *set = calloc(1, sizeof *set);

    *out = NULL;
    if (!set)
        return ev_fail(err, EV_MEMORY, "out of memory");
    source = source ? source : &usual;
    set->lenient = source->lenient;
    set->file = set->images = -1;
    set->descriptor = -1;
    pthread_mutex_init(&set->hdf5, NULL);
    set->layout = source->layout;
    set->white_is_given = source->white > 0.0;
    set->white = set->white_is_given ? source->white : 1.0;
    set->path = strdup(path);
    set->images_name = name_of(source->images, "images");
    set->labels_name = name_of(source->labels, "labels");
    ev_set_quiet_hdf5();
    enum ev_status status = set->path && set->images_name && set->labels_name
                                ? EV_OK
                                : ev_fail(err, EV_MEMORY, "out of memory");
    if (status == EV_OK)
        status = ev_set_probe(set, check_all, err);
    if (status == EV_OK)
        status = open_all(set, err);
    if (status != EV_OK) {
        ev_set_close(set);
        return status;
    }
    *out = set;
    return EV_OK;
}

void ev_set_close(struct ev_set *set)
{
    if (!set)
        return;
    ev_set_reader_close(set->reader);
    if (set->images >= 0)
        H5Dclose(set->images);
    if (set->file >= 0)
        H5Fclose(set->file);
    if (set->descriptor >= 0)
        close(set->descriptor);
    pthread_mutex_destroy(&set->hdf5);
    free(set->path);
    free(set->images_name);
    free(set->labels_name);
    free(set->circuit);
    free(set->colour);
    free(set->provenance);
    free(set->sha256);
    free(set->labels);
    free(set);
}

const struct ev_set_info *ev_set_info(const struct ev_set *set)
{
    return &set->info;
}

const char *ev_set_colour(const struct ev_set_info *info)
{
    if (*info->colour)
        return info->colour;
    return info->shape.channels == 3 ? "rgb" : info->shape.channels == 1 ? "grey" : "";
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
