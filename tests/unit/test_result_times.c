/* SPDX-License-Identifier: MIT */
/* Timings, what the control says, layers, peaks and alarms in results.json: written, read back,
 * absent from older files, wrong. */
#include "support/ev_test.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/ev_test_result.h"
#include "support/ev_test_session.h"

static struct ev_error err = EV_ERROR_INIT;

static void make(struct ev_result *result)
{
    struct ev_test_machine machine = ev_test_usual;

    ev_test_result_make(result, 4, 1);
    machine.n_processes = 6;
    machine.n_rounds = 4;
    ev_test_times_make(result, &machine);
    for (int i = 0; i < 2; i++) {
        struct ev_result_layer *layer = ev_result_add_layer(result);
        struct ev_result_alarm *alarm = ev_result_add_alarm(result);
        ck_assert(layer && alarm);
        ev_test_result_text(&layer->backend, "qat");
        ev_test_result_text(&layer->name, i == 0 ? "conv1" : "fc \"2\"");
        ev_test_result_text(&layer->kind, "conv2d");
        ev_test_result_text(&layer->dtype, "int8");
        layer->index = i;
        layer->macs = INT64_C(28200000000);
        layer->weight_bytes = i == 0 ? 1800 : -1;
        layer->time_ns = 120000.5;
        layer->share = 0.1 + 0.2;
        layer->change = i == 0 ? NAN : -0.01;
        layer->change_low = -0.02;
        layer->change_high = 0.03;
        ev_test_result_text(&alarm->code, "equal-outputs");
        ev_test_result_text(&alarm->backend, "qat");
        ev_test_result_text(&alarm->set, i == 0 ? "" : "montreal");
        ev_test_result_text(&alarm->text, "qat gives the same outputs as static.");
    }
    result->peak = (struct ev_result_peak){1.5e11, 6e11, NAN, 2};
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void compare_timings(const struct ev_result_timing *a, const struct ev_result_timing *b)
{
    const double figures[][2] = {
        {a->confidence, b->confidence},
        {a->median_ns, b->median_ns},
        {a->median_low_ns, b->median_low_ns},
        {a->median_high_ns, b->median_high_ns},
        {a->p90_ns, b->p90_ns},
        {a->p90_high_ns, b->p90_high_ns},
        {a->p99_ns, b->p99_ns},
        {a->p99_high_ns, b->p99_high_ns},
        {a->mean_ns, b->mean_ns},
        {a->min_ns, b->min_ns},
        {a->deadline_ns, b->deadline_ns},
        {a->missed_fraction, b->missed_fraction},
        {a->images_per_s, b->images_per_s},
        {a->images_per_s_low, b->images_per_s_low},
        {a->images_per_s_high, b->images_per_s_high},
        {a->change, b->change},
        {a->change_low, b->change_low},
        {a->change_high, b->change_high},
        {a->detectable, b->detectable},
    };

    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        ck_assert_msg(same(figures[i][0], figures[i][1]), "figure %zu", i);
    ck_assert_str_eq(a->backend, b->backend);
    ck_assert(a->is_control == b->is_control && a->mode == b->mode && a->boundary == b->boundary);
    ck_assert(a->n_threads == b->n_threads && a->verdict == b->verdict);
    ck_assert(a->rows_per_call == b->rows_per_call && a->rows_per_piece == b->rows_per_piece);
    ck_assert(a->n_processes == b->n_processes && a->n_blocks == b->n_blocks);
    ck_assert_int_eq(a->n_calls, b->n_calls);
}

static void compare_quiets(const struct ev_result_quiet *a, const struct ev_result_quiet *b)
{
    ck_assert(a->mode == b->mode && a->boundary == b->boundary && a->n_threads == b->n_threads);
    ck_assert(a->rows_per_call == b->rows_per_call && a->rows_per_piece == b->rows_per_piece);
    ck_assert(same(a->control, b->control) && same(a->control_low, b->control_low) &&
              same(a->control_high, b->control_high));
    ck_assert(a->unquiet == b->unquiet && a->n_blocks == b->n_blocks);
    ck_assert_int_eq(a->n_flagged, b->n_flagged);
    ck_assert_str_eq(a->reason, b->reason);
}

static void compare_layers(const struct ev_result_layer *a, const struct ev_result_layer *b)
{
    ck_assert_str_eq(a->backend, b->backend);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->kind, b->kind);
    ck_assert_str_eq(a->dtype, b->dtype);
    ck_assert(a->index == b->index && a->macs == b->macs && a->weight_bytes == b->weight_bytes);
    ck_assert(same(a->time_ns, b->time_ns) && same(a->share, b->share));
    ck_assert(same(a->change, b->change) && same(a->change_low, b->change_low) &&
              same(a->change_high, b->change_high));
}

