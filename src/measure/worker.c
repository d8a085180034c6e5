/* SPDX-License-Identifier: MIT */
/* A worker's course: single pictures on one CPU, then batches on all. */
#include "measure/worker.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "measure/link.h"
#include "measure/worker_private.h"
#include "stats/design.h"
#include "stats/stats.h"

/* Runs of calls whose medians are compared while an entry warms up, and how alike they must be. */
#define WARM_CALLS  20
#define WARM_RUNS   3
#define WARM_SPREAD 1.02

/* --- Placement --- */

/* The last CPU that the process may use: the first ones serve most interrupts. Where it cannot be
 * had the process stays where it is. */
static void pin(const cpu_set_t *allowed)
{
    cpu_set_t one;

    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
        if (!CPU_ISSET(cpu, allowed))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        (void)sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

/* --- Models --- */

static enum ev_status find_engines(struct ev_worker *worker, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int32_t e = 0; e < worker->job->n_entries && status == EV_OK; e++)
        status = ev_engine_find(worker->job->entries[e].engine, &worker->subjects[e].engine, err);
    return status;
}

static enum ev_status open_entry(struct ev_worker *worker, int32_t entry, int64_t max_rows,
                                 struct ev_error *err)
{
    const struct ev_job *job = worker->job;
    const char *model = job->entries[entry].model;
    const struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = worker->n_threads,
        .model_path = *model ? model : NULL,
        .device_kind = job->device_kind,
        .device_index = job->device_index,
        .shape = job->shape,
        .n_outputs = job->n_outputs,
        .max_rows = max_rows,
        .precision = job->entries[entry].precision,
    };

    return ev_model_open(worker->subjects[entry].engine, &args, &worker->subjects[entry].model,
                         err);
}

static enum ev_status open_entries(struct ev_worker *worker, int64_t max_rows, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int32_t e = 0; e < worker->job->n_entries && status == EV_OK; e++)
        status = open_entry(worker, e, max_rows, err);
    return status;
}

static void close_entries(struct ev_worker *worker)
{
    for (int32_t e = 0; e < worker->job->n_entries; e++) {
        ev_model_close(worker->subjects[e].model);
        worker->subjects[e].model = NULL;
    }
    ev_worker_free_inputs(worker);
}

/* --- Cold calls --- */

/* What a child that opened a model and called it once found. */
struct cold {
    struct ev_error err;
    float call_ns;
};

/* From the model's file to the first outputs; the child ends here. */
static void call_cold(struct ev_worker *worker, const struct ev_condition *condition, int32_t entry,
                      int64_t first, struct cold *cold)
{
    const int64_t start_ns = ev_clock_raw_ns();
    enum ev_status status = open_entry(worker, entry, 1, &cold->err);

    if (status == EV_OK)
        status = ev_worker_call(worker, condition, entry, first, 1, NULL, &cold->err);
    cold->call_ns = (float)(ev_clock_raw_ns() - start_ns);
    _exit(status == EV_OK || cold->err.status != EV_OK ? 0 : 1);
}

static enum ev_status wait_cold(pid_t child, const struct cold *cold, struct ev_error *err)
{
    int end;

    if (waitpid(child, &end, 0) < 0 || !WIFEXITED(end) || WEXITSTATUS(end) != 0)
        return ev_fail(err, EV_ENGINE, "the first call of a model ended its process");
    if (cold->err.status != EV_OK)
        *err = cold->err;
    return cold->err.status;
}

