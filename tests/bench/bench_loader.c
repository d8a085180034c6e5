/* SPDX-License-Identifier: MIT */
/*
 * The loader against what people use, on one set of rendered pictures from the page cache: plain
 * and deflated. Each round measures every way; a bar is a ratio within a round, and its median over
 * the rounds counts.
 *
 *     bytes        batches of 1024 as uint8            at least 0.9 of dd with blocks of 4 MiB
 *     floats       the same as normalised float32      at least 25 times a DataLoader over h5py,
 * with a worker a core; without them it is shown deflated     as uint8 from deflated chunks at
 * least 5 times h5py shuffled     rows in any order, batches of 32    at least half of `bytes`
 *
 * The ways of Python need torch, numpy and h5py in $EVALRUN_PYTHON, or python3; without them their
 * bars are left out, with exit code 77 where all others hold.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/rng.h"
#include "bench/bench_support.h"
#include "render/render.h"
#include "set/set.h"

#define N_ROWS       (16 * 1024)
#define BATCH_ROWS   1024
#define SHUFFLE_ROWS 32
#define DEPTH        2
#define N_ROUNDS     5
#define N_REPEATS    3 /* of our ways in a round; the fastest counts, as with those of Python */

enum way {
    DD,
    H5DREAD,
    BYTES,
    FLOATS,
    DEFLATED,
    SHUFFLED,
    H5PY,
    H5PY_DEFLATED,
    DATALOADER,
    DATALOADER_ALONE,
    N_WAYS
};

static const char *const names[N_WAYS] = {
    "dd bs=4M",         "H5Dread",     "loader, uint8", "loader, float32", "loader, deflated",
    "loader, shuffled", "h5py slices", "h5py deflated", "DataLoader",      "DataLoader alone",
};

static const struct {
    enum way way, against;
    double bar;
} bars[] = {{BYTES, DD, 0.9},
            {FLOATS, DATALOADER, 25.0},
            {DEFLATED, H5PY_DEFLATED, 5.0},
            {SHUFFLED, BYTES, 0.5}};
#define N_BARS (sizeof bars / sizeof bars[0])

static struct ev_error err = EV_ERROR_INIT;
static char plain_path[512], deflated_path[512];

static void remove_sets(void)
{
    unlink(plain_path);
    unlink(deflated_path);
}

static void make_sets(void)
{
    const char *base = getenv("TMPDIR");
    struct ev_render_args args = {
        .circuit = "simple", .n_frames = N_ROWS, .perturb = true, .n_threads = ev_host_cores()};

    snprintf(plain_path, sizeof plain_path, "%s/evalrun-loader-%ld.h5", base ? base : "/tmp",
             (long)getpid());
    snprintf(deflated_path, sizeof deflated_path, "%s/evalrun-loader-%ld-deflated.h5",
             base ? base : "/tmp", (long)getpid());
    atexit(remove_sets);
    if (ev_render_set(&args, plain_path, &err) != EV_OK)
        ev_bench_die("set", err.message);
    args.chunk_rows = 32;
    args.deflate_level = 4; /* h5py's */
    if (ev_render_set(&args, deflated_path, &err) != EV_OK)
        ev_bench_die("set", err.message);
}

static struct ev_set *open_set(const char *path)
{
    struct ev_set *set;

    if (ev_set_open(path, NULL, &set, &err) != EV_OK)
        ev_bench_die("set", err.message);
    return set;
}

static double rate_of(int64_t start_ns)
{
    return N_ROWS * 1e9 / (double)(ev_clock_ns() - start_ns);
}

static double run_stream(struct ev_set *set, enum ev_form form)
{
    const struct ev_stream_args args = {form, BATCH_ROWS, DEPTH, ev_host_cores(), 0};
    struct ev_stream_batch read;
    struct ev_stream *stream;

    int64_t start_ns = ev_clock_ns(); /* readers start with the stream */
    if (ev_stream_open(set, &args, &stream, &err) != EV_OK)
        ev_bench_die("stream", err.message);
    do {
        if (ev_stream_next(stream, &read, &err) != EV_OK)
            ev_bench_die("stream", err.message);
    } while (read.batch.n_rows > 0);
    double rate = rate_of(start_ns);
    ev_stream_close(stream);
    return rate;
}

static double run_shuffled(struct ev_set *set)
{
    uint8_t *images =
        malloc(SHUFFLE_ROWS * ev_set_picture_bytes(ev_set_info(set), EV_FORM_U8_NHWC));
    struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, 0);
    int64_t rows[SHUFFLE_ROWS];

    if (!images)
        ev_bench_die("shuffled", "out of memory");
    int64_t start_ns = ev_clock_ns();
    for (int i = 0; i < N_ROWS / SHUFFLE_ROWS; i++) {
        for (int k = 0; k < SHUFFLE_ROWS; k++)
            rows[k] = (int64_t)ev_rng_below(&rng, N_ROWS);
        if (ev_set_read_rows(set, EV_FORM_U8_NHWC, rows, SHUFFLE_ROWS, images, &err) != EV_OK)
            ev_bench_die("shuffled", err.message);
    }
    double rate = rate_of(start_ns);
    free(images);
    return rate;
}

