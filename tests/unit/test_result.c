/* SPDX-License-Identifier: MIT */
/* results.json: what is written reads back unchanged; what is wrong is named by its key. */
#include "support/ev_test.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/text.h"
#include "support/ev_test_result.h"

static struct ev_error err = EV_ERROR_INIT;

static void write_text(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void compare_figures(const struct ev_error_figures *a, const struct ev_error_figures *b)
{
    ck_assert(same(a->mse_norm, b->mse_norm) && same(a->mae_norm, b->mae_norm));
    ck_assert(same(a->mse, b->mse) && same(a->mae, b->mae) && same(a->r2, b->r2));
}

static void compare_intervals(const struct ev_error_interval *a, const struct ev_error_interval *b)
{
    ck_assert(same(a->low, b->low) && same(a->high, b->high));
    ck_assert(same(a->change.relative, b->change.relative));
    ck_assert(same(a->change.low, b->change.low) && same(a->change.high, b->change.high));
    ck_assert(same(a->change.detectable, b->change.detectable));
    ck_assert_int_eq(a->change.verdict, b->change.verdict);
}

static void compare_differences(const struct ev_row_difference *a,
                                const struct ev_row_difference *b)
{
    ck_assert(same(a->value, b->value));
    ck_assert_int_eq(a->set, b->set);
    ck_assert_int_eq(a->row, b->row);
}

START_TEST(a_saved_result_reads_back_unchanged)
{
    struct ev_result result, again;

    ev_test_result_make(&result, 8, 3);
    result.interrupted = true;
    result.resumed = true;
    result.rows[1].all.mse_norm = 0.1 + 0.2; /* needs 17 digits */
    result.rows[1].all.r2 = NAN;
    result.rows[1].change.verdict = EV_VERDICT_LESS; /* the others are there */
    result.rows[1].look = (struct ev_result_look){"cuda:1", 10, 7, "conv1, fc2", true};
    result.rows[1].precision = EV_PRECISION_FP16;
    ev_test_result_text(&result.rows[2].backend, "a \"b\"\\\n\t\xc3\xa9");
    char *first = ev_test_result_save(&result, "a.json");
    ev_assert_ok(ev_result_load(ev_test_path("a.json"), &again, &err));
    char *second = ev_test_result_save(&again, "b.json");
    ck_assert_str_eq(first, second);

    ck_assert(again.interrupted);
    ck_assert(again.resumed);
    ck_assert_uint_eq(again.n_rows, result.n_rows);
    ck_assert_uint_eq(again.n_sets, 3);
    ck_assert_str_eq(again.rows[2].backend, result.rows[2].backend);
    ck_assert_str_eq(again.host.cpu_model, result.host.cpu_model);
    ck_assert_int_eq(again.host.memory_bytes, result.host.memory_bytes);
    for (size_t i = 0; i < result.n_rows; i++) {
        const struct ev_result_row *a = &result.rows[i], *b = &again.rows[i];
        compare_figures(&a->all, &b->all);
        ck_assert(same(a->mse_norm_low, b->mse_norm_low));
        ck_assert(same(a->mse_norm_high, b->mse_norm_high));
        ck_assert(same(a->change.relative, b->change.relative));
        ck_assert(same(a->change.low, b->change.low) && same(a->change.high, b->change.high));
        ck_assert(same(a->change.detectable, b->change.detectable));
        ck_assert_int_eq(a->change.verdict, b->change.verdict);
        compare_differences(&a->disagreement.worst, &b->disagreement.worst);
        compare_differences(&a->batch_delta, &b->batch_delta);
        ck_assert(same(a->study.mse, b->study.mse) && same(a->study.mean_ns, b->study.mean_ns));
        ck_assert(same(a->study.mse_mirrored, b->study.mse_mirrored));
        ck_assert(same(a->disagreement.p50, b->disagreement.p50));
        ck_assert(same(a->disagreement.p99, b->disagreement.p99));
        ck_assert_str_eq(a->outputs_sha256, b->outputs_sha256);
        ck_assert_int_eq(a->n_outputs, b->n_outputs);
        for (int32_t k = 0; k < a->n_outputs; k++) {
            compare_figures(&a->outputs[k], &b->outputs[k]);
            compare_intervals(&a->intervals[k], &b->intervals[k]);
            ck_assert_mem_eq(&a->columns[k].min, &b->columns[k].min, sizeof(double));
            ck_assert_str_eq(a->columns[k].unit, b->columns[k].unit);
        }
        ck_assert_int_eq(a->model_bytes, b->model_bytes);
        ck_assert_uint_eq(a->precision, b->precision);
        ck_assert_str_eq(a->look.runs_on, b->look.runs_on);
        ck_assert_int_eq(a->look.n_layers, b->look.n_layers);
        ck_assert_int_eq(a->look.n_int8_layers, b->look.n_int8_layers);
        ck_assert_str_eq(a->look.float_layers, b->look.float_layers);
        ck_assert_int_eq(a->look.tells_apart, b->look.tells_apart);
        ck_assert_int_eq(a->n_threads, b->n_threads);
        ck_assert_int_eq(a->latency.n_calls, b->latency.n_calls);
        ck_assert_double_eq(a->latency.mean_ns, b->latency.mean_ns);
        ck_assert_mem_eq(a->latency.samples_ns, b->latency.samples_ns,
                         (size_t)a->latency.n_calls * sizeof(float));
    }
    free(first);
    free(second);
    ev_result_free(&result);
    ev_result_free(&again);
}
END_TEST

START_TEST(missing_figures_are_null)
{
    struct ev_result result, again;

    ev_result_init(&result);
    struct ev_result_row *row = ev_result_add_row(&result);
    ck_assert_ptr_nonnull(row);
    row->n_outputs = 1;
    char *text = ev_test_result_save(&result, "a.json");
    ck_assert_ptr_nonnull(strstr(text, "\"model_bytes\": null"));
    ck_assert_ptr_nonnull(strstr(text, "\"mse_norm\": null"));
    ck_assert_ptr_nonnull(strstr(text, "\"images_per_s\": null"));
    ck_assert_ptr_nonnull(strstr(text, "\"median_ns\": null"));
    ev_assert_ok(ev_result_load(ev_test_path("a.json"), &again, &err));
    ck_assert_int_eq(again.rows[0].model_bytes, -1);
    ck_assert_int_eq(again.rows[0].n_threads, -1);
    ck_assert(isnan(again.rows[0].images_per_s));
    ck_assert_int_eq(again.rows[0].latency.n_calls, 0);
    ck_assert_str_eq(again.rows[0].backend, "");
    free(text);
    ev_result_free(&result);
    ev_result_free(&again);
}
END_TEST

/* A path may hold any bytes; JSON may not. */
START_TEST(bytes_that_are_no_utf8_are_replaced)
{
    struct ev_result result, again;

    ev_test_result_make(&result, 1, 1);
    ev_test_result_text(&result.sets[0].path, "caf\xe9/x.h5");
    free(ev_test_result_save(&result, "a.json"));
    ev_assert_ok(ev_result_load(ev_test_path("a.json"), &again, &err));
    ck_assert_str_eq(again.sets[0].path, "caf?/x.h5");
    ev_result_free(&result);
    ev_result_free(&again);
}
END_TEST

/* In the whole file, or in the last element of the array, or in the object, of that name. */
static const struct ev_test_damage damages[] = {
    {"", "schema", "\"other\"", "schema is something else"},
    {"", "schema", NULL, "schema is missing"},
    {"", "schema_version", "2", "schema_version is 2, this program reads 1"},
    {"", "schema_version", "\"1\"", "schema_version is something else"},
    {"", "tool_version", NULL, "tool_version is missing"},
    {"", "interrupted", "0", "interrupted is something else"},
    {"", "resumed", "\"no\"", "resumed is something else"},
    {"", "machine", "[]", "machine is something else, expected an object"},
    {"machine", "n_cores", "\"2\"", "machine.n_cores"},
    {"machine", "n_cores", "5000000000", "machine.n_cores"},
    {"machine", "kernel", NULL, "machine.kernel is missing"},
    {"", "sets", "{}", "sets is something else, expected an array"},
    {"", "sets", "[7]", "sets[0] is no object"},
    {"sets", "n_rows", "1.5", "sets[1].n_rows"},
    {"sets", "sha256", "null", "sets[1].sha256"},
    {"", "rows", NULL, "rows is missing"},
    {"rows", "backend", "3", "rows[5].backend"},
    {"rows", "mse_norm", "\"0.1\"", "rows[5].mse_norm is something else, expected a number"},
    {"rows", "mse_norm", NULL, "rows[5].mse_norm is missing"},
    {"rows", "n_rows", "-1", "rows[5].n_rows"},
    {"rows", "model_bytes", "true", "rows[5].model_bytes"},
    {"rows", "precision", "\"fp64\"", "rows[5].precision is something else, expected fp32"},
    {"rows", "precision", "null", "rows[5].precision is something else"},
    {"rows", "look", "[]", "rows[5].look is something else, expected an object"},
    {"look", "runs_on", "\"a device whose name is longer than this\"", "rows[5].look.runs_on"},
    {"look", "n_int8_layers", "1.5", "rows[5].look.n_int8_layers"},
    {"look", "n_layers", NULL, "rows[5].look.n_layers is missing"},
    {"look", "float_layers", "null", "rows[5].look.float_layers"},
    {"look", "tells_apart", "1", "rows[5].look.tells_apart is something else, expected true or"},
    {"rows", "mse_norm_low", "\"0.1\"", "rows[5].mse_norm_low is something else"},
    {"rows", "change_high", "[]", "rows[5].change_high"},
    {"rows", "verdict", "3", "rows[5].verdict is something else, expected BETTER, WORSE, SAME"},
    {"rows", "verdict", "\"FASTER\"", "rows[5].verdict"},
    {"rows", "disagreement_p99", "true", "rows[5].disagreement_p99"},
    {"rows", "disagreement_max", "\"0\"", "rows[5].disagreement_max is something else"},
    {"rows", "disagreement_max_set", "2", "rows[5].disagreement_max_set"}, /* of two */
    {"rows", "disagreement_max_row", "-1", "rows[5].disagreement_max_row"},
    {"rows", "study_mean_1000_ns", "[1]", "rows[5].study_mean_1000_ns"},
    {"rows", "batch_delta_max_set", "9", "rows[5].batch_delta_max_set"},
    {"rows", "outputs_sha256", "7", "rows[5].outputs_sha256"},
    {"rows", "outputs", "[]", "rows[5].outputs has 0 elements, expected 1 to 16"},
    {"rows", "outputs", "{}", "rows[5].outputs"},
    {"rows", "outputs", "[[]]", "rows[5].outputs[0] is no object"},
    {"outputs", "name", "\"0123456789012345678901234567890123456789\"", "rows[5].outputs[1].name"},
    {"outputs", "r2", "{}", "rows[5].outputs[1].r2"},
    {"outputs", "mse_norm_high", "{}", "rows[5].outputs[1].mse_norm_high"},
    {"outputs", "verdict", "\"GOOD\"", "rows[5].outputs[1].verdict is something else"},
    {"rows", "latency", "null", "rows[5].latency"},
    {"latency", "median_ns", "[]", "rows[5].latency.median_ns"},
    {"latency", "n_calls", "3", "rows[5].latency.n_calls"},
    {"latency", "n_calls", "null", "rows[5].latency.n_calls"},
    {"latency", "samples_ns", "[\"1\"]", "rows[5].latency.samples_ns[0] is no time"},
    {"latency", "samples_ns", "[-5]", "rows[5].latency.samples_ns[0] is no time"},
    {"latency", "samples_ns", "[1e200]", "rows[5].latency.samples_ns[0] is no time"},
    {"latency", "samples_ns", "7", "rows[5].latency.samples_ns"},
};

static json_t *last_of(json_t *array)
{
    return json_array_get(array, json_array_size(array) - 1);
}

static json_t *find_container(json_t *top, const char *name)
{
    json_t *row = last_of(json_object_get(top, "rows"));

    if (strcmp(name, "machine") == 0)
        return json_object_get(top, "machine");
    if (strcmp(name, "sets") == 0)
        return last_of(json_object_get(top, "sets"));
    if (strcmp(name, "rows") == 0)
        return row;
    if (strcmp(name, "outputs") == 0)
        return last_of(json_object_get(row, "outputs"));
    if (strcmp(name, "look") == 0)
        return json_object_get(row, "look");
    if (strcmp(name, "latency") == 0)
        return json_object_get(row, "latency");
    return top;
}

START_TEST(damage_is_named_by_its_key)
{
    struct ev_result result;

    ev_test_result_make(&result, 2, 2);
    char *text = ev_test_result_save(&result, "good.json");
    ev_result_free(&result);
    json_t *top = json_loads(text, 0, NULL);
    json_t *container = find_container(top, damages[_i].container);
    ev_test_result_check_damage(top, container, &damages[_i]);
    json_decref(top);
    free(text);
}
END_TEST

/* As older programs wrote them. */
START_TEST(results_without_disagreements_are_read)
{
    static const char *const later[] = {"disagreement_p50", "disagreement_p99", "disagreement_max",
                                        "disagreement_max_set", "disagreement_max_row",
                                        "batch_delta_max", "batch_delta_max_set",
                                        "batch_delta_max_row", "study_mse", "study_mse_mirrored",
                                        "study_mean_1000_ns", "outputs_sha256", "precision"};
    const char *path = ev_test_path("older.json");
    struct ev_result result;

    ev_test_result_make(&result, 2, 1);
    char *text = ev_test_result_save(&result, "good.json");
    ev_result_free(&result);
    json_t *top = json_loads(text, 0, NULL);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        ck_assert_int_eq(json_object_del(find_container(top, "rows"), later[i]), 0);
    ck_assert_int_eq(json_dump_file(top, path, 0), 0);
    ev_assert_ok(ev_result_load(path, &result, &err));
    const struct ev_result_row *row = &result.rows[1];
    ck_assert(isnan(row->disagreement.p50) && isnan(row->disagreement.worst.value));
    ck_assert_int_eq(row->disagreement.worst.set, -1);
    ck_assert_int_eq(row->disagreement.worst.row, -1);
    ck_assert(isnan(row->batch_delta.value));
    ck_assert(isnan(row->study.mse) && isnan(row->study.mse_mirrored) && isnan(row->study.mean_ns));
    ck_assert_str_eq(row->outputs_sha256, "");
    ck_assert_uint_eq(row->precision, 0);
    ev_result_free(&result);
    json_decref(top);
    free(text);
}
END_TEST

START_TEST(results_without_intervals_and_looks_are_read)
{
    static const char *const later[] = {"mse_norm_low", "mse_norm_high",     "change", "change_low",
                                        "change_high",  "detectable_change", "verdict"};
    const char *path = ev_test_path("older.json");
    struct ev_result result;

    ev_test_result_make(&result, 2, 1);
    char *text = ev_test_result_save(&result, "good.json");
    ev_result_free(&result);
    json_t *top = json_loads(text, 0, NULL);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        ck_assert_int_eq(json_object_del(find_container(top, "rows"), later[i]) ||
                             json_object_del(find_container(top, "outputs"), later[i]),
                         0);
    ck_assert_int_eq(json_object_del(find_container(top, "rows"), "look"), 0);
    json_t *first_look = json_object_get(json_array_get(json_object_get(top, "rows"), 0), "look");
    ck_assert_int_eq(json_object_del(first_look, "tells_apart"), 0);
    ck_assert_int_eq(json_dump_file(top, path, 0), 0);
    ev_assert_ok(ev_result_load(path, &result, &err));
    const struct ev_result_row *row = &result.rows[1];
    ck_assert(isnan(row->mse_norm_low) && isnan(row->mse_norm_high));
    ck_assert(isnan(row->change.relative) && isnan(row->change.low) && isnan(row->change.high));
    ck_assert(isnan(row->change.detectable));
    ck_assert_int_eq(row->change.verdict, EV_VERDICT_NONE);
    ck_assert(isnan(row->intervals[1].low) && isnan(row->intervals[1].change.high));
    ck_assert(!isnan(row->intervals[0].low));
    ck_assert(!isnan(result.rows[0].mse_norm_low));
    ck_assert_int_eq(row->look.n_layers, -1);
    ck_assert_int_eq(row->look.n_int8_layers, -1);
    ck_assert_str_eq(row->look.runs_on, "");
    ck_assert(!row->look.tells_apart && !result.rows[0].look.tells_apart);
    ev_result_free(&result);
    json_decref(top);
    free(text);
}
END_TEST

START_TEST(the_baseline_is_found_by_name_or_is_the_first)
{
    struct ev_result result;

    ev_test_result_make(&result, 3, 1);
    ck_assert_str_eq(ev_result_baseline(&result), "baseline");
    ev_test_result_text(&result.rows[0].backend, "static");
    ev_test_result_text(&result.rows[2].backend, "baseline");
    ck_assert_str_eq(ev_result_baseline(&result), "baseline");
    ev_test_result_text(&result.rows[2].backend, "qat");
    ck_assert_str_eq(ev_result_baseline(&result), "static");
    ev_result_free(&result);
    ck_assert_ptr_null(ev_result_baseline(&result));
}
END_TEST

START_TEST(unknown_keys_are_passed_by)
{
    const char *path = ev_test_path("newer.json");
    struct ev_result result;

    ev_test_result_make(&result, 1, 1);
    char *text = ev_test_result_save(&result, "good.json");
    ev_result_free(&result);
    json_t *top = json_loads(text, 0, NULL);
    json_object_set_new(top, "energy_j", json_real(3));
    json_object_set_new(find_container(top, "latency"), "p999_ns", json_string("x"));
    ck_assert_int_eq(json_dump_file(top, path, 0), 0);
    ev_assert_ok(ev_result_load(path, &result, &err));
    ck_assert_uint_eq(result.n_rows, 1);
    ev_result_free(&result);
    json_decref(top);
    free(text);
}
END_TEST

START_TEST(what_is_no_json_is_refused)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"", "not JSON"},
        {"[]", "not an object"},
        {"{", "not JSON"},
        {"{}", "schema is missing"},
        {"\x89HDF\r\n\x1a\n", "not JSON"},
        {"{\"schema\": \"evalrun-result\", \"schema_version\": 99999999999999999999}", "not JSON"},
        {"{\"schema\": \"a\\u0000b\"}", "not JSON"},
        {"{\"schema\": \"\xff\"}", "not JSON"},
    };
    const char *path = ev_test_path("bad.json");
    struct ev_result result;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(path, cases[i].text, strlen(cases[i].text));
        ev_assert_fails(ev_result_load(path, &result, &err), EV_INPUT, cases[i].said);
    }
    ev_assert_fails(ev_result_load(ev_test_path("none.json"), &result, &err), EV_INPUT,
                    "none.json");
}
END_TEST

