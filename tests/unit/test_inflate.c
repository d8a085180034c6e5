/* SPDX-License-Identifier: MIT */
/* Inflating in pairs: what packers write is inflated, whatever is inflated is what libdeflate
 * gives, and no byte outside the rooms is touched, for any bytes. Streams that no packer writes are
 * deflate together here, bit by bit. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "set/inflate.h"
#include "set/inflate_code.h"
#include "support/ev_test.h"
#include "support/ev_test_deflate.h"

#define MAX_DISTANCE 32768
#define GUARD_BYTES  32
#define GUARD        0xa5

static struct ev_inflater *inflater;
static struct libdeflate_decompressor *reference;

static void start(void)
{
    inflater = ev_inflater_open();
    reference = libdeflate_alloc_decompressor();
    ck_assert_ptr_nonnull(inflater);
    ck_assert_ptr_nonnull(reference);
}

static void stop(void)
{
    ev_inflater_close(inflater);
    libdeflate_free_decompressor(reference);
}

static struct ev_test_bytes make_bytes(size_t n)
{
    struct ev_test_bytes bytes = {malloc(n > 0 ? n : 1), n};

    ck_assert_ptr_nonnull(bytes.data);
    return bytes;
}

/* --- What is checked --- */

/* Inflates two streams, into rooms with guards before and behind. Where one is said to be done,
 * libdeflate accepts it too, with the same bytes. */
static void inflate(const struct ev_test_bytes packed[2], const size_t n_bytes[2], bool is_done[2])
{
    struct ev_inflate_job jobs[2];
    struct ev_test_bytes rooms[2], copies[2];
    uint8_t guard[GUARD_BYTES];

    memset(guard, EV_DEFLATE_BEFORE, sizeof guard);
    for (int i = 0; i < 2; i++) {
        rooms[i] = make_bytes(n_bytes[i] + 2 * GUARD_BYTES);
        memset(rooms[i].data, EV_DEFLATE_BEFORE, rooms[i].n);
        copies[i] = make_bytes(packed[i].n); /* where a byte behind them shows */
        memcpy(copies[i].data, packed[i].data, packed[i].n);
        jobs[i] = (struct ev_inflate_job){copies[i].data, packed[i].n, rooms[i].data + GUARD_BYTES,
                                          n_bytes[i], false};
    }
    ev_inflate_pair(inflater, jobs);
    for (int i = 0; i < 2; i++) {
        struct ev_test_bytes expected = make_bytes(n_bytes[i]);
        ck_assert_mem_eq(rooms[i].data, guard, GUARD_BYTES);
        ck_assert_mem_eq(jobs[i].bytes + n_bytes[i], guard, GUARD_BYTES);
        is_done[i] = jobs[i].is_done;
        if (is_done[i]) {
            ck_assert_int_eq(libdeflate_zlib_decompress(reference, packed[i].data, packed[i].n,
                                                        expected.data, n_bytes[i], NULL),
                             LIBDEFLATE_SUCCESS);
            ck_assert_mem_eq(jobs[i].bytes, expected.data, n_bytes[i]);
        }
        free(expected.data);
        free(copies[i].data);
        free(rooms[i].data);
    }
}

static void check_done(struct ev_test_bytes a, size_t n_a, struct ev_test_bytes b, size_t n_b)
{
    const struct ev_test_bytes packed[2] = {a, b};
    const size_t n_bytes[2] = {n_a, n_b};
    bool is_done[2];

    inflate(packed, n_bytes, is_done);
    ck_assert(is_done[0]);
    ck_assert(is_done[1]);
}

/* A stream that is refused, at either place, beside one that is not, and beside itself. */
static void check_refused(struct ev_test_bytes bad, size_t n_bytes, struct ev_test_bytes good,
                          size_t n_good)
{
    bool is_done[2];

    inflate((struct ev_test_bytes[2]){bad, good}, (size_t[2]){n_bytes, n_good}, is_done);
    ck_assert(!is_done[0]);
    ck_assert(is_done[1]);
    inflate((struct ev_test_bytes[2]){good, bad}, (size_t[2]){n_good, n_bytes}, is_done);
    ck_assert(is_done[0]);
    ck_assert(!is_done[1]);
    inflate((struct ev_test_bytes[2]){bad, bad}, (size_t[2]){n_bytes, n_bytes}, is_done);
    ck_assert(!is_done[0]);
    ck_assert(!is_done[1]);
}

