/* SPDX-License-Identifier: MIT */
/* Stream, infer, add errors: the loop whose time is the throughput. */
#include "eval/pass.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "measure/form.h"
#include "measure/pin.h"

/* What batches are computed with. */
struct pass {
    struct ev_set *set;
    struct ev_model *model;
    struct ev_pass_journal *journal;
    struct ev_accuracy *accuracy;
    int64_t elapsed_ns;
    int64_t batch_rows; /* at most the set's rows */
    enum ev_form form;  /* in which the model is given pictures */
    float *outputs;     /* (batch_rows, K) */
};

static void add_batch(void *self, int64_t n_rows, const float *outputs, int64_t elapsed_ns)
{
    struct pass *pass = self;
    const float *labels = ev_set_labels(pass->set);

    ev_accuracy_add(pass->accuracy, n_rows, outputs,
                    labels + pass->accuracy->n_rows * pass->accuracy->n_outputs);
    pass->elapsed_ns += elapsed_ns;
}

static enum ev_status start(struct pass *pass, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(pass->set);

    pass->form = ev_form_choose(pass->model, info->form);
    pass->outputs =
        malloc((size_t)pass->batch_rows * (size_t)info->n_outputs * sizeof *pass->outputs);
    if (!pass->outputs)
        return ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", info->path,
                       (long long)pass->batch_rows);
    return EV_OK;
}

/* The first calls of a model allocate and choose kernels; they are no throughput. */
static enum ev_status warm_up(struct pass *pass, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(pass->set);
    void *pictures = malloc((size_t)pass->batch_rows * ev_set_picture_bytes(info, pass->form));

    if (!pictures)
        return ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", info->path,
                       (long long)pass->batch_rows);
    const struct ev_batch batch = {
        .size = sizeof batch,
        .form = pass->form,
        .shape = info->shape,
        .n_rows = pass->batch_rows,
        .data = pictures,
    };
    enum ev_status status = ev_set_read(pass->set, pass->form, 0, pass->batch_rows, pictures, err);
    if (status == EV_OK)
        status = ev_model_infer(pass->model, &batch, pass->outputs, err);
    free(pictures);
    return status;
}

static enum ev_status stream_rows(struct pass *pass, int64_t first_row, int32_t n_threads,
                                  struct ev_progress *progress, struct ev_error *err)
{
    struct ev_stream *stream;
    struct ev_stream_batch read;
    const struct ev_stream_args args = {pass->form, pass->batch_rows, EV_READ_AHEAD, n_threads,
                                        first_row};
    int64_t start_ns = ev_clock_ns();
    enum ev_status status = ev_stream_open(pass->set, &args, &stream, err);

    if (status == EV_OK)
        ev_pin_stream(pass->model, stream);
    while (status == EV_OK) {
        status = ev_stream_next(stream, &read, err);
        if (status != EV_OK || read.batch.n_rows == 0)
            break;
        status = ev_model_infer(pass->model, &read.batch, pass->outputs, err);
        if (status != EV_OK)
            break;
        add_batch(pass, read.batch.n_rows, pass->outputs, 0);
        const int64_t elapsed_ns = ev_clock_ns() - start_ns;
        pass->elapsed_ns += elapsed_ns;
        status = ev_pass_journal_add(pass->journal, read.batch.n_rows, pass->outputs, elapsed_ns,
                                     err);
        start_ns = ev_clock_ns();
        ev_progress_update(progress, pass->accuracy->n_rows, NULL);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    ev_unpin_stream(pass->model, stream);
    ev_stream_close(stream);
    return status;
}

enum ev_status ev_pass_run(struct ev_set *set, struct ev_model *model, int32_t n_threads,
                           const char *name, struct ev_pass_journal *journal,
                           struct ev_accuracy *accuracy, int64_t *elapsed_ns,
                           struct ev_error *err)
{
    const int64_t n_rows = ev_set_info(set)->n_rows;
    struct pass pass = {
        .set = set,
        .model = model,
        .journal = journal,
        .accuracy = accuracy,
        .batch_rows = journal->batch_rows,
    };
    struct ev_progress progress;
    int64_t first_row = 0;
    enum ev_status status = start(&pass, err);

    if (status == EV_OK)
        status = ev_pass_journal_open(journal, add_batch, &pass, &first_row, err);
    if (status == EV_OK && first_row < n_rows)
        status = warm_up(&pass, err);
    if (status == EV_OK && first_row < n_rows) {
        ev_progress_start(&progress, name, "images", n_rows);
        ev_progress_set_first(&progress, first_row);
        status = stream_rows(&pass, first_row, n_threads, &progress, err);
        ev_progress_finish(&progress);
    }
    *elapsed_ns = pass.elapsed_ns;
    ev_pass_journal_close(journal);
    free(pass.outputs);
    return status;
}
