/* SPDX-License-Identifier: MIT */
/*
 * The static model at batch 1024 from the HDF5 file to the mean squared error, against Python's
 * torch.jit with the same model and file (bench_python.py). Rounds of both take turns; of Python
 * the faster way counts, the model alone on float pictures in memory or the way from the file. The
 * ratio must be at least 2.3.
 *
 * Runs where $EVALRUN_PYTHON, or python3, has torch, numpy and h5py; else exits with 77.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/progress.h"
#include "bench/bench_support.h"
#include "eval/eval.h"

#define N_ROWS     (4 * 1024)
#define BATCH_ROWS 1024
#define N_ROUNDS   7
#define N_REPEATS  2 /* of each way in a round, as in bench_python.py; the fastest counts */
#define BAR        2.3

/* Pictures per second of Python; ends the program with 77 where it cannot run. */
static double run_python(const char *model_path, const char *set_path)
{
    const char *python = getenv("EVALRUN_PYTHON");
    char command[2048];
    char line[512] = "";
    double rate = 0;

    snprintf(command, sizeof command, "'%s' '%s/bench_python.py' '%s' '%s' %d %d",
             python ? python : "python3", EV_BENCH_FOLDER, model_path, set_path, BATCH_ROWS,
             (int)ev_host_cores());
    FILE *pipe = popen(command, "r");
    if (!pipe)
        ev_bench_die("python", "cannot be started");
    while (fgets(line, sizeof line, pipe)) {
        double value;
        fputs(line, stdout);
        if (sscanf(line, "python %*s %lf images/s", &value) == 1 && value > rate)
            rate = value;
    }
    if (pclose(pipe) != 0 || rate <= 0) {
        printf("skipped: no python3 with torch, numpy and h5py (set EVALRUN_PYTHON)\n");
        exit(EV_BENCH_CANNOT_TELL);
    }
    return rate;
}

static double run_evalrun(const struct ev_eval_args *args)
{
    struct ev_result result;
    struct ev_error err = EV_ERROR_INIT;
    double rate = 0, mse = NAN;

    for (int repeat = 0; repeat < N_REPEATS; repeat++) {
        ev_result_init(&result);
        if (ev_eval_run(args, &result, &err) != EV_OK)
            ev_bench_die("evalrun", err.message);
        const struct ev_result_row *row = ev_result_find(&result, "static", "noise");
        if (row && row->images_per_s > rate)
            rate = row->images_per_s;
        mse = row ? row->all.mse_norm : NAN;
        ev_result_free(&result);
    }
    printf("evalrun file-to-mse %.0f images/s mse %.9g\n", rate, mse);
    return rate;
}

int main(void)
{
    char *model_path = ev_bench_model("static");
    const char *set_path = ev_bench_set(N_ROWS);
    struct ev_eval_backend backend = {"static", NULL, model_path, 0};
    const struct ev_eval_set set = {"noise", set_path, NULL};
    const struct ev_eval_args args = ev_bench_args(&backend, &set, BATCH_ROWS);
    struct ev_error err = EV_ERROR_INIT;
    double ratios[N_ROUNDS];

    setvbuf(stdout, NULL, _IOLBF, 0);
    ev_memory_keep();
    ev_progress_set_quiet(true);
    if (ev_engine_find("torch", &backend.engine, &err) != EV_OK)
        ev_bench_die("engine", err.message);
    for (int round = 0; round < N_ROUNDS; round++) {
        double python = run_python(model_path, set_path);
        ratios[round] = run_evalrun(&args) / python;
    }
    double median = ev_bench_median(ratios, N_ROUNDS);
    printf("median ratio %.2f, at least %.1f\n", median, BAR);
    free(model_path);
    return median >= BAR ? 0 : 1;
}
