/* SPDX-License-Identifier: MIT */
/*
 * Intervals and verdicts of whole evaluations, by an engine whose errors are known: the picture
 * says which row it is, and the model's "file" which errors the engine makes.
 */
#include "support/ev_test.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/progress.h"
#include "base/rng.h"
#include "eval/eval.h"
#include "eval/judge.h"
#include "support/ev_test_set.h"

#define N_OUTPUTS 2
#define LABEL_MAX 9999.0
/* Sets that begin here have rows of their own. */
#define SECOND    5000
/* Standard deviation of errors, in normalised units. */
#define SPREAD    0.05

static struct ev_error err = EV_ERROR_INIT;

/* --- Sets --- */

static struct ev_eval_set make_set(const char *name, int64_t first, int64_t n_rows)
{
    struct ev_set_spec spec = ev_test_set_spec(n_rows, 2, 2, 3, N_OUTPUTS);
    struct ev_set_writer *writer;
    const char *path = ev_test_path(name);

    for (int k = 0; k < N_OUTPUTS; k++)
        spec.columns[k].max = LABEL_MAX;
    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    ev_assert_ok(ev_test_append(writer, &spec, first, n_rows, &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    return (struct ev_eval_set){name, path, NULL};
}

/* --- The engine --- */

struct ev_engine {
    char kind[16];
};

/* Normal numbers of which neighbours are alike, as frames of a drive. */
static double smooth_noise(uint64_t stream, int64_t row)
{
    double sum = 0;

    for (int64_t i = 0; i < 8; i++) {
        struct ev_rng rng = ev_rng_at(stream, EV_RNG_TEST, (uint64_t)(row + i));
        sum += ev_rng_normal(&rng);
    }
    return SPREAD * sum / sqrt(8);
}

static double error_of(const char *kind, int64_t row)
{
    const double base = smooth_noise(1, row), other = smooth_noise(2, row);

    if (strcmp(kind, "base") == 0)
        return base;
    if (strcmp(kind, "worse") == 0) /* by 10 %, on average */
        return sqrt(base * base + 0.1 * other * other);
    if (strcmp(kind, "unlike") == 0) /* by 0.5 %, but where others are right */
        return other * sqrt(1.005);
    if (strcmp(kind, "levels") == 0)
        return row < SECOND ? 0.01 : 0.1;
    ck_assert_str_eq(kind, "nan");
    return NAN;
}

static enum ev_status oracle_open(const struct ev_open_args *args, struct ev_engine **engine,
                                  struct ev_error *error)
{
    *engine = calloc(1, sizeof **engine);
    if (!*engine)
        return ev_fail(error, EV_MEMORY, "out of memory");
    snprintf((*engine)->kind, sizeof(*engine)->kind, "%s", args->model_path);
    return EV_OK;
}

static enum ev_status oracle_describe(struct ev_engine *engine, struct ev_description *description,
                                      struct ev_error *error)
{
    (void)engine;
    (void)error;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = (struct ev_shape){2, 2, 3};
    description->n_outputs = N_OUTPUTS;
    return EV_OK;
}

static enum ev_status oracle_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                   float *outputs, struct ev_error *error)
{
    (void)error;
    for (int64_t i = 0; i < batch->n_rows; i++) {
        const uint8_t *picture = (const uint8_t *)batch->data + i * 2 * 2 * 3;
        const int64_t row = picture[0] + 256 * picture[1];
        for (int k = 0; k < N_OUTPUTS; k++)
            outputs[i * N_OUTPUTS + k] = (float)((ev_test_label(row, k) + 1.0) / (LABEL_MAX + 1.0) +
                                                 error_of(engine->kind, row));
    }
    return EV_OK;
}

static void oracle_close(struct ev_engine *engine)
{
    free(engine);
}

static const struct ev_backend oracle = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof oracle,
    .name = "oracle",
    .summary = "errs as told",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .open = oracle_open,
    .describe = oracle_describe,
    .infer = oracle_infer,
    .close = oracle_close,
};

static struct ev_result run(const struct ev_eval_backend *backends, size_t n_backends,
                            const struct ev_eval_set *sets, size_t n_sets, int64_t batch_rows)
{
    const struct ev_eval_args args = {
        .backends = backends,
        .n_backends = n_backends,
        .sets = sets,
        .n_sets = n_sets,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = 1,
        .batch_rows = batch_rows,
    };
    struct ev_result result;

    ev_progress_set_quiet(true);
    ev_result_init(&result);
    ev_assert_ok(ev_eval_run(&args, &result, &err));
    return result;
}

static const struct ev_result_row *find(const struct ev_result *result, const char *backend,
                                        const char *set)
{
    const struct ev_result_row *row = ev_result_find(result, backend, set);

    ck_assert_ptr_nonnull(row);
    return row;
}

/* --- Verdicts --- */

