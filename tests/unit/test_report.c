/* SPDX-License-Identifier: MIT */
/* Tables of a result made by hand: CSV cell by cell, Markdown and terminal by what they must say.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/text.h"
#include "report/report.h"
#include "report/report_view.h"
#include "support/ev_test_report.h"
#include "support/ev_test_result.h"

static struct ev_error err = EV_ERROR_INIT;

static char *printed(const struct ev_result *result)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ck_assert_ptr_nonnull(out);
    ev_report_print(result, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* Characters of a line up to its end. */
static size_t width_of(const char *line)
{
    size_t width = 0;

    for (; *line && *line != '\n'; line++)
        width += ((unsigned char)*line & 0xc0) != 0x80;
    return width;
}

/* --- CSV --- */

static void assert_number(const struct ev_csv *csv, int64_t row, const char *column,
                          double expected, double relative)
{
    double value;

    ck_assert_msg(ev_text_double(ev_test_cell(csv, row, column), &value), "%s: no number", column);
    ck_assert_msg(fabs(value - expected) <= relative * fabs(expected), "%s: %.12g, expected %.12g",
                  column, value, expected);
}

START_TEST(csv_has_a_row_for_each_backend_and_set)
{
    static const char *const verdicts[] = {"", "SAME", "WORSE", "UNRESOLVED"};
    static const char *const output_verdicts[] = {"", "WORSE", "WORSE", "SAME"};
    static const char *const changes[] = {"change_percent", "change_low_percent",
                                          "change_high_percent", "detectable_change_percent"};
    struct ev_result result;

    ev_test_result_make(&result, 4, 3);
    result.rows[1].precision = EV_PRECISION_TF32;
    struct ev_csv csv = ev_test_csv(&ev_report_csv, &result);
    ck_assert_int_eq(csv.n_rows, 16);
    for (int64_t i = 0; i < csv.n_rows; i++) {
        const struct ev_result_row *row = &result.rows[i];
        ck_assert_str_eq(ev_test_cell(&csv, i, "backend"), row->backend);
        ck_assert_str_eq(ev_test_cell(&csv, i, "set"), row->set);
        ck_assert_str_eq(ev_test_cell(&csv, i, "engine_detail"), row->engine_detail);
        ck_assert_str_eq(ev_test_cell(&csv, i, "precision"), i == 1 ? "tf32" : "");
        ck_assert_str_eq(ev_test_cell(&csv, i, "model_sha256"), row->model_sha256);
        assert_number(&csv, i, "n_rows", (double)row->n_rows, 0);
        assert_number(&csv, i, "n_threads", row->n_threads, 0);
        assert_number(&csv, i, "batch_rows", (double)row->batch_rows, 0);
        assert_number(&csv, i, "model_bytes", (double)row->model_bytes, 0);
        assert_number(&csv, i, "weight_bytes", (double)row->weight_bytes, 0);
        assert_number(&csv, i, "mse_norm", row->all.mse_norm, 1e-9);
        assert_number(&csv, i, "mse_norm_low", row->mse_norm_low, 1e-9);
        assert_number(&csv, i, "mse_norm_high", row->mse_norm_high, 1e-9);
        ck_assert_str_eq(ev_test_cell(&csv, i, "verdict"), verdicts[i % 4]);
        for (size_t k = 0; i % 4 == 0 && k < sizeof changes / sizeof *changes; k++)
            ck_assert_str_eq(ev_test_cell(&csv, i, changes[k]), "");
        if (i % 4 > 0) {
            const struct ev_error_change *change = &row->change;
            assert_number(&csv, i, "change_percent", change->relative * 100, 1e-9);
            assert_number(&csv, i, "change_low_percent", change->low * 100, 1e-9);
            assert_number(&csv, i, "change_high_percent", change->high * 100, 1e-9);
            assert_number(&csv, i, "detectable_change_percent", change->detectable * 100, 1e-9);
            change = &row->intervals[1].change;
            assert_number(&csv, i, "change_percent_w", change->relative * 100, 1e-9);
            assert_number(&csv, i, "change_high_percent_w", change->high * 100, 1e-9);
        }
        assert_number(&csv, i, "mae_norm", row->all.mae_norm, 1e-9);
        assert_number(&csv, i, "r2", row->all.r2, 1e-9);
        assert_number(&csv, i, "mse_norm_v", row->outputs[0].mse_norm, 1e-9);
        assert_number(&csv, i, "mae_norm_w", row->outputs[1].mae_norm, 1e-9);
        assert_number(&csv, i, "mae_v_mps", row->outputs[0].mae, 1e-9);
        assert_number(&csv, i, "mse_w_radps_sq", row->outputs[1].mse, 1e-9);
        assert_number(&csv, i, "r2_w", row->outputs[1].r2, 1e-9);
        assert_number(&csv, i, "mse_norm_low_v", row->intervals[0].low, 1e-9);
        assert_number(&csv, i, "mse_norm_high_w", row->intervals[1].high, 1e-9);
        ck_assert_str_eq(ev_test_cell(&csv, i, "verdict_w"), output_verdicts[i % 4]);
        assert_number(&csv, i, "latency_median_ms", row->latency.median_ns / 1e6, 1e-5);
        assert_number(&csv, i, "latency_p90_ms", row->latency.p90_ns / 1e6, 1e-5);
        assert_number(&csv, i, "latency_p99_ms", row->latency.p99_ns / 1e6, 1e-5);
        assert_number(&csv, i, "latency_mean_ms", row->latency.mean_ns / 1e6, 1e-5);
        assert_number(&csv, i, "latency_min_ms", row->latency.min_ns / 1e6, 1e-5);
        assert_number(&csv, i, "n_latency_calls", 400, 0);
        assert_number(&csv, i, "images_per_s", row->images_per_s, 1e-5);
    }
    ev_csv_free(&csv);
    ev_result_free(&result);
}
END_TEST

