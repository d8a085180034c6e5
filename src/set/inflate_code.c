/* SPDX-License-Identifier: MIT */
/* Huffman codes and tables. A table for k bits is that for k - 1 bits twice, as what was known
 * before says nothing about the last bit, and then what takes all k bits is written into it. */
#include "set/inflate_code.h"

#include <string.h>

const uint16_t ev_least_length[EV_N_LENGTHS] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                67, 83, 99, 115, 131, 163, 195, 227, 258};
const uint8_t ev_length_bits[EV_N_LENGTHS] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                              2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
const uint16_t ev_least_distance[EV_N_DISTANCES] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
const uint8_t ev_distance_bits[EV_N_DISTANCES] = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                  4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                  9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

static void make_quick(struct ev_code *code)
{
    unsigned next = 0, at = 0;

    code->quick[0] = 0;
    for (unsigned k = 1; k <= EV_QUICK_BITS; k++, next <<= 1) {
        memcpy(code->quick + (1u << (k - 1)), code->quick, sizeof code->quick[0] << (k - 1));
        for (unsigned i = 0; i < code->n_of_bits[k]; i++)
            code->quick[ev_reverse_bits(next++, k)] = (uint16_t)(code->symbols[at++] << 4 | k);
    }
    code->next_code = next;
    code->next_symbol = at;
}

bool ev_code_make(struct ev_code *code, const uint8_t *n_bits, unsigned n_symbols)
{
    uint16_t next[EV_MAX_CODE_BITS + 2] = {0};
    int n_free = 1; /* codes of k bits that no shorter one begins */

    memset(code->n_of_bits, 0, sizeof code->n_of_bits);
    for (unsigned i = 0; i < n_symbols; i++)
        code->n_of_bits[n_bits[i]]++;
    code->n_of_bits[0] = 0;
    for (unsigned k = 1; k <= EV_MAX_CODE_BITS; k++) {
        n_free = 2 * n_free - code->n_of_bits[k];
        if (n_free < 0)
            return false;
        next[k + 1] = (uint16_t)(next[k] + code->n_of_bits[k]);
    }
    for (unsigned i = 0; i < n_symbols; i++) {
        if (n_bits[i] > 0)
            code->symbols[next[n_bits[i]]++] = (uint16_t)i;
    }
    make_quick(code);
    const bool is_alone = code->n_of_bits[1] == 1 && n_free == 1 << (EV_MAX_CODE_BITS - 1);
    return n_free == 0 || is_alone || n_free == 1 << EV_MAX_CODE_BITS;
}

/* --- Steps --- */

/* A code of one length or distance, as it lies in the file. */
struct part {
    uint16_t symbol, code;
};

/* All codes that a step may have, those of k bits at [first[k], first[k + 1]). */
struct parts {
    struct part parts[EV_MAX_SYMBOLS];
    unsigned first[EV_STEP_BITS + 2];
};

static void list_parts(const struct ev_code *code, struct parts *list)
{
    unsigned next = 0, at = 0;

    for (unsigned k = 1; k <= EV_STEP_BITS; k++, next <<= 1) {
        list->first[k] = at;
        for (unsigned i = 0; i < code->n_of_bits[k]; i++, at++)
            list->parts[at] =
                (struct part){code->symbols[at], (uint16_t)ev_reverse_bits(next++, k)};
    }
    list->first[EV_STEP_BITS + 1] = at;
}

/* Matches of a length whose code has n_bits, and a distance whose code makes it k bits. */
static void add_matches(uint32_t *steps, unsigned k, const struct part *length, unsigned n_bits,
                        const struct parts *distances)
{
    /* Nothing is added to lengths of up to ten bytes. */
    const unsigned n_bytes = ev_least_length[length->symbol - EV_END_OF_BLOCK - 1];
    const unsigned left = k - n_bits;

    for (unsigned i = distances->first[left]; i < distances->first[left + 1]; i++) {
        const struct part *distance = &distances->parts[i];
        if (distance->symbol < EV_N_DISTANCES && ev_least_distance[distance->symbol] >= n_bytes)
            steps[length->code | (unsigned)distance->code << n_bits] =
                EV_STEP(k, k + ev_distance_bits[distance->symbol], n_bytes,
                        ev_least_distance[distance->symbol]);
    }
}

void ev_steps_make(uint32_t steps[1 << EV_STEP_BITS], const struct ev_code *literals,
                   const struct ev_code *distances)
{
    struct parts lits, dists;
    struct {
        struct part part;
        unsigned n_bits;
    } lengths[EV_STEP_BYTES];
    unsigned n_lengths = 0;

    list_parts(literals, &lits);
    list_parts(distances, &dists);
    steps[0] = EV_STEP_RARE;
    for (unsigned k = 1; k <= EV_STEP_BITS; k++) {
        memcpy(steps + (1u << (k - 1)), steps, sizeof *steps << (k - 1));
        for (unsigned i = 0; i < n_lengths; i++)
            add_matches(steps, k, &lengths[i].part, lengths[i].n_bits, &dists);
        for (unsigned i = lits.first[k]; i < lits.first[k + 1]; i++) {
            const struct part part = lits.parts[i];
            if (part.symbol < EV_N_LITERALS)
                steps[part.code] = EV_STEP(k, k, 1, EV_N_LITERALS - part.symbol);
            else if (part.symbol > EV_END_OF_BLOCK &&
                     part.symbol <= EV_END_OF_BLOCK + EV_N_LENGTHS &&
                     ev_least_length[part.symbol - EV_END_OF_BLOCK - 1] <= EV_STEP_BYTES) {
                lengths[n_lengths].part = part;
                lengths[n_lengths++].n_bits = k;
            }
        }
    }
}
