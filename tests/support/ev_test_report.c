/* SPDX-License-Identifier: MIT */
#include "support/ev_test_report.h"

#include <stdlib.h>
#include <string.h>

#include "support/ev_test.h"

/* check passes messages through a pipe of its own that refuses long ones. */
#define MOST_SHOWN 3000

char *ev_test_written(const struct ev_report_writer *writer, const struct ev_result *result,
                      const char *plots)
{
    struct ev_error err = EV_ERROR_INIT;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ck_assert_ptr_nonnull(out);
    ev_assert_ok(writer->write(result, plots, out, &err));
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

struct ev_csv ev_test_csv(const struct ev_report_writer *writer, const struct ev_result *result)
{
    struct ev_error err = EV_ERROR_INIT;
    const char *path = ev_test_path("table.csv");
    char *text = ev_test_written(writer, result, NULL);
    FILE *file = fopen(path, "w");
    struct ev_csv csv;

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    free(text);
    ev_assert_ok(ev_csv_read(path, &csv, &err));
    return csv;
}

const char *ev_test_cell(const struct ev_csv *csv, int64_t row, const char *column)
{
    int32_t at = ev_csv_column(csv, column);

    ck_assert_msg(at >= 0, "no column %s", column);
    return ev_csv_cell(csv, row, at);
}

void ev_assert_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%.*s", part, MOST_SHOWN, text);
}

void ev_assert_lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' is in:\n%.*s", part, MOST_SHOWN, text);
}
