/* SPDX-License-Identifier: MIT */
/* Inflating in pairs: what packers write is inflated, whatever is inflated is what libdeflate
 * gives, and no byte outside the rooms is touched, for any bytes. Streams that no packer writes are
 * put together here, bit by bit. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "set/inflate.h"
#include "set/inflate_code.h"
#include "support/ev_test.h"

#define MAX_DISTANCE 32768
#define GUARD_BYTES  32
#define GUARD        0xa5

/* Bytes, or the stream that is packed. */
struct bytes {
    uint8_t *data;
    size_t n;
};

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

static struct bytes make_bytes(size_t n)
{
    struct bytes bytes = {malloc(n > 0 ? n : 1), n};

    ck_assert_ptr_nonnull(bytes.data);
    return bytes;
}

/* --- What is checked --- */

/* Inflates two streams, into rooms with guards before and behind. Where one is said to be done,
 * libdeflate accepts it too, with the same bytes. */
static void inflate(const struct bytes packed[2], const size_t n_bytes[2], bool is_done[2])
{
    struct ev_inflate_job jobs[2];
    struct bytes rooms[2], copies[2];
    uint8_t guard[GUARD_BYTES];

    memset(guard, GUARD, sizeof guard);
    for (int i = 0; i < 2; i++) {
        rooms[i] = make_bytes(n_bytes[i] + 2 * GUARD_BYTES);
        memset(rooms[i].data, GUARD, rooms[i].n);
        copies[i] = make_bytes(packed[i].n); /* where a byte behind them shows */
        memcpy(copies[i].data, packed[i].data, packed[i].n);
        jobs[i] = (struct ev_inflate_job){copies[i].data, packed[i].n, rooms[i].data + GUARD_BYTES,
                                          n_bytes[i], false};
    }
    ev_inflate_pair(inflater, jobs);
    for (int i = 0; i < 2; i++) {
        struct bytes expected = make_bytes(n_bytes[i]);
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

static void check_done(struct bytes a, size_t n_a, struct bytes b, size_t n_b)
{
    const struct bytes packed[2] = {a, b};
    const size_t n_bytes[2] = {n_a, n_b};
    bool is_done[2];

    inflate(packed, n_bytes, is_done);
    ck_assert(is_done[0]);
    ck_assert(is_done[1]);
}

/* A stream that is refused, at either place, beside one that is not. */
static void check_refused(struct bytes bad, size_t n_bytes, struct bytes good, size_t n_good)
{
    bool is_done[2];

    inflate((struct bytes[2]){bad, good}, (size_t[2]){n_bytes, n_good}, is_done);
    ck_assert(!is_done[0]);
    ck_assert(is_done[1]);
    inflate((struct bytes[2]){good, bad}, (size_t[2]){n_good, n_bytes}, is_done);
    ck_assert(is_done[0]);
    ck_assert(!is_done[1]);
}

/* --- Bytes to pack --- */

enum kind { NOISY, ZEROS, RANDOM, TRIPLES, STEEP, N_KINDS };

static struct bytes make_kind(enum kind kind, size_t n)
{
    struct ev_rng rng = ev_rng_at(7, EV_RNG_TEST, (uint64_t)kind);
    struct bytes bytes = make_bytes(n);

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

static struct bytes pack(struct bytes bytes, int level)
{
    struct libdeflate_compressor *packer = libdeflate_alloc_compressor(level);
    struct bytes packed = make_bytes(libdeflate_zlib_compress_bound(packer, bytes.n));

    packed.n = libdeflate_zlib_compress(packer, bytes.data, bytes.n, packed.data, packed.n);
    ck_assert_uint_gt(packed.n, 0);
    libdeflate_free_compressor(packer);
    return packed;
}

/* --- Streams put together by hand --- */

#define MAX_PUT ((size_t)1 << 21)

struct put {
    struct bytes packed; /* room for MAX_PUT */
    struct bytes bytes;  /* what must come out; room for MAX_PUT */
    unsigned n_bits;     /* of the last byte */
    uint8_t literal_bits[EV_MAX_SYMBOLS], distance_bits[EV_N_DISTANCES]; /* of the block */
};

static void put_bits(struct put *put, unsigned value, unsigned n_bits)
{
    for (unsigned i = 0; i < n_bits; i++) {
        if (put->n_bits == 0)
            put->packed.data[put->packed.n++] = 0;
        put->packed.data[put->packed.n - 1] |= (uint8_t)((value >> i & 1) << put->n_bits);
        put->n_bits = (put->n_bits + 1) % 8;
    }
}

static struct put begin_put(void)
{
    struct put put = {.packed = make_bytes(MAX_PUT), .bytes = make_bytes(MAX_PUT)};

    put.packed.n = put.bytes.n = 0;
    put_bits(&put, 0x78, 8);
    put_bits(&put, 0x01, 8);
    return put;
}

static void end_put(struct put *put)
{
    const uint32_t sum = libdeflate_adler32(1, put->bytes.data, put->bytes.n);

    put->n_bits = 0;
    for (int i = 3; i >= 0; i--)
        put_bits(put, sum >> (8 * i) & 255, 8);
}

static void free_put(struct put *put)
{
    free(put->packed.data);
    free(put->bytes.data);
}

/* A symbol in the code that has those numbers of bits (RFC 1951, 3.2.2). */
static void put_symbol(struct put *put, const uint8_t *n_bits, unsigned n_symbols, unsigned symbol)
{
    unsigned code = 0;

    for (unsigned k = 1; k <= n_bits[symbol]; k++, code <<= 1) {
        for (unsigned i = 0; i < (k < n_bits[symbol] ? n_symbols : symbol); i++)
            code += n_bits[i] == k;
    }
    code >>= 1;
    for (unsigned k = n_bits[symbol]; k-- > 0;)
        put_bits(put, code >> k & 1, 1);
}

static void put_literal(struct put *put, uint8_t literal)
{
    put_symbol(put, put->literal_bits, EV_MAX_SYMBOLS, literal);
    put->bytes.data[put->bytes.n++] = literal;
}

static unsigned find_range(const uint16_t *least, unsigned n, unsigned value)
{
    unsigned i = 0;

    while (i + 1 < n && least[i + 1] <= value)
        i++;
    return i;
}

static void put_match(struct put *put, unsigned length, unsigned distance)
{
    const unsigned i = find_range(ev_least_length, EV_N_LENGTHS, length);
    const unsigned k = find_range(ev_least_distance, EV_N_DISTANCES, distance);

    put_symbol(put, put->literal_bits, EV_MAX_SYMBOLS, EV_END_OF_BLOCK + 1 + i);
    put_bits(put, length - ev_least_length[i], ev_length_bits[i]);
    put_symbol(put, put->distance_bits, EV_N_DISTANCES, k);
    put_bits(put, distance - ev_least_distance[k], ev_distance_bits[k]);
    for (unsigned j = 0; j < length && distance <= put->bytes.n; j++, put->bytes.n++)
        put->bytes.data[put->bytes.n] = put->bytes.data[put->bytes.n - distance];
}

static void put_end_of_block(struct put *put)
{
    put_symbol(put, put->literal_bits, EV_MAX_SYMBOLS, EV_END_OF_BLOCK);
}

static void put_stored(struct put *put, size_t n, bool is_last)
{
    put_bits(put, is_last, 3);
    put->n_bits = 0;
    put_bits(put, (unsigned)n, 16);
    put_bits(put, (unsigned)~n & 0xffff, 16);
    for (size_t i = 0; i < n; i++) {
        put->bytes.data[put->bytes.n] = (uint8_t)ev_rng_mix(put->bytes.n);
        put_bits(put, put->bytes.data[put->bytes.n++], 8);
    }
}

static void begin_fixed(struct put *put, bool is_last)
{
    put_bits(put, is_last | 1u << 1, 3);
    memset(put->literal_bits, 8, EV_MAX_SYMBOLS);
    memset(put->literal_bits + 144, 9, 112);
    memset(put->literal_bits + 256, 7, 24);
    memset(put->distance_bits, 5, EV_N_DISTANCES);
}

/* The caller has set the numbers of bits; each is written as it is, in four bits. */
static void begin_dynamic(struct put *put, bool is_last)
{
    static const uint8_t of_lengths[19] = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4};
    const unsigned n_literals = EV_MAX_SYMBOLS - 2;

    put_bits(put, is_last | 2u << 1, 3);
    put_bits(put, n_literals - 257, 5);
    put_bits(put, EV_N_DISTANCES - 1, 5);
    put_bits(put, 15, 4);
    for (int i = 0; i < 19; i++)
        put_bits(put, i < 3 ? 0 : 4, 3); /* 16, 17, 18, and then the others */
    for (unsigned i = 0; i < n_literals; i++)
        put_symbol(put, of_lengths, 19, put->literal_bits[i]);
    for (unsigned i = 0; i < EV_N_DISTANCES; i++)
        put_symbol(put, of_lengths, 19, put->distance_bits[i]);
}

/* Codes of all lengths: two literals, all lengths, all distances. Each symbol has half of what is
 * left, and the last ones share: 2^-9 = 12 * 2^-13 + 5 * 2^-14 + 6 * 2^-15, and
 * 2^-10 = 4 * 2^-13 + 16 * 2^-15. */
static void set_steep(struct put *put)
{
    memset(put->literal_bits, 0, EV_MAX_SYMBOLS);
    put->literal_bits[0] = 1;
    for (unsigned i = 0; i < 8; i++)
        put->literal_bits[EV_END_OF_BLOCK + 1 + i] = (uint8_t)(2 + i);
    put->literal_bits[1] = 15;
    put->literal_bits[EV_END_OF_BLOCK] = 15;
    for (unsigned i = 8; i < EV_N_LENGTHS; i++)
        put->literal_bits[EV_END_OF_BLOCK + 1 + i] = i < 20 ? 13 : i < 25 ? 14 : 15;
    for (unsigned i = 0; i < EV_N_DISTANCES; i++)
        put->distance_bits[i] = (uint8_t)(i < 10 ? i + 1 : i < 14 ? 13 : 15);
}

/* A small stream that is in order, to stand beside others. */
static struct put make_good(void)
{
    struct put put = begin_put();

    put_stored(&put, 3000, false);
    begin_fixed(&put, true);
    for (unsigned i = 0; i < 3000; i++) {
        put_literal(&put, (uint8_t)i);
        put_match(&put, 3 + i % 20, 30 + i);
    }
    put_end_of_block(&put);
    end_put(&put);
    return put;
}

/* --- Tests --- */

START_TEST(round_trips)
{
    static const size_t sizes[] = {0, 1, 2, 3, 8, 9, 100, 600, 5000, 33000, 70000, 300000};
    static const int levels[] = {0, 1, 4, 9, 12};
    struct put good = make_good();
    struct bytes before = good.packed;
    size_t n_before = good.bytes.n;

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            struct bytes bytes = make_kind((enum kind)kind, sizes[s]);
            for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
                struct bytes packed = pack(bytes, levels[l]);
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
    free_put(&good);
}
END_TEST

/* Every length with every range of distances, its least and its largest, with fixed codes and with
 * steep ones: by the table and with care, and beside each other. */
START_TEST(lengths_and_distances)
{
    struct put streams[2] = {begin_put(), begin_put()};

    for (int i = 0; i < 2; i++) {
        struct put *put = &streams[i];
        put_stored(put, MAX_DISTANCE, false);
        if (i == 0) {
            begin_fixed(put, false);
        } else {
            set_steep(put);
            begin_dynamic(put, false);
        }
        for (unsigned length = 3; length <= 258; length++) {
            for (unsigned k = 0; k < EV_N_DISTANCES; k++) {
                put_match(put, length, ev_least_distance[k]);
                put_literal(put, (length + k) & 1);
                put_match(put, length, ev_least_distance[k] + (1u << ev_distance_bits[k]) - 1);
            }
        }
        put_end_of_block(put);
        put_stored(put, 0, true);
        end_put(put);
        ck_assert_uint_lt(put->bytes.n, MAX_PUT);
    }
    check_done(streams[0].packed, streams[0].bytes.n, streams[1].packed, streams[1].bytes.n);
    check_done(streams[1].packed, streams[1].bytes.n, streams[0].packed, streams[0].bytes.n);
    free_put(&streams[0]);
    free_put(&streams[1]);
}
END_TEST

/* What comes out is known here, without libdeflate. */
START_TEST(known_bytes)
{
    struct put put = make_good();
    struct bytes room = make_bytes(2 * put.bytes.n);
    struct ev_inflate_job jobs[2];

    for (int i = 0; i < 2; i++)
        jobs[i] = (struct ev_inflate_job){put.packed.data, put.packed.n,
                                          room.data + (size_t)i * put.bytes.n, put.bytes.n, false};
    ev_inflate_pair(inflater, jobs);
    for (int i = 0; i < 2; i++) {
        ck_assert(jobs[i].is_done);
        ck_assert_mem_eq(jobs[i].bytes, put.bytes.data, put.bytes.n);
    }
    free(room.data);
    free_put(&put);
}
END_TEST

/* As libdeflate has it: what is behind the checksum is not looked at. */
START_TEST(trailing_bytes)
{
    struct put put = make_good();

    for (int i = 0; i < 20; i++) {
        put_bits(&put, 0xff, 8);
        check_done(put.packed, put.bytes.n, put.packed, put.bytes.n);
    }
    free_put(&put);
}
END_TEST

START_TEST(wrong_lengths_and_sums)
{
    struct put good = make_good(), bad = make_good();
    const struct bytes none = {NULL, 0};

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
        check_refused((struct bytes){good.packed.data, n}, good.bytes.n, good.packed, good.bytes.n);
    free_put(&good);
    free_put(&bad);
}
END_TEST

/* Headers that RFC 1950 does not allow, or that need a dictionary. */
START_TEST(wrong_headers)
{
    struct put good = make_good(), bad = make_good();
    bool is_done[2];
    int n_done = 0;

    for (unsigned header = 0; header < 65536; header += 31) { /* the check is right */
        bad.packed.data[0] = (uint8_t)(header >> 8);
        bad.packed.data[1] = (uint8_t)header;
        inflate((struct bytes[2]){bad.packed, good.packed}, (size_t[2]){bad.bytes.n, good.bytes.n},
                is_done);
        const bool ok = (header >> 8 & 15) == 8 && header >> 12 <= 7 && (header & 32) == 0;
        ck_assert_int_eq(is_done[0], ok);
        n_done += is_done[0];
    }
    ck_assert_int_gt(n_done, 8);
    bad.packed.data[0] = 0x78;
    bad.packed.data[1] = 0x02;
    check_refused(bad.packed, bad.bytes.n, good.packed, good.bytes.n);
    free_put(&good);
    free_put(&bad);
}
END_TEST

/* A match that begins before the first byte: by the table and with care, at the start and behind.
 */
START_TEST(distances_before_the_start)
{
    static const size_t n_before[] = {0, 1, 200, 5000, 32000};
    struct put good = make_good();

    for (size_t i = 0; i < sizeof n_before / sizeof n_before[0]; i++) {
        for (unsigned length = 4; length <= 40; length += 36) {
            for (unsigned beyond = 0; beyond < 2; beyond++) {
                struct put put = begin_put();
                put_stored(&put, n_before[i], false);
                begin_fixed(&put, true);
                put_literal(&put, 5);
                put_match(&put, length, (unsigned)n_before[i] + 1 + beyond);
                for (unsigned k = 0; k < 2000; k++) /* so that the table is used */
                    put_literal(&put, (uint8_t)k);
                put_end_of_block(&put);
                if (beyond)
                    put.bytes.n += length;
                end_put(&put);
                if (beyond)
                    check_refused(put.packed, put.bytes.n, good.packed, good.bytes.n);
                else
                    check_done(put.packed, put.bytes.n, good.packed, good.bytes.n);
                free_put(&put);
            }
        }
    }
    free_put(&good);
}
END_TEST

/* Codes that are two symbols for some bits, or none; reserved symbols and blocks. The last ones are
 * in order: all distances are one, of one bit, or none. */
START_TEST(odd_codes)
{
    struct put good = make_good();

    for (int i = 0; i < 9; i++) {
        struct put put = begin_put();
        put_stored(&put, 1000, false);
        set_steep(&put);
        put.literal_bits[0] = (uint8_t)(i == 0 ? 2 : 1);
        put.literal_bits[2] = (uint8_t)(i == 1 ? 15 : 0);
        put.distance_bits[0] = (uint8_t)(i == 2 ? 2 : 1);
        put.distance_bits[29] = (uint8_t)(i == 3 ? 14 : 15);
        if (i >= 6)
            memset(put.distance_bits, 0, EV_N_DISTANCES);
        if (i == 6)
            put.distance_bits[3] = put.distance_bits[4] = 2;
        if (i == 7)
            put.distance_bits[3] = 1;
        if (i == 4 || i == 5)
            begin_fixed(&put, true);
        else
            begin_dynamic(&put, true);
        if (i == 4)
            put_bits(&put, 0x63, 8); /* symbol 286, its highest bit first */
        if (i == 5)
            put.packed.data[put.packed.n - 1] |= 3 << 1; /* a block of type 3 */
        if (i == 7)
            put_match(&put, 5, ev_least_distance[3]);
        put_literal(&put, 1);
        put_end_of_block(&put);
        end_put(&put);
        if (i < 7)
            check_refused(put.packed, put.bytes.n, good.packed, good.bytes.n);
        else
            check_done(put.packed, put.bytes.n, good.packed, good.bytes.n);
        free_put(&put);
    }
    free_put(&good);
}
END_TEST

/* Damage of any kind: what is said to be done is right, and the stream beside is not harmed. */
START_TEST(damaged)
{
    struct ev_rng rng = ev_rng_at(1, EV_RNG_TEST, 99);
    int n_done = 0;

    for (int i = 0; i < 1000; i++) {
        const enum kind kind = (enum kind)(i % N_KINDS);
        struct bytes bytes = make_kind(kind, 1000 + (size_t)ev_rng_below(&rng, 60000));
        struct bytes packed[2] = {pack(bytes, 6), {NULL, 0}};
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
    tcase_add_test(tests, damaged);
    suite_add_tcase(suite, tests);
    return suite;
}
