/* SPDX-License-Identifier: MIT */
/*
 * What the harness itself costs: ev_eval_run, from the HDF5 file to the mean squared error, against
 * a bare loop that calls the same engine's infer on pictures that lie in memory. Both run in turn,
 * each round in the other order; the median of the rounds' ratios must be at most 1.03.
 */
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
#define N_ROUNDS   20 /* even: as many begin with one as with the other */
#define BAR        1.03

/* Pictures per second of the harness. */
static double run_harness(const struct ev_backend *engine, const char *model_path,
                          const char *set_path)
{
    const struct ev_eval_backend backend = {"static", engine, model_path};
    const struct ev_eval_set set = {"noise", set_path, NULL};
    const struct ev_eval_args args = ev_bench_args(&backend, &set, BATCH_ROWS);
    struct ev_result result;
    struct ev_error err = EV_ERROR_INIT;

    ev_result_init(&result);
    if (ev_eval_run(&args, &result, &err) != EV_OK)
        ev_bench_die("harness", err.message);
    const struct ev_result_row *row = ev_result_find(&result, "static", "noise");
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

int main(void)
{
    const size_t n_picture = (size_t)ev_bench_shape.height * (size_t)ev_bench_shape.width *
                             (size_t)ev_bench_shape.channels;
    char *model_path = ev_bench_model("static");
    const char *set_path = ev_bench_set(N_ROWS);
    uint8_t *pictures = read_pictures(set_path, n_picture);
    float *outputs = malloc(N_ROWS * 2 * sizeof *outputs);
    const struct ev_backend *engine;
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

    ev_memory_keep();
    ev_progress_set_quiet(true);
    if (!outputs || ev_engine_find("torch", &engine, &err) != EV_OK ||
        engine->open(&args, &opened, &err) != EV_OK)
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
        printf("harness %.0f images/s, engine alone %.0f images/s, ratio %.3f\n", harness, bare,
               ratios[round]);
    }
    double median = ev_bench_median(ratios, N_ROUNDS);
    printf("median ratio %.3f, at most %.2f\n", median, BAR);
    engine->close(opened);
    free(outputs);
    free(pictures);
    free(model_path);
    return median <= BAR ? 0 : 1;
}
