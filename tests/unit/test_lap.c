/* SPDX-License-Identifier: MIT */
/* The car against closed forms, and laps whose end geometry decides. Drivers here see no pictures. */
#include <math.h>
#include <string.h>

#include "drive/lap.h"
#include "support/ev_test.h"
#include "support/ev_test_track.h"

static struct ev_error err;

static struct ev_track *open_ok(const char *path)
{
    struct ev_track *track = NULL;

    ev_assert_ok(ev_track_open(path, &track, &err));
    return track;
}

/* --- The car --- */

START_TEST(a_car_without_lag_drives_arcs)
{
    struct ev_car car = ev_car_start((struct ev_pose){1.0, 2.0, 0.0}, 0.0);

    ev_car_advance(&car, 1.0);
    ck_assert_double_eq(car.pose.x_m, 1.0); /* at rest before the first command */
    ev_car_command(&car, (struct ev_control){10.0, 2.0});
    for (int i = 0; i < 20; i++)
        ev_car_advance(&car, M_PI / 4.0 / 20.0);
    ck_assert_double_eq_tol(car.pose.x_m, 6.0, 1e-9);
    ck_assert_double_eq_tol(car.pose.y_m, 7.0, 1e-9);
    ck_assert_double_eq_tol(car.driven_m, 10.0 * M_PI / 4.0, 1e-9);
}
END_TEST

START_TEST(commands_are_limited)
{
    struct ev_car car = ev_car_start((struct ev_pose){0}, 0.0);

    ev_car_command(&car, (struct ev_control){99.0, -99.0});
    ck_assert_double_eq(car.motion.v_mps, EV_CAR_V_MAX_MPS);
    ck_assert_double_eq(car.motion.w_radps, -EV_CAR_W_MAX_RADPS);
    ev_car_command(&car, (struct ev_control){-5.0, 99.0});
    ck_assert_double_eq(car.motion.v_mps, EV_CAR_V_LEAST_MPS);
    ck_assert_double_eq(car.motion.w_radps, EV_CAR_W_MAX_RADPS);
}
END_TEST

/* v(t) = c (1 - exp(-t / lag)) from rest, so x(t) = c (t - lag (1 - exp(-t / lag))). */
START_TEST(lag_is_of_first_order)
{
    const double lag_s = 0.2, t_s = 1.0, v = 20.0;
    struct ev_car car = ev_car_start((struct ev_pose){0}, lag_s);

    ev_car_command(&car, (struct ev_control){v, 0.0});
    for (int i = 0; i < 20; i++)
        ev_car_advance(&car, t_s / 20.0);
    ck_assert_double_eq_tol(car.motion.v_mps, v * (1.0 - exp(-t_s / lag_s)), 1e-9);
    ck_assert_double_eq_tol(car.pose.x_m, v * (t_s - lag_s * (1.0 - exp(-t_s / lag_s))), 1e-3);
}
END_TEST

/* --- Drivers --- */

static enum ev_status constant(void *self, const uint8_t *picture, const struct ev_lap_frame *frame,
                               struct ev_control *command, int64_t *inference_ns,
                               struct ev_error *error)
{
    (void)picture;
    (void)frame;
    (void)error;
    *command = *(const struct ev_control *)self;
    *inference_ns = 1000;
    return EV_OK;
}

struct expert {
    const struct ev_track *track;
    int direction;
};

static enum ev_status expert(void *self, const uint8_t *picture, const struct ev_lap_frame *frame,
                             struct ev_control *command, int64_t *inference_ns,
                             struct ev_error *error)
{
    const struct expert *own = self;

    (void)picture;
    (void)error;
    *command = ev_expert_control(own->track, frame->pose, frame->s_m, own->direction);
    *inference_ns = 1000;
    return EV_OK;
}

