/* SPDX-License-Identifier: MIT */
/*
 * Reads results.json, whose form is described in result.h. The file may come from anywhere: every
 * key is checked for presence, type and range, and the message names it as a path such as
 * rows[2].latency.median_ns. Keys that are not known are passed by.
 */
#include "eval/result.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/text.h"
#include "eval/result_format.h"
#include "eval/result_json.h"

static enum ev_status load_machine(const struct node *top, struct ev_host *host,
                                   struct ev_error *err)
{
    struct node node;
    enum ev_status status = enter(top, "machine", &node, err);

    THEN(read_short_text(&node, "cpu_model", host->cpu_model, sizeof host->cpu_model, err));
    THEN(read_short_text(&node, "kernel", host->kernel, sizeof host->kernel, err));
    THEN(read_short_text(&node, "os_name", host->os_name, sizeof host->os_name, err));
    THEN(read_int32(&node, "n_cores", &host->n_cores, err));
    THEN(read_count(&node, "memory_bytes", INT64_MAX, &host->memory_bytes, err));
    return status;
}

static enum ev_status load_set(const struct node *node, struct ev_result *result,
                               struct ev_error *err)
{
    struct ev_result_set *set = ev_result_add_set(result);
    enum ev_status status = EV_OK;

    if (!set)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    THEN(read_text(node, "name", &set->name, err));
    THEN(read_text(node, "path", &set->path, err));
    THEN(read_text(node, "sha256", &set->sha256, err));
    THEN(read_count(node, "n_rows", INT64_MAX, &set->n_rows, err));
    THEN(read_text(node, "provenance", &set->provenance, err));
    return status;
}

static enum ev_status load_interval(const struct node *node, double *low, double *high,
                                    struct ev_error_change *change, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    THEN(read_later_real(node, "mse_norm_low", low, err));
    THEN(read_later_real(node, "mse_norm_high", high, err));
    THEN(read_later_real(node, "change", &change->relative, err));
    THEN(read_later_real(node, "change_low", &change->low, err));
    THEN(read_later_real(node, "change_high", &change->high, err));
    THEN(read_later_real(node, "detectable_change", &change->detectable, err));
    THEN(read_verdict(node, "verdict", ev_verdict_error_name, &change->verdict, err));
    return status;
}

/* A number that older results have not: -1 as is. */
static enum ev_status read_later_count(const struct node *node, const char *key, int64_t max,
                                       int64_t *value, struct ev_error *err)
{
    return json_object_get(node->json, key) ? read_count(node, key, max, value, err) : EV_OK;
}

static enum ev_status load_row_difference(const struct node *node, const char *name,
                                          const struct ev_result *result,
                                          struct ev_row_difference *difference,
                                          struct ev_error *err)
{
    char set_key[64], row_key[64];
    int64_t set = -1;
    enum ev_status status = EV_OK;

    snprintf(set_key, sizeof set_key, "%s_set", name);
    snprintf(row_key, sizeof row_key, "%s_row", name);
    THEN(read_later_real(node, name, &difference->value, err));
    THEN(read_later_count(node, set_key, (int64_t)result->n_sets - 1, &set, err));
    THEN(read_later_count(node, row_key, INT64_MAX, &difference->row, err));
    difference->set = (int32_t)set;
    return status;
}

/* A digest that older results have not; null or "" where it is unknown. */
static enum ev_status read_later_digest(const struct node *node, const char *key, char digest[65],
                                        struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);

    return !json || json_is_null(json) ? EV_OK : read_short_text(node, key, digest, 65, err);
}

static enum ev_status load_output(const struct node *node, struct ev_result_row *row, size_t k,
                                  struct ev_error *err)
{
    struct ev_column *column = &row->columns[k];
    struct ev_error_figures *figures = &row->outputs[k];
    struct ev_error_interval *interval = &row->intervals[k];
    enum ev_status status = EV_OK;

    THEN(read_short_text(node, "name", column->name, sizeof column->name, err));
    THEN(read_short_text(node, "unit", column->unit, sizeof column->unit, err));
    THEN(read_real(node, "min", &column->min, err));
    THEN(read_real(node, "max", &column->max, err));
    THEN(read_real(node, "mse_norm", &figures->mse_norm, err));
    THEN(read_real(node, "mae_norm", &figures->mae_norm, err));
    THEN(read_real(node, "mse", &figures->mse, err));
    THEN(read_real(node, "mae", &figures->mae, err));
    THEN(read_real(node, "r2", &figures->r2, err));
    THEN(load_interval(node, &interval->low, &interval->high, &interval->change, err));
    return status;
}

static enum ev_status load_outputs(const struct node *node, struct ev_result_row *row,
                                   struct ev_error *err)
{
    struct node output;
    size_t n;
    enum ev_status status = count_elements(node, "outputs", &n, err);

