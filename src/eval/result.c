/* SPDX-License-Identifier: MIT */
/* The result as a record in memory: rows and sets that grow, and their strings. */
#include "eval/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct ev_error_figures no_errors = {NAN, NAN, NAN, NAN, NAN};
static const struct ev_error_interval no_interval = {NAN, NAN, {EV_VERDICT_NONE, NAN, NAN, NAN, NAN}};

void ev_result_init(struct ev_result *result)
{
    memset(result, 0, sizeof *result);
    result->peak = (struct ev_result_peak){NAN, NAN, NAN, 0};
}

static void free_row(struct ev_result_row *row)
{
    free(row->backend);
    free(row->engine);
    free(row->engine_detail);
    free(row->device);
    free(row->set);
    free(row->model_path);
    free(row->model_sha256);
    free(row->latency.samples_ns);
}

static void free_set(struct ev_result_set *set)
{
    free(set->name);
    free(set->path);
    free(set->sha256);
    free(set->provenance);
}

static void free_layer(struct ev_result_layer *layer)
{
    free(layer->backend);
    free(layer->name);
    free(layer->kind);
    free(layer->dtype);
}

void ev_result_free_alarms(struct ev_result_alarm *alarms, size_t n_alarms)
{
    for (size_t i = 0; i < n_alarms; i++) {
        free(alarms[i].code);
        free(alarms[i].backend);
        free(alarms[i].set);
        free(alarms[i].text);
    }
    free(alarms);
}

void ev_result_free(struct ev_result *result)
{
    if (!result)
        return;
    for (size_t i = 0; i < result->n_rows; i++)
        free_row(&result->rows[i]);
    for (size_t i = 0; i < result->n_sets; i++)
        free_set(&result->sets[i]);
    for (size_t i = 0; i < result->n_timings; i++)
        free(result->timings[i].backend);
    for (size_t i = 0; i < result->n_quiets; i++)
        free(result->quiets[i].reason);
    for (size_t i = 0; i < result->n_layers; i++)
        free_layer(&result->layers[i]);
    ev_result_free_alarms(result->alarms, result->n_alarms);
    ev_samples_free(&result->samples);
    free(result->rows);
    free(result->sets);
    free(result->timings);
    free(result->quiets);
    free(result->layers);
    free(result->tool_version);
    free(result->started_utc);
    free(result->command_line);
    free(result->libraries);
    ev_result_init(result);
}

/* Room for one more of *n elements, which is counted; NULL when out of memory. */
static void *append(void **array, size_t *n, size_t element)
{
    char *larger = realloc(*array, (*n + 1) * element);

    if (!larger)
        return NULL;
    *array = larger;
    return larger + (*n)++ * element;
}

struct ev_result_row *ev_result_add_row(struct ev_result *result)
{
    struct ev_result_row *row = append((void **)&result->rows, &result->n_rows, sizeof *row);

    if (!row)
        return NULL;
    *row = (struct ev_result_row){
        .model_bytes = -1,
        .weight_bytes = -1,
        .look = {.n_layers = -1, .n_int8_layers = -1},
        .n_rows = -1,
        .batch_rows = -1,
        .n_threads = -1,
        .all = no_errors,
        .mse_norm_low = NAN,
        .mse_norm_high = NAN,
        .change = {EV_VERDICT_NONE, NAN, NAN, NAN, NAN},
        .disagreement = {NAN, NAN, {NAN, -1, -1}},
        .batch_delta = {NAN, -1, -1},
        .study = {NAN, NAN, NAN},
        .latency = {.median_ns = NAN, .p90_ns = NAN, .p99_ns = NAN, .mean_ns = NAN, .min_ns = NAN},
        .images_per_s = NAN,
    };
    for (int k = 0; k < EV_MAX_OUTPUTS; k++) {
        row->outputs[k] = no_errors;
        row->intervals[k] = no_interval;
    }
    return row;
}

struct ev_result_set *ev_result_add_set(struct ev_result *result)
{
    struct ev_result_set *set = append((void **)&result->sets, &result->n_sets, sizeof *set);

