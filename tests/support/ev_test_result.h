/* SPDX-License-Identifier: MIT */
/* A result made by hand, like one of the four variants on the three test sets: known errors, and
 * times drawn from a fixed seed. */
#ifndef EV_TEST_RESULT_H
#define EV_TEST_RESULT_H

#include <jansson.h>

#include "eval/result.h"

/* The first n_backends (1 to 8) of baseline, dynamic, static, qat and some engines with long
 * names, on the first n_sets (1 to 3) sets; with several sets also the pooled rows. */
void ev_test_result_make(struct ev_result *result, size_t n_backends, size_t n_sets);

/* Replaces a string of a result by a copy. */
void ev_test_result_text(char **to, const char *text);

/* Saves a result in the test's folder and returns the file's text, malloc'ed. */
char *ev_test_result_save(const struct ev_result *result, const char *name);

/* Where a value of a good file is replaced, by what, and what the message must name. */
struct ev_test_damage {
    const char *container; /* as the test finds it */
    const char *key;
    const char *value; /* JSON, or NULL: the key is removed */
    const char *named;
};

/* Damages a saved result, `top`, in an object within it, and loads it: refused as damaged.json,
 * with nothing left in memory. */
void ev_test_result_check_damage(json_t *top, json_t *container,
                                 const struct ev_test_damage *damage);

#endif
