/* SPDX-License-Identifier: MIT */
/* Progress away from a terminal: seldom, in whole lines, and not at all when quiet; notes beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/progress.h"
#include "support/ev_test.h"

static struct ev_error err;

/* What goes to standard error from here on lands in a file. */
static void redirect(void)
{
    ck_assert_ptr_nonnull(freopen(ev_test_path("stderr"), "w", stderr));
}

static void check_lines(const char *expected)
{
    char *text;
    size_t length;

    fflush(stderr);
    ev_assert_ok(ev_file_read(ev_test_path("stderr"), 10000, &text, &length, &err));
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(short_work_is_one_line)
{
    struct ev_progress progress;

    redirect();
    ev_progress_start(&progress, "render simple", "frames", 1000);
    for (int64_t i = 0; i <= 1000; i++)
        ev_progress_update(&progress, i, NULL);
    check_lines("");
    ev_progress_finish(&progress);
    check_lines("render simple: 1000 frames in 0:00\n");
}
END_TEST

/* The clock is turned by moving what the bar remembers of it. */
START_TEST(long_work_has_lines)
{
    struct ev_progress progress;
    char *text;
    size_t length;
    const int64_t hour_ns = INT64_C(3600000000000);

    redirect();
    ev_progress_start(&progress, "train", "rows", 400);
    progress.start_ns -= hour_ns;
    progress.last_ns -= hour_ns;
    ev_progress_update(&progress, 100, "loss 0.5");
    ev_progress_update(&progress, 101, "loss 0.4");
    fflush(stderr);
    ev_assert_ok(ev_file_read(ev_test_path("stderr"), 10000, &text, &length, &err));
    ck_assert_str_eq(text, "train  [######------------------]  25%  100/400 rows  0.0/s  "
                           "ETA 3:00:00  loss 0.5\n");
    free(text);
}
END_TEST

/* What was there before the start is done, but not by now's rate. */
START_TEST(resumed_work_starts_in_the_middle)
{
    struct ev_progress progress;

    redirect();
    ev_progress_start(&progress, "pass", "images", 400);
    ev_progress_set_first(&progress, 200);
    ck_assert_int_eq(progress.done, 200);
    progress.start_ns -= INT64_C(100000000000);
    progress.last_ns -= INT64_C(100000000000);
    ev_progress_update(&progress, 300, NULL);
    ev_progress_update(&progress, 400, NULL);
    progress.start_ns = ev_clock_ns();
    ev_progress_finish(&progress);
    check_lines("pass  [##################------]  75%  300/400 images  1.0/s  ETA 1:40\n"
                "pass: 200 images in 0:00\n");
}
END_TEST

/* A note takes the place of the bar, not of what stands behind it. */
START_TEST(notes_clear_the_bar)
{
    struct ev_progress progress;

    redirect();
    ev_progress_note("one");
    ev_progress_start(&progress, "check", "rows", 10);
    progress.terminal = true;
    progress.start_ns -= INT64_C(1000000000000);
    progress.last_ns = progress.start_ns;
    ev_progress_update(&progress, 5, NULL);
    ev_progress_note("two");
    ev_progress_finish(&progress);
    ev_progress_note("three");
    check_lines("evalrun: note: one\n"
                "\rcheck  [############------------]  50%  5/10 rows  0.0/s  ETA 16:40\033[K"
                "\r\033[Kevalrun: note: two\n"
                "\r\033[K"
                "evalrun: note: three\n");
}
END_TEST

/* No line that looks like an end stands before the error. */
START_TEST(failed_work_does_not_look_finished)
{
    struct ev_progress progress;

    redirect();
    for (int i = 0; i < 2; i++) {
        ev_progress_start(&progress, "import", "pictures", 10);
        progress.terminal = i == 1;
        ev_progress_update(&progress, 9, NULL);
        ev_progress_finish(&progress);
    }
    check_lines("\r\033[K");
}
END_TEST

START_TEST(quiet_is_quiet)
{
    struct ev_progress progress;

    redirect();
    ev_progress_set_quiet(true);
    ev_progress_start(&progress, "render simple", "frames", 10);
    progress.last_ns -= INT64_C(3600000000000);
    ev_progress_update(&progress, 5, NULL);
    ev_progress_finish(&progress);
    check_lines("");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("progress");

    tcase_add_test(tests, short_work_is_one_line);
    tcase_add_test(tests, long_work_has_lines);
    tcase_add_test(tests, resumed_work_starts_in_the_middle);
    tcase_add_test(tests, notes_clear_the_bar);
    tcase_add_test(tests, failed_work_does_not_look_finished);
    tcase_add_test(tests, quiet_is_quiet);
    suite_add_tcase(suite, tests);
    return suite;
}
