/* SPDX-License-Identifier: MIT */
/* Figures of simulated sessions: intervals that cover, few false alarms, delays that are found,
 * orders and drifts that cancel. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/time_figures.h"
#include "stats/interval.h"
#include "support/ev_test_session.h"

#define BASE_NS 1e6

static struct ev_error err = EV_ERROR_INIT;

/* Figures of one simulated run; the session is in result->samples. */
static void run(struct ev_result *result, const struct ev_test_machine *machine, uint64_t seed)
{
    ev_result_init(result);
    ev_test_measure(&result->samples.session, machine, EV_MODE_HOT, EV_BOUNDARY_E2E, BASE_NS, 1,
                    seed);
    ev_assert_ok(ev_time_figures(&result->samples.session, result, &err));
    ck_assert_uint_eq(result->n_timings, (size_t)machine->n_entries);
    ck_assert_uint_eq(result->n_quiets, 1);
}

/* Verdicts on the first variant in many runs. */
struct tally {
    int verdicts[EV_VERDICT_UNRESOLVED + 1];
    int n_unquiet;
    int n_median_missed; /* intervals without the true median of the baseline */
    int n_change_missed; /* intervals without the true change */
    double sum;          /* of the estimates of ln(1 + change) */
    double confidence;
};

static struct tally tally_runs(const struct ev_test_machine *machine, int n_runs)
{
    const double true_change = machine->factors[EV_TEST_FIRST] - 1.0;
    struct tally tally = {{0}, 0, 0, 0, 0, 0};

    for (int i = 0; i < n_runs; i++) {
        struct ev_result result;
        run(&result, machine, (uint64_t)i);
        const struct ev_result_timing *baseline = &result.timings[EV_TEST_BASELINE];
        const struct ev_result_timing *first = &result.timings[EV_TEST_FIRST];
        tally.verdicts[first->verdict]++;
        tally.n_unquiet += result.quiets[0].unquiet;
        tally.n_median_missed +=
            baseline->median_low_ns > BASE_NS || baseline->median_high_ns < BASE_NS;
        tally.n_change_missed +=
            first->change_low > true_change || first->change_high < true_change;
        tally.sum += log1p(first->change);
        tally.confidence = first->confidence;
        ev_result_free(&result);
    }
    return tally;
}

/* --- Intervals and verdicts --- */

/* Two variants share 5 %: each interval holds with 97.5 %, and by ranks 2 and 11 of 12 with 99.4 %:
 * of 1000 runs 6 should miss, 14 are three standard deviations more. The control's ranks 3 and 10
 * leave 4 % unquiet. */
START_TEST(the_same_model_raises_few_alarms)
{
    struct tally tally = tally_runs(&ev_test_usual, 1000);

    ck_assert_double_eq_tol(tally.confidence, 0.975, 1e-12);
    ck_assert_int_le(tally.n_change_missed, 14);
    ck_assert_int_ge(tally.n_change_missed, 1);
    ck_assert_int_le(tally.n_median_missed, 14);
    ck_assert_int_le(tally.verdicts[EV_VERDICT_LESS] + tally.verdicts[EV_VERDICT_MORE], 1);
    ck_assert_int_ge(tally.verdicts[EV_VERDICT_SAME], 900);
    ck_assert_int_ge(tally.n_unquiet, 20);
    ck_assert_int_le(tally.n_unquiet, 57);
    ck_assert_int_eq(tally.verdicts[EV_VERDICT_NONE], tally.n_unquiet);
}
END_TEST

/* 12 processes find it in 280 of 300 runs (93 %); of the other 20, 16 have a control that differs
 * by chance, and 4 are UNRESOLVED. */
