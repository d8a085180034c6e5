/* SPDX-License-Identifier: MIT */
/* The tables that say more of errors than the overview does: by output, against the baseline, as
 * the study counts. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "support/ev_test_report.h"
#include "support/ev_test_result.h"

/* The line of `text` that begins with `begin`, behind the heading. */
static char *line_behind(const char *text, const char *heading, const char *begin)
{
    const char *at = strstr(text, heading);

    ck_assert_msg(at != NULL, "no '%s' in %s", heading, text);
    at = strstr(at, begin);
    ck_assert_msg(at != NULL, "no '%s' behind '%s'", begin, heading);
    return strndup(at + 1, strcspn(at + 1, "\n"));
}

static void check_line(const char *text, const char *heading, const char *begin, const char *line)
{
    char *found = line_behind(text, heading, begin);

    ck_assert_str_eq(found, line);
    free(found);
}

START_TEST(outputs_are_told_apart)
{
    struct ev_result result;

    ev_test_result_make(&result, 3, 2);
    char *text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "## By output\n\nEach output by itself, over simple and montreal: ");
    check_line(text, "## By output", "\n| v | baseline",
               "| v | baseline | 1.12 m/s | 0.004120 | 0.00371 to 0.00453 | - |");
    check_line(text, "## By output", "\n| w | static",
               "| w | static | 0.464 rad/s | 0.001068 | 0.00096 to 0.00117 | +5.8 % (+4.3 to +7.3) "
               "WORSE |");
    free(text);

    /* With a single output the table of all says the same. */
    for (size_t i = 0; i < result.n_rows; i++)
        result.rows[i].n_outputs = 1;
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_lacks(text, "By output");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* As of a program that gave none. */
START_TEST(without_intervals_there_is_no_table_of_outputs)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 1);
    for (size_t i = 0; i < result.n_rows; i++)
        result.rows[i].mse_norm_low = result.rows[i].mse_norm_high = NAN;
    char *text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_lacks(text, "By output");
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(disagreements_say_where)
{
    struct ev_result result;

    ev_test_result_make(&result, 3, 2);
    result.rows[1].disagreement.worst.value = NAN;
    char *text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "## Disagreement with baseline\n\nHow far an image's outputs are ");
    check_line(text, "## Disagreement", "\n| dynamic | simple",
               "| dynamic | simple | 0.00220 | 0.0121 | - | row 1034 | 0.00000033 | row 443 |");
    check_line(text, "## Disagreement", "\n| static | montreal",
               "| static | montreal | 0.00240 | 0.0132 | 0.0516 | row 1370 | 0.00000036 | row 782 |");
    check_line(text, "## Disagreement", "\n| static | all",
               "| static | all | 0.00240 | 0.0132 | 0.0516 | row 2145 of montreal | "
               "0.00000036 | row 1226 of montreal |");
    check_line(text, "## Disagreement", "\n| baseline | simple",
               "| baseline | simple | - | - | - | - | 0.00000030 | row 443 |");
    ev_assert_has(text, "from the backend's own in batches of 1024, when it ");
    free(text);

    struct ev_csv csv = ev_test_csv(&ev_report_csv, &result);
    ck_assert_str_eq(ev_test_cell(&csv, 0, "disagreement_p50"), "");
    ck_assert_str_eq(ev_test_cell(&csv, 0, "disagreement_max_set"), "");
    ck_assert_str_eq(ev_test_cell(&csv, 0, "disagreement_max_row"), "");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "disagreement_p50"), "0.0024");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "disagreement_p99"), "0.0132");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "disagreement_max"), "0.0516");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "disagreement_max_set"), "montreal");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "disagreement_max_row"), "2145");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "batch_delta_max"), "3.6e-07");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "batch_delta_max_set"), "montreal");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "batch_delta_max_row"), "1226");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "study_mse"), "0.048");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "study_mse_mirrored"), "0.096");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "study_mean_1000_us"), "300.000");
    ck_assert_str_eq(ev_test_cell(&csv, 8, "outputs_sha256"), result.rows[8].outputs_sha256);
    ev_csv_free(&csv);
    ev_result_free(&result);
}
END_TEST

START_TEST(the_study_counts_in_a_table_of_its_own)
{
    static const char *const heading =
        "## The study's own way of counting, to compare with its tables\n\nOver simple and montreal,";
    struct ev_result result;

    ev_test_result_make(&result, 3, 2);
    for (size_t i = 0; i < result.n_rows; i++)
        result.rows[i].study.mean_ns = 1.25e6;
    char *text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, heading);
    ev_assert_has(text, "batches of 1024 images");
    ev_assert_has(text, "images with \\|w\\| above 1 rad/s count 6 times");
    check_line(text, heading, "\n| static", "| static | 1.565 | 0.048000 | 0.096000 | 1.250 |");
    ev_assert_lacks(text, "--study");
    free(text);

    for (size_t i = 0; i < result.n_rows; i++)
        result.rows[i].study.mse_mirrored = result.rows[i].study.mean_ns = NAN;
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    check_line(text, heading, "\n| static", "| static | 1.565 | 0.048000 | - | - |");
    ev_assert_has(text, "were not asked for: evalrun --study measures them.");
    free(text);

    for (size_t i = 0; i < result.n_rows; i++)
        result.rows[i].study.mse = NAN;
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_lacks(text, "study");
    free(text);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("report_errors");
    TCase *tests = tcase_create("report_errors");

    tcase_add_test(tests, outputs_are_told_apart);
    tcase_add_test(tests, without_intervals_there_is_no_table_of_outputs);
    tcase_add_test(tests, disagreements_say_where);
    tcase_add_test(tests, the_study_counts_in_a_table_of_its_own);
    suite_add_tcase(suite, tests);
    return suite;
}