    if (status == EV_OK && (n < 1 || n > EV_MAX_OUTPUTS))
        return ev_fail(err, EV_INPUT, "%s: %soutputs has %zu elements, expected 1 to %d",
                       node->file, node->prefix, n, EV_MAX_OUTPUTS);
    for (size_t k = 0; k < n && status == EV_OK; k++) {
        THEN(enter_element(node, "outputs", k, &output, err));
        THEN(load_output(&output, row, k, err));
    }
    row->n_outputs = (int32_t)n;
    return status;
}

static enum ev_status load_samples(const struct node *node, struct ev_latency_figures *latency,
                                   struct ev_error *err)
{
    const json_t *samples = json_object_get(node->json, "samples_ns");
    size_t n;
    enum ev_status status = count_elements(node, "samples_ns", &n, err);

    if (status != EV_OK || n == 0)
        return status;
    latency->samples_ns = malloc(n * sizeof *latency->samples_ns);
    if (!latency->samples_ns)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    for (size_t i = 0; i < n; i++) {
        const json_t *sample = json_array_get(samples, i);
        double value = json_is_number(sample) ? json_number_value(sample) : -1;
        /* Below the largest float; 1e30 ns is longer than the universe is old. */
        if (!(value >= 0 && value < 1e30))
            return ev_fail(err, EV_INPUT, "%s: %ssamples_ns[%zu] is no time", node->file,
                           node->prefix, i);
        latency->samples_ns[i] = (float)value;
    }
    return EV_OK;
}

static enum ev_status load_latency(const struct node *row, struct ev_latency_figures *latency,
                                   struct ev_error *err)
{
    struct node node;
    int64_t n_calls = 0;
    size_t n_samples = 0;
    enum ev_status status = enter(row, "latency", &node, err);

    THEN(read_count(&node, "n_calls", INT64_MAX, &n_calls, err));
    THEN(read_real(&node, "median_ns", &latency->median_ns, err));
    THEN(read_real(&node, "p90_ns", &latency->p90_ns, err));
    THEN(read_real(&node, "p99_ns", &latency->p99_ns, err));
    THEN(read_real(&node, "mean_ns", &latency->mean_ns, err));
    THEN(read_real(&node, "min_ns", &latency->min_ns, err));
    THEN(load_samples(&node, latency, err));
    THEN(count_elements(&node, "samples_ns", &n_samples, err));
    if (status == EV_OK && (n_calls < 0 || (uint64_t)n_calls != n_samples))
        return wrong(&node, "n_calls", "the number of samples_ns", err);
    latency->n_calls = n_calls;
    return status;
}

static enum ev_status load_look(const struct node *row, struct ev_result_look *look,
                                struct ev_error *err)
{
    struct node node;
    enum ev_status status = EV_OK;

    if (!json_object_get(row->json, "look"))
        return EV_OK;
    THEN(enter(row, "look", &node, err));
    THEN(read_short_text(&node, "runs_on", look->runs_on, sizeof look->runs_on, err));
    THEN(read_int32(&node, "n_layers", &look->n_layers, err));
    THEN(read_int32(&node, "n_int8_layers", &look->n_int8_layers, err));
    THEN(read_short_text(&node, "float_layers", look->float_layers, sizeof look->float_layers,
                         err));
    const json_t *tells_apart = json_object_get(node.json, "tells_apart");
    if (status == EV_OK && tells_apart && !json_is_boolean(tells_apart))
        return wrong(&node, "tells_apart", "true or false", err);
    look->tells_apart = json_is_true(tells_apart);
    return status;
}

/* By its name; older results have none. */
static enum ev_status read_precision(const struct node *node, const char *key, uint32_t *precision,
                                     struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);
    const char *name = json_string_value(json);

    *precision = name ? ev_precision_find(name) : 0;
    return json && (!name || (*name && *precision == 0))
               ? wrong(node, key, "fp32, tf32, fp16, int8 or \"\"", err)
               : EV_OK;
}

static enum ev_status load_row(const struct node *node, struct ev_result *result,
                               struct ev_error *err)
{
    struct ev_result_row *row = ev_result_add_row(result);
    enum ev_status status = EV_OK;

