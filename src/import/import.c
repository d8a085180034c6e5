/* SPDX-License-Identifier: MIT */
/*
 * An import goes over the table two or three times: it surveys the rows, with skip_bad it looks for
 * pictures that cannot be used, and it writes. A set must know its number of rows before the first
 * is written, and a log may have millions of them.
 */
#include "import/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "import/import_private.h"
#include "set/pixel.h"

/* A block has enough pictures for its threads to share them evenly, and bounded memory. */
#define BLOCK_PICTURES_A_THREAD 16
#define MAX_BLOCK_BYTES         ((size_t)64 << 20)

/* One picture on its way into the set, or a bad row in its place. */
struct job {
    bool row_is_bad; /* then only status and err count */
    int64_t number; /* of all pictures of the table */
    int64_t row;    /* of the table, from 0 */
    int64_t line;
    int32_t camera;
    char *cell; /* that names it; NULL in a folder */
    float labels[EV_MAX_OUTPUTS];
    bool is_cropped; /* a part was cut off */
    enum ev_status status;
    struct ev_error err;
};

struct import {
    struct ev_import_plan plan;
    struct ev_import_result *result;
    uint8_t *is_bad; /* (n_pictures) found by the search for bad ones; NULL without skip_bad */
    int64_t n_outside[EV_MAX_OUTPUTS];     /* labels that lie outside their target's range */
    int64_t first_outside[EV_MAX_OUTPUTS]; /* line of the first of them */
    double low[EV_MAX_OUTPUTS], high[EV_MAX_OUTPUTS]; /* of the labels */

    struct job *jobs; /* (n_block) */
    int64_t n_block;
    size_t slot_bytes; /* of a picture in `pictures`, as RGB */
    uint8_t *pictures; /* (n_block, slot_bytes) */
    uint8_t *mirrored; /* (slot_bytes) */
    struct ev_import_rows rows;
    struct ev_import_row row; /* the one whose pictures are being taken */
    int32_t next_camera;      /* of that row; n_cameras: all were taken */
    int64_t n_taken;          /* pictures so far, bad ones too */
};

static void note_left_out(const struct ev_error *reason)
{
    char line[EV_ERROR_CHARS + 16];

    snprintf(line, sizeof line, "left out: %s", reason->message);
    ev_progress_note(line);
}

/* Rows of the set that a picture with these labels becomes. */
static int64_t count_copies(const struct ev_import_plan *plan, const float *labels)
{
    return ev_import_repeats(plan, labels) * (plan->args->n_flip > 0 ? 2 : 1);
}

/* --- Survey --- */

/* Takes the labels of one picture into the counts. */
static void survey_labels(struct import *import, const struct ev_import_row *row, int32_t camera)
{
    const struct ev_import_plan *plan = &import->plan;
    float labels[EV_MAX_OUTPUTS];

    ev_import_labels(plan, row, camera, labels);
    import->result->n_rows += count_copies(plan, labels);
    for (int32_t k = 0; k < plan->n_targets; k++) {
        const struct ev_column *column = &plan->columns[k];
        import->low[k] = fmin(import->low[k], labels[k]);
        import->high[k] = fmax(import->high[k], labels[k]);
        if (plan->has_range[k] &&
            (labels[k] < (float)column->min || labels[k] > (float)column->max) &&
            import->n_outside[k]++ == 0)
            import->first_outside[k] = row->line;
    }
}

static enum ev_status survey_row(struct import *import, const struct ev_import_row *row,
                                 struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int32_t camera = 0; camera < import->plan.n_cameras && status == EV_OK; camera++) {
        survey_labels(import, row, camera);
        if (import->plan.is_log)
            status = ev_import_paths_learn(&import->plan, row->pictures[camera], err);
    }
    return status;
}

/* What a bad row means for the import. Where a quote holds line feeds, --skip-bad cannot tell how
 * many rows it has swallowed. */
