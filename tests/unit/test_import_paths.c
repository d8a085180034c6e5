/* SPDX-License-Identifier: MIT */
/* From the paths that a log names to its pictures, and what no import may overwrite. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "import/import.h"
#include "support/ev_test.h"
#include "support/ev_test_import.h"

static struct ev_error err;
static struct ev_import_result result;

/* Where a log may say that a picture is, and where it is; picture 50 lies elsewhere under the same
 * name and must not be taken. */
static const struct path_case {
    const char *cell, *file, *decoy;
    const char *root; /* in the test's folder, or NULL */
} path_cases[] = {
    {"a.png", "a.png", NULL, NULL},
    {"IMG/a.png", "IMG/a.png", "a.png", NULL},
    {"IMG\\a.png", "IMG/a.png", "a.png", NULL},
    {"C:\\Users\\x\\IMG\\a.png", "IMG/a.png", "a.png", NULL},
    {"C:/Users/x/IMG/a.png", "IMG/a.png", "a.png", NULL},
    {"/home/x/run/IMG/a.png", "IMG/a.png", "a.png", NULL},
    {"/home/x/run/IMG/a.png", "a.png", NULL, NULL},
    {"/home/x/run/IMG/a.png", "deep/IMG/a.png", "IMG/a.png", "deep"},
    {"D:\\x\\a.png", "deep/a.png", "a.png", "deep"},
    {"run/IMG/a.png", "deep/IMG/a.png", "deep/a.png", "deep"},
};

START_TEST(paths_are_followed)
{
    const struct path_case *path = &path_cases[_i];
    struct ev_import_args args = ev_test_import_args("log.csv");
    char text[200];

    ev_test_make_folder("IMG");
    ev_test_make_folder("deep/IMG");
    ev_test_write_picture(path->file, 30);
    if (path->decoy)
        ev_test_write_picture(path->decoy, 50);
    snprintf(text, sizeof text, "center,steering\n%s,0.5\n", path->cell);
    ev_test_write_text("log.csv", text);
    args.root = path->root ? ev_test_path(path->root) : NULL;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(&(const struct ev_test_import_row){30, false, 0.5f}, 1);
}
END_TEST

/* An absolute path of this machine is taken as it stands. */
START_TEST(absolute_path_is_taken)
{
    struct ev_import_args args = ev_test_import_args("logs/log.csv");
    char text[700];

    ev_test_make_folder("logs");
    ev_test_make_folder("pictures");
    ev_test_write_picture("pictures/a.png", 30);
    ev_test_write_picture("logs/a.png", 50);
    snprintf(text, sizeof text, "image,steering\n%s,0.5\n", ev_test_path("pictures/a.png"));
    ev_test_write_text("logs/log.csv", text);
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(&(const struct ev_test_import_row){30, false, 0.5f}, 1);
}
END_TEST

/* Tables whose second row must not be read from the place that is there: picture 50 has the name of
 * the one that is missing. */
static const struct missing_case {
    const char *first, *second; /* cells */
    const char *file, *decoy;   /* of the first; what the second must not become */
    const char *root;
    const char *message;
} missing_cases[] = {
    {"run1/IMG/b.png", "run9/IMG/a.png", "run1/IMG/b.png", "IMG/a.png", NULL,
     "line 3: run9/IMG/a.png: no such picture, looked for as "},
    {"IMG\\b.png", "img\\a.png", "IMG/b.png", "a.png", NULL, "line 3: img\\a.png: no such picture"},
    {"C:\\run\\IMG\\b.png", "C:\\run\\IMG\\a.png", "IMG/b.png", "a.png", NULL, "no such picture"},
    {"C:\\run\\IMG\\b.png", "D:\\a.png", "IMG/b.png", "a.png", NULL,
     "line 3: D:\\a.png: no such picture: the path is shorter than those before"},
    {"/x/run/IMG/b.png", "/x/run/IMG/a.png", "IMG/b.png", "a.png", NULL, "no such picture"},
    {"x/IMG/b.png", "x/IMG/a.png", "deep/IMG/b.png", "deep/a.png", "deep", "no such picture"},
    {"b.png", "a.png", "deep/b.png", "a.png", "deep", "no such picture"},
};

