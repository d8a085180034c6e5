/* SPDX-License-Identifier: MIT */
/* Tables that could be read in more ways than one: columns, numbers, quotes, and a table that
 * changes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "import/import_private.h"
#include "support/ev_test.h"
#include "support/ev_test_import.h"

static struct ev_error err;
static struct ev_import_result result;

/* Columns that are asked for by an ambiguous name, or would have one in the set. */
static const struct column_case {
    const char *header;
    const char *images; /* NULL: by default */
    const char *targets[2];
    const char *message; /* NULL: none */
} column_cases[] = {
    {"image,steering,steering",
     NULL,
     {NULL},
     "columns 2 and 3 are both called 'steering': give "
     "--targets the number"},
    {"image,steering,steering", NULL, {"steering"}, "columns 2 and 3 are both called"},
    {"image,steering,steering", NULL, {"3"}, NULL},
    {"image,image,steering",
     NULL,
     {"3"},
     "columns 1 and 2 are both called 'image': give --cameras"},
    {"image,image,steering", "image", {"3"}, "columns 1 and 2 are both called 'image'"},
    {"image,image,steering", "1", {"3"}, NULL},
    {"image,note,note", NULL, {"note"}, "columns 2 and 3 are both called 'note'"},
    {"image,v,speed", NULL, {"speed", "3"}, "columns 3 and 3 would both be called 'speed'"},
    {"image,a23456789012345678901234567890_left,a23456789012345678901234567890_right",
     NULL,
     {"2", "3"},
     "columns 2 and 3 would both be called 'a23456789012345678901234567890_'"},
    {"image,v,w", NULL, {"2", "3"}, NULL},
    {"#image,v,w", NULL, {"2", "3"}, "its columns are #image, v, w"},
    {"#image,v,w", "#image", {"2", "3"}, NULL},
};

START_TEST(columns_are_not_guessed)
{
    const struct column_case *column = &column_cases[_i];
    struct ev_import_args args = ev_test_import_args("log.csv");
    char text[200];

    ev_test_write_picture("a.png", 30);
    snprintf(text, sizeof text, "%s\na.png,a.png,0.5\n", column->header);
    if (!strstr(column->header, "image,image"))
        snprintf(text, sizeof text, "%s\na.png,0.5,0.5\n", column->header);
    ev_test_write_text("log.csv", text);
    args.cameras = &column->images;
    args.n_cameras = column->images != NULL;
    args.targets = column->targets;
    args.n_targets = (column->targets[0] != NULL) + (column->targets[1] != NULL);
    args.ranges = (const struct ev_import_range[]){{0, 1}, {0, 1}};
    args.n_ranges = args.n_targets;
    if (!column->message) {
        ev_assert_ok(ev_import_run(&args, &result, &err));
        ev_test_check_rows(&(const struct ev_test_import_row){30, false, 0.5f}, 1);
        return;
    }
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, column->message);
}
END_TEST

/* A label that equals the limit as typed is not beyond it, on either side. */
START_TEST(beyond_is_beyond)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {
        {30, false, 0.1f}, {30, false, -0.1f}, {30, false, 0.1001f}, {30, false, 0.1001f}};

    ev_test_write_picture("a.png", 30);
    ev_test_write_text("log.csv", "center,steering\na.png,0.1\na.png,-0.1\na.png,0.1001\n");
    args.repeats = (const struct ev_import_repeat[]){{0.1, 2}};
    args.n_repeats = 1;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(rows, 4);
}
END_TEST

/* With and without quotes and blanks, numbers are decimal. */
START_TEST(numbers_are_decimal)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {
        {30, false, 0.25f}, {30, false, 0.25f}, {30, false, 0.25f}};

    ev_test_write_picture("a.png", 30);
    ev_test_write_text("log.csv", "\" center\",\"steering \"\n\" a.png\",\" 0.25\"\n"
                                  "a.png, 0.25 \na.png,\"\t0.25 \"\n");
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(rows, 3);
    ev_test_write_text("log.csv", "center,steering\na.png,0x1\n");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT,
                    "line 2: steering is '0x1', expected a number");
}
END_TEST

START_TEST(offsets_keep_labels_finite)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    ev_test_write_picture("a.png", 30);
    ev_test_write_text("log.csv", "center,left,steering\na.png,a.png,-3e38\na.png,a.png,3e38\n");
    args.cameras = (const char *const[]){"center", "left"};
    args.n_cameras = 2;
    args.offsets = (const double[]){0, 1e38};
    args.n_offsets = 2;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT,
                    "line 3: steering becomes infinite with the offset 1e+38");
}
END_TEST

