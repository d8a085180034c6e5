/* SPDX-License-Identifier: MIT */
/* Helpers of the files that write and read results.json; private to this folder. */
#ifndef EV_RESULT_JSON_H
#define EV_RESULT_JSON_H

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "eval/result.h"

/* --- Writing --- */

static inline json_t *count(int64_t value)
{
    return value >= 0 ? json_integer(value) : json_null();
}

/* json_object_set_new and json_array_append_new take NULL for an error and free what they cannot
 * keep, so values are made and added in one expression. */
static inline bool add(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static inline json_t *verdict_json(const char *(*name)(enum ev_verdict), enum ev_verdict verdict)
{
    return verdict == EV_VERDICT_NONE ? json_null() : json_string(name(verdict));
}

/* An array of n items that item_json makes; NULL when out of memory. */
static inline json_t *array_json(const void *items, size_t n, size_t item_bytes,
                                 json_t *(*item_json)(const void *item))
{
    json_t *json = json_array();

    for (size_t i = 0; json && i < n; i++) {
        if (json_array_append_new(json, item_json((const char *)items + i * item_bytes)) != 0) {
            json_decref(json);
            json = NULL;
        }
    }
    return json;
}

/* Adds what timed runs, layers and alarms have to the whole object; false when out of memory. */
bool ev_result_add_times(json_t *json, const struct ev_result *result);

/* --- Reading --- */

/* An object of the file, and how it is called in messages: "" at the top, "rows[2]." below. */
struct node {
    const char *file;
    const json_t *json;
    char prefix[96];
};

static inline enum ev_status wrong(const struct node *node, const char *key, const char *expected,
                                   struct ev_error *err)
{
    return ev_fail(err, EV_INPUT, "%s: %s%s is %s, expected %s", node->file, node->prefix, key,
                   json_object_get(node->json, key) ? "something else" : "missing", expected);
}

static inline enum ev_status read_text(const struct node *node, const char *key, char **value,
                                       struct ev_error *err)
{
    const char *text = json_string_value(json_object_get(node->json, key));

    if (!text)
        return wrong(node, key, "a text", err);
    *value = strdup(text);
    return *value ? EV_OK : ev_fail(err, EV_MEMORY, "%s: out of memory", node->file);
}

/* A text that is shorter than `size` bytes. */
static inline enum ev_status read_short_text(const struct node *node, const char *key, char *value,
                                             size_t size, struct ev_error *err)
{
    const char *text = json_string_value(json_object_get(node->json, key));

    if (!text || strlen(text) >= size)
        return wrong(node, key, "a short text", err);
    memcpy(value, text, strlen(text) + 1);
    return EV_OK;
}

/* A number, or null for one that is missing. */
static inline enum ev_status read_real(const struct node *node, const char *key, double *value,
                                       struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);

    if (!json_is_number(json) && !json_is_null(json))
        return wrong(node, key, "a number or null", err);
    *value = json_is_null(json) ? NAN : json_number_value(json);
    return EV_OK;
}

/* A number that older results have not. */
static inline enum ev_status read_later_real(const struct node *node, const char *key,
                                             double *value, struct ev_error *err)
{
    return json_object_get(node->json, key) ? read_real(node, key, value, err) : EV_OK;
}

/* A verdict by the name that `name` gives it, or null; older results have none. */
static inline enum ev_status read_verdict(const struct node *node, const char *key,
                                          const char *(*name)(enum ev_verdict),
                                          enum ev_verdict *verdict, struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);
    const char *text = json_string_value(json);
    char expected[80];

    *verdict = EV_VERDICT_NONE;
    if (!json || json_is_null(json))
        return EV_OK;
    for (int v = EV_VERDICT_LESS; text && v <= EV_VERDICT_UNRESOLVED; v++) {
        if (strcmp(text, name((enum ev_verdict)v)) == 0)
            *verdict = (enum ev_verdict)v;
    }
    snprintf(expected, sizeof expected, "%s, %s, %s, %s or null", name(EV_VERDICT_LESS),
             name(EV_VERDICT_MORE), name(EV_VERDICT_SAME), name(EV_VERDICT_UNRESOLVED));
    return *verdict == EV_VERDICT_NONE ? wrong(node, key, expected, err) : EV_OK;
}

/* A whole number from 0 to max, or null for one that is missing. */
static inline enum ev_status read_count(const struct node *node, const char *key, int64_t max,
                                        int64_t *value, struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);

    *value = -1;
    if (json_is_null(json))
        return EV_OK;
    if (!json_is_integer(json) || json_integer_value(json) < 0 || json_integer_value(json) > max)
        return wrong(node, key, "a whole number, not negative, or null", err);
    *value = json_integer_value(json);
    return EV_OK;
}

static inline enum ev_status read_int32(const struct node *node, const char *key, int32_t *value,
                                        struct ev_error *err)
{
    int64_t number;
    enum ev_status status = read_count(node, key, INT32_MAX, &number, err);

    *value = (int32_t)number;
    return status;
}

/* The object under `key`. */
static inline enum ev_status enter(const struct node *node, const char *key, struct node *inner,
                                   struct ev_error *err)
{
    inner->file = node->file;
    inner->json = json_object_get(node->json, key);
    snprintf(inner->prefix, sizeof inner->prefix, "%.60s%s.", node->prefix, key);
    return json_is_object(inner->json) ? EV_OK : wrong(node, key, "an object", err);
}

/* Object i of the array under `key`. */
static inline enum ev_status enter_element(const struct node *node, const char *key, size_t i,
                                           struct node *inner, struct ev_error *err)
{
    inner->file = node->file;
    inner->json = json_array_get(json_object_get(node->json, key), i);
    snprintf(inner->prefix, sizeof inner->prefix, "%.60s%s[%zu].", node->prefix, key, i);
    if (json_is_object(inner->json))
        return EV_OK;
    return ev_fail(err, EV_INPUT, "%s: %s%s[%zu] is no object", node->file, node->prefix, key, i);
}

/* Number of elements of the array under `key`. */
static inline enum ev_status count_elements(const struct node *node, const char *key, size_t *n,
                                            struct ev_error *err)
{
    const json_t *json = json_object_get(node->json, key);

    *n = json_array_size(json);
    return json_is_array(json) ? EV_OK : wrong(node, key, "an array", err);
}

/* The same, 0 where older results have none. */
static inline enum ev_status count_later_elements(const struct node *node, const char *key,
                                                  size_t *n, struct ev_error *err)
{
    *n = 0;
    return json_object_get(node->json, key) ? count_elements(node, key, n, err) : EV_OK;
}

/* Runs the reads in turn until one fails; `status` must be in scope. */
#define THEN(call)                                                                                 \
    do {                                                                                           \
        if (status == EV_OK)                                                                       \
            status = (call);                                                                       \
    } while (0)

/* Reads the same back from the whole object; all of it may be absent. */
EV_CHECKED enum ev_status ev_result_load_times(const struct node *top, struct ev_result *result,
                                               struct ev_error *err);

#endif
