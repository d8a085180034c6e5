/* SPDX-License-Identifier: MIT */
/* Evaluation: opens everything, passes over each set with each model, times single inferences, and
 * writes what was found into the result's rows. */
#include "eval/eval.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/accuracy.h"
#include "eval/alarm.h"
#include "eval/error_figures.h"
#include "measure/form.h"
#include "eval/keep.h"
#include "eval/look.h"
#include "eval/open_sets.h"
#include "eval/pass.h"
#include "eval/pass_journal.h"
#include "eval/run_line.h"
#include "eval/sample_rows.h"
#include "eval/spread.h"
#include "eval/study.h"
#include "eval/timing.h"
#include "evalrun/version.h"

/* A backend while it is being evaluated. */
struct backend {
    struct ev_model *model;
    int64_t model_bytes; /* -1 without a model file */
    char model_sha256[65];
    struct ev_result_look look;
    int64_t pooled_ns; /* over the sets so far */
};

struct evaluation {
    const struct ev_eval_args *args;
    struct ev_result *result;
    struct ev_set **sets;
    int64_t *set_rows;
    char (*set_sha256)[65];
    struct backend *backends;
};

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* A copy of `text` into a string of the result; false when out of memory. */
static bool set_text(char **to, const char *text)
{
    free(*to);
    *to = strdup(text ? text : "");
    return *to != NULL;
}

/* --- Opening and checking --- */

/* Size and digest of the model's file. A model that an engine accepted need not be one file (it may
 * be a folder): then both are unknown, and nothing fails. */
static void describe_model_file(struct backend *backend, const char *path)
{
    struct ev_error ignored = EV_ERROR_INIT;

    backend->model_bytes = -1;
    if (!path || ev_file_size(path, &backend->model_bytes, &ignored) != EV_OK ||
        ev_file_sha256(path, backend->model_sha256, &ignored) != EV_OK)
        backend->model_sha256[0] = '\0';
}

static enum ev_status open_models(struct evaluation *evaluation, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    const struct ev_set_info *info = ev_set_info(evaluation->sets[0]);
    int64_t most_rows = 1;

    for (size_t s = 0; s < args->n_sets; s++) {
        int64_t n_rows = evaluation->set_rows[s];
        most_rows = n_rows > most_rows ? n_rows : most_rows;
    }
    for (size_t b = 0; b < args->n_backends; b++) {
        struct backend *backend = &evaluation->backends[b];
        enum ev_status status = ev_open_model(
            args, b, evaluation->sets, &info->shape, info->n_outputs, args->n_threads,
            args->batch_rows < most_rows ? args->batch_rows : most_rows, &backend->model, err);
        if (status == EV_OK)
            status = ev_look(backend->model, args->backends[b].name, info, &backend->look, err);
        if (status != EV_OK)
            return status;
        describe_model_file(backend, args->backends[b].model_path);
    }
    return EV_OK;
}

/* --- What is known before anything is measured --- */

/* Appends the library that an engine's detail starts with ("libtorch 2.15.0, int8") to `text`,
 * unless it is there already. What has no digit before the first comma names no library. */
static void add_library(char *text, size_t size, const char *detail)
{
    char library[128];
    size_t used = strlen(text);

    snprintf(library, sizeof library, "%.*s", (int)strcspn(detail, ","), detail);
    if (strpbrk(library, "0123456789") && !strstr(text, library) && used < size)
        snprintf(text + used, size - used, ", %s", library);
}

static enum ev_status describe_run(struct evaluation *evaluation, struct ev_error *err)
{
    struct ev_result *result = evaluation->result;
    char libraries[512] = "HDF5 " EV_HDF5_VERSION;
    char utc[32];
    time_t now = time(NULL);
    struct tm parts;

