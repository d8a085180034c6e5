/* SPDX-License-Identifier: MIT */
/* Sets, models and medians for the benchmarks. */
#include "bench/bench_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/host.h"
#include "base/rng.h"
#include "set/set.h"

#define ROWS_AT_A_TIME 256

const struct ev_shape ev_bench_shape = {66, 200, 3};

static char set_path[512];

struct ev_eval_args ev_bench_args(const struct ev_eval_backend *backend,
                                  const struct ev_eval_set *set, int64_t batch_rows)
{
    return (struct ev_eval_args){
        .backends = backend,
        .n_backends = 1,
        .sets = set,
        .n_sets = 1,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = ev_host_cores(),
        .batch_rows = batch_rows,
    };
}

void ev_bench_die(const char *what, const char *message)
{
    fprintf(stderr, "%s: %s\n", what, message);
    exit(3);
}

char *ev_bench_model(const char *name)
{
    char relative[64];
    char *path;

    snprintf(relative, sizeof relative, "results/models/%s.pt", name);
    path = ev_path_data(relative);
    if (!path)
        ev_bench_die(relative, "out of memory");
    if (!ev_file_exists(path)) {
        printf("skipped: no %s\n", path);
        exit(EV_BENCH_CANNOT_TELL);
    }
    return path;
}

static void remove_set(void)
{
    unlink(set_path);
}

/* Fills pictures (n, H, W, C) uint8 and labels (n, 2) of the rows from `first`. */
static void fill(int64_t first, int64_t n, size_t n_picture, uint8_t *pictures, float *labels)
{
    for (int64_t row = 0; row < n; row++) {
        struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, (uint64_t)(first + row));
        uint8_t *picture = pictures + (size_t)row * n_picture;
        for (size_t i = 0; i < n_picture; i += 8) {
            uint64_t bits = ev_rng_u64(&rng);
            for (size_t k = 0; k < 8; k++)
                picture[i + k] = (uint8_t)(bits >> (8 * k));
        }
        labels[2 * row] = (float)ev_rng_uniform(&rng);
        labels[2 * row + 1] = (float)ev_rng_uniform(&rng);
    }
}

const char *ev_bench_set(int64_t n_rows)
{
    const size_t n_picture = (size_t)ev_bench_shape.height * (size_t)ev_bench_shape.width *
                             (size_t)ev_bench_shape.channels;
    const char *base = getenv("TMPDIR");
    struct ev_set_spec spec = {
        .n_rows = n_rows,
        .shape = ev_bench_shape,
        .n_outputs = 2,
        .columns = {{"v", "m/s", 0, 1}, {"w", "rad/s", 0, 1}},
        .circuit = "noise",
        .provenance = "{}",
    };
    struct ev_set_writer *writer;
    struct ev_error err = EV_ERROR_INIT;
    uint8_t *pictures = malloc(ROWS_AT_A_TIME * n_picture);
    float labels[ROWS_AT_A_TIME * 2];

    snprintf(set_path, sizeof set_path, "%s/evalrun-bench-%ld.h5", base ? base : "/tmp",
             (long)getpid());
    if (!pictures)
        ev_bench_die(set_path, "out of memory");
    if (ev_set_writer_open(set_path, &spec, &writer, &err) != EV_OK)
        ev_bench_die("set", err.message);
    atexit(remove_set);
    for (int64_t first = 0; first < n_rows; first += ROWS_AT_A_TIME) {
        int64_t n = n_rows - first < ROWS_AT_A_TIME ? n_rows - first : ROWS_AT_A_TIME;
        fill(first, n, n_picture, pictures, labels);
        if (ev_set_writer_append(writer, n, pictures, labels, NULL, &err) != EV_OK)
            ev_bench_die("set", err.message);
    }
    if (ev_set_writer_commit(writer, &err) != EV_OK)
        ev_bench_die("set", err.message);
    free(pictures);
    return set_path;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double ev_bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}
