/* SPDX-License-Identifier: MIT */
/* One process after the other, in balanced orders, with noise from a counter. */
#include "support/ev_test_session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/time_figures.h"
#include "measure/plan.h"
#include "stats/design.h"
#include "support/ev_test.h"

#define MAX_CALLS 64
#define PERIOD_NS INT64_C(50000000)

const struct ev_test_machine ev_test_usual = {
    .n_processes = 12,
    .n_rounds = 24,
    .n_calls = 16,
    .n_entries = 4,
    .factors = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    .layout = 0.01,
    .wander = 0.01,
    .stalls = 0.05,
    .stall_factor = 1.3,
    .stalled = -1,
};

static void name_entries(struct ev_session *session, const struct ev_test_machine *machine)
{
    static const char *const names[EV_TEST_NAMED] = {"baseline", "baseline", "dynamic", "static",
                                                     "qat"};

    ck_assert_int_le(machine->n_entries, EV_TEST_NAMED);
    session->profile = strdup("std");
    session->n_processes = machine->n_processes;
    session->n_entries = (size_t)machine->n_entries;
    session->entries = calloc(session->n_entries, sizeof *session->entries);
    ck_assert(session->profile && session->entries);
    for (size_t e = 0; e < session->n_entries; e++) {
        session->entries[e] = (struct ev_entry){strdup(names[e]), e == EV_TEST_CONTROL};
        ck_assert_ptr_nonnull(session->entries[e].backend);
    }
}

/* Calls that spread by 3 %, one in fifty twice as long. */
static void measure_block(struct ev_session *session, const struct ev_block *block, double time_ns,
                          int32_t n_calls, struct ev_rng *rng)
{
    float calls[MAX_CALLS];

    for (int32_t i = 0; i < n_calls; i++) {
        double call = time_ns * exp(0.03 * ev_rng_normal(rng));
        if (ev_rng_uniform(rng) < 0.02)
            call *= 2.0;
        calls[i] = (float)round(call);
    }
    ck_assert(ev_session_add(session, block, calls, n_calls));
}

/* Blocks of one round in the order given; *predecessor is the entry of the block before. */
static void measure_round(struct ev_session *session, const struct ev_test_machine *machine,
                          struct ev_block block, const int32_t *sequence, const double *times_ns,
                          int32_t *predecessor, struct ev_rng *rng)
{
    const bool stalls = ev_rng_uniform(rng) < machine->stalls;
    const int32_t any = (int32_t)ev_rng_below(rng, (uint64_t)machine->n_entries);
    const int32_t stalled = machine->stalled >= 0 ? machine->stalled : any;

    for (int32_t j = 0; j < machine->n_entries; j++) {
        block.entry = sequence ? sequence[j] : j;
        block.position = j;
        block.predecessor = *predecessor;
        block.flagged = stalls && block.entry == stalled;
        double time_ns = times_ns[block.entry];
        time_ns *= 1.0 + machine->position * j / (machine->n_entries - 1);
        time_ns *= 1.0 + (*predecessor >= 0 ? machine->carry[*predecessor] : 0.0);
        time_ns *= block.flagged ? machine->stall_factor : 1.0;
        measure_block(session, &block, time_ns, machine->n_calls, rng);
        *predecessor = block.entry;
    }
}

static void measure_process(struct ev_session *session, const struct ev_test_machine *machine,
                            struct ev_block block, double base_ns, uint64_t seed)
{
    const uint64_t process = (uint64_t)block.process;
    const int32_t n = machine->n_entries, n_square = ev_design_rows(n);
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_TEST, process);
    double layout[EV_TEST_MAX_ENTRIES], times_ns[EV_TEST_MAX_ENTRIES];
    int32_t orders[2 * EV_TEST_MAX_ENTRIES * EV_TEST_MAX_ENTRIES], predecessor = -1;
    double wander = 1.0;

    for (int32_t e = 0; e < n; e++)
        layout[e] = 1.0 + ev_rng_range(&rng, -machine->layout, machine->layout);
    for (block.round = 0; block.round < machine->n_rounds; block.round++) {
        const int32_t row = block.round % n_square;
        const double part = (double)block.round / machine->n_rounds;
        if (row == 0)
            ev_design_fill(n, seed, process * 1000 + (uint64_t)block.round, orders);
        wander *= exp(machine->wander * ev_rng_normal(&rng));
        for (int32_t e = 0; e < n; e++)
            times_ns[e] =
                base_ns * machine->factors[e] * layout[e] * wander * (1.0 + machine->drift * part);
        measure_round(session, machine, block, machine->fixed_order ? NULL : &orders[row * n],
                      times_ns, &predecessor, &rng);
    }
}

