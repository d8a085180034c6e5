/* SPDX-License-Identifier: MIT */
/* What the study's figures need besides outputs: outputs for mirrored pictures, and its times. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/study.h"
#include "measure/form.h"
#include "set/pixel.h"

#define N_WARMUP 50

static void mirror(const struct ev_batch *batch, void *pictures)
{
    const struct ev_shape *shape = &batch->shape;
    const bool is_bytes = batch->form == EV_FORM_U8_NHWC;
    const int64_t n_lines = batch->n_rows * shape->height * (is_bytes ? 1 : shape->channels);

    memcpy(pictures, batch->data,
           (size_t)batch->n_rows * ev_form_picture_bytes(batch->form, shape));
    ev_pixels_mirror(n_lines, shape->width, is_bytes ? shape->channels : (int32_t)sizeof(float),
                     pictures);
}

/* Outputs (n_rows, n_outputs) for all pictures mirrored; `pictures` has room for a batch. */
static enum ev_status infer_mirrored(struct ev_set *set, struct ev_model *model,
                                     const struct ev_stream_args *args, const char *name,
                                     void *pictures, float *outputs, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    struct ev_stream *stream = NULL;
    struct ev_stream_batch read;
    struct ev_progress progress;
    enum ev_status status = ev_stream_open(set, args, &stream, err);

    ev_progress_start(&progress, name, "images", info->n_rows);
    while (status == EV_OK) {
        status = ev_stream_next(stream, &read, err);
        if (status != EV_OK || read.batch.n_rows == 0)
            break;
        mirror(&read.batch, pictures);
        read.batch.data = pictures;
        status =
            ev_model_infer(model, &read.batch, outputs + read.first_row * info->n_outputs, err);
        ev_progress_update(&progress, read.first_row + read.batch.n_rows, NULL);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    ev_progress_finish(&progress);
    ev_stream_close(stream);
    return status;
}

static enum ev_status run_mirrored(struct ev_set *set, struct ev_model *model,
                                   const struct ev_study_args *args, const char *name,
                                   float *outputs, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const struct ev_stream_args stream = {
        .form = ev_form_choose(model, info->form),
        .batch_rows = args->batch_rows < info->n_rows ? args->batch_rows : info->n_rows,
        .depth = EV_READ_AHEAD,
        .n_threads = args->n_threads,
    };
    void *pictures = malloc((size_t)stream.batch_rows * ev_set_picture_bytes(info, stream.form));

    if (!pictures)
        return ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", info->path,
                       (long long)stream.batch_rows);
    enum ev_status status = infer_mirrored(set, model, &stream, name, pictures, outputs, err);
    free(pictures);
    return status;
}

static enum ev_status time_calls(struct ev_model *model, const struct ev_spread *spread,
                                 const char *name, float *calls_ns, struct ev_error *err)
{
    float outputs[EV_MAX_OUTPUTS];
    struct ev_progress progress;
    enum ev_status status = EV_OK;

    ev_progress_start(&progress, name, "calls", EV_SAMPLES_STUDY_CALLS);
    for (int64_t i = -N_WARMUP; i < EV_SAMPLES_STUDY_CALLS && status == EV_OK; i++) {
        const struct ev_batch batch = ev_timing_batch(&spread->pictures, model, i + N_WARMUP);
        const int64_t start_ns = ev_clock_ns();
        status = ev_model_infer(model, &batch, outputs, err);
        if (i >= 0)
            calls_ns[i] = (float)(ev_clock_ns() - start_ns);
        ev_progress_update(&progress, i > 0 ? i : 0, NULL);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    ev_progress_finish(&progress);
    return status;
}

/* The backend's array of n floats in a list that is made with the first; NULL when out of memory.
 */
static float *add_list(float ***lists, const struct ev_study_args *args, size_t n)
{
    if (!*lists)
        *lists = calloc(args->n_backends, sizeof **lists);
    return *lists ? (*lists)[args->backend] = malloc(n * sizeof(float)) : NULL;
}

/* After a failure there are no half-filled samples. */
static enum ev_status keep_or_drop(enum ev_status status, float **list)
{
    if (status != EV_OK) {
        free(*list);
        *list = NULL;
    }
    return status;
}

enum ev_status ev_study_run(struct ev_set *set, struct ev_model *model,
                            const struct ev_study_args *args, const struct ev_spread *spread,
                            struct ev_samples_set *kept, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const size_t b = args->backend;
    char name[160];
    enum ev_status status = EV_OK;

    if (ev_study_output(info->columns, info->n_outputs) >= 0) {
        if (!add_list(&kept->mirrored, args, (size_t)(kept->n_rows * kept->n_outputs)))
            return ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);
        snprintf(name, sizeof name, "mirrored images of %.70s", kept->name);
        status = keep_or_drop(run_mirrored(set, model, args, name, kept->mirrored[b], err),
                              &kept->mirrored[b]);
    }
    if (status != EV_OK)
        return status;
    if (!add_list(&kept->study_ns, args, EV_SAMPLES_STUDY_CALLS))
        return ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);
    snprintf(name, sizeof name, "the study's calls on %.70s", kept->name);
    return keep_or_drop(time_calls(model, spread, name, kept->study_ns[b], err),
                        &kept->study_ns[b]);
}
