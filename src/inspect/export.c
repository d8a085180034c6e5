/* SPDX-License-Identifier: MIT */
/* Exports in blocks: read, render and encode in parallel, labels in order. */
#include "inspect/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"
#include "inspect/folder.h"
#include "inspect/rows.h"
#include "picture/picture.h"
#include "render/camera.h"
#include "render/replay.h"

#define BLOCK_ROWS      64
#define FULL_BYTES      ((size_t)EV_CAMERA_HEIGHT * EV_CAMERA_WIDTH * 3)
/* Mean difference of a picture rendered again, in grey levels: other processors may round
 * differently in single pixels; another circuit or seed gives tens. */
#define MOST_DIFFERENCE 1.0

struct export
{
    struct ev_set *set;
    const struct ev_set_info *info;
    const struct ev_export_args *args;
    struct ev_slice slice;
    struct ev_replay replay;
    bool full; /* rendered again */
    struct ev_new_folder folder;
    FILE *table;
    /* A block of rows. */
    int64_t rows[BLOCK_ROWS];
    uint8_t *images; /* (BLOCK_ROWS) of the set */
    double poses[BLOCK_ROWS][EV_POSE_COLUMNS];
    uint8_t *fulls; /* (BLOCK_ROWS, 480, 640, 3), only with `full` */
    struct ev_error errors[BLOCK_ROWS];
};

