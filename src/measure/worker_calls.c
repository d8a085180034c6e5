/* SPDX-License-Identifier: MIT */
/* Timed calls: hot, paced, and with batches from memory or from the set's file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "measure/form.h"
#include "measure/pin.h"
#include "measure/worker_private.h"

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory for the pictures that are timed");
}

/* --- Inputs --- */

static bool reads_floats(const struct ev_model *model)
{
    return (ev_model_description(model)->forms & EV_FORM_F32_NCHW) != 0;
}

/* n pictures of the job, one after the other, from the first on; malloc'ed. */
static void *repeat_pictures(const struct ev_job *job, int64_t n)
{
    const size_t n_bytes = ev_form_picture_bytes(job->form, &job->shape);
    char *pictures = malloc((size_t)n * n_bytes);

    for (int64_t i = 0; pictures && i < n; i++)
        memcpy(pictures + (size_t)i * n_bytes, ev_job_picture(job, i), n_bytes);
    return pictures;
}

enum ev_status ev_worker_make_inputs(struct ev_worker *worker, int64_t n_rows, bool with_floats,
                                     struct ev_error *err)
{
    const struct ev_job *job = worker->job;
    const int64_t n_pictures = n_rows > 1 ? n_rows : job->n_pictures;
    const size_t n_bytes = ev_form_picture_bytes(EV_FORM_F32_NCHW, &job->shape);

    worker->n_rows = n_rows;
    worker->outputs = malloc((size_t)n_rows * (size_t)job->n_outputs * sizeof(float));
    worker->bytes = (struct ev_batch){
        .size = sizeof worker->bytes,
        .form = job->form,
        .shape = job->shape,
        .n_rows = n_pictures,
        .data = repeat_pictures(job, n_pictures),
    };
    if (!worker->outputs || !worker->bytes.data)
        return out_of_memory(err);
    if (job->form == EV_FORM_F32_NCHW) {
        worker->floats = worker->bytes;
        return EV_OK;
    }
    worker->converted = malloc((size_t)n_rows * n_bytes);
    float *floats = with_floats ? malloc((size_t)n_pictures * n_bytes) : NULL;
    if (!worker->converted || (with_floats && !floats)) {
        free(floats);
        return out_of_memory(err);
    }
    if (with_floats)
        worker->floats = ev_form_to_floats(&worker->bytes, floats);
    return EV_OK;
}

void ev_worker_pin_inputs(const struct ev_worker *worker, struct ev_model *model)
{
    const struct ev_batch *bytes = &worker->bytes;

    ev_model_pin(model, (void *)bytes->data,
                 (size_t)bytes->n_rows * ev_form_picture_bytes(bytes->form, &bytes->shape));
}

void ev_worker_free_inputs(struct ev_worker *worker)
{
    if (worker->floats.data != worker->bytes.data)
        free((void *)worker->floats.data);
    free((void *)worker->bytes.data);
    free(worker->converted);
    free(worker->outputs);
    worker->bytes = worker->floats = (struct ev_batch){0};
    worker->converted = worker->outputs = NULL;
}

/* --- One call --- */

/* Inference of one piece, by the hook that tells of the device where the condition is about that:
 * *device_ns becomes more by what it took. */
static enum ev_status infer(const struct ev_condition *condition, struct ev_model *model,
                            const struct ev_batch *piece, float *outputs, int64_t *device_ns,
                            struct ev_error *err)
{
    const bool is_eager = condition->mode == EV_MODE_EAGER;
    int64_t piece_ns;

    if (!is_eager && condition->boundary != EV_BOUNDARY_DEVICE)
        return ev_model_infer(model, piece, outputs, err);
    const enum ev_status status =
        ev_model_infer_apart(model, piece, outputs, is_eager, &piece_ns, err);
    *device_ns += piece_ns;
    return status;
}

/* Inference of a batch in pieces, converting what the model does not read as it is. */
static enum ev_status answer(struct ev_worker *worker, const struct ev_condition *condition,
                             struct ev_model *model, const struct ev_batch *batch,
                             int64_t piece_rows, int64_t *device_ns, struct ev_error *err)
{
    const bool is_read = (ev_model_description(model)->forms & batch->form) != 0;
    enum ev_status status = EV_OK;

    for (int64_t first = 0; first < batch->n_rows && status == EV_OK; first += piece_rows) {
        const int64_t left = batch->n_rows - first;
        struct ev_batch piece = ev_form_slice(batch, first, left < piece_rows ? left : piece_rows);
        if (!is_read)
            piece = ev_form_to_floats(&piece, worker->converted);
        status = infer(condition, model, &piece, worker->outputs + first * worker->job->n_outputs,
                       device_ns, err);
    }
    return status;
}

/* What call i is given: one picture, or the batch. */
static struct ev_batch input_of(const struct ev_worker *worker,
                                const struct ev_condition *condition, int32_t entry, int64_t i)
{
    const struct ev_model *model = worker->subjects[entry].model;
    const bool is_ready = condition->boundary == EV_BOUNDARY_COMPUTE && reads_floats(model);
    const struct ev_batch *all = is_ready ? &worker->floats : &worker->bytes;

    return worker->n_rows > 1 ? *all : ev_form_slice(all, i % all->n_rows, 1);
}