static enum ev_status judge_bad_row(const struct import *import, const struct ev_import_row *row,
                                    struct ev_error *err)
{
    if (!import->plan.args->skip_bad)
        return EV_INPUT;
    if (row->last_line == row->line)
        return EV_OK;
    return ev_fail(err, EV_INPUT,
                   "%s: line %lld: a quote is open from here to line %lld, and no good row: which "
                   "rows --skip-bad should leave out is not clear",
                   import->plan.table, (long long)row->line, (long long)row->last_line);
}

/* Reads the table once, without the pictures. */
static enum ev_status survey_rows(struct import *import, struct ev_error *err)
{
    const struct ev_import_plan *plan = &import->plan;
    struct ev_import_rows rows;
    struct ev_import_row row;
    struct ev_error first_bad = EV_ERROR_INIT;

    for (int32_t k = 0; k < plan->n_targets; k++) {
        import->low[k] = INFINITY;
        import->high[k] = -INFINITY;
    }
    enum ev_status status = ev_import_rows_open(plan, &rows, err);
    while (status == EV_OK) {
        status = ev_import_rows_next(&rows, &row, err);
        if (status == EV_INPUT) {
            if (import->result->n_left_out == 0)
                first_bad = *err;
            status = judge_bad_row(import, &row, err);
            import->result->n_left_out += plan->n_cameras;
        } else if (status == EV_OK && row.line == 0) {
            break;
        } else if (status == EV_OK) {
            status = survey_row(import, &row, err);
        }
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    import->result->n_pictures = rows.n_read * plan->n_cameras;
    ev_import_rows_close(&rows);
    if (status == EV_OK && rows.n_read == 0)
        status = ev_fail(err, EV_INPUT, "%s: no rows behind the header", plan->table);
    if (status == EV_OK && import->result->n_rows == 0)
        status = ev_fail(err, EV_INPUT, "%s: every row is bad", first_bad.message);
    return status;
}

/* Every target needs a range: sets with ranges of their own cannot be compared, so none is made up
 * from the labels at hand. */
static enum ev_status check_ranges(const struct import *import, struct ev_error *err)
{
    const struct ev_import_plan *plan = &import->plan;

    for (int32_t k = 0; k < plan->n_targets; k++) {
        if (!plan->has_range[k])
            return ev_fail(err, EV_INPUT,
                           "%s: no range is known for %s: name those of all targets with --ranges "
                           "(here it is %g to %g)",
                           plan->table, plan->columns[k].name, import->low[k], import->high[k]);
    }
    return EV_OK;
}

/* What is odd about the source but no reason to stop. */
static enum ev_status note_oddities(const struct import *import, struct ev_error *err)
{
    const struct ev_import_plan *plan = &import->plan;
    int64_t n_rows = import->result->n_pictures / plan->n_cameras;
    char line[600], *path;