/* A million opening brackets, and a good file cut anywhere. */
START_TEST(hostile_files_do_not_crash)
{
    const size_t n = 1000000;
    const char *path = ev_test_path("hostile.json");
    struct ev_result result;
    char *deep = malloc(n);

    ck_assert_ptr_nonnull(deep);
    memset(deep, '[', n);
    write_text(path, deep, n);
    ev_assert_fails(ev_result_load(path, &result, &err), EV_INPUT, "not JSON");
    free(deep);

    ev_test_result_make(&result, 1, 1);
    char *text = ev_test_result_save(&result, "good.json");
    ev_result_free(&result);
    size_t length = strlen(text);
    for (size_t cut = 0; cut + 2 < length; cut += 1 + length / 200) {
        write_text(path, text, cut);
        ev_assert_fails(ev_result_load(path, &result, &err), EV_INPUT, "hostile.json: ");
    }
    free(text);
}
END_TEST

START_TEST(rows_are_found_by_backend_and_set)
{
    struct ev_result result;

    ev_test_result_make(&result, 4, 3);
    const struct ev_result_row *row = ev_result_find(&result, "static", "montreal");
    ck_assert_ptr_nonnull(row);
    ck_assert_str_eq(row->backend, "static");
    ck_assert_str_eq(row->set, "montreal");
    ck_assert_ptr_nonnull(ev_result_find(&result, "qat", "all"));
    ck_assert_ptr_null(ev_result_find(&result, "qat", "monza"));
    ck_assert_ptr_null(ev_result_find(&result, "none", "all"));
    ev_result_free(&result);
    ev_result_free(NULL);
}
END_TEST

