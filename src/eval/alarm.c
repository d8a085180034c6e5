/* SPDX-License-Identifier: MIT */
/* One function for each code; all of them look at the result alone, so that a saved result gives
 * the same alarms. */
#include "eval/alarm.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "eval/eval.h"
#include "eval/sample_rows.h"

#define QAT          "qat"
#define STATIC       "static"
/* Characters of a digest that are shown. */
#define SHORT_DIGEST 12

EV_PRINTF(5, 6)
static enum ev_status raise_alarm(struct ev_result *result, const char *code,
                                  const struct ev_result_row *row, const char *set,
                                  const char *format, ...)
{
    struct ev_result_alarm *alarm = ev_result_add_alarm(result);
    char text[1024];
    va_list args;

    if (!alarm)
        return EV_MEMORY;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    alarm->code = strdup(code);
    alarm->backend = strdup(row->backend);
    alarm->set = strdup(set);
    alarm->text = strdup(text);
    return alarm->code && alarm->backend && alarm->set && alarm->text ? EV_OK : EV_MEMORY;
}

/* --- What is known of a model --- */

static bool is_null(const struct ev_result_row *row)
{
    return strcmp(row->engine, "null") == 0;
}

/* "int8" as a word of its own: "uint8" may say how pictures are read. */
static bool says_int8(const char *detail)
{
    for (const char *at = strstr(detail, "int8"); at; at = strstr(at + 1, "int8")) {
        if (at == detail || !isalnum((unsigned char)at[-1]))
            return true;
    }
    return false;
}

/* As it is; a model that should be int8 may not be. */
static bool is_int8(const struct ev_result_row *row)
{
    return row->look.n_int8_layers >= 0 ? row->look.n_int8_layers > 0
                                        : says_int8(row->engine_detail);
}

/* Whether the row is the first of its backend: what is of no set is looked at there. */
static bool is_first(const struct ev_result *result, const struct ev_result_row *row)
{
    return ev_result_find_backend(result, row->backend) == row;
}

static bool is_pooled(const struct ev_result_row *row)
{
    return strcmp(row->set, EV_SET_ALL) == 0;
}

static bool has_same_file(const struct ev_result_row *a, const struct ev_result_row *b)
{
    return *a->model_sha256 && strcmp(a->model_sha256, b->model_sha256) == 0;
}

/* --- Alarms of one backend --- */

static enum ev_status moved_device(struct ev_result *result, const struct ev_result_row *row)
{
    if (!is_first(result, row) || !*row->look.runs_on ||
        strcmp(row->look.runs_on, row->device) == 0)
        return EV_OK;
    return raise_alarm(result, EV_ALARM_MOVED_DEVICE, row, "",
                       "%s was to run on %s, but its engine says that it runs on %s", row->backend,
                       row->device, row->look.runs_on);
}

static enum ev_status not_finite(struct ev_result *result, const struct ev_result_row *row)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_sample_rows rows;
    int64_t n = 0, first = -1;
    char count[64], all[64];
    enum ev_status status = EV_OK;

    if (is_pooled(row))
        return EV_OK;
    status =
        ev_sample_rows_find(&result->samples, row->backend, row->set, row->n_outputs, &rows, &err);
    if (status != EV_OK)
        return status;
    for (int64_t i = 0; rows.n_sets > 0 && i < rows.n * row->n_outputs; i++) {
        if (isfinite(rows.sets[0]->outputs[rows.backend][i]))
            continue;
        if (n++ == 0)
            first = i / row->n_outputs;
    }
    if (n > 0)
        status =
            raise_alarm(result, EV_ALARM_NAN, row, row->set,
                        "%s on %s: %s of %s are NaN or infinite, the first in row %lld",
                        row->backend, row->set, ev_text_count(n, NULL, count),
                        ev_text_count(rows.n * row->n_outputs, "output", all), (long long)first);
    ev_sample_rows_free(&rows);
    return status;
}

static enum ev_status float_layer(struct ev_result *result, const struct ev_result_row *row)
{
    char count[64];

    if (!is_first(result, row) || !*row->look.float_layers)
        return EV_OK;
    return raise_alarm(result, EV_ALARM_FLOAT_LAYER, row, "",
                       "%s is an int8 model of %s, but computes in floats: %s", row->backend,
                       ev_text_count(row->look.n_layers, "layer", count), row->look.float_layers);
}

static enum ev_status large_error(struct ev_result *result, const struct ev_result_row *row)
{
    const char *baseline = ev_result_baseline(result);
    const struct ev_result_row *other = ev_result_find(result, baseline, row->set);

    if (is_null(row) || !other || !(row->all.mse_norm > EV_ALARM_ERROR * other->all.mse_norm))
        return EV_OK;
    return raise_alarm(result, EV_ALARM_LARGE_ERROR, row, row->set,
                       "%s on %s: its MSE of %.3g is more than %g times that of %s, %.3g",
                       row->backend, row->set, row->all.mse_norm, EV_ALARM_ERROR, baseline,
                       other->all.mse_norm);
}

static enum ev_status large_int8(struct ev_result *result, const struct ev_result_row *row)
{
    const char *baseline = ev_result_baseline(result);
    const struct ev_result_row *other = ev_result_find_backend(result, baseline);
    char bytes[64], other_bytes[64];

