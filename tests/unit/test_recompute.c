/* SPDX-License-Identifier: MIT */
/* Every figure of a result is recomputed from its samples, and one that was changed is named. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/error_figures.h"
#include "eval/recompute.h"
#include "support/ev_test_measured.h"
#include "support/ev_test_result.h"

static struct ev_error err = EV_ERROR_INIT;
static const struct ev_test_fault none = {0};

START_TEST(all_figures_of_a_result_are_its_samples)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_measured_make(&result, 2, 2, 0, &none);
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_eq(recomputed.n_mismatches, 0);
    /* Of each of six rows 22 figures, twelve of each output, five times. */
    /* Of times: how many there are, 23 of each entry, seven of the control. */
    ck_assert_int_eq(recomputed.n_figures, 6 * (22 + 2 * 12 + 5) + 2 + 3 * 23 + 7);
    ck_assert_int_eq(recomputed.n_without, 0);
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

/* The errors that recomputing gives are those of the formulas, not only the same twice. */
START_TEST(recomputed_errors_are_those_of_the_formulas)
{
    struct ev_result result;
    double squared = 0, absolute = 0;

    ev_test_measured_make(&result, 2, 1, 0, &none);
    const struct ev_samples_set *set = &result.samples.sets[0];
    const struct ev_result_row *row = ev_result_find(&result, "dynamic", set->name);
    for (int64_t i = 0; i < set->n_rows; i++) {
        const struct ev_column *w = &row->columns[1];
        const double error = (double)set->outputs[1][2 * i + 1] -
                             ((double)set->labels[2 * i + 1] - w->min) / (w->max - w->min);
        squared += error * error;
        absolute += fabs(error);
    }
    ck_assert_double_eq_tol(row->outputs[1].mse_norm, squared / (double)set->n_rows, 1e-12);
    ck_assert_double_eq_tol(row->outputs[1].mae, 14.2 * absolute / (double)set->n_rows, 1e-9);
    ck_assert(row->mse_norm_low < row->all.mse_norm && row->all.mse_norm < row->mse_norm_high);
    ev_result_free(&result);
}
END_TEST

static void change_mse(struct ev_result *result)
{
    result->rows[1].all.mse_norm *= 1 + 1e-9;
}

static void change_output(struct ev_result *result)
{
    result->rows[1].outputs[1].mae *= 0.999;
}

static void change_bound(struct ev_result *result)
{
    result->rows[1].mse_norm_low *= 0.99;
}

static void change_verdict(struct ev_result *result)
{
    result->rows[1].change.verdict = EV_VERDICT_LESS;
}

static void change_output_bound(struct ev_result *result)
{
    result->rows[1].intervals[0].change.high *= 1.01;
}

static void change_output_verdict(struct ev_result *result)
{
    result->rows[1].intervals[1].change.verdict = EV_VERDICT_NONE;
}

static void change_disagreement(struct ev_result *result)
{
    result->rows[1].disagreement.p99 *= 1.5;
}

static void change_worst_row(struct ev_result *result)
{
    result->rows[1].disagreement.worst.row++;
}

static void change_batch_delta(struct ev_result *result)
{
    ck_assert_int_eq(result->rows[1].batch_delta.row, 500);
    result->rows[1].batch_delta.value *= 2;
}

static void change_study(struct ev_result *result)
{
    result->rows[1].study.mse *= 1 + 1e-9;
}

static void add_study(struct ev_result *result)
{
    result->rows[1].study.mse_mirrored = 0.08;
}

static void change_digest(struct ev_result *result)
{
    result->rows[1].outputs_sha256[63] ^= 1;
}

static void remove_figure(struct ev_result *result)
{
    result->rows[1].all.r2 = NAN;
}

static void change_median(struct ev_result *result)
{
    result->rows[1].latency.median_ns -= 1;
}

static const struct {
    void (*change)(struct ev_result *result);
    const char *figure;
} changes[] = {
    {change_mse, "mse_norm"},    {change_output, "w.mae"}, {change_bound, "mse_norm_low"},
    {change_verdict, "verdict"}, {remove_figure, "r2"},    {change_median, "latency.median_ns"},
    {change_output_bound, "v.change_high"},                {change_output_verdict, "w.verdict"},
    {change_disagreement, "disagreement_p99"},             {change_worst_row, "disagreement_max_row"},
    {change_digest, "outputs_sha256"},                     {change_batch_delta, "batch_delta_max"},
    {change_study, "study_mse"},                           {add_study, "study_mse_mirrored"},
};

START_TEST(a_changed_figure_is_named)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_measured_make(&result, 2, 1, 0, &none);
    changes[_i].change(&result);
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_eq(recomputed.n_mismatches, 1);
    ck_assert_str_eq(recomputed.mismatches[0].figure, changes[_i].figure);
    ck_assert_str_eq(recomputed.mismatches[0].backend, "dynamic");
    ck_assert_str_eq(recomputed.mismatches[0].set, "simple");
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

static void change_time(struct ev_result *result)
{
    result->timings[2].median_ns *= 1 + 1e-9;
}

static void change_time_verdict(struct ev_result *result)
{
    result->timings[2].verdict = EV_VERDICT_SAME;
}

