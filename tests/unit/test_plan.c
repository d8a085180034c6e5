/* SPDX-License-Identifier: MIT */
/* Profiles can be carried out, and their rounds are balanced over all processes. */
#include "support/ev_test.h"

#include <string.h>

#include "measure/link.h"
#include "measure/plan.h"
#include "stats/design.h"
#include "stats/interval.h"

#define N_ENTRIES 5

START_TEST(profiles_give_intervals)
{
    struct ev_ranks ranks;
    int n = 0;

    for (const struct ev_profile *profile = ev_profiles; profile->name; profile++, n++) {
        ck_assert_ptr_eq(ev_profile_find(profile->name), profile);
        ck_assert_int_le(profile->min_processes, profile->max_processes);
        ck_assert_int_le(profile->n_conditions, EV_MAX_CONDITIONS);
        ck_assert(ev_interval_ranks(profile->min_processes, 0.5, 0.95, &ranks));
        for (int32_t c = 0; c < profile->n_conditions; c++) {
            const struct ev_condition *condition = &profile->conditions[c];
            ck_assert_int_ge(condition->n_rounds, 1);
            ck_assert_int_ge(condition->n_calls, 1);
            ck_assert_int_le(condition->n_calls, EV_LINK_MAX_CALLS);
            /* A condition of some processes only still has enough of them for an interval, but for
             * the batches of the quickest. */
            const int32_t every = condition->every > 0 ? condition->every : 1;
            ck_assert(ev_interval_ranks(profile->min_processes / every, 0.5, 0.95, &ranks) ||
                      (n == 0 && condition->mode == EV_MODE_RESIDENT));
            /* The first call of a model is one call. */
            ck_assert(condition->mode != EV_MODE_COLD ||
                      (condition->n_rounds == 1 && condition->n_calls == 1));
        }
    }
    ck_assert_int_eq(n, 3);
    ck_assert_ptr_null(ev_profile_find("none"));
}
END_TEST

/* Every entry as often as any other in each position, over the processes that fill designs. */
START_TEST(rounds_go_on_from_one_process_to_the_next)
{
    static const struct ev_condition conditions[] = {
        {EV_MODE_HOT, EV_BOUNDARY_E2E, 4, 0, 1, 0, 0},
        {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 1},
    };
    int32_t orders[2 * N_ENTRIES * N_ENTRIES];
    int32_t at_position[2][N_ENTRIES][N_ENTRIES] = {0};
    const int32_t n_rows = ev_design_rows(N_ENTRIES); /* 10 */

    for (int32_t process = 0; process < 2 * n_rows; process++) {
        for (int32_t c = 0; c < 2; c++) {
            if (!ev_condition_is_in(&conditions[c], process))
                continue;
            for (int32_t round = 0; round < conditions[c].n_rounds; round++) {
                const int32_t *order =
                    ev_plan_order(conditions, c, N_ENTRIES, 1, process, round, orders);
                for (int32_t j = 0; j < N_ENTRIES; j++)
                    at_position[c][j][order[j]]++;
            }
        }
    }
    /* 20 processes of 4 rounds fill 8 designs; the 10 odd ones, of one round, a single one. */
    for (int32_t j = 0; j < N_ENTRIES; j++) {
        for (int32_t e = 0; e < N_ENTRIES; e++) {
            ck_assert_int_eq(at_position[0][j][e], 16);
            ck_assert_int_eq(at_position[1][j][e], 2);
        }
    }
}
END_TEST

START_TEST(conditions_have_orders_of_their_own)
{
    static const struct ev_condition twins[] = {
        {EV_MODE_HOT, EV_BOUNDARY_E2E, 10, 0, 1, 0, 0},
        {EV_MODE_HOT, EV_BOUNDARY_COMPUTE, 10, 0, 1, 0, 0},
    };
    int32_t one[2 * N_ENTRIES * N_ENTRIES], other[2 * N_ENTRIES * N_ENTRIES];
    int n_equal = 0;

    for (int32_t round = 0; round < 10; round++)
        n_equal += memcmp(ev_plan_order(twins, 0, N_ENTRIES, 1, 0, round, one),
                          ev_plan_order(twins, 1, N_ENTRIES, 1, 0, round, other),
                          N_ENTRIES * sizeof *one) == 0;
    ck_assert_int_lt(n_equal, 5);
}
END_TEST

START_TEST(blocks_are_counted)
{
    static const struct ev_condition conditions[] = {
        {EV_MODE_HOT, EV_BOUNDARY_E2E, 4, 0, 1, 0, 0},
        {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 1},
    };

    ck_assert_int_eq(ev_plan_blocks(conditions, 2, N_ENTRIES, 0), 4 * N_ENTRIES);
    ck_assert_int_eq(ev_plan_blocks(conditions, 2, N_ENTRIES, 1), 5 * N_ENTRIES);
}
END_TEST

