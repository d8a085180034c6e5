/* SPDX-License-Identifier: MIT */
/*
 * The gate on speed: single inferences, from bytes to outputs, as part of the baseline's time.
 *
 *     bench_gate FILE                          backends and bounds of results/gate.csv
 *     bench_gate BASELINE BACKEND BOUND ...    variants, or engines by their paths
 *
 * A run is N_PROCESSES fresh worker processes, which this program becomes when it is started as
 * one. Each measures all backends and the control, the baseline opened a second time, in rounds of
 * balanced order, and contributes the median over its rounds of the ratio's logarithm. Only if a
 * backend is too slow is there a second run, and the gate fails if that one agrees.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/rng.h"
#include "base/text.h"
#include "bench/bench_support.h"
#include "measure/pool.h"
#include "measure/worker.h"
#include "stats/design.h"
#include "support/ev_gate.h"

#define N_PROCESSES  9
#define MOST_ENTRIES 8
#define N_SQUARES    4
#define MOST_ROUNDS  (N_SQUARES * 2 * MOST_ENTRIES)
#define N_PICTURES   16
#define N_DISCARDED  2 /* calls of a block that follow another entry's */

/* Entry 0 is the baseline, 1 the control. */
struct entries {
    const char *names[MOST_ENTRIES];
    double bounds[MOST_ENTRIES];
    int n;
};

static void add_entry(struct entries *entries, const char *name, double bound)
{
    if (entries->n == MOST_ENTRIES)
        ev_bench_die(name, "too many backends");
    entries->names[entries->n] = name;
    entries->bounds[entries->n++] = bound;
}

static void add_baseline(struct entries *entries, const char *name)
{
    add_entry(entries, name, NAN);
    add_entry(entries, name, NAN);
}

/* --- The job --- */

/* Engine and model of a variant's name, or of an engine's path. */
static void describe_entry(const char *name, struct ev_job_entry *entry)
{
    const struct ev_variant *variant = ev_variant_find(name);
    char *model = variant && variant->model ? ev_bench_model(name) : NULL;

    snprintf(entry->engine, sizeof entry->engine, "%s", variant ? variant->engine : name);
    snprintf(entry->model, sizeof entry->model, "%s", model ? model : "");
    free(model);
}

/* Pictures of noise, and single calls from their bytes, hot. */
static struct ev_job *make_job(const struct entries *entries, uint64_t seed, int *file)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_TEST, 0);
    struct ev_job *job;

    if (ev_job_make(entries->n, N_PICTURES, &ev_bench_shape, EV_FORM_U8_NHWC, &job, file, &err) !=
        EV_OK)
        ev_bench_die("job", err.message);
    job->seed = seed;
    job->warm_up = (struct ev_warm_up){60, 0.1, 0.5, 1, 0};
    job->conditions[0] = (struct ev_condition){.mode = EV_MODE_HOT,
                                               .boundary = EV_BOUNDARY_E2E,
                                               .n_rounds = N_SQUARES * ev_design_rows(entries->n),
                                               .n_discarded = N_DISCARDED,
                                               .n_calls = N_PICTURES};
    job->n_conditions = 1;
    job->device_kind = EV_DEVICE_CPU;
    job->n_threads = 1;
    job->n_outputs = 2;
    job->batch_rows = job->piece_rows = 1;
    for (int e = 0; e < entries->n; e++)
        describe_entry(entries->names[e], &job->entries[e]);
    uint8_t *pictures = ev_job_picture(job, 0);
    for (uint64_t i = 0; i < job->n_bytes - job->pictures_at; i++)
        pictures[i] = (uint8_t)ev_rng_u64(&rng);
    return job;
}

static bool never_enough(const struct ev_session *session, void *context)
{
    (void)session;
    (void)context;
    return false;
}

static void measure(const struct entries *entries, uint64_t seed, struct ev_session *session)
{
    struct ev_error err = EV_ERROR_INIT;
    int file;
    struct ev_job *job = make_job(entries, seed, &file);
    const struct ev_pool_args args = {.job = job,
                                      .job_file = file,
                                      .min_processes = N_PROCESSES,
                                      .max_processes = N_PROCESSES,
                                      .cap_s = INFINITY,
                                      .is_enough = never_enough};

    if (ev_pool_run(&args, session, &err) != EV_OK)
        ev_bench_die("times", err.message);
    ev_job_unmap(job);
    close(file);
}

/* --- Ratios --- */

static double median_of_block(const struct ev_session *session, const struct ev_block *block)
{
    double times_ns[N_PICTURES];

    for (int64_t i = 0; i < block->n_calls; i++)
        times_ns[i] = session->call_ns[block->first_call + i];
    return ev_bench_median(times_ns, (size_t)block->n_calls);
}