START_TEST(identical_engines_are_the_same)
{
    const struct ev_eval_set sets[2] = {make_set("a", 0, 300), make_set("b", SECOND, 200)};
    const struct ev_eval_backend backends[2] = {{"one", &oracle, "base", 0},
                                                {"two", &oracle, "base", 0}};
    struct ev_result result = run(backends, 2, sets, 2, 64);

    ck_assert_uint_eq(result.n_rows, 6);
    for (size_t i = 0; i < result.n_rows; i++) {
        const struct ev_result_row *row = &result.rows[i];
        ck_assert(row->mse_norm_low < row->all.mse_norm && row->all.mse_norm < row->mse_norm_high);
        ck_assert(row->mse_norm_low > 0);
        if (strcmp(row->backend, "one") == 0) {
            ck_assert_int_eq(row->change.verdict, EV_VERDICT_NONE);
            ck_assert(isnan(row->change.relative) && isnan(row->change.low));
            continue;
        }
        ck_assert_int_eq(row->change.verdict, EV_VERDICT_SAME);
        ck_assert_double_eq(row->change.relative, 0);
        ck_assert_double_eq(row->change.low, 0);
        ck_assert_double_eq(row->change.high, 0);
    }
    ev_result_free(&result);
}
END_TEST

/* The baseline is the one of that name, wherever it stands. */
START_TEST(known_differences_are_found)
{
    const struct ev_eval_set set = make_set("a", 0, 3000);
    const struct ev_eval_backend worse[2] = {{"x", &oracle, "worse", 0},
                                             {"baseline", &oracle, "base", 0}},
                                 better[2] = {{"x", &oracle, "base", 0},
                                              {"baseline", &oracle, "worse", 0}};
    struct ev_result result = run(worse, 2, &set, 1, 1024);
    const struct ev_result_row *row = find(&result, "x", "a"),
                               *base = find(&result, "baseline", "a");

    ck_assert_int_eq(base->change.verdict, EV_VERDICT_NONE);
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_MORE);
    ck_assert(row->change.low < 0.1 && 0.1 < row->change.high);
    ck_assert_double_lt(row->change.high - row->change.low, 0.05);
    ck_assert_double_eq_tol(row->change.relative, row->all.mse_norm / base->all.mse_norm - 1,
                            1e-12);
    /* What is expected of the errors themselves. */
    ck_assert(base->mse_norm_low < SPREAD * SPREAD && SPREAD * SPREAD < base->mse_norm_high);
    ck_assert_double_lt(base->mse_norm_high / base->mse_norm_low, 1.5);
    ev_result_free(&result);

    result = run(better, 2, &set, 1, 1024);
    row = find(&result, "x", "a");
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_LESS);
    ck_assert(row->change.low < 1 / 1.1 - 1 && 1 / 1.1 - 1 < row->change.high);
    ev_result_free(&result);
}
END_TEST

START_TEST(differences_within_noise_are_unresolved)
{
    const struct ev_eval_set set = make_set("a", 0, 1000);
    const struct ev_eval_backend backends[2] = {{"one", &oracle, "base", 0},
                                                {"two", &oracle, "unlike", 0}};
    struct ev_result result = run(backends, 2, &set, 1, 64);
    const struct ev_error_change *change = &find(&result, "two", "a")->change;

    ck_assert_int_eq(change->verdict, EV_VERDICT_UNRESOLVED);
    ck_assert(change->low < 0.005 && 0.005 < change->high);
    /* Squares of normal numbers that differ have a standard deviation of 2; 5 to 8 neighbours are
     * alike. */
    ck_assert_double_gt(change->detectable, 2 * 1.96 * sqrt(3 / 1000.0) / 1.3);
    ck_assert_double_lt(change->detectable, 2 * 1.96 * sqrt(8 / 1000.0) * 1.5);
    ev_result_free(&result);
}
END_TEST

START_TEST(errors_that_are_no_numbers_have_no_interval)
{
    const struct ev_eval_set set = make_set("a", 0, 100);
    const struct ev_eval_backend backends[3] = {
        {"one", &oracle, "base", 0}, {"two", &oracle, "nan", 0}, {"three", &oracle, "base", 0}};
    struct ev_result result = run(backends, 3, &set, 1, 64);
    const struct ev_result_row *row = find(&result, "two", "a");

    ck_assert(isnan(row->mse_norm_low) && isnan(row->mse_norm_high));
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_UNRESOLVED);
    ck_assert(isnan(row->change.relative) && isnan(row->change.low) && isnan(row->change.high));
    ck_assert(isnan(row->change.detectable));
    ck_assert_int_eq(find(&result, "three", "a")->change.verdict, EV_VERDICT_SAME);
    ev_result_free(&result);

    /* Nothing is known against such a baseline. */
    result = run(backends + 1, 2, &set, 1, 64);
    row = find(&result, "three", "a");
    ck_assert_double_gt(row->mse_norm_low, 0);
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_UNRESOLVED);
    ck_assert(isnan(row->change.relative) && isnan(row->change.low));
    ev_result_free(&result);
}
END_TEST

START_TEST(one_row_has_no_interval)
{
    const struct ev_eval_set set = make_set("a", 0, 1);
    const struct ev_eval_backend backends[2] = {{"one", &oracle, "base", 0},
                                                {"two", &oracle, "worse", 0}};
    struct ev_result result = run(backends, 2, &set, 1, 64);
    const struct ev_result_row *row = find(&result, "two", "a");

    ck_assert(isnan(row->mse_norm_low) && isnan(row->change.low));
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_UNRESOLVED);
    ck_assert_double_gt(row->change.relative, 0);
    ev_result_free(&result);
}
END_TEST

