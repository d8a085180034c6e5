/* SPDX-License-Identifier: MIT */
/* Verdicts on simulated runs: few false alarms, small delays found, smaller ones not called so. */
#include "support/ev_test.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "stats/bootstrap.h"
#include "stats/design.h"
#include "stats/stats.h"
#include "stats/verdict.h"

/* The plan of a run: the baseline, the control and two variants. */
enum { BASELINE, CONTROL, FIRST, SECOND, N_ENTRIES };
enum { N_PROCESSES = 12, N_ROUNDS = 24, N_CALLS = 16 };

/* What disturbs the times of a run. */
struct noise {
    double layout;    /* an entry's times differ by up to this, either way, between processes */
    double position;  /* how much slower the last position of a round is than the first */
    bool fixed_order; /* every round in the order of the entries */
};
static const struct noise usual = {.layout = 0.01};

struct run {
    double log_ratios[N_ENTRIES][N_PROCESSES]; /* to the baseline */
};

/* Median of a block of calls: lognormal by 3 %, one call in fifty twice as long. */
static double simulate_block(double factor, struct ev_rng *rng)
{
    float calls[N_CALLS];

    for (int i = 0; i < N_CALLS; i++) {
        calls[i] = (float)(factor * exp(0.03 * ev_rng_normal(rng)));
        if (ev_rng_uniform(rng) < 0.02)
            calls[i] *= 2.0F;
    }
    ev_stats_sort(calls, N_CALLS);
    return ev_stats_median(calls, N_CALLS);
}

/* One process: factors[entry] as asked, times its layout; the clock drifts from round to round; in
 * one round of twenty a neighbour slows the machine by 30 % from some position on. */
static void simulate_process(const double factors[N_ENTRIES], const struct noise *noise,
                             uint64_t seed, int process, struct run *run)
{
    struct ev_rng rng = ev_rng_at(seed, EV_RNG_TEST, (uint64_t)process);
    double layout[N_ENTRIES], ratios[N_ENTRIES][N_ROUNDS], drift = 1.0;
    int32_t orders[N_ENTRIES * N_ENTRIES];

    for (int e = 0; e < N_ENTRIES; e++)
        layout[e] = 1.0 + ev_rng_range(&rng, -noise->layout, noise->layout);
    for (int round = 0; round < N_ROUNDS; round++) {
        double medians[N_ENTRIES];
        if (round % N_ENTRIES == 0)
            ev_design_fill(N_ENTRIES, seed, (uint64_t)(process * N_ROUNDS + round), orders);
        drift *= exp(0.01 * ev_rng_normal(&rng));
        int slow_from =
            ev_rng_uniform(&rng) < 0.05 ? (int)ev_rng_below(&rng, N_ENTRIES) : N_ENTRIES;
        for (int j = 0; j < N_ENTRIES; j++) {
            int e = noise->fixed_order ? j : orders[round % N_ENTRIES * N_ENTRIES + j];
            double slow = j >= slow_from ? 1.3 : 1.0;
            double position = 1.0 + noise->position * j / (N_ENTRIES - 1);
            medians[e] = simulate_block(factors[e] * layout[e] * drift * slow * position, &rng);
        }
        for (int e = 0; e < N_ENTRIES; e++)
            ratios[e][round] = log(medians[e] / medians[BASELINE]);
    }
    for (int e = 0; e < N_ENTRIES; e++) {
        ev_stats_sort_doubles(ratios[e], N_ROUNDS);
        run->log_ratios[e][process] = ev_stats_median_doubles(ratios[e], N_ROUNDS);
    }
}

/* What came out for the first variant in many runs. */
struct tally {
    int verdicts[EV_VERDICT_UNRESOLVED + 1];
    int n_unquiet;
    int n_missed; /* intervals without the true ratio */
    double confidence;
};

/* Runs whose variants take `factor` times the baseline's time. */
static struct tally tally_runs(double factor, const struct noise *noise, int n_runs)
{
    const double factors[N_ENTRIES] = {1.0, 1.0, factor, factor};
    const double confidence = ev_verdict_confidence(0.95, N_ENTRIES - 2);
    struct tally tally = {{0}, 0, 0, 0};

    for (int i = 0; i < n_runs; i++) {
        struct run run;
        for (int process = 0; process < N_PROCESSES; process++)
            simulate_process(factors, noise, (uint64_t)i, process, &run);
        struct ev_noise control = ev_verdict_control(run.log_ratios[CONTROL], N_PROCESSES, 0.95);
        struct ev_comparison first =
            ev_verdict_times(run.log_ratios[FIRST], N_PROCESSES, confidence, &control);
        tally.verdicts[first.verdict]++;
        tally.n_unquiet += control.unquiet;
        tally.n_missed += first.interval.low > factor - 1.0 || first.interval.high < factor - 1.0;
        tally.confidence = first.interval.confidence;
    }
    return tally;
}

