/* SPDX-License-Identifier: MIT */
/* Layers of each backend timed, those of the baseline tried in int8. */
#include "eval/layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/accuracy.h"
#include "eval/form.h"
#include "eval/judge.h"
#include "measure/peak.h"
#include "stats/stats.h"

/* Pictures that layers are timed on, which also calibrate int8. */
#define MAX_PICTURES 64
#define N_WARMUP     20
/* Calls with and as many without a look at the layers: a second for a model of 1 ms. */
#define N_CALLS      512

/* Rows that int8 is tried on, and how many of them are in memory at once. */
#define MAX_ROWS   2000
#define BATCH_ROWS 256

/* What all backends share. */
struct run {
    const struct ev_eval_args *args;
    struct ev_result *result;
    struct ev_set *set;
    int64_t n_pictures;
};

/* A model that is looked into, and pictures in the form that it reads. */
struct subject {
    const struct ev_eval_backend *backend;
    struct ev_model *model;
    struct ev_batch pictures; /* (n_pictures) */
    struct ev_layer *layers;  /* (EV_MAX_LAYERS) */
    int32_t n_layers;
};

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory for the figures of layers");
}

/* --- Opening --- */

/* Row i of n that are evenly spread over a set. */
static int64_t spread_row(int64_t n_rows, int64_t n, int64_t i)
{
    return n_rows / n * i + n_rows % n * i / n;
}

/* Rows [first, first + n) of n_all spread ones, into batch->data. */
static enum ev_status read_spread(struct ev_set *set, int64_t n_all, int64_t first, int64_t n,
                                  struct ev_batch *batch, struct ev_error *err)
{
    int64_t rows[BATCH_ROWS];

    for (int64_t i = 0; i < n; i++)
        rows[i] = spread_row(ev_set_info(set)->n_rows, n_all, first + i);
    batch->n_rows = n;
    return ev_set_read_rows(set, (enum ev_form)batch->form, rows, n, (void *)batch->data, err);
}

/* An empty batch with room for n_rows pictures; the caller frees its data. */
static enum ev_status make_batch(const struct run *run, const struct ev_model *model,
                                 int64_t n_rows, struct ev_batch *batch, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(run->set);
    const enum ev_form form = ev_form_choose(model, info->form);

    *batch = (struct ev_batch){
        .size = sizeof *batch,
        .form = form,
        .shape = info->shape,
        .data = malloc((size_t)n_rows * ev_set_picture_bytes(info, form)),
    };
    return batch->data ? EV_OK : out_of_memory(err);
}

static void close_subject(struct subject *subject)
{
    ev_model_close(subject->model);
    free((void *)subject->pictures.data);
    free(subject->layers);
}

static enum ev_status open_subject(const struct run *run, const struct ev_eval_backend *backend,
                                   int32_t n_threads, struct subject *subject, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(run->set);
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = n_threads,
        .model_path = backend->model_path,
        .device_kind = run->args->device_kind,
        .device_index = run->args->device_index,
        .shape = info->shape,
        .n_outputs = info->n_outputs,
        .max_rows = BATCH_ROWS,
    };

    *subject = (struct subject){
        .backend = backend,
        .layers = calloc(EV_MAX_LAYERS, sizeof *subject->layers),
    };
    enum ev_status status = subject->layers ? EV_OK : out_of_memory(err);
    if (status == EV_OK)
        status = ev_model_open(backend->engine, &args, &subject->model, err);
    if (status == EV_OK)
        status = make_batch(run, subject->model, run->n_pictures, &subject->pictures, err);
    if (status == EV_OK)
        status =
            read_spread(run->set, run->n_pictures, 0, run->n_pictures, &subject->pictures, err);
    if (status != EV_OK)
        close_subject(subject);
    return status;
}

static struct ev_batch picture(const struct subject *subject, int64_t i)
{
    const struct ev_batch *all = &subject->pictures;
    struct ev_batch one = *all;

    one.n_rows = 1;
    one.data =
        (const char *)all->data +
        (size_t)(i % all->n_rows) * ev_form_picture_bytes((enum ev_form)all->form, &all->shape);
    return one;
}

/* --- Times --- */