START_TEST(text_is_cleaned_for_people)
{
    static const struct {
        const char *text;
        size_t size;
        const char *clean;
    } cases[] = {
        {"plain", 32, "plain"},
        {NULL, 32, ""},
        {"a\nb\tc\x1b[31m\x7f", 32, "a b c [31m "},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8f\x8e", 32,
         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8f\x8e"},
        {"\xc2\x9b"
         "31m",
         32, " 31m"},
        {"a\xff"
         "b\xc3",
         32, "a?b?"},
        {"\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80", 32, "?? ??? ????"},
        {"ab\xc3\xa9", 4, "ab"},
        {"ab\xc3\xa9", 5, "ab\xc3\xa9"},
        {"abc", 1, ""},
    };
    char clean[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ev_text_clean(cases[i].text, clean, cases[i].size);
        ck_assert_str_eq(clean, cases[i].clean);
    }
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("result");
    TCase *tests = tcase_create("result");

    tcase_add_test(tests, a_saved_result_reads_back_unchanged);
    tcase_add_test(tests, missing_figures_are_null);
    tcase_add_test(tests, bytes_that_are_no_utf8_are_replaced);
    tcase_add_loop_test(tests, damage_is_named_by_its_key, 0, sizeof damages / sizeof *damages);
    tcase_add_test(tests, unknown_keys_are_passed_by);
    tcase_add_test(tests, results_without_disagreements_are_read);
    tcase_add_test(tests, results_without_intervals_and_looks_are_read);
    tcase_add_test(tests, the_baseline_is_found_by_name_or_is_the_first);
    tcase_add_test(tests, what_is_no_json_is_refused);
    tcase_add_test(tests, hostile_files_do_not_crash);
    tcase_add_test(tests, rows_are_found_by_backend_and_set);
    tcase_add_test(tests, text_is_cleaned_for_people);
    suite_add_tcase(suite, tests);
    return suite;
}
