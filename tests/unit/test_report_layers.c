/* SPDX-License-Identifier: MIT */
/* Tables of layers and what they say, of a result made by hand. */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/report_layers.h"
#include "report/report_parts.h"
#include "support/ev_test_report.h"
#include "support/ev_test_result.h"

static struct ev_error err = EV_ERROR_INIT;

static const struct {
    const char *backend, *name, *kind, *dtype;
    int32_t index;
    int64_t macs, weight_bytes;
    double time_us, share;
} made[] = {
    {"baseline", "conv1", "conv2d", "float32", 0, 9000000, 2048, 600, 0.6},
    {"baseline", "fc1", "linear", "float32", 1, 1000000, 1048576, 250, 0.25},
    {"baseline", "everything else", EV_LAYER_OTHER, "", 2, 0, 0, 150, 0.15},
    {"dynamic", "conv1", "conv2d", "float32", 0, 9000000, 2048, 600, 0.75},
    {"dynamic", "fc1", "linear", "int8", 1, 1000000, 262144, 200, 0.25},
    {"static", "conv1", "conv2d", "int8", 0, 9000000, 512, 90, 0.9},
    {"static", "everything else", EV_LAYER_OTHER, "", 1, 0, 0, 10, 0.1},
};
#define N_MADE (sizeof made / sizeof made[0])

/* The first layer was tried in int8. */
static void add_layers(struct ev_result *result)
{
    for (size_t i = 0; i < N_MADE; i++) {
        struct ev_result_layer *layer = ev_result_add_layer(result);
        ck_assert_ptr_nonnull(layer);
        ev_test_result_text(&layer->backend, made[i].backend);
        ev_test_result_text(&layer->name, made[i].name);
        ev_test_result_text(&layer->kind, made[i].kind);
        ev_test_result_text(&layer->dtype, made[i].dtype);
        layer->index = made[i].index;
        layer->macs = made[i].macs;
        layer->weight_bytes = made[i].weight_bytes;
        layer->time_ns = made[i].time_us * 1e3;
        layer->share = made[i].share;
    }
    result->layers[0].change = 0.0123;
    result->layers[0].change_low = 0.0023;
    result->layers[0].change_high = 0.0223;
    result->peak = (struct ev_result_peak){50e9, 200e9, 17e9, 1};
}

static void make(struct ev_result *result, struct ev_view *view)
{
    ev_test_result_make(result, 4, 1);
    add_layers(result);
    ev_assert_ok(ev_view_init(view, result, &err));
}