void ev_test_measure(struct ev_session *session, const struct ev_test_machine *machine,
                     enum ev_mode mode, enum ev_boundary boundary, double base_ns, int64_t n_rows,
                     uint64_t seed)
{
    struct ev_block block = {
        .mode = mode,
        .boundary = boundary,
        .n_threads = ev_mode_is_single(mode) ? 1 : 2,
        .rows_per_call = n_rows,
        .rows_per_piece = mode == EV_MODE_PIECES ? 32 : n_rows,
        .period_ns = mode == EV_MODE_PACED ? PERIOD_NS : 0,
        .noise = {(int64_t)base_ns, 1000000, 0, 0, 0, -1},
    };

    ck_assert_int_le(machine->n_calls, MAX_CALLS);
    ck_assert_int_le(machine->n_entries, EV_TEST_MAX_ENTRIES);
    if (!session->entries)
        name_entries(session, machine);
    for (block.process = 0; block.process < machine->n_processes; block.process++)
        measure_process(session, machine, block, base_ns, seed);
}

void ev_test_device_times_make(struct ev_result *result, const struct ev_test_machine *usual)
{
    struct ev_test_machine machine = *usual, once;
    struct ev_session *session = &result->samples.session;
    struct ev_error err = EV_ERROR_INIT;

    machine.n_entries = EV_TEST_NAMED;
    once = machine;
    once.n_calls = 1;
    ev_test_measure(session, &machine, EV_MODE_HOT, EV_BOUNDARY_E2E, 5e4, 1, 1);
    ev_test_measure(session, &machine, EV_MODE_HOT, EV_BOUNDARY_DEVICE, 3.1e4, 1, 2);
    ev_test_measure(session, &machine, EV_MODE_EAGER, EV_BOUNDARY_E2E, 8e4, 1, 3);
    ev_test_measure(session, &machine, EV_MODE_EAGER, EV_BOUNDARY_DEVICE, 4e4, 1, 4);
    ev_test_measure(session, &once, EV_MODE_RESIDENT, EV_BOUNDARY_E2E, 1.024e7, 1024, 5);
    ev_test_measure(session, &once, EV_MODE_RESIDENT, EV_BOUNDARY_DEVICE, 0.9216e7, 1024, 6);
    ev_assert_ok(ev_time_figures(session, result, &err));
}

void ev_test_times_make(struct ev_result *result, const struct ev_test_machine *usual)
{
    static const double factors[EV_TEST_NAMED] = {1.0, 1.0, 0.9, 0.45, 0.44};
    struct ev_test_machine machine = *usual, once;
    struct ev_session *session = &result->samples.session;
    struct ev_error err = EV_ERROR_INIT;

    machine.n_entries = EV_TEST_NAMED;
    for (int e = EV_TEST_FIRST; e < EV_TEST_NAMED; e++)
        machine.factors[e] *= factors[e];
    once = machine;
    once.n_calls = 1;
    once.n_rounds = 4;
    ev_test_measure(session, &machine, EV_MODE_HOT, EV_BOUNDARY_COMPUTE, 1.0e6, 1, 1);
    ev_test_measure(session, &machine, EV_MODE_HOT, EV_BOUNDARY_E2E, 1.2e6, 1, 2);
    ev_test_measure(session, &machine, EV_MODE_PACED, EV_BOUNDARY_E2E, 1.44e6, 1, 3);
    ev_test_measure(session, &once, EV_MODE_RESIDENT, EV_BOUNDARY_COMPUTE, 5e8, 1024, 4);
    ev_test_measure(session, &once, EV_MODE_FED, EV_BOUNDARY_E2E, 6e8, 1024, 5);
    ev_test_measure(session, &once, EV_MODE_PIECES, EV_BOUNDARY_COMPUTE, 4e8, 1024, 6);
    once.n_rounds = 1;
    ev_test_measure(session, &once, EV_MODE_COLD, EV_BOUNDARY_E2E, 1.2e7, 1, 7);
    ev_assert_ok(ev_time_figures(session, result, &err));
}