/* --- Bytes to pack --- */

enum kind { NOISY, ZEROS, RANDOM, TRIPLES, STEEP, N_KINDS };

static struct ev_test_bytes make_kind(enum kind kind, size_t n)
{
    struct ev_rng rng = ev_rng_at(7, EV_RNG_TEST, (uint64_t)kind);
    struct ev_test_bytes bytes = make_bytes(n);

    for (size_t i = 0; i < n; i++) {
        const uint64_t random = ev_rng_u64(&rng);
        switch (kind) {
        case NOISY: /* as a picture: a slope, and noise of few values */
            bytes.data[i] = (uint8_t)(100 + (i / 600 + i % 3 * 20) % 90 + random % 7);
            break;
        case ZEROS:
            bytes.data[i] = 0;
            break;
        case RANDOM:
            bytes.data[i] = (uint8_t)random;
            break;
        case TRIPLES:
            bytes.data[i] = (uint8_t)(i % 3 + i / 1000);
            break;
        default: /* half are 0, a quarter 1, and so on: codes of all lengths */
            bytes.data[i] = (uint8_t)__builtin_ctzll(random | UINT64_C(1) << 40);
        }
    }
    return bytes;
}

static struct ev_test_bytes pack(struct ev_test_bytes bytes, int level)
{
    struct libdeflate_compressor *packer = libdeflate_alloc_compressor(level);
    struct ev_test_bytes packed = make_bytes(libdeflate_zlib_compress_bound(packer, bytes.n));

    packed.n = libdeflate_zlib_compress(packer, bytes.data, bytes.n, packed.data, packed.n);
    ck_assert_uint_gt(packed.n, 0);
    libdeflate_free_compressor(packer);
    return packed;
}

/* --- Tests --- */

/* A small stream that is in order, to stand beside others. */
static struct ev_deflate make_good(void)
{
    struct ev_deflate deflate = ev_deflate_begin();

    ev_deflate_stored(&deflate, 3000, false);
    ev_deflate_fixed(&deflate, true);
    for (unsigned i = 0; i < 3000; i++) {
        ev_deflate_literal(&deflate, (uint8_t)i);
        ev_deflate_match(&deflate, 3 + i % 20, 30 + i);
    }
    ev_deflate_end_of_block(&deflate);
    ev_deflate_end(&deflate);
    return deflate;
}

START_TEST(round_trips)
{
    static const size_t sizes[] = {0, 1, 2, 3, 8, 9, 100, 600, 5000, 33000, 70000, 300000};
    static const int levels[] = {0, 1, 4, 9, 12};
    struct ev_deflate good = make_good();
    struct ev_test_bytes before = good.packed;
    size_t n_before = good.bytes.n;

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            struct ev_test_bytes bytes = make_kind((enum kind)kind, sizes[s]);
            for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
                struct ev_test_bytes packed = pack(bytes, levels[l]);
                check_done(before, n_before, packed, bytes.n);
                check_done(packed, bytes.n, before, n_before);
                if (before.data != good.packed.data)
                    free(before.data);
                before = packed;
                n_before = bytes.n;
            }
            free(bytes.data);
        }
    }
    free(before.data);
    ev_deflate_free(&good);
}
END_TEST

/* Every length with every range of distances, its least and its largest, with fixed codes, steep
 * ones, and ones that are short for what is far: by the table and with care, beside each other. */
START_TEST(lengths_and_distances)
{
    struct ev_deflate streams[3] = {ev_deflate_begin(), ev_deflate_begin(), ev_deflate_begin()};

    for (int i = 0; i < 3; i++) {
        struct ev_deflate *deflate = &streams[i];
        ev_deflate_stored(deflate, MAX_DISTANCE, false);
        ev_deflate_steep(deflate);
        for (int k = 0; k < EV_N_DISTANCES / 2 && i == 2; k++) {
            const uint8_t n_bits = deflate->distance_bits[k];
            deflate->distance_bits[k] = deflate->distance_bits[EV_N_DISTANCES - 1 - k];
            deflate->distance_bits[EV_N_DISTANCES - 1 - k] = n_bits;
        }
        if (i == 0)
            ev_deflate_fixed(deflate, false);
        else
            ev_deflate_dynamic(deflate, false);
        for (unsigned length = 3; length <= 258; length++) {
            for (unsigned k = 0; k < EV_N_DISTANCES; k++) {
                ev_deflate_match(deflate, length, ev_least_distance[k]);
                ev_deflate_literal(deflate, (length + k) & 1);
                ev_deflate_match(deflate, length,
                                 ev_least_distance[k] + (1u << ev_distance_bits[k]) - 1);
            }
        }
        ev_deflate_end_of_block(deflate);
        ev_deflate_stored(deflate, 0, true);
        ev_deflate_end(deflate);
        ck_assert_uint_lt(deflate->bytes.n, EV_DEFLATE_MAX_BYTES);
    }
    for (int i = 0; i < 3; i++) {
        const struct ev_deflate *a = &streams[i], *b = &streams[(i + 1) % 3];
        check_done(a->packed, a->bytes.n, b->packed, b->bytes.n);
        check_done(a->packed, a->bytes.n, a->packed, a->bytes.n);
    }
    for (int i = 0; i < 3; i++)
        ev_deflate_free(&streams[i]);
}
END_TEST

