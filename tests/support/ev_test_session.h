/* SPDX-License-Identifier: MIT */
/*
 * Sessions of worker processes as a simulated machine would measure them: times that are known,
 * disturbed in known ways. The same seed gives the same session.
 */
#ifndef EV_TEST_SESSION_H
#define EV_TEST_SESSION_H

#include "eval/result.h"

/* The baseline, the control, and variants: up to three where the session has no names for them. */
enum {
    EV_TEST_BASELINE,
    EV_TEST_CONTROL,
    EV_TEST_FIRST,
    EV_TEST_NAMED = 5,
    EV_TEST_MAX_ENTRIES = 10
};

struct ev_test_machine {
    int32_t n_processes;
    int32_t n_rounds; /* of each process */
    int32_t n_calls;  /* of each block */
    int32_t n_entries;
    double factors[EV_TEST_MAX_ENTRIES]; /* true times relative to the baseline's */
    double layout;   /* an entry's times differ by up to this, either way, between processes */
    double wander;   /* the machine's speed changes by about this from round to round */
    double drift;    /* how much slower the last round of a process is than the first */
    double position; /* how much slower the last position of a round is than the first */
    double carry[EV_TEST_MAX_ENTRIES]; /* how much slower a block is after one of that entry */
    bool fixed_order;                  /* every round in the order of the entries */
    double stalls;       /* this part of the rounds of a process has a block that is ... */
    double stall_factor; /* ... this much slower, and flagged */
    int32_t stalled;     /* which entry's block it is; -1: any */
};

/* 12 processes of 24 rounds of 16 calls, four entries, times of a shared machine: layouts that
 * differ by 1 %, and a stall in one round of twenty. */
extern const struct ev_test_machine ev_test_usual;

/* Appends blocks of one mode and boundary, with calls of base_ns for the baseline; names the
 * entries if the session has none. `n_rows` is for a call and for a piece of it. */
void ev_test_measure(struct ev_session *session, const struct ev_test_machine *machine,
                     enum ev_mode mode, enum ev_boundary boundary, double base_ns, int64_t n_rows,
                     uint64_t seed);

/* Measures all modes as a run of four variants does, and fills in the figures: baseline, dynamic at
 * 0.9, static at 0.45, and qat at 0.44 of the baseline's time. Calls with a period are 20 % slower
 * than hot ones; cold ones take ten times as long. */
void ev_test_times_make(struct ev_result *result, const struct ev_test_machine *usual);
/* The same variants, all as fast, on a device whose own part of a call is told: 31 of 50 us of a
 * hot one, 40 of 80 us of an eager one, 90 % of a batch. */
void ev_test_device_times_make(struct ev_result *result, const struct ev_test_machine *usual);

#endif