START_TEST(csv_leaves_missing_figures_empty)
{
    static const char *const empty[] = {
        "model_bytes",  "weight_bytes",      "mse_norm",        "r2_v",         "mae_v_mps",
        "mse_norm_low", "change_percent",    "verdict",         "images_per_s", "model_sha256",
        "change_low_percent", "latency_median_ms", "n_latency_calls"};
    struct ev_result result;

    ev_result_init(&result);
    struct ev_result_row *row = ev_result_add_row(&result);
    ck_assert_ptr_nonnull(row);
    row->n_outputs = 1;
    row->columns[0] = (struct ev_column){"v", "m/s", 0, 1};
    row->n_rows = 0;
    ev_test_result_text(&row->backend, "a,\"b\"\nc");
    struct ev_csv csv = ev_test_csv(&ev_report_csv, &result);
    ck_assert_str_eq(ev_test_cell(&csv, 0, "backend"), "a,\"b\" c");
    ck_assert_str_eq(ev_test_cell(&csv, 0, "n_rows"), "0");
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        ck_assert_str_eq(ev_test_cell(&csv, 0, empty[i]), "");
    ev_csv_free(&csv);
    ev_result_free(&result);
}
END_TEST

START_TEST(csv_names_columns_after_outputs_and_units)
{
    static const struct {
        struct ev_column column;
        const char *mae, *mse;
    } cases[] = {
        {{"y0", "", 0, 1}, "mae_y0", "mse_y0_sq"},
        {{"speed", "km/h", 0, 1}, "mae_speed_kmph", "mse_speed_kmph_sq"},
        {{"steering angle", "%", 0, 1},
         "mae_steeringangle_percent",
         "mse_steeringangle_percent_sq"},
        {{"yaw_rate", "rad/s", 0, 1}, "mae_yaw_rate_radps", "mse_yaw_rate_radps_sq"},
        {{"a,b\"", "\xc2\xb0", 0, 1}, "mae_ab", "mse_ab_sq"},
    };
    struct ev_result result;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ev_test_result_make(&result, 1, 1);
        result.rows[0].columns[1] = cases[i].column;
        struct ev_csv csv = ev_test_csv(&ev_report_csv, &result);
        ck_assert_int_eq(csv.n_rows, 1);
        assert_number(&csv, 0, cases[i].mae, result.rows[0].outputs[1].mae, 1e-9);
        assert_number(&csv, 0, cases[i].mse, result.rows[0].outputs[1].mse, 1e-9);
        ev_csv_free(&csv);
        ev_result_free(&result);
    }
}
END_TEST

/* --- Markdown --- */