/* What comes out is known here, without libdeflate. */
START_TEST(known_bytes)
{
    struct ev_deflate deflate = make_good();
    struct ev_test_bytes room = make_bytes(2 * deflate.bytes.n);
    struct ev_inflate_job jobs[2];

    for (int i = 0; i < 2; i++)
        jobs[i] = (struct ev_inflate_job){deflate.packed.data, deflate.packed.n,
                                          room.data + (size_t)i * deflate.bytes.n, deflate.bytes.n,
                                          false};
    ev_inflate_pair(inflater, jobs);
    for (int i = 0; i < 2; i++) {
        ck_assert(jobs[i].is_done);
        ck_assert_mem_eq(jobs[i].bytes, deflate.bytes.data, deflate.bytes.n);
    }
    free(room.data);
    ev_deflate_free(&deflate);
}
END_TEST

/* As libdeflate has it: what is behind the checksum is not looked at. */
START_TEST(trailing_bytes)
{
    struct ev_deflate deflate = make_good();

    for (int i = 0; i < 20; i++) {
        ev_deflate_bits(&deflate, 0xff, 8);
        check_done(deflate.packed, deflate.bytes.n, deflate.packed, deflate.bytes.n);
    }
    ev_deflate_free(&deflate);
}
END_TEST

START_TEST(wrong_lengths_and_sums)
{
    struct ev_deflate good = make_good(), bad = make_good();
    const struct ev_test_bytes none = {good.packed.data, 0};

    check_refused(none, 0, good.packed, good.bytes.n);
    check_refused(good.packed, good.bytes.n - 1, good.packed, good.bytes.n);
    check_refused(good.packed, good.bytes.n + 1, good.packed, good.bytes.n);
    check_refused(good.packed, 0, good.packed, good.bytes.n);
    for (size_t i = 1; i <= 4; i++) {
        bad.packed.data[bad.packed.n - i] ^= 0x10;
        check_refused(bad.packed, bad.bytes.n, good.packed, good.bytes.n);
        bad.packed.data[bad.packed.n - i] ^= 0x10;
    }
    for (size_t n = 0; n < good.packed.n; n += n + 100 < good.packed.n ? 11 : 1)
        check_refused((struct ev_test_bytes){good.packed.data, n}, good.bytes.n, good.packed,
                      good.bytes.n);
    ev_deflate_free(&good);
    ev_deflate_free(&bad);
}
END_TEST

/* Headers that RFC 1950 does not allow, or that need a dictionary. */
START_TEST(wrong_headers)
{
    struct ev_deflate good = make_good(), bad = make_good();
    bool is_done[2];
    int n_done = 0;

    for (unsigned header = 0; header < 65536; header += 31) { /* the check is right */
        bad.packed.data[0] = (uint8_t)(header >> 8);
        bad.packed.data[1] = (uint8_t)header;
        inflate((struct ev_test_bytes[2]){bad.packed, good.packed},
                (size_t[2]){bad.bytes.n, good.bytes.n}, is_done);
        const bool ok = (header >> 8 & 15) == 8 && header >> 12 <= 7 && (header & 32) == 0;
        ck_assert_int_eq(is_done[0], ok);
        n_done += is_done[0];
    }
    ck_assert_int_gt(n_done, 8);
    bad.packed.data[0] = 0x78;
    bad.packed.data[1] = 0x02;
    check_refused(bad.packed, bad.bytes.n, good.packed, good.bytes.n);
    ev_deflate_free(&good);
    ev_deflate_free(&bad);
}
END_TEST

