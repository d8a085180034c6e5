/* SPDX-License-Identifier: MIT */
/* Samples from fixed seeds. */
#include "support/ev_test_measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/error_figures.h"
#include "eval/time_figures.h"
#include "support/ev_test.h"
#include "support/ev_test_result.h"
#include "support/ev_test_session.h"

#define N_ROWS     800
#define N_OUTPUTS  2
#define SINGLE_STEP 250
#define NEIGHBOUR  0.8 /* what a row's error has of the one before */
#define FAULTY     "static"
/* How much the times of an entry differ between processes. */
#define TIME_LAYOUT 0.002

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

/* The backends and the control, as simulated sessions have them. */
static void name_entries(struct ev_result *result, size_t n_backends)
{
    struct ev_session *session = &result->samples.session;

    session->profile = strdup("std");
    session->n_entries = n_backends + 1;
    session->entries = calloc(session->n_entries, sizeof *session->entries);
    ck_assert(session->profile && session->entries);
    for (size_t e = 0; e < session->n_entries; e++) {
        const size_t backend = e > EV_TEST_CONTROL ? e - 1 : 0;
        session->entries[e].backend = strdup(result->rows[backend].backend);
        session->entries[e].is_control = e == EV_TEST_CONTROL;
        ck_assert_ptr_nonnull(session->entries[e].backend);
    }
}

/* Hot calls of worker processes on a quiet machine, with the times that the rows have. */
static void make_times(struct ev_result *result, size_t n_backends, uint64_t run,
                       const struct ev_test_fault *fault)
{
    const double base_ns = result->rows[0].latency.median_ns;
    struct ev_test_machine machine = ev_test_usual;
    struct ev_error err = EV_ERROR_INIT;

    machine.n_rounds = 8;
    machine.wander = 0.001;
    machine.n_entries = (int32_t)n_backends + 1;
    machine.layout = TIME_LAYOUT;
    for (size_t b = 1; b < n_backends; b++) {
        const struct ev_result_row *row = &result->rows[b];
        const double slower = strcmp(row->backend, FAULTY) == 0 ? fault->time : 0;
        machine.factors[b + 1] = row->latency.median_ns / base_ns * (1 + slower);
    }
    name_entries(result, n_backends);
    result->samples.session.n_processes = machine.n_processes;
    ev_test_measure(&result->samples.session, &machine, EV_MODE_HOT, EV_BOUNDARY_E2E, base_ns, 1,
                    TIMES + 10 * run);
    ev_assert_ok(ev_time_figures(&result->samples.session, result, &err));
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
    make_times(result, n_backends, run, fault);
    ev_test_measured_update(result);
}
