/* SPDX-License-Identifier: MIT */
/* Figures of the laps of one run: what the tables show. */
#ifndef EV_DRIVE_FIGURES_H
#define EV_DRIVE_FIGURES_H

#include "drive/drive.h"

/* One lap's figures. */
struct ev_lap_figures {
    bool completed;
    double completed_percent;
    double lap_time_s; /* NAN unless completed */
    double speed_mps;  /* the car's path over its time; NAN if it never moved */
    double inference_mean_ms, inference_p99_ms; /* NAN without an inference */
    double brain_hz;         /* inferences a second of wall time, rendering included */
    double real_time_factor; /* simulated over wall time */
};

/* Means over the laps of a run. */
struct ev_drive_figures {
    int64_t n_laps, n_completed;
    double completed_m, completed_percent;
    double lap_time_s; /* of the completed laps; NAN without one */
    double speed_mps;
    double deviation_mae_m;
    double deviation_low_m, deviation_high_m; /* 95 % interval of the mean; NAN with one lap */
    double deviation_max_m;                   /* of all laps */
    double deviation_weighted;
    double off_asphalt_s;
    double inference_mean_ms, inference_p99_ms; /* of all laps' inferences */
    double brain_hz, real_time_factor;
    const struct ev_lap *worst; /* the lap that came least far */
};

EV_CHECKED enum ev_status ev_lap_figures_of(const struct ev_lap *lap,
                                            struct ev_lap_figures *figures, struct ev_error *err);

/* The interval is the percentile bootstrap over laps (Efron and Tibshirani, "An Introduction to
 * the Bootstrap", 1993, chapter 13), 2000 resamples, keyed by the seed. */
EV_CHECKED enum ev_status ev_drive_figures_of(const struct ev_drive_result *result,
                                              const struct ev_drive_run *run,
                                              struct ev_drive_figures *figures,
                                              struct ev_error *err);

#endif