/* Steep codes, with the shortest for a distance. */
static void set_short(struct ev_deflate *deflate, unsigned distance)
{
    unsigned k = 0;

    while (k + 1 < EV_N_DISTANCES && ev_least_distance[k + 1] <= distance)
        k++;
    ev_deflate_steep(deflate);
    deflate->distance_bits[0] = deflate->distance_bits[k];
    deflate->distance_bits[k] = 1;
}

/* A match that begins before the first byte: by the table and with care, at the start and behind.
 */
START_TEST(distances_before_the_start)
{
    static const size_t n_before[] = {0, 1, 200, 5000, 20000, 32000};
    struct ev_deflate good = make_good();

    for (size_t i = 0; i < sizeof n_before / sizeof n_before[0]; i++) {
        for (unsigned length = 4; length <= 40; length += 36) {
            for (unsigned beyond = 0; beyond < 2; beyond++) {
                struct ev_deflate deflate = ev_deflate_begin();
                ev_deflate_stored(&deflate, n_before[i], false);
                set_short(&deflate, (unsigned)n_before[i] + 1 + beyond);
                ev_deflate_dynamic(&deflate, true);
                ev_deflate_literal(&deflate, 0);
                ev_deflate_match(&deflate, length, (unsigned)n_before[i] + 1 + beyond);
                for (int k = 0; k < 12000; k++) /* so that the table is used */
                    ev_deflate_literal(&deflate, 0);
                ev_deflate_end_of_block(&deflate);
                ev_deflate_end(&deflate);
                if (beyond)
                    check_refused(deflate.packed, deflate.bytes.n, good.packed, good.bytes.n);
                else
                    check_done(deflate.packed, deflate.bytes.n, good.packed, good.bytes.n);
                ev_deflate_free(&deflate);
            }
        }
    }
    ev_deflate_free(&good);
}
END_TEST

/* Codes that are two symbols for some bits, or none; reserved symbols and blocks. The last ones are
 * in order: all distances are one, of one bit, or none. */
START_TEST(odd_codes)
{
    struct ev_deflate good = make_good();

    for (int i = 0; i < 10; i++) {
        struct ev_deflate deflate = ev_deflate_begin();
        ev_deflate_stored(&deflate, 1000, false);
        ev_deflate_steep(&deflate);
        deflate.literal_bits[0] = (uint8_t)(i == 0 ? 2 : 1);
        deflate.literal_bits[2] = (uint8_t)(i == 1 ? 15 : 0);
        deflate.distance_bits[0] = (uint8_t)(i == 2 ? 2 : 1);
        deflate.distance_bits[29] = (uint8_t)(i == 3 ? 14 : 15);
        if (i >= 6)
            memset(deflate.distance_bits, 0, EV_N_DISTANCES);
        if (i == 6)
            deflate.distance_bits[3] = deflate.distance_bits[4] = 2;
        if (i == 7 || i == 8)
            deflate.distance_bits[3] = 1;
        if (i == 4 || i == 5)
            ev_deflate_fixed(&deflate, true);
        else
            ev_deflate_dynamic(&deflate, true);
        if (i == 4)
            ev_deflate_bits(&deflate, 0x63, 8); /* symbol 286, its highest bit first */
        if (i == 5)
            deflate.packed.data[deflate.packed.n - 1] |= 3 << 1; /* a block of type 3 */
        if (i == 8)
            ev_deflate_match(&deflate, 5, ev_least_distance[3]);
        ev_deflate_literal(&deflate, 1);
        if (i == 7) { /* a length of 3, and the bit that is no distance: as if it were 1 */
            ev_deflate_bits(&deflate, 1, 2);
            for (int k = 0; k < 3; k++)
                deflate.bytes.data[deflate.bytes.n++] = 1;
        }
        ev_deflate_end_of_block(&deflate);
        ev_deflate_end(&deflate);
        if (i < 8)
            check_refused(deflate.packed, deflate.bytes.n, good.packed, good.bytes.n);
        else
            check_done(deflate.packed, deflate.bytes.n, good.packed, good.bytes.n);
        ev_deflate_free(&deflate);
    }
    ev_deflate_free(&good);
}
END_TEST

/* All that there is room for in steps of the table, behind long matches, which the table has not.
 */
