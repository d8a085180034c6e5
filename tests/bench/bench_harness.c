/* SPDX-License-Identifier: MIT */
/*
 * What the harness itself costs: ev_eval_run, from the HDF5 file to the mean squared error, against
 * a bare loop that reads a batch from the file and calls the same engine's infer, and does nothing
 * else. Both run in turn, each round in the other order; the median of the rounds' ratios must be
 * at most 1.03. For the float baseline and for the static int8 model. The bare loop on pictures
 * that lie in memory is shown beside: the reading that is left out there takes 2.5 us of a core for
 * each picture, which no harness can hide where the engine keeps all cores busy.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/progress.h"
#include "bench/bench_support.h"
#include "eval/eval.h"
#include "set/set.h"

#define N_ROWS     (6 * 1024)
#define BATCH_ROWS 1024
#define N_ROUNDS   10 /* even: as many begin with one as with the other */
#define BAR        1.03

#define PICTURE_BYTES ((size_t)66 * 200 * 3)

/* What bare loops are given. */
struct bare {
    struct ev_set *set;
    uint8_t *pictures; /* all */
    uint8_t *batch;    /* room for one */
    float *outputs;
};

/* Pictures per second of the harness: of the second of two passes, as the first one touches the
 * memory for batches for the first time, once in an evaluation. */
static double run_harness(const struct ev_backend *engine, const char *model_path,
                          const char *set_path)
{
    const struct ev_eval_backend backends[] = {{"first", engine, model_path, 0},
                                               {"second", engine, model_path, 0}};
    const struct ev_eval_set set = {"noise", set_path, NULL};
    struct ev_eval_args args = ev_bench_args(backends, &set, BATCH_ROWS);
    struct ev_result result;
    struct ev_error err = EV_ERROR_INIT;

    args.n_backends = 2;
    ev_result_init(&result);
    if (ev_eval_run(&args, &result, &err) != EV_OK)
        ev_bench_die("harness", err.message);
    const struct ev_result_row *row = ev_result_find(&result, "second", "noise");
    double rate = row ? row->images_per_s : 0;
    ev_result_free(&result);
    return rate;
}

/* Pictures per second of the engine alone: on pictures in memory or, where they are NULL, on
 * batches that are read one after the other into the same memory. */
static double run_bare(const struct ev_backend *engine, struct ev_engine *opened,
                       const uint8_t *pictures, struct bare *bare)
{
    struct ev_error err = EV_ERROR_INIT;
    int64_t start_ns = ev_clock_ns();

    for (int64_t first = 0; first < N_ROWS; first += BATCH_ROWS) {
        const struct ev_batch batch = {
            .size = sizeof batch,
            .form = EV_FORM_U8_NHWC,
            .shape = ev_bench_shape,
            .n_rows = BATCH_ROWS,
            .data = pictures ? pictures + (size_t)first * PICTURE_BYTES : bare->batch,
        };
        if (!pictures &&
            ev_set_read(bare->set, EV_FORM_U8_NHWC, first, BATCH_ROWS, bare->batch, &err) != EV_OK)
            ev_bench_die("set", err.message);
        if (engine->infer(opened, &batch, bare->outputs + 2 * first, &err) != EV_OK)
            ev_bench_die("engine", err.message);
    }
    return N_ROWS / ((double)(ev_clock_ns() - start_ns) / 1e9);
}

static void open_bare(const char *set_path, struct bare *bare)
{
    struct ev_error err = EV_ERROR_INIT;

    bare->outputs = malloc(N_ROWS * 2 * sizeof *bare->outputs);
    bare->pictures = malloc(N_ROWS * PICTURE_BYTES);
    bare->batch = malloc(BATCH_ROWS * PICTURE_BYTES);
    if (!bare->outputs || !bare->pictures || !bare->batch)
        ev_bench_die(set_path, "out of memory");
    if (ev_set_open(set_path, NULL, &bare->set, &err) != EV_OK ||
        ev_set_read(bare->set, EV_FORM_U8_NHWC, 0, N_ROWS, bare->pictures, &err) != EV_OK)
        ev_bench_die("set", err.message);
}

static void close_bare(struct bare *bare)
{
    ev_set_close(bare->set);
    free(bare->outputs);
    free(bare->pictures);
    free(bare->batch);
}

/* Median ratio over the rounds. */
static double compare(const struct ev_backend *engine, const char *name, const char *set_path,
                      struct bare *bare)
{
    char *model_path = ev_bench_model(name);
    struct ev_engine *opened;
    struct ev_error err = EV_ERROR_INIT;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = ev_host_cores(),
        .model_path = model_path,
        .device_kind = EV_DEVICE_CPU,
        .shape = ev_bench_shape,
        .n_outputs = 2,
        .max_rows = BATCH_ROWS,
    };
    double ratios[N_ROUNDS];

    if (engine->open(&args, &opened, &err) != EV_OK)
        ev_bench_die("engine", err.message);
    (void)run_harness(engine, model_path, set_path);
    (void)run_bare(engine, opened, NULL, bare);
    for (int round = 0; round < N_ROUNDS; round++) {
        double harness = 0, reading = 0;
        for (int turn = 0; turn < 2; turn++) {
            if (turn == round % 2)
                harness = run_harness(engine, model_path, set_path);
            else
                reading = run_bare(engine, opened, NULL, bare);
        }
        const double in_memory = run_bare(engine, opened, bare->pictures, bare);
        ratios[round] = reading / harness;
        printf(
            "%s: harness %.0f images/s, bare loop %.0f, ratio %.3f; in memory %.0f, ratio %.3f\n",
            name, harness, reading, ratios[round], in_memory, in_memory / harness);
    }
    engine->close(opened);
    free(model_path);
    return ev_bench_median(ratios, N_ROUNDS);
}

int main(void)
{
    static const char *const models[] = {"baseline", "static"};
    const char *set_path = ev_bench_set(N_ROWS);
    const struct ev_backend *engine;
    struct bare bare;
    struct ev_error err = EV_ERROR_INIT;
    bool good = true;

    ev_memory_keep();
    ev_progress_set_quiet(true);
    open_bare(set_path, &bare);
    if (ev_engine_find("torch", &engine, &err) != EV_OK)
        ev_bench_die("engine", err.message);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        double median = compare(engine, models[i], set_path, &bare);
        printf("%s: median ratio %.3f, at most %.2f\n", models[i], median, BAR);
        good = good && median <= BAR;
    }
    close_bare(&bare);
    return good ? 0 : 1;
}
