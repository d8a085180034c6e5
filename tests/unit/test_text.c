/* SPDX-License-Identifier: MIT */
/* Numbers, nearest names and CSV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/ev_test.h"

static struct ev_error err;

START_TEST(numbers)
{
    static const struct {
        const char *text;
        bool is_double, is_int;
        double value;
    } cases[] = {
        {"12", true, true, 12},      {"-3", true, true, -3},
        {"1.5", true, false, 1.5},   {"1e3", true, false, 1000},
        {"", false, false, 0},       {" 1", false, false, 0},
        {"1 ", false, false, 0},     {"1,5", false, false, 0},
        {"nan", false, false, 0},    {"inf", false, false, 0},
        {"0x10", false, false, 0},   {"0x1p3", false, false, 0},
        {"+.5e-1", true, false, .05}, {"infinity", false, false, 0},
        {"1e", false, false, 0},     {".", false, false, 0},
        {"1e999", false, false, 0},  {"0x", false, false, 0},
        {"twelve", false, false, 0}, {"9223372036854775808", true, false, 9223372036854775808.0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double number = 0;
        int64_t whole = 0;
        ck_assert_msg(ev_text_double(cases[i].text, &number) == cases[i].is_double, "'%s'",
                      cases[i].text);
        ck_assert_msg(ev_text_int64(cases[i].text, &whole) == cases[i].is_int, "'%s'",
                      cases[i].text);
        if (cases[i].is_double)
            ck_assert_double_eq(number, cases[i].value);
        if (cases[i].is_int)
            ck_assert_int_eq(whole, (int64_t)cases[i].value);
    }
}
END_TEST

START_TEST(nearest_names)
{
    static const char *const names[] = {"baseline", "dynamic", "static", "qat"};
    static const struct {
        const char *text, *nearest;
    } cases[] = {
        {"statik", "static"}, {"baesline", "baseline"}, {"qta", "qat"}, {"q", NULL},
        {"montreal", NULL},   {"dynamics", "dynamic"},  {"", NULL},     {"static", "static"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = ev_text_nearest(cases[i].text, names, 4);
        if (cases[i].nearest)
            ck_assert_str_eq(found ? found : "nothing", cases[i].nearest);
        else
            ck_assert_msg(found == NULL, "'%s' is near '%s'", cases[i].text, found);
    }
}
END_TEST

START_TEST(counts_and_decimals)
{
    char text[64];

    ck_assert_str_eq(ev_text_count(0, "row", text), "0 rows");
    ck_assert_str_eq(ev_text_count(1, "row", text), "1 row");
    ck_assert_str_eq(ev_text_count(999, NULL, text), "999");
    ck_assert_str_eq(ev_text_count(2946, "row", text), "2,946 rows");
    ck_assert_str_eq(ev_text_count(1234567, NULL, text), "1,234,567");
    ck_assert_str_eq(ev_text_count(-123456, NULL, text), "-123,456");
    ck_assert_str_eq(ev_text_fixed(-0.004, 2, text), "0.00");
    ck_assert_str_eq(ev_text_fixed(-0.0, 0, text), "0");
    ck_assert_str_eq(ev_text_fixed(-0.006, 2, text), "-0.01");
    ck_assert_str_eq(ev_text_fixed(-10.0, 1, text), "-10.0");
}
END_TEST

static const char *write_csv(const char *text, size_t length)
{
    const char *path = ev_test_path("table.csv");
    FILE *file = fopen(path, "w");

    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

START_TEST(csv_with_quotes_and_comments)
{
    const char *text =
        "\xef\xbb\xbfname,\"the \"\"value\"\"\"\r\n# a note\r\n\r\n\"a,b\",1.5\nc,-2";
    struct ev_csv csv;
    double value;

    ev_assert_ok(ev_csv_read(write_csv(text, strlen(text)), &csv, &err));
    ck_assert_int_eq(csv.n_rows, 2);
    ck_assert_int_eq(csv.n_columns, 2);
    ck_assert_int_eq(ev_csv_column(&csv, "name"), 0);
    ck_assert_int_eq(ev_csv_column(&csv, "the \"value\""), 1);
    ck_assert_int_eq(ev_csv_column(&csv, "other"), -1);
    ck_assert_str_eq(ev_csv_cell(&csv, 0, 0), "a,b");
    ck_assert_int_eq(csv.line[1], 4);
    ck_assert_int_eq(csv.line[2], 5);
    ev_assert_ok(ev_csv_double(&csv, "t", 1, 1, &value, &err));
    ck_assert_double_eq(value, -2.0);
    ev_assert_fails(ev_csv_double(&csv, "t.csv", 1, 0, &value, &err), EV_INPUT,
                    "t.csv: line 5: name is 'c'");
    ev_csv_free(&csv);
}
END_TEST

START_TEST(csv_last_line_may_be_one_character)
{
    struct ev_csv csv;

    ev_assert_ok(ev_csv_read(write_csv("a\n# \"note\n1\n \n5", 15), &csv, &err));
    ck_assert_int_eq(csv.n_rows, 2);
    ck_assert_str_eq(ev_csv_cell(&csv, 1, 0), "5");
    ev_csv_free(&csv);
    ev_assert_ok(ev_csv_read(write_csv("a\n\"1\n#2\"\n", 9), &csv, &err));
    ck_assert_str_eq(ev_csv_cell(&csv, 0, 0), "1\n#2");
    ev_csv_free(&csv);
}
END_TEST

START_TEST(bad_csv)
{
    static const struct {
        const char *text;
        size_t length;
        const char *message;
    } cases[] = {
        {"", 0, "empty"},
        {"\n\n# only a note\n", 15, "empty"},
        {"a,b\n1,2\n3\n", 10, "line 3 has 1 cell,"},
        {"a,b\n1,2,3\n", 10, "line 2 has 3 cells"},
        {"a,b\n\"1,2\n", 9, "line 2"},
        {"a,b\n1,\0002\n", 9, "NUL"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ev_csv csv;
        const char *path = write_csv(cases[i].text, cases[i].length);
        ev_assert_fails(ev_csv_read(path, &csv, &err), EV_INPUT, cases[i].message);
        ck_assert_ptr_nonnull(strstr(err.message, "table.csv"));
        ck_assert_ptr_null(csv.cells);
    }
}
END_TEST

START_TEST(csv_cells_are_quoted_where_needed)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ev_text_csv_cell(out, "plain");
    ev_text_csv_cell(out, "a,b");
    ev_text_csv_cell(out, "say \"hi\"\n");
    fclose(out);
    ck_assert_str_eq(text, "plain\"a,b\"\"say \"\"hi\"\"\n\"");
    free(text);
}
END_TEST

START_TEST(long_names_lose_their_middle)
{
    static const struct {
        const char *name, *shortened;
    } cases[] = {
        {"123456789", "123456789"}, {"1234567890", "123...890"}, {"a\nb", "a b"},
        {"12\xc3\xa9" "4567890", "12...890"}, {NULL, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[10];
        ev_text_shorten(cases[i].name, out, sizeof out);
        ck_assert_str_eq(out, cases[i].shortened);
    }
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");

    tcase_add_test(tests, numbers);
    tcase_add_test(tests, nearest_names);
    tcase_add_test(tests, counts_and_decimals);
    tcase_add_test(tests, csv_with_quotes_and_comments);
    tcase_add_test(tests, csv_last_line_may_be_one_character);
    tcase_add_test(tests, bad_csv);
    tcase_add_test(tests, csv_cells_are_quoted_where_needed);
    tcase_add_test(tests, long_names_lose_their_middle);
    suite_add_tcase(suite, tests);
    return suite;
}