    if (set)
        *set = (struct ev_result_set){.n_rows = -1};
    return set;
}

struct ev_result_timing *ev_result_add_timing(struct ev_result *result)
{
    struct ev_result_timing *timing =
        append((void **)&result->timings, &result->n_timings, sizeof *timing);

    if (timing)
        *timing = (struct ev_result_timing){
            .n_threads = -1,
            .rows_per_call = -1,
            .rows_per_piece = -1,
            .n_processes = -1,
            .n_blocks = -1,
            .n_calls = -1,
            .confidence = NAN,
            .median_ns = NAN,
            .median_low_ns = NAN,
            .median_high_ns = NAN,
            .p90_ns = NAN,
            .p90_high_ns = NAN,
            .p99_ns = NAN,
            .p99_high_ns = NAN,
            .mean_ns = NAN,
            .min_ns = NAN,
            .deadline_ns = NAN,
            .missed_fraction = NAN,
            .images_per_s = NAN,
            .images_per_s_low = NAN,
            .images_per_s_high = NAN,
            .change = NAN,
            .change_low = NAN,
            .change_high = NAN,
            .detectable = NAN,
        };
    return timing;
}

struct ev_result_quiet *ev_result_add_quiet(struct ev_result *result)
{
    struct ev_result_quiet *quiet =
        append((void **)&result->quiets, &result->n_quiets, sizeof *quiet);

    if (quiet)
        *quiet = (struct ev_result_quiet){
            .n_threads = -1,
            .rows_per_call = -1,
            .rows_per_piece = -1,
            .control = NAN,
            .control_low = NAN,
            .control_high = NAN,
            .n_blocks = -1,
            .n_flagged = -1,
        };
    return quiet;
}

struct ev_result_layer *ev_result_add_layer(struct ev_result *result)
{
    struct ev_result_layer *layer =
        append((void **)&result->layers, &result->n_layers, sizeof *layer);

    if (layer)
        *layer = (struct ev_result_layer){
            .index = -1,
            .macs = -1,
            .weight_bytes = -1,
            .time_ns = NAN,
            .share = NAN,
            .change = NAN,
            .change_low = NAN,
            .change_high = NAN,
        };
    return layer;
}

struct ev_result_alarm *ev_result_add_alarm(struct ev_result *result)
{
    struct ev_result_alarm *alarm =
        append((void **)&result->alarms, &result->n_alarms, sizeof *alarm);

    if (alarm)
        *alarm = (struct ev_result_alarm){0};
    return alarm;
}

static bool is_same(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

const struct ev_result_row *ev_result_find_backend(const struct ev_result *result,
                                                   const char *backend)
{
    for (size_t i = 0; i < result->n_rows; i++) {
        if (is_same(result->rows[i].backend, backend))
            return &result->rows[i];
    }
    return NULL;
}

const char *ev_result_baseline(const struct ev_result *result)
{
    if (ev_result_find_backend(result, EV_BASELINE))
        return EV_BASELINE;
    return result->n_rows > 0 ? result->rows[0].backend : NULL;
}

const struct ev_result_row *ev_result_find(const struct ev_result *result, const char *backend,
                                           const char *set)
{
    for (size_t i = 0; i < result->n_rows; i++) {
        const struct ev_result_row *row = &result->rows[i];
        if (is_same(row->backend, backend) && is_same(row->set, set))
            return row;
    }
    return NULL;
}

const struct ev_result_quiet *ev_result_find_quiet(const struct ev_result *result,
                                                   const struct ev_result_timing *timing)
{
    for (size_t i = 0; i < result->n_quiets; i++) {
        const struct ev_result_quiet *quiet = &result->quiets[i];
        if (quiet->mode == timing->mode && quiet->boundary == timing->boundary &&
            quiet->n_threads == timing->n_threads &&
            quiet->rows_per_call == timing->rows_per_call &&
            quiet->rows_per_piece == timing->rows_per_piece)
            return quiet;
    }
    return NULL;
}
