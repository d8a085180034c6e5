/* SPDX-License-Identifier: MIT */
/*
 * A trainer that learns nothing but remembers everything: its weights are a hash of all it was
 * shown, so that two runs that differ in one byte, rate or order end differently. It reads sets of
 * ev_test_rows.
 */
#ifndef EV_TEST_TRAINER_H
#define EV_TEST_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/trainer.h"

#define EV_TEST_TRAINER_ROWS 210

/* The weights, and the content of the files it writes. */
struct ev_test_memory {
    uint64_t hash;
    int64_t n_steps;
};

/* What the tests look at and set. */
extern struct ev_test_seen {
    int64_t n_rows[EV_TEST_TRAINER_ROWS]; /* how often each row was trained on */
    int64_t n_steps, n_observed, n_frozen, frozen_at;
    double first_rate, peak_rate, last_rate;
    int64_t signal_at; /* step at which `signal` is raised; 0: never */
    int signal;
    int64_t diverge_at;
    bool fail_open, fail_save;
    int64_t kill_save_at;    /* step after which saving the state ends in SIGKILL; 0: never */
    const char *make_folder; /* made while a model is exported */
    const float *outputs;    /* what predict answers after each epoch of 2 steps */
} ev_test_seen;

extern const struct ev_trainer ev_test_trainer;

#endif
