/* SPDX-License-Identifier: MIT */
/* Differences of rows, their percentiles and where they are largest. */
#include "eval/disagreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/stats.h"

/* Infinite if an output is not finite. */
static double difference_of(const float *a, const float *b, int32_t n_outputs)
{
    double largest = 0;

    for (int32_t k = 0; k < n_outputs; k++) {
        if (!isfinite(a[k]) || !isfinite(b[k]))
            return INFINITY;
        largest = fmax(largest, fabs((double)a[k] - (double)b[k]));
    }
    return largest;
}

/* What is stored of a difference. */
static double finite_or_nan(double difference)
{
    return isfinite(difference) ? difference : NAN;
}

static int32_t set_number(const struct ev_result *result, const char *name)
{
    for (size_t s = 0; s < result->n_sets; s++) {
        if (strcmp(result->sets[s].name, name) == 0)
            return (int32_t)s;
    }
    return -1;
}

/* Keeps the row if it is the first, or further apart than those before. */
static void keep_larger(struct ev_row_difference *worst, double difference, int32_t set,
                        int64_t row)
{
    if (worst->row < 0 || difference > worst->value)
        *worst = (struct ev_row_difference){difference, set, row};
}

enum ev_status ev_disagreement_find(const struct ev_result *result,
                                    const struct ev_sample_rows *rows,
                                    const struct ev_sample_rows *baseline,
                                    struct ev_disagreement *disagreement, struct ev_error *err)
{
    double *differences = malloc((size_t)rows->n * sizeof *differences);
    struct ev_row_difference worst = {NAN, -1, -1};
    int64_t n = 0;

    if (!differences)
        return ev_fail(err, EV_MEMORY, "out of memory for the outputs of %lld rows",
                       (long long)rows->n);
    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        const int32_t number = set_number(result, set->name);
        for (int64_t i = 0; i < set->n_rows; i++, n++) {
            const int64_t at = i * set->n_outputs;
            differences[n] = difference_of(set->outputs[rows->backend] + at,
                                           set->outputs[baseline->backend] + at, set->n_outputs);
            keep_larger(&worst, differences[n], number, i);
        }
    }
    ev_stats_sort_doubles(differences, n);
    worst.value = finite_or_nan(worst.value);
    *disagreement = (struct ev_disagreement){
        .p50 = finite_or_nan(ev_stats_percentile_doubles(differences, n, 50)),
        .p99 = finite_or_nan(ev_stats_percentile_doubles(differences, n, 99)),
        .worst = worst,
    };
    free(differences);
    return EV_OK;
}

struct ev_row_difference ev_disagreement_of_batches(const struct ev_result *result,
                                                    const struct ev_sample_rows *rows)
{
    struct ev_row_difference worst = {NAN, -1, -1};

    for (size_t s = 0; s < rows->n_sets; s++) {
        const struct ev_samples_set *set = rows->sets[s];
        const float *single = set->single ? set->single[rows->backend] : NULL;
        const int32_t number = set_number(result, set->name);
        for (int64_t i = 0; single && i < set->n_single; i++) {
            const int64_t row = set->single_rows[i];
            keep_larger(&worst,
                        difference_of(set->outputs[rows->backend] + row * set->n_outputs,
                                      single + i * set->n_outputs, set->n_outputs),
                        number, row);
        }
    }
    worst.value = finite_or_nan(worst.value);
    return worst;
}