START_TEST(a_delay_of_three_percent_is_found)
{
    struct ev_test_machine machine = ev_test_usual;

    machine.factors[EV_TEST_FIRST] = 1.03;
    struct tally tally = tally_runs(&machine, 300);
    ck_assert_int_ge(tally.verdicts[EV_VERDICT_MORE], 276);
    ck_assert_int_ge(tally.verdicts[EV_VERDICT_MORE], (300 - tally.n_unquiet) * 97 / 100);
    ck_assert_int_eq(tally.verdicts[EV_VERDICT_LESS] + tally.verdicts[EV_VERDICT_SAME], 0);
    ck_assert_int_le(tally.n_change_missed, 8);

    machine.factors[EV_TEST_FIRST] = 1 / 1.03;
    tally = tally_runs(&machine, 100);
    ck_assert_int_ge(tally.verdicts[EV_VERDICT_LESS], 90);
    ck_assert_int_eq(tally.verdicts[EV_VERDICT_MORE] + tally.verdicts[EV_VERDICT_SAME], 0);
}
END_TEST

/* 20 times measured, 20 times no difference. */
START_TEST(the_same_thing_twice_passes)
{
    for (uint64_t i = 0; i < 20; i++) {
        struct ev_result result;
        run(&result, &ev_test_usual, 5000 + i);
        for (size_t t = EV_TEST_FIRST; t < result.n_timings; t++) {
            ck_assert_int_ne(result.timings[t].verdict, EV_VERDICT_LESS);
            ck_assert_int_ne(result.timings[t].verdict, EV_VERDICT_MORE);
        }
        ev_result_free(&result);
    }
}
END_TEST

/* --- Orders --- */

/* The clock slows by 10 %. In a fixed order, baseline, control, first, second, the first variant
 * comes third of four, and the baseline follows the second. */
static const struct {
    double position, carry, bias; /* bias in the fixed order */
} orders[] = {
    {0.09, 0.00, 0.058},
    {0.00, 0.04, -0.039}, /* what follows the second variant is slower */
    {0.03, 0.08, -0.057},
};

START_TEST(balanced_orders_cancel_drift_position_and_carry_over)
{
    struct ev_test_machine machine = ev_test_usual;

    machine.drift = 0.10;
    machine.position = orders[_i].position;
    machine.carry[EV_TEST_FIRST + 1] = orders[_i].carry;
    struct tally balanced = tally_runs(&machine, 100);
    machine.fixed_order = true;
    struct tally fixed = tally_runs(&machine, 100);
    ck_assert_double_eq_tol(balanced.sum / 100, 0.0, 0.002);
    ck_assert_double_eq_tol(fixed.sum / 100, orders[_i].bias, 0.004);
    ck_assert_int_eq(balanced.verdicts[EV_VERDICT_LESS] + balanced.verdicts[EV_VERDICT_MORE], 0);
}
END_TEST

/* --- Noise --- */

/* Stalls of one variant's blocks in most rounds: it looks slower with them, and the same without.
 */
START_TEST(verdicts_that_hang_on_flagged_rounds_are_unresolved)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_result result;

    machine.stalls = 0.8;
    machine.stalled = EV_TEST_FIRST;
    run(&result, &machine, 1);
    const struct ev_result_timing *first = &result.timings[EV_TEST_FIRST];
    const struct ev_result_quiet *quiet = &result.quiets[0];
    ck_assert(!quiet->unquiet);
    ck_assert_double_gt(first->change_low, 0.2);
    ck_assert_int_eq(first->verdict, EV_VERDICT_UNRESOLVED);
    ck_assert_int_eq(result.timings[EV_TEST_FIRST + 1].verdict, EV_VERDICT_SAME);
    ck_assert_int_gt(quiet->n_flagged, 200);
    ck_assert_int_eq(quiet->n_blocks, 12 * 24 * 4);
    ck_assert_ptr_nonnull(strstr(quiet->reason, "the verdict would not stand for dynamic, so"));
    ck_assert_int_eq(first->n_calls, 12 * 24 * 16); /* nothing was left out */
    ev_result_free(&result);

    /* Flagged, but no slower: the verdict does not hang on them. */
    machine.stall_factor = 1.0;
    run(&result, &machine, 1);
    ck_assert_int_eq(result.timings[EV_TEST_FIRST].verdict, EV_VERDICT_SAME);
    ck_assert_str_eq(result.quiets[0].reason, "");
    ck_assert_int_gt(result.quiets[0].n_flagged, 200);
    ev_result_free(&result);

    /* What is left of a few processes has no verdict of its own, but points the same way. */
    machine.stalls = 0.98;
    machine.factors[EV_TEST_FIRST] = 1.5;
    run(&result, &machine, 1);
    ck_assert_int_eq(result.timings[EV_TEST_FIRST].verdict, EV_VERDICT_MORE);
    ev_result_free(&result);

    /* It points elsewhere: the flagged rounds alone made it slower. */
    machine.factors[EV_TEST_FIRST] = 1.0;
    machine.stall_factor = 1.5;
    run(&result, &machine, 1);
    ck_assert_int_eq(result.timings[EV_TEST_FIRST].verdict, EV_VERDICT_UNRESOLVED);
    ev_result_free(&result);
    machine.stall_factor = 1.0;

    /* Where all rounds are flagged nothing is left to hold a verdict. */
    machine.stalls = 1.0;
    run(&result, &machine, 1);
    ck_assert_int_eq(result.timings[EV_TEST_FIRST].verdict, EV_VERDICT_UNRESOLVED);
    ev_result_free(&result);
}
END_TEST

