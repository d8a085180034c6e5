/* SPDX-License-Identifier: MIT */
/*
 * Times on the device, each as a median of calls in this process, and the bars as ratios between
 * them: static against the float baseline by libtorch, computing against what launching nothing
 * takes, copies in pieces against one pinned copy.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "cuda/engine.h"
#include "cuda/engine_private.h"

#define N_WARM_UP 200

struct times {
    double median_us, p99_us;
};

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Times of n calls; a call gives its own microseconds, or -1 for the host's clock. A failing call
 * gives times that are not a number. */
static struct times measure(double (*call)(void *self), void *self, int64_t n)
{
    double *us = malloc((size_t)n * sizeof *us);
    struct times times = {NAN, NAN};
    const int64_t n_warm_up = n < N_WARM_UP ? n : N_WARM_UP;
    int64_t done = 0;

    for (int64_t i = -n_warm_up; us && i < n; i++) {
        const double start = now_us();
        const double own = call(self);
        if (isnan(own))
            break;
        if (i >= 0)
            us[done++] = own >= 0.0 ? own : now_us() - start;
    }
    if (us && done == n) {
        qsort(us, (size_t)n, sizeof *us, by_value);
        times = (struct times){us[n / 2], us[n - 1 - n / 100]};
    }
    free(us);
    return times;
}

static void tell(struct ev_check *check, const char *what, struct times times)
{
    ev_check_say(check, !isnan(times.median_us), "%-50s %10.1f us, p99 %10.1f us", what,
                 times.median_us, times.p99_us);
    if (check->table)
        fprintf(check->table, "\"%s\",%.3f,%.3f,us\n", what, times.median_us, times.p99_us);
}

/* --- What is called --- */

struct call {
    struct ev_check *check;
    const struct ev_backend *backend;
    struct ev_engine *engine;
    struct ev_batch batch;
    struct ev_device_run run;
    float outputs[EV_CHECK_BATCH * EV_CHECK_OUTPUTS];
    CUgraphExec empty;
};

static double infer(void *self)
{
    struct call *call = self;
    struct ev_error err = EV_ERROR_INIT;

    return call->backend->infer(call->engine, &call->batch, call->outputs, &err) == EV_OK ? -1.0
                                                                                          : NAN;
}

static double infer_apart(void *self)
{
    struct call *call = self;
    struct ev_error err = EV_ERROR_INIT;

    return ev_cuda_infer_apart(call->engine, &call->batch, call->outputs, &call->run, &err) == EV_OK
               ? (double)call->run.device_ns / 1e3
               : NAN;
}

/* Pictures that are on the device already, in pieces on both lanes; outputs stay there. */
static double compute_resident(void *self)
{
    struct call *call = self;
    struct ev_engine *engine = call->engine;
    struct ev_error err = EV_ERROR_INIT;
    enum ev_status status = EV_OK;
    CUdeviceptr at;
    int turn = 0;

    for (int64_t left = call->batch.n_rows; left > 0 && status == EV_OK;) {
        const int64_t most = engine->lanes[0].max_rows, n = left < most ? left : most;
        status =
            ev_cuda_lane_compute(&engine->lanes[turn], &engine->bytes.program, n, NULL, &at, &err);
        left -= n;
        turn = (turn + 1) % engine->n_lanes;
    }
    for (int i = 0; i < engine->n_lanes && status == EV_OK; i++)
        status = ev_cuda_lane_wait(&engine->lanes[i], &engine->bytes.program, &err);
    return status == EV_OK ? -1.0 : NAN;
}

/* The batch from pinned memory to the device, in one copy. */
static double copy_pinned(void *self)
{
    struct call *call = self;
    const struct ev_cuda_driver *driver = call->check->device.driver;
    const struct ev_cuda_lane *lane = &call->engine->lanes[0];
    const size_t n_bytes = (size_t)lane->max_rows * EV_CHECK_PICTURE;
    CUresult result = CUDA_SUCCESS;

    for (int64_t row = 0; row < EV_CHECK_BATCH && result == CUDA_SUCCESS; row += lane->max_rows)
        result = driver->cuMemcpyHtoDAsync(lane->pictures,
                                           call->check->pictures + (size_t)row * EV_CHECK_PICTURE,
                                           n_bytes, lane->stream);
    if (result == CUDA_SUCCESS)
        result = driver->cuStreamSynchronize(lane->stream);
    return result == CUDA_SUCCESS ? -1.0 : NAN;
}

