/* SPDX-License-Identifier: MIT */
/* Provenance in words. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "inspect/provenance_import.h"
#include "inspect/summary.h"

#define MOST_PARENTS 8
#define MOST_DEPTH   5

static json_int_t whole(const json_t *json, const char *key)
{
    return json_integer_value(json_object_get(json, key));
}

static const char *text(const json_t *json, const char *key)
{
    const char *value = json_string_value(json_object_get(json, key));

    return value ? value : "?";
}

static bool has(const json_t *json, const char *key)
{
    return json_object_get(json, key) != NULL;
}

static void tell_rendered(const json_t *json, FILE *out)
{
    char frames[64];

    fprintf(out, "dataset render of %s: ", text(json, "circuit"));
    if (whole(json, "frames") > 0)
        fputs(ev_text_count(whole(json, "frames"), "frame", frames), out);
    else
        fputs("a lap each way", out);
    fprintf(out, ", seed %lld", (long long)whole(json, "seed"));
    if (json_is_true(json_object_get(json, "perturb")))
        fputs(", with poses off the line and changing light", out);
}

static void tell_driven(const json_t *json, FILE *out)
{
    fprintf(out, "drive by %s on %s, %s, lap %lld, seed %lld", text(json, "driven_by"),
            text(json, "circuit"), text(json, "direction"), (long long)whole(json, "lap"),
            (long long)whole(json, "seed"));
    if (json_number_value(json_object_get(json, "latency_s")) > 0.0)
        fprintf(out, ", latency %g s", json_number_value(json_object_get(json, "latency_s")));
}

/* What says nothing: null, an empty list, or told elsewhere. */
static bool is_idle(const char *key, const json_t *value)
{
    return json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0) ||
           strcmp(key, "tool_version") == 0;
}

/* "key value, key value"; objects and lists as JSON. What was taken of a split is "the first part".
 */
static void tell_pairs(json_t *json, FILE *out)
{
    const char *key;
    json_t *value;
    bool first = true;

    json_object_foreach(json, key, value)
    {
        if (is_idle(key, value))
            continue;
        fputs(first ? "" : ", ", out);
        first = false;
        if (strcmp(key, "part") == 0 && json_is_string(value)) {
            const char *part = json_string_value(value);
            fprintf(out, "the %s%s", part, strcmp(part, "rest") == 0 ? "" : " part");
            continue;
        }
        char *written =
            json_is_string(value)
                ? NULL
                : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        fprintf(out, "%s %s", key,
                written                 ? written
                : json_is_string(value) ? json_string_value(value)
                                        : "?");
        free(written);
    }
}

static void tell_cut(json_t *json, FILE *out)
{
    json_t *parents = json_object_get(json, "parents"), *parent;
    json_t *selection = json_object_get(json, "selection");
    char rows[64];
    size_t i;

    fprintf(out, "%s of ", text(json, "made_by"));
    json_array_foreach(parents, i, parent)
    {
        if (i == MOST_PARENTS) {
            fprintf(out, " and %zu more", json_array_size(parents) - i);
            break;
        }
        fprintf(out, "%s%s (%s)", i > 0 ? ", " : "", text(parent, "file"),
                ev_text_count(whole(parent, "rows"), "row", rows));
    }
    if (json_object_size(selection) > 0) {
        fputs(": ", out);
        tell_pairs(selection, out);
    }
}

static void tell(json_t *json, int depth, json_t *known, FILE *out);

/* The sets that the rows are from; those in `known` were told already. */
static void tell_parents(json_t *json, int depth, json_t *known, FILE *out)
{
    json_t *parents = json_object_get(json, "parents"), *parent;
    size_t i, j;

    json_array_foreach(parents, i, parent)
    {
        json_t *told = json_object_get(parent, "provenance");
        if (i == MOST_PARENTS || depth == MOST_DEPTH)
            break;
        for (j = 0; j < json_array_size(known); j++) {
            if (json_equal(json_array_get(known, j), parent))
                break;
        }
        if (!told || j < json_array_size(known))
            continue;
        json_array_append(known, parent);
        fprintf(out, "%*s%s: ", 2 * (depth + 1), "", text(parent, "file"));
        tell(told, depth + 1, known, out);
    }
}

static void tell(json_t *json, int depth, json_t *known, FILE *out)
{
    if (has(json, "made_by") && json_is_array(json_object_get(json, "parents")))
        tell_cut(json, out);
    else if (has(json, "renderer_version"))
        tell_rendered(json, out);
    else if (has(json, "driven_by"))
        tell_driven(json, out);
    else if (has(json, "import"))
        ev_provenance_tell_import(json, out);
    else if (json_is_object(json))
        tell_pairs(json, out);
    else
        fputs(json_string_value(json) ? json_string_value(json) : "", out);
    if (has(json, "tool_version") && depth == 0)
        fprintf(out, " (evalrun %s)", text(json, "tool_version"));
    fputc('\n', out);
    tell_parents(json, depth, known, out);
}

char *ev_provenance_text(const char *provenance)
{
    char *words = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&words, &length);
    json_t *json = *provenance ? json_loads(provenance, 0, NULL) : NULL, *known = json_array();

    if (out && json)
        tell(json, 0, known, out);
    else if (out)
        fputs(provenance, out);
    json_decref(known);
    json_decref(json);
    if (out && fclose(out) == 0)
        return words;
    free(words);
    return NULL;
}

/* Of any depth, as json_loads takes no deep nesting. */
static bool is_oversampled(const json_t *json)
{
    json_t *parents = json_object_get(json, "parents"), *parent;
    size_t i;

    if (has(json, "import") && json_array_size(json_object_get(json, "oversample")) > 0)
        return true;
    json_array_foreach(parents, i, parent)
    {
        if (is_oversampled(json_object_get(parent, "provenance")))
            return true;
    }
    return false;
}

bool ev_provenance_is_oversampled(const char *provenance)
{
    json_t *json = json_loads(provenance, 0, NULL);
    const bool oversampled = is_oversampled(json);

    json_decref(json);
    return oversampled;
}