static const struct {
    double control, layout;
    int32_t n_processes;
    const char *reason;
} unquiet_runs[] = {
    {1.04, 0.01, 12, "The baseline, opened a second time, took "},
    {0.96, 0.01, 12, " % less than itself (-"},
    {1.00, 0.15, 12, "The baseline against itself is known within -"},
    {1.00, 0.01, 5, "5 worker processes cannot say how far times differ by chance."},
    {1.00, 0.01, 1, "1 worker process cannot say"},
};

START_TEST(unquiet_runs_have_no_verdicts)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_result result;

    machine.factors[EV_TEST_CONTROL] = unquiet_runs[_i].control;
    machine.factors[EV_TEST_FIRST] = 2.0;
    machine.layout = unquiet_runs[_i].layout;
    machine.n_processes = unquiet_runs[_i].n_processes;
    run(&result, &machine, 3);
    const struct ev_result_quiet *quiet = &result.quiets[0];
    ck_assert(quiet->unquiet);
    ck_assert_msg(strstr(quiet->reason, unquiet_runs[_i].reason) != NULL, "%s", quiet->reason);
    ck_assert_int_eq(quiet->reason[strlen(quiet->reason) - 1], '.');
    for (size_t t = 0; t < result.n_timings; t++)
        ck_assert_int_eq(result.timings[t].verdict, EV_VERDICT_NONE);
    /* Figures are there all the same. */
    ck_assert_double_eq_tol(result.timings[EV_TEST_FIRST].change, 1.0, 0.3);
    ck_assert_int_eq(isnan(result.timings[EV_TEST_FIRST].change_low),
                     unquiet_runs[_i].n_processes < 6);
    ck_assert_int_eq(isnan(result.timings[EV_TEST_FIRST].confidence),
                     unquiet_runs[_i].n_processes < 6);
    ev_result_free(&result);
}
END_TEST

START_TEST(without_a_control_nothing_is_known)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_session session = {0};
    struct ev_result result;

    ev_test_measure(&session, &machine, EV_MODE_HOT, EV_BOUNDARY_E2E, BASE_NS, 1, 1);
    for (size_t i = 0; i < session.n_blocks; i++) {
        if (session.blocks[i].entry == EV_TEST_CONTROL)
            session.blocks[i].mode = EV_MODE_COLD;
    }
    ev_result_init(&result);
    ev_assert_ok(ev_time_figures(&session, &result, &err));
    ck_assert_uint_eq(result.n_timings, 4);
    ck_assert_uint_eq(result.n_quiets, 2);
    ck_assert_int_eq(result.quiets[0].mode, EV_MODE_COLD);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(result.quiets[i].unquiet && isnan(result.quiets[i].control));
        ck_assert_int_gt(strlen(result.quiets[i].reason), 20);
    }
    ck_assert_ptr_nonnull(strstr(result.quiets[1].reason, "was not measured a second time"));
    /* Cold has the control alone. */
    ck_assert(result.timings[0].is_control && isnan(result.timings[0].change));
    ev_result_free(&result);
    ev_session_free(&session);
}
END_TEST