/* Samples of all calls: of each layer, then of whole calls without a look. */
struct times {
    float *samples_ns; /* (n_layers + 1, N_CALLS) */
    int32_t n_layers;
};

/* One call with a look at the layers, one without; which comes first changes from call to call. */
static enum ev_status sample(struct subject *subject, int64_t call, struct times *times,
                             struct ev_error *err)
{
    const struct ev_batch one = picture(subject, call);
    float outputs[EV_MAX_OUTPUTS];
    enum ev_status status = EV_OK;

    for (int64_t turn = 0; turn < 2 && status == EV_OK; turn++) {
        if ((call + turn) % 2 == 0) {
            const int64_t start_ns = ev_clock_ns();
            status = ev_model_infer(subject->model, &one, outputs, err);
            times->samples_ns[times->n_layers * N_CALLS + call] = (float)(ev_clock_ns() - start_ns);
            continue;
        }
        status = ev_model_layers(subject->model, &one, subject->layers, &subject->n_layers, err);
        if (status == EV_OK && subject->n_layers != times->n_layers)
            status = ev_fail(err, EV_ENGINE, "engine '%s': tells of %d layers, then of %d",
                             subject->backend->engine->name, (int)times->n_layers,
                             (int)subject->n_layers);
        for (int32_t i = 0; i < times->n_layers && status == EV_OK; i++)
            times->samples_ns[i * N_CALLS + call] = (float)subject->layers[i].time_ns;
    }
    return status;
}

static enum ev_status measure(struct subject *subject, struct times *times, struct ev_error *err)
{
    const struct ev_batch one = picture(subject, 0);
    struct ev_progress progress;
    char name[100];
    enum ev_status status =
        ev_model_layers(subject->model, &one, subject->layers, &subject->n_layers, err);

    if (status != EV_OK)
        return status;
    *times = (struct times){
        .samples_ns = malloc((size_t)(subject->n_layers + 1) * N_CALLS * sizeof(float)),
        .n_layers = subject->n_layers,
    };
    if (!times->samples_ns)
        return out_of_memory(err);
    for (int64_t i = 0; i < N_WARMUP && status == EV_OK; i++)
        status = sample(subject, i, times, err);
    snprintf(name, sizeof name, "layers of %.70s", subject->backend->name);
    ev_progress_start(&progress, name, "calls", N_CALLS);
    for (int64_t i = 0; i < N_CALLS && status == EV_OK; i++) {
        status = sample(subject, i, times, err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(&progress, i + 1, NULL);
    }
    ev_progress_finish(&progress);
    return status;
}

static double median_of(struct times *times, int32_t i)
{
    float *samples_ns = times->samples_ns + i * N_CALLS;

    ev_stats_sort(samples_ns, N_CALLS);
    return ev_stats_median(samples_ns, N_CALLS);
}

static enum ev_status add_row(const struct run *run, const struct subject *subject, int32_t index,
                              const struct ev_layer *layer, double time_ns, struct ev_error *err)
{
    struct ev_result_layer *row = ev_result_add_layer(run->result);

    if (!row)
        return out_of_memory(err);
    row->index = index;
    row->backend = strdup(subject->backend->name);
    row->name = strdup(layer->name);
    row->kind = strdup(layer->kind);
    row->dtype = strdup(layer->dtype);
    row->macs = layer->macs;
    row->weight_bytes = layer->weight_bytes;
    row->time_ns = time_ns;
    return row->backend && row->name && row->kind && row->dtype ? EV_OK : out_of_memory(err);
}

/* Rows of one backend: its layers, and what they leave of the whole time. */
static enum ev_status add_rows(const struct run *run, const struct subject *subject,
                               struct times *times, struct ev_error *err)
{
    static const struct ev_layer other = {
        .name = "everything else", .kind = EV_LAYER_OTHER, .macs = 0, .weight_bytes = 0};
    const size_t first = run->result->n_layers;
    const double whole_ns = median_of(times, times->n_layers);
    double layers_ns = 0;
    enum ev_status status = EV_OK;

