/* SPDX-License-Identifier: MIT */
/* CSV row by row: lines, quotes, what is no CSV, and bounds. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/ev_test.h"

static struct ev_error err;

static const char *write_csv(const char *text, size_t length)
{
    const char *path = ev_test_path("table.csv");
    FILE *file = fopen(path, "w");

    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

/* Rows of any width, with their lines, and what is no CSV does not spoil what comes behind it. */
START_TEST(rows_of_any_width)
{
    static const char text[] = "\xef\xbb\xbfx,y\r\n# note, \n\n1\n\"a\nb\",\" \tc \",\"\"\"\"\n"
                               "2,\"bad\"x\n3,\0\n\r\n4,5\r6\n7,8";
    static const struct {
        int64_t line, last_line;
        int n;
        const char *first; /* NULL: a bad row */
    } rows[] = {{1, 1, 2, "x"},    {2, 2, 2, "# note"}, {4, 4, 1, "1"},
                {5, 6, 3, "a\nb"}, {7, 7, 0, NULL},     {8, 8, 0, NULL},
                {10, 10, 0, NULL}, {11, 11, 2, "7"},    {0, 11, 0, NULL}};
    struct ev_csv_reader *reader;
    struct ev_csv_row row;

    ev_assert_ok(ev_csv_reader_open(write_csv(text, sizeof text - 1), &reader, &err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum ev_status status = ev_csv_reader_next(reader, &row, &err);
        ck_assert_int_eq(row.line, rows[i].line);
        ck_assert_int_eq(row.last_line, rows[i].last_line);
        ck_assert_int_eq(status, rows[i].first || row.line == 0 ? EV_OK : EV_INPUT);
        if (!rows[i].first)
            continue;
        ck_assert_int_eq(row.n_cells, rows[i].n);
        ck_assert_str_eq(row.cells[0], rows[i].first);
        if (row.n_cells == 3) {
            ck_assert_str_eq(row.cells[1], "c");
            ck_assert_str_eq(row.cells[2], "\"");
        }
    }
    ev_csv_reader_close(reader);
}
END_TEST

/* A line, or a quote, without an end takes no more memory than a row may. */
START_TEST(rows_are_bounded)
{
    const size_t n = 5 << 20;
    char *text = malloc(n);
    struct ev_csv_reader *reader;
    struct ev_csv_row row;

    memset(text, _i == 0 ? 'a' : '\n', n);
    text[0] = _i == 0 ? 'a' : '"';
    memcpy(text + n - 5, "\nend\n", 5);
    ev_assert_ok(ev_csv_reader_open(write_csv(text, n), &reader, &err));
    ev_assert_fails(ev_csv_reader_next(reader, &row, &err), EV_INPUT, "line 1: too long for a row");
    ev_assert_ok(ev_csv_reader_next(reader, &row, &err));
    ck_assert_str_eq(row.cells[0], "end");
    ev_csv_reader_close(reader);
    free(text);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("csv_reader");
    TCase *tests = tcase_create("csv_reader");

    tcase_add_test(tests, rows_of_any_width);
    tcase_add_loop_test(tests, rows_are_bounded, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