static struct ev_lap drive(const struct ev_track *track, int direction, double latency_s,
                           bool perturb, int64_t which, enum ev_status (*control)(
                               void *, const uint8_t *, const struct ev_lap_frame *,
                               struct ev_control *, int64_t *, struct ev_error *),
                           void *self)
{
    const struct ev_driver driver = {.control = control, .self = self};
    const struct ev_lap_args args = {
        .track = track,
        .direction = direction,
        .seed = 5,
        .lap = which,
        .perturb = perturb,
        .latencies_s = &latency_s,
        .n_latencies = 1,
    };
    struct ev_lap lap;

    ev_assert_ok(ev_lap_drive(&args, &driver, &lap, &err));
    return lap;
}

/* --- Laps --- */

/* Straight on from (r, 0) along the tangent, the distance from the centre is sqrt(r^2 + y^2): the
 * car leaves the asphalt of half width b where y^2 = (r + b)^2 - r^2, and is lost a metre on. */
START_TEST(straight_on_leaves_a_circle_where_geometry_says)
{
    const double radius = 20.0, half_width = 1.5, v = 10.0;
    struct ev_track *track = open_ok(ev_test_circle("circle.csv", radius, 1256, half_width));
    struct ev_control command = {v, 0.0};
    struct ev_lap lap = drive(track, 1, 0.0, false, 0, constant, &command);

    ck_assert_int_eq(lap.end, EV_LAP_LEFT_ROAD);
    double off_m = sqrt(pow(radius + half_width, 2) - radius * radius);
    double lost_m = sqrt(pow(radius + half_width + EV_LAP_LOST_M, 2) - radius * radius);
    ck_assert_double_eq_tol(lap.driven_m, lost_m, v / EV_CAR_RATE_HZ + 0.05);
    ck_assert_double_eq_tol(lap.off_asphalt_s, (lost_m - off_m) / v, 1.5 / EV_CAR_RATE_HZ);
    ck_assert_double_eq_tol(lap.completed_m, radius * atan(lost_m / radius), 0.6);
    ev_lap_free(&lap);
    ev_track_close(track);
}
END_TEST

/* The circle's own curvature keeps the car on it, at constant distance, for a whole lap. */
START_TEST(the_circles_own_command_completes_it)
{
    const double radius = 20.0, v = 10.0;
    struct ev_track *track = open_ok(ev_test_circle("circle.csv", radius, 1256, 1.5));
    struct ev_control command = {v, v / radius};
    struct ev_lap lap = drive(track, 1, 0.0, false, 0, constant, &command);

    ck_assert_int_eq(lap.end, EV_LAP_COMPLETED);
    ck_assert_double_eq_tol(lap.time_s, track->length_m / v, 0.02);
    /* The first chord is turned by pi / 1256 against the tangent: 2 * 20 m * sin of that. */
    ck_assert_double_lt(lap.deviation_max_m, 0.11);
    ck_assert_double_gt(lap.deviation_weighted, pow(1000.0, lap.deviation_mae_m)); /* Jensen */
    ck_assert_double_lt(lap.deviation_weighted, pow(1000.0, lap.deviation_max_m));
    ck_assert_double_eq(lap.off_asphalt_s, 0.0);
    ck_assert_int_eq(lap.n_inferences, lap.n_frames);
    ev_lap_free(&lap);
    ev_track_close(track);
}
END_TEST

START_TEST(what_gets_nowhere_is_ended)
{
    struct ev_track *track = open_ok(ev_test_oval("oval.csv", 60.0, 12.0, 3.0));
    struct ev_control circling = {6.5, 6.5}, standing = {0.0, 0.0}, nan = {10.0, NAN};
    struct ev_lap lap = drive(track, 1, 0.0, false, 0, constant, &circling);

    ck_assert_int_eq(lap.end, EV_LAP_NO_PROGRESS);
    ck_assert_double_ge(lap.time_s, EV_LAP_PATIENCE_S);
    ck_assert_double_lt(lap.completed_m, 3.0);
    ev_lap_free(&lap);
    lap = drive(track, 1, 0.0, false, 0, constant, &standing);
    ck_assert_int_eq(lap.end, EV_LAP_NO_PROGRESS);
    ck_assert_double_eq(lap.completed_m, 0.0);
    ev_lap_free(&lap);
    lap = drive(track, -1, 0.0, false, 0, constant, &nan);
    ck_assert_int_eq(lap.end, EV_LAP_NOT_FINITE);
    ck_assert_int_eq(lap.n_frames, 1);
    ev_lap_free(&lap);
    ev_track_close(track);
}
END_TEST

