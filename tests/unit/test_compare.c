/* SPDX-License-Identifier: MIT */
/* Two runs compared, on simulated samples: what is worse is called so, the same thing measured
 * again never is, and what cannot be known is not claimed. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/compare.h"
#include "report/report_compare.h"
#include "support/ev_test_measured.h"
#include "support/ev_test_report.h"
#include "support/ev_test_result.h"

#define ALL (EV_COMPARE_SIZE | EV_COMPARE_ERROR | EV_COMPARE_TIME)

static struct ev_error err = EV_ERROR_INIT;
static const struct ev_test_fault none = {0};
static const struct ev_compare_args args = {0.02, ALL};

struct runs {
    struct ev_result a, b;
    struct ev_compare compare;
};

/* Three backends on one set; run 1 with the fault against run 0 without. */
static void make_runs(struct runs *runs, const struct ev_test_fault *fault)
{
    ev_test_measured_make(&runs->a, 3, 1, 0, &none);
    ev_test_measured_make(&runs->b, 3, 1, 1, fault);
}

static void compare_runs(struct runs *runs)
{
    ev_assert_ok(ev_compare_results(&runs->a, &runs->b, &args, &runs->compare, &err));
}

static void free_runs(struct runs *runs)
{
    ev_compare_free(&runs->compare);
    ev_result_free(&runs->a);
    ev_result_free(&runs->b);
}

static const struct ev_compare_figure *find(const struct ev_compare *compare, const char *backend,
                                            const char *name)
{
    for (size_t i = 0; i < compare->n_figures; i++) {
        if (strcmp(compare->figures[i].backend, backend) == 0 &&
            strcmp(compare->figures[i].name, name) == 0)
            return &compare->figures[i];
    }
    ck_abort_msg("no %s of %s", name, backend);
    return NULL;
}

static void check(const struct ev_compare *compare, const char *backend, const char *name,
                  enum ev_compare_verdict expected)
{
    const struct ev_compare_figure *figure = find(compare, backend, name);

    ck_assert_msg(figure->verdict == expected, "%s of %s is '%s' (%s), expected '%s'", name,
                  backend, ev_compare_verdict_name(figure->verdict), figure->why,
                  ev_compare_verdict_name(expected));
}

START_TEST(a_result_is_the_same_as_itself)
{
    struct runs runs;

    ev_test_measured_make(&runs.a, 3, 2, 0, &none);
    ev_test_measured_make(&runs.b, 3, 2, 0, &none);
    compare_runs(&runs);
    /* Two sizes of each backend, six errors in each of nine rows, one time of each backend, and
     * the single inferences of each row. */
    ck_assert_uint_eq(runs.compare.n_figures, 3 * 2 + 9 * 6 + 3 + 9);
    ck_assert_int_eq(runs.compare.n[EV_COMPARE_SAME], (int64_t)runs.compare.n_figures);
    ck_assert_uint_eq(runs.compare.n_notes, 0);
    free_runs(&runs);
}
END_TEST

/* Twenty measurements of the same: none is worse, none better. */
START_TEST(the_same_again_is_never_worse)
{
    struct runs runs;

    ev_test_measured_make(&runs.a, 3, 1, 0, &none);
    ev_test_measured_make(&runs.b, 3, 1, (uint64_t)_i + 1, &none);
    compare_runs(&runs);
    ck_assert_int_eq(runs.compare.n[EV_COMPARE_WORSE], 0);
    ck_assert_int_eq(runs.compare.n[EV_COMPARE_BETTER], 0);
    check(&runs.compare, "static", "MSE", EV_COMPARE_SAME);
    check(&runs.compare, "static", "hot, e2e", EV_COMPARE_SAME);
    ck_assert(find(&runs.compare, "static", "MSE")->paired);
    free_runs(&runs);
}
END_TEST

START_TEST(a_worse_model_is_caught)
{
    const struct ev_test_fault fault = {.mse = 0.05};
    struct runs runs;

    make_runs(&runs, &fault);
    compare_runs(&runs);
    check(&runs.compare, "static", "MSE", EV_COMPARE_WORSE);
    check(&runs.compare, "static", "MSE v", EV_COMPARE_WORSE);
    check(&runs.compare, "static", "MSE w", EV_COMPARE_WORSE);
    /* 2.5 % of the mean absolute error, as the root of 1.05. */
    check(&runs.compare, "static", "MAE", EV_COMPARE_WORSE);
    check(&runs.compare, "dynamic", "MSE", EV_COMPARE_SAME);
    check(&runs.compare, "static", "hot, e2e", EV_COMPARE_SAME);
    const struct ev_compare_figure *mse = find(&runs.compare, "static", "MSE");
    ck_assert_double_eq_tol(mse->change, 0.05, 0.001);
    ck_assert(mse->low > 0.03 && mse->high < 0.07);
    free_runs(&runs);
}
END_TEST