/* In a child, which has loaded the engine and opened nothing yet. */
static enum ev_status block_cold(struct ev_worker *worker, const struct ev_condition *condition,
                                 int32_t entry, int64_t first, float *call_ns, struct ev_error *err)
{
    struct cold *cold =
        mmap(NULL, sizeof *cold, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (cold == MAP_FAILED)
        return ev_fail(err, EV_MEMORY, "out of memory for a first call");
    const pid_t child = fork();
    if (child == 0)
        call_cold(worker, condition, entry, first, cold);
    enum ev_status status = child > 0 ? wait_cold(child, cold, err)
                                      : ev_fail(err, EV_MEMORY, "no process for a first call");
    *call_ns = cold->call_ns;
    munmap(cold, sizeof *cold);
    return status;
}

/* --- Rounds --- */

static enum ev_status measure_block(struct ev_worker *worker, const struct ev_condition *condition,
                                    int32_t round, int32_t position, int32_t entry,
                                    struct ev_error *err)
{
    const struct ev_job *job = worker->job;
    const int64_t rows = ev_worker_rows(worker, condition);
    const int64_t first =
        ((int64_t)worker->process * condition->n_rounds + round) * condition->n_calls;
    float call_ns[EV_LINK_MAX_CALLS];
    struct ev_block block = {
        .process = worker->process,
        .round = round,
        .position = position,
        .predecessor = worker->last_entry,
        .entry = entry,
        .mode = condition->mode,
        .boundary = condition->boundary,
        .n_threads = worker->n_threads,
        .rows_per_call = rows,
        .rows_per_piece =
            condition->mode == EV_MODE_PIECES && job->piece_rows < rows ? job->piece_rows : rows,
        .period_ns = condition->mode == EV_MODE_PACED ? job->period_ns : 0,
        .n_calls = condition->n_calls,
    };

    ev_noise_start(&worker->meter);
    enum ev_status status = condition->mode == EV_MODE_COLD
                                ? block_cold(worker, condition, entry, first, call_ns, err)
                                : ev_worker_block(worker, condition, entry, first, call_ns, err);
    ev_noise_stop(&worker->meter, block.n_threads, &block.noise, &block.flagged);
    worker->last_entry = entry;
    if (status == EV_OK && !ev_link_send_block(worker->answers, &block, call_ns))
        status = ev_fail(err, EV_IO, "nobody reads the times");
    return status;
}

static enum ev_status measure_condition(struct ev_worker *worker, int32_t c, struct ev_error *err)
{
    const struct ev_job *job = worker->job;
    const struct ev_condition *condition = &job->conditions[c];
    const size_t n_orders = (size_t)ev_design_rows(job->n_entries) * (size_t)job->n_entries;
    int32_t *orders = malloc(n_orders * sizeof *orders);
    enum ev_status status = orders ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory for orders");

    for (int32_t round = 0; round < condition->n_rounds && status == EV_OK; round++) {
        const int32_t *order = ev_plan_order(job->conditions, c, job->n_entries, job->seed,
                                             worker->process, round, orders);
        for (int32_t position = 0; position < job->n_entries && status == EV_OK; position++)
            status = measure_block(worker, condition, round, position, order[position], err);
    }
    free(orders);
    return status;
}

/* Which conditions a part of the course is about. */
enum part { COLD, SINGLE, BATCHES };

static bool is_in_part(const struct ev_worker *worker, const struct ev_condition *condition,
                       enum part part)
{
    const enum part its = condition->mode == EV_MODE_COLD      ? COLD
                          : ev_mode_is_single(condition->mode) ? SINGLE
                                                               : BATCHES;

    return its == part && ev_condition_is_in(condition, worker->process);
}

static bool has_part(const struct ev_worker *worker, enum part part)
{
    for (int32_t c = 0; c < worker->job->n_conditions; c++) {
        if (is_in_part(worker, &worker->job->conditions[c], part))
            return true;
    }
    return false;
}

static enum ev_status measure_part(struct ev_worker *worker, enum part part, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    worker->last_entry = -1;
    for (int32_t c = 0; c < worker->job->n_conditions && status == EV_OK; c++) {
        if (is_in_part(worker, &worker->job->conditions[c], part))
            status = measure_condition(worker, c, err);
    }
    return status;
}

/* --- Warm-up --- */

static bool is_steady(const double medians[WARM_RUNS])
{
    double low = medians[0], high = medians[0];

    for (int i = 1; i < WARM_RUNS; i++) {
        low = medians[i] < low ? medians[i] : low;
        high = medians[i] > high ? medians[i] : high;
    }
    return high <= low * WARM_SPREAD;
}

static enum ev_status warm_up_single(struct ev_worker *worker, int32_t entry, struct ev_error *err)
{
    static const struct ev_condition hot = {.mode = EV_MODE_HOT, .boundary = EV_BOUNDARY_E2E};
    const struct ev_warm_up *plan = &worker->job->warm_up;
    const int64_t start_ns = ev_clock_ns();
    double medians[WARM_RUNS] = {0};
    float call_ns[WARM_CALLS];

    for (int run = 0;; run++) {
        enum ev_status status =
            ev_worker_call(worker, &hot, entry, run * WARM_CALLS, WARM_CALLS, call_ns, err);
        if (status != EV_OK)
            return status;
        ev_stats_sort(call_ns, WARM_CALLS);
        medians[run % WARM_RUNS] = ev_stats_median(call_ns, WARM_CALLS);
        const double taken_s = (double)(ev_clock_ns() - start_ns) / 1e9;
        const bool is_enough = (run + 1) * WARM_CALLS >= plan->min_calls && taken_s >= plan->min_s;
        if ((is_enough && run + 1 >= WARM_RUNS && is_steady(medians)) || taken_s >= plan->max_s)
            return EV_OK;
    }
}

/* One batch at least, so that an engine has its memory and its threads. */
static enum ev_status warm_up_batches(struct ev_worker *worker, int32_t entry, struct ev_error *err)
{
    static const struct ev_condition resident = {.mode = EV_MODE_RESIDENT,
                                                 .boundary = EV_BOUNDARY_E2E};
    const struct ev_batch whole = worker->bytes;
    const struct ev_warm_up *plan = &worker->job->warm_up;
    const int64_t start_ns = ev_clock_ns();
    enum ev_status status;

    if (plan->max_rows < whole.n_rows)
        worker->bytes.n_rows = plan->max_rows;
    do
        status = ev_worker_call(worker, &resident, entry, 0, 1, NULL, err);
    while (status == EV_OK && (double)(ev_clock_ns() - start_ns) / 1e9 < plan->batches_s);
    worker->bytes = whole;
    return status;
}

/* --- The course --- */

static enum ev_status measure_singles(struct ev_worker *worker, struct ev_error *err)
{
    worker->n_threads = 1;
    enum ev_status status = ev_worker_make_inputs(worker, 1, true, err);
    if (status == EV_OK)
        status = measure_part(worker, COLD, err);
    if (status == EV_OK && has_part(worker, SINGLE)) {
        status = open_entries(worker, 1, err);
        for (int32_t e = 0; e < worker->job->n_entries && status == EV_OK; e++)
            status = warm_up_single(worker, e, err);
        if (status == EV_OK)
            status = measure_part(worker, SINGLE, err);
    }
    close_entries(worker);
    return status;
}

static enum ev_status open_set(struct ev_worker *worker, struct ev_error *err)
{
    const struct ev_job_set *set = &worker->job->set;
    const struct ev_set_source source = {
        .images = *set->images ? set->images : NULL,
        .labels = *set->labels ? set->labels : NULL,
        .layout = set->layout,
        .white = set->white,
    };

    for (int32_t c = 0; c < worker->job->n_conditions; c++) {
        if (worker->job->conditions[c].mode == EV_MODE_FED)
            return ev_set_open(set->path, &source, &worker->set, err);
    }
    return EV_OK;
}

static enum ev_status measure_batches(struct ev_worker *worker, struct ev_error *err)
{
    const int64_t n_rows = worker->job->batch_rows;

    if (!has_part(worker, BATCHES))
        return EV_OK;
    worker->n_threads = worker->job->n_threads;
    enum ev_status status = open_set(worker, err);
    if (status == EV_OK)
        status = open_entries(worker, n_rows, err);
    if (status == EV_OK)
        status = ev_worker_make_inputs(worker, n_rows, false, err);
    for (int32_t e = 0; e < worker->job->n_entries && status == EV_OK; e++) {
        ev_worker_pin_inputs(worker, worker->subjects[e].model);
        status = warm_up_batches(worker, e, err);
    }
    if (status == EV_OK)
        status = measure_part(worker, BATCHES, err);
    close_entries(worker);
    ev_set_close(worker->set);
    return status;
}

static enum ev_status measure(struct ev_worker *worker, struct ev_error *err)
{
    cpu_set_t allowed;
    const bool is_known = sched_getaffinity(0, sizeof allowed, &allowed) == 0;

    worker->subjects = calloc((size_t)worker->job->n_entries, sizeof *worker->subjects);
    if (!worker->subjects)
        return ev_fail(err, EV_MEMORY, "out of memory for a worker process");
    enum ev_status status = find_engines(worker, err);
    if (status == EV_OK) {
        if (is_known)
            pin(&allowed);
        status = measure_singles(worker, err);
        if (is_known)
            (void)sched_setaffinity(0, sizeof allowed, &allowed);
    }
    if (status == EV_OK)
        status = measure_batches(worker, err);
    free(worker->subjects);
    return status;
}

bool ev_worker_is_meant(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], EV_WORKER_COMMAND) == 0 &&
           fcntl(EV_WORKER_JOB, F_GETFD) >= 0 && fcntl(EV_WORKER_ANSWERS, F_GETFD) >= 0;
}

int ev_worker_main(const char *process)
{
    struct ev_worker worker = {.answers = EV_WORKER_ANSWERS, .job = ev_job_map(EV_WORKER_JOB)};
    struct ev_error err = EV_ERROR_INIT;
    int64_t number;

    /* Nobody to measure for. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    if (!worker.job || !ev_text_int64(process, &number))
        return EXIT_FAILURE;
    worker.process = (int32_t)number;
    ev_noise_open(&worker.meter);
    (void)measure(&worker, &err);
    const bool is_said = ev_link_send_end(worker.answers, &err);
    ev_noise_close(&worker.meter);
    ev_job_unmap(worker.job);
    return is_said ? EXIT_SUCCESS : EXIT_FAILURE;
}
