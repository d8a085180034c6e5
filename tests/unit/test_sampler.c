/* SPDX-License-Identifier: MIT */
/* Which rows are trained on, how often, in which order; the feeder; mirrors and colours. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/ev_test.h"
#include "support/ev_test_rows.h"
#include "train/augment.h"
#include "train/feeder.h"
#include "train/sampler.h"

#define N_FIRST 450
#define N_SECOND 130
#define N_ROWS (N_FIRST + N_SECOND)

static struct ev_error err = EV_ERROR_INIT;

/* Two sets, rows 0 to N_ROWS - 1 in all. */
static struct ev_sampler *open_sampler(struct ev_sampler_args args)
{
    const char *paths[] = {ev_test_rows("a.h5", 0, N_FIRST),
                           ev_test_rows("b.h5", N_FIRST, N_SECOND)};
    struct ev_sampler *sampler;

    args.set_paths = paths;
    args.n_sets = 2;
    ev_assert_ok(ev_sampler_open(&args, &sampler, &err));
    return sampler;
}

static const struct ev_sampler_args plain = {
    .n_threads = 2, .validation_share = 0.2, .repeat_bends = 1, .repeat_sharp_bends = 1, .seed = 5};

/* Takes batches to the end and counts how often each row came; checks that picture and label
 * belong together. Returns the number of batches. */
static int64_t count_rows(const struct ev_feeder_args *args, int64_t counts[N_ROWS])
{
    struct ev_feeder *feeder;
    struct ev_feed feed;
    int64_t n_batches = 0;

    memset(counts, 0, N_ROWS * sizeof *counts);
    ev_assert_ok(ev_feeder_start(args, &feeder, &err));
    for (;; n_batches++) {
        ev_assert_ok(ev_feeder_next(feeder, &feed, &err));
        if (feed.batch.n_rows == 0)
            break;
        ck_assert_int_le(feed.batch.n_rows, args->batch_rows);
        for (int64_t i = 0; i < feed.batch.n_rows; i++) {
            const uint8_t *picture = (const uint8_t *)feed.batch.data + i * EV_TEST_ROWS_BYTES;
            int64_t row = ev_test_rows_number(feed.targets[2 * i]);
            ck_assert_int_ge(row, 0);
            ck_assert_int_lt(row, N_ROWS);
            if (!args->augment) {
                ck_assert_int_eq(row, ev_test_rows_picture(picture));
                ck_assert_double_eq_tol(feed.targets[2 * i + 1],
                                        ev_test_rows_w(row) / (2 * EV_TEST_ROWS_MAX_W) + 0.5, 1e-6);
            }
            counts[row]++;
        }
    }
    ev_feeder_stop(feeder);
    return n_batches;
}

static bool in_validation(const struct ev_sampler *sampler, int64_t row)
{
    for (int64_t i = 0; i < sampler->n_validation; i++) {
        if (sampler->validation[i] == row)
            return true;
    }
    return false;
}

START_TEST(each_row_comes_as_often_as_it_should)
{
    struct ev_sampler_args args = plain;
    int64_t counts[N_ROWS];

    args.repeat_bends = 3;
    args.repeat_sharp_bends = 4;
    struct ev_sampler *sampler = open_sampler(args);
    int64_t *rows = calloc((size_t)sampler->n_training, sizeof *rows);
    ev_sampler_shuffle(sampler, 0, rows);
    int64_t n_batches = count_rows(&(struct ev_feeder_args){.sampler = sampler,
                                                            .rows = rows,
                                                            .n_rows = sampler->n_training,
                                                            .batch_rows = 64},
                                   counts);
    ck_assert_int_eq(n_batches, (sampler->n_training + 63) / 64);
    for (int64_t row = 0; row < N_ROWS; row++) {
        static const int64_t repeats[] = {1, 3, 4};
        ck_assert_int_eq(counts[row], in_validation(sampler, row) ? 0 : repeats[row % 3]);
    }
    free(rows);
    ev_sampler_close(sampler);
}
END_TEST

START_TEST(validation_takes_whole_blocks_of_each_set)
{
    struct ev_sampler *sampler = open_sampler(plain);
    int64_t n_first = 0, n_runs = 0;

    /* Sets below 4000 rows have 20 blocks or a few more: 22 and 6 rows here. */
    for (int64_t i = 0; i < sampler->n_validation; i++) {
        int64_t row = sampler->validation[i];
        n_first += row < N_FIRST;
        n_runs += i == 0 || row != sampler->validation[i - 1] + 1;
    }
    ck_assert_int_ge(n_first, 3 * 22);
    ck_assert_int_le(n_first, 5 * 22);
    ck_assert_int_ge(sampler->n_validation - n_first, 3 * 6);
    ck_assert_int_le(sampler->n_validation - n_first, 5 * 6);
    ck_assert_int_le(n_runs, 10);
    ck_assert_int_gt(n_runs, 2);
    ck_assert_int_eq(sampler->n_training + sampler->n_validation, N_ROWS);
    ev_sampler_close(sampler);
}
END_TEST