static size_t row_bytes_of(const struct export *export)
{
    const struct ev_shape *shape = &export->info->shape;

    return (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;
}

/* --- Table --- */

static void write_header(const struct export *export)
{
    for (int32_t i = 0; i < export->info->n_outputs; i++) {
        if (i > 0)
            fputc(',', export->table);
        ev_text_csv_cell(export->table, export->info->columns[i].name);
    }
    fputc('\n', export->table);
}

/* The shortest decimal number that reads back as the same float32, which 9 digits always do. */
static void write_number(float value, FILE *out)
{
    char text[32];

    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

static void write_labels(const struct export *export, int64_t row)
{
    const int32_t n = export->info->n_outputs;
    const float *labels = ev_set_labels(export->set) + row * n;

    for (int32_t i = 0; i < n; i++) {
        fputs(i > 0 ? "," : "", export->table);
        write_number(labels[i], export->table);
    }
    fputc('\n', export->table);
}

/* --- Pictures --- */

static enum ev_status write_png(const struct export *export, int64_t number, const uint8_t *pixels,
                                const struct ev_shape *shape, struct ev_error *err)
{
    char name[32];

    snprintf(name, sizeof name, "%lld.png", (long long)number);
    char *path = ev_new_folder_path(&export->folder, name);
    char *shown = ev_path_join(export->folder.path, name);
    FILE *stream = path && shown ? fopen(path, "wb") : NULL;
    enum ev_status status = EV_OK;
    if (!path || !shown)
        status = ev_fail(err, EV_MEMORY, "out of memory");
    else if (stream)
        status = ev_picture_put_png(stream, shown, pixels, shape->height, shape->width,
                                    shape->channels, err);
    if (status == EV_OK && (!stream || fclose(stream) != 0))
        status = ev_fail(err, EV_IO, "%s: cannot be written: %s", shown, strerror(errno));
    else if (stream && status != EV_OK)
        fclose(stream);
    free(shown);
    free(path);
    return status;
}

/* The set's picture must be what rendering gives, else the full one would be another picture too.
 */
static enum ev_status check_picture(const struct export *export, int64_t row,
                                    const uint8_t *recorded, const uint8_t *again,
                                    struct ev_error *err)
{
    int64_t sum = 0;

    for (int i = 0; i < EV_PICTURE_BYTES; i++)
        sum += abs(recorded[i] - again[i]);
    if ((double)sum / EV_PICTURE_BYTES <= MOST_DIFFERENCE)
        return EV_OK;
    return ev_fail(err, EV_INPUT,
                   "%s: row %lld: rendered again, the picture is another one than in the set, as "
                   "if from another circuit (--as-is writes the set's own)",
                   export->info->path, (long long)row);
}

static enum ev_status export_row(struct export *export, int64_t slot, int64_t number,
                                 struct ev_error *err)
{
    static const struct ev_shape full_shape = {EV_CAMERA_HEIGHT, EV_CAMERA_WIDTH, 3};
    const uint8_t *recorded = export->images + (size_t)slot * row_bytes_of(export);
    const double *pose = export->poses[slot];
    uint8_t again[EV_PICTURE_BYTES];

    if (!export->full)
        return write_png(export, number, recorded, &export->info->shape, err);
    uint8_t *full = export->fulls + (size_t)slot * FULL_BYTES;
    ev_replay_render(&export->replay, export->rows[slot],
                     (struct ev_pose){pose[0], pose[1], pose[2]}, again, full);
    enum ev_status status = check_picture(export, export->rows[slot], recorded, again, err);
    return status == EV_OK ? write_png(export, number, full, &full_shape, err) : status;
}

/* The first failure of the block's rows. */
static enum ev_status first_error(const struct export *export, int64_t n, struct ev_error *err)
{
    for (int64_t slot = 0; slot < n; slot++) {
        if (export->errors[slot].status != EV_OK) {
            *err = export->errors[slot];
            return err->status;
        }
    }
    return EV_OK;
}

static enum ev_status export_block(struct export *export, int64_t first_number, int64_t n,
                                   struct ev_error *err)
{
    enum ev_status status =
        ev_set_read_rows(export->set, EV_FORM_U8_NHWC, export->rows, n, export->images, err);

    for (int64_t slot = 0; slot < n && status == EV_OK && export->full; slot++)
        status = ev_set_read_pose(export->set, export->rows[slot], 1, export->poses[slot], err);
    if (status != EV_OK)
        return status;
#pragma omp parallel for schedule(dynamic, 1) num_threads(export->args->n_threads)
    for (int64_t slot = 0; slot < n; slot++) {
        export->errors[slot] = (struct ev_error)EV_ERROR_INIT;
        export->errors[slot].status =
            export_row(export, slot, first_number + slot, &export->errors[slot]);
    }
    for (int64_t slot = 0; slot < n; slot++)
        write_labels(export, export->rows[slot]);
    return first_error(export, n, err);
}

static enum ev_status export_rows(struct export *export, struct ev_error *err)
{
    const struct ev_slice *slice = &export->slice;
    const int64_t n_rows = (slice->stop - slice->first - 1) / slice->step + 1;
    struct ev_progress progress;
    enum ev_status status = EV_OK;

    export->images = malloc(BLOCK_ROWS * row_bytes_of(export));
    export->fulls = export->full ? malloc(BLOCK_ROWS * FULL_BYTES) : NULL;
    if (!export->images || (export->full && !export->fulls))
        return ev_fail(err, EV_MEMORY, "%s: out of memory", export->info->path);
    write_header(export);
    ev_progress_start(&progress, "export", "pictures", n_rows);
    for (int64_t first = 0; first < n_rows && status == EV_OK; first += BLOCK_ROWS) {
        int64_t n = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
        for (int64_t slot = 0; slot < n; slot++)
            export->rows[slot] = slice->first + (first + slot) * slice->step;
        status = export_block(export, first, n, err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(&progress, first + n, NULL);
    }
    ev_progress_finish(&progress);
    return status;
}

/* --- All of it --- */

/* Whether pictures can be rendered again; says why not where the set looks as if they could. */
static enum ev_status choose_size(struct export *export, struct ev_error *err)
{
    struct ev_error reason = EV_ERROR_INIT;
    char line[900];

    if (export->args->as_is)
        return EV_OK;
    enum ev_status status =
        ev_replay_open(export->set, export->args->circuit, &export->replay, &reason);
    export->full = status == EV_OK;
    if (status == EV_UNSUPPORTED && !export->args->circuit) {
        snprintf(line, sizeof line, "%.300s: pictures are exported at their own size, %d x %d: %s",
                 export->info->path, export->info->shape.width, export->info->shape.height,
                 reason.message);
        if (*export->info->provenance)
            ev_progress_note(line);
        return EV_OK;
    }
    if (status == EV_UNSUPPORTED)
        return ev_fail(err, EV_USAGE, "--circuit: %s cannot be rendered again: %s",
                       export->info->path, reason.message);
    *err = reason;
    return status;
}

static enum ev_status run(struct export *export, const char *folder, struct ev_error *err)
{
    enum ev_status status = choose_size(export, err);

    if (status == EV_OK)
        status = ev_new_folder_open(&export->folder, folder, err);
    if (status != EV_OK)
        return status;
    char *path = ev_new_folder_path(&export->folder, "data.csv");
    export->table = path ? fopen(path, "w") : NULL;
    free(path);
    if (!export->table)
        return ev_fail(err, EV_IO, "%s/data.csv: cannot be written: %s", folder, strerror(errno));
    status = export_rows(export, err);
    bool lost = ferror(export->table) != 0;
    lost = fclose(export->table) != 0 || lost;
    if (status == EV_OK && lost)
        status = ev_fail(err, EV_IO, "%s/data.csv: cannot be written: %s", folder,
                         strerror(errno ? errno : EIO));
    return status == EV_OK ? ev_new_folder_commit(&export->folder, err) : status;
}

enum ev_status ev_export(struct ev_set *set, const struct ev_export_args *args, const char *folder,
                         struct ev_error *err)
{
    struct export *export = calloc(1, sizeof *export);

    if (!export)
        return ev_fail(err, EV_MEMORY, "out of memory");
    export->set = set;
    export->info = ev_set_info(set);
    export->args = args;
    export->slice = (struct ev_slice){0, export->info->n_rows, 1};
    enum ev_status status = EV_OK;
    const int32_t n_channels = export->info->shape.channels;
    if (export->info->form != EV_FORM_U8_NHWC)
        status = ev_fail(err, EV_UNSUPPORTED,
                         "%s: pictures of floats, PNG files are written of bytes in 1 or 3 "
                         "channels",
                         export->info->path);
    else if (n_channels != 1 && n_channels != 3)
        status = ev_fail(err, EV_UNSUPPORTED,
                         "%s: pictures of %d channels, PNG files are written of bytes in 1 or 3 "
                         "channels",
                         export->info->path, n_channels);
    else if (args->rows)
        status = ev_slice_parse("rows", args->rows, export->info->n_rows, &export->slice, err);
    if (status == EV_OK)
        status = run(export, folder, err);
    ev_new_folder_abort(&export->folder);
    ev_replay_close(&export->replay);
    free(export->images);
    free(export->fulls);
    free(export);
    return status;
}