/* For each process the median over its rounds of ln(time of the entry / time of the baseline). */
static void find_ratios(const struct ev_session *session, int entry, double ratios[N_PROCESSES])
{
    for (int32_t process = 0; process < N_PROCESSES; process++) {
        double logs[MOST_ROUNDS] = {0};
        int32_t n_rounds = 0;
        for (size_t i = 0; i < session->n_blocks; i++) {
            const struct ev_block *block = &session->blocks[i];
            if (block->process != process || (block->entry != entry && block->entry != 0))
                continue;
            const double time = log(median_of_block(session, block));
            logs[block->round] += block->entry == entry ? time : -time;
            n_rounds = block->round + 1 > n_rounds ? block->round + 1 : n_rounds;
        }
        ratios[process] = ev_bench_median(logs, (size_t)n_rounds);
    }
}

/* --- Runs --- */

static void run_once(const struct entries *entries, int run, enum ev_gate answers[MOST_ENTRIES])
{
    struct ev_session session = {0};
    double control[N_PROCESSES], ratios[N_PROCESSES];

    measure(entries, (uint64_t)run, &session);
    for (int e = 2; e < entries->n; e++) {
        static const char *const names[] = {"passes", "too slow", "cannot tell: not quiet"};
        struct ev_gate_ratio ratio;
        find_ratios(&session, 1, control);
        find_ratios(&session, e, ratios);
        answers[e] = ev_gate_judge(control, ratios, N_PROCESSES, entries->bounds[e], &ratio);
        printf("run %d: %s takes %.3f (%.3f to %.3f) of the baseline's time, at most %.3f: %s\n",
               run + 1, entries->names[e], ratio.ratio, ratio.low, ratio.high, entries->bounds[e],
               names[answers[e]]);
    }
    ev_session_free(&session);
}

static int run_gate(const struct entries *entries)
{
    enum ev_gate answers[2][MOST_ENTRIES];
    bool again = false;
    int exit_code = 0;

    run_once(entries, 0, answers[0]);
    for (int e = 2; e < entries->n; e++)
        again = again || answers[0][e] != EV_GATE_PASSES;
    if (again)
        run_once(entries, 1, answers[1]);
    for (int e = 2; e < entries->n; e++) {
        const enum ev_gate answer =
            again ? ev_gate_conclude(answers[0][e], answers[1][e]) : answers[0][e];
        if (answer == EV_GATE_FAILS)
            exit_code = 1;
        else if (answer == EV_GATE_CANNOT_TELL && exit_code == 0)
            exit_code = EV_BENCH_CANNOT_TELL;
    }
    return exit_code;
}

/* Columns backend and bound; the first backend is the baseline. */
static void read_bounds(const char *path, struct ev_csv *csv, struct entries *entries)
{
    struct ev_error err = EV_ERROR_INIT;
    double bound;

    if (ev_csv_read(path, csv, &err) != EV_OK)
        ev_bench_die("bounds", err.message);
    const int32_t backends = ev_csv_column(csv, "backend"), bounds = ev_csv_column(csv, "bound");
    if (backends < 0 || bounds < 0)
        ev_bench_die(path, "no columns backend and bound");
    for (int64_t row = 0; row < csv->n_rows; row++) {
        if (ev_csv_double(csv, path, row, bounds, &bound, &err) != EV_OK)
            ev_bench_die("bounds", err.message);
        if (row == 0)
            add_baseline(entries, ev_csv_cell(csv, row, backends));
        else
            add_entry(entries, ev_csv_cell(csv, row, backends), bound);
    }
}

int main(int argc, char **argv)
{
    struct entries entries = {.n = 0};
    struct ev_csv csv = {0};

    if (ev_worker_is_meant(argc, argv))
        return ev_worker_main(argv[2]);
    /* It fills what is freed, which takes time that differs from engine to engine. */
    unsetenv("MALLOC_PERTURB_");
    ev_progress_set_quiet(true);
    if (argc == 2) {
        read_bounds(argv[1], &csv, &entries);
    } else if (argc >= 4 && argc % 2 == 0) {
        add_baseline(&entries, argv[1]);
        for (int i = 2; i < argc; i += 2)
            add_entry(&entries, argv[i], strtod(argv[i + 1], NULL));
    } else {
        ev_bench_die("usage", "bench_gate FILE | BASELINE BACKEND BOUND ...");
    }
    const int exit_code = run_gate(&entries);
    ev_csv_free(&csv);
    return exit_code;
}
