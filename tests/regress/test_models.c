/* SPDX-License-Identifier: MIT */
/*
 * The committed models on the committed set tests/data/regress.h5, against results/reference.csv:
 * sizes and rows exactly, errors to a relative 1e-5. Every number column of the reference that
 * this test knows is compared; the reference is a results.csv of the tool, made by
 * tools/make-reference.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/host.h"
#include "base/progress.h"
#include "base/text.h"
#include "eval/eval.h"

#define SET_NAME       "regress"
#define RELATIVE       1e-5
/* Columns that are compared; the reference must have them all. */
#define N_MIN_COMPARED 6

static struct ev_error err = EV_ERROR_INIT;

static double relative_difference(double a, double b)
{
    return fabs(a - b) / fmax(fabs(a), fabs(b));
}

/* The figure of a row that the reference's column names, or false if it is not an error. Outputs
 * are named after the set's columns: "mse_norm", "mse_norm_v", "mae_w", "r2_v". */
static bool figure_of(const struct ev_result_row *row, const char *column, double *figure)
{
    const struct ev_error_figures *of = &row->all;
    char stem[64];
    char *rest;

    snprintf(stem, sizeof stem, "%s", column);
    for (int32_t k = 0; k < row->n_outputs; k++) {
        size_t n_name = strlen(row->columns[k].name);
        size_t n_stem = strlen(stem);
        if (n_stem > n_name + 1 && stem[n_stem - n_name - 1] == '_' &&
            strcmp(stem + n_stem - n_name, row->columns[k].name) == 0) {
            rest = stem + n_stem - n_name - 1;
            *rest = '\0';
            of = &row->outputs[k];
            break;
        }
    }
    *figure = strcmp(stem, "mse_norm") == 0   ? of->mse_norm
              : strcmp(stem, "mae_norm") == 0 ? of->mae_norm
              : strcmp(stem, "r2") == 0       ? of->r2
                                              : NAN;
    return !isnan(*figure);
}

static void compare_row(const struct ev_csv *reference, int64_t at, const struct ev_result_row *row)
{
    const char *path = "reference.csv";
    int n_compared = 0;
    double expected;
    double figure;

    for (int32_t column = 0; column < reference->n_columns; column++) {
        const char *name = reference->cells[column];
        if (strcmp(name, "model_bytes") == 0) {
            ev_assert_ok(ev_csv_double(reference, path, at, column, &expected, &err));
            ck_assert_msg(row->model_bytes == (int64_t)expected, "%s: %lld bytes, expected %.0f",
                          row->backend, (long long)row->model_bytes, expected);
        } else if (strcmp(name, "n_rows") == 0) {
            ev_assert_ok(ev_csv_double(reference, path, at, column, &expected, &err));
            ck_assert_int_eq(row->n_rows, (int64_t)expected);
        } else if (figure_of(row, name, &figure)) {
            ev_assert_ok(ev_csv_double(reference, path, at, column, &expected, &err));
            ck_assert_msg(relative_difference(figure, expected) <= RELATIVE,
                          "%s: %s is %.9g, expected %.9g", row->backend, name, figure, expected);
            n_compared++;
        }
    }
    ck_assert_int_ge(n_compared, N_MIN_COMPARED);
}

static struct ev_csv read_reference(void)
{
    struct ev_csv reference;
    char *path = ev_path_data("results/reference.csv");

    ev_assert_ok(ev_csv_read(path, &reference, &err));
    free(path);
    return reference;
}

/* Every variant that is part of "all" has its row, and there are no others. */
START_TEST(reference_has_every_variant)
{
    struct ev_csv reference = read_reference();
    int32_t column = ev_csv_column(&reference, "backend");
    int64_t n_expected = 0;

    ck_assert_int_ge(column, 0);
    for (const struct ev_variant *variant = ev_variants; variant->name; variant++) {
        int64_t n_found = 0;
        for (int64_t at = 0; at < reference.n_rows; at++)
            n_found += strcmp(ev_csv_cell(&reference, at, column), variant->name) == 0;
        ck_assert_msg(n_found == variant->in_all, "%s has %lld rows", variant->name,
                      (long long)n_found);
        n_expected += variant->in_all;
    }
    ck_assert_int_eq(reference.n_rows, n_expected);
    ev_csv_free(&reference);
}
END_TEST

START_TEST(figures_are_those_of_the_reference)
{
    struct ev_csv reference = read_reference();
    int32_t column = ev_csv_column(&reference, "backend");
    const char *name = ev_csv_cell(&reference, _i, column);
    const struct ev_variant *variant = ev_variant_find(name);
    char *set_path = ev_path_data("tests/data/regress.h5");
    struct ev_result result;

    ck_assert_msg(variant != NULL, "reference.csv: unknown variant '%s'", name);
    char *model_path = ev_path_data(variant->model);
    struct ev_eval_backend backend = {name, NULL, model_path, 0};
    const struct ev_eval_set set = {SET_NAME, set_path, NULL};
    const struct ev_eval_args args = {
        .backends = &backend,
        .n_backends = 1,
        .sets = &set,
        .n_sets = 1,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = ev_host_cores(),
        .batch_rows = 1024,
    };
    ev_progress_set_quiet(true);
    ev_assert_ok(ev_engine_find(variant->engine, &backend.engine, &err));
    ev_result_init(&result);
    ev_assert_ok(ev_eval_run(&args, &result, &err));
    const struct ev_result_row *row = ev_result_find(&result, name, SET_NAME);
    ck_assert_ptr_nonnull(row);
    compare_row(&reference, _i, row);
    ev_result_free(&result);
    ev_csv_free(&reference);
    free(model_path);
    free(set_path);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("models");
    TCase *models = tcase_create("reference");
    int n_variants = 0;

    for (const struct ev_variant *variant = ev_variants; variant->name; variant++)
        n_variants += variant->in_all;
    tcase_set_timeout(models, 60);
    tcase_add_test(models, reference_has_every_variant);
    tcase_add_loop_test(models, figures_are_those_of_the_reference, 0, n_variants);
    suite_add_tcase(suite, models);
    return suite;
}
