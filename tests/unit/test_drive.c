/* SPDX-License-Identifier: MIT */
/* Laps of an engine on circuits: the same on any number of threads, and what the reports say. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drive/drive_figures.h"
#include "drive/drive_report.h"
#include "support/ev_test.h"
#include "support/ev_test_track.h"

static struct ev_error err;

/* The null engine answers the middle of both ranges: 15.25 m/s, straight on. */
static struct ev_eval_backend null_backend(void)
{
    struct ev_eval_backend backend = {.name = "null"};

    ev_assert_ok(ev_engine_find("null", &backend.engine, &err));
    return backend;
}

static struct ev_drive_args make_args(const struct ev_eval_backend *backend,
                                      struct ev_track *const *tracks, int32_t n_threads)
{
    return (struct ev_drive_args){
        .backends = backend,
        .n_backends = 1,
        .tracks = tracks,
        .n_tracks = 1,
        .directions = EV_DRIVE_FORWARD | EV_DRIVE_REVERSE,
        .n_laps = 3,
        .seed = 9,
        .perturb = true,
        .latency_s = 0.03,
        .device_kind = EV_DEVICE_CPU,
        .n_threads = n_threads,
    };
}

START_TEST(any_number_of_threads_drives_the_same)
{
    struct ev_eval_backend backend = null_backend();
    struct ev_track *track;
    struct ev_drive_result results[2];
    struct ev_drive_args args[2];

    ev_assert_ok(ev_track_open(ev_test_oval("oval.csv", 60.0, 12.0, 2.0), &track, &err));
    for (int i = 0; i < 2; i++) {
        args[i] = make_args(&backend, &track, i == 0 ? 1 : 4);
        ev_assert_ok(ev_drive_run_all(&args[i], &results[i], &err));
        ck_assert_uint_eq(results[i].n_runs, 2);
    }
    for (size_t run = 0; run < 2; run++) {
        for (int lap = 0; lap < 3; lap++) {
            const struct ev_lap *a = &results[0].runs[run].laps[lap];
            const struct ev_lap *b = &results[1].runs[run].laps[lap];
            ck_assert_int_eq(a->end, EV_LAP_LEFT_ROAD);
            ck_assert_int_eq(a->n_frames, b->n_frames);
            ck_assert_double_eq(a->deviation_mae_m, b->deviation_mae_m);
            ck_assert_double_eq(a->completed_m, b->completed_m);
            /* Straight on, but started beside the line and turned by up to 0.1 rad. */
            ck_assert_double_gt(a->completed_m, 3.0);
            ck_assert_double_lt(a->completed_m, 80.0);
        }
    }
    ck_assert_double_ne(results[0].runs[0].laps[0].completed_m,
                        results[0].runs[0].laps[1].completed_m);
    for (int i = 0; i < 2; i++)
        ev_drive_result_free(&results[i]);
    ev_track_close(track);
}
END_TEST

/* Laps made by hand, so that every figure is known. */
static void fill(struct ev_drive_run *run, struct ev_lap laps[2], float samples[2][2])
{
    laps[0] = (struct ev_lap){
        .end = EV_LAP_COMPLETED, .length_m = 100, .completed_m = 100, .time_s = 10,
        .driven_m = 104, .deviation_mae_m = 0.04, .deviation_max_m = 0.2,
        .deviation_weighted = 1.4, .n_frames = 200, .n_inferences = 2,
        .wall_ns = 2000000000, .inference_ns = samples[0],
    };
    laps[1] = (struct ev_lap){
        .end = EV_LAP_LEFT_ROAD, .length_m = 100, .completed_m = 50, .time_s = 5,
        .driven_m = 50, .deviation_mae_m = 0.08, .deviation_max_m = 2.5,
        .deviation_weighted = 3.0, .off_asphalt_s = 0.5, .n_frames = 100, .n_inferences = 2,
        .wall_ns = 1000000000, .inference_ns = samples[1],
    };
    *run = (struct ev_drive_run){0, 0, -1, laps};
}

START_TEST(figures_of_known_laps)
{
    struct ev_eval_backend backend = null_backend();
    struct ev_track track = {.name = (char *)"ring", .length_m = 100};
    struct ev_track *tracks[] = {&track};
    struct ev_drive_args args = make_args(&backend, tracks, 1);
    struct ev_drive_run run;
    struct ev_lap laps[2];
    float samples[2][2] = {{1e6f, 3e6f}, {2e6f, 6e6f}};
    double latency_s = 0.03;
    struct ev_drive_result result = {&args, &run, 1, &latency_s, &latency_s, false};
    struct ev_drive_figures f;
    char *text = NULL;
    size_t length;

    args.n_laps = 2;
    fill(&run, laps, samples);
    ev_assert_ok(ev_drive_figures_of(&result, &run, &f, &err));
    ck_assert_int_eq(f.n_completed, 1);
    ck_assert_double_eq_tol(f.completed_percent, 75.0, 1e-12);
    ck_assert_double_eq_tol(f.lap_time_s, 10.0, 1e-12); /* of the completed lap alone */
    ck_assert_double_eq_tol(f.speed_mps, (10.4 + 10.0) / 2, 1e-12);
    ck_assert_double_eq_tol(f.deviation_mae_m, 0.06, 1e-12);
    ck_assert_double_eq(f.deviation_max_m, 2.5);
    ck_assert_double_eq_tol(f.off_asphalt_s, 0.25, 1e-12);
    ck_assert_double_eq_tol(f.inference_mean_ms, 3.0, 1e-9);
    ck_assert_double_eq_tol(f.inference_p99_ms, 6.0, 1e-9);
    ck_assert_double_eq_tol(f.real_time_factor, 5.0, 1e-12);
    /* Two laps: resampled means are 0.04, 0.06 or 0.08. */
    ck_assert_double_eq_tol(f.deviation_low_m, 0.04, 1e-12);
    ck_assert_double_eq_tol(f.deviation_high_m, 0.08, 1e-12);

    FILE *out = open_memstream(&text, &length);
    ev_assert_ok(ev_drive_write_csv(&result, out, &err));
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "\nnull,ring,reverse,0,9,completed,1,100,100,10,10.4,0.04,"
                                       "0.2,1.4,0,0.03,0,200,2,2,3,1,5\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nnull,ring,reverse,1,9,left the road,0,50,50,,10,0.08,"));
    free(text);
    out = open_memstream(&text, &length);
    ev_assert_ok(ev_drive_report_print(&result, out, &err));
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "ring, reverse: 100.0 m"));
    ck_assert_ptr_nonnull(strstr(text, "1 of 2 (left the road)"));
    ck_assert_ptr_nonnull(strstr(text, "0.0400..0.0800"));
    free(text);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("drive");
    TCase *tests = tcase_create("drive");

    tcase_add_test(tests, any_number_of_threads_drives_the_same);
    tcase_add_test(tests, figures_of_known_laps);
    suite_add_tcase(suite, tests);
    return suite;
}
