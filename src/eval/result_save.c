/* SPDX-License-Identifier: MIT */
/*
 * Writes results.json, whose form is described in result.h. Keys keep the order they are added in
 * and numbers have 17 digits, so the same record gives the same bytes and reads back unchanged.
 */
#include "eval/result.h"

#include <jansson.h>
#include <math.h>

#include "backend/backend.h"
#include "base/json.h"
#include "eval/result_format.h"
#include "eval/result_json.h"

static json_t *machine_json(const struct ev_host *host)
{
    json_t *json = json_object();

    if (add(json, "cpu_model", ev_json_text(host->cpu_model)) && add(json, "kernel", ev_json_text(host->kernel)) &&
        add(json, "os_name", ev_json_text(host->os_name)) && add(json, "n_cores", count(host->n_cores)) &&
        add(json, "memory_bytes", count(host->memory_bytes)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *set_json(const void *item)
{
    const struct ev_result_set *set = item;
    json_t *json = json_object();

    if (add(json, "name", ev_json_text(set->name)) && add(json, "path", ev_json_text(set->path)) &&
        add(json, "sha256", ev_json_text(set->sha256)) && add(json, "n_rows", count(set->n_rows)) &&
        add(json, "provenance", ev_json_text(set->provenance)))
        return json;
    json_decref(json);
    return NULL;
}

static bool add_interval(json_t *json, double low, double high,
                         const struct ev_error_change *change)
{
    return add(json, "mse_norm_low", ev_json_real(low)) &&
           add(json, "mse_norm_high", ev_json_real(high)) &&
           add(json, "change", ev_json_real(change->relative)) &&
           add(json, "change_low", ev_json_real(change->low)) &&
           add(json, "change_high", ev_json_real(change->high)) &&
           add(json, "detectable_change", ev_json_real(change->detectable)) &&
           add(json, "verdict", verdict_json(ev_verdict_error_name, change->verdict));
}

/* The difference under `name`, and where it is. */
static bool add_row_difference(json_t *json, const char *name,
                               const struct ev_row_difference *difference)
{
    char set[64], row[64];

    snprintf(set, sizeof set, "%s_set", name);
    snprintf(row, sizeof row, "%s_row", name);
    return add(json, name, ev_json_real(difference->value)) &&
           add(json, set, count(difference->set)) && add(json, row, count(difference->row));
}

static bool add_disagreement(json_t *json, const struct ev_disagreement *disagreement)
{
    return add(json, "disagreement_p50", ev_json_real(disagreement->p50)) &&
           add(json, "disagreement_p99", ev_json_real(disagreement->p99)) &&
           add_row_difference(json, "disagreement_max", &disagreement->worst);
}

static json_t *digest_json(const char *sha256)
{
    return *sha256 ? json_string(sha256) : json_null();
}

static json_t *output_json(const struct ev_result_row *row, int32_t k)
{
    const struct ev_column *column = &row->columns[k];
    const struct ev_error_figures *figures = &row->outputs[k];
    const struct ev_error_interval *interval = &row->intervals[k];
    json_t *json = json_object();

    if (add(json, "name", ev_json_text(column->name)) && add(json, "unit", ev_json_text(column->unit)) &&
        add(json, "min", ev_json_real(column->min)) && add(json, "max", ev_json_real(column->max)) &&
        add(json, "mse_norm", ev_json_real(figures->mse_norm)) &&
        add(json, "mae_norm", ev_json_real(figures->mae_norm)) && add(json, "mse", ev_json_real(figures->mse)) &&
        add(json, "mae", ev_json_real(figures->mae)) && add(json, "r2", ev_json_real(figures->r2)) &&
        add_interval(json, interval->low, interval->high, &interval->change))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *outputs_json(const struct ev_result_row *row)
{
    json_t *json = json_array();

    for (int32_t k = 0; json && k < row->n_outputs; k++) {
        if (json_array_append_new(json, output_json(row, k)) != 0) {
            json_decref(json);
            json = NULL;
        }
    }
    return json;
}

/* Samples are differences of a clock that counts nanoseconds: whole numbers. */
static json_t *samples_json(const struct ev_latency_figures *latency)
{
    json_t *json = json_array();

    for (int64_t i = 0; json && i < latency->n_calls; i++) {
        if (json_array_append_new(json, json_integer(llroundf(latency->samples_ns[i]))) != 0) {
            json_decref(json);
            json = NULL;
        }
    }
    return json;
}

static json_t *latency_json(const struct ev_latency_figures *latency)
{
    json_t *json = json_object();

    if (add(json, "n_calls", count(latency->n_calls)) &&
        add(json, "median_ns", ev_json_real(latency->median_ns)) &&
        add(json, "p90_ns", ev_json_real(latency->p90_ns)) && add(json, "p99_ns", ev_json_real(latency->p99_ns)) &&
        add(json, "mean_ns", ev_json_real(latency->mean_ns)) &&
        add(json, "min_ns", ev_json_real(latency->min_ns)) &&
        add(json, "samples_ns", samples_json(latency)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *look_json(const struct ev_result_look *look)
{
    json_t *json = json_object();

    if (add(json, "runs_on", ev_json_text(look->runs_on)) &&
        add(json, "n_layers", count(look->n_layers)) &&
        add(json, "n_int8_layers", count(look->n_int8_layers)) &&
        add(json, "float_layers", ev_json_text(look->float_layers)) &&
        add(json, "tells_apart", json_boolean(look->tells_apart)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *row_json(const void *item)
{
    const struct ev_result_row *row = item;
    json_t *json = json_object();

    if (add(json, "backend", ev_json_text(row->backend)) && add(json, "set", ev_json_text(row->set)) &&
        add(json, "device", ev_json_text(row->device)) && add(json, "engine", ev_json_text(row->engine)) &&
        add(json, "engine_detail", ev_json_text(row->engine_detail)) &&
        add(json, "precision", json_string(ev_precision_name(row->precision))) &&
        add(json, "n_threads", count(row->n_threads)) && add(json, "n_rows", count(row->n_rows)) &&
        add(json, "batch_rows", count(row->batch_rows)) &&
        add(json, "model_path", ev_json_text(row->model_path)) &&
        add(json, "model_sha256", ev_json_text(row->model_sha256)) &&
        add(json, "model_bytes", count(row->model_bytes)) &&
        add(json, "weight_bytes", count(row->weight_bytes)) &&
        add(json, "look", look_json(&row->look)) &&
        add(json, "mse_norm", ev_json_real(row->all.mse_norm)) &&
        add(json, "mae_norm", ev_json_real(row->all.mae_norm)) && add(json, "r2", ev_json_real(row->all.r2)) &&
        add_interval(json, row->mse_norm_low, row->mse_norm_high, &row->change) &&
        add_disagreement(json, &row->disagreement) &&
        add_row_difference(json, "batch_delta_max", &row->batch_delta) &&
        add(json, "study_mse", ev_json_real(row->study.mse)) &&
        add(json, "study_mse_mirrored", ev_json_real(row->study.mse_mirrored)) &&
        add(json, "study_mean_1000_ns", ev_json_real(row->study.mean_ns)) &&
        add(json, "outputs_sha256", digest_json(row->outputs_sha256)) &&
        add(json, "outputs", outputs_json(row)) &&
        add(json, "images_per_s", ev_json_real(row->images_per_s)) &&
        add(json, "latency", latency_json(&row->latency)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *result_json(const struct ev_result *result)
{
    json_t *json = json_object();

    if (add(json, "schema", json_string(EV_RESULT_SCHEMA)) &&
        add(json, "schema_version", json_integer(EV_RESULT_SCHEMA_VERSION)) &&
        add(json, "tool_version", ev_json_text(result->tool_version)) &&
        add(json, "started_utc", ev_json_text(result->started_utc)) &&
        add(json, "command_line", ev_json_text(result->command_line)) &&
        add(json, "libraries", ev_json_text(result->libraries)) &&
        add(json, "samples_sha256", digest_json(result->samples_sha256)) &&
        add(json, "interrupted", json_boolean(result->interrupted)) &&
        add(json, "resumed", json_boolean(result->resumed)) &&
        add(json, "machine", machine_json(&result->host)) &&
        add(json, "sets",
            array_json(result->sets, result->n_sets, sizeof *result->sets, set_json)) &&
        add(json, "rows",
            array_json(result->rows, result->n_rows, sizeof *result->rows, row_json)) &&
        ev_result_add_times(json, result))
        return json;
    json_decref(json);
    return NULL;
}

enum ev_status ev_result_save(const struct ev_result *result, FILE *out, struct ev_error *err)
{
    json_t *json = result_json(result);

    if (!json)
        return ev_fail(err, EV_MEMORY, "out of memory for the result");
    /* What cannot be written is seen when the file is closed. */
    (void)json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    (void)fputc('\n', out);
    json_decref(json);
    return EV_OK;
}
