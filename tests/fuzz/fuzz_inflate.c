/* SPDX-License-Identifier: MIT */
/* Fuzz target: packed bytes, in a pair with a stream that is in order, and with themselves. What is
 * said to be done is what libdeflate gives, and the other stream is not harmed. */
#include "fuzz_file.h"

#include <libdeflate.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "set/inflate.h"

#define MAX_BYTES  ((size_t)1 << 17)
#define GOOD_BYTES 6000

/* A stream that is in order. */
static uint8_t good[GOOD_BYTES], good_packed[GOOD_BYTES];
static size_t n_good_packed;

static void make_good(void)
{
    struct libdeflate_compressor *packer = libdeflate_alloc_compressor(6);

    for (size_t i = 0; i < GOOD_BYTES; i++)
        good[i] = (uint8_t)(i / 600 + i * i % 1021 % 7);
    n_good_packed =
        libdeflate_zlib_compress(packer, good, GOOD_BYTES, good_packed, sizeof good_packed);
    libdeflate_free_compressor(packer);
    if (n_good_packed == 0)
        abort();
}

/* Rooms of their own, so that the sanitizer sees where they end. */
static void check_pair(struct ev_inflate_job jobs[2], const uint8_t *expected[2])
{
    static struct ev_inflater *inflater;

    if (!inflater)
        inflater = ev_inflater_open();
    for (int i = 0; i < 2; i++)
        jobs[i].bytes = malloc(jobs[i].n_bytes > 0 ? jobs[i].n_bytes : 1);
    ev_inflate_pair(inflater, jobs);
    for (int i = 0; i < 2; i++) {
        if (jobs[i].is_done &&
            (!expected[i] || memcmp(jobs[i].bytes, expected[i], jobs[i].n_bytes) != 0))
            abort();
        if (!jobs[i].is_done && expected[i] == good)
            abort();
        free(jobs[i].bytes);
    }
}

/* The first two bytes say how long the result should be where libdeflate cannot; the rest is the
 * stream, the checksum of which is made right, as the fuzzer would not find it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static struct libdeflate_decompressor *reference;
    static uint8_t expected[MAX_BYTES];
    size_t n_in = 0, n_out = 0;

    if (!reference) {
        reference = libdeflate_alloc_decompressor();
        make_good();
    }
    if (n_bytes < 2 + 6)
        return 0;
    const size_t n_packed = n_bytes - 2;
    uint8_t *packed = malloc(n_packed);
    memcpy(packed, bytes + 2, n_packed);
    /* The data behind the header of two bytes. */
    if (libdeflate_deflate_decompress_ex(reference, packed + 2, n_packed - 6, expected, MAX_BYTES,
                                         &n_in, &n_out) == LIBDEFLATE_SUCCESS) {
        const uint32_t sum = libdeflate_adler32(1, expected, n_out);
        for (int i = 0; i < 4; i++)
            packed[2 + n_in + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    } else {
        n_out = (size_t)bytes[0] << 8 | bytes[1];
    }
    const bool is_right = libdeflate_zlib_decompress(reference, packed, n_packed, expected, n_out,
                                                     NULL) == LIBDEFLATE_SUCCESS;
    const uint8_t *right = is_right ? expected : NULL;
    const struct ev_inflate_job job = {packed, n_packed, NULL, n_out, false};
    const struct ev_inflate_job other = {good_packed, n_good_packed, NULL, GOOD_BYTES, false};
    check_pair((struct ev_inflate_job[2]){job, other}, (const uint8_t *[2]){right, good});
    check_pair((struct ev_inflate_job[2]){other, job}, (const uint8_t *[2]){good, right});
    check_pair((struct ev_inflate_job[2]){job, job}, (const uint8_t *[2]){right, right});
    free(packed);
    return 0;
}
