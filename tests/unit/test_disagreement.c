/* SPDX-License-Identifier: MIT */
/* How far outputs are apart, by hand. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/disagreement.h"
#include "eval/eval.h"

#define N         200
#define N_OUTPUTS 2

static struct ev_error err = EV_ERROR_INIT;
static char baseline_name[] = "baseline", other_name[] = "other";
static char first_name[] = "first", second_name[] = "second";
static char *backends[] = {baseline_name, other_name};

/* Two sets of N rows each, on which all outputs of the two backends are 0.5. */
struct fixture {
    float outputs[2][2][N * N_OUTPUTS]; /* of set and backend */
    float *lists[2][2];
    struct ev_samples_set sets[2];
    struct ev_result_set result_sets[2];
    struct ev_result result;
};

static void set_up(struct fixture *fixture)
{
    static char *const names[] = {first_name, second_name};

    memset(fixture, 0, sizeof *fixture);
    for (int s = 0; s < 2; s++) {
        for (int b = 0; b < 2; b++) {
            fixture->lists[s][b] = fixture->outputs[s][b];
            for (int i = 0; i < N * N_OUTPUTS; i++)
                fixture->outputs[s][b][i] = 0.5f;
        }
        fixture->sets[s] = (struct ev_samples_set){
            .name = names[s], .n_rows = N, .n_outputs = N_OUTPUTS, .outputs = fixture->lists[s]};
        fixture->result_sets[s].name = names[s];
    }
    fixture->result.samples = (struct ev_samples){
        .backends = backends, .n_backends = 2, .sets = fixture->sets, .n_sets = 2};
    fixture->result.sets = fixture->result_sets;
    fixture->result.n_sets = 2;
}

static struct ev_disagreement find(const struct fixture *fixture, const char *set)
{
    const struct ev_samples *samples = &fixture->result.samples;
    struct ev_sample_rows rows, baseline;
    struct ev_disagreement disagreement;

    ev_assert_ok(ev_sample_rows_find(samples, "other", set, N_OUTPUTS, &rows, &err));
    ev_assert_ok(ev_sample_rows_find(samples, "baseline", set, N_OUTPUTS, &baseline, &err));
    ev_assert_ok(ev_disagreement_find(&fixture->result, &rows, &baseline, &disagreement, &err));
    ev_sample_rows_free(&rows);
    ev_sample_rows_free(&baseline);
    return disagreement;
}

static void check(const struct ev_disagreement *found, double p50, double p99, double worst,
                  int32_t set, int64_t row)
{
    ck_assert_double_eq(found->p50, p50);
    ck_assert_double_eq(found->p99, p99);
    ck_assert_double_eq(found->worst.value, worst);
    ck_assert_int_eq(found->worst.set, set);
    ck_assert_int_eq(found->worst.row, row);
}

/* Of a row counts the output that is further off, whichever and to whichever side. */
START_TEST(percentiles_and_the_worst_row_are_found)
{
    static struct fixture fixture;

    set_up(&fixture);
    struct ev_disagreement found = find(&fixture, "first");
    check(&found, 0, 0, 0, 0, 0);
    for (int i = 0; i < N; i++) { /* 1/256, 2/256, ... in another order */
        float *outputs = fixture.outputs[0][1] + i * N_OUTPUTS;
        outputs[i % 2] += (float)((i * 77 % N) + 1) / (i % 3 ? 256.0f : -256.0f);
        outputs[1 - i % 2] += 1.0f / 512;
    }
    found = find(&fixture, "first");
    check(&found, 100 / 256.0, 198 / 256.0, 200 / 256.0, 0, 187); /* 187 * 77 = 199 modulo 200 */
    found = find(&fixture, "second");
    check(&found, 0, 0, 0, 1, 0);
    fixture.outputs[1][1][7 * N_OUTPUTS] = 2;
    fixture.outputs[1][1][8 * N_OUTPUTS] = 2;
    found = find(&fixture, EV_SET_ALL);
    check(&found, 2 / 256.0, 198 / 256.0, 1.5, 1, 7); /* 198 rows of 400 are 0 */
}
END_TEST

START_TEST(what_is_no_number_is_furthest)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static struct fixture fixture;

    for (int i = 0; i < 3; i++) {
        set_up(&fixture);
        fixture.outputs[0][1][3] = 9;
        fixture.outputs[0][i % 2][5 * N_OUTPUTS] = bad[i];
        struct ev_disagreement found = find(&fixture, "first");
        ck_assert_double_eq(found.p50, 0);
        ck_assert_double_eq(found.p99, 0);
        ck_assert(isnan(found.worst.value));
        ck_assert_int_eq(found.worst.row, 5);
        for (int j = 0; j < N; j++) /* half of the rows */
            fixture.outputs[0][0][j] = NAN;
        found = find(&fixture, "first");
        ck_assert_double_eq(found.p50, 0);
        ck_assert(isnan(found.p99));
    }
}
END_TEST

/* As sha256sum has it of 0.0, 1.0, ... 399.0 as float32. */
#define DIGEST "f1a64c5fde9b4b6aa1a706cb3a634273687a475e4db4745d50e321147a380378"

START_TEST(the_digest_is_of_all_outputs_in_order)
{
    static struct fixture fixture;
    char first[65], again[65], both[65];
    struct ev_sample_rows rows;

    set_up(&fixture);
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < N * N_OUTPUTS; i++)
            fixture.outputs[s][1][i] = (float)(s * 1000 + i);
    }
    ev_assert_ok(
        ev_sample_rows_find(&fixture.result.samples, "other", EV_SET_ALL, N_OUTPUTS, &rows, &err));
    ev_sample_rows_sha256(&rows, both);
    fixture.outputs[1][1][N * N_OUTPUTS - 1] += 1;
    ev_sample_rows_sha256(&rows, again);
    ck_assert_str_ne(both, again);
    ev_sample_rows_free(&rows);
    ev_assert_ok(
        ev_sample_rows_find(&fixture.result.samples, "other", "first", N_OUTPUTS, &rows, &err));
    ev_sample_rows_sha256(&rows, first);
    ev_sample_rows_free(&rows);
    ck_assert_str_eq(first, DIGEST);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("disagreement");
    TCase *tests = tcase_create("disagreement");

    tcase_add_test(tests, percentiles_and_the_worst_row_are_found);
    tcase_add_test(tests, what_is_no_number_is_furthest);
    tcase_add_test(tests, the_digest_is_of_all_outputs_in_order);
    suite_add_tcase(suite, tests);
    return suite;
}
