/* SPDX-License-Identifier: MIT */
/* Imports of small folders and logs: which pictures and labels become which rows, and what is
 * refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/progress.h"
#include "import/import.h"
#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_import.h"

static struct ev_error err;
static struct ev_import_result result;

/* A log of n rows with three cameras: rows 10 * i, 10 * i + 1 and 10 * i + 2, steering i / 10. */
static void write_log(int n)
{
    FILE *file = fopen(ev_test_path("log.csv"), "w");
    char name[32];

    ev_test_make_folder("IMG");
    fprintf(file, "center,left,right,steering,throttle\r\n");
    for (int i = 0; i < n; i++) {
        for (int camera = 0; camera < 3; camera++) {
            snprintf(name, sizeof name, "IMG/%d.%s", 10 * i + camera, i % 2 ? "png" : "jpg");
            ev_test_write_picture(name, (uint8_t)(10 * i + camera));
            fprintf(file, "C:\\Users\\me\\run 1\\IMG\\%s,", name + 4);
        }
        fprintf(file, "%g,0.5\r\n", i / 10.0);
    }
    fclose(file);
}

/* --- Folders --- */

/* The reference's way: rows 240 to 480, bilinear, v and w with their ranges. */
START_TEST(folder_is_prepared_as_the_reference_does)
{
    struct ev_import_args args = ev_test_import_args("drive");
    uint8_t *pixels = calloc(480 * 640, 3);
    struct ev_set *set;
    uint8_t picture[66 * 200 * 3];

    ev_test_make_folder("drive");
    /* Row y has the level (y - 240) / 2 below the crop's upper edge and 255 above it. */
    for (int y = 0; y < 480; y++)
        memset(pixels + y * 640 * 3, y < 240 ? 255 : (y - 240) / 2, 640 * 3);
    ev_assert_ok(ev_picture_write_png(ev_test_path("drive/0.png"), pixels, 480, 640, 3, &err));
    ev_assert_ok(ev_picture_write_png(ev_test_path("drive/1.png"), pixels, 480, 640, 3, &err));
    ev_test_write_text("drive/data.csv", "v,w\n7.5,-1.25\n24,0\n");
    args.height = 66;
    args.width = 200;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ck_assert_int_eq(result.n_pictures, 2);
    ck_assert_int_eq(result.n_rows, 2);
    ev_assert_ok(ev_set_open(args.out, NULL, &set, &err));
    const struct ev_set_info *info = ev_set_info(set);
    ck_assert_str_eq(info->columns[0].name, "v");
    ck_assert_str_eq(info->columns[1].unit, "rad/s");
    ck_assert_double_eq(info->columns[0].min, 6.5);
    ck_assert_double_eq(info->columns[1].max, 7.1);
    ck_assert_float_eq(ev_set_labels(set)[1], -1.25f);
    ck_assert_float_eq(ev_set_labels(set)[2], 24.0f);
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, 1, 1, picture, &err));
    for (int y = 0; y < 66; y++)
        ck_assert_int_le(abs(picture[(y * 200 + 77) * 3] - (int)((y + 0.5) * 240 / 66 / 2)), 1);
    ev_set_close(set);
    free(pixels);
}
END_TEST

/* The first is of 480 rows, the second of EV_TEST_IMPORT_HEIGHT: what was cut off of which. */
static const struct crop_case {
    bool has_crop;
    struct ev_picture_crop crop;
    const char *told; /* of the provenance */
} crop_cases[] = {
    {false, {0}, "\"crop\":{\"top\":240,\"bottom\":480,\"left\":0,\"right\":0,\"pictures\":1}"},
    {true, {0}, "\"crop\":null"},
    {true,
     {.right = -1},
     "\"crop\":{\"top\":0,\"bottom\":0,\"left\":0,\"right\":-1,\"pictures\":2}"},
    {true,
     {.bottom = EV_TEST_IMPORT_HEIGHT},
     "\"crop\":{\"top\":0,\"bottom\":20,\"left\":0,\"right\":0,\"pictures\":1}"},
};

