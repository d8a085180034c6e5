/* SPDX-License-Identifier: MIT */
/* From laps to figures. */
#include "drive/drive_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/stats.h"

#define N_RESAMPLES 2000

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* Mean and p99 of n samples, in ms; sorts them. */
static void sum_up_inferences(float *samples_ns, int64_t n, double *mean_ms, double *p99_ms)
{
    *mean_ms = *p99_ms = NAN;
    if (n == 0)
        return;
    ev_stats_sort(samples_ns, n);
    *mean_ms = ev_stats_mean(samples_ns, n) / 1e6;
    *p99_ms = ev_stats_percentile(samples_ns, n, 99) / 1e6;
}

/* The samples of n laps, one after the other, malloc'ed. */
static enum ev_status gather(const struct ev_lap *laps, int64_t n_laps, float **samples_ns,
                             int64_t *n, struct ev_error *err)
{
    *n = 0;
    for (int64_t i = 0; i < n_laps; i++)
        *n += laps[i].n_inferences;
    *samples_ns = malloc((size_t)(*n + 1) * sizeof **samples_ns);
    if (!*samples_ns)
        return out_of_memory(err);
    float *at = *samples_ns;
    for (int64_t i = 0; i < n_laps; i++) {
        if (laps[i].n_inferences > 0)
            memcpy(at, laps[i].inference_ns, (size_t)laps[i].n_inferences * sizeof *at);
        at += laps[i].n_inferences;
    }
    return EV_OK;
}

enum ev_status ev_lap_figures_of(const struct ev_lap *lap, struct ev_lap_figures *figures,
                                 struct ev_error *err)
{
    const double wall_s = (double)lap->wall_ns / 1e9;
    float *samples_ns;
    int64_t n;
    enum ev_status status = gather(lap, 1, &samples_ns, &n, err);

    if (status != EV_OK)
        return status;
    *figures = (struct ev_lap_figures){
        .completed = lap->end == EV_LAP_COMPLETED,
        .completed_percent = 100.0 * lap->completed_m / lap->length_m,
        .lap_time_s = lap->end == EV_LAP_COMPLETED ? lap->time_s : NAN,
        .speed_mps = lap->time_s > 0 ? lap->driven_m / lap->time_s : NAN,
        .brain_hz = wall_s > 0 ? (double)lap->n_inferences / wall_s : NAN,
        .real_time_factor = wall_s > 0 ? lap->time_s / wall_s : NAN,
    };
    sum_up_inferences(samples_ns, n, &figures->inference_mean_ms, &figures->inference_p99_ms);
    free(samples_ns);
    return EV_OK;
}

/* 95 % interval of the mean of the laps' deviations. */
static enum ev_status bootstrap(const struct ev_drive_result *result,
                                const struct ev_drive_run *run, struct ev_drive_figures *figures,
                                struct ev_error *err)
{
    const int64_t n = result->args->n_laps;
    double *means = calloc(N_RESAMPLES, sizeof *means);

    figures->deviation_low_m = figures->deviation_high_m = NAN;
    if (!means)
        return out_of_memory(err);
    for (int i = 0; i < N_RESAMPLES && n > 1; i++) {
        struct ev_rng rng = ev_rng_at(result->args->seed, EV_RNG_RESAMPLE, (uint64_t)i);
        for (int64_t k = 0; k < n; k++)
            means[i] += run->laps[ev_rng_below(&rng, (uint64_t)n)].deviation_mae_m / (double)n;
    }
    if (n > 1) {
        ev_stats_sort_doubles(means, N_RESAMPLES);
        figures->deviation_low_m = means[N_RESAMPLES * 25 / 1000];
        figures->deviation_high_m = means[N_RESAMPLES * 975 / 1000 - 1];
    }
    free(means);
    return EV_OK;
}

static enum ev_status add_lap(struct ev_drive_figures *sums, const struct ev_lap *lap,
                              struct ev_error *err)
{
    struct ev_lap_figures lap_figures;
    enum ev_status status = ev_lap_figures_of(lap, &lap_figures, err);

    if (status != EV_OK)
        return status;
    sums->n_laps++;
    if (lap_figures.completed) {
        sums->n_completed++;
        sums->lap_time_s += lap->time_s;
    }
    sums->completed_m += lap->completed_m;
    sums->completed_percent += lap_figures.completed_percent;
    sums->speed_mps += isfinite(lap_figures.speed_mps) ? lap_figures.speed_mps : 0.0;
    sums->deviation_mae_m += lap->deviation_mae_m;
    sums->deviation_max_m = fmax(sums->deviation_max_m, lap->deviation_max_m);
    sums->deviation_weighted += lap->deviation_weighted;
    sums->off_asphalt_s += lap->off_asphalt_s;
    sums->brain_hz += lap_figures.brain_hz;
    sums->real_time_factor += lap_figures.real_time_factor;
    if (!sums->worst || lap->completed_m < sums->worst->completed_m)
        sums->worst = lap;
    return EV_OK;
}

enum ev_status ev_drive_figures_of(const struct ev_drive_result *result,
                                   const struct ev_drive_run *run, struct ev_drive_figures *figures,
                                   struct ev_error *err)
{
    const double n = (double)result->args->n_laps;
    float *samples_ns = NULL;
    int64_t n_samples;
    enum ev_status status = EV_OK;

    *figures = (struct ev_drive_figures){0};
    for (int64_t i = 0; i < result->args->n_laps && status == EV_OK; i++)
        status = add_lap(figures, &run->laps[i], err);
    if (status == EV_OK)
        status = bootstrap(result, run, figures, err);
    if (status == EV_OK)
        status = gather(run->laps, result->args->n_laps, &samples_ns, &n_samples, err);
    if (status != EV_OK)
        return status;
    sum_up_inferences(samples_ns, n_samples, &figures->inference_mean_ms,
                      &figures->inference_p99_ms);
    free(samples_ns);
    figures->lap_time_s =
        figures->n_completed > 0 ? figures->lap_time_s / (double)figures->n_completed : NAN;
    double *const means[] = {&figures->completed_m,        &figures->completed_percent,
                             &figures->speed_mps,          &figures->deviation_mae_m,
                             &figures->deviation_weighted, &figures->off_asphalt_s,
                             &figures->brain_hz,           &figures->real_time_factor};
    for (size_t i = 0; i < sizeof means / sizeof *means; i++)
        *means[i] /= n;
    return EV_OK;
}