/* The same model as a variant: hardly a false alarm, and intervals miss as often as they say
 * (0.6 % of 1000 runs, give or take three standard deviations). The control itself differs in the
 * 3.9 % of runs that its ranks 3 to 10 of 12 leave. */
START_TEST(equal_times_raise_few_alarms)
{
    struct tally tally = tally_runs(1.0, &usual, 1000);

    ck_assert_double_eq_tol(tally.confidence, 0.99365, 1e-5);
    ck_assert_int_le(tally.n_missed, 14);
    ck_assert_int_le(tally.verdicts[EV_VERDICT_LESS] + tally.verdicts[EV_VERDICT_MORE], 2);
    ck_assert_int_ge(tally.verdicts[EV_VERDICT_SAME], 900);
    ck_assert_int_ge(tally.n_unquiet, 20);
    ck_assert_int_le(tally.n_unquiet, 57);
    ck_assert_int_eq(tally.verdicts[EV_VERDICT_NONE], tally.n_unquiet);
}
END_TEST

START_TEST(a_delay_of_three_percent_is_found)
{
    struct tally slower = tally_runs(1.03, &usual, 300), faster = tally_runs(1 / 1.03, &usual, 300);

    ck_assert_int_ge(slower.verdicts[EV_VERDICT_MORE], (300 - slower.n_unquiet) * 95 / 100);
    ck_assert_int_ge(faster.verdicts[EV_VERDICT_LESS], (300 - faster.n_unquiet) * 95 / 100);
    ck_assert_int_eq(slower.verdicts[EV_VERDICT_LESS] + slower.verdicts[EV_VERDICT_SAME], 0);
    ck_assert_int_eq(faster.verdicts[EV_VERDICT_MORE] + faster.verdicts[EV_VERDICT_SAME], 0);
    ck_assert_int_le(slower.n_missed + faster.n_missed, 12);
}
END_TEST

START_TEST(half_a_percent_is_never_called_slower)
{
    struct tally tally = tally_runs(1.005, &usual, 500);

    ck_assert_int_eq(tally.verdicts[EV_VERDICT_MORE] + tally.verdicts[EV_VERDICT_LESS], 0);
    ck_assert_int_eq(tally.verdicts[EV_VERDICT_SAME] + tally.verdicts[EV_VERDICT_UNRESOLVED],
                     500 - tally.n_unquiet);
    ck_assert_int_gt(tally.verdicts[EV_VERDICT_SAME], tally.verdicts[EV_VERDICT_UNRESOLVED]);
}
END_TEST

/* Each position of a round 2 % slower than the one before: in a fixed order the control looks
 * slower than its twin, in balanced orders it does not. */
START_TEST(noise_that_depends_on_the_position_is_noticed)
{
    const struct noise fixed = {0.01, 0.06, true}, balanced = {0.01, 0.06, false};
    struct tally unfair = tally_runs(1.0, &fixed, 200), fair = tally_runs(1.0, &balanced, 200);

    ck_assert_int_ge(unfair.n_unquiet, 190);
    ck_assert_int_eq(unfair.verdicts[EV_VERDICT_NONE], unfair.n_unquiet);
    ck_assert_int_le(fair.n_unquiet, 20);
    ck_assert_int_ge(fair.verdicts[EV_VERDICT_SAME], 160);
}
END_TEST

/* Processes that differ by 8 % either way say nothing of 3 %. */
START_TEST(noise_between_processes_is_noticed)
{
    const struct noise wild = {.layout = 0.08};
    struct tally tally = tally_runs(1.03, &wild, 200);

    ck_assert_int_ge(tally.n_unquiet, 190);
}
END_TEST

/* --- the rule itself, on evenly spread samples --- */

/* Log-ratios centre - spread, ..., centre + spread; ranks 2 and 11 lie at 9/11 of the spread. */
static void fill(double centre, double spread, double log_ratios[N_PROCESSES])
{
    for (int i = 0; i < N_PROCESSES; i++)
        log_ratios[(i * 5) % N_PROCESSES] = centre + spread * (2.0 * i - 11.0) / 11.0;
}

