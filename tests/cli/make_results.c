/* SPDX-License-Identifier: MIT */
/*
 * Writes a folder of results with simulated samples, $FOLDER. A check program, as what it uses
 * asserts; told by its environment: $RUN is the number of the measurement, $MSE and $TIME by how
 * much the backend "static" is worse and slower, 0.05 for 5 %.
 */
#include "support/ev_test.h"

#include <stdlib.h>

#include "base/file.h"
#include "report/report.h"
#include "support/ev_test_measured.h"

static const char *variable(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value ? value : otherwise;
}

START_TEST(make_results)
{
    const struct ev_test_fault fault = {
        .mse = strtod(variable("MSE", "0"), NULL),
        .time = strtod(variable("TIME", "0"), NULL),
    };
    const char *folder = variable("FOLDER", "made");
    char *plots = ev_path_join(folder, "plots");
    const struct ev_report_folders folders = {folder, plots, NULL};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_result result;

    ev_test_measured_make(&result, 3, 2, strtoull(variable("RUN", "0"), NULL, 10), &fault);
    ev_assert_ok(ev_report_write(&result, &folders, &err));
    ev_result_free(&result);
    free(plots);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("make_results");
    TCase *tests = tcase_create("make_results");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, make_results);
    suite_add_tcase(suite, tests);
    return suite;
}
