/* SPDX-License-Identifier: MIT */
/* The plan of all laps, and their parallel run. */
#include "drive/drive.h"

#include <omp.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/progress.h"
#include "measure/form.h"
#include "eval/timing.h"
#include "stats/stats.h"

/* Single inferences measured for --latency measured, after a warm-up; and the pictures for it. */
#define N_TIMED_CALLS    300
#define N_WARMUP_CALLS   50
#define N_TIMED_PICTURES 16

/* Everything while the laps are driven. */
struct drive {
    const struct ev_drive_args *args;
    struct ev_drive_result *result;
    struct ev_model_driver **drivers; /* (n_threads, n_backends) */
    int32_t n_threads;
    double *latencies_s; /* (n_backends, n_latencies) */
    int64_t n_latencies;
};

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* --- The plan --- */

static enum ev_status plan(const struct ev_drive_args *args, struct ev_drive_result *result,
                           struct ev_error *err)
{
    const unsigned both[] = {EV_DRIVE_FORWARD, EV_DRIVE_REVERSE};

    result->runs = calloc(args->n_tracks * 2 * args->n_backends, sizeof *result->runs);
    if (!result->runs)
        return out_of_memory(err);
    for (size_t track = 0; track < args->n_tracks; track++) {
        for (size_t d = 0; d < 2; d++) {
            for (size_t backend = 0; backend < args->n_backends && (args->directions & both[d]);
                 backend++) {
                struct ev_drive_run *run = &result->runs[result->n_runs];
                *run = (struct ev_drive_run){backend, track, d == 0 ? 1 : -1, NULL};
                run->laps = calloc((size_t)args->n_laps, sizeof *run->laps);
                if (!run->laps)
                    return out_of_memory(err);
                result->n_runs++;
            }
        }
    }
    return EV_OK;
}

/* A model for each thread: an engine's object serves one thread at a time. */
static enum ev_status open_drivers(struct drive *drive, struct ev_error *err)
{
    const struct ev_drive_args *args = drive->args;
    const int64_t n_jobs = (int64_t)drive->result->n_runs * args->n_laps;
    enum ev_status status = EV_OK;

    drive->n_threads = n_jobs < args->n_threads ? (int32_t)n_jobs : args->n_threads;
    size_t n = (size_t)drive->n_threads * args->n_backends;
    drive->drivers = calloc(n, sizeof *drive->drivers);
    if (!drive->drivers)
        return out_of_memory(err);
    for (size_t i = 0; i < n && status == EV_OK; i++)
        status = ev_model_driver_open(&args->backends[i % args->n_backends], args, 1,
                                      &drive->drivers[i], err);
    return status;
}

static void close_drivers(struct drive *drive)
{
    size_t n = (size_t)drive->n_threads * drive->args->n_backends;

    for (size_t i = 0; i < n && drive->drivers; i++)
        ev_model_driver_close(drive->drivers[i]);
    free(drive->drivers);
}

/* --- Latencies --- */

static void render_pictures(const struct ev_track *track, uint8_t *pictures)
{
    for (int i = 0; i < N_TIMED_PICTURES; i++) {
        struct ev_pose pose = ev_track_at(track, track->length_m * i / N_TIMED_PICTURES);
        ev_camera_picture(track, &ev_look_reference, pose, (uint64_t)i,
                          pictures + (size_t)i * EV_PICTURE_BYTES);
    }
}

/* Measures every backend as it would run alone on this machine, with all threads; the samples
 * replace latencies_s. */
static enum ev_status time_models(struct drive *drive, struct ev_model_driver **models,
                                  float *samples_ns, struct ev_error *err)
{
    const struct ev_drive_args *args = drive->args;
    struct ev_timing_entry *entries = calloc(args->n_backends, sizeof *entries);
    const struct ev_shape shape = {EV_PICTURE_HEIGHT, EV_PICTURE_WIDTH, 3};
    uint8_t *bytes = malloc((size_t)N_TIMED_PICTURES * EV_PICTURE_BYTES);
    float *floats = malloc((size_t)N_TIMED_PICTURES * EV_PICTURE_BYTES * sizeof *floats);
    enum ev_status status = entries && bytes && floats ? EV_OK : out_of_memory(err);

    if (status == EV_OK) {
        const struct ev_batch batch = {sizeof batch, EV_FORM_U8_NHWC, shape, N_TIMED_PICTURES,
                                       bytes};
        const struct ev_timing_pictures pictures = {shape, N_TIMED_PICTURES, EV_FORM_U8_NHWC, bytes,
                                                    floats};
        render_pictures(args->tracks[0], bytes);
        (void)ev_form_to_floats(&batch, floats);
        for (size_t b = 0; b < args->n_backends; b++)
            entries[b] = (struct ev_timing_entry){ev_model_driver_model(models[b]),
                                                  samples_ns + b * N_TIMED_CALLS};
        status = ev_timing_run(entries, args->n_backends, &pictures, N_TIMED_CALLS, N_WARMUP_CALLS,
                               NULL, err);
    }
    free(floats);
    free(bytes);
    free(entries);
    return status;
}

static enum ev_status measure_latencies(struct drive *drive, struct ev_error *err)
{
    const struct ev_drive_args *args = drive->args;
    const size_t n_backends = args->n_backends;
    struct ev_model_driver **models = calloc(n_backends, sizeof *models);
    float *samples_ns = malloc(n_backends * N_TIMED_CALLS * sizeof *samples_ns);
    enum ev_status status = EV_OK;

