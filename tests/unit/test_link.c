/* SPDX-License-Identifier: MIT */
/* Answers of worker processes: passed on as they are, refused where they cannot be true. */
#include "support/ev_test.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "measure/link.h"

static int ends[2];
static struct ev_job job;
static struct ev_block sound;
static float calls[EV_LINK_MAX_CALLS];

static void set_up(void)
{
    ck_assert_int_eq(pipe(ends), 0);
    job = (struct ev_job){
        .n_conditions = 2,
        .conditions = {{EV_MODE_HOT, EV_BOUNDARY_E2E, 2, 1, 3, 0, 0},
                       {EV_MODE_COLD, EV_BOUNDARY_E2E, 1, 0, 1, 2, 1}},
        .n_entries = 4,
    };
    sound = (struct ev_block){
        .process = 5,
        .round = 1,
        .position = 3,
        .predecessor = -1,
        .entry = 2,
        .mode = EV_MODE_HOT,
        .boundary = EV_BOUNDARY_E2E,
        .n_threads = 1,
        .rows_per_call = 8,
        .rows_per_piece = 8,
        .n_calls = 3,
        .flagged = true,
        .noise = {.probe_ns = 77},
    };
    for (int i = 0; i < 3; i++)
        calls[i] = (float)(100 * i);
}

static void tear_down(void)
{
    close(ends[0]);
}

/* What the other end makes of it. */
static enum ev_heard hear(const struct ev_block *block, int32_t process)
{
    struct ev_message message;

    ck_assert(ev_link_send_block(ends[1], block, calls));
    close(ends[1]);
    return ev_link_receive(ends[0], &job, process, &message);
}

START_TEST(a_block_arrives_as_it_was_sent)
{
    struct ev_message message;

    ck_assert(ev_link_send_block(ends[1], &sound, calls));
    ck_assert_int_eq(ev_link_receive(ends[0], &job, 5, &message), EV_HEARD_MESSAGE);
    ck_assert_int_eq(message.kind, EV_MESSAGE_BLOCK);
    ck_assert_mem_eq(&message.block, &sound, sizeof sound);
    ck_assert_mem_eq(message.call_ns, calls, 3 * sizeof *calls);
    const struct ev_error done = EV_ERROR_INIT;
    ck_assert(ev_link_send_end(ends[1], &done));
    ck_assert_int_eq(ev_link_receive(ends[0], &job, 5, &message), EV_HEARD_MESSAGE);
    ck_assert_int_eq(message.kind, EV_MESSAGE_END);
    ck_assert_int_eq(message.end.status, EV_OK);
    close(ends[1]);
    ck_assert_int_eq(ev_link_receive(ends[0], &job, 5, &message), EV_HEARD_NOTHING);
}
END_TEST

/* Each makes a sound block one that nobody measured. */
static void wrong_process(struct ev_block *block)
{
    block->process = 4;
}
static void wrong_entry(struct ev_block *block)
{
    block->entry = 4;
}
static void negative_entry(struct ev_block *block)
{
    block->entry = -1;
}
static void wrong_predecessor(struct ev_block *block)
{
    block->predecessor = 4;
}
static void wrong_position(struct ev_block *block)
{
    block->position = 4;
}
static void wrong_round(struct ev_block *block)
{
    block->round = 2;
}
static void wrong_mode(struct ev_block *block)
{
    block->mode = (enum ev_mode)99;
}
static void unplanned_mode(struct ev_block *block)
{
    block->mode = EV_MODE_FED;
}
static void unplanned_boundary(struct ev_block *block)
{
    block->boundary = EV_BOUNDARY_COMPUTE;
}
static void wrong_calls(struct ev_block *block)
{
    block->n_calls = 2;
}
static void no_threads(struct ev_block *block)
{
    block->n_threads = 0;
}
static void no_rows(struct ev_block *block)
{
    block->rows_per_call = 0;
}
static void large_piece(struct ev_block *block)
{
    block->rows_per_piece = 9;
}
static void no_piece(struct ev_block *block)
{
    block->rows_per_piece = 0;
}
static void negative_period(struct ev_block *block)
{
    block->period_ns = -1;
}
static void no_time(struct ev_block *block)
{
    (void)block;
    calls[1] = NAN;
}
static void negative_time(struct ev_block *block)
{
    (void)block;
    calls[2] = -1;
}

static void (*const lies[])(struct ev_block *) = {
    wrong_process, wrong_entry,   negative_entry, wrong_predecessor,  wrong_position,
    wrong_round,   wrong_mode,    unplanned_mode, unplanned_boundary, wrong_calls,
    no_threads,    no_rows,       large_piece,    no_piece,           negative_period,
    no_time,       negative_time,
};

START_TEST(lies_are_refused)
{
    lies[_i](&sound);
    ck_assert_int_eq(hear(&sound, 5), EV_HEARD_NONSENSE);
}
END_TEST

START_TEST(a_condition_of_other_processes_is_refused)
{
    sound.mode = EV_MODE_COLD;
    sound.round = 0;
    sound.n_calls = 1;
    sound.process = _i == 0 ? 5 : 4;
    ck_assert_int_eq(hear(&sound, sound.process), _i == 0 ? EV_HEARD_MESSAGE : EV_HEARD_NONSENSE);
}
END_TEST

START_TEST(an_end_is_an_error_or_none)
{
    struct ev_error end = EV_ERROR_INIT;
    struct ev_message message;

    switch (_i) {
    case 0: /* a failure without a word */
        end.status = EV_ENGINE;
        break;
    case 1: /* a success that complains */
        strcpy(end.message, "but");
        break;
    default:
        end.status = EV_STATUS_COUNT;
        strcpy(end.message, "unheard of");
    }
    ck_assert(ev_link_send_end(ends[1], &end));
    ck_assert_int_eq(ev_link_receive(ends[0], &job, 5, &message), EV_HEARD_NONSENSE);
    close(ends[1]);
}
END_TEST

START_TEST(half_a_message_is_none)
{
    struct ev_message message;
    const uint32_t kind = EV_MESSAGE_BLOCK;

    ck_assert_int_eq(write(ends[1], &kind, sizeof kind), sizeof kind);
    ck_assert_int_eq(write(ends[1], &sound, sizeof sound), sizeof sound);
    ck_assert_int_eq(write(ends[1], calls, 5), 5);
    close(ends[1]);
    ck_assert_int_eq(ev_link_receive(ends[0], &job, 5, &message), EV_HEARD_NOTHING);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("link");
    TCase *answers = tcase_create("answers");

    tcase_add_checked_fixture(answers, set_up, tear_down);
    tcase_add_test(answers, a_block_arrives_as_it_was_sent);
    tcase_add_loop_test(answers, lies_are_refused, 0, sizeof lies / sizeof *lies);
    tcase_add_loop_test(answers, a_condition_of_other_processes_is_refused, 0, 2);
    tcase_add_loop_test(answers, an_end_is_an_error_or_none, 0, 3);
    tcase_add_test(answers, half_a_message_is_none);
    suite_add_tcase(suite, answers);
    return suite;
}
