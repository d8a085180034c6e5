/* SPDX-License-Identifier: MIT */
/* A record for each block; processes one after the other. */
#include "eval/times_journal.h"

#include <stdlib.h>
#include <string.h>

#include "measure/link.h"

struct record {
    struct ev_block block;
    float call_ns[EV_LINK_MAX_CALLS]; /* zeros behind the block's n_calls */
};

/* Whether the next n records, as many as are planned, are those of a process. */
static bool is_whole(const struct ev_job *job, const struct record *records, int64_t n,
                     int32_t process)
{
    for (int64_t i = 0; i < n; i++) {
        if (!ev_link_is_sound(job, process, &records[i].block, records[i].call_ns))
            return false;
    }
    return true;
}

/* Adds whole processes; *n_taken records of them. */
static enum ev_status take_processes(const struct ev_job *job, const struct record *records,
                                     int64_t n, struct ev_session *session, int64_t *n_taken,
                                     struct ev_error *err)
{
    *n_taken = 0;
    for (int32_t process = 0; *n_taken < n; process++) {
        const int64_t n_planned =
            ev_plan_blocks(job->conditions, job->n_conditions, job->n_entries, process);
        if (n_planned == 0 || n - *n_taken < n_planned ||
            !is_whole(job, records + *n_taken, n_planned, process))
            break;
        for (int64_t i = *n_taken; i < *n_taken + n_planned; i++) {
            if (!ev_session_add(session, &records[i].block, records[i].call_ns,
                                records[i].block.n_calls))
                return ev_fail(err, EV_MEMORY, "out of memory for the times");
        }
        *n_taken += n_planned;
        session->n_processes = process + 1;
    }
    return EV_OK;
}

enum ev_status ev_times_journal_open(struct ev_journal *journal, const struct ev_job *job,
                                     struct ev_session *session, struct ev_error *err)
{
    void *records;
    int64_t n, n_taken = 0;
    enum ev_status status = ev_journal_begin(journal, "times", "blocks of worker processes",
                                             sizeof(struct record), &records, &n, err);

    if (status == EV_OK)
        status = take_processes(job, records, n, session, &n_taken, err);
    if (status == EV_OK)
        status = ev_journal_cut(journal, n_taken, err);
    free(records);
    return status;
}

enum ev_status ev_times_journal_add(struct ev_journal *journal, const struct ev_session *session,
                                    size_t first_block, struct ev_error *err)
{
    struct record record;
    enum ev_status status = EV_OK;

    for (size_t i = first_block; i < session->n_blocks && status == EV_OK; i++) {
        const struct ev_block *block = &session->blocks[i];
        memset(&record, 0, sizeof record);
        record.block = *block;
        memcpy(record.call_ns, session->call_ns + block->first_call,
               (size_t)block->n_calls * sizeof *record.call_ns);
        status = ev_journal_append(journal, &record, err);
    }
    return status;
}