/* Six processes are enough for one comparison by itself, not for two at once. */
START_TEST(six_processes_judge_each_by_itself)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_result result;

    machine.n_processes = 6;
    machine.factors[EV_TEST_FIRST] = 1.10;
    machine.n_entries = 5;
    run(&result, &machine, 5);
    ck_assert_double_eq(result.timings[EV_TEST_FIRST].confidence, EV_TIME_CONFIDENCE);
    ck_assert_int_eq(result.timings[EV_TEST_FIRST].verdict, EV_VERDICT_MORE);
    ev_result_free(&result);
    machine.n_processes = 12;
    run(&result, &machine, 5);
    ck_assert_double_eq_tol(result.timings[EV_TEST_FIRST].confidence, 1 - 0.05 / 3, 1e-12);
    ev_result_free(&result);
}
END_TEST

/* --- Figures of known calls --- */

/* A session of one entry, and blocks as they are given. */
static void start_session(struct ev_session *session, size_t n_entries)
{
    static const char *const names[] = {"baseline", "baseline", "qat"};

    *session = (struct ev_session){.n_entries = n_entries, .n_processes = 1};
    session->entries = calloc(n_entries, sizeof *session->entries);
    ck_assert_ptr_nonnull(session->entries);
    for (size_t e = 0; e < n_entries; e++)
        session->entries[e] = (struct ev_entry){strdup(names[e]), e == 1};
}

START_TEST(percentiles_have_bounds_where_calls_are_enough)
{
    static const struct {
        int n;
        double p90_high, p99_high;
    } cases[] = {
        {27, NAN, NAN},  {29, 29, NAN},   {43, 43, NAN},   {44, 44, NAN},
        {298, 281, NAN}, {299, 282, 299}, {459, 428, 459}, {4608, 4195, 4578},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ev_session session;
        struct ev_result result;
        float calls[4608];
        for (int k = 0; k < cases[i].n; k++) /* shuffled: 7 divides no case's number */
            calls[k * 7 % cases[i].n] = (float)(k + 1);
        start_session(&session, 1);
        struct ev_block block = {.n_threads = 1, .mode = EV_MODE_HOT, .rows_per_call = 1};
        ck_assert(ev_session_add(&session, &block, calls, cases[i].n));
        ev_result_init(&result);
        ev_assert_ok(ev_time_figures(&session, &result, &err));
        const struct ev_result_timing *timing = &result.timings[0];
        ck_assert_double_eq(timing->median_ns, (cases[i].n + 1) / 2.0);
        ck_assert_double_eq(timing->p90_ns, ceil(0.9 * cases[i].n));
        ck_assert_double_eq(timing->p99_ns, ceil(0.99 * cases[i].n));
        ck_assert_double_eq(timing->min_ns, 1);
        ck_assert_double_eq_tol(timing->mean_ns, (cases[i].n + 1) / 2.0, 1e-9);
        const double bounds[][2] = {{timing->p90_high_ns, cases[i].p90_high},
                                    {timing->p99_high_ns, cases[i].p99_high}};
        for (size_t k = 0; k < 2; k++)
            ck_assert_msg(bounds[k][0] == bounds[k][1] ||
                              (isnan(bounds[k][0]) && isnan(bounds[k][1])),
                          "%d calls: %g, expected %g", cases[i].n, bounds[k][0], bounds[k][1]);
        ck_assert(isnan(timing->deadline_ns) && isnan(timing->missed_fraction));
        ck_assert(isnan(timing->images_per_s));
        ev_result_free(&result);
        ev_session_free(&session);
    }
}
END_TEST