START_TEST(the_seed_decides_split_and_order)
{
    struct ev_sampler_args other = plain;
    other.seed = 6;
    struct ev_sampler *a = open_sampler(plain), *b = open_sampler(plain), *c = open_sampler(other);
    size_t bytes = (size_t)a->n_training * sizeof(int64_t);
    int64_t *order_a = malloc(bytes), *order_b = malloc(bytes), *next = malloc(bytes);

    ck_assert_int_eq(a->n_validation, b->n_validation);
    ck_assert_mem_eq(a->validation, b->validation, (size_t)a->n_validation * sizeof(int64_t));
    ck_assert(a->n_validation != c->n_validation ||
              memcmp(a->validation, c->validation, (size_t)a->n_validation * sizeof(int64_t)) != 0);
    ev_sampler_shuffle(a, 3, order_a);
    ev_sampler_shuffle(b, 3, order_b);
    ev_sampler_shuffle(a, 4, next);
    ck_assert_mem_eq(order_a, order_b, bytes);
    ck_assert_mem_ne(order_a, next, bytes);
    free(order_a);
    free(order_b);
    free(next);
    ev_sampler_close(a);
    ev_sampler_close(b);
    ev_sampler_close(c);
}
END_TEST

START_TEST(an_epoch_is_cut)
{
    struct ev_sampler *sampler = open_sampler(plain);

    ck_assert_int_eq(ev_sampler_epoch_rows(sampler, 0), sampler->n_training);
    ck_assert_int_eq(ev_sampler_epoch_rows(sampler, 10), 10);
    ck_assert_int_eq(ev_sampler_epoch_rows(sampler, 100000), sampler->n_training);
    ev_sampler_close(sampler);
}
END_TEST

START_TEST(mirrors_turn_picture_and_sign)
{
    struct ev_sampler *sampler = open_sampler(plain);
    int64_t *rows = calloc((size_t)sampler->n_training, sizeof *rows);
    struct ev_feeder *feeder;
    struct ev_feed feed;
    int64_t n = 0, n_mirrored = 0;

    ev_sampler_shuffle(sampler, 0, rows);
    struct ev_feeder_args args = {.sampler = sampler,
                                  .rows = rows,
                                  .n_rows = sampler->n_training,
                                  .batch_rows = 50,
                                  .augment = true,
                                  .first_index = 1000};
    ev_assert_ok(ev_feeder_start(&args, &feeder, &err));
    for (;;) {
        ev_assert_ok(ev_feeder_next(feeder, &feed, &err));
        if (feed.batch.n_rows == 0)
            break;
        for (int64_t i = 0; i < feed.batch.n_rows; i++, n++) {
            bool mirrored = ev_test_rows_mirrored((const uint8_t *)feed.batch.data +
                                                  i * EV_TEST_ROWS_BYTES);
            double w = ev_test_rows_w(ev_test_rows_number(feed.targets[2 * i]));
            ck_assert_double_eq_tol(feed.targets[2 * i + 1],
                                    (mirrored ? -w : w) / (2 * EV_TEST_ROWS_MAX_W) + 0.5, 1e-6);
            n_mirrored += mirrored;
        }
    }
    ck_assert_int_eq(n, sampler->n_training);
    ck_assert_int_gt(n_mirrored, n / 3);
    ck_assert_int_lt(n_mirrored, n * 2 / 3);
    ev_feeder_stop(feeder);
    free(rows);
    ev_sampler_close(sampler);
}
END_TEST

