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
#include "measure/form.h"
#include "eval/judge.h"
#include "measure/peak.h"
#include "stats/stats.h"

/* Pictures that layers are timed on, which also calibrate int8. */
#define MAX_PICTURES 64
/* Calls with and as many without a look at the layers: a second for a model of 1 ms. Backends take
 * turns after each block of them, so that what slows the machine for a while falls on all. */
#define N_CALLS      512
#define BLOCK_CALLS  16

/* Rows that are in memory at once while int8 is tried. */
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
    struct ev_layer *layers;  /* (EV_MAX_LAYERS), as of the last look */
    int32_t n_layers;         /* of the first look; 0: its engine tells of none */
    float *samples_ns; /* (n_layers + 1, N_CALLS): of each layer, then of calls without a look */
};

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory for the figures of layers");
}

/* --- Opening --- */

/* Rows [first, first + n) of n_all spread ones, into batch->data. */
static enum ev_status read_spread(struct ev_set *set, int64_t n_all, int64_t first, int64_t n,
                                  struct ev_batch *batch, struct ev_error *err)
{
    int64_t rows[BATCH_ROWS];

    for (int64_t i = 0; i < n; i++)
        rows[i] = ev_set_spread_row(ev_set_info(set)->n_rows, n_all, first + i);
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
    free(subject->samples_ns);
    *subject = (struct subject){0};
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
        .precision = backend->precision,
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
    return ev_form_slice(&subject->pictures, i % subject->pictures.n_rows, 1);
}

/* --- Times --- */

/* The first look: what layers there are, and room for their times. */
static enum ev_status look(struct subject *subject, struct ev_error *err)
{
    const struct ev_batch one = picture(subject, 0);
    enum ev_status status =
        ev_model_layers(subject->model, &one, subject->layers, &subject->n_layers, err);

    if (status != EV_OK)
        return status;
    subject->samples_ns = malloc((size_t)(subject->n_layers + 1) * N_CALLS * sizeof(float));
    return subject->samples_ns ? EV_OK : out_of_memory(err);
}

/* One call with a look at the layers, one without; which comes first changes from call to call. */
static enum ev_status sample(struct subject *subject, int64_t call, struct ev_error *err)
{
    const struct ev_batch one = picture(subject, call);
    float outputs[EV_MAX_OUTPUTS];
    int32_t n_layers;
    enum ev_status status = EV_OK;

    for (int64_t turn = 0; turn < 2 && status == EV_OK; turn++) {
        if ((call + turn) % 2 == 0) {
            const int64_t start_ns = ev_clock_ns();
            status = ev_model_infer(subject->model, &one, outputs, err);
            subject->samples_ns[subject->n_layers * N_CALLS + call] =
                (float)(ev_clock_ns() - start_ns);
            continue;
        }
        status = ev_model_layers(subject->model, &one, subject->layers, &n_layers, err);
        if (status == EV_OK && n_layers != subject->n_layers)
            status = ev_fail(err, EV_ENGINE, "engine '%s': tells of %d layers, then of %d",
                             subject->backend->engine->name, (int)subject->n_layers, (int)n_layers);
        for (int32_t i = 0; i < subject->n_layers && status == EV_OK; i++)
            subject->samples_ns[i * N_CALLS + call] = (float)subject->layers[i].time_ns;
    }
    return status;
}

/* A call that is written over, as the backend before has used the caches, and a block. */
static enum ev_status sample_block(struct subject *subject, int64_t first, struct ev_error *err)
{
    enum ev_status status = sample(subject, first, err);

    for (int64_t i = 0; i < BLOCK_CALLS && status == EV_OK; i++)
        status = sample(subject, first + i, err);
    return status;
}

/* Times of all subjects, in turns; those without layers are passed by. */
static enum ev_status sample_all(struct subject *subjects, size_t n, struct ev_error *err)
{
    struct ev_progress progress;
    enum ev_status status = EV_OK;