START_TEST(provenance_tells_what_was_cut)
{
    const struct crop_case *cut = &crop_cases[_i];
    struct ev_import_args args = ev_test_import_args("drive");
    uint8_t *pixels = calloc(480 * 640, 3);
    struct ev_set *set;

    ev_test_make_folder("drive");
    ev_assert_ok(ev_picture_write_png(ev_test_path("drive/0.png"), pixels, 480, 640, 3, &err));
    ev_test_write_picture("drive/1.png", 9);
    ev_test_write_text("drive/data.csv", "v,w\n7,0\n7,0\n");
    args.has_crop = cut->has_crop;
    args.crop = cut->crop;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_assert_ok(ev_set_open(args.out, NULL, &set, &err));
    const char *provenance = ev_set_info(set)->provenance;
    ck_assert_msg(strstr(provenance, cut->told) != NULL, "%s", provenance);
    ev_set_close(set);
    free(pixels);
}
END_TEST

START_TEST(folders_pictures_go_by_their_number)
{
    struct ev_import_args args = ev_test_import_args("drive");
    const struct ev_test_import_row rows[] = {{10, false, 7}, {11, false, 8}, {12, false, 9}};

    ev_test_make_folder("drive");
    for (int i = 0; i < 3; i++)
        ev_test_write_picture(i == 0   ? "drive/0.png"
                              : i == 1 ? "drive/1.png"
                                       : "drive/2.png",
                              (uint8_t)(10 + i));
    /* Columns in another order, and one more. */
    ev_test_write_text("drive/data.csv", "w,time,v\n0,1,7\n0,2,8\n0,3,9\n");
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(rows, 3);
    args.offsets = (const double[]){0};
    args.n_offsets = 1;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_USAGE, "--offsets is for logs");
}
END_TEST

/* --- Logs --- */

START_TEST(cameras_offsets_mirrors_and_repeats)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {
        {0, false, 0.0f},   {0, true, 0.0f},    {1, false, 0.25f},  {1, false, 0.25f},
        {1, true, -0.25f},  {1, true, -0.25f},  {2, false, -0.4f},  {2, false, -0.4f},
        {2, false, -0.4f},  {2, true, 0.4f},    {2, true, 0.4f},    {2, true, 0.4f},
        {10, false, 0.1f},  {10, true, -0.1f},  {11, false, 0.35f}, {11, false, 0.35f},
        {11, false, 0.35f}, {11, true, -0.35f}, {11, true, -0.35f}, {11, true, -0.35f},
        {12, false, -0.3f}, {12, false, -0.3f}, {12, true, 0.3f},   {12, true, 0.3f},
    };

    write_log(2);
    args.offsets = (const double[]){0.0, 0.25, -0.4};
    args.n_offsets = 3;
    args.flip = (const char *const[]){"steering"};
    args.n_flip = 1;
    args.repeats = (const struct ev_import_repeat[]){{0.2, 2}, {0.32, 3}};
    args.n_repeats = 2;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ck_assert_int_eq(result.n_pictures, 6);
    ev_test_check_rows(rows, sizeof rows / sizeof rows[0]);
}
END_TEST

/* One camera without offsets; columns by number; two targets with units and ranges. */
START_TEST(columns_are_named_or_numbered)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {{1, false, 0.5f}, {11, false, 0.5f}};
    struct ev_set *set;

    write_log(2);
    args.cameras = (const char *const[]){"2"};
    args.n_cameras = 1;
    args.targets = (const char *const[]){"throttle", "4"};
    args.n_targets = 2;
    args.units = (const char *const[]){"", "rad"};
    args.n_units = 2;
    args.ranges = (const struct ev_import_range[]){{0, 2}, {-3, 3}};
    args.n_ranges = 2;
    args.colour = EV_COLOUR_GREY;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(rows, 2);
    ev_assert_ok(ev_set_open(args.out, NULL, &set, &err));
    const struct ev_set_info *info = ev_set_info(set);
    ck_assert_int_eq(info->shape.channels, 1);
    ck_assert_str_eq(info->columns[0].unit, "");
    ck_assert_str_eq(info->columns[1].name, "steering");
    ck_assert_str_eq(info->columns[1].unit, "rad");
    ck_assert_double_eq(info->columns[0].max, 2.0);
    ck_assert_double_eq(info->columns[1].min, -3.0);
    json_t *provenance = json_loads(info->provenance, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(provenance, "colour")), "grey");
    ck_assert_int_eq(json_integer_value(json_object_get(provenance, "width")), 16);
    json_decref(provenance);
    ev_set_close(set);
}
END_TEST