/* What a program without a loader does: slices of the dataset into memory that it has. */
static double run_h5dread(void)
{
    hid_t file = H5Fopen(plain_path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset);
    hsize_t start[4] = {0}, count[4];
    H5Sget_simple_extent_dims(space, count, NULL);
    count[0] = BATCH_ROWS;
    hid_t memory = H5Screate_simple(4, count, NULL);
    uint8_t *images = malloc((size_t)(count[0] * count[1] * count[2] * count[3]));
    int64_t start_ns = ev_clock_ns();

    for (start[0] = 0; images && start[0] < N_ROWS; start[0] += BATCH_ROWS) {
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
        if (H5Dread(dataset, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, images) < 0)
            ev_bench_die(plain_path, "H5Dread fails");
    }
    double rate = rate_of(start_ns);
    free(images);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
    return rate;
}

/* dd says how long it took, its own start not counted. */
static double run_dd(void)
{
    char command[700], line[256];
    double bytes = 0, seconds = 0;

    snprintf(command, sizeof command, "LC_ALL=C dd if='%s' of=/dev/null bs=4M 2>&1", plain_path);
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe)) {
        const char *copied = strstr(line, " copied, ");
        if (copied && sscanf(line, "%lf", &bytes) == 1)
            (void)sscanf(copied, " copied, %lf s", &seconds);
    }
    if (!pipe || pclose(pipe) != 0 || seconds <= 0)
        ev_bench_die("dd", "cannot be run");
    return bytes / seconds / (66.0 * 200.0 * 3.0);
}

/* The rates of Python's ways; false where it cannot run. */
static bool run_python(double rates[N_WAYS])
{
    const char *python = getenv("EVALRUN_PYTHON");
    char command[2048], line[512];

    snprintf(command, sizeof command, "'%s' '%s/bench_loader.py' '%s' '%s' %d %d",
             python ? python : "python3", EV_BENCH_FOLDER, plain_path, deflated_path, BATCH_ROWS,
             (int)ev_host_cores());
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe))
        (void)(sscanf(line, "slices %lf", &rates[H5PY]) ||
               sscanf(line, "deflated %lf", &rates[H5PY_DEFLATED]) ||
               sscanf(line, "dataloader %lf %lf", &rates[DATALOADER], &rates[DATALOADER_ALONE]));
    return pipe && pclose(pipe) == 0;
}

static double best(double a, double b)
{
    return a > b ? a : b;
}

static void run_ours(struct ev_set *plain, struct ev_set *deflated, double rates[N_WAYS])
{
    for (int i = 0; i < N_REPEATS; i++) {
        rates[DD] = best(rates[DD], run_dd());
        rates[BYTES] = best(rates[BYTES], run_stream(plain, EV_FORM_U8_NHWC));
        rates[H5DREAD] = best(rates[H5DREAD], run_h5dread());
        rates[FLOATS] = best(rates[FLOATS], run_stream(plain, EV_FORM_F32_NCHW));
        rates[DEFLATED] = best(rates[DEFLATED], run_stream(deflated, EV_FORM_U8_NHWC));
        rates[SHUFFLED] = best(rates[SHUFFLED], run_shuffled(plain));
    }
}

static bool judge(size_t bar, double ratios[N_ROUNDS])
{
    double median = ev_bench_median(ratios, N_ROUNDS);

    printf("%-18s / %-18s  median %6.2f, at least %4.1f\n", names[bars[bar].way],
           names[bars[bar].against], median, bars[bar].bar);
    return median >= bars[bar].bar;
}

int main(void)
{
    double ratios[N_BARS][N_ROUNDS];
    bool has_python = true, good = true;

    setvbuf(stdout, NULL, _IOLBF, 0);
    ev_memory_keep();
    ev_progress_set_quiet(true);
    make_sets();
    struct ev_set *plain = open_set(plain_path), *deflated = open_set(deflated_path);
    for (int round = 0; round < N_ROUNDS; round++) {
        double rates[N_WAYS] = {0};
        run_ours(plain, deflated, rates);
        has_python = has_python && run_python(rates);
        for (int way = 0; way < (has_python ? N_WAYS : H5PY); way++)
            printf("round %d  %-18s %8.0f images/s\n", round + 1, names[way], rates[way]);
        for (size_t bar = 0; bar < N_BARS; bar++)
            ratios[bar][round] = rates[bars[bar].way] / rates[bars[bar].against];
    }
    for (size_t bar = 0; bar < N_BARS; bar++) {
        if (has_python || bars[bar].against < H5PY)
            good = judge(bar, ratios[bar]) && good;
    }
    if (!has_python)
        printf("skipped: no python3 with torch, numpy and h5py (set EVALRUN_PYTHON)\n");
    ev_set_close(plain);
    ev_set_close(deflated);
    return !good ? 1 : has_python ? 0 : EV_BENCH_CANNOT_TELL;
}