static struct ev_comparison compare(double centre, double spread, double control_centre,
                                    double control_spread)
{
    double log_ratios[N_PROCESSES];

    fill(control_centre, control_spread, log_ratios);
    struct ev_noise control = ev_verdict_control(log_ratios, N_PROCESSES, 0.9875);
    fill(centre, spread, log_ratios);
    return ev_verdict_times(log_ratios, N_PROCESSES, 0.9875, &control);
}

static const struct {
    double centre, spread, control_centre, control_spread;
    enum ev_verdict verdict;
} rules[] = {
    {0.030, 0.010, 0.000, 0.010, EV_VERDICT_MORE},
    {-0.03, 0.010, 0.000, 0.010, EV_VERDICT_LESS},
    {0.030, 0.040, 0.000, 0.010, EV_VERDICT_UNRESOLVED}, /* the interval holds 0 */
    {0.030, 0.010, 0.000, 0.022, EV_VERDICT_UNRESOLVED}, /* below twice 1.8 % */
    {0.040, 0.010, 0.000, 0.022, EV_VERDICT_MORE},
    {0.019, 0.010, 0.000, 0.010, EV_VERDICT_UNRESOLVED}, /* below 2 %, but may be above */
    {0.010, 0.010, 0.000, 0.010, EV_VERDICT_SAME},       /* not 0, but below 2 % */
    {-0.01, 0.010, 0.000, 0.010, EV_VERDICT_SAME},
    {0.000, 0.030, 0.000, 0.010, EV_VERDICT_UNRESOLVED},
    {0.300, 0.010, 0.020, 0.010, EV_VERDICT_NONE}, /* the control is slower */
    {0.300, 0.010, -0.02, 0.010, EV_VERDICT_NONE},
    {0.300, 0.010, 0.000, 0.040, EV_VERDICT_NONE}, /* its half-width is 3.3 % */
};

START_TEST(verdicts_follow_the_rule)
{
    struct ev_comparison comparison = compare(rules[_i].centre, rules[_i].spread,
                                              rules[_i].control_centre, rules[_i].control_spread);

    ck_assert_str_eq(ev_verdict_time_name(comparison.verdict),
                     ev_verdict_time_name(rules[_i].verdict));
    ck_assert_double_eq_tol(comparison.change, expm1(rules[_i].centre), 1e-12);
    ck_assert_double_eq_tol(comparison.interval.low,
                            expm1(rules[_i].centre - rules[_i].spread * 9 / 11), 1e-12);
    ck_assert_double_eq_tol(comparison.interval.high,
                            expm1(rules[_i].centre + rules[_i].spread * 9 / 11), 1e-12);
}
END_TEST

/* An effect a little above the detectable one has a verdict, one a little below has not. */
START_TEST(detectable_effects_are_detected)
{
    const double spreads[] = {0.005, 0.03, 0.06}, control_spreads[] = {0.005, 0.02};

    for (int i = 0; i < 6; i++) {
        double spread = spreads[i % 3], control = control_spreads[i / 3];
        double effect = log1p(compare(0.0, spread, 0.0, control).detectable);
        ck_assert_int_eq(compare(1.001 * effect, spread, 0.0, control).verdict, EV_VERDICT_MORE);
        ck_assert_int_eq(compare(-1.001 * effect, spread, 0.0, control).verdict, EV_VERDICT_LESS);
        ck_assert_int_eq(compare(0.999 * effect, spread, 0.0, control).verdict,
                         EV_VERDICT_UNRESOLVED);
    }
}
END_TEST

START_TEST(too_few_processes_have_no_verdict)
{
    double log_ratios[] = {0.1, 0.1, 0.1, 0.1, 0.1}, quiet[N_PROCESSES];

    ck_assert(ev_verdict_control(log_ratios, 5, 0.95).unquiet);
    fill(0.0, 0.01, quiet);
    struct ev_noise control = ev_verdict_control(quiet, N_PROCESSES, 0.95);
    struct ev_comparison comparison = ev_verdict_times(log_ratios, 5, 0.95, &control);
    ck_assert_int_eq(comparison.verdict, EV_VERDICT_UNRESOLVED);
    ck_assert(isnan(comparison.interval.low) && isnan(comparison.detectable));
}
END_TEST

START_TEST(comparisons_share_the_confidence)
{
    ck_assert_double_eq_tol(ev_verdict_confidence(0.95, 1), 0.95, 1e-15);
    ck_assert_double_eq_tol(ev_verdict_confidence(0.95, 4), 0.9875, 1e-15);
}
END_TEST

/* --- errors --- */

