/* SPDX-License-Identifier: MIT */
/* Signals: the first one is a flag, the second one ends the program and leaves no temporary file.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "support/ev_test.h"

static struct ev_error err;

START_TEST(first_signal_is_a_flag)
{
    ev_interrupt_install();
    ck_assert(!ev_interrupted());
    ev_assert_ok(ev_interrupt_check(&err));
    raise(_i ? SIGTERM : SIGINT);
    ck_assert(ev_interrupted());
    ev_assert_fails(ev_interrupt_check(&err), EV_INTERRUPTED, "interrupted");
}
END_TEST

START_TEST(second_signal_ends_it)
{
    char *name = NULL;
    int ends[2], state;
    char heard[600] = "";

    ck_assert_int_eq(pipe(ends), 0);
    const char *path = ev_test_path("set.h5");
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        ev_interrupt_install();
        if (ev_file_temporary(path, &name, &err) != EV_OK)
            _exit(1);
        if (write(ends[1], name, strlen(name)) < 0)
            _exit(2);
        raise(SIGINT);
        raise(SIGINT);
        _exit(3);
    }
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ck_assert(WIFEXITED(state));
    ck_assert_int_eq(WEXITSTATUS(state), 130);
    ck_assert_int_gt(read(ends[0], heard, sizeof heard - 1), 0);
    ck_assert_ptr_nonnull(strstr(heard, "set.part-"));
    ck_assert(!ev_file_exists(heard));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("interrupt");
    TCase *tests = tcase_create("interrupt");

    tcase_add_loop_test(tests, first_signal_is_a_flag, 0, 2);
    tcase_add_test(tests, second_signal_ends_it);
    suite_add_tcase(suite, tests);
    return suite;
}
