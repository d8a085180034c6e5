/* SPDX-License-Identifier: MIT */
/*
 * Simulated over wall time of the closed loop: the static model on montreal with one thread, the
 * camera's pictures included. The median of the laps must be at least 10.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/progress.h"
#include "bench/bench_support.h"
#include "drive/drive.h"

#define N_LAPS 5
#define BAR    10.0

int main(void)
{
    char *model_path = ev_bench_model("static");
    struct ev_eval_backend backend = {"static", NULL, model_path, 0};
    struct ev_track *track;
    struct ev_drive_result result;
    struct ev_error err = EV_ERROR_INIT;
    double ratios[N_LAPS];

    ev_memory_keep();
    ev_progress_set_quiet(true);
    if (ev_engine_find("torch", &backend.engine, &err) != EV_OK ||
        ev_track_open("montreal", &track, &err) != EV_OK)
        ev_bench_die("drive", err.message);
    const struct ev_drive_args args = {
        .backends = &backend,
        .n_backends = 1,
        .tracks = &track,
        .n_tracks = 1,
        .directions = EV_DRIVE_FORWARD,
        .n_laps = N_LAPS,
        .seed = 1,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = 1,
    };
    if (ev_drive_run_all(&args, &result, &err) != EV_OK)
        ev_bench_die("drive", err.message);
    for (int i = 0; i < N_LAPS; i++) {
        const struct ev_lap *lap = &result.runs[0].laps[i];
        ratios[i] = lap->time_s * 1e9 / (double)lap->wall_ns;
        printf("lap of %.1f s: %.1f times real time\n", lap->time_s, ratios[i]);
    }
    double median = ev_bench_median(ratios, N_LAPS);
    printf("median ratio %.1f, at least %.0f\n", median, BAR);
    ev_drive_result_free(&result);
    ev_track_close(track);
    free(model_path);
    return median >= BAR ? 0 : 1;
}