START_TEST(paced_calls_that_are_late_are_counted)
{
    const float calls[] = {10, 50, 51, 200, 20}, fast[] = {1, 2};
    struct ev_session session;
    struct ev_result result;

    start_session(&session, 1);
    struct ev_block block = {.mode = EV_MODE_PACED, .rows_per_call = 1, .period_ns = 50};
    ck_assert(ev_session_add(&session, &block, calls, 5));
    block.round = 1;
    ck_assert(ev_session_add(&session, &block, fast, 0)); /* a block without calls is none */
    block.process = 1;
    ck_assert(ev_session_add(&session, &block, fast, 2));
    ev_result_init(&result);
    ev_assert_ok(ev_time_figures(&session, &result, &err));
    ck_assert_double_eq(result.timings[0].deadline_ns, 50);
    ck_assert_double_eq_tol(result.timings[0].missed_fraction, 2.0 / 7, 1e-12);
    ck_assert_int_eq(result.timings[0].n_calls, 7);
    ck_assert_int_eq(result.timings[0].n_blocks, 2);
    ck_assert_int_eq(result.timings[0].n_processes, 2);
    ck_assert_double_eq(result.timings[0].median_ns, (50 + 1.5) / 2);
    ev_result_free(&result);
    ev_session_free(&session);
}
END_TEST

/* Twice the pictures a second is half the time. */
/* Eager calls stand behind hot ones and have no throughput, and batches by any clock have one. */
START_TEST(device_times_are_conditions_as_any)
{
    static const struct {
        enum ev_mode mode;
        enum ev_boundary boundary;
        int64_t n_rows;
        double base_ns;
    } order[] = {
        {EV_MODE_HOT, EV_BOUNDARY_E2E, 1, 5e5},
        {EV_MODE_HOT, EV_BOUNDARY_DEVICE, 1, 3e5},
        {EV_MODE_EAGER, EV_BOUNDARY_E2E, 1, 9e5},
        {EV_MODE_EAGER, EV_BOUNDARY_DEVICE, 1, 4e5},
        {EV_MODE_PACED, EV_BOUNDARY_E2E, 1, 6e5},
        {EV_MODE_RESIDENT, EV_BOUNDARY_E2E, 64, 8e6},
        {EV_MODE_RESIDENT, EV_BOUNDARY_DEVICE, 64, 7e6},
    };
    const int n = (int)(sizeof order / sizeof *order);
    struct ev_test_machine machine = ev_test_usual;
    struct ev_result result;

    machine.factors[EV_TEST_FIRST] = 0.5;
    machine.layout = 0.002;
    ev_result_init(&result);
    for (int i = n - 1; i >= 0; i--)
        ev_test_measure(&result.samples.session, &machine, order[i].mode, order[i].boundary,
                        order[i].base_ns, order[i].n_rows, (uint64_t)i + 1);
    ev_assert_ok(ev_time_figures(&result.samples.session, &result, &err));
    ck_assert_uint_eq(result.n_quiets, (size_t)n);
    ck_assert_uint_eq(result.n_timings, 4 * (size_t)n);
    for (int i = 0; i < n; i++) {
        const struct ev_result_timing *base = &result.timings[4 * i];
        const struct ev_result_timing *first = base + EV_TEST_FIRST;
        ck_assert_int_eq(base->mode, order[i].mode);
        ck_assert_int_eq(base->boundary, order[i].boundary);
        ck_assert_double_eq_tol(base->median_ns, order[i].base_ns, 0.03 * order[i].base_ns);
        ck_assert_int_eq(isfinite(base->images_per_s) != 0, order[i].n_rows > 1);
        ck_assert_double_eq_tol(first->change, -0.5, 0.01);
    }
    ev_result_free(&result);
}
END_TEST

