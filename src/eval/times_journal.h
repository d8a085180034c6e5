/* SPDX-License-Identifier: MIT */
/* What the journal keeps of worker processes: the blocks of each, once it has finished. One that
 * was under way is measured anew, as a process is the unit of replication. */
#ifndef EV_TIMES_JOURNAL_H
#define EV_TIMES_JOURNAL_H

#include "eval/journal.h"
#include "measure/job.h"

/* Opens the part, and adds the processes that are there with all their planned blocks to a session
 * that has none yet. What cannot have been measured is cut off, with all that follows. */
EV_CHECKED enum ev_status ev_times_journal_open(struct ev_journal *journal,
                                                const struct ev_job *job,
                                                struct ev_session *session, struct ev_error *err);
/* Appends the session's blocks from first_block on, those of a process. */
EV_CHECKED enum ev_status ev_times_journal_add(struct ev_journal *journal,
                                               const struct ev_session *session, size_t first_block,
                                               struct ev_error *err);

#endif
