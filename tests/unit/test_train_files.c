/* SPDX-License-Identifier: MIT */
/* The files of a training run: what is refused, the lock, what is removed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/ev_test.h"
#include "train/train_files.h"

static struct ev_error err = EV_ERROR_INIT;

/* A new file of the test's folder; its path is malloc'ed. */
static char *make_file(const char *name, const char *content)
{
    char *path = strdup(ev_test_path(name));
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
    return path;
}

START_TEST(inputs_are_not_overwritten)
{
    char *set = make_file("set.h5", ""), *model = make_file("base.pt", "");
    char *table = make_file("table.csv", ""), *out = strdup(ev_test_path("table.pt"));
    const char *const sets[] = {NULL, set, table};
    struct ev_train_args args = {.set_paths = sets, .n_sets = 2, .baseline_path = model};

    args.out_path = out;
    ev_assert_ok(ev_train_files_check(&args, &err));
    args.out_path = set;
    ev_assert_fails(ev_train_files_check(&args, &err), EV_USAGE,
                    "set.h5: would be overwritten, but it is what is read");
    args.out_path = model;
    ev_assert_fails(ev_train_files_check(&args, &err), EV_USAGE, "base.pt: would be overwritten");
    args.out_path = out; /* whose log is table.csv */
    args.n_sets = 3;
    ev_assert_fails(ev_train_files_check(&args, &err), EV_USAGE, "table.csv: would be overwritten");
    free(out);
    free(table);
    free(model);
    free(set);
}
END_TEST

/* Training keeps and removes files of such names beside its model. */
START_TEST(inputs_are_not_named_like_files_of_the_run)
{
    static const char *const names[] = {"m.pt.best-1", "m.pt.state-12", "m.pt.state", "m.pt.lock"};
    char *out = strdup(ev_test_path("m.pt")), *other = strdup(ev_test_path("n.pt"));

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *input = make_file(names[i], "");
        const char *const sets[] = {input};
        struct ev_train_args args = {.set_paths = sets, .n_sets = 1, .out_path = out};
        ev_assert_fails(ev_train_files_check(&args, &err), EV_USAGE, "has the name of a file");
        args.out_path = other;
        ev_assert_ok(ev_train_files_check(&args, &err));
        args = (struct ev_train_args){.baseline_path = input, .out_path = out};
        ev_assert_fails(ev_train_files_check(&args, &err), EV_USAGE, "has the name of a file");
        free(input);
    }
    free(other);
    free(out);
}
END_TEST

START_TEST(the_log_is_checked_too)
{
    struct ev_train_args args = {.out_path = ev_test_path("m.pt")};

    ck_assert_int_eq(mkdir(ev_test_path("m.csv"), 0777), 0);
    ev_assert_fails(ev_train_files_check(&args, &err), EV_INPUT, "m.csv: a folder");
}
END_TEST

/* The lock of a process that ended without letting go is no lock. */
START_TEST(locks_end_with_their_process)
{
    char *out = strdup(ev_test_path("m.pt"));
    struct ev_train_lock lock;
    int status;

    pid_t child = fork();
    if (child == 0)
        _exit((int)ev_train_files_lock(out, &lock, &err));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(ev_file_exists(ev_test_path("m.pt.lock")));
    ev_assert_ok(ev_train_files_lock(out, &lock, &err));
    ev_train_files_unlock(&lock);
    ev_train_files_unlock(&lock);
    ck_assert(!ev_file_exists(ev_test_path("m.pt.lock")));
    free(out);
}
END_TEST

START_TEST(files_of_others_stay)
{
    static const struct {
        const char *name;
        bool stays;
    } cases[] = {
        {"m.part-abcdef.pt", false},        {"m.part-ABC123.csv", false},
        {"m.pt.part-abcdef.state", false},  {"m.pt.part-abcdef.state-12", false},
        {"m.pt.part-abcdef.best-3", false}, {"m.part-abcdef.h5", true},
        {"m.part-abcde.pt", true},          {"m.pt.part-abcdef.state-x", true},
        {"m.pt.part-abcdef.beast-3", true}, {"mm.part-abcdef.pt", true},
        {"n.pt.part-abcdef.state-1", true}, {"m.pt", true},
    };
    struct ev_train_lock lock;
    char *out = strdup(ev_test_path("m.pt"));

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        free(make_file(cases[i].name, ""));
    free(make_file("m.pt.lock", "somebody's"));
    ev_assert_ok(ev_train_files_lock(out, &lock, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(ev_file_exists(ev_test_path(cases[i].name)) == cases[i].stays, "%s",
                      cases[i].name);
    ev_train_files_unlock(&lock);
    ck_assert(ev_file_exists(ev_test_path("m.pt.lock")));
    free(out);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("train_files");
    TCase *tests = tcase_create("train_files");

    tcase_add_test(tests, inputs_are_not_overwritten);
    tcase_add_test(tests, inputs_are_not_named_like_files_of_the_run);
    tcase_add_test(tests, the_log_is_checked_too);
    tcase_add_test(tests, locks_end_with_their_process);
    tcase_add_test(tests, files_of_others_stay);
    suite_add_tcase(suite, tests);
    return suite;
}
