/* SPDX-License-Identifier: MIT */
/* Times of worker processes in tables: what they say, that they fit, and their CSV files. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "eval/time_figures.h"
#include "report/report.h"
#include "report/report_times.h"
#include "support/ev_test_report.h"
#include "support/ev_test_result.h"
#include "support/ev_test_session.h"

static struct ev_error err = EV_ERROR_INIT;

/* What a terminal shows, at most 100 characters wide. */
static char *printed(const struct ev_result *result)
{
    char *text = NULL;
    size_t length, width = 0;
    FILE *out = open_memstream(&text, &length);

    ck_assert_ptr_nonnull(out);
    ev_report_print(result, out);
    ck_assert_int_eq(fclose(out), 0);
    for (const char *c = text; *c; c++) {
        width = *c == '\n' ? 0 : width + (((unsigned char)*c & 0xc0) != 0x80);
        ck_assert_msg(width <= 100, "too wide: %.120s", c - 110);
        ck_assert_msg(strncmp(c, " \n", 2) != 0, "blank at the end of a line: %.60s", c - 40);
    }
    return text;
}

static void assert_number(const struct ev_csv *csv, int64_t row, const char *column,
                          double expected)
{
    double value;

    if (isnan(expected)) {
        ck_assert_str_eq(ev_test_cell(csv, row, column), "");
        return;
    }
    ck_assert_msg(ev_text_double(ev_test_cell(csv, row, column), &value), "%s: no number", column);
    ck_assert_msg(fabs(value - expected) <= 1e-5 * fabs(expected) + 1e-9, "%s: %g, expected %g",
                  column, value, expected);
}

/* Four variants on three sets, and round figures in place of simulated ones. */
static void make(struct ev_result *result)
{
    struct ev_test_machine machine = ev_test_usual;

    machine.n_processes = 6;
    machine.n_rounds = 4;
    ev_test_result_make(result, 4, 3);
    ev_test_times_make(result, &machine);
    for (size_t i = 0; i < result->n_timings; i++) {
        struct ev_result_timing *timing = &result->timings[i];
        bool is_judged = !timing->is_control && strcmp(timing->backend, "baseline") != 0;
        timing->verdict = is_judged ? EV_VERDICT_LESS : EV_VERDICT_NONE;
        timing->change = is_judged ? -0.5 : NAN;
        timing->change_low = is_judged ? -0.512 : NAN;
        timing->change_high = is_judged ? -0.488 : NAN;
        timing->detectable = is_judged ? 0.023 : NAN;
        timing->median_ns = 1e6 * (double)(1 + timing->mode) * (is_judged ? 0.5 : 1);
        timing->p90_ns = 1.5 * timing->median_ns;
        timing->p99_ns = 2 * timing->median_ns;
        if (timing->is_control)
            timing->median_ns = timing->p99_ns = 777e6; /* nowhere to be seen */
    }
    for (size_t i = 1; i < result->n_timings; i++) { /* whichever is first */
        const struct ev_result_timing control = result->timings[i];
        if (control.is_control) {
            result->timings[i] = result->timings[i - 1];
            result->timings[i - 1] = control;
        }
    }
    for (size_t i = 0; i < result->n_quiets; i++) {
        struct ev_result_quiet *quiet = &result->quiets[i];
        quiet->unquiet = false;
        quiet->control = 0.001;
        quiet->control_low = -0.003;
        quiet->control_high = 0.005;
        free(quiet->reason);
        quiet->reason = strdup("");
    }
}

static struct ev_result_timing *find(struct ev_result *result, const char *backend,
                                     enum ev_mode mode, enum ev_boundary boundary)
{
    return (struct ev_result_timing *)ev_times_find(result, backend, mode, boundary);
}

