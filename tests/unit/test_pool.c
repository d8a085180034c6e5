/* SPDX-License-Identifier: MIT */
/* What the program makes of worker processes that answer, lie, crash or hang. */
#include "support/ev_test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "measure/pool.h"

#define N_ENTRIES 3

static const struct ev_condition conditions[] = {
    {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 1}, /* in odd processes */
    {EV_MODE_HOT, EV_BOUNDARY_E2E, 2, 1, 4, 0, 0},
};

static struct ev_job *make_job(int *file)
{
    const struct ev_shape shape = {2, 3, 1};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_job *job;

    ev_assert_ok(ev_job_make(N_ENTRIES, 2, &shape, EV_FORM_U8_NHWC, &job, file, &err));
    memcpy(job->conditions, conditions, sizeof conditions);
    job->n_conditions = 2;
    return job;
}

static bool never(const struct ev_session *session, void *context)
{
    (void)session;
    (void)context;
    return false;
}

/* Enough as soon as there are as many processes as the context says. */
static bool at_count(const struct ev_session *session, void *context)
{
    return session->n_processes >= *(const int32_t *)context;
}

static enum ev_status run(const char *way, int32_t min, int32_t max, double cap_s,
                          int32_t *enough_at, struct ev_session *session, struct ev_error *err)
{
    int file;
    struct ev_job *job = make_job(&file);
    const struct ev_pool_args args = {
        .job = job,
        .job_file = file,
        .min_processes = min,
        .max_processes = max,
        .cap_s = cap_s,
        .is_enough = enough_at ? at_count : never,
        .context = enough_at,
        .program = EV_FAKE_WORKER,
    };

    setenv("EV_TEST_WORKER", way, 1);
    const enum ev_status status = ev_pool_run(&args, session, err);
    ev_job_unmap(job);
    close(file);
    return status;
}

START_TEST(answers_become_a_session)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_session session = {0};

    ev_assert_ok(run("honest", 2, 2, 1e9, NULL, &session, &err));
    ck_assert_int_eq(session.n_processes, 2);
    /* Two hot rounds in each process, a cold one in the second. */
    ck_assert_uint_eq(session.n_blocks, 2 * 2 * N_ENTRIES + N_ENTRIES);
    ck_assert_int_eq(session.n_calls, 2 * 2 * N_ENTRIES * 4 + N_ENTRIES);
    for (size_t i = 0; i < session.n_blocks; i++) {
        const struct ev_block *block = &session.blocks[i];
        ck_assert_int_eq(block->process, i >= 2 * N_ENTRIES);
        ck_assert_int_eq(block->n_calls, block->mode == EV_MODE_COLD ? 1 : 4);
        for (int64_t k = 0; k < block->n_calls; k++)
            ck_assert_float_eq(session.call_ns[block->first_call + k],
                               (float)(1000 + block->entry));
    }
    ev_session_free(&session);
}
END_TEST

START_TEST(it_stops_when_enough_is_known_or_the_time_is_over)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_session session = {0};
    int32_t three = 3, one = 1;

    ev_assert_ok(run("honest", 2, 9, 1e9, &three, &session, &err));
    ck_assert_int_eq(session.n_processes, 3);
    ev_session_free(&session);
    /* Not before there are min_processes. */
    ev_assert_ok(run("honest", 2, 9, 1e9, &one, &session, &err));
    ck_assert_int_eq(session.n_processes, 2);
    ev_session_free(&session);
    ev_assert_ok(run("honest", 1, 4, 1e9, NULL, &session, &err));
    ck_assert_int_eq(session.n_processes, 4);
    ev_session_free(&session);
    /* The first one is always begun. */
    ev_assert_ok(run("honest", 2, 9, 0, NULL, &session, &err));
    ck_assert_int_eq(session.n_processes, 1);
    ev_session_free(&session);
}
END_TEST

START_TEST(a_session_is_gone_on_with)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_session session = {0};

    ev_assert_ok(run("honest", 1, 1, 1e9, NULL, &session, &err));
    ev_assert_ok(run("honest", 3, 3, 1e9, NULL, &session, &err));
    ck_assert_int_eq(session.n_processes, 3);
    ck_assert_int_eq(session.blocks[session.n_blocks - 1].process, 2);
    ev_session_free(&session);
}
END_TEST

static const struct {
    const char *way;
    enum ev_status status;
    const char *message;
} failures[] = {
    {"half", EV_ENGINE, "worker process 1 ended with status 0 before its work was"},
    {"crash", EV_ENGINE, "worker process 1 was ended by signal 6 (Aborted): out of luck"},
    {"lie", EV_ENGINE, "worker process 1 answers what it cannot have measured"},
    {"babble", EV_ENGINE, "worker process 1 answers what it cannot have measured"},
    {"refuse", EV_INPUT, "my.pt: not what it seems"},
};

START_TEST(a_process_that_fails_leaves_what_was_before)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_session session = {0};

    ev_assert_ok(run("honest", 1, 1, 1e9, NULL, &session, &err));
    const size_t n_blocks = session.n_blocks;
    ev_assert_fails(run(failures[_i].way, 2, 2, 1e9, NULL, &session, &err), failures[_i].status,
                    failures[_i].message);
    ck_assert_int_eq(session.n_processes, 1);
    ck_assert_uint_eq(session.n_blocks, n_blocks);
    ev_session_free(&session);
}
END_TEST

START_TEST(a_signal_ends_the_process_under_way)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_session session = {0};

    ev_interrupt_install();
    ev_assert_fails(run("interrupt", 3, 3, 1e9, NULL, &session, &err), EV_INTERRUPTED,
                    "interrupted");
    ck_assert_int_eq(session.n_processes, 1);
    ck_assert_uint_eq(session.n_blocks, 2 * N_ENTRIES);
    ev_session_free(&session);
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_session session = {0};
    int file;
    struct ev_job *job = make_job(&file);
    const struct ev_pool_args args = {.job = job,
                                      .job_file = file,
                                      .min_processes = 1,
                                      .max_processes = 1,
                                      .is_enough = never,
                                      .program = "/nowhere/evalrun"};

    ev_assert_fails(ev_pool_run(&args, &session, &err), EV_IO, "cannot be started: No such file");
    ck_assert_int_eq(session.n_processes, 0);
    ev_job_unmap(job);
    close(file);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *pool = tcase_create("pool");

    tcase_add_test(pool, answers_become_a_session);
    tcase_add_test(pool, it_stops_when_enough_is_known_or_the_time_is_over);
    tcase_add_test(pool, a_session_is_gone_on_with);
    tcase_add_loop_test(pool, a_process_that_fails_leaves_what_was_before, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(pool, a_signal_ends_the_process_under_way);
    tcase_add_test(pool, a_program_that_is_not_there);
    suite_add_tcase(suite, pool);
    return suite;
}
