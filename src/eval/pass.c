/* SPDX-License-Identifier: MIT */
/* Stream, infer, add errors: the loop whose time is the throughput. */
#include "eval/pass.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/form.h"

/* Batches that the reader is ahead: one being read while one waits evens out uneven reads. Memory
 * is three batches, 122 MB at 1024 pictures of 66 x 200. */
#define READ_AHEAD 2

/* What batches are computed with. */
struct pass {
    struct ev_set *set;
    struct ev_model *model;
    int64_t batch_rows; /* at most the set's rows */
    float *outputs;     /* (batch_rows, K) */
    float *floats;      /* (batch_rows, C, H, W), or NULL if the model reads bytes */
};

static enum ev_status infer(struct pass *pass, const struct ev_batch *bytes, struct ev_error *err)
{
    if (!pass->floats)
        return ev_model_infer(pass->model, bytes, pass->outputs, err);
    const struct ev_batch floats = ev_form_to_floats(bytes, pass->floats);
    return ev_model_infer(pass->model, &floats, pass->outputs, err);
}

static enum ev_status start(struct pass *pass, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(pass->set);
    const enum ev_form form = ev_form_choose(pass->model);
    const size_t n = (size_t)pass->batch_rows;

    pass->outputs = malloc(n * (size_t)info->n_outputs * sizeof *pass->outputs);
    if (form == EV_FORM_F32_NCHW)
        pass->floats = malloc(n * ev_form_picture_bytes(form, &info->shape));
    if (!pass->outputs || (form == EV_FORM_F32_NCHW && !pass->floats))
        return ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", info->path,
                       (long long)pass->batch_rows);
    return EV_OK;
}

/* The first calls of a model allocate and choose kernels; they are no throughput. */
static enum ev_status warm_up(struct pass *pass, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(pass->set);
    uint8_t *pictures =
        malloc((size_t)pass->batch_rows * ev_form_picture_bytes(EV_FORM_U8_NHWC, &info->shape));

    if (!pictures)
        return ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", info->path,
                       (long long)pass->batch_rows);
    const struct ev_batch batch = {
        .size = sizeof batch,
        .form = EV_FORM_U8_NHWC,
        .shape = info->shape,
        .n_rows = pass->batch_rows,
        .data = pictures,
    };
    enum ev_status status = ev_set_read(pass->set, 0, pass->batch_rows, pictures, err);
    if (status == EV_OK)
        status = infer(pass, &batch, err);
    free(pictures);
    return status;
}

static enum ev_status stream_rows(struct pass *pass, struct ev_accuracy *accuracy,
                                  struct ev_accuracy *pooled, struct ev_progress *progress,
                                  struct ev_error *err)
{
    const int32_t n_outputs = ev_set_info(pass->set)->n_outputs;
    const float *labels = ev_set_labels(pass->set);
    struct ev_stream *stream;
    struct ev_stream_batch read;
    enum ev_status status = ev_stream_open(pass->set, pass->batch_rows, READ_AHEAD, &stream, err);

    while (status == EV_OK) {
        status = ev_stream_next(stream, &read, err);
        if (status != EV_OK || read.batch.n_rows == 0)
            break;
        status = infer(pass, &read.batch, err);
        if (status != EV_OK)
            break;
        const float *rows = labels + read.first_row * n_outputs;
        ev_accuracy_add(accuracy, read.batch.n_rows, pass->outputs, rows);
        if (pooled)
            ev_accuracy_add(pooled, read.batch.n_rows, pass->outputs, rows);
        ev_progress_update(progress, accuracy->n_rows, NULL);
        status = ev_interrupt_check(err);
    }
    ev_stream_close(stream);
    return status;
}

enum ev_status ev_pass_run(struct ev_set *set, struct ev_model *model, int64_t batch_rows,
                           const char *name, struct ev_accuracy *accuracy,
                           struct ev_accuracy *pooled, int64_t *elapsed_ns, struct ev_error *err)
{
    const int64_t n_rows = ev_set_info(set)->n_rows;
    struct pass pass = {
        .set = set,
        .model = model,
        .batch_rows = batch_rows < n_rows ? batch_rows : n_rows,
    };
    struct ev_progress progress;
    enum ev_status status = start(&pass, err);

    if (status == EV_OK)
        status = warm_up(&pass, err);
    if (status == EV_OK) {
        ev_progress_start(&progress, name, "images", n_rows);
        int64_t start_ns = ev_clock_ns();
        status = stream_rows(&pass, accuracy, pooled, &progress, err);
        *elapsed_ns = ev_clock_ns() - start_ns;
        ev_progress_finish(&progress);
    }
    free(pass.floats);
    free(pass.outputs);
    return status;
}
