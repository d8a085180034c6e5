/* SPDX-License-Identifier: MIT */
/* The journal gives back worker processes as they were measured, whole ones only, and nothing that
 * cannot have been measured. */
#include "support/ev_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eval/times_journal.h"

enum { N_ENTRIES = 2, N_PROCESSES = 3 };

static struct ev_error err = EV_ERROR_INIT;
static struct ev_journal *journal;
static struct ev_job *job;
static int job_file;

/* Hot calls in every process, a cold one in every other. */
static const struct ev_condition conditions[] = {
    {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 0},
    {EV_MODE_HOT, EV_BOUNDARY_COMPUTE, 3, 0, 5, 0, 0},
};

static void make_job(void)
{
    const struct ev_shape shape = {2, 2, 3};

    ev_assert_ok(ev_job_make(N_ENTRIES, 1, &shape, EV_FORM_U8_NHWC, &job, &job_file, &err));
    memcpy(job->conditions, conditions, sizeof conditions);
    job->n_conditions = 2;
}

static void free_job(void)
{
    ev_job_unmap(job);
    close(job_file);
}

/* What a process measures, with times that are all different. */
static void measure(struct ev_session *session)
{
    const int32_t process = session->n_processes++;

    for (int c = 0; c < 2; c++) {
        if (!ev_condition_is_in(&conditions[c], process))
            continue;
        for (int32_t i = 0; i < conditions[c].n_rounds * N_ENTRIES; i++) {
            const struct ev_block block = {
                .process = process,
                .round = i / N_ENTRIES,
                .position = i % N_ENTRIES,
                .predecessor = i % N_ENTRIES - 1,
                .entry = i % N_ENTRIES,
                .mode = conditions[c].mode,
                .boundary = conditions[c].boundary,
                .n_threads = 1,
                .rows_per_call = 1,
                .rows_per_piece = 1,
                .n_calls = conditions[c].n_calls,
                .flagged = i % 3 == 0,
                .noise = {.cpu_ns = i, .probe_ns = -1},
            };
            float call_ns[8];
            for (int j = 0; j < 8; j++)
                call_ns[j] = (float)(session->n_calls + j + 1);
            ck_assert(ev_session_add(session, &block, call_ns, block.n_calls));
        }
    }
}

static void open_part(bool resume, struct ev_session *session)
{
    ev_assert_ok(ev_journal_open(ev_test_folder(), resume, &journal, &err));
    ev_assert_ok(ev_journal_start(journal, "run", &err));
    ev_assert_ok(ev_times_journal_open(journal, job, session, &err));
}

/* Leaves N_PROCESSES in the journal, and in *session. */
static void leave(struct ev_session *session)
{
    struct ev_session none = {0};

    open_part(false, &none);
    ck_assert_int_eq(none.n_processes, 0);
    for (int i = 0; i < N_PROCESSES; i++) {
        const size_t first = session->n_blocks;
        measure(session);
        ev_assert_ok(ev_times_journal_add(journal, session, first, &err));
    }
    ev_journal_close(journal, false);
}

/* That a session is the first n_processes of another one. */
static void check_start(const struct ev_session *session, const struct ev_session *whole,
                        int32_t n_processes)
{
    size_t n_blocks = 0;

    while (n_blocks < whole->n_blocks && whole->blocks[n_blocks].process < n_processes)
        n_blocks++;
    ck_assert_int_eq(session->n_processes, n_processes);
    ck_assert_uint_eq(session->n_blocks, n_blocks);
    for (size_t i = 0; i < n_blocks; i++) {
        const struct ev_block *a = &session->blocks[i], *b = &whole->blocks[i];
        ck_assert_int_eq(a->process, b->process);
        ck_assert_int_eq(a->round, b->round);
        ck_assert_int_eq(a->entry, b->entry);
        ck_assert_int_eq(a->mode, b->mode);
        ck_assert_int_eq(a->flagged, b->flagged);
        ck_assert_int_eq(a->noise.cpu_ns, b->noise.cpu_ns);
        ck_assert_int_eq(a->first_call, b->first_call);
        ck_assert_int_eq(a->n_calls, b->n_calls);
    }
    if (session->n_calls > 0)
        ck_assert_mem_eq(session->call_ns, whole->call_ns,
                         (size_t)session->n_calls * sizeof *whole->call_ns);
}

START_TEST(processes_come_back)
{
    struct ev_session whole = {0}, session = {0};

    make_job();
    leave(&whole);
    open_part(true, &session);
    check_start(&session, &whole, N_PROCESSES);
    ev_journal_close(journal, false);
    ev_session_free(&session);
    ev_session_free(&whole);
    free_job();
}
END_TEST

/* Killed while the blocks of the third were written; then one more is measured in its place. */
START_TEST(half_a_process_is_none)
{
    struct ev_session whole = {0}, session = {0}, again = {0};
    const char *part = ev_test_path(".resume/times");

    make_job();
    leave(&whole);
    FILE *file = fopen(part, "r");
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long n_bytes = ftell(file);
    fclose(file);
    ck_assert_int_eq(truncate(part, n_bytes / 10 * 9), 0);
    open_part(true, &session);
    check_start(&session, &whole, N_PROCESSES - 1);
    const size_t first = session.n_blocks;
    measure(&session);
    ev_assert_ok(ev_times_journal_add(journal, &session, first, &err));
    ev_journal_close(journal, false);
    open_part(true, &again);
    check_start(&again, &whole, N_PROCESSES);
    ev_journal_close(journal, false);
    ev_session_free(&again);
    ev_session_free(&session);
    ev_session_free(&whole);
    free_job();
}
END_TEST

static void spoil(struct ev_session *session, int how)
{
    struct ev_block *block = &session->blocks[session->n_blocks - 1];

    switch (how) {
    case 0:
        block->process++;
        break;
    case 1:
        block->entry = N_ENTRIES;
        break;
    case 2:
        block->round = conditions[1].n_rounds;
        break;
    case 3:
        block->mode = EV_MODE_FED;
        break;
    case 4:
        block->n_calls--;
        break;
    case 5:
        session->call_ns[session->n_calls - 1] = NAN;
        break;
    default:
        session->call_ns[session->n_calls - 1] = -1;
    }
}

/* What no process of the job measures, although it is what was written. */
START_TEST(what_cannot_have_been_measured_is_left_out)
{
    struct ev_session whole = {0}, session = {0}, none = {0};

    make_job();
    open_part(false, &none);
    for (int i = 0; i < N_PROCESSES; i++) {
        const size_t first = whole.n_blocks;
        measure(&whole);
        if (i == 1)
            spoil(&whole, _i);
        ev_assert_ok(ev_times_journal_add(journal, &whole, first, &err));
    }
    ev_journal_close(journal, false);
    open_part(true, &session);
    check_start(&session, &whole, 1);
    ev_journal_close(journal, false);
    ev_session_free(&session);
    ev_session_free(&whole);
    free_job();
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("times_journal");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, processes_come_back);
    tcase_add_test(tcase, half_a_process_is_none);
    tcase_add_loop_test(tcase, what_cannot_have_been_measured_is_left_out, 0, 7);
    suite_add_tcase(suite, tcase);
    return suite;
}