/* First rows, and whether they are data. */
static const struct header_case {
    const char *text;
    bool no_header;
    int64_t n_rows;
} header_cases[] = {
    {"center,left,right,steering,throttle,brake,speed\na.png,b,c,0.5,0,0,9\n", false, 1},
    {"a.png,b,c,0.5,0,0,9\na.png,b,c,0.5,0,0,9\n", false, 2},
    {"\xef\xbb\xbf"
     "a.png,b,c,0.5,0,9\n \n\na.png,b,c,0.5,0,9\n",
     false, 2},
    {"\"a.png\" , b,c, 0.5 ,0,9\r\n", true, 1},
};

START_TEST(header_is_found_out)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    const struct ev_test_import_row rows[] = {{30, false, 0.5f}, {30, false, 0.5f}};

    ev_test_write_picture("a.png", 30);
    ev_test_write_text("log.csv", header_cases[_i].text);
    args.no_header = header_cases[_i].no_header;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_test_check_rows(rows, header_cases[_i].n_rows);
}
END_TEST

/* --- What is refused --- */

static const struct refusal {
    const char *log;
    const char *message;
} refusals[] = {
    {"", "log.csv: empty"},
    {"center,steering\n", "log.csv: no rows"},
    {"center,steering\na.png,nan\n", "log.csv: line 2: steering is 'nan'"},
    {"center,steering\na.png,0\n\na.png,\n", "log.csv: line 4: steering is ''"},
    {"center,steering\na.png,1e39\n", "log.csv: line 2: steering is '1e39'"},
    {"center,steering\na.png,0,1\n", "log.csv: line 2 has 3 cells, the first row has 2"},
    {"center,steering\na.png,\"0\n", "log.csv: line 2: a quote that does not end"},
    {"center,steering\na.png,0\"1\n", "log.csv: line 2: a quote in the middle of a cell"},
    {"center;steering\na.png;0\n", "log.csv: line 1: a single cell: cells are separated by commas"},
    {"center,steering\na.png\n", "log.csv: line 2 has 1 cell, the first row has 2"},
    {"center,steering\na.png,0\nb.png,0\n", "log.csv: line 3: b.png: no such picture"},
    {"center,steering\n,0\n", "log.csv: line 2: an empty cell"},
    {"center,steering\nlog.csv,0\n", "neither PNG nor JPEG"},
    {"center,speed\na.png,0\n", "no columns v and w, nor steering"},
    {"a.png,b,c,nan,?,?\na.png,b,c,0,0,0\n", "log.csv: line 1: steering is 'nan'"},
    {"front,steering\na.png,0\n", "its columns are front, steering"},
    {"a.png,0\n", "log.csv: which column has the pictures?"},
};

START_TEST(bad_logs_are_refused)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    ev_test_write_picture("a.png", 1);
    ev_test_write_text("log.csv", refusals[_i].log);
    ev_test_write_text("out.h5", "before");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, refusals[_i].message);
    char *text;
    size_t n;
    ev_assert_ok(ev_file_read(args.out, 100, &text, &n, &err));
    ck_assert_str_eq(text, "before");
    free(text);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    write_log(1);
    args.targets = (const char *const[]){"stering"};
    args.n_targets = 1;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "did you mean 'steering'?");
    args.targets = (const char *const[]){"6"};
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "no column 6 for --targets");
    args.targets = (const char *const[]){"throttle"};
    args.flip = (const char *const[]){"steering"};
    args.n_flip = 1;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_USAGE, "not among the targets");
    args.n_flip = 0;
    args.cameras = (const char *const[]){"center", "left"};
    args.n_cameras = 2;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_USAGE, "--offsets: 0 for 2 cameras");
    args.n_cameras = 1;
    args.has_crop = true;
    args.crop = (struct ev_picture_crop){.top = EV_TEST_IMPORT_HEIGHT};
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "0.jpg: rows 20 to 20");
    args.has_crop = false;
    args.out = ev_test_path("log.csv");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_USAGE, "would be overwritten");
    args.out = ev_test_path("no/folder/out.h5");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "no/folder/out.h5");
}
END_TEST

/* A range that nobody gave and that is not usual is asked for, with what the log has. */
START_TEST(ranges_are_not_made_up)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    ev_test_write_picture("a.png", 1);
    ev_test_write_text("log.csv", "image,speed\na.png,2.5\na.png,31\n");
    args.targets = (const char *const[]){"speed"};
    args.n_targets = 1;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT,
                    "no range is known for speed: name those of all targets with --ranges (here it "
                    "is 2.5 to 31)");
}
END_TEST

/* --- Leaving out --- */

