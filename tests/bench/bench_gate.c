/* SPDX-License-Identifier: MIT */
/*
 * The gate on speed: single inferences, from bytes to outputs, as part of the baseline's time.
 *
 *     bench_gate FILE                          backends and bounds of results/gate.csv
 *     bench_gate BASELINE BACKEND BOUND ...    variants, or engines by their paths
 *
 * A run is N_PROCESSES fresh processes, as the layout of memory is constant within one. Each
 * measures all backends and the control, the baseline opened a second time, in rounds of balanced
 * order, and contributes the median over its rounds of the ratio's logarithm. Only if a backend is
 * too slow is there a second run, and the gate fails if that one agrees.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/text.h"
#include "bench/bench_support.h"
#include "stats/design.h"
#include "stats/stats.h"
#include "support/ev_gate.h"

#define N_PROCESSES  9
#define MOST_ENTRIES 8
#define N_SQUARES    4
#define MOST_ROUNDS  (N_SQUARES * 2 * MOST_ENTRIES)
#define N_PICTURES   16
#define N_WARMUP     30
#define N_DISCARDED  2 /* calls of a block that follow another entry's */
#define N_CALLS      N_PICTURES

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

/* --- One process --- */

static struct ev_model *open_entry(const char *name)
{
    const struct ev_variant *variant = ev_variant_find(name);
    const struct ev_backend *engine;
    struct ev_model *model;
    struct ev_error err = EV_ERROR_INIT;
    char *model_path = variant && variant->model ? ev_bench_model(name) : NULL;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .model_path = model_path,
        .device_kind = EV_DEVICE_CPU,
        .shape = ev_bench_shape,
        .n_outputs = 2,
        .max_rows = 1,
    };

    if (ev_engine_find(variant ? variant->engine : name, &engine, &err) != EV_OK ||
        ev_model_open(engine, &args, &model, &err) != EV_OK)
        ev_bench_die(name, err.message);
    free(model_path);
    return model;
}

static double time_call(struct ev_model *model, const uint8_t *picture)
{
    const struct ev_batch batch = {
        .size = sizeof batch,
        .form = EV_FORM_U8_NHWC,
        .shape = ev_bench_shape,
        .n_rows = 1,
        .data = picture,
    };
    struct ev_error err = EV_ERROR_INIT;
    float outputs[2];
    const int64_t start_ns = ev_clock_ns();

    if (ev_model_infer(model, &batch, outputs, &err) != EV_OK)
        ev_bench_die("infer", err.message);
    return (double)(ev_clock_ns() - start_ns);
}

/* Median time of a block of calls, all blocks on the same pictures. */
static double time_block(struct ev_model *model, const uint8_t *pictures, size_t n_picture)
{
    double times_ns[N_CALLS];

    for (int i = 0; i < N_DISCARDED; i++)
        (void)time_call(model, pictures + (size_t)i * n_picture);
    for (int i = 0; i < N_CALLS; i++)
        times_ns[i] = time_call(model, pictures + (size_t)i * n_picture);
    return ev_bench_median(times_ns, N_CALLS);
}

