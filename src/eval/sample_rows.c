/* SPDX-License-Identifier: MIT */
/* Finds the samples of a row and makes errors of them. */
#include "eval/sample_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "eval/eval.h"

static void add_set(struct ev_sample_rows *rows, const struct ev_samples_set *set,
                    int32_t n_outputs)
{
    if (!set->outputs || !set->outputs[rows->backend] || set->n_outputs != n_outputs)
        return;
    rows->sets[rows->n_sets] = set;
    rows->n_rows[rows->n_sets++] = set->n_rows;
    rows->n += set->n_rows;
}

enum ev_status ev_sample_rows_find(const struct ev_samples *samples, const char *backend,
                                   const char *set, int32_t n_outputs, struct ev_sample_rows *rows,
                                   struct ev_error *err)
{
    const int found = ev_samples_find_set(samples, set);

    *rows = (struct ev_sample_rows){.backend = ev_samples_find_backend(samples, backend)};
    if (rows->backend < 0 || (found < 0 && strcmp(set, EV_SET_ALL) != 0))
        return EV_OK;
    rows->sets = malloc(samples->n_sets * sizeof *rows->sets);
    rows->n_rows = malloc(samples->n_sets * sizeof *rows->n_rows);
    if (!rows->sets || !rows->n_rows) {
        ev_sample_rows_free(rows);
        return ev_fail(err, EV_MEMORY, "out of memory");
    }
    for (size_t s = 0; s < samples->n_sets; s++) {
        if (found < 0 || s == (size_t)found)
            add_set(rows, &samples->sets[s], n_outputs);
    }
    return EV_OK;
}

void ev_sample_rows_free(struct ev_sample_rows *rows)
{
    free(rows->sets);
    free(rows->n_rows);
    *rows = (struct ev_sample_rows){0};
}

static size_t bytes_of(const struct ev_samples_set *set)
{
    return (size_t)set->n_rows * (size_t)set->n_outputs * sizeof *set->labels;
}

bool ev_sample_rows_match(const struct ev_sample_rows *a, const struct ev_sample_rows *b)
{
    if (a->n_sets != b->n_sets)
        return false;
    for (size_t s = 0; s < a->n_sets; s++) {
        const struct ev_samples_set *x = a->sets[s], *y = b->sets[s];
        if (strcmp(x->name, y->name) != 0 || x->n_rows != y->n_rows ||
            x->n_outputs != y->n_outputs || memcmp(x->labels, y->labels, bytes_of(x)) != 0)
            return false;
    }
    return true;
}

bool ev_sample_rows_equal(const struct ev_sample_rows *a, const struct ev_sample_rows *b)
{
    for (size_t s = 0; s < a->n_sets; s++) {
        const struct ev_samples_set *x = a->sets[s], *y = b->sets[s];
        if (memcmp(x->outputs[a->backend], y->outputs[b->backend], bytes_of(x)) != 0)
            return false;
    }
    return true;
}

void ev_sample_rows_add(const struct ev_sample_rows *rows, struct ev_accuracy *accuracy)
{
    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        ev_accuracy_add(accuracy, set->n_rows, set->outputs[rows->backend], set->labels);
    }
}

void ev_sample_rows_errors(const struct ev_sample_rows *rows, const struct ev_column *columns,
                           int32_t k, bool absolute, double *errors)
{
    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        const int32_t first = k < 0 ? 0 : k, end = k < 0 ? set->n_outputs : k + 1;
        for (int64_t i = 0; i < set->n_rows; i++) {
            double sum = 0;
            for (int32_t j = first; j < end; j++) {
                const struct ev_column *column = &columns[j];
                const int64_t at = i * set->n_outputs + j;
                const double error =
                    (double)set->outputs[rows->backend][at] -
                    ((double)set->labels[at] - column->min) / (column->max - column->min);
                sum += absolute ? fabs(error) : error * error;
            }
            *errors++ = sum / (end - first);
        }
    }
}

void ev_sample_rows_sha256(const struct ev_sample_rows *rows, char hex[65])
{
    struct sha256_ctx context;

    sha256_init(&context);
    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        sha256_update(&context, bytes_of(set), (const uint8_t *)set->outputs[rows->backend]);
    }
    ev_digest_hex(&context, hex);
}
