/* SPDX-License-Identifier: MIT */
/* Finds equal pictures among many by a hash of each. */
#ifndef EV_TWINS_H
#define EV_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table of hashes; rows are those that were not equal to an earlier one. */
struct ev_twins {
    uint64_t *hashes; /* (n_slots), with rows below; owned */
    int64_t *rows;    /* (n_slots), -1: empty; owned */
    uint64_t n_slots; /* a power of two, at least twice the number of rows */
};

/* Room for n_rows. False when out of memory. */
bool ev_twins_init(struct ev_twins *twins, int64_t n_rows);
void ev_twins_free(struct ev_twins *twins);
/* The earlier row with the same hash, or -1; then `row` is remembered for it. */
int64_t ev_twins_add(struct ev_twins *twins, uint64_t hash, int64_t row);
/* 64 bits of a picture's bytes. */
uint64_t ev_picture_hash(const uint8_t *picture, size_t n_bytes);

#endif
