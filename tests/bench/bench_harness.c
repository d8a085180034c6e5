/* SPDX-License-Identifier: MIT */
/*
 * What the harness itself costs: ev_eval_run, from the HDF5 file to the mean squared error, against
 * a bare loop that calls the same engine's infer on pictures that lie in memory. Both run in turn,
 * each round in the other order; the median of the rounds' ratios must be at most 1.03. For the
 * float baseline and for the static int8 model: what is read of a picture costs 2.5 us on one core,
 * of which the faster engine leaves more to be seen.
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

/* Pictures per second of the engine alone. */
static double run_bare(const struct ev_backend *engine, struct ev_engine *opened,
                       const uint8_t *pictures, size_t n_picture, float *outputs)
{
    struct ev_error err = EV_ERROR_INIT;
    int64_t start_ns = ev_clock_ns();

    for (int64_t first = 0; first < N_ROWS; first += BATCH_ROWS) {
        const struct ev_batch batch = {
            .size = sizeof batch,
            .form = EV_FORM_U8_NHWC,
            .shape = ev_bench_shape,
            .n_rows = BATCH_ROWS,
            .data = pictures + (size_t)first * n_picture,
        };
        if (engine->infer(opened, &batch, outputs + 2 * first, &err) != EV_OK)
            ev_bench_die("engine", err.message);
    }
    return N_ROWS / ((double)(ev_clock_ns() - start_ns) / 1e9);
}

static uint8_t *read_pictures(const char *set_path, size_t n_picture)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_set *set;
    uint8_t *pictures = malloc(N_ROWS * n_picture);

    if (!pictures)
        ev_bench_die(set_path, "out of memory");
    if (ev_set_open(set_path, NULL, &set, &err) != EV_OK ||
        ev_set_read(set, EV_FORM_U8_NHWC, 0, N_ROWS, pictures, &err) != EV_OK)
        ev_bench_die("set", err.message);
    ev_set_close(set);
    return pictures;
}

/* Median ratio over the rounds. */
static double compare(const struct ev_backend *engine, const char *name, const char *set_path,
                      const uint8_t *pictures, size_t n_picture, float *outputs)
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
    (void)run_bare(engine, opened, pictures, n_picture, outputs);
    for (int round = 0; round < N_ROUNDS; round++) {
        double harness = 0, bare = 0;
        for (int turn = 0; turn < 2; turn++) {
            if (turn == round % 2)
                harness = run_harness(engine, model_path, set_path);
            else
                bare = run_bare(engine, opened, pictures, n_picture, outputs);
        }
        ratios[round] = bare / harness;
        printf("%s: harness %.0f images/s, engine alone %.0f images/s, ratio %.3f\n", name, harness,
               bare, ratios[round]);
    }
    engine->close(opened);
    free(model_path);
    return ev_bench_median(ratios, N_ROUNDS);
}

int main(void)
{
    static const char *const models[] = {"baseline", "static"};
    const size_t n_picture = (size_t)ev_bench_shape.height * (size_t)ev_bench_shape.width *
                             (size_t)ev_bench_shape.channels;
    const char *set_path = ev_bench_set(N_ROWS);
    uint8_t *pictures = read_pictures(set_path, n_picture);
    float *outputs = malloc(N_ROWS * 2 * sizeof *outputs);
    const struct ev_backend *engine;
    struct ev_error err = EV_ERROR_INIT;
    bool good = true;

    ev_memory_keep();
    ev_progress_set_quiet(true);
    if (!outputs || ev_engine_find("torch", &engine, &err) != EV_OK)
        ev_bench_die("engine", err.message);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        double median = compare(engine, models[i], set_path, pictures, n_picture, outputs);
        printf("%s: median ratio %.3f, at most %.2f\n", models[i], median, BAR);
        good = good && median <= BAR;
    }
    free(outputs);
    free(pictures);
    return good ? 0 : 1;
}
