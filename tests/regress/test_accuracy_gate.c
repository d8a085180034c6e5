/* SPDX-License-Identifier: MIT */
/*
 * The gate on accuracy: no committed model's errors on tests/data/regress.h5 are worse than those
 * of results/reference.h5, the outputs that the models gave when they were committed, row by row.
 * Kernels of other processors may round otherwise; a model that was trained or quantised worse is
 * caught.
 */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/host.h"
#include "base/progress.h"
#include "eval/compare.h"
#include "eval/error_figures.h"
#include "set/set.h"

#define SET_NAME "regress"

static struct ev_error err = EV_ERROR_INIT;
static const struct ev_compare_args args = {EV_ERROR_MARGIN, EV_COMPARE_ERROR};

static struct ev_set *open_set(void)
{
    struct ev_set *set;
    char *path = ev_path_data("tests/data/regress.h5");

    ev_assert_ok(ev_set_open(path, NULL, &set, &err));
    free(path);
    return set;
}

/* The outputs of one variant for every row of the set; the caller frees them. */
static float *infer(const char *name, struct ev_set *set)
{
    const struct ev_set_info *info = ev_set_info(set);
    const struct ev_variant *variant = ev_variant_find(name);
    const struct ev_backend *engine;
    struct ev_model *model;
    void *pictures = malloc((size_t)info->n_rows * ev_set_picture_bytes(info, EV_FORM_U8_NHWC));
    float *outputs = malloc((size_t)(info->n_rows * info->n_outputs) * sizeof *outputs);

    ck_assert(pictures && outputs);
    ck_assert_msg(variant != NULL, "reference.h5: unknown variant '%s'", name);
    char *model_path = ev_path_data(variant->model);
    const struct ev_open_args open_args = {
        .size = sizeof open_args,
        .n_threads = ev_host_cores(),
        .model_path = model_path,
        .device_kind = EV_DEVICE_CPU,
        .shape = info->shape,
        .n_outputs = info->n_outputs,
        .max_rows = info->n_rows,
    };
    const struct ev_batch batch = {
        .size = sizeof batch,
        .form = EV_FORM_U8_NHWC,
        .shape = info->shape,
        .n_rows = info->n_rows,
        .data = pictures,
    };
    ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, 0, info->n_rows, pictures, &err));
    ev_assert_ok(ev_engine_find(variant->engine, &engine, &err));
    ev_assert_ok(ev_model_open(engine, &open_args, &model, &err));
    ev_assert_ok(ev_model_infer(model, &batch, outputs, &err));
    ev_model_close(model);
    free(model_path);
    free(pictures);
    return outputs;
}

/* A result of the committed outputs. */
static void load_reference(struct ev_set *set, struct ev_result *result)
{
    const struct ev_set_info *info = ev_set_info(set);
    char *path = ev_path_data("results/reference.h5");
    bool found;

    ev_result_init(result);
    ev_assert_ok(ev_samples_load(path, &result->samples, &err));
    free(path);
    struct ev_result_set *added = ev_result_add_set(result);
    ck_assert_ptr_nonnull(added);
    added->name = strdup(SET_NAME);
    added->sha256 = strdup("the same");
    added->path = strdup("");
    added->provenance = strdup("");
    for (size_t b = 0; b < result->samples.n_backends; b++) {
        struct ev_result_row *row = ev_result_add_row(result);
        ck_assert_ptr_nonnull(row);
        row->backend = strdup(result->samples.backends[b]);
        row->set = strdup(SET_NAME);
        row->n_outputs = info->n_outputs;
        memcpy(row->columns, info->columns, sizeof row->columns);
        ev_assert_ok(ev_error_figures_of(result, row, row, &found, &err));
        ck_assert_msg(found, "reference.h5: no rows of %s", row->backend);
        ck_assert_int_eq(row->n_rows, info->n_rows);
    }
}

/* Takes outputs into a result, in the place of those of backend b. */
static void replace_outputs(struct ev_result *result, size_t b, float *outputs)
{
    struct ev_result_row *row = &result->rows[b];
    bool found;

    free(result->samples.sets[0].outputs[b]);
    result->samples.sets[0].outputs[b] = outputs;
    ev_assert_ok(ev_error_figures_of(result, row, row, &found, &err));
}

