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
    ev_noise_stop(&meter, 1, &idle, &disturbed);
    ev_noise_start(&meter);
    ck_assert(work(5000000) > 1.0);
    ev_noise_stop(&meter, 1, &busy, &disturbed);
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
    ev_noise_stop(&meter, 1, &noise, &disturbed);
    ck_assert(disturbed);
    ev_noise_start(&meter);
    meter.fastest_ns = meter.probe_ns;
    meter.start.steal_ticks = meter.start.psi_cpu_us = -1;
    ev_noise_stop(&meter, 1, &noise, &disturbed);
    /* What was not known before is not known after. */
    ck_assert_int_eq(noise.steal_ticks, -1);
    ck_assert_int_eq(noise.psi_cpu_us, -1);
    ev_noise_close(&meter);
}
END_TEST

/* 100 ms, and a probe of 1 ms where the fastest was that too, unless a case says otherwise. */
START_TEST(what_disturbs)
{
    static const struct {
        struct ev_block_noise noise;
        bool one_thread, two_threads;
    } cases[] = {
        {{.probe_ns = 1000000}, false, false},
        {{.probe_ns = 1300000}, true, true},
        {{.probe_ns = 1000000, .steal_ticks = 1}, true, true},
        {{.probe_ns = 1000000, .n_involuntary = 11}, false, false},
        {{.probe_ns = 1000000, .n_involuntary = 12}, true, false},
        {{.probe_ns = 1000000, .psi_cpu_us = 19000}, false, false},
        {{.probe_ns = 1000000, .psi_cpu_us = 21000}, true, false},
        {{.probe_ns = 1000000, .psi_cpu_us = 51000}, true, true},
        {{.probe_ns = 1000000, .psi_io_us = 51000}, true, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ev_block_noise *noise = &cases[i].noise;
        ck_assert_msg(ev_noise_disturbs(noise, 1, 100000000, 1000000) == cases[i].one_thread,
                      "case %zu, one thread", i);
        ck_assert_msg(ev_noise_disturbs(noise, 2, 100000000, 1000000) == cases[i].two_threads,
                      "case %zu, two threads", i);
    }
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("noise");
    TCase *noise = tcase_create("noise");

    tcase_add_test(noise, a_block_is_described);
    tcase_add_test(noise, a_slow_probe_marks_the_block);
    tcase_add_test(noise, what_disturbs);
    suite_add_tcase(suite, noise);
    return suite;
}
