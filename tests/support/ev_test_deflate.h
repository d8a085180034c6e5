/* SPDX-License-Identifier: MIT */
/* zlib streams put together symbol by symbol, as no packer does, right or wrong; and what must come
 * out of them. */
#ifndef EV_TEST_DEFLATE_H
#define EV_TEST_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "set/inflate_code.h"

#define EV_DEFLATE_MAX_BYTES ((size_t)1 << 21)
/* What is before the first byte, to a match that begins there. */
#define EV_DEFLATE_BEFORE    0xa5

struct ev_test_bytes {
    uint8_t *data;
    size_t n;
};

struct ev_deflate {
    struct ev_test_bytes packed, bytes; /* room for EV_DEFLATE_MAX_BYTES, which is not checked */
    unsigned n_bits;                    /* of the last packed byte */
    uint8_t literal_bits[EV_MAX_SYMBOLS], distance_bits[EV_N_DISTANCES]; /* codes of the block */
};

/* Begins with a header. The caller frees it. */
struct ev_deflate ev_deflate_begin(void);
/* The checksum. */
void ev_deflate_end(struct ev_deflate *deflate);
void ev_deflate_free(struct ev_deflate *deflate);

/* The lowest first. */
void ev_deflate_bits(struct ev_deflate *deflate, unsigned value, unsigned n_bits);

/* A whole block of n bytes. */
void ev_deflate_stored(struct ev_deflate *deflate, size_t n, bool is_last);
void ev_deflate_fixed(struct ev_deflate *deflate, bool is_last);
/* With the codes that the caller has set, and need not be in order. */
void ev_deflate_dynamic(struct ev_deflate *deflate, bool is_last);
/* Sets codes of all lengths: for the literals 0 and 1, all lengths, all distances. */
void ev_deflate_steep(struct ev_deflate *deflate);

void ev_deflate_literal(struct ev_deflate *deflate, uint8_t literal);
void ev_deflate_match(struct ev_deflate *deflate, unsigned length, unsigned distance);
void ev_deflate_end_of_block(struct ev_deflate *deflate);

#endif