static void change_processes(struct ev_result *result)
{
    result->timings[0].n_processes++;
}

static void change_control_time(struct ev_result *result)
{
    ck_assert(result->timings[1].is_control);
    result->timings[1].p99_ns = 1;
}

static void change_control(struct ev_result *result)
{
    result->quiets[0].control_low -= 0.01;
}

static void change_flagged(struct ev_result *result)
{
    result->quiets[0].n_flagged = 0;
}

static void change_reason(struct ev_result *result)
{
    free(result->quiets[0].reason);
    result->quiets[0].reason = strdup("It rained.");
}

static void remove_time(struct ev_result *result)
{
    free(result->timings[--result->n_timings].backend);
}

static const struct {
    void (*change)(struct ev_result *result);
    const char *backend, *figure;
} time_changes[] = {
    {change_time, "dynamic", "hot.e2e.median_ns"},
    {change_time_verdict, "dynamic", "hot.e2e.verdict"},
    {change_processes, "baseline", "hot.e2e.n_processes"},
    {change_control_time, "baseline", "control.hot.e2e.p99_ns"},
    {change_control, "the control", "hot.e2e.control_low"},
    {change_flagged, "the control", "hot.e2e.n_flagged"},
    {change_reason, "the control", "hot.e2e.reason"},
    {remove_time, "all", "times.n"},
};

START_TEST(a_changed_time_is_named)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_measured_make(&result, 2, 1, 0, &none);
    time_changes[_i].change(&result);
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_eq(recomputed.n_mismatches, 1);
    ck_assert_str_eq(recomputed.mismatches[0].figure, time_changes[_i].figure);
    ck_assert_str_eq(recomputed.mismatches[0].backend, time_changes[_i].backend);
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

START_TEST(times_without_samples_are_counted)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_measured_make(&result, 2, 1, 0, &none);
    ev_session_free(&result.samples.session);
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_eq(recomputed.n_mismatches, 0);
    ck_assert_int_gt(recomputed.n_without, 0);
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

/* A figure that the samples do not have either is not taken as it stands. */
START_TEST(the_baseline_does_not_disagree_with_itself)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_measured_make(&result, 2, 1, 0, &none);
    ck_assert(isnan(result.rows[0].disagreement.p50));
    ck_assert_int_eq(result.rows[0].disagreement.worst.row, -1);
    result.rows[0].disagreement.p50 = 0.1;
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_eq(recomputed.n_mismatches, 1);
    ck_assert_str_eq(recomputed.mismatches[0].figure, "disagreement_p50");
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

/* Backends that ran on other sets, of as many rows, are not compared. */
START_TEST(other_sets_are_not_paired)
{
    struct ev_result result;

    ev_test_measured_make(&result, 2, 2, 0, &none);
    for (size_t s = 0; s < 2; s++) {
        free(result.samples.sets[s].outputs[s]);
        result.samples.sets[s].outputs[s] = NULL;
    }
    struct ev_result_row *row = &result.rows[5];
    bool found;
    ck_assert_str_eq(row->set, "all");
    ev_assert_ok(ev_error_figures_of(&result, row, row, &found, &err));
    ck_assert_int_eq(row->n_rows, result.samples.sets[0].n_rows);
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_NONE);
    ck_assert(isnan(row->disagreement.p50));
    ev_result_free(&result);
}
END_TEST

/* One output of one row is part of all figures of its backend, and of no other. */
START_TEST(a_changed_sample_is_seen_in_its_backend)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_measured_make(&result, 3, 1, 0, &none);
    result.samples.sets[0].outputs[1][100] += 0.01f;
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_ge(recomputed.n_mismatches, 8);
    for (size_t i = 0; i < recomputed.n_mismatches; i++)
        ck_assert_str_eq(recomputed.mismatches[i].backend, "dynamic");
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

START_TEST(without_samples_nothing_is_claimed)
{
    struct ev_result result;
    struct ev_recomputed recomputed;

    ev_test_result_make(&result, 2, 1);
    ev_assert_ok(ev_recompute(&result, &recomputed, &err));
    ck_assert_uint_eq(recomputed.n_mismatches, 0);
    ck_assert_int_eq(recomputed.n_figures, 2 * 5); /* the times */
    ck_assert_int_eq(recomputed.n_without, 2 * (22 + 2 * 12));
    ev_recomputed_free(&recomputed);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("recompute");
    TCase *tests = tcase_create("recompute");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, all_figures_of_a_result_are_its_samples);
    tcase_add_test(tests, recomputed_errors_are_those_of_the_formulas);
    tcase_add_loop_test(tests, a_changed_figure_is_named, 0, sizeof changes / sizeof *changes);
    tcase_add_loop_test(tests, a_changed_time_is_named, 0,
                        sizeof time_changes / sizeof *time_changes);
    tcase_add_test(tests, times_without_samples_are_counted);
    tcase_add_test(tests, the_baseline_does_not_disagree_with_itself);
    tcase_add_test(tests, other_sets_are_not_paired);
    tcase_add_test(tests, a_changed_sample_is_seen_in_its_backend);
    tcase_add_test(tests, without_samples_nothing_is_claimed);
    suite_add_tcase(suite, tests);
    return suite;
}
