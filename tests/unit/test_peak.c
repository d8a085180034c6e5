/* SPDX-License-Identifier: MIT */
/* The machine's peak: figures that hang together, whatever the machine. */
#include "support/ev_test.h"

#include <math.h>

#include "base/clock.h"
#include "measure/peak.h"

static struct ev_error err = EV_ERROR_INIT;

/* What a loop of floats reaches that nothing vectorises, as each value needs the one before. */
static double scalar_rate(void)
{
    const int64_t n = 20000000;
    volatile float factor = 0.5f;
    float value = 0;
    const float by = factor;
    const int64_t start_ns = ev_clock_ns();

    for (int64_t i = 0; i < n; i++)
        value = value * by + 1.0f;
    factor = value;
    return (double)n / (double)(ev_clock_ns() - start_ns) * 1e9;
}

START_TEST(peaks_hang_together)
{
    struct ev_peak peak;
    const double scalar = scalar_rate();

    ev_assert_ok(ev_peak_probe(1, &peak, &err));
    /* 40 chains or more at once, against one. */
    ck_assert_double_gt(peak.float_macs_per_s, 4 * scalar);
    /* No machine reaches these on one core: a loop that was optimised away would. */
    ck_assert_double_lt(peak.float_macs_per_s, 1e12);
    ck_assert_double_lt(peak.int8_macs_per_s, 8e12);
    ck_assert_double_gt(peak.int8_macs_per_s, scalar);
    ck_assert_double_gt(peak.bytes_per_s, 1e8);
    ck_assert_double_lt(peak.bytes_per_s, 1e12);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("peak");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 60);
    tcase_add_test(all, peaks_hang_together);
    suite_add_tcase(suite, all);
    return suite;
}
