/* SPDX-License-Identifier: MIT */
/* Samples from fixed seeds. */
#include "support/ev_test_measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/error_figures.h"
#include "support/ev_test.h"
#include "support/ev_test_result.h"

#define N_ROWS     800
#define N_OUTPUTS  2
#define SINGLE_STEP 250
#define NEIGHBOUR  0.8 /* what a row's error has of the one before */
#define FAULTY     "static"
/* Simulated spread of the ratio to the baseline between runs, and half of its interval. */
#define TIME_NOISE 0.002
#define TIME_HALF  0.006

/* Parts of the keys that random numbers are drawn by. */
enum { LABELS, ERRORS, ORDER, TIMES };

static struct ev_rng rng_of(uint64_t part, uint64_t a, uint64_t b)
{
    return ev_rng_at(part, EV_RNG_TEST, a * 1000 + b);
}

static float *make_labels(size_t set, const struct ev_column *columns)
{
    struct ev_rng rng = rng_of(LABELS, set, 0);
    float *labels = malloc(N_ROWS * N_OUTPUTS * sizeof *labels);

    ck_assert_ptr_nonnull(labels);
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++) {
        const struct ev_column *column = &columns[i % N_OUTPUTS];
        labels[i] = (float)(column->min + (column->max - column->min) * ev_rng_uniform(&rng));
    }
    return labels;
}

/* Labels with errors of the size that the row's figures had. */
static float *make_outputs(const struct ev_result_row *row, size_t backend, size_t set,
                           uint64_t run, double larger, const float *labels)
{
    struct ev_rng errors = rng_of(ERRORS, backend, set),
                  order = rng_of(ORDER + 10 * run, backend, set);
    const double size = sqrt(row->all.mse_norm * (1 - NEIGHBOUR * NEIGHBOUR) * (1 + larger));
    double error[N_OUTPUTS] = {0};
    float *outputs = malloc(N_ROWS * N_OUTPUTS * sizeof *outputs);

    ck_assert_ptr_nonnull(outputs);
    for (int i = 0; i < N_ROWS * N_OUTPUTS; i++) {
        const int k = i % N_OUTPUTS;
        const struct ev_column *column = &row->columns[k];
        error[k] = NEIGHBOUR * error[k] + size * ev_rng_normal(&errors);
        const double target = ((double)labels[i] - column->min) / (column->max - column->min);
        outputs[i] = (float)(target + error[k] + 1e-6 * ev_rng_normal(&order));
    }
    return outputs;
}

/* Of rows 0, 250, 500, ...; that of row 500 differs most. */
static void make_single(struct ev_samples_set *set, size_t n_backends)
{
    set->n_single = N_ROWS / SINGLE_STEP + 1;
    set->single_rows = calloc((size_t)set->n_single, sizeof *set->single_rows);
    set->single = calloc(n_backends, sizeof *set->single);
    ck_assert(set->single_rows && set->single);
    for (int64_t i = 0; i < set->n_single; i++)
        set->single_rows[i] = i * SINGLE_STEP;
    for (size_t b = 0; b < n_backends; b++) {
        set->single[b] = calloc((size_t)set->n_single * N_OUTPUTS, sizeof *set->single[b]);
        ck_assert_ptr_nonnull(set->single[b]);
        for (int64_t i = 0; i < set->n_single * N_OUTPUTS; i++) {
            const int64_t row = set->single_rows[i / N_OUTPUTS];
            const float output = set->outputs[b][row * N_OUTPUTS + i % N_OUTPUTS];
            set->single[b][i] = output + (row == 500 ? 2e-6f : 1e-6f);
        }
    }
}

static void make_set(struct ev_result *result, size_t s, size_t n_backends, uint64_t run,
                     const struct ev_test_fault *fault)
{
    struct ev_samples_set *set = &result->samples.sets[s];
    const char *name = result->sets[s].name;

    *set = (struct ev_samples_set){
        .name = strdup(name),
        .n_rows = N_ROWS,
        .n_outputs = N_OUTPUTS,
        .labels = make_labels(s, result->rows[0].columns),
        .outputs = calloc(n_backends, sizeof *set->outputs),
    };
    ck_assert(set->name && set->outputs);
    result->sets[s].n_rows = N_ROWS;
    for (size_t b = 0; b < n_backends; b++) {
        const char *backend = result->samples.backends[b];
        const struct ev_result_row *row = ev_result_find(result, backend, name);
        const double larger = strcmp(backend, FAULTY) == 0 ? fault->mse : 0;
        set->outputs[b] = make_outputs(row, b, s, run, larger, set->labels);
    }
    make_single(set, n_backends);
}