START_TEST(markdown_stands_alone)
{
    struct ev_result result;

    ev_test_result_make(&result, 4, 3);
    ev_test_result_text(&result.rows[0].engine, "torch");
    char *text = ev_test_written(&ev_report_markdown, &result, "../../plots/latest/");
    ev_assert_has(text, "# baseline, dynamic, static and qat on simple, montreal and montmelo\n");
    ev_assert_has(text,
               "Against baseline, qat has 1.57 MiB instead of 6.12 (3.9 times smaller), takes ");
    ev_assert_has(text, "(12,030 images)");
    ev_assert_has(text, "| baseline | 6.12 | 0.002958 | - | - | ");
    ev_assert_has(text, "| static | 1.57 | 0.003066 | +3.7 ±1.5 % | WORSE | ");
    ev_assert_has(text, "UNRESOLVED: neither, these images cannot tell.");
    ev_assert_has(text, "\n- qat: on these images only a change beyond 2.0 % could be told.\n");
    ev_assert_has(text, "| backend | simple | montreal | montmelo | all |");
    ev_assert_has(text, "### Mean squared error, normalised: 95 % interval\n");
    ev_assert_has(text, "| baseline | 0.00163 to 0.00199 | 0.00271 to 0.00331 | ");
    ev_assert_has(text, "### Mean squared error: change against baseline, with its 95 % interval\n\n"
                     "| backend | simple | montreal | montmelo | all |\n"
                     "| :--- | ---: | ---: | ---: | ---: |\n"
                     "| dynamic | +0.3 % (-1.2 to +1.8) SAME | ");
    ev_assert_has(text, "| qat | -2.0 % (-3.5 to -0.5) UNRESOLVED | ");
    ev_assert_has(text, "### Mean absolute error of v, in m/s");
    ev_assert_has(text, "### R\xc2\xb2 of w\n");
    ev_assert_has(text, "![Size of the model file](../../plots/latest/size.png)");
    ev_assert_has(text, "tradeoff.png)");
    ev_assert_has(text, "Example CPU 9000 @ 2.50GHz, 2 cores");
    ev_assert_has(text, "HDF5 1.10.8, libtorch 2.15.0");
    ev_assert_has(text, "\n    evalrun --backend all --set all\n");
    ev_assert_has(text, "| montreal | 5,480 | 60303ae22b99 |");
    ev_assert_has(text, "| a.pt | 6,412,345 | 9f86d081884c |");
    ev_assert_lacks(text, "results/models");
    ev_assert_lacks(text, "nan");
    ev_assert_lacks(text, "interrupted");
    free(text);

    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_lacks(text, "![");
    ev_assert_lacks(text, "Charts");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* All rows of a Markdown table have as many cells as its head. */
START_TEST(markdown_tables_hold_any_name)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 1);
    ev_test_result_text(&result.rows[1].backend, "a|b`c\n<img src=x>*[x](y)");
    ev_test_result_text(&result.command_line, "evalrun --backend 'a|b'\n\n# no title");
    char *text = ev_test_written(&ev_report_markdown, &result, "a b/");
    ev_assert_has(text, "a\\|b\\`c &lt;img src=x>\\*\\[x\\](y)");
    ev_assert_lacks(text, "<img");
    ev_assert_lacks(text, "\n# no title");
    ev_assert_has(text, "(a%20b/size.png)");
    size_t n_cells = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        size_t n = 0;
        for (const char *c = line; *line == '|' && *c; c++)
            n += *c == '|' && (c == line || c[-1] != '\\');
        if (n > 0 && n_cells > 0)
            ck_assert_msg(n == n_cells, "%zu cells, expected %zu: %s", n, n_cells, line);
        /* The two tables at the end follow each other with an empty line that strtok skips. */
        n_cells =
            strncmp(line, "| montreal", 10) == 0 || strncmp(line, "| simple | 3", 12) == 0 ? 0 : n;
    }
    free(text);
    ev_result_free(&result);
}
END_TEST

/* --- Terminal --- */

START_TEST(terminal_tables_are_aligned)
{
    struct ev_result result;
    size_t n_lines = 0;

    ev_test_result_make(&result, 8, 3);
    char *text = printed(&result);
    ev_assert_has(text, "simple, montreal and montmelo: 12,030 images");
    ev_assert_has(text, "vs baseline");
    ev_assert_has(text, "MSE (normalised) on each set");
    ev_assert_has(text, "pilotnet_pruned_50_percent.so");
    ev_assert_lacks(text, "./engines/");
    ev_assert_lacks(text, "nan");
    ev_assert_lacks(text, " \n");
    /* Every row of the first table ends in the same column as the rule above it. */
    char *rule = strstr(text, "  ---");
    ck_assert_ptr_nonnull(rule);
    /* So does the head, in characters: the 2 of R2 takes two bytes. */
    const char *head = strstr(text, "  backend");
    ck_assert_ptr_nonnull(head);
    const size_t width = width_of(rule);
    ck_assert_uint_eq(width_of(head), width);
    for (const char *line = rule; *line == ' '; line = strchr(line, '\n') + 1) {
        ck_assert_msg(width_of(line) == width, "%zu wide, expected %zu: '%s'", width_of(line),
                      width, line);
        n_lines++;
    }
    ck_assert_uint_eq(n_lines, 9);
    free(text);
    ev_result_free(&result);
}
END_TEST