    for (size_t b = 0; b < evaluation->args->n_backends; b++)
        add_library(libraries, sizeof libraries,
                    ev_model_description(evaluation->backends[b].model)->detail);
    strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
    ev_host_describe(&result->host);
    if (!set_text(&result->tool_version, EV_VERSION) || !set_text(&result->started_utc, utc) ||
        !set_text(&result->libraries, libraries) ||
        (!result->command_line && !set_text(&result->command_line, "")))
        return out_of_memory(err);
    return EV_OK;
}

static enum ev_status start_journal(struct evaluation *evaluation, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    char line[EV_RUN_LINE_BYTES];
    struct ev_run_line run;
    enum ev_status status = EV_OK;

    ev_run_line_start(&run, args);
    for (size_t b = 0; b < args->n_backends; b++)
        ev_run_line_add_backend(&run, &args->backends[b], evaluation->backends[b].model,
                                evaluation->backends[b].model_sha256);
    for (size_t s = 0; s < args->n_sets && status == EV_OK; s++) {
        char *sha256 = evaluation->set_sha256[s];
        status = ev_set_sha256(evaluation->sets[s], sha256, err);
        if (status == EV_OK)
            ev_run_line_add_set(&run, &args->sets[s], evaluation->sets[s], sha256);
    }
    ev_run_line_end(&run, line);
    evaluation->result->resumed = ev_journal_resumes(args->journal);
    return status == EV_OK ? ev_journal_start(args->journal, line, err) : status;
}

static enum ev_status describe_set(struct evaluation *evaluation, size_t s, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(evaluation->sets[s]);
    struct ev_result_set *set = ev_result_add_set(evaluation->result);
    if (!set || !set_text(&set->name, evaluation->args->sets[s].name) ||
        !set_text(&set->path, info->path) || !set_text(&set->sha256, evaluation->set_sha256[s]) ||
        !set_text(&set->provenance, info->provenance))
        return out_of_memory(err);
    set->n_rows = info->n_rows;
    return EV_OK;
}

/* --- Rows --- */

/* A row of backend b with its errors; times of single inferences come later. */
static enum ev_status add_row(struct evaluation *evaluation, size_t b, const char *set,
                              const struct ev_accuracy *accuracy, int64_t elapsed_ns,
                              struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    const struct backend *backend = &evaluation->backends[b];
    const struct ev_description *description = ev_model_description(backend->model);
    struct ev_result_row *row = ev_result_add_row(evaluation->result);
    char device[32];

    ev_device_text(args->device_kind, args->device_index, device);
    if (!row || !set_text(&row->backend, args->backends[b].name) ||
        !set_text(&row->engine, ev_model_engine(backend->model)->name) ||
        !set_text(&row->engine_detail, description->detail) || !set_text(&row->device, device) ||
        !set_text(&row->set, set) || !set_text(&row->model_path, args->backends[b].model_path) ||
        !set_text(&row->model_sha256, backend->model_sha256))
        return out_of_memory(err);
    row->precision = args->backends[b].precision;
    row->model_bytes = backend->model_bytes;
    row->weight_bytes = description->weight_bytes;
    row->look = backend->look;
    row->n_rows = accuracy->n_rows;
    row->batch_rows = args->batch_rows;
    row->n_threads = args->n_threads;
    row->n_outputs = accuracy->n_outputs;
    memcpy(row->columns, accuracy->columns, sizeof row->columns);
    ev_accuracy_figures(accuracy, row->outputs, &row->all);
    if (elapsed_ns > 0)
        row->images_per_s = (double)accuracy->n_rows * 1e9 / (double)elapsed_ns;
    return EV_OK;
}

/* The errors are then no numbers either: say why. */
static void note_not_finite(const char *name, const struct ev_accuracy *accuracy)
{
    char line[256];

    if (accuracy->n_not_finite == 0)
        return;
    snprintf(line, sizeof line, "%s: %lld of %lld outputs are NaN or infinite, first in row %lld",
             name, (long long)accuracy->n_not_finite,
             (long long)(accuracy->n_rows * accuracy->n_outputs),
             (long long)accuracy->first_not_finite);
    ev_progress_note(line);
}

