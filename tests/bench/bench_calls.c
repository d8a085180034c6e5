/* SPDX-License-Identifier: MIT */
/*
 * What measuring inferences adds to them, one by one and in batches that are in memory: the median
 * of calls as worker processes time them against that of a loop with nothing in it but the clock
 * and the same engine's infer. Blocks of both take turns on the same pictures, each round in the
 * other order; the median of the rounds' ratios must be within 3 % of 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/rng.h"
#include "bench/bench_support.h"
#include "measure/worker_private.h"

#define N_PICTURES 64
#define MAX_ROUNDS 60
#define BAR        0.03

static const struct kind {
    const char *name;
    struct ev_condition condition;
    int64_t n_rows;
    int32_t n_rounds;
} kinds[] = {
    {"one picture", {EV_MODE_HOT, EV_BOUNDARY_E2E, 1, 0, N_PICTURES, 0, 0}, 1, MAX_ROUNDS},
    {"1024 pictures", {EV_MODE_RESIDENT, EV_BOUNDARY_E2E, 1, 0, 4, 0, 0}, 1024, 20},
};

static struct ev_job *make_job(const char *model_path, int *file)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, 0);
    struct ev_job *job;

    if (ev_job_make(1, N_PICTURES, &ev_bench_shape, EV_FORM_U8_NHWC, &job, file, &err) != EV_OK)
        ev_bench_die("job", err.message);
    job->n_outputs = 2;
    snprintf(job->entries[0].model, sizeof job->entries[0].model, "%s", model_path);
    uint8_t *pictures = ev_job_picture(job, 0);
    for (uint64_t i = 0; i < job->n_bytes - job->pictures_at; i++)
        pictures[i] = (uint8_t)ev_rng_u64(&rng);
    return job;
}

/* Median nanoseconds of a call as a worker times it. */
static double run_worker(struct ev_worker *worker, const struct kind *kind)
{
    struct ev_error err = EV_ERROR_INIT;
    float call_ns[N_PICTURES];
    double times_ns[N_PICTURES];

    if (ev_worker_block(worker, &kind->condition, 0, 0, call_ns, &err) != EV_OK)
        ev_bench_die("worker", err.message);
    for (int i = 0; i < kind->condition.n_calls; i++)
        times_ns[i] = call_ns[i];
    return ev_bench_median(times_ns, kind->condition.n_calls);
}

/* Median nanoseconds of a call of the engine alone. */
static double run_bare(const struct ev_worker *worker, struct ev_engine *opened,
                       const struct kind *kind)
{
    struct ev_error err = EV_ERROR_INIT;
    double times_ns[N_PICTURES];

    for (int i = 0; i < kind->condition.n_calls; i++) {
        struct ev_batch batch = worker->bytes;
        batch.n_rows = kind->n_rows;
        if (kind->n_rows == 1)
            batch.data = ev_job_picture(worker->job, i);
        const int64_t start_ns = ev_clock_raw_ns();
        if (worker->subjects[0].engine->infer(opened, &batch, worker->outputs, &err) != EV_OK)
            ev_bench_die("engine", err.message);
        times_ns[i] = (double)(ev_clock_raw_ns() - start_ns);
    }
    return ev_bench_median(times_ns, kind->condition.n_calls);
}

/* Prints the rounds and returns the median of their ratios. */
static double compare(struct ev_worker *worker, struct ev_engine *opened, const struct kind *kind)
{
    double ratios[MAX_ROUNDS];

    (void)run_worker(worker, kind);
    (void)run_bare(worker, opened, kind);
    for (int round = 0; round < kind->n_rounds; round++) {
        double measured = 0, bare = 0;
        for (int turn = 0; turn < 2; turn++) {
            if (turn == round % 2)
                measured = run_worker(worker, kind);
            else
                bare = run_bare(worker, opened, kind);
        }
        ratios[round] = measured / bare;
        printf("%s: as measured %.1f us, bare %.1f us, ratio %.3f\n", kind->name, measured / 1e3,
               bare / 1e3, ratios[round]);
    }
    return ev_bench_median(ratios, kind->n_rounds);
}

/* Whether measuring adds no more than it may. */
static bool measure(struct ev_worker *worker, const struct kind *kind, const char *model_path)
{
    const struct ev_backend *engine = worker->subjects[0].engine;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = kind->n_rows > 1 ? ev_host_cores() : 1,
        .model_path = model_path,
        .device_kind = EV_DEVICE_CPU,
        .shape = ev_bench_shape,
        .n_outputs = 2,
        .max_rows = kind->n_rows,
    };
    struct ev_engine *opened;
    struct ev_error err = EV_ERROR_INIT;

    worker->n_threads = args.n_threads;
    if (engine->open(&args, &opened, &err) != EV_OK ||
        ev_model_open(engine, &args, &worker->subjects[0].model, &err) != EV_OK ||
        ev_worker_make_inputs(worker, kind->n_rows, false, &err) != EV_OK)
        ev_bench_die("engine", err.message);
    const double median = compare(worker, opened, kind);
    printf("%s: median ratio %.3f, within %.2f of 1\n", kind->name, median, BAR);
    engine->close(opened);
    ev_model_close(worker->subjects[0].model);
    ev_worker_free_inputs(worker);
    return median >= 1 - BAR && median <= 1 + BAR;
}

int main(void)
{
    char *model_path = ev_bench_model("static");
    int file;
    struct ev_job *job = make_job(model_path, &file);
    struct ev_subject subject = {0};
    struct ev_worker worker = {.job = job, .subjects = &subject};
    struct ev_error err = EV_ERROR_INIT;
    bool good = true;

    ev_memory_keep();
    if (ev_engine_find("torch", &subject.engine, &err) != EV_OK)
        ev_bench_die("engine", err.message);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        good = measure(&worker, &kinds[i], model_path) && good;
    ev_job_unmap(job);
    close(file);
    free(model_path);
    return good ? 0 : 1;
}