/* As the times of a run of worker processes come out: a median, and the ratio with its interval. */
static void add_timing(struct ev_result *result, size_t b, uint64_t run,
                       const struct ev_test_fault *fault)
{
    const struct ev_result_row *row = &result->rows[b];
    const struct ev_result_row *baseline = &result->rows[0];
    struct ev_rng rng = rng_of(TIMES + 10 * run, b, 0);
    const double slower = strcmp(row->backend, FAULTY) == 0 ? fault->time : 0;
    const double noise = 1 + TIME_NOISE * ev_rng_normal(&rng);
    const double ratio = row->latency.median_ns / baseline->latency.median_ns * (1 + slower);
    struct ev_result_timing *timing = ev_result_add_timing(result);

    ck_assert_ptr_nonnull(timing);
    timing->backend = strdup(row->backend);
    ck_assert_ptr_nonnull(timing->backend);
    timing->mode = EV_MODE_HOT;
    timing->boundary = EV_BOUNDARY_E2E;
    timing->n_threads = 1;
    timing->rows_per_call = timing->rows_per_piece = 1;
    timing->n_processes = 12;
    timing->n_blocks = 12 * 24;
    timing->n_calls = timing->n_blocks * 16;
    timing->confidence = 0.95;
    timing->median_ns = row->latency.median_ns * (1 + slower) * noise;
    timing->median_low_ns = timing->median_ns * (1 - TIME_HALF);
    timing->median_high_ns = timing->median_ns * (1 + TIME_HALF);
    timing->mean_ns = timing->median_ns * 1.01;
    timing->min_ns = timing->median_ns * 0.97;
    if (b > 0) {
        timing->change = ratio * noise - 1;
        timing->change_low = ratio * noise * (1 - TIME_HALF) - 1;
        timing->change_high = ratio * noise * (1 + TIME_HALF) - 1;
    }
}

static void add_quiet(struct ev_result *result)
{
    struct ev_result_quiet *quiet = ev_result_add_quiet(result);

    ck_assert_ptr_nonnull(quiet);
    quiet->mode = EV_MODE_HOT;
    quiet->boundary = EV_BOUNDARY_E2E;
    quiet->n_threads = 1;
    quiet->rows_per_call = quiet->rows_per_piece = 1;
    quiet->control = 0.001;
    quiet->control_low = -0.006;
    quiet->control_high = 0.007;
    quiet->reason = strdup("");
    ck_assert_ptr_nonnull(quiet->reason);
}

void ev_test_measured_update(struct ev_result *result)
{
    struct ev_error err = EV_ERROR_INIT;
    bool found;

    for (size_t i = 0; i < result->n_rows; i++) {
        ev_assert_ok(ev_error_figures_of(result, &result->rows[i], &result->rows[i], &found, &err));
        ck_assert(found);
    }
}

void ev_test_measured_make(struct ev_result *result, size_t n_backends, size_t n_sets, uint64_t run,
                           const struct ev_test_fault *fault)
{
    struct ev_samples *samples = &result->samples;

    ev_test_result_make(result, n_backends, n_sets);
    samples->backends = calloc(n_backends, sizeof *samples->backends);
    samples->sets = calloc(n_sets, sizeof *samples->sets);
    ck_assert(samples->backends && samples->sets);
    samples->n_backends = n_backends;
    samples->n_sets = n_sets;
    for (size_t b = 0; b < n_backends; b++)
        samples->backends[b] = strdup(result->rows[b].backend);
    for (size_t s = 0; s < n_sets; s++)
        make_set(result, s, n_backends, run, fault);
    for (size_t b = 0; b < n_backends; b++)
        add_timing(result, b, run, fault);
    add_quiet(result);
    ev_test_measured_update(result);
}
