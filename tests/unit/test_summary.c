/* SPDX-License-Identifier: MIT */
/* What is told of a set: figures, histograms, provenance in words, the screen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5.h>
#include <jansson.h>

#include "inspect/sheet.h"
#include "inspect/summary.h"
#include "picture/picture.h"
#include "support/ev_test.h"
#include "support/ev_test_set.h"

static struct ev_error err;

START_TEST(figures)
{
    /* Every second one is another column's. */
    const float values[] = {1, 99, 2, 99, NAN, 99, 3, 99, 6, 99, INFINITY, 99};
    struct ev_column_summary summary;

    ev_column_summarise(values, 6, 2, 1.5, 6.0, &summary);
    ck_assert_int_eq(summary.n_finite, 4);
    ck_assert_int_eq(summary.n_outside, 1);
    ck_assert_double_eq(summary.min, 1.0);
    ck_assert_double_eq(summary.max, 6.0);
    ck_assert_double_eq(summary.mean, 3.0);
    ck_assert_double_eq_tol(summary.std, sqrt(14.0 / 4.0), 1e-12);
    /* Bins are 5/36 wide. */
    ck_assert_int_eq(summary.bins[0], 1);
    ck_assert_int_eq(summary.bins[7], 1);
    ck_assert_int_eq(summary.bins[14], 1);
    ck_assert_int_eq(summary.bins[35], 1);
}
END_TEST

START_TEST(figures_of_hardly_anything)
{
    const float same[] = {7, 7, 7}, none[] = {NAN, NAN};
    const float large[] = {1e7f, 1e7f + 1, 1e7f + 2};
    struct ev_column_summary summary;
    int64_t sum = 0;

    ev_column_summarise(same, 3, 1, 0.0, 10.0, &summary);
    ck_assert_double_eq(summary.std, 0.0);
    for (int i = 0; i < EV_HISTOGRAM_BINS; i++)
        sum += summary.bins[i];
    ck_assert_int_eq(sum, 3);
    ev_column_summarise(none, 2, 1, 0.0, 10.0, &summary);
    ck_assert_int_eq(summary.n_finite, 0);
    ck_assert(isnan(summary.min) && isnan(summary.mean) && isnan(summary.std));
    ev_column_summarise(large, 3, 1, 0.0, 1e8, &summary);
    ck_assert_double_eq_tol(summary.std, sqrt(2.0 / 3.0), 1e-9);
}
END_TEST