    drive->n_latencies = N_TIMED_CALLS;
    drive->latencies_s = malloc(n_backends * N_TIMED_CALLS * sizeof *drive->latencies_s);
    if (!models || !samples_ns || !drive->latencies_s)
        status = out_of_memory(err);
    for (size_t b = 0; b < n_backends && status == EV_OK; b++)
        status = ev_model_driver_open(&args->backends[b], args, args->n_threads, &models[b], err);
    if (status == EV_OK)
        status = time_models(drive, models, samples_ns, err);
    for (size_t b = 0; b < n_backends && status == EV_OK; b++) {
        float *samples = samples_ns + b * N_TIMED_CALLS;
        for (size_t i = 0; i < N_TIMED_CALLS; i++)
            drive->latencies_s[b * N_TIMED_CALLS + i] = samples[i] / 1e9;
        ev_stats_sort(samples, N_TIMED_CALLS);
        drive->result->latency_s[b] = ev_stats_median(samples, N_TIMED_CALLS) / 1e9;
        drive->result->latency_p99_s[b] = ev_stats_percentile(samples, N_TIMED_CALLS, 99) / 1e9;
    }
    for (size_t b = 0; models && b < n_backends; b++)
        ev_model_driver_close(models[b]);
    free(models);
    free(samples_ns);
    return status;
}

static enum ev_status choose_latencies(struct drive *drive, struct ev_error *err)
{
    const struct ev_drive_args *args = drive->args;

    drive->result->latency_s = calloc(args->n_backends, sizeof *drive->result->latency_s);
    drive->result->latency_p99_s = calloc(args->n_backends, sizeof *drive->result->latency_p99_s);
    if (!drive->result->latency_s || !drive->result->latency_p99_s)
        return out_of_memory(err);
    if (args->latency_s < 0.0)
        return measure_latencies(drive, err);
    drive->n_latencies = 1;
    drive->latencies_s = malloc(args->n_backends * sizeof *drive->latencies_s);
    if (!drive->latencies_s)
        return out_of_memory(err);
    for (size_t b = 0; b < args->n_backends; b++)
        drive->latencies_s[b] = drive->result->latency_s[b] = drive->result->latency_p99_s[b] =
            args->latency_s;
    return EV_OK;
}

/* --- The laps --- */

static enum ev_status drive_job(struct drive *drive, int64_t job, int thread, struct ev_error *err)
{
    const struct ev_drive_args *args = drive->args;
    const struct ev_drive_run *run = &drive->result->runs[job / args->n_laps];
    const int64_t lap = job % args->n_laps;
    const struct ev_driver driver =
        ev_model_driver_as_driver(drive->drivers[(size_t)thread * args->n_backends + run->backend]);
    const struct ev_lap_args lap_args = {
        .track = args->tracks[run->track],
        .direction = run->direction,
        .seed = args->seed,
        .lap = lap,
        .lag_s = args->lag_s,
        .perturb = args->perturb,
        .latencies_s = drive->latencies_s + (int64_t)run->backend * drive->n_latencies,
        .n_latencies = drive->n_latencies,
    };

    return ev_lap_drive(&lap_args, &driver, &run->laps[lap], err);
}

/* Threads take jobs as they come; progress is the first thread's. */
static enum ev_status drive_laps(struct drive *drive, struct ev_error *err)
{
    const int64_t n_jobs = (int64_t)drive->result->n_runs * drive->args->n_laps;
    struct ev_progress progress;
    enum ev_status status = EV_OK;
    int64_t next = 0, n_done = 0;

    ev_progress_start(&progress, "drive", "laps", n_jobs);
#pragma omp parallel num_threads(drive->n_threads)
    {
        const int thread = omp_get_thread_num();
        for (;;) {
            struct ev_error own = EV_ERROR_INIT;
            int64_t job, done;
            enum ev_status seen;
#pragma omp atomic capture
            job = next++;
#pragma omp atomic read
            seen = status;
            if (job >= n_jobs || seen != EV_OK)
                break;
            enum ev_status result = drive_job(drive, job, thread, &own);
            if (result != EV_OK) {
#pragma omp critical(ev_drive_failure)
                *err = own;
#pragma omp atomic write
                status = result;
            }
            if (result != EV_OK || ev_interrupted())
                continue;
#pragma omp atomic capture
            done = ++n_done;
            if (thread == 0)
                ev_progress_update(&progress, done, NULL);
        }
    }
    ev_progress_update(&progress, n_done, NULL);
    ev_progress_finish(&progress);
    drive->result->interrupted = ev_interrupted();
    return status;
}

enum ev_status ev_drive_run_all(const struct ev_drive_args *args, struct ev_drive_result *result,
                                struct ev_error *err)
{
    struct drive drive = {.args = args, .result = result};

    *result = (struct ev_drive_result){.args = args};
    enum ev_status status = plan(args, result, err);
    if (status == EV_OK)
        status = choose_latencies(&drive, err);
    if (status == EV_OK)
        status = open_drivers(&drive, err);
    if (status == EV_OK)
        status = drive_laps(&drive, err);
    close_drivers(&drive);
    free(drive.latencies_s);
    if (status != EV_OK)
        ev_drive_result_free(result);
    return status;
}

void ev_drive_result_free(struct ev_drive_result *result)
{
    for (size_t i = 0; i < result->n_runs; i++) {
        for (int64_t lap = 0; lap < result->args->n_laps; lap++)
            ev_lap_free(&result->runs[i].laps[lap]);
        free(result->runs[i].laps);
    }
    free(result->runs);
    free(result->latency_s);
    free(result->latency_p99_s);
    *result = (struct ev_drive_result){0};
}

void ev_drive_run_name(const struct ev_drive_result *result, const struct ev_drive_run *run,
                       const char *separator, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s", result->args->tracks[run->track]->name,
             run->direction < 0 ? separator : "", run->direction < 0 ? "reverse" : "");
}
