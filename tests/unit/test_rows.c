/* SPDX-License-Identifier: MIT */
/* Rows as text: ranges that are shown, slices and conditions that are read. */
#include <math.h>
#include <string.h>

#include "inspect/rows.h"
#include "support/ev_test.h"

static struct ev_error err;

static void check_text(const int64_t *rows, int n, int64_t most, const char *expected)
{
    struct ev_row_ranges ranges = {0};
    char text[200];

    for (int i = 0; i < n; i++)
        ck_assert(ev_row_ranges_add(&ranges, rows[i]));
    ck_assert_int_eq(ranges.n_rows, n);
    ev_row_ranges_text(&ranges, most, text, sizeof text);
    ck_assert_str_eq(text, expected);
    ev_row_ranges_free(&ranges);
}

START_TEST(ranges_are_joined_and_cut)
{
    const int64_t rows[] = {0, 17, 40, 41, 42, 50, 52, 53};

    check_text(rows, 1, 3, "row 0");
    check_text(rows, 2, 3, "rows 0, 17");
    check_text(rows, 5, 3, "rows 0, 17, 40-42");
    check_text(rows, 8, 3, "rows 0, 17, 40-42 and 3 more");
    check_text(rows, 8, 5, "rows 0, 17, 40-42, 50, 52-53");
}
END_TEST

START_TEST(many_ranges)
{
    struct ev_row_ranges ranges = {0};

    for (int64_t row = 0; row < 1000; row += 2)
        ck_assert(ev_row_ranges_add(&ranges, row));
    ck_assert_int_eq(ranges.n_ranges, 500);
    ck_assert_int_eq(ranges.ranges[499][0], 998);
    ck_assert_int_eq(ranges.ranges[499][1], 998);
    ev_row_ranges_free(&ranges);
}
END_TEST

static const struct {
    const char *text;
    int64_t first, stop, step;
} slices[] = {
    {"2:5", 2, 5, 1},   {":5", 0, 5, 1},    {"2:", 2, 10, 1},    {":", 0, 10, 1},
    {"::3", 0, 10, 3},  {"2:8:2", 2, 8, 2}, {"-3:", 7, 10, 1},   {":-3", 0, 7, 1},
    {"-5:-2", 5, 8, 1}, {"0:99", 0, 10, 1}, {"-99:4:", 0, 4, 1},
};

START_TEST(slices_are_read)
{
    struct ev_slice slice;

    ev_assert_ok(ev_slice_parse("rows", slices[_i].text, 10, &slice, &err));
    ck_assert_int_eq(slice.first, slices[_i].first);
    ck_assert_int_eq(slice.stop, slices[_i].stop);
    ck_assert_int_eq(slice.step, slices[_i].step);
}
END_TEST

static const char *const bad_slices[] = {
    "",      "3",     "a:b",   "1:2:3:4", "1:2:0", "1:2:-1",
    "1.5:2", "1 : 2", "1:2,3", "1:2:x",   ":::",   "99999999999999999999:",
};

START_TEST(bad_slices_are_refused)
{
    struct ev_slice slice;

    ev_assert_fails(ev_slice_parse("rows", bad_slices[_i], 10, &slice, &err), EV_USAGE,
                    "expected A:B");
}
END_TEST

START_TEST(empty_slices_are_refused)
{
    struct ev_slice slice;

    ev_assert_fails(ev_slice_parse("rows", "5:5", 10, &slice, &err), EV_USAGE,
                    "--rows 5:5: no row of 10 is selected");
    ev_assert_fails(ev_slice_parse("rows", "10:", 10, &slice, &err), EV_USAGE, "no row");
    ev_assert_fails(ev_slice_parse("rows", "8:2", 10, &slice, &err), EV_USAGE, "no row");
}
END_TEST

static const struct ev_set_info info = {
    .path = "some.h5",
    .n_outputs = 2,
    .columns = {{"v", "m/s", 0, 1}, {"w x", "", 0, 1}},
};

static const struct {
    const char *text;
    float label;
    bool holds;
} conditions[] = {
    {"v>1", 1.5f, true},      {"v>1", 1.0f, false},      {"v>=1", 1.0f, true},
    {"v<1", 0.5f, true},      {"v<1", 1.0f, false},      {"v<=1", 1.0f, true},
    {"v==0.1", 0.1f, true},   {"v == 0.1", 0.2f, false}, {"v!=0.1", 0.2f, true},
    {"v!=0.1", 0.1f, false},  {"|v|>1", -1.5f, true},    {"v>1", -1.5f, false},
    {"|v| < 1", -0.5f, true}, {"v>-1", 0.0f, true},      {"v>1", NAN, false},
    {"v<1", NAN, false},      {"v!=1", NAN, true},
};

START_TEST(conditions_hold)
{
    struct ev_condition condition;
    const float labels[] = {conditions[_i].label, 100.0f};

    ev_assert_ok(ev_condition_parse("where", conditions[_i].text, &info, &condition, &err));
    ck_assert_msg(ev_condition_holds(&condition, labels) == conditions[_i].holds, "%s of %g",
                  conditions[_i].text, (double)conditions[_i].label);
}
END_TEST

START_TEST(bad_conditions_are_refused)
{
    static const char *const bad[] = {"",     "v",    "v>",   ">1",    "v>one", "v=1",
                                      "v=>1", "v<>1", "v>>1", "v>nan", "v>1 2"};
    struct ev_condition condition;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ev_assert_fails(ev_condition_parse("where", bad[i], &info, &condition, &err), EV_USAGE,
                        "expected a column");
    ev_assert_fails(ev_condition_parse("where", "speed>1", &info, &condition, &err), EV_USAGE,
                    "no column 'speed' in some.h5, which has v, w x");
    ev_assert_ok(ev_condition_parse("where", "w x<=3", &info, &condition, &err));
    ck_assert_int_eq(condition.column, 1);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

Suite *ev_suite(void)
{
    Suite *suite = suite_create("rows");
    TCase *tcase = tcase_create("rows");

    tcase_add_test(tcase, ranges_are_joined_and_cut);
    tcase_add_test(tcase, many_ranges);
    tcase_add_loop_test(tcase, slices_are_read, 0, COUNT(slices));
    tcase_add_loop_test(tcase, bad_slices_are_refused, 0, COUNT(bad_slices));
    tcase_add_test(tcase, empty_slices_are_refused);
    tcase_add_loop_test(tcase, conditions_hold, 0, COUNT(conditions));
    tcase_add_test(tcase, bad_conditions_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
