/* SPDX-License-Identifier: MIT */
/*
 * Orders in which things are measured so that neither the position in a round nor the predecessor
 * favours one of them: Williams' squares (E. J. Williams: "Experimental designs balanced for the
 * estimation of residual effects of treatments", Australian Journal of Scientific Research A 2,
 * 1949, 149-168). A plain cyclic square balances positions, but an entry follows the same other one
 * in most rounds and inherits its caches and clock frequency.
 */
#ifndef EV_DESIGN_H
#define EV_DESIGN_H

#include <stdint.h>

/* Rounds that a balanced design of n_entries >= 1 has: n for even n, 2 n for odd n, where one
 * square cannot balance the predecessors and its mirror is added. */
int32_t ev_design_rows(int32_t n_entries);

/*
 * Fills orders, (ev_design_rows(n), n) entries 0..n-1, a row for each round. Every row has each
 * entry once; for even n every column too, and each ordered pair of neighbours comes once; for odd
 * n both come twice. Which entry plays which part and the order of the rows are drawn by (seed,
 * square): take another `square` for each design of a run.
 */
void ev_design_fill(int32_t n_entries, uint64_t seed, uint64_t square, int32_t *orders);

#endif