START_TEST(times_layers_peaks_and_alarms_read_back_unchanged)
{
    struct ev_result result, again;
    int n_verdicts[EV_VERDICT_UNRESOLVED + 1] = {0};

    make(&result);
    char *first = ev_test_result_save(&result, "a.json");
    ev_assert_ok(ev_result_load(ev_test_path("a.json"), &again, &err));
    char *second = ev_test_result_save(&again, "b.json");
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(again.n_timings, 7 * 5);
    ck_assert_uint_eq(again.n_quiets, 7);
    ck_assert_uint_eq(again.n_layers, 2);
    ck_assert_uint_eq(again.n_alarms, 2);
    for (size_t i = 0; i < again.n_timings; i++) {
        compare_timings(&result.timings[i], &again.timings[i]);
        n_verdicts[again.timings[i].verdict]++;
    }
    ck_assert_int_gt(n_verdicts[EV_VERDICT_LESS], 10);
    for (size_t i = 0; i < again.n_quiets; i++)
        compare_quiets(&result.quiets[i], &again.quiets[i]);
    for (size_t i = 0; i < 2; i++) {
        compare_layers(&result.layers[i], &again.layers[i]);
        ck_assert_str_eq(result.alarms[i].code, again.alarms[i].code);
        ck_assert_str_eq(result.alarms[i].backend, again.alarms[i].backend);
        ck_assert_str_eq(result.alarms[i].set, again.alarms[i].set);
        ck_assert_str_eq(result.alarms[i].text, again.alarms[i].text);
    }
    ck_assert_double_eq(again.peak.float_macs_per_s, 1.5e11);
    ck_assert_double_eq(again.peak.int8_macs_per_s, 6e11);
    ck_assert(isnan(again.peak.bytes_per_s));
    ck_assert_int_eq(again.peak.n_threads, 2);
    free(first);
    free(second);
    ev_result_free(&result);
    ev_result_free(&again);
}
END_TEST

/* As older programs wrote them. */
START_TEST(results_without_times_are_read)
{
    static const char *const later[] = {"timings", "quiets", "layers", "peak", "alarms"};
    struct ev_result result;

    make(&result);
    char *text = ev_test_result_save(&result, "a.json");
    ev_result_free(&result);
    json_t *top = json_loads(text, 0, NULL);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        ck_assert_int_eq(json_object_del(top, later[i]), 0);
    ck_assert_int_eq(json_dump_file(top, ev_test_path("older.json"), 0), 0);
    ev_assert_ok(ev_result_load(ev_test_path("older.json"), &result, &err));
    ck_assert_uint_eq(result.n_timings + result.n_quiets + result.n_layers + result.n_alarms, 0);
    ck_assert(isnan(result.peak.float_macs_per_s));
    ck_assert_uint_eq(result.n_rows, 4);
    ev_result_free(&result);
    json_decref(top);
    free(text);
}
END_TEST

/* In the last element of the array, or in the object, of that name; "" is the top. */
static const struct ev_test_damage damages[] = {
    {"", "timings", "{}", "timings is something else, expected an array"},
    {"", "timings", "[7]", "timings[0] is no object"},
    {"timings", "backend", "null", "timings[34].backend is something else, expected a text"},
    {"timings", "is_control", "0", "timings[34].is_control is something else, expected true or"},
    {"timings", "mode", "\"warm\"", "timings[34].mode is something else, expected cold, hot"},
    {"timings", "mode", "3", "timings[34].mode"},
    {"timings", "boundary", NULL,
     "timings[34].boundary is missing, expected compute, e2e or device"},
    {"timings", "n_threads", "-1", "timings[34].n_threads"},
    {"timings", "n_calls", "1.5", "timings[34].n_calls"},
    {"timings", "median_ns", "\"1\"", "timings[34].median_ns is something else, expected a number"},
    {"timings", "p99_high_ns", NULL, "timings[34].p99_high_ns is missing"},
    {"timings", "verdict", "\"BETTER\"", "timings[34].verdict is something else, expected FASTER"},
    {"timings", "detectable_change", "[]", "timings[34].detectable_change"},
    {"", "quiets", "null", "quiets is something else, expected an array"},
    {"quiets", "unquiet", "null", "quiets[6].unquiet"},
    {"quiets", "control", "true", "quiets[6].control"},
    {"quiets", "reason", NULL, "quiets[6].reason is missing"},
    {"layers", "name", "4", "layers[1].name"},
    {"layers", "macs", "\"4\"", "layers[1].macs"},
    {"layers", "index", "5000000000", "layers[1].index"},
    {"layers", "share", NULL, "layers[1].share is missing"},
    {"", "peak", "[]", "peak is something else, expected an object"},
    {"peak", "int8_macs_per_s", "\"fast\"", "peak.int8_macs_per_s"},
    {"peak", "n_threads", "-2", "peak.n_threads"},
    {"", "alarms", "7", "alarms is something else, expected an array"},
    {"alarms", "code", "{}", "alarms[1].code"},
    {"alarms", "text", NULL, "alarms[1].text is missing"},
};

START_TEST(damage_is_named_by_its_key)
{
    struct ev_result result;

    make(&result);
    char *text = ev_test_result_save(&result, "good.json");
    ev_result_free(&result);
    json_t *top = json_loads(text, 0, NULL), *container = top;
    if (*damages[_i].container)
        container = json_object_get(top, damages[_i].container);
    if (json_is_array(container))
        container = json_array_get(container, json_array_size(container) - 1);
    ev_test_result_check_damage(top, container, &damages[_i]);
    json_decref(top);
    free(text);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("result_times");
    TCase *tests = tcase_create("result_times");

    tcase_add_test(tests, times_layers_peaks_and_alarms_read_back_unchanged);
    tcase_add_test(tests, results_without_times_are_read);
    tcase_add_loop_test(tests, damage_is_named_by_its_key, 0, sizeof damages / sizeof *damages);
    suite_add_tcase(suite, tests);
    return suite;
}
