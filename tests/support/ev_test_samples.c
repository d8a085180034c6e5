/* SPDX-License-Identifier: MIT */
/* Outputs that are off by more in bends, times with a tail, pictures of a road. */
#include "support/ev_test_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/time_figures.h"
#include "support/ev_test.h"

#define N_ROWS      900
#define N_PROCESSES 3
#define N_ROUNDS    8
#define N_CALLS     16
#define N_WORST     4
#define HEIGHT      66
#define WIDTH       200
#define SEED        11

static void *make(size_t n, size_t size)
{
    void *memory = calloc(n, size);

    ck_assert_ptr_nonnull(memory);
    return memory;
}

static char *copy(const char *text)
{
    char *copied = strdup(text);

    ck_assert_ptr_nonnull(copied);
    return copied;
}

/* --- Outputs --- */

/* An oval with a dent, once round over all rows. */
static void place(size_t set, int64_t row, float *x_m, float *y_m)
{
    const double turn = 2 * M_PI * (double)row / N_ROWS;
    const double radius = 100 + 25 * sin(3 * turn + (double)set);

    *x_m = (float)((1.6 + 0.5 * (double)set) * radius * cos(turn));
    *y_m = (float)(radius * sin(turn));
}

static void add_outputs(struct ev_samples_set *set, size_t s, size_t backend, size_t n_backends,
                        const struct ev_result_row *row)
{
    struct ev_rng rng = ev_rng_at(SEED, EV_RNG_TEST, s * n_backends + backend);
    const double size = sqrt(isfinite(row->all.mse_norm) ? row->all.mse_norm : 0.003);

    set->outputs[backend] = make((size_t)(N_ROWS * set->n_outputs), sizeof(float));
    for (int64_t i = 0; i < N_ROWS; i++) {
        const double bend = 0.3 + 1.2 * pow(sin(3 * M_PI * (double)i / N_ROWS), 2);
        for (int32_t k = 0; k < set->n_outputs; k++) {
            const struct ev_column *column = &row->columns[k];
            const double label = ((double)set->labels[i * set->n_outputs + k] - column->min) /
                                 (column->max - column->min);
            set->outputs[backend][i * set->n_outputs + k] =
                (float)(label + size * bend * (ev_rng_normal(&rng) + 0.2));
        }
    }
}

static void add_set(struct ev_samples *samples, const struct ev_result *result, size_t s)
{
    struct ev_samples_set *set = &samples->sets[s];
    const struct ev_result_row *row = NULL;

    *set = (struct ev_samples_set){.name = copy(result->sets[s].name), .n_rows = N_ROWS};
    row = ev_result_find(result, samples->backends[0], set->name);
    ck_assert_ptr_nonnull(row);
    set->n_outputs = row->n_outputs;
    set->labels = make((size_t)(N_ROWS * set->n_outputs), sizeof(float));
    set->outputs = make(samples->n_backends, sizeof *set->outputs);
    set->positions = make(2 * N_ROWS, sizeof(float));
    for (int64_t i = 0; i < N_ROWS; i++) {
        place(s, i, &set->positions[2 * i], &set->positions[2 * i + 1]);
        for (int32_t k = 0; k < set->n_outputs; k++) {
            const struct ev_column *column = &row->columns[k];
            const double wave = 0.5 + 0.4 * sin((6 + k) * M_PI * (double)i / N_ROWS);
            set->labels[i * set->n_outputs + k] =
                (float)(column->min + wave * (column->max - column->min));
        }
    }
    for (size_t b = 0; b < samples->n_backends; b++)
        add_outputs(set, s, b, samples->n_backends,
                    ev_result_find(result, samples->backends[b], set->name));
}

/* --- Pictures --- */

/* Grass, a grey road that bends, sky. */
static uint8_t *make_pixels(int64_t row)
{
    uint8_t *pixels = make(HEIGHT * WIDTH, 3);

    for (int y = 0; y < HEIGHT; y++) {
        const double depth = (double)(y - 15) / (HEIGHT - 15);
        const double middle = WIDTH / 2.0 + 60 * sin((double)row) * pow(1 - depth, 2);
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = pixels + 3 * (y * WIDTH + x);
            const bool road = depth > 0 && fabs(x - middle) < 6 + 80 * depth;
            pixel[0] = depth <= 0 ? 150 : road ? 110 : 70;
            pixel[1] = depth <= 0 ? 190 : road ? 110 : 130;
            pixel[2] = depth <= 0 ? 230 : road ? 112 : 60;
        }
    }
    return pixels;
}