static void sleep_until(int64_t ns)
{
    const struct timespec when = {ns / 1000000000, ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
        continue;
}

/* The next tick of the control loop that is not over yet. */
static int64_t next_tick(int64_t tick_ns, int64_t period_ns)
{
    const int64_t now_ns = ev_clock_ns();

    do
        tick_ns += period_ns;
    while (tick_ns < now_ns);
    return tick_ns;
}

enum ev_status ev_worker_call(struct ev_worker *worker, const struct ev_condition *condition,
                              int32_t entry, int64_t first, int32_t n, float *call_ns,
                              struct ev_error *err)
{
    const struct ev_job *job = worker->job;
    const int64_t piece_rows = condition->mode == EV_MODE_PIECES ? job->piece_rows : worker->n_rows;
    int64_t tick_ns = ev_clock_ns();
    enum ev_status status = EV_OK;

    for (int32_t i = 0; i < n && status == EV_OK; i++) {
        const struct ev_batch batch = input_of(worker, condition, entry, first + i);
        if (condition->mode == EV_MODE_PACED) {
            tick_ns = next_tick(tick_ns, job->period_ns);
            sleep_until(tick_ns);
        }
        int64_t device_ns = 0;
        const int64_t start_ns = ev_clock_raw_ns();
        status = answer(worker, condition, worker->subjects[entry].model, &batch, piece_rows,
                        &device_ns, err);
        const int64_t host_ns = ev_clock_raw_ns() - start_ns;
        if (call_ns)
            call_ns[i] = (float)(condition->boundary == EV_BOUNDARY_DEVICE ? device_ns : host_ns);
    }
    return status;
}

/* --- From a file --- */

/* The next batch; of a set of fewer rows than a block has batches, from its beginning again. */
static enum ev_status next_batch(struct ev_set *set, struct ev_model *model,
                                 const struct ev_stream_args *args, struct ev_stream **stream,
                                 struct ev_stream_batch *read, struct ev_error *err)
{
    enum ev_status status = *stream ? ev_stream_next(*stream, read, err) : EV_OK;

    if (status != EV_OK || (*stream && read->batch.n_rows > 0))
        return status;
    ev_unpin_stream(model, *stream);
    ev_stream_close(*stream);
    *stream = NULL;
    status = ev_stream_open(set, args, stream, err);
    if (status != EV_OK)
        return status;
    ev_pin_stream(model, *stream);
    return ev_stream_next(*stream, read, err);
}

/* The first n_discarded batches of the set, then n_calls timed ones: each from the end of the one
 * before until its outputs are there. */
static enum ev_status call_from_file(struct ev_worker *worker, const struct ev_condition *condition,
                                     int32_t entry, float *call_ns, struct ev_error *err)
{
    struct ev_model *model = worker->subjects[entry].model;
    const struct ev_stream_args args = {
        ev_form_choose(model, ev_set_info(worker->set)->form),
        ev_worker_rows(worker, condition),
        EV_READ_AHEAD,
        worker->n_threads,
        0,
    };
    struct ev_stream *stream = NULL;
    struct ev_stream_batch read;
    int64_t unused_ns = 0;
    enum ev_status status = EV_OK;

    for (int32_t i = -condition->n_discarded; i < condition->n_calls && status == EV_OK; i++) {
        const int64_t start_ns = ev_clock_raw_ns();
        status = next_batch(worker->set, model, &args, &stream, &read, err);
        if (status == EV_OK)
            status = answer(worker, condition, model, &read.batch, worker->n_rows, &unused_ns, err);
        if (i >= 0)
            call_ns[i] = (float)(ev_clock_raw_ns() - start_ns);
    }
    ev_unpin_stream(model, stream);
    ev_stream_close(stream);
    return status;
}

/* --- Blocks --- */

int64_t ev_worker_rows(const struct ev_worker *worker, const struct ev_condition *condition)
{
    if (condition->mode != EV_MODE_FED)
        return worker->n_rows;
    const int64_t n_batches = condition->n_discarded + condition->n_calls;
    const int64_t most = ev_set_info(worker->set)->n_rows / n_batches;
    return most < 1 ? 1 : most < worker->n_rows ? most : worker->n_rows;
}

enum ev_status ev_worker_block(struct ev_worker *worker, const struct ev_condition *condition,
                               int32_t entry, int64_t first, float *call_ns, struct ev_error *err)
{
    if (condition->mode == EV_MODE_FED)
        return call_from_file(worker, condition, entry, call_ns, err);
    enum ev_status status =
        ev_worker_call(worker, condition, entry, first, condition->n_discarded, NULL, err);
    if (status == EV_OK)
        status = ev_worker_call(worker, condition, entry, first, condition->n_calls, call_ns, err);
    return status;
}