/* Prints the log ratio of each entry to the baseline, the median over rounds. */
static void measure(const struct entries *entries, uint64_t seed)
{
    const size_t n_picture = (size_t)ev_bench_shape.height * (size_t)ev_bench_shape.width *
                             (size_t)ev_bench_shape.channels;
    const int32_t n_rounds = ev_design_rows(entries->n);
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_TEST, 0);
    struct ev_model *models[MOST_ENTRIES];
    double ratios[MOST_ENTRIES][MOST_ROUNDS];
    int32_t orders[2 * MOST_ENTRIES * MOST_ENTRIES];
    uint8_t *pictures = malloc(N_PICTURES * n_picture);

    if (!pictures)
        ev_bench_die("pictures", "out of memory");
    for (size_t i = 0; i < N_PICTURES * n_picture; i++)
        pictures[i] = (uint8_t)ev_rng_u64(&rng);
    for (int e = 0; e < entries->n; e++) {
        models[e] = open_entry(entries->names[e]);
        for (int i = 0; i < N_WARMUP; i++)
            (void)time_call(models[e], pictures);
    }
    for (int32_t round = 0; round < N_SQUARES * n_rounds; round++) {
        double times_ns[MOST_ENTRIES];
        if (round % n_rounds == 0)
            ev_design_fill(entries->n, seed, (uint64_t)(round / n_rounds), orders);
        for (int32_t i = 0; i < entries->n; i++) {
            const int32_t e = orders[round % n_rounds * entries->n + i];
            times_ns[e] = time_block(models[e], pictures, n_picture);
        }
        for (int e = 1; e < entries->n; e++)
            ratios[e][round] = log(times_ns[e] / times_ns[0]);
    }
    for (int e = 1; e < entries->n; e++)
        printf("%.17g\n", ev_bench_median(ratios[e], (size_t)(N_SQUARES * n_rounds)));
    for (int e = 0; e < entries->n; e++)
        ev_model_close(models[e]);
    free(pictures);
}

/* --- Runs --- */

/* Starts this program again, with another layout of memory, and reads what it prints. */
static void run_process(char **argv, uint64_t seed, int n_entries, double values[MOST_ENTRIES])
{
    char text[32];
    int ends[2], state = 0;

    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    fflush(stdout);
    if (pipe(ends) != 0)
        ev_bench_die("pipe", "cannot be made");
    const pid_t child = fork();
    if (child < 0)
        ev_bench_die("fork", "no further process");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("EV_GATE_SEED", text, 1);
        execv("/proc/self/exe", argv);
        _exit(3);
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    for (int e = 1; in && e < n_entries; e++) {
        if (fscanf(in, "%lf", &values[e]) != 1)
            values[e] = NAN;
    }
    if (in)
        fclose(in);
    waitpid(child, &state, 0);
    if (WIFEXITED(state) && WEXITSTATUS(state) == EV_BENCH_CANNOT_TELL)
        exit(EV_BENCH_CANNOT_TELL);
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0 || isnan(values[n_entries - 1]))
        ev_bench_die("process", "did not finish");
}

static void run_once(char **argv, const struct entries *entries, int run,
                     enum ev_gate answers[MOST_ENTRIES])
{
    double values[MOST_ENTRIES], ratios[MOST_ENTRIES][N_PROCESSES];

    for (int p = 0; p < N_PROCESSES; p++) {
        run_process(argv, (uint64_t)(run * N_PROCESSES + p), entries->n, values);
        for (int e = 1; e < entries->n; e++)
            ratios[e][p] = values[e];
    }
    for (int e = 2; e < entries->n; e++) {
        static const char *const names[] = {"passes", "too slow", "cannot tell: not quiet"};
        double control[N_PROCESSES];
        struct ev_gate_ratio ratio;
        memcpy(control, ratios[1], sizeof control);
        answers[e] = ev_gate_judge(control, ratios[e], N_PROCESSES, entries->bounds[e], &ratio);
        printf("run %d: %s takes %.3f (%.3f to %.3f) of the baseline's time, at most %.3f: %s\n",
               run + 1, entries->names[e], ratio.ratio, ratio.low, ratio.high, entries->bounds[e],
               names[answers[e]]);
    }
}

static int run_gate(char **argv, const struct entries *entries)
{
    enum ev_gate answers[2][MOST_ENTRIES];
    bool again = false;
    int exit_code = 0;

    run_once(argv, entries, 0, answers[0]);
    for (int e = 2; e < entries->n; e++)
        again = again || answers[0][e] != EV_GATE_PASSES;
    if (again)
        run_once(argv, entries, 1, answers[1]);
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
    const char *seed = getenv("EV_GATE_SEED");
    int exit_code = 0;

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
    if (seed)
        measure(&entries, strtoull(seed, NULL, 10));
    else
        exit_code = run_gate(argv, &entries);
    ev_csv_free(&csv);
    return exit_code;
}
