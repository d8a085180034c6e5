/* SPDX-License-Identifier: MIT */
/* Fills a result with figures that a run could have given. */
#include "support/ev_test_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "eval/timing.h"
#include "support/ev_test.h"

#define N_CALLS 400

static const struct backend {
    const char *name;
    const char *engine;
    const char *detail;
    int64_t model_bytes;
    double mse_norm; /* on the first set */
    double median_ns;
    double images_per_s;
} backends[] = {
    {"baseline", "torch", "libtorch 2.15.0, float32", 6412345, 0.00301, 1.02e6, 1710},
    {"dynamic", "torch", "libtorch 2.15.0, int8 (x86) and float32", 2044321, 0.00302, 0.93e6, 1742},
    {"static", "torch", "libtorch 2.15.0, int8 (x86)", 1641234, 0.00312, 0.243e6, 6480},
    {"qat", "torch", "libtorch 2.15.0, int8 (x86)", 1641298, 0.00295, 0.241e6, 6510},
    {"./engines/pilotnet_pruned_50_percent.so", "pruned_50_percent", "", 3310022, 0.0046, 0.61e6,
     2900},
    {"/opt/research/engines/winograd_float16_channels_last.so", "winograd_float16", "", 3260000,
     0.00303, 0.52e6, 3300},
    {"null", "null", "constant outputs", -1, 0.0611, 350, 2.1e6},
    {"tiny_student", "torch", "libtorch 2.15.0, float32", 412000, 0.0088, 0.12e6, 11000},
};

static const struct {
    const char *name;
    int64_t n_rows;
    double factor; /* of the errors */
} sets[] = {{"simple", 3102, 0.6}, {"montreal", 5480, 1.0}, {"montmelo", 3448, 1.3}};

void ev_test_result_text(char **to, const char *text)
{
    free(*to);
    *to = strdup(text);
    ck_assert_ptr_nonnull(*to);
}

/* Whole nanoseconds with a long tail upwards, as a shared machine gives them. */
static void add_times(struct ev_latency_figures *latency, double median_ns, uint64_t index)
{
    struct ev_rng rng = ev_rng_at(7, EV_RNG_TEST, index);
    float *samples_ns = malloc(N_CALLS * sizeof *samples_ns);
    struct ev_error err = EV_ERROR_INIT;

    ck_assert_ptr_nonnull(samples_ns);
    for (int i = 0; i < N_CALLS; i++) {
        double spread = fabs(ev_rng_normal(&rng)) * 0.06;
        double stall = ev_rng_uniform(&rng) < 0.03 ? ev_rng_uniform(&rng) * 0.8 : 0;
        samples_ns[i] = (float)round(median_ns * (0.96 + spread + stall));
    }
    ev_assert_ok(ev_timing_figures(samples_ns, N_CALLS, latency, &err));
}

/* Of a tenth of the error to either side, the change of 1.5 %. */
static struct ev_error_interval interval_of(const struct ev_result_row *row, double mse,
                                            double baseline)
{
    const double difference = mse - baseline;
    const struct ev_interval interval = {difference - 0.015 * baseline,
                                         difference + 0.015 * baseline, EV_ERROR_CONFIDENCE};
    struct ev_error_interval known = {0.9 * mse, 1.1 * mse, {EV_VERDICT_NONE, NAN, NAN, NAN, NAN}};

    if (strcmp(row->backend, EV_BASELINE) == 0)
        return known;
    const struct ev_comparison comparison =
        ev_verdict_errors(difference, &interval, baseline, EV_ERROR_MARGIN);
    known.change =
        (struct ev_error_change){comparison.verdict, comparison.change, comparison.interval.low,
                                 comparison.interval.high, comparison.detectable};
    return known;
}

/* An int8 model's, near enough; the worst is on the last set that there is. */
static void add_comparisons(struct ev_result_row *row, int32_t set, double size)
{
    if (strcmp(row->backend, EV_BASELINE) != 0)
        row->disagreement = (struct ev_disagreement){0.002 * size, 0.011 * size,
                                                     {0.043 * size, set, row->n_rows / (set + 3)}};
    row->batch_delta = (struct ev_row_difference){3e-7 * size, set, row->n_rows / 7};
    row->study = (struct ev_study_figures){0.04 * size, 0.08 * size, 2.5e5 * size};
    memset(row->outputs_sha256, 'a' + (row->n_rows % 6), 64);
}

