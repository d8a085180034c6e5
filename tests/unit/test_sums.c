/* SPDX-License-Identifier: MIT */
/* SHA256SUMS: what is written reads back and is what sha256sum reads; what is no list is named by
 * its line. */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/sums.h"

/* Of "abc", FIPS 180-2. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct ev_error err = EV_ERROR_INIT;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_is_written_reads_back)
{
    static const char *const names[] = {"plain.csv", "a b.txt", "back\\slash", "two\nlines"};
    struct ev_sums sums = {0}, read;

    for (size_t i = 0; i < 4; i++) {
        write_file(ev_test_path(names[i]), "abc");
        ev_assert_ok(ev_sums_add(&sums, ev_test_folder(), names[i], &err));
    }
    const char *list = ev_test_path("SHA256SUMS");
    FILE *out = fopen(list, "w");
    ck_assert_ptr_nonnull(out);
    ev_sums_print(&sums, out);
    ck_assert_int_eq(fclose(out), 0);
    ev_assert_ok(ev_sums_load(list, &read, &err));
    ck_assert_uint_eq(read.n, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(ev_sums_find(&read, names[i]));
        ck_assert_str_eq(ev_sums_find(&read, names[i]), ABC);
    }
    ck_assert_ptr_null(ev_sums_find(&read, "plain"));
    char command[600];
    snprintf(command, sizeof command, "cd '%s' && sha256sum --strict -c SHA256SUMS >/dev/null",
             ev_test_folder());
    ck_assert_int_eq(system(command), 0);
    ev_sums_free(&read);
    ev_sums_free(&sums);
}
END_TEST

static const struct {
    const char *text;
    const char *complaint;
} bad[] = {
    {"nothing\n", "line 1"},         {ABC "  fine\n" ABC " one-blank\n", "line 2"},
    {ABC "  fine\n\n", "line 2"},    {ABC "0  longer\n", "line 1"},
    {"BA7816BF  upper\n", "line 1"}, {ABC "  /etc/passwd\n", "line 1"},
    {ABC "  ../up\n", "line 1"},     {ABC "  down/../../up\n", "line 1"},
    {ABC "  \n", "line 1"},          {"\\" ABC "  wrong\\escape\n", "line 1"},
};

START_TEST(what_is_no_list_is_named)
{
    const char *list = ev_test_path("SHA256SUMS");
    struct ev_sums sums;

    write_file(list, bad[_i].text);
    ev_assert_fails(ev_sums_load(list, &sums, &err), EV_INPUT, bad[_i].complaint);
    ck_assert_ptr_null(sums.lines);
}
END_TEST

START_TEST(names_with_dots_are_fine)
{
    const char *list = ev_test_path("SHA256SUMS");
    struct ev_sums sums;

    write_file(list, ABC " *..hidden/a..b\n" ABC "  no line feed at the end");
    ev_assert_ok(ev_sums_load(list, &sums, &err));
    ck_assert_uint_eq(sums.n, 2);
    ck_assert_ptr_nonnull(ev_sums_find(&sums, "..hidden/a..b"));
    ck_assert_ptr_nonnull(ev_sums_find(&sums, "no line feed at the end"));
    ev_sums_free(&sums);
    ev_assert_fails(ev_sums_add(&sums, ev_test_folder(), "missing", &err), EV_INPUT, "missing");
    ev_sums_free(&sums);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("sums");
    TCase *tests = tcase_create("sums");

    tcase_add_test(tests, what_is_written_reads_back);
    tcase_add_loop_test(tests, what_is_no_list_is_named, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, names_with_dots_are_fine);
    suite_add_tcase(suite, tests);
    return suite;
}
