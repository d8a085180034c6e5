/* SPDX-License-Identifier: MIT */
/*
 * Deflated chunks of rendered pictures, as HDF5 writes them, inflated in pairs on one core, against
 * libdeflate with one after the other, in turn. The median of the rounds' ratios must be at least
 * 1.35.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>
#include <libdeflate.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/progress.h"
#include "bench/bench_support.h"
#include "render/render.h"
#include "set/inflate.h"

#define N_CHUNKS    32
#define CHUNK_ROWS  32
#define CHUNK_BYTES ((size_t)CHUNK_ROWS * 66 * 200 * 3)
#define N_ROUNDS    15
#define BAR         1.35

static struct ev_error err = EV_ERROR_INIT;
static char path[512];

static void remove_set(void)
{
    unlink(path);
}

static void make_set(void)
{
    const char *base = getenv("TMPDIR");
    const struct ev_render_args args = {.circuit = "simple",
                                        .n_frames = N_CHUNKS * CHUNK_ROWS,
                                        .perturb = true,
                                        .n_threads = ev_host_cores(),
                                        .chunk_rows = CHUNK_ROWS,
                                        .deflate_level = 4}; /* h5py's */

    snprintf(path, sizeof path, "%s/evalrun-inflate-%ld.h5", base ? base : "/tmp", (long)getpid());
    atexit(remove_set);
    if (ev_render_set(&args, path, &err) != EV_OK)
        ev_bench_die("set", err.message);
}

static void read_chunks(struct ev_inflate_job jobs[N_CHUNKS])
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);

    for (hsize_t i = 0; i < N_CHUNKS; i++) {
        const hsize_t offset[4] = {i * CHUNK_ROWS};
        hsize_t size = 0;
        uint32_t skipped;
        if (H5Dget_chunk_storage_size(dataset, offset, &size) < 0)
            ev_bench_die(path, "has no such chunk");
        uint8_t *packed = malloc(size);
        if (!packed || H5Dread_chunk(dataset, H5P_DEFAULT, offset, &skipped, packed) < 0)
            ev_bench_die(path, "a chunk cannot be read");
        jobs[i] = (struct ev_inflate_job){packed, size, NULL, CHUNK_BYTES, false};
    }
    H5Dclose(dataset);
    H5Fclose(file);
}

int main(void)
{
    struct ev_inflate_job jobs[N_CHUNKS];
    struct libdeflate_decompressor *single = libdeflate_alloc_decompressor();
    struct ev_inflater *pair = ev_inflater_open();
    uint8_t *bytes = malloc(2 * CHUNK_BYTES);
    double ratios[N_ROUNDS];

    ev_progress_set_quiet(true);
    if (!single || !pair || !bytes)
        ev_bench_die("inflate", "out of memory");
    memset(bytes, 0, 2 * CHUNK_BYTES);
    make_set();
    read_chunks(jobs);
    for (int round = 0; round < N_ROUNDS; round++) {
        int64_t single_ns = 0, pair_ns = 0;
        for (int i = 0; i < N_CHUNKS; i += 2) {
            const int64_t start_ns = ev_clock_ns();
            for (int k = 0; k < 2; k++) {
                jobs[i + k].bytes = bytes + (size_t)k * CHUNK_BYTES;
                if (libdeflate_zlib_decompress(single, jobs[i + k].packed, jobs[i + k].n_packed,
                                               jobs[i + k].bytes, CHUNK_BYTES,
                                               NULL) != LIBDEFLATE_SUCCESS)
                    ev_bench_die("libdeflate", "refuses a chunk");
            }
            const int64_t between_ns = ev_clock_ns();
            ev_inflate_pair(pair, jobs + i);
            pair_ns += ev_clock_ns() - between_ns;
            single_ns += between_ns - start_ns;
            if (!jobs[i].is_done || !jobs[i + 1].is_done)
                ev_bench_die("pair", "refuses a chunk");
        }
        ratios[round] = (double)single_ns / (double)pair_ns;
    }
    const double median = ev_bench_median(ratios, N_ROUNDS);
    printf("in pairs / libdeflate  median %.2f (%.2f to %.2f), at least %.2f\n", median, ratios[0],
           ratios[N_ROUNDS - 1], BAR);
    for (int i = 0; i < N_CHUNKS; i++)
        free((void *)jobs[i].packed);
    free(bytes);
    ev_inflater_close(pair);
    libdeflate_free_decompressor(single);
    return median >= BAR ? 0 : 1;
}
