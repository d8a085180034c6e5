/* SPDX-License-Identifier: MIT */
/* Open addressing; equal hashes of different pictures are for the caller to tell apart. */
#include "inspect/twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

bool ev_twins_init(struct ev_twins *twins, int64_t n_rows)
{
    *twins = (struct ev_twins){.n_slots = 16};
    while (twins->n_slots < 2 * (uint64_t)n_rows)
        twins->n_slots *= 2;
    twins->hashes = malloc(twins->n_slots * sizeof *twins->hashes);
    twins->rows = malloc(twins->n_slots * sizeof *twins->rows);
    if (!twins->hashes || !twins->rows) {
        ev_twins_free(twins);
        return false;
    }
    for (uint64_t i = 0; i < twins->n_slots; i++)
        twins->rows[i] = -1;
    return true;
}

void ev_twins_free(struct ev_twins *twins)
{
    free(twins->hashes);
    free(twins->rows);
    *twins = (struct ev_twins){0};
}

int64_t ev_twins_add(struct ev_twins *twins, uint64_t hash, int64_t row)
{
    uint64_t slot = hash & (twins->n_slots - 1);

    while (twins->rows[slot] >= 0) {
        if (twins->hashes[slot] == hash)
            return twins->rows[slot];
        slot = (slot + 1) & (twins->n_slots - 1);
    }
    twins->hashes[slot] = hash;
    twins->rows[slot] = row;
    return -1;
}

uint64_t ev_picture_hash(const uint8_t *picture, size_t n_bytes)
{
    uint64_t hash = n_bytes, word;
    size_t at = 0;

    for (; n_bytes - at >= sizeof word; at += sizeof word) {
        memcpy(&word, picture + at, sizeof word);
        hash = ev_rng_mix(hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    }
    word = 0;
    memcpy(&word, picture + at, n_bytes - at);
    return ev_rng_mix(hash ^ word);
}
