/* SPDX-License-Identifier: MIT */
/* When times are known well enough to stop. */
#include "support/ev_test.h"

#include "eval/times.h"
#include "support/ev_test_session.h"

#define HOT_NS 1e6

static struct ev_session measured(int32_t n_processes, double layout)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_session session = {0};

    machine.n_processes = n_processes;
    machine.layout = layout;
    ev_test_measure(&session, &machine, EV_MODE_HOT, EV_BOUNDARY_E2E, HOT_NS, 1, 1);
    return session;
}

START_TEST(narrow_intervals_are_enough)
{
    struct ev_session session = measured(12, 0.004);

    ck_assert(ev_times_are_enough(&session, 0.01));
    ck_assert(!ev_times_are_enough(&session, 0.0001));
    ev_session_free(&session);
}
END_TEST

START_TEST(wide_intervals_are_not)
{
    struct ev_session session = measured(12, 0.08);

    ck_assert(!ev_times_are_enough(&session, 0.01));
    ck_assert(ev_times_are_enough(&session, 0.2));
    ev_session_free(&session);
}
END_TEST

START_TEST(too_few_processes_for_an_interval_are_not)
{
    struct ev_session session = measured(3, 0.0001);

    ck_assert(!ev_times_are_enough(&session, 1));
    ev_session_free(&session);
}
END_TEST

/* Cold calls, and whatever else is not hot, need not be known as well. */
START_TEST(only_hot_times_count)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_session session = measured(12, 0.004);

    machine.layout = 0.3;
    ev_test_measure(&session, &machine, EV_MODE_COLD, EV_BOUNDARY_E2E, HOT_NS, 1, 2);
    ck_assert(ev_times_are_enough(&session, 0.01));
    ev_session_free(&session);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("times");
    TCase *times = tcase_create("times");

    tcase_add_test(times, narrow_intervals_are_enough);
    tcase_add_test(times, wide_intervals_are_not);
    tcase_add_test(times, too_few_processes_for_an_interval_are_not);
    tcase_add_test(times, only_hot_times_count);
    suite_add_tcase(suite, times);
    return suite;
}
