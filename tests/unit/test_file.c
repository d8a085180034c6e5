/* SPDX-License-Identifier: MIT */
/* Files that appear whole or not at all, folders, digests, paths. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/ev_test.h"

static struct ev_error err;

static int count_files(void)
{
    DIR *folder = opendir(ev_test_folder());
    int n = 0;

    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

static void check_content(const char *path, const char *expected)
{
    char *text;
    size_t length;

    ev_assert_ok(ev_file_read(path, 1000, &text, &length, &err));
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(length, strlen(expected));
    free(text);
}

START_TEST(appears_at_commit)
{
    const char *path = ev_test_path("out.txt");
    struct ev_outfile file;

    ev_assert_ok(ev_outfile_open(&file, path, &err));
    fputs("whole", file.stream);
    ck_assert(!ev_file_exists(path));
    ev_assert_ok(ev_outfile_commit(&file, &err));
    check_content(path, "whole");
    ck_assert_int_eq(count_files(), 1);

    /* Abort leaves the old file and nothing else. */
    ev_assert_ok(ev_outfile_open(&file, path, &err));
    fputs("half", file.stream);
    ev_outfile_abort(&file);
    check_content(path, "whole");
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(full_disk_leaves_the_old_file)
{
    const char *path = ev_test_path("out.txt");
    struct rlimit limit = {4096, 4096};
    struct ev_outfile file;

    ev_assert_ok(ev_outfile_open(&file, path, &err));
    fputs("old", file.stream);
    ev_assert_ok(ev_outfile_commit(&file, &err));
    /* A limit on the size of files fails writes as a full disk does. */
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ev_assert_ok(ev_outfile_open(&file, path, &err));
    for (int i = 0; i < 10000; i++)
        fputs("much too long", file.stream);
    ev_assert_fails(ev_outfile_commit(&file, &err), EV_IO, "out.txt: cannot be written: File too");
    check_content(path, "old");
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(places_that_cannot_be_written)
{
    struct ev_outfile file;
    char *temporary;

    ev_assert_fails(ev_outfile_open(&file, ev_test_path("no/such/folder.txt"), &err), EV_INPUT,
                    "folder.txt: cannot be written");
    ev_assert_fails(ev_outfile_open(&file, ev_test_folder(), &err), EV_INPUT, "a folder");
    ev_assert_fails(ev_file_temporary("/proc/out.txt", &temporary, &err), EV_INPUT,
                    "/proc/out.txt");
    ck_assert_ptr_null(temporary);
}
END_TEST

/* A wrong path is the user's, a full disk the machine's. */
START_TEST(faults_of_paths_and_of_the_machine)
{
    struct rlimit limit, none;
    int64_t bytes;
    char hex[65];

    ck_assert_int_eq(ev_file_status(EACCES), EV_INPUT);
    ck_assert_int_eq(ev_file_status(ENOENT), EV_INPUT);
    ck_assert_int_eq(ev_file_status(ENOSPC), EV_IO);
    ck_assert_int_eq(ev_file_status(EIO), EV_IO);
    ev_assert_fails(ev_file_size(ev_test_path("none"), &bytes, &err), EV_INPUT, "No such file");
    fclose(fopen(ev_test_path("file"), "w"));
    const char *path = ev_test_path("file");
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){3, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum ev_status status = ev_file_sha256(path, hex, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(status, EV_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "Too many open files"));
}
END_TEST

/* A full disk that shows in one file leaves the others as they were. */
START_TEST(synced_files_are_not_there_yet)
{
    const char *path = ev_test_path("out.txt");
    struct ev_outfile file;

    ev_assert_ok(ev_outfile_open(&file, path, &err));
    fputs("new", file.stream);
    ev_assert_ok(ev_outfile_sync(&file, &err));
    ck_assert(!ev_file_exists(path));
    ev_assert_ok(ev_outfile_commit(&file, &err));
    check_content(path, "new");
}
END_TEST

/* The reason stands at the end of a message, the path at its beginning. */
START_TEST(long_messages_keep_both_ends)
{
    char path[2000];

    memset(path, 'x', sizeof path);
    memcpy(path, "begin", 5);
    path[sizeof path - 1] = '\0';
    (void)ev_fail(&err, EV_INPUT, "%s: the reason", path);
    ck_assert_uint_lt(strlen(err.message), EV_ERROR_CHARS);
    ck_assert_ptr_nonnull(strstr(err.message, "xxx: the reason"));
    ck_assert_int_eq(strncmp(err.message, "beginxxx", 8), 0);
    ck_assert_ptr_nonnull(strstr(err.message, "x...x"));
    (void)ev_prefix(&err, "before");
    ck_assert_int_eq(strncmp(err.message, "before: beginxxx", 16), 0);
    ck_assert_ptr_nonnull(strstr(err.message, "xxx: the reason"));
}
END_TEST

/* As readable as any other new file, and never in the place of a device or a pipe. */
START_TEST(kinds_of_files)
{
    struct ev_outfile file;
    struct stat info;

    umask(027);
    ev_assert_ok(ev_outfile_open(&file, ev_test_path("out.txt"), &err));
    ev_assert_ok(ev_outfile_commit(&file, &err));
    ck_assert_int_eq(stat(ev_test_path("out.txt"), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0640);
    ck_assert_int_eq(umask(0), 027);
    ck_assert_int_eq(mkfifo(ev_test_path("pipe"), 0600), 0);
    ev_assert_fails(ev_outfile_open(&file, ev_test_path("pipe"), &err), EV_INPUT,
                    "pipe: not a regular file");
}
END_TEST

START_TEST(signal_removes_temporaries)
{
    char *first, *second;

    ev_assert_ok(ev_file_temporary(ev_test_path("a.h5"), &first, &err));
    ev_assert_ok(ev_file_temporary(ev_test_path("b.pt"), &second, &err));
    ck_assert_str_eq(strrchr(first, '.'), ".h5");
    ck_assert_int_eq(count_files(), 2);
    ev_assert_ok(ev_file_commit(first, ev_test_path("a.h5"), &err));
    ev_file_remove_temporaries();
    ck_assert(ev_file_exists(ev_test_path("a.h5")));
    ck_assert_int_eq(count_files(), 1);
    ev_file_discard(second);
    free(first);
    free(second);
}
END_TEST

START_TEST(names_of_temporaries)
{
    static const struct {
        const char *temporary, *name;
    } cases[] = {
        {"m.part-aB3xyz.pt", "m.pt"},
        {"m.pt.part-aB3xyz.state-4", "m.pt.state-4"},
        {"m.part-aB3xyz", "m"},
        {".m.part-aB3xyz", ".m"},
        {"m.part-aB3xyz.part-000000.pt", "m.part-aB3xyz.pt"},
        {"m.part-aB3xy.pt", NULL},
        {"m.part-aB3xyzz.pt", NULL},
        {"m.part-aB3xy-.pt", NULL},
        {"m.part-aB3xyz.old.pt", NULL},
        {"m.pt.part-aB3xyz", NULL}, /* that of m.pt keeps the ending */
        {".part-aB3xyz.pt", NULL},
        {"m.pt", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *name = ev_file_final_name(cases[i].temporary);
        ck_assert_pstr_eq(name, cases[i].name);
        free(name);
    }
    /* And the names that are really made. */
    static const char *const names[] = {"m.pt", "m.pt.state-4", "m", ".m", "m.tar.gz"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *temporary;
        ev_assert_ok(ev_file_temporary(ev_test_path(names[i]), &temporary, &err));
        char *name = ev_file_final_name(strrchr(temporary, '/') + 1);
        ck_assert_pstr_eq(name, names[i]);
        ev_file_discard(temporary);
        free(name);
        free(temporary);
    }
}
END_TEST

START_TEST(same_files)
{
    char path[512];

    snprintf(path, sizeof path, "%s", ev_test_path("file"));
    ck_assert(ev_file_is_same("none", "none"));
    ck_assert(!ev_file_is_same("none", path));
    fclose(fopen(path, "w"));
    fclose(fopen(ev_test_path("other"), "w"));
    ck_assert(!ev_file_is_same(path, ev_test_path("other")));
    ck_assert_int_eq(symlink(path, ev_test_path("link")), 0);
    ck_assert(ev_file_is_same(path, ev_test_path("link")));
    ck_assert(ev_file_is_same(path, ev_test_path("./file")));
}
END_TEST

START_TEST(folders)
{
    const char *deep = ev_test_path("a/b/c");

    ev_assert_ok(ev_file_make_folder(deep, &err));
    ev_assert_ok(ev_file_make_folder(deep, &err));
    ck_assert(ev_file_exists(deep));
    fclose(fopen(ev_test_path("file"), "w"));
    ev_assert_fails(ev_file_make_folder(ev_test_path("file/below"), &err), EV_INPUT, "file/below");
    ev_assert_fails(ev_file_make_folder(ev_test_path("file"), &err), EV_INPUT, "file");
}
END_TEST

START_TEST(sizes_and_digests)
{
    char hex[65];
    int64_t bytes;
    FILE *file = fopen(ev_test_path("abc"), "w");

    fputs("abc", file);
    fclose(file);
    ev_assert_ok(ev_file_size(ev_test_path("abc"), &bytes, &err));
    ck_assert_int_eq(bytes, 3);
    ev_assert_ok(ev_file_sha256(ev_test_path("abc"), hex, &err));
    /* The first example of FIPS 180-2. */
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ev_assert_fails(ev_file_size(ev_test_folder(), &bytes, &err), EV_INPUT, "not a regular file");
    ev_assert_fails(ev_file_sha256(ev_test_path("none"), hex, &err), EV_INPUT, "none: No such");
}
END_TEST

/* A pipe has no end: it must be refused, not waited for. */
START_TEST(pipes_are_refused)
{
    char *text;
    size_t length;

    ck_assert_int_eq(mkfifo(ev_test_path("pipe"), 0600), 0);
    ev_assert_fails(ev_file_read(ev_test_path("pipe"), 10, &text, &length, &err), EV_INPUT, "pipe");
}
END_TEST

START_TEST(large_files_are_refused)
{
    char *text;
    size_t length;
    FILE *file = fopen(ev_test_path("large"), "w");

    for (int i = 0; i < 100; i++)
        fputs("0123456789", file);
    fclose(file);
    ev_assert_fails(ev_file_read(ev_test_path("large"), 999, &text, &length, &err), EV_INPUT,
                    "larger than 999");
    ev_assert_ok(ev_file_read(ev_test_path("large"), 1000, &text, &length, &err));
    ck_assert_uint_eq(length, 1000);
    free(text);
}
END_TEST

START_TEST(cache_folder)
{
    static const struct {
        const char *option, *named, *user, *home, *expected;
    } cases[] = {
        {"/opt", "/env", "/xdg", "/home/a", "/opt"},
        {NULL, "/env", "/xdg", "/home/a", "/env"},
        {NULL, NULL, "/xdg", "/home/a", "/xdg/evalrun"},
        {NULL, NULL, NULL, "/home/a", "/home/a/.cache/evalrun"},
        {NULL, "", "", "/home/a/", "/home/a/.cache/evalrun"},
    };
    static const char *const names[] = {"EVALRUN_CACHE", "XDG_CACHE_HOME", "HOME"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *values[] = {cases[i].named, cases[i].user, cases[i].home};
        for (int j = 0; j < 3; j++) {
            if (values[j])
                setenv(names[j], values[j], 1);
            else
                unsetenv(names[j]);
        }
        char *path = ev_path_cache(cases[i].option);
        ck_assert_str_eq(path, cases[i].expected);
        free(path);
    }
}
END_TEST

START_TEST(data_folder)
{
    setenv("EVALRUN_DATA_DIR", "/elsewhere", 1);
    char *path = ev_path_data("plots/style.gp");
    ck_assert_str_eq(path, "/elsewhere/plots/style.gp");
    free(path);
    unsetenv("EVALRUN_DATA_DIR");
    path = ev_path_data("datasets/circuits/simple.csv");
    ck_assert_msg(ev_file_exists(path), "%s", path);
    free(path);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");

    tcase_add_test(tests, appears_at_commit);
    tcase_add_test(tests, full_disk_leaves_the_old_file);
    tcase_add_test(tests, places_that_cannot_be_written);
    tcase_add_test(tests, kinds_of_files);
    tcase_add_test(tests, faults_of_paths_and_of_the_machine);
    tcase_add_test(tests, synced_files_are_not_there_yet);
    tcase_add_test(tests, long_messages_keep_both_ends);
    tcase_add_test(tests, signal_removes_temporaries);
    tcase_add_test(tests, names_of_temporaries);
    tcase_add_test(tests, same_files);
    tcase_add_test(tests, folders);
    tcase_add_test(tests, sizes_and_digests);
    tcase_add_test(tests, pipes_are_refused);
    tcase_add_test(tests, large_files_are_refused);
    tcase_add_test(tests, cache_folder);
    tcase_add_test(tests, data_folder);
    suite_add_tcase(suite, tests);
    return suite;
}