START_TEST(a_better_model_is_seen)
{
    const struct ev_test_fault fault = {.mse = -0.05, .time = -0.1};
    struct runs runs;

    make_runs(&runs, &fault);
    compare_runs(&runs);
    check(&runs.compare, "static", "MSE", EV_COMPARE_BETTER);
    check(&runs.compare, "static", "hot, e2e", EV_COMPARE_BETTER);
    ck_assert_int_eq(runs.compare.n[EV_COMPARE_WORSE], 0);
    free_runs(&runs);
}
END_TEST

START_TEST(a_slower_backend_is_caught)
{
    const struct ev_test_fault fault = {.time = 0.06};
    struct runs runs;

    make_runs(&runs, &fault);
    compare_runs(&runs);
    check(&runs.compare, "static", "hot, e2e", EV_COMPARE_WORSE);
    check(&runs.compare, "dynamic", "hot, e2e", EV_COMPARE_SAME);
    ck_assert_int_eq(runs.compare.n[EV_COMPARE_WORSE], 1);
    free_runs(&runs);
}
END_TEST

/* Without rows to pair, 5 % are less than what other pictures of the circuit would change. */
START_TEST(without_samples_less_can_be_told)
{
    const struct ev_test_fault fault = {.mse = 0.05}, large = {.mse = 3};
    struct runs runs;

    make_runs(&runs, &fault);
    ev_samples_free(&runs.b.samples);
    compare_runs(&runs);
    check(&runs.compare, "static", "MSE", EV_COMPARE_CANNOT_TELL);
    check(&runs.compare, "static", "MSE v", EV_COMPARE_CANNOT_TELL);
    ck_assert(!find(&runs.compare, "static", "MSE")->paired);
    free_runs(&runs);

    make_runs(&runs, &large);
    ev_samples_free(&runs.a.samples);
    compare_runs(&runs);
    check(&runs.compare, "static", "MSE", EV_COMPARE_WORSE);
    check(&runs.compare, "static", "MSE w", EV_COMPARE_WORSE);
    check(&runs.compare, "static", "MAE w", EV_COMPARE_CANNOT_TELL);
    free_runs(&runs);
}
END_TEST

START_TEST(another_set_is_not_compared)
{
    const struct ev_test_fault fault = {.mse = 3};
    struct runs runs;

    make_runs(&runs, &fault);
    runs.b.sets[0].sha256[0] = runs.b.sets[0].sha256[0] == '0' ? '1' : '0';
    compare_runs(&runs);
    check(&runs.compare, "static", "MSE", EV_COMPARE_CANNOT_TELL);
    ck_assert_str_eq(find(&runs.compare, "static", "MSE")->why, "the set is another");
    free_runs(&runs);
}
END_TEST

static void change_machine(struct ev_result *result)
{
    result->host.n_cores++;
}

static void make_noise(struct ev_result *result)
{
    result->quiets[0].unquiet = true;
}

static void change_baseline(struct ev_result *result)
{
    result->rows[0].model_sha256[0] = 'x';
}

static const struct {
    void (*change)(struct ev_result *result);
    const char *why;
} obstacles[] = {
    {change_machine, "the machine is another"},
    {make_noise, "a run was not quiet"},
    {change_baseline, "the baseline is another model"},
};

START_TEST(times_need_the_same_quiet_machine)
{
    const struct ev_test_fault fault = {.time = 0.5};
    struct runs runs;

    make_runs(&runs, &fault);
    obstacles[_i].change(&runs.b);
    compare_runs(&runs);
    check(&runs.compare, "static", "hot, e2e", EV_COMPARE_CANNOT_TELL);
    ck_assert_str_eq(find(&runs.compare, "static", "hot, e2e")->why, obstacles[_i].why);
    free_runs(&runs);
}
END_TEST

/* A machine that is slower as a whole, by half, is no slower backend. */
START_TEST(absolute_times_are_never_worse)
{
    struct runs runs;

    make_runs(&runs, &none);
    for (size_t i = 0; i < runs.b.n_timings; i++) {
        runs.b.timings[i].median_ns *= 1.5;
        runs.b.timings[i].median_low_ns *= 1.5;
        runs.b.timings[i].median_high_ns *= 1.5;
    }
    compare_runs(&runs);
    check(&runs.compare, "baseline", "hot, e2e", EV_COMPARE_CANNOT_TELL);
    ck_assert(find(&runs.compare, "baseline", "hot, e2e")->absolute);
    check(&runs.compare, "static", "hot, e2e", EV_COMPARE_SAME);
    free_runs(&runs);
}
END_TEST