/* Of 40 rows with three cameras these are bad: a row's cell, single pictures of two rows, and all
 * pictures of another. What is left is in order, and exactly that. */
START_TEST(exactly_the_good_rows_are_left)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    struct ev_test_import_row rows[3 * 15];
    int n = 0;
    char *text;
    size_t n_text;

    write_log(15);
    ev_assert_ok(ev_file_read(ev_test_path("log.csv"), 100000, &text, &n_text, &err));
    memcpy(strstr(text, ",0.3,"), ",abc,", 5);
    ev_test_write_text("log.csv", text);
    free(text);
    remove(ev_test_path("IMG/51.png"));
    ev_test_write_text("IMG/80.jpg", "\xff\xd8\xff");
    for (int camera = 0; camera < 3; camera++)
        remove(ev_test_path(camera == 0   ? "IMG/140.jpg"
                            : camera == 1 ? "IMG/141.jpg"
                                          : "IMG/142.jpg"));
    args.offsets = (const double[]){0, 1, 2};
    args.n_offsets = 3;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT,
                    "log.csv: line 5: steering is 'abc'");
    args.skip_bad = true;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    for (int i = 0; i < 15; i++) {
        for (int camera = 0; camera < 3; camera++) {
            int number = 10 * i + camera;
            if (i != 3 && number != 51 && number != 80 && i != 14)
                rows[n++] = (struct ev_test_import_row){number, false, (float)(i / 10.0 + camera)};
        }
    }
    ck_assert_int_eq(result.n_pictures, 45);
    ck_assert_int_eq(result.n_left_out, 45 - n);
    ck_assert_int_eq(result.n_rows, n);
    ev_test_check_rows(rows, n);
}
END_TEST

START_TEST(nothing_good_is_an_error)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    args.skip_bad = true;
    ev_test_write_text("log.csv", "image,steering\na.png,0\n");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "every picture is bad");
    ev_test_write_text("log.csv", "image,steering\na.png,x\n");
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "every row is bad");
    ck_assert(!ev_file_exists(args.out));
}
END_TEST

/* Of several bad pictures the first one is named, whichever thread was faster. */
START_TEST(first_bad_picture_is_named)
{
    struct ev_import_args args = ev_test_import_args("log.csv");

    write_log(10);
    ev_test_write_text("IMG/20.jpg", "x");
    ev_test_write_text("IMG/30.png", "x");
    remove(ev_test_path("IMG/90.png"));
    args.n_threads = 4;
    ev_assert_fails(ev_import_run(&args, &result, &err), EV_INPUT, "line 4: ");
}
END_TEST

START_TEST(same_bytes_for_any_number_of_threads)
{
    struct ev_import_args args = ev_test_import_args("log.csv");
    char one[65], many[65];

    write_log(15);
    args.n_threads = 1;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_assert_ok(ev_file_sha256(args.out, one, &err));
    args.n_threads = 3;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_assert_ok(ev_file_sha256(args.out, many, &err));
    ck_assert_str_eq(one, many);
    args.resize = EV_RESIZE_NEAREST;
    ev_assert_ok(ev_import_run(&args, &result, &err));
    ev_assert_ok(ev_file_sha256(args.out, many, &err));
    ck_assert_str_ne(one, many);
}
END_TEST

#define N_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *ev_suite(void)
{
    Suite *suite = suite_create("import");
    TCase *tests = tcase_create("import");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, folder_is_prepared_as_the_reference_does);
    tcase_add_loop_test(tests, provenance_tells_what_was_cut, 0, N_OF(crop_cases));
    tcase_add_test(tests, folders_pictures_go_by_their_number);
    tcase_add_test(tests, cameras_offsets_mirrors_and_repeats);
    tcase_add_test(tests, columns_are_named_or_numbered);
    tcase_add_loop_test(tests, header_is_found_out, 0, N_OF(header_cases));
    tcase_add_loop_test(tests, bad_logs_are_refused, 0, N_OF(refusals));
    tcase_add_test(tests, wrong_arguments_are_refused);
    tcase_add_test(tests, ranges_are_not_made_up);
    tcase_add_test(tests, exactly_the_good_rows_are_left);
    tcase_add_test(tests, nothing_good_is_an_error);
    tcase_add_test(tests, first_bad_picture_is_named);
    tcase_add_test(tests, same_bytes_for_any_number_of_threads);
    suite_add_tcase(suite, tests);
    return suite;
}
