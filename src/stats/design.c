/* SPDX-License-Identifier: MIT */
/* Williams' squares from the zigzag 0 1 n-1 2 n-2 ..., whose neighbours differ by 1, 2, 3, ...
 * (modulo n, up to sign), each difference once for even n. */
#include "stats/design.h"

#include "base/rng.h"

static int32_t zigzag(int32_t n, int32_t position)
{
    return position % 2 ? (position + 1) / 2 : (n - position / 2) % n;
}

static int32_t zigzag_position(int32_t n, int32_t value)
{
    return value <= n / 2 ? (value > 0 ? 2 * value - 1 : 0) : 2 * (n - value);
}

static void swap(int32_t *a, int32_t *b)
{
    int32_t kept = *a;

    *a = *b;
    *b = kept;
}

int32_t ev_design_rows(int32_t n_entries)
{
    return n_entries % 2 ? 2 * n_entries : n_entries;
}

void ev_design_fill(int32_t n_entries, uint64_t seed, uint64_t square, int32_t *orders)
{
    const int32_t n = n_entries, n_rows = ev_design_rows(n);
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_DESIGN, square);

    /* Row 0 is the zigzag of shuffled labels, so any shuffle. In row r each label is replaced by
     * the one r places on in the zigzag's numbers; the second square reads rows backwards. */
    for (int32_t j = 0; j < n; j++)
        orders[j] = j;
    for (int32_t j = n - 1; j > 0; j--)
        swap(&orders[j], &orders[ev_rng_below(&rng, (uint64_t)j + 1)]);
    for (int32_t row = 1; row < n_rows; row++) {
        for (int32_t j = 0; j < n; j++) {
            int32_t from = zigzag_position(n, (zigzag(n, j) + row) % n);
            orders[row * n + (row < n ? j : n - 1 - j)] = orders[from];
        }
    }
    for (int32_t row = n_rows - 1; row > 0; row--) {
        int32_t other = (int32_t)ev_rng_below(&rng, (uint64_t)row + 1);
        for (int32_t j = 0; j < n; j++)
            swap(&orders[row * n + j], &orders[other * n + j]);
    }
}
