/* SPDX-License-Identifier: MIT */
/* A result made by hand, like one of the four variants on the three test sets: known errors, and
 * times drawn from a fixed seed. */
#ifndef EV_TEST_RESULT_H
#define EV_TEST_RESULT_H

#include "eval/result.h"

/* The first n_backends (1 to 8) of baseline, dynamic, static, qat and some engines with long
 * names, on the first n_sets (1 to 3) sets; with several sets also the pooled rows. */
void ev_test_result_make(struct ev_result *result, size_t n_backends, size_t n_sets);

/* Replaces a string of a result by a copy. */
void ev_test_result_text(char **to, const char *text);

#endif