    for (int32_t k = 0; k < plan->n_targets; k++) {
        const struct ev_column *column = &plan->columns[k];
        if (import->n_outside[k] == 0)
            continue;
        snprintf(line, sizeof line,
                 "%.300s: line %lld: %s lies outside its range, %g to %g (as in %lld of %lld "
                 "labels; they reach from %g to %g)",
                 plan->table, (long long)import->first_outside[k], column->name, column->min,
                 column->max, (long long)import->n_outside[k],
                 (long long)(import->result->n_pictures - import->result->n_left_out),
                 import->low[k], import->high[k]);
        ev_progress_note(line);
    }
    if (plan->is_log)
        return EV_OK;
    enum ev_status status = ev_import_find_picture(plan, n_rows, NULL, &path, err);
    if (status == EV_OK && ev_file_exists(path)) {
        snprintf(line, sizeof line, "%.400s: has no row in data.csv, which has %lld", path,
                 (long long)n_rows);
        ev_progress_note(line);
    }
    free(path);
    return status;
}

/* --- Pictures --- */

static enum ev_status crop(const struct ev_import_plan *plan, struct ev_picture *picture,
                           bool *is_cropped, struct ev_error *err)
{
    const int32_t height = picture->height, width = picture->width;
    enum ev_status status = EV_OK;

    if (plan->crop_height == 0 || plan->crop_height == height)
        status = ev_picture_crop(picture, &plan->crop, err);
    *is_cropped = picture->height != height || picture->width != width;
    return status;
}

/* Reads, crops and resizes the picture at `path` into out, (height, width, channels) of the set. */
static enum ev_status read_picture(const struct ev_import_plan *plan, const char *path,
                                   uint8_t *out, bool *is_cropped, struct ev_error *err)
{
    const struct ev_import_args *args = plan->args;
    struct ev_error reason = EV_ERROR_INIT;
    struct ev_picture picture;

    enum ev_status status = ev_picture_read(path, &picture, err);
    if (status != EV_OK)
        return status;
    status = crop(plan, &picture, is_cropped, &reason);
    if (status == EV_OK)
        status = ev_picture_resize(&picture, args->resize, args->height, args->width, out, &reason);
    if (status == EV_OK)
        ev_picture_convert(out, (size_t)args->height * (size_t)args->width, args->colour);
    else
        (void)ev_fail(err, status, "%s: %s", path, reason.message);
    ev_picture_free(&picture);
    return status;
}

/* Loads a job's picture; a failure is kept with the job, as the first one in order counts. */
static void run_job(struct import *import, int64_t slot)
{
    struct job *job = &import->jobs[slot];
    struct ev_error reason = EV_ERROR_INIT;
    char *path = NULL;

    if (job->row_is_bad)
        return;
    job->status = ev_interrupt_check(&job->err);
    if (job->status != EV_OK)
        return;
    job->status = ev_import_find_picture(&import->plan, job->row, job->cell, &path, &reason);
    if (job->status == EV_OK && ev_file_is_same(path, import->plan.args->out))
        job->status = ev_fail(&reason, EV_USAGE,
                              "%.200s: would be overwritten, but it is what is read", path);
    if (job->status == EV_OK)
        job->status =
            read_picture(&import->plan, path, import->pictures + (size_t)slot * import->slot_bytes,
                         &job->is_cropped, &reason);
    if (job->status != EV_OK)
        (void)ev_fail(&job->err, job->status, "%s: line %lld: %s", import->plan.table,
                      (long long)job->line, reason.message);
    free(path);
}

/* The next row that is not bad, or a job for one that is: `jobs` has no more than a block. row.line
 * is 0 behind the last row. */
static enum ev_status next_row(struct import *import, int64_t *n_jobs, struct ev_error *err)
{
    enum ev_status status = ev_import_rows_next(&import->rows, &import->row, err);

    if (status == EV_OK && import->row.line > 0)
        import->next_camera = 0;
    if (status != EV_INPUT)
        return status;
    status = judge_bad_row(import, &import->row, err);
    if (status != EV_OK)
        return status;
    import->n_taken += import->plan.n_cameras;
    import->jobs[(*n_jobs)++] = (struct job){.row_is_bad = true, .status = EV_INPUT, .err = *err};
    return EV_OK;
}

/* Fills the block with the next pictures; *n is 0 behind the last one. */
static enum ev_status take_jobs(struct import *import, int64_t *n, struct ev_error *err)
{
    const struct ev_import_plan *plan = &import->plan;
    enum ev_status status = EV_OK;

    for (*n = 0; *n < import->n_block;) {
        if (import->next_camera == plan->n_cameras) {
            status = next_row(import, n, err);
            if (status != EV_OK || import->row.line == 0)
                break;
            continue;
        }
        int32_t camera = import->next_camera++;
        int64_t number = import->n_taken++;
        /* A table that grew since the survey would go beyond the flags. */
        if (number >= import->result->n_pictures)
            return ev_fail(err, EV_INPUT, "%s: changed while it was read", plan->table);
        if (import->is_bad && import->is_bad[number])
            continue;
        struct job *job = &import->jobs[(*n)++];
        *job = (struct job){.number = number,
                            .row = import->row.number,
                            .line = import->row.line,
                            .camera = camera};
        ev_import_labels(plan, &import->row, camera, job->labels);
        job->cell = plan->is_log ? strdup(import->row.pictures[camera]) : NULL;
        if (plan->is_log && !job->cell)
            return ev_fail(err, EV_MEMORY, "%s: out of memory", plan->table);
    }
    if (status == EV_OK && *n < import->n_block && import->n_taken != import->result->n_pictures)
        status = ev_fail(err, EV_INPUT, "%s: changed while it was read", plan->table);
    return status;
}

/* Appends a picture as often as its labels say, then as often its mirror image. */
static enum ev_status append(struct import *import, struct ev_set_writer *writer, int64_t slot,
                             struct ev_error *err)
{
    const struct ev_import_plan *plan = &import->plan;
    const struct ev_import_args *args = plan->args;
    struct job *job = &import->jobs[slot];
    const uint8_t *picture = import->pictures + (size_t)slot * import->slot_bytes;
    int64_t n = ev_import_repeats(plan, job->labels);
    enum ev_status status = EV_OK;

