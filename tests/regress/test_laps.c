/* SPDX-License-Identifier: MIT */
/*
 * The committed models in the closed loop: each completes a lap of each test circuit in both
 * directions, near the line and never off the asphalt, with commands at once and 50 ms late; and
 * the same seed gives the same lap to the bit, in float and in int8.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/host.h"
#include "base/progress.h"
#include "drive/drive.h"
#include "support/ev_test.h"

#define N_VARIANTS      4
#define N_CIRCUITS      3
#define MOST_DEVIATION_M 0.12

static struct ev_error err;

static const char *const circuits[N_CIRCUITS] = {"simple", "montreal", "montmelo"};
static const double latencies_s[] = {0.0, 0.05};

struct fixture {
    struct ev_eval_backend backends[N_VARIANTS];
    struct ev_track *tracks[N_CIRCUITS];
};

static void set_up(struct fixture *fixture)
{
    static const char *const names[N_VARIANTS] = {"baseline", "dynamic", "static", "qat"};

    ev_progress_set_quiet(true);
    *fixture = (struct fixture){0};
    for (size_t i = 0; i < N_VARIANTS; i++) {
        const struct ev_variant *variant = ev_variant_find(names[i]);
        fixture->backends[i].name = names[i];
        fixture->backends[i].model_path = ev_path_data(variant->model);
        ev_assert_ok(ev_engine_find(variant->engine, &fixture->backends[i].engine, &err));
    }
    for (size_t i = 0; i < N_CIRCUITS; i++)
        ev_assert_ok(ev_track_open(circuits[i], &fixture->tracks[i], &err));
}

static void tear_down(struct fixture *fixture)
{
    for (size_t i = 0; i < N_VARIANTS; i++)
        free((char *)fixture->backends[i].model_path);
    for (size_t i = 0; i < N_CIRCUITS; i++)
        ev_track_close(fixture->tracks[i]);
}

static struct ev_drive_args make_args(struct fixture *fixture, double latency_s)
{
    return (struct ev_drive_args){
        .backends = fixture->backends,
        .n_backends = N_VARIANTS,
        .tracks = fixture->tracks,
        .n_tracks = N_CIRCUITS,
        .directions = EV_DRIVE_FORWARD | EV_DRIVE_REVERSE,
        .n_laps = 1,
        .seed = 1,
        .latency_s = latency_s,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = ev_host_cores(),
    };
}

START_TEST(every_variant_stays_on_every_circuit)
{
    struct fixture fixture;
    struct ev_drive_result result;

    set_up(&fixture);
    struct ev_drive_args args = make_args(&fixture, latencies_s[_i]);
    ev_assert_ok(ev_drive_run_all(&args, &result, &err));
    ck_assert_uint_eq(result.n_runs, 2 * N_CIRCUITS * N_VARIANTS);
    for (size_t i = 0; i < result.n_runs; i++) {
        const struct ev_drive_run *run = &result.runs[i];
        const struct ev_lap *lap = &run->laps[0];
        char name[100];
        ev_drive_run_name(&result, run, ", ", name, sizeof name);
        ck_assert_msg(lap->end == EV_LAP_COMPLETED && lap->off_asphalt_s == 0.0 &&
                          lap->deviation_mae_m <= MOST_DEVIATION_M,
                      "%s on %s: %s after %.1f m, %.3f m from the line, %.2f s off the asphalt",
                      args.backends[run->backend].name, name, ev_lap_end_text(lap->end),
                      lap->completed_m, lap->deviation_mae_m, lap->off_asphalt_s);
    }
    ev_drive_result_free(&result);
    tear_down(&fixture);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_lap)
{
    struct fixture fixture;
    struct ev_drive_result results[2];
    struct ev_drive_args args[2];

    set_up(&fixture);
    for (int i = 0; i < 2; i++) {
        args[i] = make_args(&fixture, 0.02);
        args[i].n_tracks = 1;
        args[i].directions = EV_DRIVE_FORWARD;
        args[i].perturb = true;
        args[i].n_threads = i + 1;
        ev_assert_ok(ev_drive_run_all(&args[i], &results[i], &err));
    }
    for (size_t b = 0; b < N_VARIANTS; b++) {
        const struct ev_lap *a = &results[0].runs[b].laps[0], *c = &results[1].runs[b].laps[0];
        ck_assert_int_gt(a->n_frames, 100);
        ck_assert_int_eq(a->n_frames, c->n_frames);
        ck_assert_mem_eq(a->frames, c->frames, (size_t)a->n_frames * sizeof *a->frames);
    }
    for (int i = 0; i < 2; i++)
        ev_drive_result_free(&results[i]);
    tear_down(&fixture);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("laps");
    TCase *tests = tcase_create("laps");

    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, every_variant_stays_on_every_circuit, 0,
                        sizeof latencies_s / sizeof *latencies_s);
    tcase_add_test(tests, the_same_seed_gives_the_same_lap);
    suite_add_tcase(suite, tests);
    return suite;
}
