/* SPDX-License-Identifier: MIT */
/* The part of results.json that timed runs, layers and alarms have; see result_save.c. */
#include "eval/result_json.h"

static json_t *timing_json(const void *item)
{
    const struct ev_result_timing *timing = item;
    json_t *json = json_object();

    if (add(json, "backend", ev_json_text(timing->backend)) &&
        add(json, "is_control", json_boolean(timing->is_control)) &&
        add(json, "mode", json_string(ev_mode_name(timing->mode))) &&
        add(json, "boundary", json_string(ev_boundary_name(timing->boundary))) &&
        add(json, "n_threads", count(timing->n_threads)) &&
        add(json, "rows_per_call", count(timing->rows_per_call)) &&
        add(json, "rows_per_piece", count(timing->rows_per_piece)) &&
        add(json, "n_processes", count(timing->n_processes)) &&
        add(json, "n_blocks", count(timing->n_blocks)) &&
        add(json, "n_calls", count(timing->n_calls)) &&
        add(json, "confidence", ev_json_real(timing->confidence)) &&
        add(json, "median_ns", ev_json_real(timing->median_ns)) &&
        add(json, "median_low_ns", ev_json_real(timing->median_low_ns)) &&
        add(json, "median_high_ns", ev_json_real(timing->median_high_ns)) &&
        add(json, "p90_ns", ev_json_real(timing->p90_ns)) &&
        add(json, "p90_high_ns", ev_json_real(timing->p90_high_ns)) &&
        add(json, "p99_ns", ev_json_real(timing->p99_ns)) &&
        add(json, "p99_high_ns", ev_json_real(timing->p99_high_ns)) &&
        add(json, "mean_ns", ev_json_real(timing->mean_ns)) &&
        add(json, "min_ns", ev_json_real(timing->min_ns)) &&
        add(json, "deadline_ns", ev_json_real(timing->deadline_ns)) &&
        add(json, "missed_fraction", ev_json_real(timing->missed_fraction)) &&
        add(json, "images_per_s", ev_json_real(timing->images_per_s)) &&
        add(json, "images_per_s_low", ev_json_real(timing->images_per_s_low)) &&
        add(json, "images_per_s_high", ev_json_real(timing->images_per_s_high)) &&
        add(json, "change", ev_json_real(timing->change)) &&
        add(json, "change_low", ev_json_real(timing->change_low)) &&
        add(json, "change_high", ev_json_real(timing->change_high)) &&
        add(json, "detectable_change", ev_json_real(timing->detectable)) &&
        add(json, "verdict", verdict_json(ev_verdict_time_name, timing->verdict)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *quiet_json(const void *item)
{
    const struct ev_result_quiet *quiet = item;
    json_t *json = json_object();

    if (add(json, "mode", json_string(ev_mode_name(quiet->mode))) &&
        add(json, "boundary", json_string(ev_boundary_name(quiet->boundary))) &&
        add(json, "n_threads", count(quiet->n_threads)) &&
        add(json, "rows_per_call", count(quiet->rows_per_call)) &&
        add(json, "rows_per_piece", count(quiet->rows_per_piece)) &&
        add(json, "control", ev_json_real(quiet->control)) &&
        add(json, "control_low", ev_json_real(quiet->control_low)) &&
        add(json, "control_high", ev_json_real(quiet->control_high)) &&
        add(json, "unquiet", json_boolean(quiet->unquiet)) &&
        add(json, "n_blocks", count(quiet->n_blocks)) &&
        add(json, "n_flagged", count(quiet->n_flagged)) &&
        add(json, "reason", ev_json_text(quiet->reason)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *layer_json(const void *item)
{
    const struct ev_result_layer *layer = item;
    json_t *json = json_object();

    if (add(json, "backend", ev_json_text(layer->backend)) &&
        add(json, "index", count(layer->index)) && add(json, "name", ev_json_text(layer->name)) &&
        add(json, "kind", ev_json_text(layer->kind)) &&
        add(json, "dtype", ev_json_text(layer->dtype)) && add(json, "macs", count(layer->macs)) &&
        add(json, "weight_bytes", count(layer->weight_bytes)) &&
        add(json, "time_ns", ev_json_real(layer->time_ns)) &&
        add(json, "share", ev_json_real(layer->share)) &&
        add(json, "change", ev_json_real(layer->change)) &&
        add(json, "change_low", ev_json_real(layer->change_low)) &&
        add(json, "change_high", ev_json_real(layer->change_high)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *alarm_json(const void *item)
{
    const struct ev_result_alarm *alarm = item;
    json_t *json = json_object();

    if (add(json, "code", ev_json_text(alarm->code)) &&
        add(json, "backend", ev_json_text(alarm->backend)) &&
        add(json, "set", ev_json_text(alarm->set)) && add(json, "text", ev_json_text(alarm->text)))
        return json;
    json_decref(json);
    return NULL;
}

static json_t *peak_json(const struct ev_result_peak *peak)
{
    json_t *json = json_object();

    if (add(json, "float_macs_per_s", ev_json_real(peak->float_macs_per_s)) &&
        add(json, "int8_macs_per_s", ev_json_real(peak->int8_macs_per_s)) &&
        add(json, "bytes_per_s", ev_json_real(peak->bytes_per_s)) &&
        add(json, "n_threads", count(peak->n_threads)))
        return json;
    json_decref(json);
    return NULL;
}

bool ev_result_add_times(json_t *json, const struct ev_result *result)
{
    return add(json, "timings",
               array_json(result->timings, result->n_timings, sizeof *result->timings,
                          timing_json)) &&
           add(json, "quiets",
               array_json(result->quiets, result->n_quiets, sizeof *result->quiets, quiet_json)) &&
           add(json, "layers",
               array_json(result->layers, result->n_layers, sizeof *result->layers, layer_json)) &&
           add(json, "peak", peak_json(&result->peak)) &&
           add(json, "alarms",
               array_json(result->alarms, result->n_alarms, sizeof *result->alarms, alarm_json));
}