static void add_pictures(struct ev_samples *samples)
{
    samples->pictures = make(samples->n_backends * N_WORST, sizeof *samples->pictures);
    for (size_t b = 1; b < samples->n_backends; b++) {
        for (int i = 0; i < N_WORST; i++) {
            const int64_t row = 37 + 151 * i + 11 * (int64_t)b;
            samples->pictures[samples->n_pictures++] = (struct ev_samples_picture){
                .set = i % (int)samples->n_sets,
                .backend = (int32_t)b,
                .row = row,
                .height = HEIGHT,
                .width = WIDTH,
                .channels = 3,
                .pixels = make_pixels(row),
            };
        }
    }
}

/* --- Times --- */

static void add_block(struct ev_session *session, int32_t process, int32_t turn, int32_t entry,
                      enum ev_mode mode, double median_ns)
{
    const uint64_t index = session->n_blocks;
    struct ev_rng rng = ev_rng_at(SEED, EV_RNG_TEST, 100000 + index);
    float call_ns[N_CALLS];
    const struct ev_block block = {
        .process = process,
        .round = turn,
        .predecessor = -1,
        .entry = entry,
        .mode = mode,
        .boundary = EV_BOUNDARY_E2E,
        .n_threads = 1,
        .rows_per_call = 1,
        .rows_per_piece = 1,
        .period_ns = mode == EV_MODE_PACED ? 50000000 : 0,
        .noise = {-1, -1, -1, -1, -1, -1},
    };

    for (int i = 0; i < N_CALLS; i++) {
        const double stall = ev_rng_uniform(&rng) < 0.02 ? 2 * ev_rng_uniform(&rng) : 0;
        const double slow = mode == EV_MODE_PACED ? 1.3 + 0.2 * ev_rng_uniform(&rng) : 1;
        call_ns[i] =
            (float)round(median_ns * slow * (0.96 + 0.05 * fabs(ev_rng_normal(&rng)) + stall));
    }
    ck_assert(ev_session_add(session, &block, call_ns, N_CALLS));
}

static void add_session(struct ev_samples *samples, const struct ev_result *result)
{
    struct ev_session *session = &samples->session;
    const enum ev_mode modes[] = {EV_MODE_HOT, EV_MODE_PACED};

    session->profile = copy("quick");
    session->n_processes = N_PROCESSES;
    session->n_entries = samples->n_backends;
    session->entries = make(session->n_entries, sizeof *session->entries);
    for (size_t b = 0; b < samples->n_backends; b++)
        session->entries[b].backend = copy(samples->backends[b]);
    for (int m = 0; m < 2; m++) {
        for (int32_t i = 0; i < N_PROCESSES * N_ROUNDS; i++) {
            for (size_t b = 0; b < samples->n_backends; b++) {
                const struct ev_result_row *row =
                    ev_result_find(result, samples->backends[b], result->sets[0].name);
                const double median_ns = row->latency.median_ns;
                add_block(session, i / N_ROUNDS, i % N_ROUNDS, (int32_t)b, modes[m],
                          isfinite(median_ns) ? median_ns : 5e5);
            }
        }
    }
}

void ev_test_samples_fill(struct ev_result *result)
{
    struct ev_samples *samples = &result->samples;
    struct ev_error err = EV_ERROR_INIT;

    samples->backends = make(result->n_rows, sizeof *samples->backends);
    for (size_t i = 0; i < result->n_rows; i++) {
        if (ev_samples_find_backend(samples, result->rows[i].backend) < 0)
            samples->backends[samples->n_backends++] = copy(result->rows[i].backend);
    }
    samples->n_sets = result->n_sets;
    samples->sets = make(result->n_sets, sizeof *samples->sets);
    for (size_t s = 0; s < result->n_sets; s++)
        add_set(samples, result, s);
    add_pictures(samples);
    add_session(samples, result);
    ev_assert_ok(ev_time_figures(&samples->session, result, &err));
}