/* Up to the time between pictures every picture is used; above, some are missed. */
START_TEST(a_slow_brain_misses_pictures)
{
    static const struct {
        double latency_s;
        int64_t every; /* which pictures are used */
    } cases[] = {{0.0, 1}, {0.02, 1}, {0.05, 1}, {0.0501, 2}, {0.1, 2}, {0.1228, 3}};
    struct ev_track *track = open_ok(ev_test_circle("circle.csv", 20.0, 1256, 1.5));
    const double v = 10.0;
    struct ev_control command = {v, v / 20.0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ev_lap lap = drive(track, 1, cases[i].latency_s, false, 0, constant, &command);
        ck_assert_int_eq(lap.end, EV_LAP_COMPLETED);
        /* It stands until the first command takes effect. */
        ck_assert_double_eq_tol(lap.time_s, cases[i].latency_s + track->length_m / v, 0.02);
        ck_assert_int_eq(lap.n_inferences, (lap.n_frames + cases[i].every - 1) / cases[i].every);
        for (int64_t k = 0; k < lap.n_frames; k++)
            ck_assert(isfinite(lap.frames[k].command.v_mps) == (k % cases[i].every == 0));
        ev_lap_free(&lap);
    }
    ev_track_close(track);
}
END_TEST

static const char *const circuits[] = {"simple", "montreal", "montmelo", "nurburgring",
                                       "many_curves"};

START_TEST(the_expert_drives_every_circuit)
{
    struct ev_track *track = open_ok(circuits[_i]);

    for (int direction = -1; direction <= 1; direction += 2) {
        struct expert own = {track, direction};
        struct ev_lap lap = drive(track, direction, 0.0, false, 0, expert, &own);
        ck_assert_int_eq(lap.end, EV_LAP_COMPLETED);
        ck_assert_double_lt(lap.deviation_mae_m, 0.1);
        ck_assert_double_eq(lap.off_asphalt_s, 0.0);
        ck_assert_double_eq_tol(lap.completed_m, track->length_m, 1e-9);
        ev_lap_free(&lap);
    }
    ev_track_close(track);
}
END_TEST

START_TEST(pushes_depend_on_seed_and_lap_alone)
{
    struct ev_track *track = open_ok(ev_test_oval("oval.csv", 60.0, 12.0, 2.0));
    struct expert own = {track, 1};
    struct ev_lap first = drive(track, 1, 0.01, true, 3, expert, &own);
    struct ev_lap again = drive(track, 1, 0.01, true, 3, expert, &own);
    struct ev_lap other = drive(track, 1, 0.01, true, 4, expert, &own);

    ck_assert_int_eq(first.n_frames, again.n_frames);
    ck_assert_mem_eq(first.frames, again.frames, (size_t)first.n_frames * sizeof *first.frames);
    ck_assert_double_ne(first.frames[0].offset_m, other.frames[0].offset_m);
    ck_assert_double_gt(fabs(first.frames[0].offset_m), 1e-4);
    ck_assert_double_gt(first.deviation_max_m, 0.05);
    ev_lap_free(&first);
    ev_lap_free(&again);
    ev_lap_free(&other);
    ev_track_close(track);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("lap");
    TCase *tests = tcase_create("lap");

    tcase_add_test(tests, a_car_without_lag_drives_arcs);
    tcase_add_test(tests, commands_are_limited);
    tcase_add_test(tests, lag_is_of_first_order);
    tcase_add_test(tests, straight_on_leaves_a_circle_where_geometry_says);
    tcase_add_test(tests, the_circles_own_command_completes_it);
    tcase_add_test(tests, what_gets_nowhere_is_ended);
    tcase_add_test(tests, a_slow_brain_misses_pictures);
    tcase_add_loop_test(tests, the_expert_drives_every_circuit, 0,
                        sizeof circuits / sizeof circuits[0]);
    tcase_add_test(tests, pushes_depend_on_seed_and_lap_alone);
    suite_add_tcase(suite, tests);
    return suite;
}