static enum ev_status pass_over_set(struct evaluation *evaluation, size_t s, size_t b,
                                    struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    const struct ev_set_info *info = ev_set_info(evaluation->sets[s]);
    struct backend *backend = &evaluation->backends[b];
    struct ev_accuracy accuracy;
    int64_t elapsed_ns = 0;
    char name[160];

    snprintf(name, sizeof name, "%.70s on %.70s", args->backends[b].name, args->sets[s].name);
    ev_accuracy_init(&accuracy, info->columns, info->n_outputs);
    float *outputs = malloc((size_t)info->n_rows * (size_t)info->n_outputs * sizeof *outputs);
    if (!outputs)
        return out_of_memory(err);
    accuracy.row_outputs = outputs;
    struct ev_pass_journal journal = {
        .journal = args->journal,
        .s = s,
        .b = b,
        .batch_rows = args->batch_rows < info->n_rows ? args->batch_rows : info->n_rows,
        .n_rows = info->n_rows,
        .n_outputs = info->n_outputs,
    };
    enum ev_status status = ev_pass_run(evaluation->sets[s], backend->model, args->n_threads, name,
                                        &journal, &accuracy, &elapsed_ns, err);
    if (status != EV_OK) {
        free(outputs);
        return status;
    }
    evaluation->result->samples.sets[s].outputs[b] = outputs;
    note_not_finite(name, &accuracy);
    backend->pooled_ns += elapsed_ns;
    return add_row(evaluation, b, args->sets[s].name, &accuracy, elapsed_ns, err);
}

/* Intervals and verdicts of the result's rows from `first` on, which are of one set or pooled. */
static enum ev_status judge_rows(struct evaluation *evaluation, size_t first, struct ev_error *err)
{
    struct ev_result *result = evaluation->result;
    enum ev_status status = EV_OK;
    bool found;

    for (size_t i = first; i < result->n_rows && status == EV_OK; i++)
        status = ev_error_figures_of(result, &result->rows[i], &result->rows[i], &found, err);
    return status;
}

/* --- Single inferences --- */

/* Pictures of a set in each form that a model is given. */
static enum ev_status read_spread(struct evaluation *evaluation, size_t s,
                                  struct ev_spread *spread, struct ev_error *err)
{
    struct ev_set *set = evaluation->sets[s];
    unsigned forms = 0;

    for (size_t b = 0; b < evaluation->args->n_backends; b++)
        forms |= ev_form_choose(evaluation->backends[b].model, ev_set_info(set)->form);
    return ev_spread_read(set, forms, spread, err);
}

/* Measures the entries, or takes what the journal has of them. */
static enum ev_status time_entries(struct evaluation *evaluation, size_t s,
                                   const struct ev_timing_entry *entries,
                                   const struct ev_timing_pictures *pictures, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    struct ev_progress progress;
    char name[160];
    bool found;
    enum ev_status status = ev_calls_journal_take(args->journal, s, entries, args->n_backends,
                                                  args->latency_calls, &found, err);

    if (status != EV_OK || found)
        return status;
    snprintf(name, sizeof name, "single inferences on %.70s", args->sets[s].name);
    ev_progress_start(&progress, name, "calls", args->latency_calls * (int64_t)args->n_backends);
    status = ev_timing_run(entries, args->n_backends, pictures, args->latency_calls,
                           args->warmup_calls, &progress, err);
    ev_progress_finish(&progress);
    if (status == EV_OK)
        status = ev_calls_journal_add(args->journal, entries, args->n_backends,
                                      args->latency_calls, err);
    return status;
}