static double launch_empty(void *self)
{
    struct call *call = self;
    const struct ev_cuda_driver *driver = call->check->device.driver;
    CUstream stream = call->engine->lanes[0].stream;

    return driver->cuGraphLaunch(call->empty, stream) == CUDA_SUCCESS &&
                   driver->cuStreamSynchronize(stream) == CUDA_SUCCESS
               ? -1.0
               : NAN;
}

/* A graph of n kernels that return at once: what launching costs. */
static CUgraphExec record_empty(const struct call *call, int n)
{
    const struct ev_cuda_device *device = &call->check->device;
    const struct ev_cuda_driver *driver = device->driver;
    CUstream stream = call->engine->lanes[0].stream;
    struct ev_cuda_values nothing = {0};
    CUgraph graph = NULL;
    CUgraphExec exec = NULL;

    if (driver->cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) != CUDA_SUCCESS)
        return NULL;
    for (int i = 0; i < n; i++)
        (void)driver->cuLaunchKernel(device->kernels[EV_CUDA_choose_range], 1, 1, 1, 32, 1, 1, 0,
                                     stream, (void *[]){&nothing}, NULL);
    if (driver->cuStreamEndCapture(stream, &graph) == CUDA_SUCCESS)
        (void)driver->cuGraphInstantiateWithFlags(&exec, graph, 0);
    if (graph)
        (void)driver->cuGraphDestroy(graph);
    return exec;
}

/* --- Rows --- */

static const struct ev_backend cuda_calls = {.infer = ev_cuda_infer, .close = ev_cuda_close};

static bool open_call(struct call *call, const struct ev_backend *backend, const char *model,
                      int64_t n_rows)
{
    struct ev_check *check = call->check;
    const struct ev_open_args args =
        ev_check_args(check, ev_check_model_path(check, model), EV_DEVICE_CUDA, n_rows);
    struct ev_error err = EV_ERROR_INIT;

    call->backend = backend;
    call->batch = ev_check_batch(check, 0, n_rows);
    call->run = (struct ev_device_run){sizeof call->run, 0, -1};
    const enum ev_status status = backend == check->torch
                                      ? backend->open(&args, &call->engine, &err)
                                      : ev_cuda_open(&args, &call->engine, &err);
    if (status != EV_OK && backend == check->torch)
        printf("skip    libtorch opens no %s, so it has no times: %s\n", model, err.message);
    else if (status != EV_OK)
        ev_check_say(check, false, "%s cannot be opened: %s", model, err.message);
    return status == EV_OK;
}

static double time_singles(struct call *call, const char *model)
{
    struct ev_check *check = call->check;
    char what[80];

    if (!open_call(call, &cuda_calls, model, 1))
        return NAN;
    const struct times host = measure(infer, call, check->n_singles);
    snprintf(what, sizeof what, "%s, 1 picture, graph, host", model);
    tell(check, what, host);
    snprintf(what, sizeof what, "%s, 1 picture, graph, device", model);
    tell(check, what, measure(infer_apart, call, check->n_singles));
    call->run.eager = 1;
    snprintf(what, sizeof what, "%s, 1 picture, eager, device", model);
    tell(check, what, measure(infer_apart, call, check->n_singles));
    snprintf(what, sizeof what, "%s, 1 picture, without copies, eager", model);
    tell(check, what, measure(compute_resident, call, check->n_singles));
    ev_cuda_close(call->engine);
    return host.median_us;
}

struct batch_times {
    double pinned_us, resident_us, copy_us;
};

