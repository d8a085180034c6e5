/* SPDX-License-Identifier: MIT */
/* Huffman codes of a block (RFC 1951), and the table of what the next bits mean; for inflate.c. */
#ifndef EV_SET_INFLATE_CODE_H
#define EV_SET_INFLATE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#define EV_MAX_CODE_BITS 15
#define EV_QUICK_BITS    10 /* codes up to here are looked up, longer ones are tried bit by bit */

enum {
    EV_N_LITERALS = 256,
    EV_END_OF_BLOCK = 256, /* symbols behind it are lengths */
    EV_N_LENGTHS = 29,
    EV_N_DISTANCES = 30,
    EV_MAX_SYMBOLS = 288,
};

/* Lengths and distances of matches: the least, and the number of bits that follow and are added to
 * it (3.2.5). */
extern const uint16_t ev_least_length[EV_N_LENGTHS], ev_least_distance[EV_N_DISTANCES];
extern const uint8_t ev_length_bits[EV_N_LENGTHS], ev_distance_bits[EV_N_DISTANCES];

/* A code (3.2.2). */
struct ev_code {
    uint16_t n_of_bits[EV_MAX_CODE_BITS + 1]; /* symbols whose codes have so many bits */
    uint16_t symbols[EV_MAX_SYMBOLS];         /* in the order of their codes */
    uint16_t quick[1 << EV_QUICK_BITS];       /* symbol << 4 | bits, by the next bits; 0: longer */
    unsigned next_code, next_symbol;          /* the first that is longer */
};

/* From the number of bits of each symbol, 0 for none. False where some bits are no symbol, or two.
 */
bool ev_code_make(struct ev_code *code, const uint8_t *n_bits, unsigned n_symbols);

/* Codes begin with their highest bit, all else with the lowest (3.1.1). At most 16 bits. */
static inline unsigned ev_reverse_bits(unsigned code, unsigned n_bits)
{
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
    code = (code & 0x00ff) << 8 | code >> 8;
    return code >> (16 - n_bits);
}

/* The symbol that the bits begin with: symbol << 4 | bits of its code; 0 where there is none. */
static inline unsigned ev_code_find(const struct ev_code *code, uint64_t bits)
{
    const unsigned quick = code->quick[bits & ((1u << EV_QUICK_BITS) - 1)];

    if (quick != 0)
        return quick;
    const unsigned reversed =
        ev_reverse_bits((unsigned)bits & ((1u << EV_MAX_CODE_BITS) - 1), EV_MAX_CODE_BITS);
    unsigned first = code->next_code, at = code->next_symbol;
    for (unsigned k = EV_QUICK_BITS + 1; k <= EV_MAX_CODE_BITS; k++) {
        const unsigned i = (reversed >> (EV_MAX_CODE_BITS - k)) - first;
        if (i < code->n_of_bits[k])
            return (unsigned)code->symbols[at + i] << 4 | k;
        at += code->n_of_bits[k];
        first = (first + code->n_of_bits[k]) << 1;
    }
    return 0;
}

/* --- Steps --- */

/* An entry of the table: what the next EV_STEP_BITS bits begin with, a literal or a whole match,
 * that is the codes of its length and its distance. Bits that are added to the distance follow. */
#define EV_STEP_BITS  11 /* 97 % of the symbols of noisy pictures; larger tables leave the cache */
#define EV_STEP_BYTES 8  /* of the longest match in it */

/* Other entries: longer codes, longer matches, those that read what they write, ends of blocks. */
#define EV_STEP_RARE 0x80u

#define EV_STEP(n_code_bits, n_bits, n_bytes, distance)                                            \
    ((uint32_t)(n_bits) | (uint32_t)(n_code_bits) << 8 | (uint32_t)((n_bytes)-1) << 14 |           \
     (uint32_t)((distance)-1) << 17)

/* What is asked for is what costs no instruction: a shift takes the lowest six or eight bits of a
 * number, and a condition is whether something is 0. */
static inline unsigned ev_step_n_bits(uint32_t step) /* all, with those that are added */
{
    return (uint8_t)step;
}

static inline unsigned ev_step_n_code_bits(uint32_t step)
{
    return step >> 8 & 63;
}

static inline unsigned ev_step_further_bytes(uint32_t step) /* behind the first; 0: a literal */
{
    return step >> 14 & 7;
}

/* The least distance of a match, less one. A literal is one byte from a table of all bytes: this is
 * its distance from the last of them. */
static inline unsigned ev_step_gap(uint32_t step)
{
    return step >> 17;
}

void ev_steps_make(uint32_t steps[1 << EV_STEP_BITS], const struct ev_code *literals,
                   const struct ev_code *distances);

#endif