START_TEST(throughput_is_judged_as_time)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_result result;

    machine.factors[EV_TEST_FIRST] = 0.5;
    machine.n_rounds = 4;
    machine.n_calls = 1;
    ev_result_init(&result);
    ev_test_measure(&result.samples.session, &machine, EV_MODE_PIECES, EV_BOUNDARY_COMPUTE, 1e9,
                    1024, 8);
    ev_test_measure(&result.samples.session, &machine, EV_MODE_RESIDENT, EV_BOUNDARY_COMPUTE, 1e9,
                    1024, 7);
    ev_assert_ok(ev_time_figures(&result.samples.session, &result, &err));
    ck_assert_uint_eq(result.n_timings, 8);
    ck_assert_int_eq(result.timings[0].mode, EV_MODE_RESIDENT);
    ck_assert_int_eq(result.timings[4].mode, EV_MODE_PIECES);
    ck_assert_int_eq(result.timings[4].rows_per_piece, 32);
    const struct ev_result_timing *first = &result.timings[EV_TEST_FIRST];
    ck_assert_double_eq_tol(first->images_per_s, 2048, 60);
    ck_assert_double_eq_tol(first->images_per_s, 1024e9 / first->median_ns, 1e-6);
    ck_assert_double_lt(first->images_per_s_low, first->images_per_s);
    ck_assert_double_gt(first->images_per_s_high, first->images_per_s);
    ck_assert_double_eq_tol(first->change, -0.5, 0.01);
    ck_assert_int_eq(first->verdict, EV_VERDICT_LESS);
    ev_result_free(&result);
}
END_TEST

/* Rounds are paired, not processes: those that the baseline lacks count for the variant alone. */
START_TEST(rounds_are_paired_with_the_baselines)
{
    static const struct {
        int32_t entry, process, round;
        float ns;
    } given[] = {
        {0, 0, 0, 100}, {2, 0, 0, 200}, {0, 0, 1, 1000}, {2, 0, 1, 2000}, {2, 0, 2, 9},
        {2, 0, 3, 9},   {2, 0, 4, 9},   {0, 1, 0, 100},  {2, 1, 0, 200},  {2, 2, 0, 5},
    };
    struct ev_session session;
    struct ev_result result;

    start_session(&session, 3);
    for (size_t i = sizeof given / sizeof *given; i-- > 0;) { /* in any order */
        struct ev_block block = {.entry = given[i].entry,
                                 .process = given[i].process,
                                 .round = given[i].round,
                                 .mode = EV_MODE_HOT};
        ck_assert(ev_session_add(&session, &block, &given[i].ns, 1));
    }
    ev_result_init(&result);
    ev_assert_ok(ev_time_figures(&session, &result, &err));
    ck_assert_uint_eq(result.n_timings, 2);
    ck_assert_str_eq(result.timings[1].backend, "qat");
    ck_assert_double_eq_tol(result.timings[1].change, 1.0, 1e-12);
    ck_assert_int_eq(result.timings[1].n_processes, 3);
    ev_result_free(&result);
    ev_session_free(&session);
}
END_TEST

START_TEST(a_run_without_times_has_no_figures)
{
    const struct ev_session session = {0};
    struct ev_result result;

    ev_result_init(&result);
    ev_assert_ok(ev_time_figures(&session, &result, &err));
    ck_assert_uint_eq(result.n_timings + result.n_quiets, 0);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("time_figures");
    TCase *tests = tcase_create("time_figures");

    tcase_set_timeout(tests, 55);
    tcase_add_test(tests, the_same_model_raises_few_alarms);
    tcase_add_test(tests, a_delay_of_three_percent_is_found);
    tcase_add_test(tests, the_same_thing_twice_passes);
    tcase_add_loop_test(tests, balanced_orders_cancel_drift_position_and_carry_over, 0,
                        sizeof orders / sizeof *orders);
    tcase_add_test(tests, verdicts_that_hang_on_flagged_rounds_are_unresolved);
    tcase_add_loop_test(tests, unquiet_runs_have_no_verdicts, 0,
                        sizeof unquiet_runs / sizeof *unquiet_runs);
    tcase_add_test(tests, without_a_control_nothing_is_known);
    tcase_add_test(tests, six_processes_judge_each_by_itself);
    tcase_add_test(tests, percentiles_have_bounds_where_calls_are_enough);
    tcase_add_test(tests, paced_calls_that_are_late_are_counted);
    tcase_add_test(tests, throughput_is_judged_as_time);
    tcase_add_test(tests, device_times_are_conditions_as_any);
    tcase_add_test(tests, rounds_are_paired_with_the_baselines);
    tcase_add_test(tests, a_run_without_times_has_no_figures);
    suite_add_tcase(suite, tests);
    return suite;
}
