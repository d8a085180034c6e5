/* SPDX-License-Identifier: MIT */
/* The table of profiles, and the orders of rounds. */
#include "measure/plan.h"

#include <string.h>

#include "stats/design.h"

/*
 * quick: 6 processes are the fewest whose extremes hold the median with 95 % (2^-5 lie outside).
 * Batches, which take most time, are in every second one only, too few for an interval.
 * std: 12, whose second and second last do so with 99.4 %, one of them having gone wrong. With 12
 * rounds of 16 calls, 2,300 calls of an entry bound its 99th percentile from above, and 25 paced
 * ones in each process, 300 in all, bound it with 95 %. strict: 20 processes.
 */
const struct ev_profile ev_profiles[] = {
    {
        .name = "quick",
        .summary = "6 processes, at most half a minute",
        .min_processes = 6,
        .max_processes = 6,
        .cap_s = 29,
        .warm_up = {60, 0, 0.1, 128, 0},
        .conditions =
            {
                {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 0, 0},
                {EV_MODE_HOT, EV_BOUNDARY_E2E, 20, 1, 6, 0, 0},
                {EV_MODE_HOT, EV_BOUNDARY_COMPUTE, 8, 1, 6, 0, 0},
                {EV_MODE_PACED, EV_BOUNDARY_E2E, 1, 0, 3, 0, 0},
                {EV_MODE_RESIDENT, EV_BOUNDARY_E2E, 1, 0, 1, 2, 1},
            },
        .n_conditions = 5,
    },
    {
        .name = "std",
        .summary = "12 processes or more, some minutes",
        .min_processes = 12,
        .max_processes = 24,
        .width = 0.01,
        .cap_s = 600,
        .warm_up = {60, 0.5, 2, INT32_MAX, 0},
        .conditions =
            {
                {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 0},
                {EV_MODE_COLD, EV_BOUNDARY_COMPUTE, 1, 0, 1, 2, 1},
                {EV_MODE_HOT, EV_BOUNDARY_E2E, 12, 2, 16, 0, 0},
                {EV_MODE_HOT, EV_BOUNDARY_COMPUTE, 12, 2, 16, 0, 0},
                {EV_MODE_PACED, EV_BOUNDARY_E2E, 1, 1, 25, 0, 0},
                {EV_MODE_PACED, EV_BOUNDARY_COMPUTE, 1, 1, 9, 0, 0},
                {EV_MODE_RESIDENT, EV_BOUNDARY_E2E, 2, 0, 1, 0, 0},
                {EV_MODE_FED, EV_BOUNDARY_E2E, 1, 1, 2, 0, 0},
                {EV_MODE_PIECES, EV_BOUNDARY_E2E, 2, 0, 1, 0, 0},
            },
        .n_conditions = 9,
    },
    {
        .name = "strict",
        .summary = "20 processes or more, up to an hour",
        .min_processes = 20,
        .max_processes = 60,
        .width = 0.005,
        .cap_s = 3600,
        .warm_up = {60, 0.5, 10, INT32_MAX, 0},
        .conditions =
            {
                {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 0},
                {EV_MODE_COLD, EV_BOUNDARY_COMPUTE, 1, 0, 1, 2, 1},
                {EV_MODE_HOT, EV_BOUNDARY_E2E, 24, 2, 16, 0, 0},
                {EV_MODE_HOT, EV_BOUNDARY_COMPUTE, 24, 2, 16, 0, 0},
                {EV_MODE_PACED, EV_BOUNDARY_E2E, 2, 1, 20, 0, 0},
                {EV_MODE_PACED, EV_BOUNDARY_COMPUTE, 2, 1, 20, 0, 0},
                {EV_MODE_RESIDENT, EV_BOUNDARY_E2E, 4, 0, 1, 0, 0},
                {EV_MODE_FED, EV_BOUNDARY_E2E, 2, 1, 3, 0, 0},
                {EV_MODE_PIECES, EV_BOUNDARY_E2E, 4, 0, 1, 0, 0},
            },
        .n_conditions = 9,
    },
    {0},
};