static int32_t find(const struct ev_profile *profile, enum ev_mode mode, enum ev_boundary boundary)
{
    for (int32_t c = 0; c < profile->n_conditions; c++) {
        if (profile->conditions[c].mode == mode && profile->conditions[c].boundary == boundary)
            return c;
    }
    return -1;
}

/* By the device's clock as often as by the host's, and right behind it. */
static void assert_pair(const struct ev_profile *profile, int32_t host, int32_t behind,
                        enum ev_mode mode, enum ev_boundary boundary)
{
    struct ev_condition like = profile->conditions[host];

    like.mode = mode;
    like.boundary = boundary;
    ck_assert_int_eq(find(profile, mode, boundary), host + behind);
    ck_assert_mem_eq(&profile->conditions[host + behind], &like, sizeof like);
}

START_TEST(engines_that_tell_have_more_conditions)
{
    const struct ev_profile *plain = &ev_profiles[_i];
    const struct ev_profile profile = ev_profile_for(plain, EV_DEVICE_CPU, true, N_ENTRIES);
    const int32_t hot = find(&profile, EV_MODE_HOT, EV_BOUNDARY_E2E);
    const int32_t resident = find(&profile, EV_MODE_RESIDENT, EV_BOUNDARY_E2E);

    ck_assert_int_eq(profile.n_conditions, plain->n_conditions + 4);
    ck_assert_int_le(profile.n_conditions, EV_MAX_CONDITIONS);
    assert_pair(&profile, hot, 1, EV_MODE_HOT, EV_BOUNDARY_DEVICE);
    assert_pair(&profile, hot, 2, EV_MODE_EAGER, EV_BOUNDARY_E2E);
    assert_pair(&profile, hot, 3, EV_MODE_EAGER, EV_BOUNDARY_DEVICE);
    assert_pair(&profile, resident, 1, EV_MODE_RESIDENT, EV_BOUNDARY_DEVICE);
    for (int32_t c = 0; c < plain->n_conditions; c++) {
        const struct ev_condition *condition = &plain->conditions[c];
        const int32_t at = find(&profile, condition->mode, condition->boundary);
        ck_assert_int_ge(at, c);
        ck_assert_mem_eq(&profile.conditions[at], condition, sizeof *condition);
    }
    ck_assert(profile.warm_up.min_s == plain->warm_up.min_s && profile.cap_s == plain->cap_s);
}
END_TEST

START_TEST(without_a_device_nothing_changes)
{
    const struct ev_profile *plain = &ev_profiles[_i];
    const struct ev_profile profile = ev_profile_for(plain, EV_DEVICE_CPU, false, N_ENTRIES);

    ck_assert_int_eq(profile.n_conditions, plain->n_conditions);
    ck_assert_mem_eq(profile.conditions, plain->conditions, sizeof profile.conditions);
    ck_assert(profile.warm_up.min_s == plain->warm_up.min_s);
    ck_assert(profile.warm_up.max_s == plain->warm_up.max_s);
    ck_assert(profile.warm_up.batches_s == 0);
    ck_assert(profile.cap_s == plain->cap_s);
}
END_TEST

/* Each entry for as long as a clock takes to rise, and all processes still fit. */
START_TEST(cuda_devices_warm_up_for_longer)
{
    const struct ev_profile *plain = &ev_profiles[_i];
    const struct ev_profile profile = ev_profile_for(plain, EV_DEVICE_CUDA, false, N_ENTRIES);
    const double more_s = profile.warm_up.min_s - plain->warm_up.min_s + profile.warm_up.batches_s;

    ck_assert_int_eq(profile.n_conditions, plain->n_conditions);
    ck_assert(profile.warm_up.min_s >= 2);
    ck_assert(profile.warm_up.max_s > profile.warm_up.min_s);
    ck_assert(profile.warm_up.batches_s > 0);
    ck_assert(profile.cap_s >= plain->cap_s + profile.min_processes * N_ENTRIES * more_s);
}
END_TEST

START_TEST(eager_calls_are_of_one_picture)
{
    ck_assert(ev_mode_is_single(EV_MODE_EAGER));
    ck_assert(!ev_mode_is_single(EV_MODE_PIECES));
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("plan");
    TCase *plan = tcase_create("plan");

    tcase_add_test(plan, profiles_give_intervals);
    tcase_add_test(plan, rounds_go_on_from_one_process_to_the_next);
    tcase_add_test(plan, conditions_have_orders_of_their_own);
    tcase_add_test(plan, blocks_are_counted);
    tcase_add_loop_test(plan, engines_that_tell_have_more_conditions, 0, 3);
    tcase_add_loop_test(plan, without_a_device_nothing_changes, 0, 3);
    tcase_add_loop_test(plan, cuda_devices_warm_up_for_longer, 0, 3);
    tcase_add_test(plan, eager_calls_are_of_one_picture);
    suite_add_tcase(suite, plan);
    return suite;
}
