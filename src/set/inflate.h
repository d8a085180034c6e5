/* SPDX-License-Identifier: MIT */
/*
 * Inflates zlib streams (RFC 1950) of known length, two at a time on one core: a step in one stream
 * waits for the step before, and the processor fills the wait with the other stream. For noisy
 * pictures, whose matches are short, that is a third faster than one stream after the other.
 *
 * It knows what packers write and refuses rarer forms, incomplete codes for one. Whatever it says
 * is done is what libdeflate gives; libdeflate has the last word on the rest.
 */
#ifndef EV_SET_INFLATE_H
#define EV_SET_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_inflate_job {
    const uint8_t *packed; /* any bytes: they may be damaged */
    size_t n_packed;
    uint8_t *bytes; /* room for exactly what comes out; left half written where that fails */
    size_t n_bytes;
    bool is_done; /* out: all bytes are there, and their checksum is right */
};

/* The tables that a thread needs. */
struct ev_inflater;
/* NULL when out of memory. */
struct ev_inflater *ev_inflater_open(void);
/* Takes NULL. */
void ev_inflater_close(struct ev_inflater *inflater);

/* The two may be of any lengths; their rooms must not overlap. */
void ev_inflate_pair(struct ev_inflater *inflater, struct ev_inflate_job jobs[2]);

#endif