const struct ev_profile *ev_profile_find(const char *name)
{
    for (const struct ev_profile *profile = ev_profiles; profile->name; profile++) {
        if (strcmp(profile->name, name) == 0)
            return profile;
    }
    return NULL;
}

static void add_condition(struct ev_profile *profile, const struct ev_condition *like,
                          enum ev_mode mode, enum ev_boundary boundary)
{
    struct ev_condition *condition = &profile->conditions[profile->n_conditions++];

    *condition = *like;
    condition->mode = mode;
    condition->boundary = boundary;
}

static void add_device_conditions(const struct ev_profile *plain, struct ev_profile *profile)
{
    profile->n_conditions = 0;
    for (int32_t c = 0; c < plain->n_conditions; c++) {
        const struct ev_condition *condition = &plain->conditions[c];
        const bool is_e2e = condition->boundary == EV_BOUNDARY_E2E;
        add_condition(profile, condition, condition->mode, condition->boundary);
        if (is_e2e && (condition->mode == EV_MODE_HOT || condition->mode == EV_MODE_RESIDENT))
            add_condition(profile, condition, condition->mode, EV_BOUNDARY_DEVICE);
        if (is_e2e && condition->mode == EV_MODE_HOT) {
            add_condition(profile, condition, EV_MODE_EAGER, EV_BOUNDARY_E2E);
            add_condition(profile, condition, EV_MODE_EAGER, EV_BOUNDARY_DEVICE);
        }
    }
}

struct ev_profile ev_profile_for(const struct ev_profile *profile, uint32_t device_kind,
                                 bool tell_apart, int32_t n_entries)
{
    struct ev_profile fitted = *profile;
    const double more_s = EV_DEVICE_WARM_S - profile->warm_up.min_s;

    if (tell_apart)
        add_device_conditions(profile, &fitted);
    if (device_kind == EV_DEVICE_CUDA) {
        fitted.warm_up.min_s += more_s;
        fitted.warm_up.max_s += more_s;
        fitted.warm_up.batches_s = EV_DEVICE_BATCHES_S;
        fitted.cap_s += profile->min_processes * n_entries * (more_s + EV_DEVICE_BATCHES_S);
    }
    return fitted;
}

bool ev_condition_is_in(const struct ev_condition *condition, int32_t process)
{
    return condition->every == 0 || process % condition->every == condition->turn;
}

bool ev_mode_is_single(enum ev_mode mode)
{
    return mode == EV_MODE_COLD || mode == EV_MODE_HOT || mode == EV_MODE_PACED ||
           mode == EV_MODE_EAGER;
}

int64_t ev_plan_blocks(const struct ev_condition *conditions, int32_t n_conditions,
                       int32_t n_entries, int32_t process)
{
    int64_t n = 0;

    for (int32_t c = 0; c < n_conditions; c++) {
        if (ev_condition_is_in(&conditions[c], process))
            n += (int64_t)conditions[c].n_rounds * n_entries;
    }
    return n;
}

bool ev_plan_has_time(int32_t n_processes, double taken_s, double cap_s)
{
    return n_processes == 0 || taken_s + taken_s / n_processes <= cap_s;
}

const int32_t *ev_plan_order(const struct ev_condition *conditions, int32_t condition,
                             int32_t n_entries, uint64_t seed, int32_t process, int32_t round,
                             int32_t *orders)
{
    const struct ev_condition *one = &conditions[condition];
    const int32_t n_rows = ev_design_rows(n_entries);
    const int64_t nth_process = one->every > 0 ? process / one->every : process;
    const int64_t nth_round = nth_process * one->n_rounds + round;
    const uint64_t square =
        (uint64_t)(nth_round / n_rows) * EV_MAX_CONDITIONS + (uint64_t)condition;

    ev_design_fill(n_entries, seed, square, orders);
    return orders + nth_round % n_rows * n_entries;
}
