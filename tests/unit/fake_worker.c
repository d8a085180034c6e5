/* SPDX-License-Identifier: MIT */
/*
 * A worker process that does as EV_TEST_WORKER says instead of measuring, for test_pool.c:
 *   honest    answers every planned block, calls of 1000 + entry nanoseconds
 *   half      the first block, then ends without a word
 *   crash     the first block, then a complaint on standard error and SIGABRT
 *   lie       a block of an entry that there is not
 *   babble    bytes that are no message
 *   refuse    an engine's error
 *   interrupt in process 1: sends its parent SIGINT and waits to be ended
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/link.h"
#include "measure/worker.h"

static struct ev_block block_of(const struct ev_condition *condition, int32_t process,
                                int32_t round, int32_t entry)
{
    return (struct ev_block){
        .process = process,
        .round = round,
        .position = entry,
        .predecessor = entry - 1,
        .entry = entry,
        .mode = condition->mode,
        .boundary = condition->boundary,
        .n_threads = 1,
        .rows_per_call = 1,
        .rows_per_piece = 1,
        .n_calls = condition->n_calls,
    };
}

static void answer_all(const struct ev_job *job, int32_t process)
{
    const struct ev_error done = EV_ERROR_INIT;
    float call_ns[EV_LINK_MAX_CALLS];

    for (int32_t c = 0; c < job->n_conditions; c++) {
        const struct ev_condition *condition = &job->conditions[c];
        if (!ev_condition_is_in(condition, process))
            continue;
        for (int32_t round = 0; round < condition->n_rounds; round++) {
            for (int32_t e = 0; e < job->n_entries; e++) {
                const struct ev_block block = block_of(condition, process, round, e);
                for (int32_t i = 0; i < condition->n_calls; i++)
                    call_ns[i] = (float)(1000 + e);
                ev_link_send_block(EV_WORKER_ANSWERS, &block, call_ns);
            }
        }
    }
    ev_link_send_end(EV_WORKER_ANSWERS, &done);
}

int main(int argc, char **argv)
{
    const struct ev_job *job = ev_job_map(EV_WORKER_JOB);
    const char *way = getenv("EV_TEST_WORKER");
    const float calls[EV_LINK_MAX_CALLS] = {1000};

    if (argc != 3 || strcmp(argv[1], EV_WORKER_COMMAND) != 0 || !job || !way)
        return 9;
    const int32_t process = (int32_t)atoi(argv[2]);
    struct ev_block first = block_of(&job->conditions[0], process, 0, 0);
    if (strcmp(way, "honest") == 0 || (strcmp(way, "interrupt") == 0 && process != 1)) {
        answer_all(job, process);
    } else if (strcmp(way, "lie") == 0) {
        first.entry = job->n_entries;
        ev_link_send_block(EV_WORKER_ANSWERS, &first, calls);
        pause(); /* the program does not wait for more */
    } else if (strcmp(way, "babble") == 0) {
        ssize_t n = write(EV_WORKER_ANSWERS, "Guten Tag, guten Tag", 20);
        (void)n;
        pause();
    } else if (strcmp(way, "refuse") == 0) {
        struct ev_error err;
        (void)ev_fail(&err, EV_INPUT, "my.pt: not what it seems");
        ev_link_send_end(EV_WORKER_ANSWERS, &err);
    } else {
        ev_link_send_block(EV_WORKER_ANSWERS, &first, calls);
        if (strcmp(way, "interrupt") == 0) {
            kill(getppid(), SIGINT);
            pause();
        }
        if (strcmp(way, "crash") == 0) {
            ssize_t n = write(STDERR_FILENO, "a first line\nout of luck\n", 25);
            (void)n;
            abort();
        }
    }
    return 0;
}