/* With four variants they do; longer names leave no room. */
START_TEST(terminal_shows_verdicts_that_fit)
{
    struct ev_result result;

    ev_test_result_make(&result, 4, 3);
    char *text = printed(&result);
    ev_assert_has(text, "     change     verdict  ");
    ev_assert_has(text, "+3.7 ±1.5 %       WORSE  ");
    ev_assert_has(text, "-2.0 ±1.5 %  UNRESOLVED  ");
    ev_assert_has(text, "  qat: on these images only a change beyond 2.0 % could be told\n");
    ev_assert_has(text, "against baseline's on the same images, ± half its 95 % interval\n");
    ev_assert_has(text, "  verdict: BETTER or WORSE beyond 2 % and not by chance, ");
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        ck_assert_uint_le(width_of(line), 100);
    free(text);
    ev_result_free(&result);

    ev_test_result_make(&result, 5, 3);
    text = printed(&result);
    ev_assert_has(text, "+3.7 ±1.5 %   ");
    ev_assert_lacks(text, "WORSE");
    ev_assert_has(text, "  verdicts: in results.md, this table has no room for them\n");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* Of older programs; and what is not finite has a verdict all the same. */
START_TEST(missing_intervals_are_passed_over)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 1);
    for (size_t i = 0; i < 2; i++) {
        result.rows[i].mse_norm_low = result.rows[i].mse_norm_high = NAN;
        result.rows[i].change = (struct ev_error_change){EV_VERDICT_NONE, NAN, NAN, NAN, NAN};
    }
    char *text = printed(&result);
    ev_assert_has(text, " +0.3 % ");
    ev_assert_lacks(text, "verdict");
    ev_assert_lacks(text, "interval");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, " | +0.3 % | ");
    ev_assert_lacks(text, "verdict");
    ev_assert_lacks(text, "nterval");
    free(text);
    struct ev_csv csv = ev_test_csv(&ev_report_csv, &result);
    assert_number(&csv, 1, "change_percent", 100 * (0.00302 / 0.00301 - 1), 1e-6);
    ck_assert_str_eq(ev_test_cell(&csv, 1, "change_low_percent"), "");
    ck_assert_str_eq(ev_test_cell(&csv, 1, "verdict"), "");
    ev_csv_free(&csv);

    result.rows[1].change.verdict = EV_VERDICT_UNRESOLVED;
    text = printed(&result);
    ev_assert_has(text, "  -  UNRESOLVED  ");
    ev_assert_has(text, "  dynamic: no interval, so no verdict\n");
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(without_a_baseline_changes_are_against_the_first)
{
    struct ev_result result;

    ev_test_result_make(&result, 4, 3);
    for (size_t i = 0; i < result.n_rows; i++) {
        if (strcmp(result.rows[i].backend, "baseline") == 0)
            ev_test_result_text(&result.rows[i].backend, "reference");
    }
    char *text = printed(&result);
    ev_assert_has(text, "vs first");
    ev_assert_has(text, "against reference's on the same images");
    ev_assert_lacks(text, "baseline");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "change against reference, with");
    ev_assert_lacks(text, "baseline");
    ev_assert_lacks(text, "Against");
    ev_assert_has(text, "qat, the fastest, has 1.57 MiB, takes 0.241 ms for an image, and has ");
    free(text);
    ev_result_free(&result);
}
END_TEST

