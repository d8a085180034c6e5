/* SPDX-License-Identifier: MIT */
/* The promises of balanced designs, counted. */
#include "support/ev_test.h"

#include <stdbool.h>
#include <string.h>

#include "stats/design.h"

#define MAX_ENTRIES 20

static int32_t orders[2 * MAX_ENTRIES * MAX_ENTRIES];

/* Every entry so often in each position, every ordered pair of neighbours so often. One answer for
 * all, as an assertion for each count would take most of the time. */
static bool is_balanced(int32_t n, int32_t n_each)
{
    int32_t at_position[MAX_ENTRIES][MAX_ENTRIES] = {{0}},
            follows[MAX_ENTRIES][MAX_ENTRIES] = {{0}};

    for (int32_t row = 0; row < ev_design_rows(n); row++) {
        bool seen[MAX_ENTRIES] = {false};
        for (int32_t j = 0; j < n; j++) {
            int32_t entry = orders[row * n + j];
            if (entry < 0 || entry >= n || seen[entry])
                return false;
            seen[entry] = true;
            at_position[j][entry]++;
            if (j > 0)
                follows[orders[row * n + j - 1]][entry]++;
        }
    }
    for (int32_t a = 0; a < n; a++) {
        for (int32_t b = 0; b < n; b++) {
            if (at_position[a][b] != n_each || follows[a][b] != (a == b ? 0 : n_each))
                return false;
        }
    }
    return true;
}

START_TEST(positions_and_predecessors_are_balanced)
{
    const int32_t n = _i, n_each = n % 2 ? 2 : 1;

    ck_assert_int_eq(ev_design_rows(n), n_each * n);
    for (uint64_t seed = 0; seed < 50; seed++) {
        for (uint64_t square = 0; square < 4; square++) {
            ev_design_fill(n, seed, square, orders);
            ck_assert(is_balanced(n, n_each));
        }
    }
}
END_TEST

START_TEST(orders_depend_on_seed_and_square_alone)
{
    int32_t first[36], again[36], other_seed[36], other_square[36];

    ev_design_fill(6, 7, 2, first);
    ev_design_fill(6, 7, 2, again);
    ev_design_fill(6, 8, 2, other_seed);
    ev_design_fill(6, 7, 3, other_square);
    ck_assert(memcmp(first, again, sizeof first) == 0);
    ck_assert(memcmp(first, other_seed, sizeof first) != 0);
    ck_assert(memcmp(first, other_square, sizeof first) != 0);
}
END_TEST

/* Rows and labels are both shuffled: each ordered pair opens the first row equally often, within
 * five standard deviations. */
START_TEST(every_entry_may_come_first)
{
    enum { N = 6, N_SEEDS = 6000 };
    int32_t opens[N][N] = {{0}};

    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        ev_design_fill(N, seed, 0, orders);
        opens[orders[0]][orders[1]]++;
    }
    for (int32_t a = 0; a < N; a++) {
        for (int32_t b = 0; b < N; b++)
            ck_assert(a == b || (opens[a][b] > 130 && opens[a][b] < 270));
    }
}
END_TEST

/* In a square as it is built, the second entry of the first row opens the second row. */
START_TEST(rows_are_shuffled)
{
    enum { N = 6, N_SEEDS = 6000 };
    int32_t at_row[N] = {0};

    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        ev_design_fill(N, seed, 0, orders);
        for (int32_t row = 0; row < N; row++)
            at_row[row] += orders[row * N] == orders[1];
    }
    for (int32_t row = 1; row < N; row++)
        ck_assert(at_row[row] > 1050 && at_row[row] < 1350);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("design");
    TCase *tests = tcase_create("design");

    tcase_add_loop_test(tests, positions_and_predecessors_are_balanced, 1, MAX_ENTRIES + 1);
    tcase_add_test(tests, orders_depend_on_seed_and_square_alone);
    tcase_add_test(tests, every_entry_may_come_first);
    tcase_add_test(tests, rows_are_shuffled);
    suite_add_tcase(suite, tests);
    return suite;
}