/* Tables with a quote that is open over several lines: rows are never lost uncounted. */
static const struct quote_case {
    const char *rows;
    const char *message; /* with --skip-bad; NULL: none */
} quote_cases[] = {
    {"a.png,0.5,x\n\"a.png,0.5,x\na.png,0.5,x\na.png,0.5,x\n",
     "line 3: a quote is open from here to "
     "line 5"},
    {"a.png,0.5,x\n\"a.png,0.5,x\na.png,0.5,x\n\"a.png\",0.5,x\n",
     "line 3: a quote is open from here "
     "to line 5"},
    {"a.png,0.5,x\n\"a.png,0.5,x\na.png,0.5,x\nb\",0.5,x\n", "line 3: a quote is open from here to "
                                                             "line 5"},
    {"a.png,0.5,x\na.png,\"0.5,x\na.png,0.5,x\n", "line 3: a quote is open from here to line 4"},
    {"a.png,0.5,\"two\nlines\"\n#.png,0.5,x\na.png,x,x\n", NULL},
    {"a.png,0.5,x\n#.png,0.5,x\na.png,0.5,\"\"x\n", NULL},
};

START_TEST(quotes_swallow_nothing)
{
    const struct quote_case *quote = &quote_cases[_i];
    struct ev_import_args args = ev_test_import_args("log.csv");
    char text[200];

    ev_test_write_picture("a.png", 30);
    snprintf(text, sizeof text, "center,steering,note\n%s", quote->rows);
    ev_test_write_text("log.csv", text);
    args.skip_bad = true;
    if (quote->message) {
        ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, quote->message);
        return;
    }
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ck_assert_int_eq(result.n_pictures, 3);
    ck_assert_int_eq(result.n_left_out, 2);
    ev_test_check_rows(&(const struct ev_test_import_row){30, false, 0.5f}, 1);
}
END_TEST

/* Lines that begin with '#' are rows like any other: those of files with such names too. */
START_TEST(hash_is_no_comment)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {{30, false, 0.1f}, {40, false, 0.2f}};

    ev_test_write_picture("a.png", 30);
    ev_test_write_picture("#1.png", 40);
    ev_test_write_text("log.csv", "center,steering\na.png,0.1\n#1.png,0.2\n");
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(rows, 2);
    ev_test_write_text("log.csv", "center,steering\n# a note\na.png,0.1\n");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "line 2 has 1 cell,");
}
END_TEST

/* A label written over in place, with as many bytes, and another file in the table's place. */
START_TEST(changed_tables_are_noticed)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    struct ev_import_plan plan;

    ev_test_write_text("log.csv", "center,steering\na.png,0.1\n");
    ck_assert_int_eq(utimensat(AT_FDCWD, args.source, old, 0), 0);
    ev_assert_ok(ev_import_plan_make(&args, &plan, &err));
    ev_assert_ok(ev_import_check_table(&plan, &err));
    ev_test_write_text("log.csv", "center,steering\na.png,0.2\n");
    ev_assert_fails(ev_import_check_table(&plan, &err), EV_INPUT,
                    "log.csv: changed while it was read");
    ck_assert_int_eq(utimensat(AT_FDCWD, args.source, old, 0), 0);
    ev_assert_ok(ev_import_check_table(&plan, &err));
    ev_test_write_text("other.csv", "center,steering\na.png,0.2\n");
    ck_assert_int_eq(utimensat(AT_FDCWD, ev_test_path("other.csv"), old, 0), 0);
    ck_assert_int_eq(rename(ev_test_path("other.csv"), args.source), 0);
    ev_assert_fails(ev_import_check_table(&plan, &err), EV_INPUT, "changed while it was read");
    ev_import_plan_free(&plan);
}
END_TEST

#define N_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *ev_suite(void)
{
    Suite *suite = suite_create("import_tables");
    TCase *tests = tcase_create("import_tables");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, columns_are_not_guessed, 0, N_OF(column_cases));
    tcase_add_test(tests, beyond_is_beyond);
    tcase_add_test(tests, numbers_are_decimal);
    tcase_add_test(tests, offsets_keep_labels_finite);
    tcase_add_loop_test(tests, quotes_swallow_nothing, 0, N_OF(quote_cases));
    tcase_add_test(tests, hash_is_no_comment);
    tcase_add_test(tests, changed_tables_are_noticed);
    suite_add_tcase(suite, tests);
    return suite;
}