static void add_row(struct ev_result *result, size_t b, const char *set, int64_t n_rows,
                    double factor)
{
    const struct backend *backend = &backends[b];
    const double mse = backend->mse_norm * factor;
    struct ev_result_row *row = ev_result_add_row(result);

    ck_assert_ptr_nonnull(row);
    ev_test_result_text(&row->backend, backend->name);
    ev_test_result_text(&row->engine, backend->engine);
    ev_test_result_text(&row->engine_detail, backend->detail);
    ev_test_result_text(&row->device, "cpu");
    ev_test_result_text(&row->set, set);
    ev_test_result_text(&row->model_path, backend->model_bytes < 0 ? "" : "results/models/a.pt");
    ev_test_result_text(&row->model_sha256,
                        backend->model_bytes < 0
                            ? ""
                            : "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    row->model_bytes = backend->model_bytes;
    row->weight_bytes = backend->model_bytes < 0 ? -1 : backend->model_bytes - 21000;
    row->n_rows = n_rows;
    row->batch_rows = 1024;
    row->n_threads = 2;
    row->n_outputs = 2;
    row->columns[0] = (struct ev_column){"v", "m/s", 6.5, 24};
    row->columns[1] = (struct ev_column){"w", "rad/s", -7.1, 7.1};
    for (int k = 0; k < 2; k++) {
        double range = row->columns[k].max - row->columns[k].min;
        double weight = k == 0 ? 1.6 : 0.4, part = mse * weight;
        row->outputs[k] = (struct ev_error_figures){part, sqrt(part) * 0.7, part * range * range,
                                                    sqrt(part) * 0.7 * range, 1 - 14 * part};
        row->intervals[k] = interval_of(row, part, backends[0].mse_norm * factor * weight * 0.98);
    }
    row->all = (struct ev_error_figures){mse, sqrt(mse) * 0.6, NAN, NAN, 1 - 17 * mse};
    const struct ev_error_interval known = interval_of(row, mse, backends[0].mse_norm * factor);
    row->mse_norm_low = known.low;
    row->mse_norm_high = known.high;
    row->change = known.change;
    add_comparisons(row, (int32_t)result->n_sets - 1, 1 + 0.1 * (double)b);
    row->images_per_s = backend->images_per_s * (1 + 0.01 * (double)(n_rows % 5));
    add_times(&row->latency, backend->median_ns, b * 16 + (uint64_t)n_rows);
}

void ev_test_result_make(struct ev_result *result, size_t n_backends, size_t n_sets)
{
    int64_t n_rows = 0;
    double factor = 0;

    ck_assert(n_backends >= 1 && n_backends <= sizeof backends / sizeof *backends);
    ck_assert(n_sets >= 1 && n_sets <= sizeof sets / sizeof *sets);
    ev_result_init(result);
    ev_test_result_text(&result->tool_version, "0.1.0");
    ev_test_result_text(&result->started_utc, "2026-03-01T12:00:00Z");
    ev_test_result_text(&result->command_line, "evalrun --backend all --set all");
    ev_test_result_text(&result->libraries, "HDF5 1.10.8, libtorch 2.15.0");
    result->host = (struct ev_host){"Example CPU 9000 @ 2.50GHz", "Linux 6.1.0 x86_64",
                                    "Debian GNU/Linux 12 (bookworm)", 2, INT64_C(8) << 30};
    for (size_t s = 0; s < n_sets; s++) {
        struct ev_result_set *set = ev_result_add_set(result);
        ck_assert_ptr_nonnull(set);
        ev_test_result_text(&set->name, sets[s].name);
        ev_test_result_text(&set->path, "cache/set.h5");
        ev_test_result_text(&set->sha256,
                            "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752");
        ev_test_result_text(&set->provenance, "{\"tool\":\"evalrun 0.1.0\"}");
        set->n_rows = sets[s].n_rows;
        for (size_t b = 0; b < n_backends; b++)
            add_row(result, b, sets[s].name, sets[s].n_rows, sets[s].factor);
        n_rows += sets[s].n_rows;
        factor += sets[s].factor * (double)sets[s].n_rows;
    }
    for (size_t b = 0; n_sets > 1 && b < n_backends; b++)
        add_row(result, b, "all", n_rows, factor / (double)n_rows);
}

char *ev_test_result_save(const struct ev_result *result, const char *name)
{
    struct ev_error err = EV_ERROR_INIT;
    const char *path = ev_test_path(name);
    FILE *file = fopen(path, "w");
    char *text;
    size_t length;

    ck_assert_ptr_nonnull(file);
    ev_assert_ok(ev_result_save(result, file, &err));
    ck_assert_int_eq(fclose(file), 0);
    ev_assert_ok(ev_file_read(path, 1 << 24, &text, &length, &err));
    return text;
}

void ev_test_result_check_damage(json_t *top, json_t *container,
                                 const struct ev_test_damage *damage)
{
    struct ev_error err = EV_ERROR_INIT;
    const char *path = ev_test_path("damaged.json");
    struct ev_result result;

    ck_assert(json_is_object(container));
    ck_assert_msg(json_object_get(container, damage->key) != NULL, "%s", damage->key);
    if (damage->value)
        json_object_set_new(container, damage->key,
                            json_loads(damage->value, JSON_DECODE_ANY, NULL));
    else
        json_object_del(container, damage->key);
    ck_assert_int_eq(json_dump_file(top, path, 0), 0);
    ev_assert_fails(ev_result_load(path, &result, &err), EV_INPUT, damage->named);
    ck_assert_ptr_nonnull(strstr(err.message, "damaged.json: "));
    ck_assert_uint_eq(result.n_rows, 0);
    ck_assert_uint_eq(result.n_timings, 0);
}