    if (!row)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    THEN(read_text(node, "backend", &row->backend, err));
    THEN(read_text(node, "set", &row->set, err));
    THEN(read_text(node, "device", &row->device, err));
    THEN(read_text(node, "engine", &row->engine, err));
    THEN(read_text(node, "engine_detail", &row->engine_detail, err));
    THEN(read_precision(node, "precision", &row->precision, err));
    THEN(read_int32(node, "n_threads", &row->n_threads, err));
    THEN(read_count(node, "n_rows", INT64_MAX, &row->n_rows, err));
    THEN(read_count(node, "batch_rows", INT64_MAX, &row->batch_rows, err));
    THEN(read_text(node, "model_path", &row->model_path, err));
    THEN(read_text(node, "model_sha256", &row->model_sha256, err));
    THEN(read_count(node, "model_bytes", INT64_MAX, &row->model_bytes, err));
    THEN(read_count(node, "weight_bytes", INT64_MAX, &row->weight_bytes, err));
    THEN(load_look(node, &row->look, err));
    THEN(read_real(node, "mse_norm", &row->all.mse_norm, err));
    THEN(read_real(node, "mae_norm", &row->all.mae_norm, err));
    THEN(read_real(node, "r2", &row->all.r2, err));
    THEN(load_interval(node, &row->mse_norm_low, &row->mse_norm_high, &row->change, err));
    THEN(read_later_real(node, "disagreement_p50", &row->disagreement.p50, err));
    THEN(read_later_real(node, "disagreement_p99", &row->disagreement.p99, err));
    THEN(load_row_difference(node, "disagreement_max", result, &row->disagreement.worst, err));
    THEN(load_row_difference(node, "batch_delta_max", result, &row->batch_delta, err));
    THEN(read_later_real(node, "study_mse", &row->study.mse, err));
    THEN(read_later_real(node, "study_mse_mirrored", &row->study.mse_mirrored, err));
    THEN(read_later_real(node, "study_mean_1000_ns", &row->study.mean_ns, err));
    THEN(read_later_digest(node, "outputs_sha256", row->outputs_sha256, err));
    THEN(load_outputs(node, row, err));
    THEN(read_real(node, "images_per_s", &row->images_per_s, err));
    THEN(load_latency(node, &row->latency, err));
    return status;
}

static enum ev_status load_top(const struct node *top, struct ev_result *result,
                               struct ev_error *err)
{
    const char *schema = json_string_value(json_object_get(top->json, "schema"));
    const json_t *interrupted = json_object_get(top->json, "interrupted");
    struct node node;
    int64_t version = -1;
    size_t n_sets = 0, n_rows = 0;
    enum ev_status status = EV_OK;

    if (!schema || strcmp(schema, EV_RESULT_SCHEMA) != 0)
        return wrong(top, "schema", "\"" EV_RESULT_SCHEMA "\", a result of evalrun", err);
    THEN(read_count(top, "schema_version", INT64_MAX, &version, err));
    if (status == EV_OK && version != EV_RESULT_SCHEMA_VERSION)
        return ev_fail(err, EV_INPUT, "%s: schema_version is %lld, this program reads %d",
                       top->file, (long long)version, EV_RESULT_SCHEMA_VERSION);
    THEN(read_text(top, "tool_version", &result->tool_version, err));
    THEN(read_text(top, "started_utc", &result->started_utc, err));
    THEN(read_text(top, "command_line", &result->command_line, err));
    THEN(read_text(top, "libraries", &result->libraries, err));
    if (status == EV_OK && !json_is_boolean(interrupted))
        return wrong(top, "interrupted", "true or false", err);
    result->interrupted = json_is_true(interrupted);
    const json_t *resumed = json_object_get(top->json, "resumed");
    if (status == EV_OK && resumed && !json_is_boolean(resumed))
        return wrong(top, "resumed", "true or false", err);
    result->resumed = json_is_true(resumed);
    THEN(read_later_digest(top, "samples_sha256", result->samples_sha256, err));
    THEN(load_machine(top, &result->host, err));
    THEN(count_elements(top, "sets", &n_sets, err));
    for (size_t i = 0; i < n_sets && status == EV_OK; i++) {
        THEN(enter_element(top, "sets", i, &node, err));
        THEN(load_set(&node, result, err));
    }
    THEN(count_elements(top, "rows", &n_rows, err));
    for (size_t i = 0; i < n_rows && status == EV_OK; i++) {
        THEN(enter_element(top, "rows", i, &node, err));
        THEN(load_row(&node, result, err));
    }
    THEN(ev_result_load_times(top, result, err));
    return status;
}

enum ev_status ev_result_load(const char *path, struct ev_result *result, struct ev_error *err)
{
    struct node top = {.file = path};
    json_error_t problem;
    char what[160];
    char *text = NULL;
    size_t length;

    ev_result_init(result);
    enum ev_status status = ev_file_read(path, EV_RESULT_MAX_BYTES, &text, &length, err);
    if (status != EV_OK)
        return status;
    json_t *json = json_loadb(text, length, 0, &problem);
    free(text);
    if (!json) {
        /* What it says may quote the file. */
        ev_text_clean(problem.text, what, sizeof what);
        return ev_fail(err, EV_INPUT, "%s: line %d: not JSON: %s", path, problem.line, what);
    }
    top.json = json;
    if (json_is_object(json))
        status = load_top(&top, result, err);
    else
        status = ev_fail(err, EV_INPUT, "%s: not an object, so no result of evalrun", path);
    json_decref(json);
    if (status != EV_OK)
        ev_result_free(result);
    return status;
}
