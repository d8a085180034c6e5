/* SPDX-License-Identifier: MIT */
/* The journal keeps what was finished for the next run, and nothing else. */
#include "support/ev_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "eval/journal.h"

#define RECORD 8

static struct ev_error err = EV_ERROR_INIT;
static void *bytes;
static int64_t n_records;

/* A run that leaves one part with n bytes. */
static void leave(const char *part, size_t n)
{
    static const char text[] = "aaaaaaaabbbbbbbbccccccccdddddddd";
    struct ev_journal *journal;

    ev_assert_ok(ev_journal_open(ev_test_folder(), false, "run 1", &journal, &err));
    ev_assert_ok(ev_journal_begin(journal, part, "of a", RECORD, &bytes, &n_records, &err));
    ck_assert_int_eq(n_records, 0);
    ck_assert_ptr_null(bytes);
    ev_assert_ok(ev_journal_append(journal, text, n, &err));
    ev_journal_close(journal, false);
}

START_TEST(whole_records_are_kept_and_added_to)
{
    struct ev_journal *journal;

    leave("part", 3 * RECORD + 5); /* killed in the middle of the fourth */
    for (int i = 0; i < 2; i++) {
        ev_assert_ok(ev_journal_open(ev_test_folder(), true, "run 1", &journal, &err));
        ev_assert_ok(ev_journal_begin(journal, "part", "of a", RECORD, &bytes, &n_records, &err));
        ck_assert_int_eq(n_records, 3 + i);
        ck_assert_mem_eq(bytes, "aaaaaaaabbbbbbbbcccccccceeeeeeee", (size_t)(3 + i) * RECORD);
        free(bytes);
        if (i == 0)
            ev_assert_ok(ev_journal_append(journal, "eeeeeeee", RECORD, &err));
        ev_journal_close(journal, false);
    }
}
END_TEST

START_TEST(a_part_of_something_else_begins_anew)
{
    struct ev_journal *journal;

    leave("part", 2 * RECORD);
    ev_assert_ok(ev_journal_open(ev_test_folder(), true, "run 1", &journal, &err));
    ev_assert_ok(ev_journal_begin(journal, "part", "of b", RECORD, &bytes, &n_records, &err));
    ck_assert_int_eq(n_records, 0);
    ev_assert_ok(ev_journal_append(journal, "ffffffff", RECORD, &err));
    ev_assert_ok(ev_journal_begin(journal, "part", "of b", RECORD, &bytes, &n_records, &err));
    ck_assert_int_eq(n_records, 1);
    ck_assert_mem_eq(bytes, "ffffffff", RECORD);
    free(bytes);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(only_the_same_run_is_gone_on_with)
{
    struct ev_journal *journal;

    leave("part", RECORD);
    ev_assert_fails(ev_journal_open(ev_test_folder(), true, "run 12", &journal, &err), EV_INPUT,
                    "other models, sets or options");
    ev_assert_fails(ev_journal_open(ev_test_folder(), true, "run", &journal, &err), EV_INPUT,
                    "other models, sets or options");
    ck_assert_ptr_null(journal);
    ev_assert_ok(ev_journal_open(ev_test_folder(), true, "run 1", &journal, &err));
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(a_new_run_starts_anew)
{
    struct ev_journal *journal;

    leave("part", RECORD);
    ev_assert_ok(ev_journal_open(ev_test_folder(), false, "run 1", &journal, &err));
    ev_assert_ok(ev_journal_begin(journal, "part", "of a", RECORD, &bytes, &n_records, &err));
    ck_assert_int_eq(n_records, 0);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(nothing_is_left_when_done)
{
    struct ev_journal *journal;

    leave("part", RECORD);
    ev_assert_ok(ev_journal_open(ev_test_folder(), true, "run 1", &journal, &err));
    ev_journal_close(journal, true);
    ck_assert(!ev_file_exists(ev_test_path(".resume")));
    ev_assert_fails(ev_journal_open(ev_test_folder(), true, "run 1", &journal, &err), EV_INPUT,
                    "no interrupted evaluation");
    ck_assert(!ev_file_exists(ev_test_path(".resume")));
}
END_TEST

START_TEST(two_runs_do_not_share_a_journal)
{
    struct ev_journal *journal, *second;

    ev_assert_ok(ev_journal_open(ev_test_folder(), false, "run 1", &journal, &err));
    ev_assert_fails(ev_journal_open(ev_test_folder(), false, "run 1", &second, &err), EV_INPUT,
                    "another evaluation");
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(without_a_journal_nothing_is_kept)
{
    ev_assert_ok(ev_journal_begin(NULL, "part", "of a", RECORD, &bytes, &n_records, &err));
    ck_assert_int_eq(n_records, 0);
    ev_assert_ok(ev_journal_append(NULL, "x", 1, &err));
    ev_journal_end(NULL);
    ev_journal_close(NULL, true);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("journal");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, whole_records_are_kept_and_added_to);
    tcase_add_test(tcase, a_part_of_something_else_begins_anew);
    tcase_add_test(tcase, only_the_same_run_is_gone_on_with);
    tcase_add_test(tcase, a_new_run_starts_anew);
    tcase_add_test(tcase, nothing_is_left_when_done);
    tcase_add_test(tcase, two_runs_do_not_share_a_journal);
    tcase_add_test(tcase, without_a_journal_nothing_is_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