    for (int32_t i = 0; i < times->n_layers && status == EV_OK; i++) {
        const double time_ns = median_of(times, i);
        status = add_row(run, subject, i, &subject->layers[i], time_ns, err);
        layers_ns += time_ns;
    }
    if (status == EV_OK)
        status = add_row(run, subject, times->n_layers, &other, fmax(whole_ns - layers_ns, 0), err);
    for (size_t i = first; i < run->result->n_layers && status == EV_OK; i++)
        run->result->layers[i].share = run->result->layers[i].time_ns / fmax(whole_ns, layers_ns);
    return status;
}

static enum ev_status time_backend(const struct run *run, const struct ev_eval_backend *backend,
                                   struct ev_error *err)
{
    struct subject subject;
    struct times times = {0};
    enum ev_status status = open_subject(run, backend, 1, &subject, err);

    if (status != EV_OK)
        return status;
    status = measure(&subject, &times, err);
    if (status == EV_OK)
        status = add_rows(run, &subject, &times, err);
    free(times.samples_ns);
    close_subject(&subject);
    return status;
}

/* --- One layer in int8 --- */

/* Errors of the model as it is, and with each of its layers in int8. */
struct trial {
    int64_t n_rows;
    double *row_errors;         /* (n_layers + 1, n_rows), the first as it is */
    struct ev_accuracy *passes; /* (n_layers + 1) */
    bool *is_tried;             /* (n_layers): false where the engine cannot */
    struct ev_batch batch;      /* room for BATCH_ROWS */
};

static void free_trial(struct trial *trial)
{
    free(trial->row_errors);
    free(trial->passes);
    free(trial->is_tried);
    free((void *)trial->batch.data);
}

static enum ev_status start_trial(const struct run *run, const struct subject *subject,
                                  struct trial *trial, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(run->set);
    const size_t n_passes = (size_t)subject->n_layers + 1;

    *trial = (struct trial){.n_rows = info->n_rows < MAX_ROWS ? info->n_rows : MAX_ROWS};
    trial->row_errors = calloc(n_passes * (size_t)trial->n_rows, sizeof *trial->row_errors);
    trial->passes = calloc(n_passes, sizeof *trial->passes);
    trial->is_tried = calloc(n_passes, sizeof *trial->is_tried);
    if (!trial->row_errors || !trial->passes || !trial->is_tried)
        return out_of_memory(err);
    for (size_t p = 0; p < n_passes; p++) {
        ev_accuracy_init(&trial->passes[p], info->columns, info->n_outputs);
        trial->passes[p].row_errors = trial->row_errors + p * (size_t)trial->n_rows;
    }
    return make_batch(run, subject->model, BATCH_ROWS, &trial->batch, err);
}

/* The batch through the model with one layer in int8; -1: as it is. */
static enum ev_status run_pass(struct subject *subject, struct trial *trial, int32_t layer,
                               const float *labels, struct ev_error *err)
{
    float outputs[BATCH_ROWS * EV_MAX_OUTPUTS];
    enum ev_status status = ev_model_quantize_layer(subject->model, layer, &subject->pictures, err);

    if (status == EV_UNSUPPORTED)
        return EV_OK;
    if (status == EV_OK)
        status = ev_model_infer(subject->model, &trial->batch, outputs, err);
    if (status != EV_OK)
        return status;
    if (layer >= 0)
        trial->is_tried[layer] = true;
    ev_accuracy_add(&trial->passes[layer + 1], trial->batch.n_rows, outputs, labels);
    return ev_interrupt_check(err);
}

static enum ev_status run_trial(const struct run *run, struct subject *subject, struct trial *trial,
                                struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(run->set);
    const size_t k = (size_t)info->n_outputs;
    float labels[BATCH_ROWS * EV_MAX_OUTPUTS];
    struct ev_progress progress;
    enum ev_status status = EV_OK;

    ev_progress_start(&progress, "one layer in int8", "images",
                      trial->n_rows * (subject->n_layers + 1));
    for (int64_t first = 0; first < trial->n_rows && status == EV_OK; first += BATCH_ROWS) {
        const int64_t left = trial->n_rows - first, n = left < BATCH_ROWS ? left : BATCH_ROWS;
        for (int64_t i = 0; i < n; i++)
            memcpy(labels + (size_t)i * k,
                   ev_set_labels(run->set) +
                       (size_t)spread_row(info->n_rows, trial->n_rows, first + i) * k,
                   k * sizeof *labels);
        status = read_spread(run->set, trial->n_rows, first, n, &trial->batch, err);
        for (int32_t layer = -1; layer < subject->n_layers && status == EV_OK; layer++) {
            status = run_pass(subject, trial, layer, labels, err);
            if (status == EV_OK)
                ev_progress_update(&progress, first * (subject->n_layers + 1) + n * (layer + 2),
                                   NULL);
        }
    }
    ev_progress_finish(&progress);
    return status;
}

/* Writes the changes into the backend's rows, which begin at `rows`. */
static enum ev_status judge_trial(const struct subject *subject, const struct trial *trial,
                                  struct ev_result_layer *rows, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int32_t i = 0; i < subject->n_layers && status == EV_OK; i++) {
        const struct ev_segments errors = {trial->row_errors + (i + 1) * trial->n_rows,
                                           &trial->n_rows, 1};
        struct ev_error_change change;
        if (!trial->is_tried[i])
            continue;
        status = ev_judge_change(&errors, trial->row_errors, &change, err);
        rows[i].change = change.relative;
        rows[i].change_low = change.low;
        rows[i].change_high = change.high;
    }
    return status;
}