    if (!is_first(result, row) || is_int8(other) || other->model_bytes < 0 ||
        !(is_int8(row) || *row->look.float_layers) ||
        (double)row->model_bytes <= EV_ALARM_SIZE * (double)other->model_bytes)
        return EV_OK;
    return raise_alarm(result, EV_ALARM_LARGE_INT8, row, "",
                       "%s: its int8 model file of %s is more than %g times the float one of %s, "
                       "%s",
                       row->backend, ev_text_count(row->model_bytes, "byte", bytes), EV_ALARM_SIZE,
                       baseline, ev_text_count(other->model_bytes, "byte", other_bytes));
}

/* --- Alarms of two backends --- */

/* Rows of a set, or of all, for which two backends have the same outputs: all of them or 0. */
static enum ev_status count_equal(const struct ev_result *result, const struct ev_result_row *a,
                                  const struct ev_result_row *b, const char *set, int64_t *n_equal)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_sample_rows x, y = {0};
    enum ev_status status =
        ev_sample_rows_find(&result->samples, a->backend, set, a->n_outputs, &x, &err);

    if (status == EV_OK)
        status = ev_sample_rows_find(&result->samples, b->backend, set, b->n_outputs, &y, &err);
    *n_equal = status == EV_OK && a->n_outputs == b->n_outputs && ev_sample_rows_match(&x, &y) &&
                       ev_sample_rows_equal(&x, &y)
                   ? x.n
                   : 0;
    ev_sample_rows_free(&x);
    ev_sample_rows_free(&y);
    return status;
}

static enum ev_status qat_is_static(struct ev_result *result, const struct ev_result_row *row)
{
    const struct ev_result_row *other = ev_result_find_backend(result, STATIC);
    char count[64];
    int64_t n_equal;

    if (strcmp(row->backend, QAT) != 0 || !is_first(result, row) || !other)
        return EV_OK;
    if (has_same_file(row, other))
        return raise_alarm(result, EV_ALARM_QAT_IS_STATIC, row, "",
                           QAT " has the same model file as " STATIC ", of SHA-256 %.*s...",
                           SHORT_DIGEST, row->model_sha256);
    enum ev_status status = count_equal(result, row, other, EV_SET_ALL, &n_equal);
    if (status == EV_OK && n_equal > 0)
        status = raise_alarm(result, EV_ALARM_QAT_IS_STATIC, row, "",
                             QAT " gives the same outputs as " STATIC ", bit for bit for %s, on "
                                 "all sets",
                             ev_text_count(n_equal, "row", count));
    return status;
}

/* Why the outputs of two backends should differ; NULL if they need not: the same file in two
 * engines of one precision may well give the same. */
static const char *should_differ(const struct ev_result_row *a, const struct ev_result_row *b)
{
    if (is_null(a) || is_null(b))
        return NULL;
    if (*a->model_sha256 && *b->model_sha256 && !has_same_file(a, b))
        return "their model files differ";
    if (is_int8(a) != is_int8(b))
        return "only one of them is int8";
    if (a->precision && b->precision && a->precision != b->precision)
        return "their precisions differ";
    if (ev_variant_find(a->backend) && ev_variant_find(b->backend))
        return "they are two variants";
    return NULL;
}

static bool is_alarmed(const struct ev_result *result, const char *code)
{
    for (size_t i = 0; i < result->n_alarms; i++) {
        if (strcmp(result->alarms[i].code, code) == 0)
            return true;
    }
    return false;
}

static bool is_pair(const struct ev_result_row *a, const struct ev_result_row *b, const char *x,
                    const char *y)
{
    return (strcmp(a->backend, x) == 0 && strcmp(b->backend, y) == 0) ||
           (strcmp(a->backend, y) == 0 && strcmp(b->backend, x) == 0);
}

/* The row against those of the same set before it. */
static enum ev_status equal_outputs(struct ev_result *result, const struct ev_result_row *row)
{
    const bool qat_is_static_too = is_alarmed(result, EV_ALARM_QAT_IS_STATIC);
    char count[64];
    int64_t n_equal;
    enum ev_status status = EV_OK;

    if (is_pooled(row))
        return EV_OK;
    for (const struct ev_result_row *other = result->rows; other < row && status == EV_OK;
         other++) {
        const char *reason = should_differ(row, other);
        if (!reason || strcmp(row->set, other->set) != 0 ||
            (qat_is_static_too && is_pair(row, other, QAT, STATIC)))
            continue;
        status = count_equal(result, row, other, row->set, &n_equal);
        if (status == EV_OK && n_equal > 0)
            status = raise_alarm(result, EV_ALARM_EQUAL_OUTPUTS, row, row->set,
                                 "%s on %s gives the same outputs as %s, bit for bit for %s, "
                                 "although %s",
                                 row->backend, row->set, other->backend,
                                 ev_text_count(n_equal, "row", count), reason);
    }
    return status;
}

enum ev_status ev_alarms_raise(struct ev_result *result, struct ev_error *err)
{
    static enum ev_status (*const looks[])(struct ev_result *, const struct ev_result_row *) = {
        moved_device, not_finite,  qat_is_static, equal_outputs,
        float_layer,  large_error, large_int8,
    };
    enum ev_status status = EV_OK;

    for (size_t look = 0; look < sizeof looks / sizeof *looks; look++) {
        for (size_t i = 0; i < result->n_rows && status == EV_OK; i++)
            status = looks[look](result, &result->rows[i]);
    }
    return status == EV_OK ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
}