/* Times all models on one set; the samples go to the result's last n_backends rows. */
static enum ev_status time_set(struct evaluation *evaluation, size_t s,
                               const struct ev_spread *spread, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    struct ev_result *result = evaluation->result;
    struct ev_timing_entry *entries = calloc(args->n_backends, sizeof *entries);
    enum ev_status status = entries ? EV_OK : out_of_memory(err);

    for (size_t b = 0; b < args->n_backends && status == EV_OK; b++) {
        entries[b].model = evaluation->backends[b].model;
        entries[b].samples_ns = malloc((size_t)args->latency_calls * sizeof *entries[b].samples_ns);
        if (!entries[b].samples_ns)
            status = out_of_memory(err);
    }
    if (status == EV_OK)
        status = time_entries(evaluation, s, entries, &spread->pictures, err);
    for (size_t b = 0; b < args->n_backends && status == EV_OK; b++) {
        struct ev_result_row *row = &result->rows[result->n_rows - args->n_backends + b];
        status = ev_timing_figures(entries[b].samples_ns, args->latency_calls, &row->latency, err);
        entries[b].samples_ns = NULL;
    }
    for (size_t b = 0; entries && b < args->n_backends; b++)
        free(entries[b].samples_ns);
    free(entries);
    return status;
}

/* --- All sets --- */

/* Samples of backend b on every set, one after the other. Each set has a row per backend. */
static enum ev_status pool_latency(struct evaluation *evaluation, size_t b,
                                   struct ev_latency_figures *figures, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    const struct ev_result *result = evaluation->result;
    const size_t n_calls = (size_t)args->latency_calls;
    const size_t first = result->n_rows - args->n_sets * args->n_backends - (b + 1);
    float *samples_ns = malloc(n_calls * args->n_sets * sizeof *samples_ns);

    if (!samples_ns)
        return out_of_memory(err);
    for (size_t s = 0; s < args->n_sets; s++) {
        const struct ev_result_row *row = &result->rows[first + s * args->n_backends + b];
        memcpy(samples_ns + s * n_calls, row->latency.samples_ns, n_calls * sizeof *samples_ns);
    }
    return ev_timing_figures(samples_ns, (int64_t)(n_calls * args->n_sets), figures, err);
}

static enum ev_status add_pooled_row(struct evaluation *evaluation, size_t b, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(evaluation->sets[0]);
    struct ev_accuracy accuracy;
    struct ev_sample_rows rows;
    enum ev_status status =
        ev_sample_rows_find(&evaluation->result->samples, evaluation->args->backends[b].name,
                            EV_SET_ALL, info->n_outputs, &rows, err);

    if (status != EV_OK)
        return status;
    ev_accuracy_init(&accuracy, info->columns, info->n_outputs);
    ev_sample_rows_add(&rows, &accuracy);
    ev_sample_rows_free(&rows);
    return add_row(evaluation, b, EV_SET_ALL, &accuracy, evaluation->backends[b].pooled_ns, err);
}

static enum ev_status add_pooled_rows(struct evaluation *evaluation, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    struct ev_result *result = evaluation->result;
    enum ev_status status = EV_OK;

    for (size_t b = 0; b < args->n_backends && status == EV_OK; b++) {
        status = add_pooled_row(evaluation, b, err);
        if (status == EV_OK && args->latency_calls > 0)
            status = pool_latency(evaluation, b, &result->rows[result->n_rows - 1].latency, err);
    }
    if (status == EV_OK)
        status = judge_rows(evaluation, evaluation->result->n_rows - args->n_backends, err);
    return status;
}

static enum ev_status run_study(struct evaluation *evaluation, size_t s,
                                const struct ev_spread *spread, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    struct ev_study_args study = {args->n_backends, 0, args->batch_rows, args->n_threads};
    enum ev_status status = EV_OK;

    for (; study.backend < args->n_backends && status == EV_OK; study.backend++)
        status = ev_study_run(evaluation->sets[s], evaluation->backends[study.backend].model, &study,
                              spread, &evaluation->result->samples.sets[s], err);
    return status;
}

static enum ev_status evaluate_set(struct evaluation *evaluation, size_t s, struct ev_error *err)
{
    const struct ev_eval_args *args = evaluation->args;
    struct ev_samples *samples = &evaluation->result->samples;
    const size_t first_row = evaluation->result->n_rows;
    struct ev_spread spread = {0};
    enum ev_status status = describe_set(evaluation, s, err);