START_TEST(missing_pictures_are_not_replaced)
{
    const struct missing_case *missing = &missing_cases[_i];
    struct ev_import_args args = ev_test_import_args("log.csv");
    char text[200];

    ev_test_make_folder("run1/IMG");
    ev_test_make_folder("IMG");
    ev_test_make_folder("deep/IMG");
    ev_test_write_picture(missing->file, 30);
    ev_test_write_picture(missing->decoy, 50);
    snprintf(text, sizeof text, "center,steering\n%s,0.5\n%s,0.25\n", missing->first,
             missing->second);
    ev_test_write_text("log.csv", text);
    args.root = missing->root ? ev_test_path(missing->root) : NULL;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, missing->message);
    args.skip_bad = true;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ck_assert_int_eq(result.n_left_out, 1);
    ev_test_check_rows(&(const struct ev_test_import_row){30, false, 0.5f}, 1);
}
END_TEST

/* Without --root not even the first one is. */
START_TEST(relative_paths_are_not_shortened)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    ev_test_make_folder("IMG");
    ev_test_write_picture("IMG/a.png", 50);
    ev_test_write_text("log.csv", "center,steering\nrun9/IMG/a.png,0.5\n");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT,
                    "line 2: run9/IMG/a.png: no such picture");
    args.skip_bad = true;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "every picture is bad");
}
END_TEST

/* A log whose first picture is missing, with relative paths beside another machine's. */
START_TEST(kinds_of_paths_are_followed_apart)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {{30, false, 0.2f}, {40, false, 0.3f}};

    ev_test_make_folder("IMG");
    ev_test_write_picture("IMG/a.png", 30);
    ev_test_write_picture("IMG/b.png", 40);
    ev_test_write_text("log.csv", "center,steering\nC:\\run\\IMG\\none.png,0.1\n"
                                  "C:\\run\\IMG\\a.png,0.2\nIMG/b.png,0.3\n");
    args.skip_bad = true;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ck_assert_int_eq(result.n_left_out, 1);
    ev_test_check_rows(rows, 2);
}
END_TEST

START_TEST(root_is_a_folder)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    ev_test_write_picture("a.png", 30);
    ev_test_write_text("log.csv", "center,steering\na.png,0.1\n");
    args.root = ev_test_path("nowhere");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "nowhere: not a folder");
    args.root = ev_test_path("a.png");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "a.png: not a folder");
}
END_TEST

/* Under its own name or another one, of a log or of a folder, with and without --skip-bad. */
START_TEST(pictures_are_not_overwritten)
{
    const bool folder = _i & 1;
    struct ev_import_args args = ev_test_import_args(folder ? "drive" : "drive/log.csv");
    char before[65], after[65];

    ev_test_make_folder("drive");
    ev_test_write_picture("drive/0.png", 30);
    ev_test_write_picture("drive/1.png", 40);
    ev_test_write_text("drive/data.csv", "v,w\n8,0\n9,0\n");
    ev_test_write_text("drive/log.csv", "center,steering\n0.png,0.1\n1.png,0.1\n");
    ck_assert_int_eq(symlink("drive/1.png", ev_test_path("link.h5")), 0);
    ev_assert_ok(ev_file_sha256(ev_test_path("drive/1.png"), before, &err));
    args.skip_bad = _i & 2;
    args.out = ev_test_path(_i & 4 ? "link.h5" : "drive/1.png");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_USAGE,
                    "drive/1.png: would be overwritten, but it is what is read");
    ev_assert_ok(ev_file_sha256(args.out, after, &err));
    ck_assert_str_eq(before, after);
}
END_TEST

#define N_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *ev_suite(void)
{
    Suite *suite = suite_create("import_paths");
    TCase *tests = tcase_create("import_paths");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, paths_are_followed, 0, N_OF(path_cases));
    tcase_add_test(tests, absolute_path_is_taken);
    tcase_add_loop_test(tests, missing_pictures_are_not_replaced, 0, N_OF(missing_cases));
    tcase_add_test(tests, relative_paths_are_not_shortened);
    tcase_add_test(tests, kinds_of_paths_are_followed_apart);
    tcase_add_test(tests, root_is_a_folder);
    tcase_add_loop_test(tests, pictures_are_not_overwritten, 0, 8);
    suite_add_tcase(suite, tests);
    return suite;
}
