/* SPDX-License-Identifier: MIT */
/* The part of results.json that timed runs, layers and alarms have; see result_load.c. */
#include "eval/result_json.h"

static enum ev_status read_flag(const struct node *node, const char *key, bool *value,
                                struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);

    if (!json_is_boolean(json))
        return wrong(node, key, "true or false", err);
    *value = json_is_true(json);
    return EV_OK;
}

static enum ev_status read_condition(const struct node *node, enum ev_mode *mode,
                                     enum ev_boundary *boundary, struct ev_error *err)
{
    const char *mode_text = json_string_value(json_object_get(node->json, "mode"));
    const char *boundary_text = json_string_value(json_object_get(node->json, "boundary"));
    int m = 0, b = 0;

    while (mode_text && m < EV_N_MODES && strcmp(mode_text, ev_mode_name((enum ev_mode)m)) != 0)
        m++;
    if (!mode_text || m == EV_N_MODES)
        return wrong(node, "mode", "cold, hot, paced, resident, fed, pieces or eager", err);
    while (boundary_text && b < EV_N_BOUNDARIES &&
           strcmp(boundary_text, ev_boundary_name((enum ev_boundary)b)) != 0)
        b++;
    if (!boundary_text || b == EV_N_BOUNDARIES)
        return wrong(node, "boundary", "compute, e2e or device", err);
    *mode = (enum ev_mode)m;
    *boundary = (enum ev_boundary)b;
    return EV_OK;
}

static enum ev_status load_change(const struct node *node, struct ev_result_timing *timing,
                                  struct ev_error *err)
{
    enum ev_status status = EV_OK;

    THEN(read_real(node, "change", &timing->change, err));
    THEN(read_real(node, "change_low", &timing->change_low, err));
    THEN(read_real(node, "change_high", &timing->change_high, err));
    THEN(read_real(node, "detectable_change", &timing->detectable, err));
    THEN(read_verdict(node, "verdict", ev_verdict_time_name, &timing->verdict, err));
    return status;
}

static enum ev_status load_timing(const struct node *node, struct ev_result *result,
                                  struct ev_error *err)
{
    struct ev_result_timing *timing = ev_result_add_timing(result);
    enum ev_status status = EV_OK;

    if (!timing)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    THEN(read_text(node, "backend", &timing->backend, err));
    THEN(read_flag(node, "is_control", &timing->is_control, err));
    THEN(read_condition(node, &timing->mode, &timing->boundary, err));
    THEN(read_int32(node, "n_threads", &timing->n_threads, err));
    THEN(read_count(node, "rows_per_call", INT64_MAX, &timing->rows_per_call, err));
    THEN(read_count(node, "rows_per_piece", INT64_MAX, &timing->rows_per_piece, err));
    THEN(read_count(node, "n_processes", INT64_MAX, &timing->n_processes, err));
    THEN(read_count(node, "n_blocks", INT64_MAX, &timing->n_blocks, err));
    THEN(read_count(node, "n_calls", INT64_MAX, &timing->n_calls, err));
    THEN(read_real(node, "confidence", &timing->confidence, err));
    THEN(read_real(node, "median_ns", &timing->median_ns, err));
    THEN(read_real(node, "median_low_ns", &timing->median_low_ns, err));
    THEN(read_real(node, "median_high_ns", &timing->median_high_ns, err));
    THEN(read_real(node, "p90_ns", &timing->p90_ns, err));
    THEN(read_real(node, "p90_high_ns", &timing->p90_high_ns, err));
    THEN(read_real(node, "p99_ns", &timing->p99_ns, err));
    THEN(read_real(node, "p99_high_ns", &timing->p99_high_ns, err));
    THEN(read_real(node, "mean_ns", &timing->mean_ns, err));
    THEN(read_real(node, "min_ns", &timing->min_ns, err));
    THEN(read_real(node, "deadline_ns", &timing->deadline_ns, err));
    THEN(read_real(node, "missed_fraction", &timing->missed_fraction, err));
    THEN(read_real(node, "images_per_s", &timing->images_per_s, err));
    THEN(read_real(node, "images_per_s_low", &timing->images_per_s_low, err));
    THEN(read_real(node, "images_per_s_high", &timing->images_per_s_high, err));
    THEN(load_change(node, timing, err));
    return status;
}