/* What `write` writes, malloc'ed. */
static char *written(void (*write)(const struct ev_view *view, FILE *out),
                     const struct ev_view *view)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ck_assert_ptr_nonnull(out);
    write(view, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static void write_terminal(const struct ev_view *view, FILE *out)
{
    ev_layers_print(view, "  ", out);
}

static void write_markdown(const struct ev_view *view, FILE *out)
{
    struct ev_doc doc = {.out = out};

    ev_assert_ok(ev_part_layers(view, &doc, &err));
}

static void write_csv(const struct ev_view *view, FILE *out)
{
    ev_assert_ok(ev_report_layers_csv.write(view->result, NULL, out, &err));
}

START_TEST(findings_are_computed)
{
    static const char *const expected[] = {
        "baseline: 90.0 % of the multiply-adds are in conv2d layers, which take 60.0 % of the time",
        "dynamic: 90.0 % of the multiply-adds are in layers left in float32, which take 75.0 % of "
        "the time",
        "static: all multiply-adds are in int8, and take 90.0 % of the time",
        "",
    };
    struct ev_result result;
    struct ev_view view;
    char text[300];

    make(&result, &view);
    for (size_t b = 0; b < 4; b++) {
        ev_layers_finding(&view, b, text, sizeof text);
        ck_assert_str_eq(text, expected[b]);
        ck_assert_int_eq(ev_layers_known(&view, b), b < 3);
    }
    /* Nothing is said of shares of an unknown whole. */
    result.layers[1].macs = -1;
    ev_layers_finding(&view, 0, text, sizeof text);
    ck_assert_str_eq(text, "");
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(tables_hold_the_rows)
{
    struct ev_result result;
    struct ev_view view;

    make(&result, &view);
    char *markdown = written(write_markdown, &view);
    /* 15 G/s of 50 G/s */
    ev_assert_has(markdown, "| conv1 | conv2d | float32 | 9.000 | 90.0 | 2.0 | 600.0 | 60.0 | 30.0 | "
                         "+1.23 ±1.00 % |\n");
    ev_assert_has(markdown, "| fc1 | linear | float32 | 1.000 | 10.0 | 1,024.0 | 250.0 | 25.0 | 8.0 | "
                         "- |\n");
    ev_assert_has(markdown, "| everything else |  |  |  |  |  | 150.0 | 15.0 |  |  |\n");
    ev_assert_has(markdown, "| all |  |  | 10.000 | 100.0 | 1,026.0 | 1,000.0 | 100.0 |  |  |\n");
    /* 5 G/s of 200 G/s: int8 has a peak of its own, and dynamic no column of changes */
    ev_assert_has(markdown, "| fc1 | linear | int8 | 1.000 | 10.0 | 256.0 | 200.0 | 25.0 | 2.5 |\n");
    ev_assert_has(markdown, "of the time.\n");
    ev_assert_has(markdown, "50 G multiply-adds/s in float32, 200 G in int8; memory 17.0 GB/s.\n");
    free(markdown);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

/* The CPU's peak says nothing of another device: a dash for what runs there, and a note. */
START_TEST(no_part_of_the_cpus_peak_elsewhere)
{
    struct ev_result result;
    struct ev_view view;

    make(&result, &view);
    for (size_t i = 0; i < result.n_rows; i++) {
        ev_test_result_text(&result.rows[i].device, "cuda:0");
        /* As engines say; dynamic's does not. */
        if (strcmp(result.rows[i].backend, "dynamic") != 0)
            snprintf(result.rows[i].look.runs_on, sizeof result.rows[i].look.runs_on, "%s",
                     strcmp(result.rows[i].backend, "static") == 0 ? "cpu" : "cuda:0");
    }
    char *text = written(write_markdown, &view);
    ev_assert_has(text, "| 9.000 | 90.0 | 2.0 | 600.0 | 60.0 | - | +1.23 ±1.00 % |\n");
    ev_assert_has(text, "| 10.0 | 256.0 | 200.0 | 25.0 | - |\n"); /* dynamic */
    ev_assert_has(text, "| 90.0 | 90.0 | 50.0 |\n");              /* static, on the CPU */
    ev_assert_has(text, "of peak: this CPU's");
    ev_assert_has(text, "- no part of peak on cuda:0: only this CPU's peak is known.\n");
    free(text);
    text = written(write_csv, &view);
    ev_assert_has(text, "baseline,0,conv1,conv2d,float32,9000000,2048,600.000,60.0000,,1.23,");
    free(text);
    for (size_t i = 0; i < result.n_rows; i++)
        result.rows[i].look.runs_on[0] = '\0';
    text = written(write_markdown, &view);
    ev_assert_lacks(text, "this CPU's on");
    ev_assert_has(text, "int8 alone: of that layer only");
    free(text);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(the_terminal_has_lines_that_fit)
{
    struct ev_result result;
    struct ev_view view;

    make(&result, &view);
    char *text = written(write_terminal, &view);
    ev_assert_has(text, "Layers of dynamic\n");
    ev_assert_has(text, "  dynamic: 90.0 % of the multiply-adds");
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        size_t width = 0;
        for (const char *c = line; *c != '\n'; c++)
            width += ((unsigned char)*c & 0xc0) != 0x80;
        ck_assert_msg(width <= 100, "%zu columns: %s", width, line);
    }
    free(text);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

START_TEST(csv_has_every_figure)
{
    struct ev_result result;
    struct ev_view view;

    make(&result, &view);
    char *text = written(write_csv, &view);
    ev_assert_has(text, "baseline,0,conv1,conv2d,float32,9000000,2048,600.000,60.0000,30.0000,1.23,"
                     "0.23,2.23\n");
    ev_assert_has(text, "baseline,2,everything else,other,,0,0,150.000,15.0000,,,,\n");
    free(text);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

/* A result without layers says nothing of them, and leaves no file of an earlier one. */
START_TEST(without_layers_nothing)
{
    const struct ev_report_folders folders = {.tables = ev_test_folder(),
                                              .plots = ev_test_folder()};
    const char *path = ev_test_path("layers.csv");
    struct ev_result result;
    struct ev_view view;

    make(&result, &view);
    ev_assert_ok(ev_report_write(&result, &folders, &err));
    ck_assert(ev_file_exists(path));
    ev_view_free(&view);
    ev_result_free(&result);

    ev_test_result_make(&result, 4, 1);
    ev_assert_ok(ev_view_init(&view, &result, &err));
    char *terminal = written(write_terminal, &view), *markdown = written(write_markdown, &view);
    ck_assert_str_eq(terminal, "");
    ck_assert_str_eq(markdown, "");
    ev_assert_ok(ev_report_write(&result, &folders, &err));
    ck_assert(!ev_file_exists(path));
    free(terminal);
    free(markdown);
    ev_view_free(&view);
    ev_result_free(&result);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("report_layers");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 60);
    tcase_add_test(all, findings_are_computed);
    tcase_add_test(all, tables_hold_the_rows);
    tcase_add_test(all, no_part_of_the_cpus_peak_elsewhere);
    tcase_add_test(all, the_terminal_has_lines_that_fit);
    tcase_add_test(all, csv_has_every_figure);
    tcase_add_test(all, without_layers_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
