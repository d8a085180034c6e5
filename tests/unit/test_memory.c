/* SPDX-License-Identifier: MIT */
/* Freed memory is kept: the second round of allocations meets pages that are there already. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "support/ev_test.h"

#define N_BLOCKS    4
#define BLOCK_BYTES ((size_t)8 << 20)

static long n_faults(void)
{
    struct rusage usage;

    ck_assert_int_eq(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_minflt;
}

/* Page faults of allocating, filling and freeing the blocks once. */
static long faults_of_a_round(void)
{
    char *blocks[N_BLOCKS];
    long before = n_faults();

    for (size_t i = 0; i < N_BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        ck_assert_ptr_nonnull(blocks[i]);
        memset(blocks[i], 1, BLOCK_BYTES);
    }
    for (size_t i = 0; i < N_BLOCKS; i++)
        free(blocks[i]);
    return n_faults() - before;
}

static void *two_rounds(void *faults)
{
    long *of_round = faults;

    of_round[0] = faults_of_a_round();
    of_round[1] = faults_of_a_round();
    return NULL;
}

/* Case 0 in the first thread, whose heap is another kind than those of case 1's. */
START_TEST(second_round_meets_no_new_pages)
{
    long faults[2];
    pthread_t thread;

    ev_memory_keep();
    if (_i == 0) {
        two_rounds(faults);
    } else {
        ck_assert_int_eq(pthread_create(&thread, NULL, two_rounds, faults), 0);
        pthread_join(thread, NULL);
    }
    /* Sanitizers bring an allocator of their own, which this is not about. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ck_assert_int_lt(faults[1], 64);
#endif
    ck_assert_int_gt(faults[0], 0);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *keep = tcase_create("keep");

    tcase_add_loop_test(keep, second_round_meets_no_new_pages, 0, 2);
    suite_add_tcase(suite, keep);
    return suite;
}