/* What Ctrl-C leaves: rows of two sets, nothing pooled, no times. */
START_TEST(interrupted_results_are_shown_set_by_set)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 2);
    result.interrupted = true;
    for (size_t i = 0; i < result.n_rows; i++) {
        if (strcmp(result.rows[i].set, "all") == 0)
            ev_test_result_text(&result.rows[i].set, "third");
        free(result.rows[i].latency.samples_ns);
        result.rows[i].latency = (struct ev_latency_figures){0, NAN, NAN, NAN, NAN, NAN, NULL};
        result.rows[i].all.mse_norm = NAN;
    }
    char *text = printed(&result);
    ev_assert_has(text, "simple: 3,102 images");
    ev_assert_has(text, "montreal: 5,480 images");
    ev_assert_has(text, "third: ");
    ev_assert_has(text, "Interrupted");
    ev_assert_lacks(text, "nan");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "interrupted");
    ev_assert_lacks(text, "nan");
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(unsteady_times_are_pointed_out)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 1);
    char *text = printed(&result);
    ev_assert_lacks(text, "unsteady");
    free(text);
    result.rows[1].latency.p90_ns = 3.1 * result.rows[1].latency.median_ns;
    text = printed(&result);
    ev_assert_has(text, "Times unsteady: a tenth of dynamic's calls took over 3.1 times its median");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "**Times unsteady: ");
    ev_assert_lacks(text, "faster"); /* no headline is made of such times */
    free(text);
    ev_result_free(&result);
}
END_TEST

START_TEST(empty_results_are_reported_as_such)
{
    struct ev_result result;

    ev_result_init(&result);
    char *text = printed(&result);
    ck_assert_str_eq(text, "no results\n");
    free(text);
    text = ev_test_written(&ev_report_markdown, &result, NULL);
    ev_assert_has(text, "No results");
    free(text);
}
END_TEST

/* --- Figures and names --- */

START_TEST(numbers_keep_their_digits)
{
    static const struct {
        double value, smallest;
        int significant;
        const char *text;
    } cases[] = {
        {1.0214, 0.2431, 3, "1.021"},
        {0.2431, 0.2431, 3, "0.243"},
        {12030, 12030, 1, "12,030"},
        {-1234567, 1, 1, "-1,234,567"},
        {0.000349, 0.000349, 3, "0.000349"},
        {1.0214, 0.000349, 3, "1.021"},
        {NAN, 1, 3, "-"},
        {0, 0, 3, "0.00"},
        {999.996, 999.996, 3, "1,000"},
        {1e300, 1e300, 1, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        int decimals = ev_grid_decimals_in(cases[i].value, cases[i].smallest, cases[i].significant);
        ev_grid_number(cases[i].value, decimals, text, sizeof text);
        if (cases[i].text)
            ck_assert_str_eq(text, cases[i].text);
        ck_assert_uint_lt(strlen(text), sizeof text);
    }
}
END_TEST

START_TEST(labels_are_short_and_tell_backends_apart)
{
    struct ev_result result;
    struct ev_view view;
    char label[24];

    ev_test_result_make(&result, 4, 1);
    ev_test_result_text(&result.rows[0].backend, "./a/engine.so");
    ev_test_result_text(&result.rows[1].backend, "./b/engine.so");
    ev_test_result_text(&result.rows[2].backend, "./c/other.so");
    ev_test_result_text(&result.rows[3].backend, "a_very_long_name_of_a_backend_indeed");
    ev_assert_ok(ev_view_init(&view, &result, &err));
    ev_view_label(&view, 0, label, sizeof label);
    ck_assert_str_eq(label, "./a/engine.so");
    ev_view_label(&view, 1, label, sizeof label);
    ck_assert_str_eq(label, "./b/engine.so");
    ev_view_label(&view, 2, label, sizeof label);
    ck_assert_str_eq(label, "other.so");
    ev_view_label(&view, 3, label, sizeof label);
    ck_assert_str_eq(label, "a_very_lon...end_indeed");
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");

    tcase_add_test(tests, csv_has_a_row_for_each_backend_and_set);
    tcase_add_test(tests, csv_leaves_missing_figures_empty);
    tcase_add_test(tests, csv_names_columns_after_outputs_and_units);
    tcase_add_test(tests, markdown_stands_alone);
    tcase_add_test(tests, markdown_tables_hold_any_name);
    tcase_add_test(tests, terminal_tables_are_aligned);
    tcase_add_test(tests, terminal_shows_verdicts_that_fit);
    tcase_add_test(tests, missing_intervals_are_passed_over);
    tcase_add_test(tests, without_a_baseline_changes_are_against_the_first);
    tcase_add_test(tests, interrupted_results_are_shown_set_by_set);
    tcase_add_test(tests, unsteady_times_are_pointed_out);
    tcase_add_test(tests, empty_results_are_reported_as_such);
    tcase_add_test(tests, numbers_keep_their_digits);
    tcase_add_test(tests, labels_are_short_and_tell_backends_apart);
    suite_add_tcase(suite, tests);
    return suite;
}