static void check_line(const int64_t *bins, int line, bool unicode, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    ev_histogram_line(bins, 5, 2, line, unicode, out);
    fclose(out);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(bars)
{
    const int64_t bins[] = {0, 1, 500, 750, 1000};
    const int64_t empty[] = {0, 0, 0, 0, 0};

    check_line(bins, 0, true, "   \u2584\u2588");
    check_line(bins, 1, true, " \u2581\u2588\u2588\u2588");
    check_line(bins, 0, false, "   .#");
    check_line(bins, 1, false, " .###");
    check_line(empty, 1, true, "     ");
}
END_TEST

static const struct {
    const char *provenance, *words;
} told[] = {
    {"", ""},
    {"by hand", "by hand"},
    {"{\"tool_version\":\"0.1.0\",\"renderer_version\":1,\"circuit\":\"simple\",\"seed\":11,"
     "\"frames\":0,\"perturb\":false}",
     "dataset render of simple: a lap each way, seed 11 (evalrun 0.1.0)\n"},
    {"{\"renderer_version\":1,\"circuit\":\"simple\",\"seed\":2,\"frames\":50,\"perturb\":true}",
     "dataset render of simple: 50 frames, seed 2, with poses off the line and changing light\n"},
    {"{\"driven_by\":\"qat\",\"circuit\":\"montreal\",\"direction\":\"reverse\",\"seed\":1,"
     "\"lap\":3,\"latency_s\":0.05}",
     "drive by qat on montreal, reverse, lap 3, seed 1, latency 0.05 s\n"},
    {"{\"camera\":\"left\",\"gain\":0.1,\"crop\":[1,2]}", "camera left, gain 0.1, crop [1,2]\n"},
    {"{\"made_by\":\"dataset subset\",\"selection\":{\"rows\":\"0:9\"},\"parents\":[{\"file\":"
     "\"a.h5\",\"rows\":20,\"provenance\":{\"camera\":\"left\"}}]}",
     "dataset subset of a.h5 (20 rows): rows 0:9\n  a.h5: camera left\n"},
    {"{\"made_by\":\"dataset split\",\"selection\":{\"by\":\"lap\",\"part\":\"first\"},"
     "\"parents\":[{\"file\":\"a.h5\",\"rows\":2946}]}",
     "dataset split of a.h5 (2,946 rows): by lap, the first part\n"},
    {"{\"made_by\":\"dataset split\",\"selection\":{\"part\":\"rest\"},\"parents\":["
     "{\"file\":\"a.h5\",\"rows\":1}]}",
     "dataset split of a.h5 (1 row): the rest\n"},
    /* The same grandparent once. */
    {"{\"made_by\":\"dataset concat\",\"parents\":[{\"file\":\"b.h5\",\"rows\":2,\"provenance\":{"
     "\"made_by\":\"cut\",\"parents\":[{\"file\":\"a.h5\",\"rows\":5,\"provenance\":\"x\"}]}},"
     "{\"file\":\"c.h5\",\"rows\":3,\"provenance\":{"
     "\"made_by\":\"cut\",\"parents\":[{\"file\":\"a.h5\",\"rows\":5,\"provenance\":\"x\"}]}}]}",
     "dataset concat of b.h5 (2 rows), c.h5 (3 rows)\n  b.h5: cut of a.h5 (5 rows)\n"
     "    a.h5: x\n  c.h5: cut of a.h5 (5 rows)\n"},
    {"{\"import\":\"log\",\"source\":\"log.csv\",\"root\":null,\"header\":true,\"cameras\":["
     "{\"column\":\"center\",\"offset\":0.0},{\"column\":\"left\",\"offset\":0.2},"
     "{\"column\":\"right\",\"offset\":-0.2}],\"offset_target\":\"steering\",\"crop\":{\"top\":60,"
     "\"bottom\":-25,\"left\":0,\"right\":0},\"height\":66,\"width\":200,\"resize\":\"linear\","
     "\"colour\":\"rgb\",\"flip\":[\"steering\"],\"oversample\":[{\"above\":1.0,\"times\":5},{"
     "\"above\":2.0,\"times\":10}],\"oversample_target\":\"steering\",\"pictures\":1200,"
     "\"left_out\":2,\"chunk_rows\":0,\"deflate_level\":0}",
     "dataset import of log.csv: cameras center +0, left +0.2, right -0.2 on steering; crop "
     "60:-25; linear to 66 x 200; mirrored (steering); oversampled by steering (5 times beyond 1, "
     "10 times beyond 2); 1,200 pictures, 2 left out\n"},
    {"{\"import\":\"log\",\"source\":\"log.csv\",\"root\":\"/data\",\"cameras\":[{\"column\":"
     "\"image\",\"offset\":0.0}],\"offset_target\":null,\"crop\":{\"top\":0,\"bottom\":0,\"left\":"
     "5,"
     "\"right\":-5},\"height\":66,\"width\":200,\"resize\":\"area\",\"flip\":[],\"oversample\":[],"
     "\"oversample_target\":null,\"pictures\":1,\"left_out\":0}",
     "dataset import of log.csv (root /data): camera image; crop 0:,5:-5; area to 66 x 200; 1 "
     "picture\n"},
    {"{\"made_by\":\"dataset concat\",\"selection\":{},\"parents\":[{\"file\":\"a.h5\",\"rows\":2"
     "},{\"file\":\"b.h5\",\"rows\":3}]}",
     "dataset concat of a.h5 (2 rows), b.h5 (3 rows)\n"},
    {"{\"tool_version\":\"0.1.0\",\"import\":\"folder\",\"source\":\"drive7\",\"root\":null,"
     "\"cameras\":[]}",
     "dataset import of drive7 (evalrun 0.1.0)\n"},
    /* Not what it looks like. */
    {"{\"made_by\":7,\"parents\":[3]}", "? of ? (0 rows)\n"},
    {"[1,2]", "\n"},
};

START_TEST(provenance_in_words)
{
    char *words = ev_provenance_text(told[_i].provenance);

    ck_assert_str_eq(words, told[_i].words);
    free(words);
}
END_TEST

/* The screen of a set, and its JSON, which the caller frees. */
static void show(const char *path, char **text, char **json)
{
    struct ev_summary summary;
    struct ev_set *set;
    size_t length = 0;
    FILE *out = open_memstream(text, &length);

    ev_assert_ok(ev_set_open(path, &(struct ev_set_source){.lenient = true}, &set, &err));
    ev_assert_ok(ev_summary_make(set, &summary, &err));
    ev_summary_print(&summary, false, out);
    *json = ev_summary_json(&summary);
    ev_summary_free(&summary);
    ev_set_close(set);
    fclose(out);
}

/* Characters of a line in UTF-8. */
static int width_of(const char *line)
{
    int width = 0;

    for (; *line && *line != '\n'; line++)
        width += ((unsigned char)*line & 0xc0) != 0x80;
    return width;
}

/* Lines, except the first with the path, are no longer than a terminal's and have no blanks at
 * their ends; characters in UTF-8. */
static void check_width(const char *text)
{
    for (const char *line = strchr(text, '\n') + 1; *line; line += strcspn(line, "\n") + 1) {
        const int length = (int)strcspn(line, "\n"), width = width_of(line);
        ck_assert_msg(width <= 80, "%d columns: %.*s", width, length, line);
        ck_assert_msg(length == 0 || line[length - 1] != ' ', "blanks at its end: %.*s", length,
                      line);
    }
}

START_TEST(a_screen_of_80_columns)
{
    static const char *const parts[] = {
        "1,200 of 4 x 5 x 1",   "chunked, 16 rows a chunk", "deflate 6", "numbers",
        "20 pictures a second", "made by a test",           "out2",      "-1 to 1200",
        "tallest bar: 34 rows"};
    struct ev_set_spec spec = ev_test_set_spec(1200, 4, 5, 1, 3);
    char *json, *text;

    spec.chunk_rows = 16;
    spec.deflate_level = 6;
    ev_test_write_spec(ev_test_path("set.h5"), &spec);
    show(ev_test_path("set.h5"), &text, &json);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(text, parts[i]) != NULL, "'%s' is not in\n%s", parts[i], text);
    check_width(text);
    ck_assert_ptr_null(strstr(text, "axes"));
    json_t *parsed = json_loads(json, 0, NULL);
    ck_assert_ptr_nonnull(parsed);
    ck_assert_int_eq(json_integer_value(json_object_get(parsed, "n_rows")), 1200);
    json_t *column = json_array_get(json_object_get(parsed, "columns"), 2);
    ck_assert_double_eq(json_number_value(json_object_get(column, "max")), 1199.5);
    ck_assert_double_eq(json_number_value(json_object_get(column, "mean")), 600.0);
    json_decref(parsed);
    free(json);
    free(text);
}
END_TEST

