/* SPDX-License-Identifier: MIT */
/* What every test program shares: one main, a scratch folder a test, tolerances. A test program
 * defines ev_suite() and links this library. */
#ifndef EV_TEST_H
#define EV_TEST_H

#include <check.h>

#include "evalrun/error.h"

/* Defined by each test program. */
Suite *ev_suite(void);

/* An empty folder that is this test's own, removed after it; made at the first call in a test. */
const char *ev_test_folder(void);
/* "FOLDER/name" in static storage, four calls deep. */
const char *ev_test_path(const char *name);

/* The call succeeds; the failure shows its message. `err` must be in scope. */
#define ev_assert_ok(call)                                                                         \
    do {                                                                                           \
        enum ev_status status_ = (call);                                                           \
        ck_assert_msg(status_ == EV_OK, #call ": %s", err.message);                                \
    } while (0)

/* The call fails with `expected`, and its message contains `part`. */
#define ev_assert_fails(call, expected, part)                                                      \
    do {                                                                                           \
        err.message[0] = '\0';                                                                     \
        enum ev_status status_ = (call);                                                           \
        ck_assert_msg(status_ == (expected), #call ": status %d: %s", (int)status_, err.message);  \
        ck_assert_msg(strstr(err.message, (part)) != NULL, #call ": message '%s' lacks '%s'",      \
                      err.message, (part));                                                        \
        ck_assert_msg(strchr(err.message, '\n') == NULL, "message has several lines");             \
    } while (0)

#endif
