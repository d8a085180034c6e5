/* SPDX-License-Identifier: MIT */
/* A set as a JSON object. */
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/json.h"
#include "inspect/summary.h"

static json_t *column_to_json(const struct ev_set_info *info, const struct ev_column *column,
                              const struct ev_column_summary *figures)
{
    json_t *bins = json_array();

    for (int i = 0; i < EV_HISTOGRAM_BINS; i++)
        json_array_append_new(bins, json_integer(figures->bins[i]));
    return json_pack("{s:o, s:o, s:[f, f], s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "name",
                     ev_json_text(column->name), "unit", ev_json_text(column->unit), "range",
                     column->min, column->max, "range_is_assumed", (int)!info->has_ranges, "min", ev_json_real(figures->min), "mean",
                     ev_json_real(figures->mean), "max", ev_json_real(figures->max), "std",
                     ev_json_real(figures->std), "n_finite", (json_int_t)figures->n_finite,
                     "n_outside", (json_int_t)figures->n_outside, "histogram", bins);
}

static json_t *laps_to_json(const struct ev_set_laps *laps)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < laps->n_laps; i++)
        json_array_append_new(list, json_pack("{s:I, s:I, s:s}", "first_row",
                                              (json_int_t)laps->laps[i].first, "n_rows",
                                              (json_int_t)laps->laps[i].n_rows, "direction",
                                              laps->laps[i].direction > 0 ? "forward" : "reverse"));
    return list;
}

static json_t *storage_to_json(const struct ev_set_storage *storage)
{
    return json_pack("{s:s, s:s, s:I, s:o, s:I, s:I}", "type", storage->type, "layout",
                     storage->layout, "chunk_rows", (json_int_t)storage->chunk_rows, "filters",
                     ev_json_text(storage->filters), "image_bytes",
                     (json_int_t)storage->image_bytes, "file_bytes",
                     (json_int_t)storage->file_bytes);
}

/* The provenance as an object; as text if it is none. */
static json_t *provenance_to_json(const char *provenance)
{
    json_t *json = json_loads(provenance, 0, NULL);

    return json ? json : ev_json_text(provenance);
}

char *ev_summary_json(const struct ev_summary *summary)
{
    const struct ev_set_info *info = summary->info;
    json_t *columns = json_array(), *further = json_array();

    for (int32_t i = 0; i < info->n_outputs; i++)
        json_array_append_new(columns, column_to_json(info, &info->columns[i], &summary->columns[i]));
    for (int32_t i = 0; i < summary->n_further; i++)
        json_array_append_new(
            further, json_pack("{s:o, s:I, s:o}", "name", ev_json_text(summary->further[i].name),
                               "row_values", (json_int_t)summary->further[i].row_values, "columns",
                               ev_json_text(summary->further[i].columns)));
    json_t *json = json_pack(
        "{s:o, s:I, s:[i, i, i], s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "path",
        ev_json_text(info->path), "n_rows", (json_int_t)info->n_rows, "shape", info->shape.height,
        info->shape.width, info->shape.channels, "storage", storage_to_json(&summary->storage),
        "circuit", ev_json_text(info->circuit), "colour", ev_json_text(ev_set_colour(info)),
        "frame_rate_hz", ev_json_real(info->frame_rate_hz), "sha256",
        ev_json_text(info->recorded_sha256), "provenance", provenance_to_json(info->provenance),
        "columns", columns, "has_pose", (int)summary->has_pose, "laps",
        laps_to_json(&summary->laps), "further", further);
    char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;

    json_decref(json);
    return text;
}