/* Sets of different levels are segments: what differs between them is not noise. */
START_TEST(pooled_intervals_keep_sets_apart)
{
    const struct ev_eval_set sets[2] = {make_set("a", 0, 200), make_set("b", SECOND, 300)};
    const struct ev_eval_backend backend = {"one", &oracle, "levels", 0};
    struct ev_result result = run(&backend, 1, sets, 2, 64);
    const struct ev_result_row *all = find(&result, "one", "all");

    ck_assert_double_eq_tol(all->all.mse_norm, (200 * 1e-4 + 300 * 1e-2) / 500, 1e-8);
    ck_assert_double_eq_tol(all->mse_norm_low, all->all.mse_norm, 1e-7);
    ck_assert_double_eq_tol(all->mse_norm_high, all->all.mse_norm, 1e-7);
    ck_assert_double_eq_tol(find(&result, "one", "b")->mse_norm_low, 1e-2, 1e-7);
    ev_result_free(&result);
}
END_TEST

/* --- The same bits --- */

START_TEST(threads_and_batches_change_nothing)
{
    static const struct {
        int n_threads;
        int64_t batch_rows;
    } cases[] = {{1, 1024}, {2, 1024}, {2, 7}, {3, 1}};
    const struct ev_eval_set sets[2] = {make_set("a", 0, 400), make_set("b", SECOND, 150)};
    const struct ev_eval_backend backends[2] = {{"one", &oracle, "base", 0},
                                                {"two", &oracle, "worse", 0}};
    struct ev_result first = run(backends, 2, sets, 2, 64);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        omp_set_num_threads(cases[i].n_threads);
        struct ev_result again = run(backends, 2, sets, 2, cases[i].batch_rows);
        ck_assert_uint_eq(again.n_rows, 6);
        for (size_t r = 0; r < again.n_rows; r++) {
            const struct ev_result_row *a = &first.rows[r], *b = &again.rows[r];
            ck_assert_mem_eq(&a->mse_norm_low, &b->mse_norm_low, sizeof(double));
            ck_assert_mem_eq(&a->mse_norm_high, &b->mse_norm_high, sizeof(double));
            ck_assert_int_eq(a->change.verdict, b->change.verdict);
            ck_assert_mem_eq(&a->change.relative, &b->change.relative, sizeof(double));
            ck_assert_mem_eq(&a->change.low, &b->change.low, sizeof(double));
            ck_assert_mem_eq(&a->change.high, &b->change.high, sizeof(double));
            ck_assert_mem_eq(&a->change.detectable, &b->change.detectable, sizeof(double));
        }
        ev_result_free(&again);
    }
    ev_result_free(&first);
}
END_TEST

/* --- Many rows --- */

/* More rows than blocks are drawn: the interval is that of independent rows all the same. */
START_TEST(long_sets_have_intervals_as_narrow_as_they_should)
{
    const int64_t n = 200000;
    double *values = malloc((size_t)n * sizeof *values);
    const struct ev_segments errors = {values, &n, 1};
    struct ev_rng rng = ev_rng_at(5, EV_RNG_TEST, 0);
    double low, high;

    ck_assert_ptr_nonnull(values);
    for (int64_t i = 0; i < n; i++)
        values[i] = 3.0 + ev_rng_normal(&rng);
    ev_assert_ok(ev_judge_error(&errors, &low, &high, &err));
    ck_assert(low < 3.0 && 3.0 < high);
    ck_assert_double_eq_tol((high - low) / (2 * 1.96 / sqrt((double)n)), 1, 0.1);
    free(values);
}
END_TEST

START_TEST(nothing_is_relative_to_no_error)
{
    const double values[4] = {1, 2, 3, 4}, zeros[4] = {0, 0, 0, 0};
    const int64_t n = 4;
    const struct ev_segments errors = {values, &n, 1};
    struct ev_error_change change;

    ev_assert_ok(ev_judge_change(&errors, zeros, &change, &err));
    ck_assert_int_eq(change.verdict, EV_VERDICT_UNRESOLVED);
    ck_assert(isnan(change.relative) && isnan(change.low) && isnan(change.detectable));
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("judge");
    TCase *tests = tcase_create("judge");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, identical_engines_are_the_same);
    tcase_add_test(tests, known_differences_are_found);
    tcase_add_test(tests, differences_within_noise_are_unresolved);
    tcase_add_test(tests, errors_that_are_no_numbers_have_no_interval);
    tcase_add_test(tests, one_row_has_no_interval);
    tcase_add_test(tests, pooled_intervals_keep_sets_apart);
    tcase_add_test(tests, threads_and_batches_change_nothing);
    tcase_add_test(tests, long_sets_have_intervals_as_narrow_as_they_should);
    tcase_add_test(tests, nothing_is_relative_to_no_error);
    suite_add_tcase(suite, tests);
    return suite;
}