START_TEST(terminal_shows_times_of_worker_processes)
{
    struct ev_result result;

    make(&result);
    char *text = printed(&result);
    /* The overview has the hot times, and their verdicts in place of R2. */
    ev_assert_has(text, "  median  verdict   p90   p99  images/s\n");
    ev_assert_has(text, "       SAME    1.00   FASTER");
    ev_assert_has(text, "            -           -    2.00        -");
    ev_assert_lacks(text, "R²");
    ev_assert_has(text, "  cold  compute   e2e  paced   p99  late  paced  resident  ");
    ev_assert_has(text, "  baseline  1.000     2.00  2.00   3.00  6.00   0.0   1.50 ");
    ev_assert_has(text, "\n  dynamic   0.500     1.00  1.00   1.50  3.00   0.0   1.50 ");
    ev_assert_has(text, "\n  hot e2e           -50.0 ±1.2 % FASTER  -50.0 ±1.2 % FASTER  "
                     "-50.0 ±1.2 % FASTER  +0.1 ±0.4\n");
    ev_assert_has(text, "\n  pieces compute  ");
    ev_assert_has(text, "  6 worker processes, 750 blocks in balanced order, ");
    ev_assert_has(text, "each interval holds with\n    95 %\n");
    ev_assert_has(text, "a call every 50 ms");
    ev_assert_lacks(text, "777");
    ev_assert_lacks(text, "nan");
    ev_assert_lacks(text, "unquiet:");
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(markdown_shows_times_and_the_studys_own_mean)
{
    struct ev_result result;

    make(&result);
    char *text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "## Times\n\n| backend | cold (ms) | compute (ms) | e2e (ms) | paced (ms) | ");
    ev_assert_has(text, " | mean as in the study (ms) |\n");
    ev_assert_has(text, "| baseline | 1.000 | 2.00 | 2.00 | 3.00 | 6.00 | 0.0 | 1.50 | ");
    char mean[64];
    snprintf(mean, sizeof mean, " | %.3f |\n",
             ev_result_find(&result, "qat", "all")->latency.mean_ns / 1e6);
    ev_assert_has(strstr(text, "## Times"), mean);
    ev_assert_has(text, "### Change of the time of an image against baseline\n");
    ev_assert_has(text, "| hot e2e | -50.0 ±1.2 % FASTER | -50.0 ±1.2 % FASTER | ");
    ev_assert_has(text, "| verdict (of time) |");
    ev_assert_has(text, "takes 1.00 ms for an image instead of 2.00 (2.0 times faster)");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* What an unquiet run says, what is unresolved, and what headlines then keep to themselves. */
START_TEST(times_without_verdicts_say_why)
{
    struct ev_result result;

    make(&result);
    for (size_t i = 0; i < result.n_timings; i++) {
        struct ev_result_timing *timing = &result.timings[i];
        if (timing->mode == EV_MODE_HOT && timing->boundary == EV_BOUNDARY_E2E)
            timing->verdict = EV_VERDICT_NONE;
    }
    for (size_t i = 0; i < result.n_quiets; i++) {
        struct ev_result_quiet *quiet = &result.quiets[i];
        if (quiet->mode != EV_MODE_HOT || quiet->boundary != EV_BOUNDARY_E2E)
            continue;
        quiet->unquiet = true;
        ev_test_result_text(&quiet->reason, "The baseline took 4.0 % longer than itself.");
    }
    find(&result, "qat", EV_MODE_FED, EV_BOUNDARY_E2E)->verdict = EV_VERDICT_UNRESOLVED;
    find(&result, "qat", EV_MODE_PACED, EV_BOUNDARY_E2E)->verdict = EV_VERDICT_UNRESOLVED;
    char *text = printed(&result);
    ev_assert_has(text, "Times unquiet, so without verdicts: hot e2e. The notes on times say why.\n");
    /* A dash in the place of each verdict, under which nothing else stands. */
    ev_assert_has(text, "\n  hot e2e           -50.0 ±1.2 %      -  -50.0 ±1.2 %      -  "
                     "-50.0 ±1.2 %          -    unquiet\n");
    ev_assert_has(text, "\n  hot compute       -50.0 ±1.2 % FASTER  -50.0 ±1.2 % FASTER  "
                     "-50.0 ±1.2 %     FASTER  +0.1 ±0.4\n");
    ev_assert_has(text, "  hot e2e: The baseline took 4.0 % longer than itself. No verdict is given");
    ev_assert_has(text, "  qat: what is UNRESOLVED would have been told beyond 2.3 % (paced e2e), "
                     "2.3 % (fed e2e)\n");
    ev_assert_has(text, "R² v"); /* no verdicts need its place */
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "**Times unquiet, so without verdicts: hot e2e.");
    ev_assert_lacks(text, "times faster");
    ev_assert_lacks(text, "verdict (of time)");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* More variants than fit side by side; modes that only some have; the baseline alone. */
START_TEST(tables_of_times_fit_any_number_of_backends)
{
    struct ev_result result;
    const char *second = NULL;

    make(&result);
    for (size_t i = 0; i < result.n_timings; i++) {
        struct ev_result_timing *timing = &result.timings[i];
        if (timing->verdict == EV_VERDICT_LESS)
            timing->verdict = EV_VERDICT_UNRESOLVED;
        if (strcmp(timing->backend, "qat") == 0 && timing->mode == EV_MODE_PACED)
            timing->n_threads = 9; /* nobody else has */
    }
    char *text = printed(&result);
    const char *first = strstr(text, "Change of the time");
    ck_assert_ptr_nonnull(first);
    for (const char *c = first; (c = strstr(c, "  paced e2e")) != NULL; c++)
        second = c;
    ck_assert_ptr_nonnull(second);
    ev_assert_has(second, "  paced e2e                               -  +0.1 ±0.4\n");
    ev_assert_has(second, "  fed e2e           -50.0 ±1.2 % UNRESOLVED  +0.1 ±0.4\n");
    free(text);
    ev_result_free(&result);

    ev_test_result_make(&result, 1, 1);
    struct ev_test_machine machine = ev_test_usual;
    machine.n_entries = 2;
    machine.n_processes = 1;
    ev_test_measure(&result.samples.session, &machine, EV_MODE_HOT, EV_BOUNDARY_E2E, 1e6, 1, 1);
    ev_assert_ok(ev_time_figures(&result.samples.session, &result, &err));
    text = printed(&result);
    ev_assert_has(text, "  backend    e2e\n");
    ev_assert_lacks(text, "Change of");
    ev_assert_has(text, "  1 worker process, 48 blocks in balanced order, ");
    ev_assert_lacks(text, "each interval");
    ev_assert_lacks(text, "nan");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* What the device takes of the times, in a table and in sentences. */
START_TEST(device_and_host_are_told_apart)
{
    struct ev_test_machine machine = ev_test_usual;
    struct ev_result result;

    machine.n_processes = 6;
    machine.n_rounds = 4;
    ev_test_result_make(&result, 4, 1);
    ev_test_device_times_make(&result, &machine);
    find(&result, "static", EV_MODE_EAGER, EV_BOUNDARY_E2E)->median_ns = 3e4;
    find(&result, "qat", EV_MODE_HOT, EV_BOUNDARY_E2E)->median_ns = 5e4;
    find(&result, "qat", EV_MODE_HOT, EV_BOUNDARY_DEVICE)->median_ns = 3.1e4;
    find(&result, "qat", EV_MODE_EAGER, EV_BOUNDARY_E2E)->median_ns = 8e4;
    find(&result, "qat", EV_MODE_EAGER, EV_BOUNDARY_DEVICE)->median_ns = 4e4;
    find(&result, "qat", EV_MODE_RESIDENT, EV_BOUNDARY_E2E)->median_ns = 1.024e7;
    find(&result, "qat", EV_MODE_RESIDENT, EV_BOUNDARY_DEVICE)->median_ns = 0.9216e7;
    char *text = printed(&result);
    ev_assert_has(text, "\nOf these times the device's own\n\n");
    ev_assert_has(text, "  hot  device  of it   eager  device  of it  resident    device  of it\n");
    ev_assert_has(text, "\n  hot device   ");
    ev_assert_has(text, "\n  eager e2e   ");
    ev_assert_has(text, "\n  resident device   ");
    ev_assert_has(text,
                  "  device: by its own clock, from the first copy to it to the last one back");
    ev_assert_has(text, "  qat: the device computes 62 % of a call (0.0310 of 0.0500 ms), 50 % of");
    /* Its clocks contradict each other in eager calls. */
    ev_assert_has(text, "  static: the device computes 6");
    ev_assert_lacks(text, " of 0.0300 ms)");
    ev_assert_lacks(text, "nan");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "### Of these times the device's own\n");
    ev_assert_has(
        text, "| qat | 0.0500 | 0.0310 | 62 | 0.0800 | 0.0400 | 50 | 100,000 | 111,111 | 90 |\n");
    ev_assert_has(text,
                  "- qat: the device computes 62 % of a call (0.0310 of 0.0500 ms), 50 % of an "
                  "eager one (0.0400 of 0.0800 ms).\n");
    free(text);
    ev_result_free(&result);

    make(&result);
    text = printed(&result);
    ev_assert_lacks(text, "device's own");
    ev_assert_lacks(text, "device: ");
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(timings_csv_has_every_figure)
{
    struct ev_result result;

    make(&result);
    struct ev_csv csv = ev_test_csv(&ev_report_timings_csv, &result);
    ck_assert_int_eq(csv.n_rows, 35);
    for (int64_t i = 0; i < csv.n_rows; i++) {
        const struct ev_result_timing *timing = &result.timings[i];
        ck_assert_str_eq(ev_test_cell(&csv, i, "backend"), timing->backend);
        ck_assert_str_eq(ev_test_cell(&csv, i, "is_control"), timing->is_control ? "1" : "0");
        ck_assert_str_eq(ev_test_cell(&csv, i, "mode"), ev_mode_name(timing->mode));
        ck_assert_str_eq(ev_test_cell(&csv, i, "boundary"), ev_boundary_name(timing->boundary));
        ck_assert_str_eq(ev_test_cell(&csv, i, "verdict"), ev_verdict_time_name(timing->verdict));
        assert_number(&csv, i, "n_threads", timing->n_threads);
        assert_number(&csv, i, "rows_per_call", (double)timing->rows_per_call);
        assert_number(&csv, i, "rows_per_piece", (double)timing->rows_per_piece);
        assert_number(&csv, i, "n_processes", (double)timing->n_processes);
        assert_number(&csv, i, "n_blocks", (double)timing->n_blocks);
        assert_number(&csv, i, "n_calls", (double)timing->n_calls);
        assert_number(&csv, i, "confidence_percent", timing->confidence * 100);
        assert_number(&csv, i, "median_ms", timing->median_ns / 1e6);
        assert_number(&csv, i, "median_low_ms", timing->median_low_ns / 1e6);
        assert_number(&csv, i, "median_high_ms", timing->median_high_ns / 1e6);
        assert_number(&csv, i, "p90_ms", timing->p90_ns / 1e6);
        assert_number(&csv, i, "p90_high_ms", timing->p90_high_ns / 1e6);
        assert_number(&csv, i, "p99_ms", timing->p99_ns / 1e6);
        assert_number(&csv, i, "p99_high_ms", timing->p99_high_ns / 1e6);
        assert_number(&csv, i, "mean_ms", timing->mean_ns / 1e6);
        assert_number(&csv, i, "min_ms", timing->min_ns / 1e6);
        assert_number(&csv, i, "deadline_ms", timing->deadline_ns / 1e6);
        assert_number(&csv, i, "missed_percent", timing->missed_fraction * 100);
        assert_number(&csv, i, "images_per_s", round(timing->images_per_s * 100) / 100);
        assert_number(&csv, i, "change_percent", timing->change * 100);
        assert_number(&csv, i, "change_low_percent", timing->change_low * 100);
        assert_number(&csv, i, "change_high_percent", timing->change_high * 100);
        assert_number(&csv, i, "detectable_change_percent", timing->detectable * 100);
        assert_number(&csv, i, "control_low_percent", -0.3);
        ck_assert_str_eq(ev_test_cell(&csv, i, "unquiet"), "0");
    }
    ev_csv_free(&csv);
    ev_result_free(&result);
}
END_TEST

START_TEST(rounds_csv_has_every_block)
{
    const float calls[] = {300, 100, 250, 900};
    struct ev_result result;
    struct ev_session *session = &result.samples.session;

    ev_result_init(&result);
    ck_assert(!ev_report_rounds_csv.applies(&result));
    session->n_entries = 2;
    session->entries = calloc(2, sizeof *session->entries);
    ck_assert_ptr_nonnull(session->entries);
    session->entries[0] = (struct ev_entry){strdup("a,\"b\""), false};
    session->entries[1] = (struct ev_entry){strdup("a,\"b\""), true};
    struct ev_block block = {.process = 3,
                             .round = 4,
                             .position = 1,
                             .predecessor = 0,
                             .entry = 1,
                             .mode = EV_MODE_PIECES,
                             .boundary = EV_BOUNDARY_COMPUTE,
                             .n_threads = 2,
                             .rows_per_call = 1024,
                             .rows_per_piece = 32,
                             .flagged = true,
                             .noise = {11, 12, 13, 14, -1, 16}};
    ck_assert(ev_session_add(session, &block, calls, 4));
    block.predecessor = -1;
    block.entry = 0;
    block.flagged = false;
    ck_assert(ev_session_add(session, &block, calls, 0));
    ck_assert(ev_report_rounds_csv.applies(&result));
    char *text = ev_test_written(&ev_report_rounds_csv, &result, NULL);
    ck_assert_str_eq(
        text,
        "process,round,position,predecessor,backend,control,mode,boundary,n_threads,rows_per_call,"
        "rows_per_piece,median_ns,min_ns,max_ns,n_calls,cpu_ns,probe_ns,steal_ticks,n_involuntary,"
        "psi_cpu_us,psi_io_us,flagged\n"
        "3,4,1,\"a,\"\"b\"\"\",\"a,\"\"b\"\"\",1,pieces,compute,2,1024,32,275.0,100,900,4,11,12,13,"
        "14,,16,1\n"
        "3,4,1,,\"a,\"\"b\"\"\",0,pieces,compute,2,1024,32,,,,0,11,12,13,14,,16,0\n");
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(results_without_times_have_no_tables_of_them)
{
    struct ev_result result;

    ev_test_result_make(&result, 4, 3);
    ck_assert(!ev_report_timings_csv.applies(&result));
    char *text = printed(&result);
    ev_assert_lacks(text, "Times, each");
    ev_assert_lacks(text, "of time");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_lacks(text, "## Times");
    free(text);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("report_times");
    TCase *tests = tcase_create("report_times");

    tcase_add_test(tests, terminal_shows_times_of_worker_processes);
    tcase_add_test(tests, markdown_shows_times_and_the_studys_own_mean);
    tcase_add_test(tests, times_without_verdicts_say_why);
    tcase_add_test(tests, tables_of_times_fit_any_number_of_backends);
    tcase_add_test(tests, device_and_host_are_told_apart);
    tcase_add_test(tests, timings_csv_has_every_figure);
    tcase_add_test(tests, rounds_csv_has_every_block);
    tcase_add_test(tests, results_without_times_have_no_tables_of_them);
    suite_add_tcase(suite, tests);
    return suite;
}
