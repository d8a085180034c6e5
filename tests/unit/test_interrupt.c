/* SPDX-License-Identifier: MIT */
/* Signals: the first one is a flag and ends a child, the second one ends the program and leaves no
 * temporary file. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

START_TEST(answered_signal_is_over)
{
    ev_interrupt_install();
    ev_interrupt_answer();
    raise(SIGINT);
    ck_assert(ev_interrupted()); /* an answer before any signal answers none */
    ev_interrupt_answer();
    ck_assert(!ev_interrupted());
    ev_assert_ok(ev_interrupt_check(&err));
}
END_TEST

/* A child that never ends, in a process group of its own. */
static pid_t start_child(void)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nor outlives a test that fails */
        for (;;)
            pause();
    }
    ck_assert_int_eq(setpgid(child, child), 0);
    return child;
}

/* The signal comes while the child is known, or before. */
START_TEST(signal_ends_the_child)
{
    int state;
    pid_t child = start_child();

    ev_interrupt_install();
    if (_i == 0)
        raise(SIGINT);
    ev_interrupt_set_child(child);
    if (_i == 1)
        raise(SIGINT);
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ev_interrupt_set_child(0);
    ck_assert(WIFSIGNALED(state));
    ck_assert_int_eq(WTERMSIG(state), SIGKILL);
    ck_assert(ev_interrupted());
}
END_TEST

/* What a terminal on standard error shows after a signal; without one nothing is written. */
START_TEST(advice_is_for_terminals)
{
    const bool terminal = _i == 0;
    char heard[200] = "";
    int ends[2], state;

    if (terminal) {
        ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
        if (ends[0] < 0)
            return; /* a container without terminals, where nobody can read the advice either */
        ck_assert_int_eq(grantpt(ends[0]), 0);
        ck_assert_int_eq(unlockpt(ends[0]), 0);
        ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
    } else {
        ck_assert_int_eq(pipe(ends), 0);
    }
    ck_assert_int_ge(ends[1], 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        ev_interrupt_install();
        raise(SIGINT);
        _exit(write(ends[1], "end", 3) == 3 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ck_assert_int_eq(state, 0);
    for (size_t n = 0; !strstr(heard, "end"); n = strlen(heard))
        ck_assert_int_gt(read(ends[0], heard + n, sizeof heard - 1 - n), 0);
    if (terminal)
        ck_assert_str_eq(heard, "\r\033[Kevalrun: stopping; press Ctrl-C again to stop at once\r\n"
                                "end");
    else
        ck_assert_str_eq(heard, "end");
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
    tcase_add_test(tests, answered_signal_is_over);
    tcase_add_loop_test(tests, signal_ends_the_child, 0, 2);
    tcase_add_loop_test(tests, advice_is_for_terminals, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
