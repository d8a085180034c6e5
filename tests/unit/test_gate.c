/* SPDX-License-Identifier: MIT */
/* The gate on speed, on simulated processes: what is too slow is caught, the same thing passes
 * every time, and one bad run alone fails nothing. */
#include "support/ev_test.h"

#include <math.h>

#include "base/rng.h"
#include "support/ev_gate.h"

#define N      9
#define SPREAD 0.006 /* between processes */
#define BOUND  1.05

/* Processes of run `index` whose ratio is `ratio`, of which some are slow by half. */
static void simulate(uint64_t index, double ratio, int n_slow, double values[N])
{
    struct ev_rng rng = ev_rng_at(3, EV_RNG_TEST, index);

    for (int p = 0; p < N; p++)
        values[p] = log(ratio) + SPREAD * ev_rng_normal(&rng) + (p < n_slow ? log(1.5) : 0);
}

static enum ev_gate run(uint64_t index, double control, double ratio, int n_slow)
{
    double controls[N], values[N];
    struct ev_gate_ratio found;

    simulate(2 * index, control, 0, controls);
    simulate(2 * index + 1, ratio, n_slow, values);
    return ev_gate_judge(controls, values, N, BOUND, &found);
}

/* Two runs of two, as the benchmark does it. */
static enum ev_gate gate(uint64_t index, double ratio)
{
    return ev_gate_conclude(run(2 * index, 1, ratio, 0), run(2 * index + 1, 1, ratio, 0));
}

START_TEST(the_same_passes_twenty_times)
{
    for (uint64_t i = 0; i < 20; i++)
        ck_assert_int_eq(gate(i, 1.0), EV_GATE_PASSES);
}
END_TEST

/* Even at the bound, where each run's interval lies above it in some 2 % of all cases. */
START_TEST(what_is_at_the_bound_passes_twenty_times)
{
    for (uint64_t i = 100; i < 120; i++)
        ck_assert_int_ne(gate(i, BOUND), EV_GATE_FAILS);
}
END_TEST

START_TEST(what_is_slow_is_caught_twenty_times)
{
    int n_caught = 0;

    /* 3 % above the bound; a run that is not quiet by chance, 4 % of them, tells nothing. */
    for (uint64_t i = 200; i < 220; i++) {
        const enum ev_gate answer = gate(i, BOUND * 1.03);
        n_caught += answer == EV_GATE_FAILS;
        ck_assert_int_ne(answer, EV_GATE_PASSES);
    }
    ck_assert_int_ge(n_caught, 17);
}
END_TEST

START_TEST(a_slow_process_does_not_fail_a_run)
{
    ck_assert_int_eq(run(1, 1, 1.0, 1), EV_GATE_PASSES);
    ck_assert_int_eq(run(1, 1, 1.0, 4), EV_GATE_PASSES);
    ck_assert_int_eq(run(1, 1, 1.0, N), EV_GATE_FAILS);
}
END_TEST

START_TEST(a_run_that_is_not_quiet_tells_nothing)
{
    ck_assert_int_eq(run(1, 1.05, 2.0, 0), EV_GATE_CANNOT_TELL);
}
END_TEST

START_TEST(the_interval_holds_the_ratio)
{
    double controls[N], values[N];
    struct ev_gate_ratio ratio;

    simulate(2, 1, 0, controls);
    simulate(3, 0.4, 0, values);
    ck_assert_int_eq(ev_gate_judge(controls, values, N, BOUND, &ratio), EV_GATE_PASSES);
    ck_assert(ratio.low < ratio.ratio && ratio.ratio < ratio.high);
    ck_assert_double_eq_tol(ratio.ratio, 0.4, 0.004);
    /* Too few processes for any interval. */
    ck_assert_int_eq(ev_gate_judge(controls, values, 3, BOUND, &ratio), EV_GATE_CANNOT_TELL);
}
END_TEST

START_TEST(only_two_failures_fail)
{
    static const enum ev_gate together[3][3] = {
        {EV_GATE_PASSES, EV_GATE_PASSES, EV_GATE_PASSES},
        {EV_GATE_PASSES, EV_GATE_FAILS, EV_GATE_CANNOT_TELL},
        {EV_GATE_PASSES, EV_GATE_CANNOT_TELL, EV_GATE_CANNOT_TELL},
    };

    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++)
            ck_assert_int_eq(ev_gate_conclude((enum ev_gate)a, (enum ev_gate)b), together[a][b]);
    }
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("gate");
    TCase *tests = tcase_create("gate");

    tcase_add_test(tests, the_same_passes_twenty_times);
    tcase_add_test(tests, what_is_at_the_bound_passes_twenty_times);
    tcase_add_test(tests, what_is_slow_is_caught_twenty_times);
    tcase_add_test(tests, a_slow_process_does_not_fail_a_run);
    tcase_add_test(tests, a_run_that_is_not_quiet_tells_nothing);
    tcase_add_test(tests, the_interval_holds_the_ratio);
    tcase_add_test(tests, only_two_failures_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