START_TEST(the_reference_has_every_variant)
{
    struct ev_set *set = open_set();
    struct ev_result reference;
    size_t n = 0;

    load_reference(set, &reference);
    for (const struct ev_variant *variant = ev_variants; variant->name; variant++) {
        n += variant->in_all;
        ck_assert_msg(!variant->in_all ||
                          ev_samples_find_backend(&reference.samples, variant->name) >= 0,
                      "reference.h5 lacks %s", variant->name);
    }
    ck_assert_uint_eq(reference.samples.n_backends, n);
    ev_result_free(&reference);
    ev_set_close(set);
}
END_TEST

START_TEST(no_variant_is_worse_than_the_reference)
{
    struct ev_set *set = open_set();
    struct ev_result reference, fresh;
    struct ev_compare compare;

    ev_progress_set_quiet(true);
    load_reference(set, &reference);
    load_reference(set, &fresh);
    const struct ev_samples_set *labels = &reference.samples.sets[0];
    float *read = malloc((size_t)(labels->n_rows * labels->n_outputs) * sizeof *read);
    ck_assert_ptr_nonnull(read);
    memcpy(read, ev_set_labels(set), (size_t)(labels->n_rows * labels->n_outputs) * sizeof *read);
    free(fresh.samples.sets[0].labels);
    fresh.samples.sets[0].labels = read;
    for (size_t b = 0; b < fresh.samples.n_backends; b++)
        replace_outputs(&fresh, b, infer(fresh.samples.backends[b], set));
    ev_assert_ok(ev_compare_results(&reference, &fresh, &args, &compare, &err));
    ck_assert_uint_eq(compare.n_figures, reference.samples.n_backends * 6);
    for (size_t i = 0; i < compare.n_figures; i++) {
        const struct ev_compare_figure *figure = &compare.figures[i];
        ck_assert_msg(figure->verdict == EV_COMPARE_SAME || figure->verdict == EV_COMPARE_BETTER,
                      "%s of %s was %.6g and is %.6g (%+.2f %%): %s %s", figure->name,
                      figure->backend, figure->a, figure->b, figure->change * 100,
                      ev_compare_verdict_name(figure->verdict), figure->why);
    }
    ev_compare_free(&compare);
    ev_result_free(&fresh);
    ev_result_free(&reference);
    ev_set_close(set);
}
END_TEST

/* The committed outputs with errors whose squares are 5 % larger: told, row by row, in a set whose
 * own interval is many times as wide. */
START_TEST(a_worse_model_is_caught)
{
    struct ev_set *set = open_set();
    struct ev_result reference, worse;
    struct ev_compare compare;

    load_reference(set, &reference);
    load_reference(set, &worse);
    const struct ev_samples_set *samples = &worse.samples.sets[0];
    for (int64_t i = 0; i < samples->n_rows * samples->n_outputs; i++) {
        const struct ev_column *column = &ev_set_info(set)->columns[i % samples->n_outputs];
        const double target =
            ((double)samples->labels[i] - column->min) / (column->max - column->min);
        samples->outputs[_i][i] =
            (float)(target + sqrt(1.05) * ((double)samples->outputs[_i][i] - target));
    }
    ev_assert_ok(ev_compare_results(&reference, &worse, &args, &compare, &err));
    ck_assert_int_ge(compare.n[EV_COMPARE_WORSE], 1);
    for (size_t i = 0; i < compare.n_figures; i++) {
        const struct ev_compare_figure *figure = &compare.figures[i];
        const bool is_changed = strcmp(figure->backend, worse.samples.backends[_i]) == 0;
        if (!is_changed)
            ck_assert_int_eq(figure->verdict, EV_COMPARE_SAME);
        else if (strcmp(figure->name, "MSE") == 0)
            ck_assert_int_eq(figure->verdict, EV_COMPARE_WORSE);
    }
    ev_compare_free(&compare);
    ev_result_free(&worse);
    ev_result_free(&reference);
    ev_set_close(set);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("accuracy_gate");
    TCase *tests = tcase_create("accuracy_gate");
    int n_variants = 0;

    for (const struct ev_variant *variant = ev_variants; variant->name; variant++)
        n_variants += variant->in_all;
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_reference_has_every_variant);
    tcase_add_test(tests, no_variant_is_worse_than_the_reference);
    tcase_add_loop_test(tests, a_worse_model_is_caught, 0, n_variants);
    suite_add_tcase(suite, tests);
    return suite;
}