static struct batch_times time_batches(struct call *call, const char *model)
{
    struct ev_check *check = call->check;
    const int64_t n = check->n_batches;
    struct ev_error err = EV_ERROR_INIT;
    char what[80];

    if (!open_call(call, &cuda_calls, model, EV_CHECK_BATCH))
        return (struct batch_times){NAN, NAN, NAN};
    snprintf(what, sizeof what, "%s, 1024 pictures, pageable memory", model);
    tell(check, what, measure(infer, call, n));
    ev_check_say(check,
                 ev_cuda_pin(call->engine, check->pictures, EV_CHECK_BATCH * EV_CHECK_PICTURE,
                             &err) == EV_OK,
                 "the pictures are pinned %s", err.message);
    const struct times pinned = measure(infer, call, n),
                       resident = measure(compute_resident, call, n),
                       copy = measure(copy_pinned, call, n);
    snprintf(what, sizeof what, "%s, 1024 pictures, pinned memory", model);
    tell(check, what, pinned);
    snprintf(what, sizeof what, "%s, 1024 pictures, on the device", model);
    tell(check, what, resident);
    tell(check, "copying 1024 pictures from pinned memory", copy);
    ev_cuda_close(call->engine);
    return (struct batch_times){pinned.median_us, resident.median_us, copy.median_us};
}

static double time_torch(struct call *call, int64_t n_rows, int64_t n)
{
    char what[80];

    if (!open_call(call, call->check->torch, "baseline", n_rows))
        return NAN;
    const struct times times = measure(infer, call, n);
    snprintf(what, sizeof what, "baseline by libtorch, %d pictures, eager, host", (int)n_rows);
    tell(call->check, what, times);
    call->check->torch->close(call->engine);
    return times.median_us;
}

static void time_launches(struct call *call)
{
    if (!open_call(call, &cuda_calls, "static", 1))
        return;
    for (int n = 0; n <= 9; n += 9) {
        call->empty = record_empty(call, n);
        tell(call->check, n == 0 ? "an empty graph" : "a graph of 9 empty kernels",
             measure(launch_empty, call, call->check->n_singles));
        if (call->empty)
            (void)call->check->device.driver->cuGraphExecDestroy(call->empty);
    }
    ev_cuda_close(call->engine);
}

/* A bar is said, met or not; it fails nothing, as machines differ. */
static void bar(struct ev_check *check, const char *what, double value, double wanted, bool less)
{
    const bool is_met = less ? value <= wanted : value >= wanted;

    printf("%-8s%s: %.3g, wanted %s %.3g\n",
           isnan(value) ? "unknown"
           : is_met     ? "met"
                        : "missed",
           what, value, less ? "at most" : "at least", wanted);
    if (check->table)
        fprintf(check->table, "\"bar: %s\",%.6g,%.6g,%s\n", what, value, wanted,
                less ? "at most" : "at least");
}

void ev_check_times(struct ev_check *check)
{
    static struct call call;

    call.check = check;
    if (check->table)
        fprintf(check->table, "what,median,p99,unit\n");
    time_launches(&call);
    const double single_us = time_singles(&call, "static");
    (void)time_singles(&call, "qat");
    (void)time_singles(&call, "dynamic");
    const double torch_single_us = time_torch(&call, 1, check->n_singles);
    const struct batch_times batch = time_batches(&call, "static");
    const double torch_batch_us = time_torch(&call, EV_CHECK_BATCH, check->n_batches);

    bar(check, "static, 1 picture with copies, us", single_us, 60.0, true);
    bar(check, "the same, part of libtorch's float baseline", single_us / torch_single_us, 0.5,
        true);
    bar(check, "static, 1024 pictures, times as fast as libtorch's float baseline",
        torch_batch_us / batch.pinned_us, 3.0, false);
    bar(check, "static, images/s on the device", EV_CHECK_BATCH * 1e6 / batch.resident_us, 800e3,
        false);
    bar(check, "static from pinned memory, part of the copy's rate",
        batch.copy_us / batch.pinned_us, 0.8, false);
}