START_TEST(ends)
{
    for (unsigned n_last = 0; n_last < 40; n_last++) {
        struct ev_deflate streams[2] = {ev_deflate_begin(), ev_deflate_begin()};
        for (int i = 0; i < 2; i++) {
            ev_deflate_fixed(&streams[i], false);
            ev_deflate_literal(&streams[i], 7);
            for (int k = 0; k < 100 + i; k++)
                ev_deflate_match(&streams[i], 258 - n_last % 2, 1);
            for (unsigned k = 0; k < n_last; k++)
                ev_deflate_literal(&streams[i], (uint8_t)k);
            if (n_last % 3 == 0)
                ev_deflate_match(&streams[i], 3 + n_last % 4, 40);
            ev_deflate_end_of_block(&streams[i]);
            for (int k = 0; k <= 100; k++) /* so that there always is something to read */
                ev_deflate_stored(&streams[i], 0, k == 100);
            ev_deflate_end(&streams[i]);
        }
        check_done(streams[0].packed, streams[0].bytes.n, streams[1].packed, streams[1].bytes.n);
        check_done(streams[1].packed, streams[1].bytes.n, streams[1].packed, streams[1].bytes.n);
        check_done(streams[0].packed, streams[0].bytes.n, streams[0].packed, streams[0].bytes.n);
        ev_deflate_free(&streams[0]);
        ev_deflate_free(&streams[1]);
    }
}
END_TEST

/* A stored block whose length and complement differ, and lengths that begin with a repeat. */
START_TEST(wrong_blocks)
{
    struct ev_deflate good = make_good();

    for (int i = 0; i < 2; i++) {
        struct ev_deflate bad = ev_deflate_begin();
        ev_deflate_stored(&bad, 500, i == 0);
        if (i == 0) {
            bad.packed.data[2 + 1 + 2] ^= 4;
        } else {
            ev_deflate_bits(&bad, 1 | 2u << 1, 3);
            ev_deflate_bits(&bad, 0, 14); /* 257 literals, a distance, four of what follows */
            ev_deflate_bits(&bad, 1, 3);  /* 16 */
            ev_deflate_bits(&bad, 0, 6);
            ev_deflate_bits(&bad, 1, 3); /* 0 */
            ev_deflate_bits(&bad, 1, 1); /* 16: six times what was before */
            ev_deflate_bits(&bad, 3, 2);
        }
        ev_deflate_end(&bad);
        check_refused(bad.packed, bad.bytes.n, good.packed, good.bytes.n);
        ev_deflate_free(&bad);
    }
    ev_deflate_free(&good);
}
END_TEST

/* Damage of any kind: what is said to be done is right, and the stream beside is not harmed. */
START_TEST(damaged)
{
    struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, 99);
    int n_done = 0;

    for (int i = 0; i < 1000; i++) {
        const enum kind kind = (enum kind)(i % N_KINDS);
        struct ev_test_bytes bytes = make_kind(kind, 1000 + (size_t)ev_rng_below(&rng, 60000));
        struct ev_test_bytes packed[2] = {pack(bytes, 6), {NULL, 0}};
        bool is_done[2];
        packed[1] = make_bytes(packed[0].n);
        memcpy(packed[1].data, packed[0].data, packed[0].n);
        const size_t early = i % 2 ? packed[0].n : packed[0].n < 300 ? packed[0].n : 300;
        for (int k = 0; k < 1 + i % 3; k++)
            packed[0].data[ev_rng_below(&rng, early)] ^= (uint8_t)(1u << ev_rng_below(&rng, 8));
        inflate(packed, (size_t[2]){bytes.n, bytes.n}, is_done);
        ck_assert(is_done[1]);
        n_done += is_done[0];
        free(packed[0].data);
        free(packed[1].data);
        free(bytes.data);
    }
    ck_assert_int_lt(n_done, 100); /* zeros come from any distance */
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("inflate");
    TCase *tests = tcase_create("inflate");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, round_trips);
    tcase_add_test(tests, lengths_and_distances);
    tcase_add_test(tests, known_bytes);
    tcase_add_test(tests, trailing_bytes);
    tcase_add_test(tests, wrong_lengths_and_sums);
    tcase_add_test(tests, wrong_headers);
    tcase_add_test(tests, distances_before_the_start);
    tcase_add_test(tests, odd_codes);
    tcase_add_test(tests, ends);
    tcase_add_test(tests, wrong_blocks);
    tcase_add_test(tests, damaged);
    suite_add_tcase(suite, tests);
    return suite;
}
