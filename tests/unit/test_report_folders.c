/* SPDX-License-Identifier: MIT */
/* Where reports go: tables without gnuplot, and folders that are checked before any work. */
#include "support/ev_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "report/report.h"
#include "support/ev_test_result.h"

static struct ev_error err = EV_ERROR_INIT;

static char *read_whole(const char *path)
{
    char *text;
    size_t length;

    ev_assert_ok(ev_file_read(path, 1 << 24, &text, &length, &err));
    return text;
}

/* Runs ev_report_write without gnuplot and returns what it said on standard error, malloc'ed. */
static char *write_without_gnuplot(const struct ev_result *result, const char *tables,
                                   const char *plots)
{
    const struct ev_report_folders folders = {tables, plots, NULL};
    const char *path = ev_test_path("stderr");
    int before = dup(STDERR_FILENO);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    ck_assert(before >= 0 && file >= 0);
    setenv("PATH", ev_test_folder(), 1);
    dup2(file, STDERR_FILENO);
    enum ev_status status = ev_report_write(result, &folders, &err);
    dup2(before, STDERR_FILENO);
    close(file);
    close(before);
    ck_assert_msg(status == EV_OK, "%s", err.message);
    return read_whole(path);
}

START_TEST(without_gnuplot_the_tables_are_written)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 2);
    char *tables = ev_path_join(ev_test_folder(), "results/latest");
    char *plots = ev_path_join(ev_test_folder(), "plots/latest");
    char *said = write_without_gnuplot(&result, tables, plots);
    ck_assert_str_eq(said,
                     "evalrun: note: gnuplot is not installed: tables written, charts left out "
                     "(Debian: apt install gnuplot-nox)\n");
    static const char *const names[] = {"results.csv", "results.md", "results.json",
                                        "results.html"};
    for (size_t i = 0; i < 4; i++) {
        char *path = ev_path_join(tables, names[i]);
        char *first = read_whole(path);
        ck_assert_uint_gt(strlen(first), 100);
        free(said);
        said = write_without_gnuplot(&result, tables, plots);
        char *second = read_whole(path);
        ck_assert_str_eq(first, second);
        free(first);
        free(second);
        free(path);
    }
    ck_assert_int_eq(rmdir(plots), 0); /* empty */
    free(said);
    free(tables);
    free(plots);
    ev_result_free(&result);
}
END_TEST

START_TEST(folders_are_checked_before_anything_runs)
{
    const char *blocked = ev_test_path("file");
    FILE *file = fopen(blocked, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    char *below = ev_path_join(blocked, "below");
    const char *good = ev_test_path("a/b/c");
    const char *taken = ev_test_path("taken");
    const struct ev_report_folders fine = {good, good, NULL}, bad_tables = {blocked, good, NULL},
                                   bad_plots = {good, below, NULL}, bad_name = {taken, good, NULL};

    ev_assert_ok(ev_report_check(&fine, &err));
    ck_assert(ev_file_exists(good));
    ck_assert_int_eq(rmdir(good), 0); /* nothing is left in it */
    ev_assert_fails(ev_report_check(&bad_tables, &err), EV_INPUT, "file");
    ev_assert_fails(ev_report_check(&bad_plots, &err), EV_INPUT, "below");
    ck_assert_int_eq(mkdir(taken, 0777), 0);
    ck_assert_int_eq(mkdir(ev_test_path("taken/results.md"), 0777), 0);
    ev_assert_fails(ev_report_check(&bad_name, &err), EV_INPUT, "results.md");
    free(below);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("report_folders");
    TCase *tests = tcase_create("report_folders");

    tcase_add_test(tests, without_gnuplot_the_tables_are_written);
    tcase_add_test(tests, folders_are_checked_before_anything_runs);
    suite_add_tcase(suite, tests);
    return suite;
}
