/* SPDX-License-Identifier: MIT */
/* Charts: what is sent to gnuplot and what is made of its answers, by small scripts in its place;
 * and, where gnuplot is installed, the charts themselves. */
#include "support/ev_test.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "report/plot.h"
#include "report/report.h"
#include "support/ev_test_result.h"
#include "support/ev_test_samples.h"

static struct ev_error err = EV_ERROR_INIT;

/* What a stand-in for gnuplot draws with. */
static enum ev_status plot(const struct ev_view *view, const char *gnuplot, const char *folder)
{
    const struct ev_plotter plotter = {gnuplot, NULL};

    return ev_plot_write(view, &plotter, folder, &err);
}

static const char *make_folder(const char *name)
{
    const char *path = ev_test_path(name);

    ev_assert_ok(ev_file_make_folder(path, &err));
    return path;
}

/* A shell script that stands for gnuplot; its path. */
static const char *make_gnuplot(const char *name, const char *commands)
{
    const char *path = ev_test_path(name);
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", commands);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    return path;
}

static char *path_of(const char *folder, const char *chart, const char *format)
{
    char name[64];

    snprintf(name, sizeof name, "%s.%s", chart, format);
    return ev_path_join(folder, name);
}

static size_t count_files(const char *folder)
{
    size_t n = 0;

    for (const struct ev_chart *chart = ev_charts; chart->name; chart++) {
        /* Rows of one name follow each other. */
        for (size_t i = 0; ev_plot_formats[i] && strcmp(chart->name, chart[1].name ? chart[1].name : "");
             i++) {
            char *path = path_of(folder, chart->name, ev_plot_formats[i]);
            n += ev_file_exists(path);
            free(path);
        }
    }
    return n;
}

/* --- In place of gnuplot --- */

static const struct {
    const char *name, *commands;
    const char *said;
} failures[] = {
    {"says_why",
     "cat >/dev/null; echo 'set bad' >&2; echo '    ^' >&2; "
     "echo '\"plots/size.gp\" line 7: unrecognized option' >&2; exit 1",
     "chart 'size': gnuplot failed: unrecognized option"},
    {"says_little", "cat >/dev/null; echo; echo 'Segmentation trouble' >&2; exit 3",
     "chart 'size': gnuplot failed: Segmentation trouble"},
    {"says_nothing", "exit 1", "chart 'size': gnuplot failed: no reason given"},
    {"dies", "kill -9 $$", "chart 'size': gnuplot was ended by signal 9"},
    {"writes_nothing", "cat >/dev/null", "size.png: cannot be written"},
    {"writes_half",
     "sed -n \"s/^chart_file = '\\(.*\\)'$/\\1/p\" | while read f; do printf '\\211PNG' >$f; done",
     "size.png: cannot be written"},
};

