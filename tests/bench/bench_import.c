/* SPDX-License-Identifier: MIT */
/*
 * An import of 320x160 JPEG files into a set, with all cores, against a bare loop that decodes the
 * same files from memory with as many threads: what reading, resizing, writing and the digest cost
 * on top. Both run in turn; the median of the rounds' ratios must be at most 4. The rate itself
 * is printed; 1,200 pictures a second on 2 cores are wanted.
 */
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/rng.h"
#include "bench/bench_support.h"
#include "import/import.h"
#include "support/ev_test_picture.h"

#define HEIGHT   160
#define WIDTH    320
#define N_FILES  200
#define N_ROWS   2000
#define N_ROUNDS 9
#define BAR      4.0

static char folder[256];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* A picture with slopes, edges and a little noise, which takes as many bytes as one of a road. */
static struct ev_test_file make_jpeg(uint64_t number)
{
    struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, number);
    uint8_t *pixels = malloc(HEIGHT * WIDTH * 3);
    double phase = 0.1 * (double)number;

    if (!pixels)
        ev_bench_die("jpeg", "out of memory");
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        double x = i % WIDTH, y = i / (double)WIDTH;
        double level = 110 + 50 * sin(x / 23 + phase) + 30 * cos(y / 11) + (x > y + 80 ? 40 : 0);
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = (uint8_t)(level - 15 * c + 10 * ev_rng_uniform(&rng));
    }
    struct ev_test_file file = ev_test_jpeg(pixels, HEIGHT, WIDTH, 3, false);
    free(pixels);
    return file;
}

/* Writes the pictures and a log of N_ROWS rows that name them in turn; returns the log's path. */
static const char *make_log(struct ev_test_file *files)
{
    static char log[300];
    char path[300];
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/evalrun-bench-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder))
        ev_bench_die(folder, "cannot be made");
    atexit(remove_folder);
    for (int i = 0; i < N_FILES; i++) {
        files[i] = make_jpeg((uint64_t)i);
        snprintf(path, sizeof path, "%s/%d.jpg", folder, i);
        ev_test_write_file(path, &files[i], files[i].n_bytes);
    }
    snprintf(log, sizeof log, "%s/log.csv", folder);
    FILE *out = fopen(log, "w");
    if (!out)
        ev_bench_die(log, "cannot be written");
    fprintf(out, "center,steering\n");
    for (int i = 0; i < N_ROWS; i++)
        fprintf(out, "%d.jpg,0\n", i % N_FILES);
    if (fclose(out) != 0)
        ev_bench_die(log, "cannot be written");
    return log;
}

/* Pictures per second of an import. */
static double run_import(const char *log)
{
    char out[300];
    struct ev_import_result result;
    struct ev_error err = EV_ERROR_INIT;

    snprintf(out, sizeof out, "%s/out.h5", folder);
    const struct ev_import_args args = {
        .source = log,
        .out = out,
        .height = ev_bench_shape.height,
        .width = ev_bench_shape.width,
        .n_threads = ev_host_cores(),
    };
    int64_t start_ns = ev_clock_ns();
    if (ev_import_run(&args, &result, &err) != EV_OK)
        ev_bench_die("import", err.message);
    return N_ROWS / ((double)(ev_clock_ns() - start_ns) / 1e9);
}

/* Pictures per second of the decoder alone. */
static double run_bare(const struct ev_test_file *files)
{
    const int32_t n_threads = ev_host_cores();
    int64_t start_ns = ev_clock_ns();
    int n_failed = 0;

#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads) reduction(+ : n_failed)
    for (int i = 0; i < N_ROWS; i++) {
        const struct ev_test_file *file = &files[i % N_FILES];
        struct ev_picture picture;
        n_failed += ev_picture_decode(file->bytes, file->n_bytes, "jpeg", &picture, NULL) != EV_OK;
        ev_picture_free(&picture);
    }
    if (n_failed > 0)
        ev_bench_die("jpeg", "cannot be decoded");
    return N_ROWS / ((double)(ev_clock_ns() - start_ns) / 1e9);
}

int main(void)
{
    static struct ev_test_file files[N_FILES];
    double ratios[N_ROUNDS], rates[N_ROUNDS];

    ev_memory_keep();
    ev_progress_set_quiet(true);
    const char *log = make_log(files);
    (void)run_import(log);
    for (int round = 0; round < N_ROUNDS; round++) {
        double bare = run_bare(files);
        rates[round] = run_import(log);
        ratios[round] = bare / rates[round];
        printf("import %.0f images/s, decoder alone %.0f images/s, ratio %.2f\n", rates[round],
               bare, ratios[round]);
    }
    double median = ev_bench_median(ratios, N_ROUNDS);
    printf("median %.0f images/s of %zu bytes on %d cores, ratio %.2f, at most %.1f\n",
           ev_bench_median(rates, N_ROUNDS), files[0].n_bytes, (int)ev_host_cores(), median, BAR);
    for (int i = 0; i < N_FILES; i++)
        free(files[i].bytes);
    return median <= BAR ? 0 : 1;
}