/* Names and units of any length, numbers of any size. */
START_TEST(wide_labels)
{
    static const char long_text[] = "\xc3\xa4_name_of_thirty_one_bytes_xyz";
    static const double scales[] = {1.0, 1.2345e-7, 1.2345e15, 12345.6, 0.1};
    struct ev_set_spec spec = ev_test_set_spec(200, 4, 5, 3, EV_MAX_OUTPUTS);
    struct ev_set_writer *writer;
    static uint8_t images[200 * 60];
    static float labels[200][EV_MAX_OUTPUTS];
    char *json, *text;

    for (int32_t i = 0; i < EV_MAX_OUTPUTS; i++) {
        struct ev_column *column = &spec.columns[i];
        const double scale = scales[(i + _i) % 5] * (i % 2 == 0 ? 1.0 : -1.0);
        snprintf(column->name, sizeof column->name, "%x%.*s", (unsigned)i, _i % 2 == 0 ? 29 : 2 * i,
                 long_text);
        snprintf(column->unit, sizeof column->unit, "%.*s", _i < 3 ? 31 : i, long_text);
        column->min = -fabs(scale);
        column->max = fabs(scale);
        for (int row = 0; row < 200; row++)
            labels[row][i] = (float)(-scale * (1.0 + row / 300.0));
    }
    ev_assert_ok(ev_set_writer_open(ev_test_path("set.h5"), &spec, &writer, &err));
    ev_assert_ok(ev_set_writer_append(writer, 200, images, &labels[0][0], NULL, &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    show(ev_test_path("set.h5"), &text, &json);
    check_width(text);
    const char *head = strstr(text, "\n  label") + 1, *line = head;
    for (int i = 0; i < EV_MAX_OUTPUTS; i++) {
        line = strchr(line, '\n') + 1;
        ck_assert_int_eq(width_of(line), width_of(head));
    }
    free(json);
    free(text);
}
END_TEST

/* A file of another program: (N, C, H, W) or (N, H, W), and labels without attributes. */
static const char *write_foreign(int rank, const float *y)
{
    const hsize_t extents[2][4] = {{5, 3, 6, 8}, {5, 1}};
    const char *path = ev_test_path("foreign.h5");
    const uint8_t pictures[5 * 3 * 6 * 8] = {0};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    for (int i = 0; i < 2; i++) {
        const hid_t type = i == 0 ? H5T_NATIVE_UINT8 : H5T_NATIVE_FLOAT;
        hid_t space = H5Screate_simple(i == 0 ? rank : 2, extents[i], NULL);
        hid_t dataset = H5Dcreate2(file, i == 0 ? "images" : "labels", type, space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, i == 0 ? (const void *)pictures : y);
        H5Dclose(dataset);
        H5Sclose(space);
    }
    H5Fclose(file);
    return path;
}

START_TEST(files_of_other_programs)
{
    const float y[] = {-0.0f, -2.0f, 7.0f, 7.5f, 3.0f},
                same[] = {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f};
    char *json, *text;

    show(write_foreign(4, y), &text, &json);
    ck_assert_ptr_nonnull(
        strstr(text, "axes        N x C x H x W (found; --layout says otherwise)"));
    ck_assert_ptr_nonnull(strstr(text, "colour      rgb"));
    ck_assert_ptr_nonnull(strstr(text, "0 to 1 (assumed)"));
    ck_assert_ptr_null(strstr(text, "outside"));
    ck_assert_ptr_nonnull(strstr(text, "tallest bar: 1 row\n"));
    /* The round middle stands where it belongs, not in the middle. */
    ck_assert_ptr_nonnull(strstr(text, "\n  -2             2                 7.5\n"));
    check_width(text);
    free(text);
    json_t *parsed = json_loads(json, 0, NULL);
    ck_assert(json_is_true(json_object_get(json_array_get(json_object_get(parsed, "columns"), 0),
                                           "range_is_assumed")));
    json_decref(parsed);
    free(json);
    show(write_foreign(3, same), &text, &json);
    ck_assert_ptr_nonnull(strstr(text, "axes        N x H x W\n"));
    ck_assert_ptr_nonnull(strstr(text, "colour      grey"));
    ck_assert_ptr_null(strstr(text, "-0"));
    free(json);
    free(text);
}
END_TEST

static const struct {
    int64_t n_rows;
    int32_t height, width, channels, n_outputs;
} sizes[] = {
    {1, 66, 200, 3, 2},  {3, 2, 300, 3, 16}, {100, 300, 2, 1, 1},
    {5, 480, 640, 3, 2}, {40, 1, 1, 1, 1},
};

START_TEST(sheets_of_any_size)
{
    struct ev_picture sheet;
    struct ev_set *set;
    const char *png = ev_test_path("sheet.png");
    int n_grey = 0;

    ev_test_write_set(ev_test_path("set.h5"), sizes[_i].n_rows, sizes[_i].height, sizes[_i].width,
                      sizes[_i].channels, sizes[_i].n_outputs);
    ev_assert_ok(ev_set_open(ev_test_path("set.h5"), NULL, &set, &err));
    ev_assert_ok(ev_sheet_draw(set, png, &err));
    ev_assert_ok(ev_picture_read(png, &sheet, &err));
    ck_assert_int_le(sheet.width, 1400);
    ck_assert_int_le(sheet.height, 1400);
    /* Something is drawn: a heading at least. */
    for (int i = 0; i < sheet.height * sheet.width * 3; i += 3)
        n_grey += sheet.pixels[i] < 128;
    ck_assert_int_gt(n_grey, 100);
    ev_picture_free(&sheet);
    ev_assert_fails(ev_sheet_draw(set, ev_test_path("set.h5"), &err), EV_USAGE,
                    "is the set that is read");
    ev_set_close(set);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("summary");
    TCase *tcase = tcase_create("summary");

    tcase_add_test(tcase, figures);
    tcase_add_test(tcase, figures_of_hardly_anything);
    tcase_add_test(tcase, bars);
    tcase_add_loop_test(tcase, provenance_in_words, 0, (int)(sizeof told / sizeof told[0]));
    tcase_add_test(tcase, a_screen_of_80_columns);
    tcase_add_loop_test(tcase, wide_labels, 0, 5);
    tcase_add_test(tcase, files_of_other_programs);
    tcase_add_loop_test(tcase, sheets_of_any_size, 0, (int)(sizeof sizes / sizeof sizes[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