static const struct {
    double difference, low, high;
    enum ev_verdict verdict;
} errors[] = {
    /* of a baseline's error of 2, with a margin of 0.02 of it */
    {0.06, 0.01, 0.11, EV_VERDICT_MORE},        {-0.06, -0.11, -0.01, EV_VERDICT_LESS},
    {0.06, -0.01, 0.13, EV_VERDICT_UNRESOLVED}, {0.02, 0.01, 0.03, EV_VERDICT_SAME},
    {0.03, 0.01, 0.05, EV_VERDICT_UNRESOLVED},  {0.00, -0.03, 0.03, EV_VERDICT_SAME},
    {NAN, 0.01, 0.11, EV_VERDICT_NONE},         {0.06, NAN, NAN, EV_VERDICT_NONE},
};

START_TEST(errors_follow_the_rule)
{
    const struct ev_interval interval = {errors[_i].low, errors[_i].high, 0.95};
    struct ev_comparison comparison =
        ev_verdict_errors(errors[_i].difference, &interval, 2.0, 0.02);

    ck_assert_str_eq(ev_verdict_error_name(comparison.verdict),
                     ev_verdict_error_name(errors[_i].verdict));
    if (errors[_i].verdict != EV_VERDICT_NONE) {
        ck_assert_double_eq_tol(comparison.change, errors[_i].difference / 2, 1e-15);
        ck_assert_double_eq_tol(comparison.interval.high, errors[_i].high / 2, 1e-15);
    }
}
END_TEST

/* Verdicts on the errors of n_runs simulated models, whose squared errors share a slow part with
 * the baseline's (the difficulty of the road) and are `factor` times as large. */
static void tally_errors(double factor, int n_runs, int verdicts[EV_VERDICT_UNRESOLVED + 1])
{
    enum { N_ROWS = 3000 };
    static double differences[N_ROWS];
    const int64_t n_rows[] = {1000, 2000};
    const struct ev_segments segments = {differences, n_rows, 2};
    struct ev_error err = EV_ERROR_INIT;

    for (int run = 0; run < n_runs; run++) {
        struct ev_rng rng = ev_rng_at(5, EV_RNG_TEST, (uint64_t)run);
        double road = 0.0, a = 0.0, b = 0.0, sum = 0.0;
        for (int i = 0; i < N_ROWS; i++) {
            road = 0.9 * road + ev_rng_normal(&rng);
            a = 0.8 * a + ev_rng_normal(&rng);
            b = 0.8 * b + ev_rng_normal(&rng);
            double baseline = (road + 0.3 * a) * (road + 0.3 * a);
            differences[i] = factor * (road + 0.3 * b) * (road + 0.3 * b) - baseline;
            sum += baseline;
        }
        struct ev_bootstrap_args args = {1, 500, 0.95, (uint64_t)run};
        struct ev_bootstrap result;
        ev_assert_ok(ev_bootstrap_block_rows(&segments, &args.block_rows, &err));
        ev_assert_ok(ev_bootstrap_mean(&segments, &args, &result, &err));
        verdicts[ev_verdict_errors(result.mean, &result.interval, sum / N_ROWS, 0.0).verdict]++;
    }
}

/* Without a margin, equal errors are called different about as often as the interval says. */
START_TEST(equal_errors_raise_few_alarms)
{
    int equal[EV_VERDICT_UNRESOLVED + 1] = {0}, worse[EV_VERDICT_UNRESOLVED + 1] = {0};

    tally_errors(1.0, 1000, equal);
    ck_assert_int_ge(equal[EV_VERDICT_LESS] + equal[EV_VERDICT_MORE], 30);
    ck_assert_int_le(equal[EV_VERDICT_LESS] + equal[EV_VERDICT_MORE], 75);
    tally_errors(1.2, 200, worse);
    ck_assert_int_ge(worse[EV_VERDICT_MORE], 190);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tests = tcase_create("verdict");

    tcase_set_timeout(tests, 50);
    tcase_add_test(tests, equal_times_raise_few_alarms);
    tcase_add_test(tests, a_delay_of_three_percent_is_found);
    tcase_add_test(tests, half_a_percent_is_never_called_slower);
    tcase_add_test(tests, noise_that_depends_on_the_position_is_noticed);
    tcase_add_test(tests, noise_between_processes_is_noticed);
    tcase_add_loop_test(tests, verdicts_follow_the_rule, 0, sizeof rules / sizeof *rules);
    tcase_add_test(tests, detectable_effects_are_detected);
    tcase_add_test(tests, too_few_processes_have_no_verdict);
    tcase_add_test(tests, comparisons_share_the_confidence);
    tcase_add_loop_test(tests, errors_follow_the_rule, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tests, equal_errors_raise_few_alarms);
    suite_add_tcase(suite, tests);
    return suite;
}