START_TEST(no_turn_no_mirror)
{
    struct ev_sampler *sampler = open_sampler(plain);
    int64_t counts[N_ROWS];
    int64_t *rows = calloc((size_t)sampler->n_training, sizeof *rows);
    struct ev_feeder *feeder;
    struct ev_feed feed;

    sampler->can_mirror = sampler->mirrored[1] = false;
    ev_sampler_shuffle(sampler, 0, rows);
    struct ev_feeder_args args = {.sampler = sampler,
                                  .rows = rows,
                                  .n_rows = sampler->n_training,
                                  .batch_rows = 1000,
                                  .augment = true};
    ck_assert_int_eq(count_rows(&args, counts), 1);
    ev_assert_ok(ev_feeder_start(&args, &feeder, &err));
    ev_assert_ok(ev_feeder_next(feeder, &feed, &err));
    for (int64_t i = 0; i < feed.batch.n_rows; i++)
        ck_assert(!ev_test_rows_mirrored((const uint8_t *)feed.batch.data +
                                         i * EV_TEST_ROWS_BYTES));
    /* Stopped before its end. */
    ev_feeder_stop(feeder);
    free(rows);
    ev_sampler_close(sampler);
}
END_TEST

START_TEST(changes_depend_on_the_index_alone)
{
    const struct ev_shape shape = {2, 3, 3};
    uint8_t start[18], a[18], b[18], c[18];

    for (int i = 0; i < 18; i++)
        start[i] = a[i] = b[i] = c[i] = (uint8_t)(i * 14);
    struct ev_rng rng_a = ev_rng_at(1, EV_RNG_AUGMENT, 7), rng_b = rng_a;
    struct ev_rng rng_c = ev_rng_at(1, EV_RNG_AUGMENT, 8);
    ev_augment_colour(a, &shape, &rng_a);
    ev_augment_colour(b, &shape, &rng_b);
    ev_augment_colour(c, &shape, &rng_c);
    ck_assert_mem_eq(a, b, 18);
    ck_assert_mem_ne(a, c, 18);
    ck_assert_mem_ne(a, start, 18);
}
END_TEST

START_TEST(sets_must_agree)
{
    const char *paths[2] = {ev_test_rows("a.h5", 0, 20), ev_test_path("other.h5")};
    struct ev_sampler_args args = plain;
    struct ev_sampler *sampler;
    struct ev_set_spec spec = {.n_rows = 1,
                               .shape = {EV_TEST_ROWS_HEIGHT, EV_TEST_ROWS_WIDTH, 3},
                               .n_outputs = 2,
                               .columns = {{"v", "m/s", 0, EV_TEST_ROWS_MAX},
                                           {"w", "rad/s", -1, 1}},
                               .circuit = "",
                               .provenance = ""};
    uint8_t picture[EV_TEST_ROWS_BYTES] = {0};
    float labels[2] = {0};
    struct ev_set_writer *writer;

    ev_assert_ok(ev_set_writer_open(paths[1], &spec, &writer, &err));
    ev_assert_ok(ev_set_writer_append(writer, 1, picture, labels, NULL, &err));
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    args.set_paths = paths;
    args.n_sets = 2;
    ev_assert_fails(ev_sampler_open(&args, &sampler, &err), EV_INPUT,
                    "other.h5: column 1 of /labels is w in [-1, 1], but w in [-4, 4]");
    ck_assert_ptr_null(sampler);
}
END_TEST

START_TEST(a_read_error_comes_out)
{
    struct ev_sampler *sampler = open_sampler(plain);
    int64_t *rows = calloc((size_t)sampler->n_training, sizeof *rows);
    struct ev_feeder *feeder;
    struct ev_feed feed;
    enum ev_status status = EV_OK;

    ev_sampler_shuffle(sampler, 0, rows);
    ck_assert_int_eq(truncate(ev_test_path("a.h5"), 4000), 0);
    struct ev_feeder_args args = {
        .sampler = sampler, .rows = rows, .n_rows = sampler->n_training, .batch_rows = 16};
    ev_assert_ok(ev_feeder_start(&args, &feeder, &err));
    do {
        status = ev_feeder_next(feeder, &feed, &err);
    } while (status == EV_OK && feed.batch.n_rows > 0);
    ck_assert_int_eq(status, EV_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "a.h5"));
    ev_feeder_stop(feeder);
    free(rows);
    ev_sampler_close(sampler);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("sampler");
    TCase *tests = tcase_create("sampler");

    tcase_add_test(tests, each_row_comes_as_often_as_it_should);
    tcase_add_test(tests, validation_takes_whole_blocks_of_each_set);
    tcase_add_test(tests, the_seed_decides_split_and_order);
    tcase_add_test(tests, an_epoch_is_cut);
    tcase_add_test(tests, mirrors_turn_picture_and_sign);
    tcase_add_test(tests, no_turn_no_mirror);
    tcase_add_test(tests, changes_depend_on_the_index_alone);
    tcase_add_test(tests, sets_must_agree);
    tcase_add_test(tests, a_read_error_comes_out);
    suite_add_tcase(suite, tests);
    return suite;
}
