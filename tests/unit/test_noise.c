/* SPDX-License-Identifier: MIT */
/* What is recorded of a block: work of this process, and a probe that works. */
#include "support/ev_test.h"

#include "measure/noise.h"

/* Steps that each take a nanosecond or more. */
static double work(int n)
{
    volatile double x = 1.0;

    for (int i = 0; i < n; i++)
        x = x * 0.5 + 1.0;
    return x;
}

START_TEST(a_block_is_described)
{
    struct ev_noise_meter meter;
    struct ev_block_noise idle, busy;
    bool disturbed;

    ev_noise_open(&meter);
    ev_noise_start(&meter);
    ev_noise_stop(&meter, &idle, &disturbed);
    ev_noise_start(&meter);
    ck_assert(work(5000000) > 1.0);
    ev_noise_stop(&meter, &busy, &disturbed);
    ev_noise_close(&meter);
    /* No core takes 400,000 dependent steps of several cycles in less. */
    ck_assert_int_gt(idle.probe_ns, 100000);
    ck_assert_int_gt(busy.probe_ns, 100000);
    ck_assert_int_gt(busy.cpu_ns, 2000000);
    ck_assert_int_gt(busy.cpu_ns, idle.cpu_ns);
    ck_assert_int_ge(busy.n_involuntary, 0);
}
END_TEST

/* The probe's time alone: it is set, as no machine can be slowed down to order. */
START_TEST(a_slow_probe_marks_the_block)
{
    struct ev_noise_meter meter;
    struct ev_block_noise noise;
    bool disturbed;

    ev_noise_open(&meter);
    ev_noise_start(&meter);
    meter.fastest_ns = meter.probe_ns / 2;
    ev_noise_stop(&meter, &noise, &disturbed);
    ck_assert(disturbed);
    ev_noise_start(&meter);
    meter.fastest_ns = meter.probe_ns;
    meter.start.steal_ticks = meter.start.psi_cpu_us = -1;
    ev_noise_stop(&meter, &noise, &disturbed);
    /* What was not known before is not known after. */
    ck_assert_int_eq(noise.steal_ticks, -1);
    ck_assert_int_eq(noise.psi_cpu_us, -1);
    ev_noise_close(&meter);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("noise");
    TCase *noise = tcase_create("noise");

    tcase_add_test(noise, a_block_is_described);
    tcase_add_test(noise, a_slow_probe_marks_the_block);
    suite_add_tcase(suite, noise);
    return suite;
}
