/* SPDX-License-Identifier: MIT */
/* What is kept for the report: labels, positions, and the pictures of the worst disagreements. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/keep.h"

#define N_ROWS 100
#define N_SETS 2

static struct ev_error err = EV_ERROR_INIT;

/* Every byte of picture i of set s is i + s. */
static struct ev_set *make_set(int s)
{
    static const char *const names[N_SETS] = {"first.h5", "second.h5"};
    struct ev_set_spec spec = {
        .n_rows = N_ROWS,
        .shape = {2, 3, 3},
        .n_outputs = 1,
        .columns = {{"v", "m/s", 0, 10}},
        .circuit = "test",
        .provenance = "{}",
        .with_pose = s == 0,
    };
    struct ev_set_writer *writer;
    struct ev_set *set;

    ev_assert_ok(ev_set_writer_open(ev_test_path(names[s]), &spec, &writer, &err));
    for (int i = 0; i < N_ROWS; i++) {
        uint8_t image[18];
        const float label = (float)i / 10;
        const double pose[EV_POSE_COLUMNS] = {i, -2.0 * i, 0, i};
        memset(image, i + s, sizeof image);
        ev_assert_ok(ev_set_writer_append(writer, 1, image, &label, s == 0 ? pose : NULL, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    ev_assert_ok(ev_set_open(ev_test_path(names[s]), NULL, &set, &err));
    return set;
}

static void keep(struct ev_samples *samples, struct ev_set *sets[N_SETS])
{
    static const struct ev_eval_backend backends[] = {{.name = "baseline"}, {.name = "other"}};
    const struct ev_eval_args args = {.backends = backends, .n_backends = 2, .n_sets = N_SETS};

    memset(samples, 0, sizeof *samples);
    ev_assert_ok(ev_keep_backends(samples, &args, &err));
    for (int s = 0; s < N_SETS; s++) {
        sets[s] = make_set(s);
        ev_assert_ok(ev_keep_set(samples, s == 0 ? "first" : "second", sets[s], &err));
        for (int b = 0; b < 2; b++) {
            samples->sets[s].outputs[b] = malloc(N_ROWS * sizeof(float));
            ck_assert_ptr_nonnull(samples->sets[s].outputs[b]);
            for (int i = 0; i < N_ROWS; i++)
                samples->sets[s].outputs[b][i] = 0.5f;
        }
    }
}

static void release(struct ev_samples *samples, struct ev_set *sets[N_SETS])
{
    ev_samples_free(samples);
    for (int s = 0; s < N_SETS; s++)
        ev_set_close(sets[s]);
}

START_TEST(labels_and_positions_are_those_of_the_set)
{
    struct ev_samples samples;
    struct ev_set *sets[N_SETS];

    keep(&samples, sets);
    ck_assert_str_eq(samples.backends[1], "other");
    ck_assert_uint_eq(samples.n_sets, N_SETS);
    ck_assert_float_eq(samples.sets[1].labels[37], 3.7f);
    ck_assert_float_eq(samples.sets[0].positions[2 * 99], 99);
    ck_assert_float_eq(samples.sets[0].positions[2 * 99 + 1], -198);
    ck_assert_ptr_null(samples.sets[1].positions);
    release(&samples, sets);
}
END_TEST

START_TEST(the_worst_pictures_are_kept_one_of_neighbours)
{
    static const struct {
        int set, row;
        float difference;
        int place; /* -1: not kept */
    } rows[] = {
        {0, 10, 0.3f, -1},  /* near a worse one behind it */
        {0, 25, -0.4f, 0},  /* the sign does not count */
        {0, 44, 0.35f, -1}, /* near a worse one before it */
        {0, 45, 0.2f, 2},   /* just far enough */
        {1, 26, 0.1f, 3},   /* another set is no neighbour */
        {1, 60, 0.05f, -1}, /* beyond the number that is kept */
        {1, 90, 0.25f, 1},
    };
    struct ev_samples samples;
    struct ev_set *sets[N_SETS];

    keep(&samples, sets);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        samples.sets[rows[i].set].outputs[1][rows[i].row] += rows[i].difference;
    samples.sets[1].outputs[1][0] = NAN;
    ev_assert_ok(ev_keep_pictures(&samples, sets, 0, &err));
    ck_assert_uint_eq(samples.n_pictures, EV_KEEP_PICTURES);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].place < 0)
            continue;
        const struct ev_samples_picture *picture = &samples.pictures[rows[i].place];
        ck_assert_int_eq(picture->set, rows[i].set);
        ck_assert_int_eq(picture->row, rows[i].row);
        ck_assert_int_eq(picture->backend, 1);
        ck_assert_int_eq(picture->pixels[17], rows[i].row + rows[i].set);
    }
    release(&samples, sets);
}
END_TEST

START_TEST(backends_that_agree_have_no_pictures)
{
    struct ev_samples samples;
    struct ev_set *sets[N_SETS];

    keep(&samples, sets);
    free(samples.sets[1].outputs[1]); /* not run there */
    samples.sets[1].outputs[1] = NULL;
    ev_assert_ok(ev_keep_pictures(&samples, sets, 0, &err));
    ck_assert_uint_eq(samples.n_pictures, 0);
    release(&samples, sets);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("keep");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, labels_and_positions_are_those_of_the_set);
    tcase_add_test(tcase, the_worst_pictures_are_kept_one_of_neighbours);
    tcase_add_test(tcase, backends_that_agree_have_no_pictures);
    suite_add_tcase(suite, tcase);
    return suite;
}