static enum ev_status load_quiet(const struct node *node, struct ev_result *result,
                                 struct ev_error *err)
{
    struct ev_result_quiet *quiet = ev_result_add_quiet(result);
    enum ev_status status = EV_OK;

    if (!quiet)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    THEN(read_condition(node, &quiet->mode, &quiet->boundary, err));
    THEN(read_int32(node, "n_threads", &quiet->n_threads, err));
    THEN(read_count(node, "rows_per_call", INT64_MAX, &quiet->rows_per_call, err));
    THEN(read_count(node, "rows_per_piece", INT64_MAX, &quiet->rows_per_piece, err));
    THEN(read_real(node, "control", &quiet->control, err));
    THEN(read_real(node, "control_low", &quiet->control_low, err));
    THEN(read_real(node, "control_high", &quiet->control_high, err));
    THEN(read_flag(node, "unquiet", &quiet->unquiet, err));
    THEN(read_count(node, "n_blocks", INT64_MAX, &quiet->n_blocks, err));
    THEN(read_count(node, "n_flagged", INT64_MAX, &quiet->n_flagged, err));
    THEN(read_text(node, "reason", &quiet->reason, err));
    return status;
}

static enum ev_status load_layer(const struct node *node, struct ev_result *result,
                                 struct ev_error *err)
{
    struct ev_result_layer *layer = ev_result_add_layer(result);
    enum ev_status status = EV_OK;

    if (!layer)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    THEN(read_text(node, "backend", &layer->backend, err));
    THEN(read_int32(node, "index", &layer->index, err));
    THEN(read_text(node, "name", &layer->name, err));
    THEN(read_text(node, "kind", &layer->kind, err));
    THEN(read_text(node, "dtype", &layer->dtype, err));
    THEN(read_count(node, "macs", INT64_MAX, &layer->macs, err));
    THEN(read_count(node, "weight_bytes", INT64_MAX, &layer->weight_bytes, err));
    THEN(read_real(node, "time_ns", &layer->time_ns, err));
    THEN(read_real(node, "share", &layer->share, err));
    THEN(read_real(node, "change", &layer->change, err));
    THEN(read_real(node, "change_low", &layer->change_low, err));
    THEN(read_real(node, "change_high", &layer->change_high, err));
    return status;
}

static enum ev_status load_alarm(const struct node *node, struct ev_result *result,
                                 struct ev_error *err)
{
    struct ev_result_alarm *alarm = ev_result_add_alarm(result);
    enum ev_status status = EV_OK;

    if (!alarm)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
    THEN(read_text(node, "code", &alarm->code, err));
    THEN(read_text(node, "backend", &alarm->backend, err));
    THEN(read_text(node, "set", &alarm->set, err));
    THEN(read_text(node, "text", &alarm->text, err));
    return status;
}

static enum ev_status load_peak(const struct node *top, struct ev_result_peak *peak,
                                struct ev_error *err)
{
    struct node node;
    enum ev_status status = EV_OK;

    if (!json_object_get(top->json, "peak"))
        return EV_OK;
    THEN(enter(top, "peak", &node, err));
    THEN(read_real(&node, "float_macs_per_s", &peak->float_macs_per_s, err));
    THEN(read_real(&node, "int8_macs_per_s", &peak->int8_macs_per_s, err));
    THEN(read_real(&node, "bytes_per_s", &peak->bytes_per_s, err));
    THEN(read_int32(&node, "n_threads", &peak->n_threads, err));
    return status;
}

static enum ev_status load_array(const struct node *top, const char *key,
                                 enum ev_status (*load)(const struct node *, struct ev_result *,
                                                        struct ev_error *),
                                 struct ev_result *result, struct ev_error *err)
{
    struct node node;
    size_t n;
    enum ev_status status = count_later_elements(top, key, &n, err);

    for (size_t i = 0; i < n && status == EV_OK; i++) {
        THEN(enter_element(top, key, i, &node, err));
        THEN(load(&node, result, err));
    }
    return status;
}

enum ev_status ev_result_load_times(const struct node *top, struct ev_result *result,
                                    struct ev_error *err)
{
    enum ev_status status = EV_OK;

    THEN(load_array(top, "timings", load_timing, result, err));
    THEN(load_array(top, "quiets", load_quiet, result, err));
    THEN(load_array(top, "layers", load_layer, result, err));
    THEN(load_peak(top, &result->peak, err));
    THEN(load_array(top, "alarms", load_alarm, result, err));
    return status;
}