static struct ev_result_layer *rows_of(const struct ev_result *result, const char *backend)
{
    for (size_t i = 0; i < result->n_layers; i++) {
        if (strcmp(result->layers[i].backend, backend) == 0)
            return &result->layers[i];
    }
    return NULL;
}

static enum ev_status try_int8(const struct run *run, const struct ev_eval_backend *backend,
                               struct ev_error *err)
{
    struct ev_result_layer *rows = rows_of(run->result, backend->name);
    struct subject subject;
    struct trial trial = {0};

    if (!rows)
        return EV_OK;
    enum ev_status status = open_subject(run, backend, run->args->n_threads, &subject, err);
    if (status != EV_OK)
        return status;
    const struct ev_batch one = picture(&subject, 0);
    status = ev_model_layers(subject.model, &one, subject.layers, &subject.n_layers, err);
    if (status == EV_OK)
        status = start_trial(run, &subject, &trial, err);
    if (status == EV_OK)
        status = run_trial(run, &subject, &trial, err);
    if (status == EV_OK)
        status = judge_trial(&subject, &trial, rows, err);
    free_trial(&trial);
    close_subject(&subject);
    return status;
}

/* --- All backends --- */

static enum ev_status probe_peak(struct ev_result *result, struct ev_error *err)
{
    struct ev_peak peak;
    enum ev_status status = ev_peak_probe(1, &peak, err);

    if (status == EV_OK)
        result->peak = (struct ev_result_peak){peak.float_macs_per_s, peak.int8_macs_per_s,
                                               peak.bytes_per_s, 1};
    return status;
}

static enum ev_status run_backends(const struct run *run, struct ev_error *err)
{
    const char *baseline = ev_result_baseline(run->result);
    enum ev_status status = EV_OK;

    for (size_t b = 0; b < run->args->n_backends && status == EV_OK; b++) {
        const struct ev_eval_backend *backend = &run->args->backends[b];
        status = time_backend(run, backend, err);
        if (status == EV_OK && strcmp(backend->name, baseline) == 0)
            status = try_int8(run, backend, err);
        if (status == EV_UNSUPPORTED) {
            char line[EV_ERROR_CHARS + 100];
            snprintf(line, sizeof line, "no layers of %.70s: %s", backend->name, err->message);
            ev_progress_note(line);
            status = EV_OK;
        }
    }
    return status;
}

enum ev_status ev_layers_run(const struct ev_eval_args *args, struct ev_result *result,
                             struct ev_error *err)
{
    struct run run = {.args = args, .result = result};
    enum ev_status status = ev_set_open(args->sets[0].path, args->sets[0].source, &run.set, err);

    if (status == EV_OK) {
        const int64_t n_rows = ev_set_info(run.set)->n_rows;
        run.n_pictures = n_rows < MAX_PICTURES ? n_rows : MAX_PICTURES;
        status = probe_peak(result, err);
    }
    if (status == EV_OK)
        status = run_backends(&run, err);
    if (status != EV_OK)
        result->interrupted = true;
    ev_set_close(run.set);
    return status;
}