    /* A whole block beforehand warms up. */
    for (size_t i = 0; i < n && status == EV_OK; i++)
        status = subjects[i].n_layers > 0 ? sample_block(&subjects[i], 0, err) : EV_OK;
    ev_progress_start(&progress, "single layers", "calls", N_CALLS);
    for (int64_t first = 0; first < N_CALLS && status == EV_OK; first += BLOCK_CALLS) {
        for (size_t i = 0; i < n && status == EV_OK; i++) {
            if (subjects[i].n_layers > 0)
                status = sample_block(&subjects[i], first, err);
            if (status == EV_OK)
                status = ev_interrupt_check(err);
        }
        if (status == EV_OK)
            ev_progress_update(&progress, first + BLOCK_CALLS, NULL);
    }
    ev_progress_finish(&progress);
    return status;
}

static double median_of(struct subject *subject, int32_t i)
{
    float *samples_ns = subject->samples_ns + i * N_CALLS;

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
static enum ev_status add_rows(const struct run *run, struct subject *subject, struct ev_error *err)
{
    static const struct ev_layer other = {
        .name = "everything else", .kind = EV_LAYER_OTHER, .macs = 0, .weight_bytes = 0};
    const size_t first = run->result->n_layers;
    const double whole_ns = median_of(subject, subject->n_layers);
    double layers_ns = 0;
    enum ev_status status = EV_OK;

    for (int32_t i = 0; i < subject->n_layers && status == EV_OK; i++) {
        const double time_ns = median_of(subject, i);
        status = add_row(run, subject, i, &subject->layers[i], time_ns, err);
        layers_ns += time_ns;
    }
    if (status == EV_OK)
        status =
            add_row(run, subject, subject->n_layers, &other, fmax(whole_ns - layers_ns, 0), err);
    for (size_t i = first; i < run->result->n_layers && status == EV_OK; i++)
        run->result->layers[i].share = run->result->layers[i].time_ns / fmax(whole_ns, layers_ns);
    return status;
}

static void note_without(const char *backend, const struct ev_error *why)
{
    char line[EV_ERROR_CHARS + 100];

    snprintf(line, sizeof line, "no layers of %.70s: %s", backend, why->message);
    ev_progress_note(line);
}

static enum ev_status open_and_look(const struct run *run, const struct ev_eval_backend *backend,
                                    struct subject *subject, struct ev_error *err)
{
    enum ev_status status = open_subject(run, backend, 1, subject, err);

    if (status == EV_OK)
        status = look(subject, err);
    if (status != EV_UNSUPPORTED)
        return status;
    note_without(backend->name, err);
    return EV_OK;
}

static enum ev_status time_backends(const struct run *run, struct ev_error *err)
{
    const size_t n = run->args->n_backends;
    struct subject *subjects = calloc(n, sizeof *subjects);
    enum ev_status status = subjects ? EV_OK : out_of_memory(err);

    for (size_t i = 0; i < n && status == EV_OK; i++)
        status = open_and_look(run, &run->args->backends[i], &subjects[i], err);
    if (status == EV_OK)
        status = sample_all(subjects, n, err);
    for (size_t i = 0; i < n && status == EV_OK; i++)
        status = subjects[i].n_layers > 0 ? add_rows(run, &subjects[i], err) : EV_OK;
    for (size_t i = 0; subjects && i < n; i++)
        close_subject(&subjects[i]);
    free(subjects);
    return status;
}

/* --- One layer in int8 --- */

/* Rows that are tried, and what the model's errors on them are. */
struct trial {
    int64_t n_rows;
    float *labels;         /* (n_rows, K) */
    double *as_it_is;      /* (n_rows), with no layer in int8 */
    double *in_int8;       /* (n_rows), of the layer that is tried */
    struct ev_batch batch; /* room for BATCH_ROWS */
    struct ev_progress progress;
    int64_t n_done; /* images */
};

static void free_trial(struct trial *trial)
{
    free(trial->labels);
    free(trial->as_it_is);
    free(trial->in_int8);
    free((void *)trial->batch.data);
}

static enum ev_status start_trial(const struct run *run, const struct subject *subject,
                                  struct trial *trial, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(run->set);
    const size_t k = (size_t)info->n_outputs;

    trial->n_rows = info->n_rows < EV_LAYERS_MAX_ROWS ? info->n_rows : EV_LAYERS_MAX_ROWS;
    trial->labels = malloc((size_t)trial->n_rows * k * sizeof *trial->labels);
    trial->as_it_is = malloc((size_t)trial->n_rows * sizeof *trial->as_it_is);
    trial->in_int8 = malloc((size_t)trial->n_rows * sizeof *trial->in_int8);
    if (!trial->labels || !trial->as_it_is || !trial->in_int8)
        return out_of_memory(err);
    for (int64_t i = 0; i < trial->n_rows; i++)
        memcpy(trial->labels + (size_t)i * k,
               ev_set_labels(run->set) +
                   (size_t)ev_set_spread_row(info->n_rows, trial->n_rows, i) * k,
               k * sizeof *trial->labels);
    return make_batch(run, subject->model, BATCH_ROWS, &trial->batch, err);
}

/* Squared errors of all rows, (n_rows), by the model as it is now. */
static enum ev_status run_rows(const struct run *run, struct subject *subject, struct trial *trial,
                               double *errors, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(run->set);
    float outputs[BATCH_ROWS * EV_MAX_OUTPUTS];
    struct ev_accuracy accuracy;
    enum ev_status status = EV_OK;

    ev_accuracy_init(&accuracy, info->columns, info->n_outputs);
    memset(errors, 0, (size_t)trial->n_rows * sizeof *errors);
    accuracy.row_errors = errors;
    for (int64_t first = 0; first < trial->n_rows && status == EV_OK; first += BATCH_ROWS) {
        const int64_t left = trial->n_rows - first, n = left < BATCH_ROWS ? left : BATCH_ROWS;
        status = read_spread(run->set, trial->n_rows, first, n, &trial->batch, err);
        if (status == EV_OK)
            status = ev_model_infer(subject->model, &trial->batch, outputs, err);
        if (status != EV_OK)
            break;
        ev_accuracy_add(&accuracy, n, outputs, trial->labels + first * info->n_outputs);
        trial->n_done += n;
        ev_progress_update(&trial->progress, trial->n_done, NULL);
        status = ev_interrupt_check(err);
    }
    return status;
}

/* The change with one layer in int8, into its row; none where the engine cannot. */
static enum ev_status try_layer(const struct run *run, struct subject *subject, struct trial *trial,
                                int32_t layer, struct ev_result_layer *row, struct ev_error *err)
{
    const struct ev_segments errors = {trial->in_int8, &trial->n_rows, 1};
    struct ev_error_change change;
    enum ev_status status = ev_model_quantize_layer(subject->model, layer, &subject->pictures, err);

    if (status == EV_UNSUPPORTED) {
        trial->n_done += trial->n_rows;
        return EV_OK;
    }
    if (status == EV_OK)
        status = run_rows(run, subject, trial, trial->in_int8, err);
    if (status == EV_OK)
        status = ev_judge_change(&errors, trial->as_it_is, &change, err);
    if (status != EV_OK)
        return status;
    row->change = change.relative;
    row->change_low = change.low;
    row->change_high = change.high;
    return EV_OK;
}

/* Writes the changes into the backend's rows, which begin at `rows`. */
static enum ev_status run_trial(const struct run *run, struct subject *subject, struct trial *trial,
                                struct ev_result_layer *rows, struct ev_error *err)
{
    ev_progress_start(&trial->progress, "one layer in int8", "images",
                      trial->n_rows * (subject->n_layers + 1));
    enum ev_status status = run_rows(run, subject, trial, trial->as_it_is, err);
    for (int32_t layer = 0; layer < subject->n_layers && status == EV_OK; layer++)
        status = try_layer(run, subject, trial, layer, &rows[layer], err);
    if (status == EV_OK)
        ev_progress_update(&trial->progress, trial->n_done, NULL);
    ev_progress_finish(&trial->progress);
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
    status = look(&subject, err);
    if (status == EV_OK)
        status = start_trial(run, &subject, &trial, err);
    if (status == EV_OK)
        status = run_trial(run, &subject, &trial, rows, err);
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

static enum ev_status try_baseline(const struct run *run, struct ev_error *err)
{
    const char *baseline = ev_result_baseline(run->result);
    enum ev_status status = EV_OK;

    for (size_t b = 0; b < run->args->n_backends && status == EV_OK; b++) {
        if (strcmp(run->args->backends[b].name, baseline) == 0)
            status = try_int8(run, &run->args->backends[b], err);
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
        status = time_backends(&run, err);
    if (status == EV_OK)
        status = try_baseline(&run, err);
    if (status != EV_OK)
        result->interrupted = true;
    ev_set_close(run.set);
    return status;
}
