/* SPDX-License-Identifier: MIT */
/* What report writers write, and what must be in it. */
#ifndef EV_TEST_REPORT_H
#define EV_TEST_REPORT_H

#include "base/text.h"
#include "report/report.h"

/* What a writer writes, malloc'ed. */
char *ev_test_written(const struct ev_report_writer *writer, const struct ev_result *result,
                      const char *plots);

/* What a writer of CSV writes, read again; the caller frees it. */
struct ev_csv ev_test_csv(const struct ev_report_writer *writer, const struct ev_result *result);
/* Cell of a data row, which must have that column. */
const char *ev_test_cell(const struct ev_csv *csv, int64_t row, const char *column);

/* Whether `part` is in a text; the failure shows the text. */
void ev_assert_has(const char *text, const char *part);
void ev_assert_lacks(const char *text, const char *part);

#endif