    import->result->n_cropped += job->is_cropped;

    for (int64_t i = 0; i < n && status == EV_OK; i++)
        status = ev_set_writer_append(writer, 1, picture, job->labels, NULL, err);
    if (args->n_flip == 0)
        return status;
    memcpy(import->mirrored, picture, import->slot_bytes);
    ev_pixels_mirror(args->height, args->width, ev_picture_colour_channels(args->colour),
                     import->mirrored);
    for (int32_t k = 0; k < plan->n_targets; k++)
        job->labels[k] = plan->mirrored[k] ? -job->labels[k] : job->labels[k];
    for (int64_t i = 0; i < n && status == EV_OK; i++)
        status = ev_set_writer_append(writer, 1, import->mirrored, job->labels, NULL, err);
    return status;
}

/* What becomes of a loaded picture: without a writer, only a note if it is bad. */
static enum ev_status settle(struct import *import, struct ev_set_writer *writer, int64_t slot,
                             struct ev_error *err)
{
    const struct job *job = &import->jobs[slot];

    if (job->row_is_bad) {
        if (!writer)
            note_left_out(&job->err);
        return EV_OK;
    }
    if (job->status == EV_OK)
        return writer ? append(import, writer, slot, err) : EV_OK;
    if (job->status != EV_INPUT || writer) {
        *err = job->err;
        return job->status;
    }
    note_left_out(&job->err);
    import->is_bad[job->number] = 1;
    import->result->n_left_out++;
    import->result->n_rows -= count_copies(&import->plan, job->labels);
    return EV_OK;
}

/* Goes over all pictures: into the writer, or with NULL in search of bad ones. */
static enum ev_status go_over(struct import *import, struct ev_set_writer *writer,
                              struct ev_error *err)
{
    const int32_t n_threads = import->plan.args->n_threads;
    struct ev_progress progress;
    int64_t n = 1;

    import->n_taken = 0;
    import->next_camera = import->plan.n_cameras;
    enum ev_status status = ev_import_rows_open(&import->plan, &import->rows, err);
    ev_progress_start(&progress, writer ? "import" : "check", "pictures",
                      import->result->n_pictures);
    while (status == EV_OK && n > 0) {
        status = take_jobs(import, &n, err);
        if (status == EV_OK) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
            for (int64_t slot = 0; slot < n; slot++)
                run_job(import, slot);
        }
        for (int64_t slot = 0; slot < n && status == EV_OK; slot++)
            status = settle(import, writer, slot, err);
        for (int64_t slot = 0; slot < n; slot++)
            free(import->jobs[slot].cell);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(&progress, import->n_taken, NULL);
    }
    if (status == EV_OK)
        status = ev_import_check_table(&import->plan, err);
    ev_progress_finish(&progress);
    ev_import_rows_close(&import->rows);
    return status;
}

static enum ev_status find_bad(struct import *import, struct ev_error *err)
{
    /* All pictures come first; that the set cannot be written should not show only then. */
    enum ev_status status = ev_file_check_path(import->plan.args->out, err);
    if (status != EV_OK)
        return status;
    import->is_bad = calloc((size_t)import->result->n_pictures, 1);
    if (!import->is_bad)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", import->plan.table);
    status = go_over(import, NULL, err);
    if (status == EV_OK && import->result->n_rows == 0)
        status = ev_fail(err, EV_INPUT, "%s: every picture is bad", import->plan.table);
    return status;
}