START_TEST(failures_leave_nothing)
{
    const char *folder = make_folder("charts");
    const char *gnuplot = make_gnuplot(failures[_i].name, failures[_i].commands);
    struct ev_result result;
    struct ev_view view;

    ev_test_result_make(&result, 4, 3);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    ev_assert_fails(plot(&view, gnuplot, folder), EV_IO, failures[_i].said);
    ck_assert_int_eq(rmdir(folder), 0); /* empty: no temporary file either */
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

/* A chart that is there stays as it is when drawing it again fails. */
START_TEST(failures_keep_what_was_there)
{
    const char *folder = make_folder("charts");
    char *path = path_of(folder, "size", "png");
    FILE *file = fopen(path, "w");
    struct ev_result result;
    struct ev_view view;
    char *text;
    size_t length;

    ck_assert_ptr_nonnull(file);
    fputs("old", file);
    fclose(file);
    ev_test_result_make(&result, 1, 1);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    const char *gnuplot = make_gnuplot("none", "cat >/dev/null");
    ev_assert_fails(plot(&view, gnuplot, folder), EV_IO, "size.png");
    ev_assert_fails(plot(&view, "/no/such/gnuplot", folder), EV_IO,
                    "/no/such/gnuplot: cannot be started");
    ev_assert_ok(ev_file_read(path, 100, &text, &length, &err));
    ck_assert_str_eq(text, "old");
    free(text);
    free(path);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(missing_templates_are_named)
{
    struct ev_result result;
    struct ev_view view;

    setenv("EVALRUN_DATA_DIR", ev_test_folder(), 1);
    ev_test_result_make(&result, 1, 1);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    ev_assert_fails(plot(&view, "/bin/true", make_folder("charts")), EV_IO,
                    "plots/style.gp: missing");
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(gnuplot_is_looked_for_in_the_path)
{
    char path[2000];

    make_folder("empty");
    make_folder("folder/gnuplot");
    make_folder("plain");
    ck_assert_int_eq(chmod(make_gnuplot("plain/gnuplot", "exit 0"), 0644), 0);
    make_folder("bin");
    make_gnuplot("bin/gnuplot", "exit 0");
    snprintf(path, sizeof path, "::%s/empty:/no/such/folder:%s/folder:%s/plain:%s/bin:",
             ev_test_folder(), ev_test_folder(), ev_test_folder(), ev_test_folder());
    setenv("PATH", path, 1);
    char *found = ev_plot_find_gnuplot();
    ck_assert_str_eq(found, ev_test_path("bin/gnuplot"));
    free(found);
    ck_assert_int_eq(chmod(ev_test_path("bin/gnuplot"), 0644), 0);
    /* Root may execute nothing that has no x bit either. */
    ck_assert_ptr_null(ev_plot_find_gnuplot());
    unsetenv("PATH");
    ck_assert_ptr_null(ev_plot_find_gnuplot());
}
END_TEST

/* Writes nothing but the ends by which whole files are known. */
static const char ends_only[] =
    "sed -n \"s/^chart_file = '\\(.*\\)'$/\\1/p\" | while read -r f; do case $f in\n"
    "*.png) printf 'IEND\\256B`\\202' >\"$f\" ;;\n"
    "*.svg) echo '</svg>' >\"$f\" ;;\n"
    "*.pdf) echo '%%EOF' >\"$f\" ;;\n"
    "esac; done";

/* Links in the Markdown file lead from its folder to the charts. */
START_TEST(markdown_links_lead_to_the_charts)
{
    static const struct {
        const char *tables, *plots, *link;
    } cases[] = {
        {"results/latest", "plots/latest", "](../../plots/latest/size.png)"},
        {"out", "out/plots", "](plots/size.png)"},
        {"same", "same", "](size.png)"},
        {"out/deeper", "out", "](../size.png)"},
        {"a b", "a bc", "](../a%20bc/size.png)"},
    };
    char path_variable[600];
    struct ev_result result;

    make_folder("bin");
    make_gnuplot("bin/gnuplot", ends_only);
    snprintf(path_variable, sizeof path_variable, "%s/bin:/usr/bin:/bin", ev_test_folder());
    setenv("PATH", path_variable, 1);
    ck_assert_int_eq(chdir(ev_test_folder()), 0);
    ev_test_result_make(&result, 1, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ev_report_folders folders = {cases[i].tables, cases[i].plots, NULL};
        char *path = ev_path_join(cases[i].tables, "results.md"), *text;
        size_t length;
        ev_assert_ok(ev_report_write(&result, &folders, &err));
        ck_assert_uint_eq(count_files(cases[i].plots), 12);
        ev_assert_ok(ev_file_read(path, 1 << 20, &text, &length, &err));
        ck_assert_msg(strstr(text, cases[i].link) != NULL, "no '%s' in:\n%s", cases[i].link, text);
        free(text);
        free(path);
    }
    ev_result_free(&result);
}
END_TEST

START_TEST(no_chart_after_a_signal)
{
    const char *folder = make_folder("charts");
    const char *gnuplot = make_gnuplot("whole", ends_only);
    struct ev_result result;
    struct ev_view view;

    ev_test_result_make(&result, 1, 1);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    ev_interrupt_install();
    raise(SIGINT);
    ev_assert_fails(plot(&view, gnuplot, folder), EV_INTERRUPTED,
                    "interrupted: chart 'size' and those after it are not drawn");
    ck_assert_int_eq(rmdir(folder), 0);
    /* What is reported after an interruption has its charts. */
    ev_interrupt_answer();
    folder = make_folder("charts");
    ev_assert_ok(plot(&view, gnuplot, folder));
    ck_assert_uint_eq(count_files(folder), 12);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(strings_cannot_leave_their_quotes)
{
    static const struct {
        const char *text, *quoted;
    } cases[] = {
        {"plain", "'plain'"},
        {"it's", "'it''s'"},
        {"'", "\"'\".''"},
        {"''a'b'", "\"'\".\"'\".'a''b'''"},
        {"", "''"},
        {"a\nb\r\t", "'a b  '"},
        {"\\n`rm`\"@x", "'\\n`rm`\"@x'"},
        {"\xff", "'?'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        ck_assert_ptr_nonnull(out);
        ev_plot_string(out, cases[i].text);
        ck_assert_int_eq(fclose(out), 0);
        ck_assert_str_eq(text, cases[i].quoted);
        free(text);
    }
}
END_TEST

/* --- gnuplot itself --- */

static void remove_latency(struct ev_result_row *row)
{
    free(row->latency.samples_ns);
    row->latency = (struct ev_latency_figures){0, NAN, NAN, NAN, NAN, NAN, NULL};
}

static void lose_some(struct ev_result *result)
{
    result->rows[1].all.mse_norm = NAN;
    remove_latency(&result->rows[2]);
    result->rows[2].model_bytes = -1;
}

static void lose_all(struct ev_result *result)
{
    for (size_t i = 0; i < result->n_rows; i++) {
        struct ev_result_row *row = &result->rows[i];
        remove_latency(row);
        row->all.mse_norm = NAN;
        row->model_bytes = -1;
        row->images_per_s = NAN;
    }
}

static void be_perfect(struct ev_result *result)
{
    for (size_t i = 0; i < result->n_rows; i++)
        result->rows[i].all.mse_norm = 0;
}

static void name_badly(struct ev_result *result)
{
    for (size_t i = 0; i < result->n_rows; i++) {
        ev_test_result_text(&result->rows[i].backend, "q'\"$(touch x)`touch x`\\@n_b^2{%d%s}#\n");
        ev_test_result_text(&result->rows[i].set, "'; !touch x\nsystem('touch x')");
    }
    snprintf(result->host.cpu_model, sizeof result->host.cpu_model, "\xff\xfe `touch x` 'x' %%d");
}

static const struct {
    const char *name;
    size_t n_backends, n_sets;
    void (*change)(struct ev_result *result);
} drawings[] = {
    {"one", 1, 1, NULL},         {"eight", 8, 3, NULL},         {"some_nan", 4, 1, lose_some},
    {"all_nan", 1, 1, lose_all}, {"perfect", 4, 1, be_perfect}, {"names", 1, 1, name_badly},
};

static char *gnuplot_or_note(void)
{
    char *gnuplot = ev_plot_find_gnuplot();

    if (!gnuplot)
        printf("gnuplot is not installed: no chart is drawn\n");
    return gnuplot;
}

START_TEST(charts_are_drawn_whatever_is_missing)
{
    char *gnuplot = gnuplot_or_note();
    const char *folder = make_folder("charts");
    struct ev_result result;
    struct ev_view view;

    ck_assert_int_eq(chdir(ev_test_folder()), 0);
    ev_test_result_make(&result, drawings[_i].n_backends, drawings[_i].n_sets);
    if (drawings[_i].change)
        drawings[_i].change(&result);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    if (gnuplot) {
        ev_assert_ok(plot(&view, gnuplot, folder));
        ck_assert_uint_eq(count_files(folder), 12);
    }
    ck_assert(!ev_file_exists("x")); /* no name was run as a command */
    free(gnuplot);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(the_same_result_gives_the_same_charts)
{
    char *gnuplot = gnuplot_or_note();
    const char *folders[2] = {make_folder("first"), make_folder("second")};
    struct ev_result result;
    struct ev_view view;

    ev_test_result_make(&result, 4, 3);
    ev_test_samples_fill(&result); /* all charts have something to show */
    ev_assert_ok(ev_view_init(&view, &result, &err));
    for (size_t i = 0; gnuplot && i < 2; i++)
        ev_assert_ok(plot(&view, gnuplot, folders[i]));
    for (const struct ev_chart *chart = ev_charts; gnuplot && chart->name; chart++) {
        for (size_t f = 0; ev_plot_formats[f]; f++) {
            char *texts[2];
            size_t lengths[2];
            for (size_t i = 0; i < 2; i++) {
                char *path = path_of(folders[i], chart->name, ev_plot_formats[f]);
                ev_assert_ok(ev_file_read(path, 1 << 24, &texts[i], &lengths[i], &err));
                free(path);
            }
            ck_assert_uint_eq(lengths[0], lengths[1]);
            ck_assert_mem_eq(texts[0], texts[1], lengths[0]);
            free(texts[0]);
            free(texts[1]);
        }
    }
    free(gnuplot);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

/* SVG is text: names, units and figures are in it. */
START_TEST(charts_say_what_they_show)
{
    static const struct {
        const char *chart, *part;
    } parts[] = {
        {"size", "size of the model file (MiB)"},
        {"size", "6.12"},
        {"size", "Example CPU 9000"},
        {"error", "MSE of outputs scaled to 0..1"},
        {"error", "montmelo"},
        {"error", "0.00406"},
        {"error", "whiskers: 95 % interval"},
        {"time", "time (ms)"},
        {"time", "0.243"},
        {"tradeoff", "MiB"},
        {"tradeoff", "(ms)"},
        {"tradeoff", "qat"},
        {"tradeoff", "0.003066"},
    };
    char *gnuplot = gnuplot_or_note();
    const char *folder = make_folder("charts");
    struct ev_result result;
    struct ev_view view;

    ev_test_result_make(&result, 4, 3);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    if (gnuplot)
        ev_assert_ok(plot(&view, gnuplot, folder));
    for (size_t i = 0; gnuplot && i < sizeof parts / sizeof *parts; i++) {
        char *path = path_of(folder, parts[i].chart, "svg"), *text;
        size_t length;
        ev_assert_ok(ev_file_read(path, 1 << 24, &text, &length, &err));
        ck_assert_msg(strstr(text, parts[i].part) != NULL, "%s.svg lacks '%s'", parts[i].chart,
                      parts[i].part);
        free(text);
        free(path);
    }
    free(gnuplot);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

static char *draw_svg(const char *chart, void (*change)(struct ev_result *))
{
    char *gnuplot = gnuplot_or_note(), *text = NULL;
    const char *folder = make_folder("charts");
    struct ev_result result;
    struct ev_view view;
    size_t length;

    ev_test_result_make(&result, 1, 2);
    ev_test_result_text(&result.rows[1].set, "a-set-with-a-name-that-is-longer-than-its-place");
    if (change)
        change(&result);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    if (gnuplot) {
        char *path = path_of(folder, chart, "svg");
        ev_assert_ok(plot(&view, gnuplot, folder));
        ev_assert_ok(ev_file_read(path, 1 << 24, &text, &length, &err));
        free(path);
    }
    free(gnuplot);
    ev_view_free(&view);
    ev_result_free(&result);
    return text;
}

static void add_times(struct ev_result *result, enum ev_boundary boundary, double median_ns)
{
    struct ev_result_timing *timing = ev_result_add_timing(result);

    ck_assert_ptr_nonnull(timing);
    ev_test_result_text(&timing->backend, result->rows[0].backend);
    timing->mode = EV_MODE_HOT;
    timing->boundary = boundary;
    timing->median_ns = timing->p99_ns = median_ns;
}

static void add_host_times(struct ev_result *result)
{
    add_times(result, EV_BOUNDARY_E2E, 5e5);
}

static void add_device_times(struct ev_result *result)
{
    add_times(result, EV_BOUNDARY_E2E, 5e5);
    add_times(result, EV_BOUNDARY_DEVICE, 3e5);
}

/* A line across the bar, and what it means, where the device's part is known. */
START_TEST(bars_show_the_devices_part)
{
    char *without = draw_svg("time", add_host_times), *with = draw_svg("time", add_device_times);

    if (with) {
        ck_assert_ptr_nonnull(strstr(without, "hot, one call after the other"));
        ck_assert_ptr_null(strstr(without, "stroke='rgb(255, 255, 255)'"));
        ck_assert_ptr_nonnull(strstr(with, "hot, the device up to the white line"));
        ck_assert_ptr_nonnull(strstr(with, "stroke='rgb(255, 255, 255)'"));
    }
    free(without);
    free(with);
}
END_TEST

/* Numbers are centred over their bars and, without a space before them, at their ticks; a cut in a
 * name is seen. */
START_TEST(bars_are_labelled)
{
    char *text = draw_svg("error", NULL), *size = draw_svg("size", NULL);

    if (size) {
        ck_assert_ptr_nonnull(strstr(size, "<text>2</text>"));
        ck_assert_ptr_null(strstr(size, "<text> "));
    }
    free(size);
    if (text) {
        ck_assert_ptr_nonnull(strstr(text, "<text>a-set-with-a-...han-its-place</text>"));
        char *number = strstr(text, "<text>0.00301</text>");
        ck_assert_ptr_nonnull(number);
        *number = '\0';
        const char *group = strrchr(text, '<');
        ck_assert_msg(strstr(group, "text-anchor=\"middle\"") != NULL, "%s", group);
    }
    free(text);
}
END_TEST

static void drop_intervals(struct ev_result *result)
{
    for (size_t i = 0; i < result->n_rows; i++)
        result->rows[i].mse_norm_low = result->rows[i].mse_norm_high = NAN;
}

/* Strokes of a chart: lines start by M in the data of a path. */
static int count_strokes(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += *text == 'M' && strchr("'\" \n0123456789", text[-1]) && strchr("0123456789", text[1]);
    return n;
}

/* Three strokes for each of the three bars; without intervals nothing is drawn or promised. */
START_TEST(errors_have_whiskers)
{
    char *with = draw_svg("error", NULL), *without = draw_svg("error", drop_intervals);

    if (with && without) {
        ck_assert_int_ge(count_strokes(with), count_strokes(without) + 9);
        ck_assert_ptr_nonnull(strstr(with, "whiskers"));
        ck_assert_ptr_null(strstr(without, "whiskers"));
        ck_assert_ptr_nonnull(strstr(without, "<text>0.00301</text>"));
    }
    free(with);
    free(without);
}
END_TEST

START_TEST(empty_charts_say_so)
{
    static const char said[] = "no backend has both a time and an error";
    char *empty = draw_svg("tradeoff", lose_all), *full = draw_svg("tradeoff", NULL);

    if (empty) {
        ck_assert_ptr_nonnull(strstr(empty, said));
        ck_assert_ptr_null(strstr(full, said));
    }
    free(empty);
    free(full);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("plot");
    TCase *pipe_tests = tcase_create("pipe"), *charts = tcase_create("charts");

    tcase_add_loop_test(pipe_tests, failures_leave_nothing, 0, sizeof failures / sizeof *failures);
    tcase_add_test(pipe_tests, failures_keep_what_was_there);
    tcase_add_test(pipe_tests, missing_templates_are_named);
    tcase_add_test(pipe_tests, gnuplot_is_looked_for_in_the_path);
    tcase_add_test(pipe_tests, markdown_links_lead_to_the_charts);
    tcase_add_test(pipe_tests, no_chart_after_a_signal);
    tcase_add_test(pipe_tests, strings_cannot_leave_their_quotes);
    suite_add_tcase(suite, pipe_tests);
    /* gnuplot loads fonts for each picture. */
    tcase_set_timeout(charts, 60);
    tcase_add_loop_test(charts, charts_are_drawn_whatever_is_missing, 0,
                        sizeof drawings / sizeof *drawings);
    tcase_add_test(charts, the_same_result_gives_the_same_charts);
    tcase_add_test(charts, charts_say_what_they_show);
    tcase_add_test(charts, bars_are_labelled);
    tcase_add_test(charts, bars_show_the_devices_part);
    tcase_add_test(charts, errors_have_whiskers);
    tcase_add_test(charts, empty_charts_say_so);
    suite_add_tcase(suite, charts);
    return suite;
}