    if (status == EV_OK)
        status = ev_keep_set(samples, args->sets[s].name, evaluation->sets[s], err);
    for (size_t b = 0; b < args->n_backends && status == EV_OK; b++)
        status = pass_over_set(evaluation, s, b, err);
    if (status == EV_OK)
        status = read_spread(evaluation, s, &spread, err);
    for (size_t b = 0; b < args->n_backends && status == EV_OK; b++)
        status = ev_keep_single(samples, b, evaluation->backends[b].model, &spread, err);
    if (status == EV_OK && args->with_study)
        status = run_study(evaluation, s, &spread, err);
    /* Rows that stand are judged, whatever came after them. */
    struct ev_error second = EV_ERROR_INIT;
    const enum ev_status judged =
        judge_rows(evaluation, first_row, status == EV_OK ? err : &second);
    status = status == EV_OK ? judged : status;
    if (status == EV_OK && args->latency_calls > 0)
        status = time_set(evaluation, s, &spread, err);
    ev_spread_free(&spread);
    return status;
}

static enum ev_status evaluate(struct evaluation *evaluation, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t s = 0; s < evaluation->args->n_sets && status == EV_OK; s++)
        status = evaluate_set(evaluation, s, err);
    if (status == EV_OK && evaluation->args->n_sets > 1)
        status = add_pooled_rows(evaluation, err);
    if (status == EV_OK)
        status = ev_keep_pictures(&evaluation->result->samples, evaluation->sets,
                                  ev_eval_baseline(evaluation->args), err);
    return status;
}

size_t ev_eval_baseline(const struct ev_eval_args *args)
{
    for (size_t b = 0; b < args->n_backends; b++) {
        if (strcmp(args->backends[b].name, EV_BASELINE) == 0)
            return b;
    }
    return 0;
}

enum ev_status ev_eval_run(const struct ev_eval_args *args, struct ev_result *result,
                           struct ev_error *err)
{
    struct evaluation evaluation = {
        .args = args,
        .result = result,
        .sets = calloc(args->n_sets, sizeof *evaluation.sets),
        .set_rows = calloc(args->n_sets, sizeof *evaluation.set_rows),
        .set_sha256 = calloc(args->n_sets, sizeof *evaluation.set_sha256),
        .backends = calloc(args->n_backends, sizeof *evaluation.backends),
    };
    enum ev_status status = EV_OK;

    assert(args->n_backends >= 1 && args->n_sets >= 1 && args->batch_rows >= 1);
    if (!evaluation.sets || !evaluation.set_rows || !evaluation.set_sha256 ||
        !evaluation.backends) {
        status = out_of_memory(err);
        goto done;
    }
    status = ev_open_sets(args->sets, args->n_sets, evaluation.sets, err);
    for (size_t s = 0; s < args->n_sets && status == EV_OK; s++)
        evaluation.set_rows[s] = ev_set_info(evaluation.sets[s])->n_rows;
    if (status == EV_OK)
        status = open_models(&evaluation, err);
    if (status == EV_OK)
        status = describe_run(&evaluation, err);
    if (status == EV_OK)
        status = start_journal(&evaluation, err);
    if (status == EV_OK)
        status = ev_keep_backends(&result->samples, args, err);
    if (status == EV_OK)
        status = evaluate(&evaluation, err);
    /* Also where a set or a model failed half way: the rest is missing all the same. */
    result->interrupted = status != EV_OK;
    struct ev_error second = EV_ERROR_INIT;
    const enum ev_status raised = ev_alarms_raise(result, status == EV_OK ? err : &second);
    status = status == EV_OK ? raised : status;
done:
    for (size_t b = 0; evaluation.backends && b < args->n_backends; b++) {
        ev_model_close(evaluation.backends[b].model);
    }
    for (size_t s = 0; evaluation.sets && s < args->n_sets; s++)
        ev_set_close(evaluation.sets[s]);
    free(evaluation.backends);
    free(evaluation.set_sha256);
    free(evaluation.set_rows);
    free(evaluation.sets);
    return status;
}
