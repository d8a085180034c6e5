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
#define STRIDE (RECORD + 32) /* with its digest */
#define LINE   5             /* "of a" and its end */

static const char *const letters[] = {"aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"};

static struct ev_error err = EV_ERROR_INIT;
static struct ev_journal *journal;
static void *records;
static int64_t n_records;

static void start(bool resume)
{
    ev_assert_ok(ev_journal_open(ev_test_folder(), resume, &journal, &err));
    ev_assert_ok(ev_journal_start(journal, "run 1", &err));
}

/* Opens the part, which has the first n letters. */
static void begin(int64_t n)
{
    ev_assert_ok(ev_journal_begin(journal, "part", "of a", RECORD, &records, &n_records, &err));
    ck_assert_int_eq(n_records, n);
    ck_assert((records != NULL) == (n > 0));
    for (int64_t i = 0; i < n; i++)
        ck_assert_mem_eq((const char *)records + i * RECORD, letters[i], RECORD);
    free(records);
}

/* A run that leaves a part with the first n letters. */
static void leave(int64_t n)
{
    start(false);
    begin(0);
    for (int64_t i = 0; i < n; i++)
        ev_assert_ok(ev_journal_append(journal, letters[i], &err));
    ev_journal_close(journal, false);
}

START_TEST(records_are_kept_and_added_to)
{
    leave(3);
    for (int64_t n = 3; n <= 4; n++) {
        start(true);
        ck_assert(ev_journal_resumes(journal));
        begin(n);
        if (n == 3)
            ev_assert_ok(ev_journal_append(journal, letters[3], &err));
        ev_journal_close(journal, false);
    }
}
END_TEST

/* Killed at any byte of the fourth record. */
START_TEST(half_a_record_is_none)
{
    const char *part = ev_test_path(".resume/part");

    for (off_t n_bytes = 0; n_bytes < STRIDE; n_bytes++) {
        leave(4);
        ck_assert_int_eq(truncate(part, LINE + 3 * STRIDE + n_bytes), 0);
        start(true);
        begin(3);
        ev_assert_ok(ev_journal_append(journal, letters[3], &err));
        begin(4);
        ev_journal_close(journal, false);
    }
}
END_TEST

static void flip_byte(const char *path, long at)
{
    FILE *file = fopen(path, "r+");
    int byte;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
    byte = fgetc(file);
    ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
    fputc(byte ^ 1, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* Whichever byte is not what was written, its record and those behind it are gone. */
START_TEST(damage_is_seen)
{
    for (long at = 0; at < LINE + 3 * STRIDE; at++) {
        leave(3);
        flip_byte(ev_test_path(".resume/part"), at);
        start(true);
        begin(at < LINE ? 0 : (at - LINE) / STRIDE);
        ev_journal_close(journal, false);
    }
}
END_TEST

/* A record in the place of another one is damage too. */
START_TEST(records_have_their_places)
{
    const char *part = ev_test_path(".resume/part");
    char *text;
    size_t n;

    leave(3);
    ev_assert_ok(ev_file_read(part, 1000, &text, &n, &err));
    ck_assert_uint_eq(n, LINE + 3 * STRIDE);
    memcpy(text + LINE + STRIDE, text + LINE, STRIDE);
    FILE *file = fopen(part, "w");
    ck_assert_uint_eq(fwrite(text, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
    free(text);
    start(true);
    begin(1);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(records_are_cut_off)
{
    leave(4);
    start(true);
    begin(4);
    ev_assert_ok(ev_journal_cut(journal, 2, &err));
    ev_assert_ok(ev_journal_append(journal, letters[2], &err));
    begin(3);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(a_part_of_something_else_begins_anew)
{
    leave(2);
    start(true);
    ev_assert_ok(ev_journal_begin(journal, "part", "of b", RECORD, &records, &n_records, &err));
    ck_assert_int_eq(n_records, 0);
    ck_assert_ptr_null(records);
    ev_assert_ok(ev_journal_append(journal, "ffffffff", &err));
    ev_assert_ok(ev_journal_begin(journal, "part", "of b", RECORD, &records, &n_records, &err));
    ck_assert_int_eq(n_records, 1);
    ck_assert_mem_eq(records, "ffffffff", RECORD);
    free(records);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(only_the_same_run_is_gone_on_with)
{
    static const char *const others[] = {"run 12", "run", "", "run 2"};

    leave(1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ev_assert_ok(ev_journal_open(ev_test_folder(), true, &journal, &err));
        ev_assert_fails(ev_journal_start(journal, others[i], &err), EV_INPUT,
                        "other models, sets or options");
        ev_journal_close(journal, false);
    }
    start(true);
    begin(1);
    ev_journal_close(journal, false);
}
END_TEST

/* But what is there stays until it starts: it may be refused first. */
START_TEST(a_new_run_starts_anew)
{
    leave(1);
    ev_assert_ok(ev_journal_open(ev_test_folder(), false, &journal, &err));
    ev_journal_close(journal, false);
    start(true);
    begin(1);
    ev_journal_close(journal, false);
    start(false);
    ck_assert(!ev_journal_resumes(journal));
    begin(0);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(nothing_is_left_when_done)
{
    leave(1);
    start(true);
    ev_journal_close(journal, true);
    ck_assert(!ev_file_exists(ev_test_path(".resume")));
    ev_assert_fails(ev_journal_open(ev_test_folder(), true, &journal, &err), EV_INPUT,
                    "no interrupted evaluation");
    ck_assert_ptr_null(journal);
    ck_assert(!ev_file_exists(ev_test_path(".resume")));
    leave(0); /* nothing was finished */
    ck_assert(!ev_file_exists(ev_test_path(".resume")));
}
END_TEST

START_TEST(two_runs_do_not_share_a_journal)
{
    struct ev_journal *second;

    start(false);
    begin(0);
    ev_assert_ok(ev_journal_append(journal, letters[0], &err));
    for (int resume = 0; resume < 2; resume++)
        ev_assert_fails(ev_journal_open(ev_test_folder(), resume, &second, &err), EV_INPUT,
                        "another evaluation");
    begin(1);
    ev_journal_close(journal, false);
}
END_TEST

START_TEST(without_a_journal_nothing_is_kept)
{
    ev_assert_ok(ev_journal_start(NULL, "run 1", &err));
    ck_assert(!ev_journal_resumes(NULL));
    ev_assert_ok(ev_journal_begin(NULL, "part", "of a", RECORD, &records, &n_records, &err));
    ck_assert_int_eq(n_records, 0);
    ck_assert_ptr_null(records);
    ev_assert_ok(ev_journal_append(NULL, letters[0], &err));
    ev_assert_ok(ev_journal_cut(NULL, 0, &err));
    ev_journal_end(NULL);
    ev_journal_close(NULL, true);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("journal");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, records_are_kept_and_added_to);
    tcase_add_test(tcase, half_a_record_is_none);
    tcase_add_test(tcase, damage_is_seen);
    tcase_add_test(tcase, records_have_their_places);
    tcase_add_test(tcase, records_are_cut_off);
    tcase_add_test(tcase, a_part_of_something_else_begins_anew);
    tcase_add_test(tcase, only_the_same_run_is_gone_on_with);
    tcase_add_test(tcase, a_new_run_starts_anew);
    tcase_add_test(tcase, nothing_is_left_when_done);
    tcase_add_test(tcase, two_runs_do_not_share_a_journal);
    tcase_add_test(tcase, without_a_journal_nothing_is_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