START_TEST(outputs_that_are_no_numbers_are_worse)
{
    struct runs runs;

    make_runs(&runs, &none);
    runs.b.samples.sets[0].outputs[2][11] = NAN;
    ev_test_measured_update(&runs.b);
    compare_runs(&runs);
    check(&runs.compare, "static", "MSE", EV_COMPARE_WORSE);
    check(&runs.compare, "static", "MSE v", EV_COMPARE_SAME);
    free_runs(&runs);
}
END_TEST

/* Sizes have no interval, but the margin of all figures: 48 bytes of 2 MB are no better model. */
START_TEST(sizes_within_the_margin_are_the_same)
{
    struct runs runs;

    make_runs(&runs, &none);
    runs.b.rows[1].model_bytes -= 48;
    runs.b.rows[1].weight_bytes += runs.b.rows[1].weight_bytes / 49;
    runs.b.rows[2].model_bytes -= runs.b.rows[2].model_bytes / 49;
    runs.b.rows[2].weight_bytes = -1;
    compare_runs(&runs);
    check(&runs.compare, "baseline", "model", EV_COMPARE_SAME);
    check(&runs.compare, "dynamic", "model", EV_COMPARE_SAME);
    ck_assert_double_lt(find(&runs.compare, "dynamic", "model")->change, 0);
    check(&runs.compare, "dynamic", "weights", EV_COMPARE_WORSE);
    check(&runs.compare, "static", "model", EV_COMPARE_BETTER);
    check(&runs.compare, "static", "weights", EV_COMPARE_CANNOT_TELL);
    free_runs(&runs);
}
END_TEST

/* With no margin a byte counts, and what is called better is no change of 0. */
START_TEST(a_change_is_never_shown_as_0)
{
    static const struct ev_compare_args exact = {0, EV_COMPARE_SIZE};
    struct runs runs;
    char *text = NULL;
    size_t n_text;

    make_runs(&runs, &none);
    runs.a.rows[1].model_bytes = 2000000;
    runs.b.rows[1].model_bytes = 2000000 - 48;
    ev_assert_ok(ev_compare_results(&runs.a, &runs.b, &exact, &runs.compare, &err));
    check(&runs.compare, "dynamic", "model", EV_COMPARE_BETTER);
    FILE *out = open_memstream(&text, &n_text);
    ck_assert_ptr_nonnull(out);
    ev_assert_ok(ev_compare_print(&runs.compare, &exact, out, &err));
    fclose(out);
    ev_assert_has(text, "-0.002 %   better\n");
    free(text);
    free_runs(&runs);
}
END_TEST

START_TEST(what_only_one_has_is_noted)
{
    struct runs runs;

    ev_test_measured_make(&runs.a, 3, 2, 0, &none);
    ev_test_measured_make(&runs.b, 2, 1, 0, &none);
    compare_runs(&runs);
    ck_assert_uint_eq(runs.compare.n_notes, 5);
    ck_assert_str_eq(runs.compare.notes[0], "static: only in A");
    ck_assert_str_eq(runs.compare.notes[1], "baseline on montreal: only in A");
    free_runs(&runs);
}
END_TEST

START_TEST(only_what_is_asked_for_is_compared)
{
    const struct ev_compare_args errors = {0.02, EV_COMPARE_ERROR};
    struct runs runs;

    make_runs(&runs, &none);
    ev_assert_ok(ev_compare_results(&runs.a, &runs.b, &errors, &runs.compare, &err));
    ck_assert_uint_eq(runs.compare.n_figures, 3 * 6);
    free_runs(&runs);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("compare");
    TCase *tests = tcase_create("compare");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_result_is_the_same_as_itself);
    tcase_add_loop_test(tests, the_same_again_is_never_worse, 0, 20);
    tcase_add_test(tests, a_worse_model_is_caught);
    tcase_add_test(tests, a_better_model_is_seen);
    tcase_add_test(tests, a_slower_backend_is_caught);
    tcase_add_test(tests, without_samples_less_can_be_told);
    tcase_add_test(tests, another_set_is_not_compared);
    tcase_add_loop_test(tests, times_need_the_same_quiet_machine, 0,
                        sizeof obstacles / sizeof *obstacles);
    tcase_add_test(tests, absolute_times_are_never_worse);
    tcase_add_test(tests, outputs_that_are_no_numbers_are_worse);
    tcase_add_test(tests, sizes_within_the_margin_are_the_same);
    tcase_add_test(tests, a_change_is_never_shown_as_0);
    tcase_add_test(tests, what_only_one_has_is_noted);
    tcase_add_test(tests, only_what_is_asked_for_is_compared);
    suite_add_tcase(suite, tests);
    return suite;
}
