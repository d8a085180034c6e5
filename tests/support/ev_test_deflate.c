/* SPDX-License-Identifier: MIT */
#include "support/ev_test_deflate.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "support/ev_test.h"

void ev_deflate_bits(struct ev_deflate *deflate, unsigned value, unsigned n_bits)
{
    for (unsigned i = 0; i < n_bits; i++) {
        if (deflate->n_bits == 0)
            deflate->packed.data[deflate->packed.n++] = 0;
        deflate->packed.data[deflate->packed.n - 1] |=
            (uint8_t)((value >> i & 1) << deflate->n_bits);
        deflate->n_bits = (deflate->n_bits + 1) % 8;
    }
}

struct ev_deflate ev_deflate_begin(void)
{
    struct ev_deflate deflate = {.packed = {malloc(EV_DEFLATE_MAX_BYTES), 0},
                                 .bytes = {malloc(EV_DEFLATE_MAX_BYTES), 0}};

    ck_assert_ptr_nonnull(deflate.packed.data);
    ck_assert_ptr_nonnull(deflate.bytes.data);
    ev_deflate_bits(&deflate, 0x78, 8);
    ev_deflate_bits(&deflate, 0x01, 8);
    return deflate;
}

void ev_deflate_end(struct ev_deflate *deflate)
{
    const uint32_t sum = libdeflate_adler32(1, deflate->bytes.data, deflate->bytes.n);

    deflate->n_bits = 0;
    for (int i = 3; i >= 0; i--)
        ev_deflate_bits(deflate, sum >> (8 * i) & 255, 8);
}

void ev_deflate_free(struct ev_deflate *deflate)
{
    free(deflate->packed.data);
    free(deflate->bytes.data);
}

/* A symbol in the code that has those numbers of bits (RFC 1951, 3.2.2). */
static void put_symbol(struct ev_deflate *deflate, const uint8_t *n_bits, unsigned n_symbols,
                       unsigned symbol)
{
    unsigned code = 0;

    for (unsigned k = 1; k <= n_bits[symbol]; k++, code <<= 1) {
        for (unsigned i = 0; i < (k < n_bits[symbol] ? n_symbols : symbol); i++)
            code += n_bits[i] == k;
    }
    code >>= 1;
    for (unsigned k = n_bits[symbol]; k-- > 0;)
        ev_deflate_bits(deflate, code >> k & 1, 1);
}

void ev_deflate_literal(struct ev_deflate *deflate, uint8_t literal)
{
    put_symbol(deflate, deflate->literal_bits, EV_MAX_SYMBOLS, literal);
    deflate->bytes.data[deflate->bytes.n++] = literal;
}

static unsigned find_range(const uint16_t *least, unsigned n, unsigned value)
{
    unsigned i = 0;

    while (i + 1 < n && least[i + 1] <= value)
        i++;
    return i;
}

void ev_deflate_match(struct ev_deflate *deflate, unsigned length, unsigned distance)
{
    const unsigned i = find_range(ev_least_length, EV_N_LENGTHS, length);
    const unsigned k = find_range(ev_least_distance, EV_N_DISTANCES, distance);

    put_symbol(deflate, deflate->literal_bits, EV_MAX_SYMBOLS, EV_END_OF_BLOCK + 1 + i);
    ev_deflate_bits(deflate, length - ev_least_length[i], ev_length_bits[i]);
    put_symbol(deflate, deflate->distance_bits, EV_N_DISTANCES, k);
    ev_deflate_bits(deflate, distance - ev_least_distance[k], ev_distance_bits[k]);
    for (unsigned j = 0; j < length; j++, deflate->bytes.n++)
        deflate->bytes.data[deflate->bytes.n] =
            distance <= deflate->bytes.n ? deflate->bytes.data[deflate->bytes.n - distance]
                                         : EV_DEFLATE_BEFORE;
}

void ev_deflate_end_of_block(struct ev_deflate *deflate)
{
    put_symbol(deflate, deflate->literal_bits, EV_MAX_SYMBOLS, EV_END_OF_BLOCK);
}

void ev_deflate_stored(struct ev_deflate *deflate, size_t n, bool is_last)
{
    ev_deflate_bits(deflate, is_last, 3);
    deflate->n_bits = 0;
    ev_deflate_bits(deflate, (unsigned)n, 16);
    ev_deflate_bits(deflate, (unsigned)~n & 0xffff, 16);
    for (size_t i = 0; i < n; i++) {
        deflate->bytes.data[deflate->bytes.n] = (uint8_t)ev_rng_mix(deflate->bytes.n);
        ev_deflate_bits(deflate, deflate->bytes.data[deflate->bytes.n++], 8);
    }
}

void ev_deflate_fixed(struct ev_deflate *deflate, bool is_last)
{
    ev_deflate_bits(deflate, is_last | 1u << 1, 3);
    memset(deflate->literal_bits, 8, EV_MAX_SYMBOLS);
    memset(deflate->literal_bits + 144, 9, 112);
    memset(deflate->literal_bits + 256, 7, 24);
    memset(deflate->distance_bits, 5, EV_N_DISTANCES);
}

/* Each number of bits is written as it is, in four bits. */
void ev_deflate_dynamic(struct ev_deflate *deflate, bool is_last)
{
    static const uint8_t of_lengths[19] = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4};
    const unsigned n_literals = EV_MAX_SYMBOLS - 2;

    ev_deflate_bits(deflate, is_last | 2u << 1, 3);
    ev_deflate_bits(deflate, n_literals - 257, 5);
    ev_deflate_bits(deflate, EV_N_DISTANCES - 1, 5);
    ev_deflate_bits(deflate, 15, 4);
    for (int i = 0; i < 19; i++)
        ev_deflate_bits(deflate, i < 3 ? 0 : 4, 3); /* 16, 17, 18, and then the others */
    for (unsigned i = 0; i < n_literals; i++)
        put_symbol(deflate, of_lengths, 19, deflate->literal_bits[i]);
    for (unsigned i = 0; i < EV_N_DISTANCES; i++)
        put_symbol(deflate, of_lengths, 19, deflate->distance_bits[i]);
}

/* Each symbol has half of what is left, and the last ones share: 2^-9 = 12 * 2^-13 + 5 * 2^-14 +
 * 6 * 2^-15, and 2^-10 = 4 * 2^-13 + 16 * 2^-15. */
void ev_deflate_steep(struct ev_deflate *deflate)
{
    memset(deflate->literal_bits, 0, EV_MAX_SYMBOLS);
    deflate->literal_bits[0] = 1;
    for (unsigned i = 0; i < 8; i++)
        deflate->literal_bits[EV_END_OF_BLOCK + 1 + i] = (uint8_t)(2 + i);
    deflate->literal_bits[1] = 15;
    deflate->literal_bits[EV_END_OF_BLOCK] = 15;
    for (unsigned i = 8; i < EV_N_LENGTHS; i++)
        deflate->literal_bits[EV_END_OF_BLOCK + 1 + i] = i < 20 ? 13 : i < 25 ? 14 : 15;
    for (unsigned i = 0; i < EV_N_DISTANCES; i++)
        deflate->distance_bits[i] = (uint8_t)(i < 10 ? i + 1 : i < 14 ? 13 : 15);
}