static enum ev_status write_set(struct import *import, struct ev_error *err)
{
    const struct ev_import_plan *plan = &import->plan;
    const struct ev_import_args *args = plan->args;
    struct ev_set_writer *writer = NULL;
    struct ev_set_spec spec = {
        .n_rows = import->result->n_rows,
        .shape = {args->height, args->width, ev_picture_colour_channels(args->colour)},
        .n_outputs = plan->n_targets,
        .colour = ev_picture_colour_name(args->colour),
        .frame_rate_hz = args->frame_rate_hz,
        .chunk_rows = args->chunk_rows,
        .deflate_level = args->deflate_level,
    };

    memcpy(spec.columns, plan->columns, sizeof spec.columns);
    enum ev_status status = ev_set_writer_open(args->out, &spec, &writer, err);
    if (status == EV_OK)
        status = go_over(import, writer, err);
    char *provenance = status == EV_OK ? ev_import_provenance(plan, import->result) : NULL;
    if (status == EV_OK)
        status = provenance ? ev_set_writer_tell(writer, provenance, err)
                            : ev_fail(err, EV_MEMORY, "out of memory");
    if (status == EV_OK)
        status = ev_set_writer_commit(writer, err);
    else
        ev_set_writer_abort(writer);
    free(provenance);
    return status;
}

static enum ev_status take_memory(struct import *import, struct ev_error *err)
{
    const struct ev_import_args *args = import->plan.args;
    int64_t n_threads = args->n_threads, n_most;

    import->slot_bytes = (size_t)args->height * (size_t)args->width * 3;
    n_most = (int64_t)(MAX_BLOCK_BYTES / import->slot_bytes);
    import->n_block = BLOCK_PICTURES_A_THREAD * n_threads;
    if (import->n_block > n_most)
        import->n_block = n_most > n_threads ? n_most : n_threads;
    import->jobs = calloc((size_t)import->n_block, sizeof *import->jobs);
    import->pictures = malloc((size_t)import->n_block * import->slot_bytes);
    import->mirrored = malloc(import->slot_bytes);
    return import->jobs && import->pictures && import->mirrored
               ? EV_OK
               : ev_fail(err, EV_MEMORY, "out of memory");
}

/* Which paths were not taken as they stand; at the end, as a failure is told in one line. */
static void note_paths(const struct ev_import_plan *plan)
{
    int64_t n = 0, n_followed = 0;
    const char *example = NULL;
    char line[1000];

    for (int kind = 0; kind < EV_IMPORT_N_PATH_KINDS; kind++) {
        const struct ev_import_paths *paths = &plan->paths[kind];
        n += paths->n;
        if (paths->n_dropped <= 0)
            continue;
        n_followed += paths->n;
        example = example ? example : paths->example;
    }
    if (!example)
        return;
    snprintf(line, sizeof line, "%.300s: %lld of %lld paths were followed from their end on, as %s",
             plan->table, (long long)n_followed, (long long)n, example);
    ev_progress_note(line);
}

enum ev_status ev_import_run(const struct ev_import_args *args, struct ev_import_result *result,
                             struct ev_error *err)
{
    struct import import = {.result = result};

    *result = (struct ev_import_result){0};
    enum ev_status status = ev_import_plan_make(args, &import.plan, err);
    if (status == EV_OK)
        status = survey_rows(&import, err);
    if (status == EV_OK)
        status = check_ranges(&import, err);
    if (status == EV_OK)
        status = note_oddities(&import, err);
    if (status == EV_OK)
        status = take_memory(&import, err);
    if (status == EV_OK && args->skip_bad)
        status = find_bad(&import, err);
    if (status == EV_OK)
        status = write_set(&import, err);
    if (status == EV_OK)
        note_paths(&import.plan);
    free(import.jobs);
    free(import.pictures);
    free(import.mirrored);
    free(import.is_bad);
    ev_import_plan_free(&import.plan);
    return status;
}
