/* SPDX-License-Identifier: MIT */
/*
 * The journal of a run: what it has finished, written as it goes into the folder `.resume` of the
 * results, so that a run that was interrupted or killed can be gone on with (--resume). Each part
 * (the outputs of one backend on one set, the samples of one worker process) is a file that begins
 * with a line that says what it is of. Bytes are appended, and whatever lies behind the last whole
 * record is cut off when the part is opened again.
 *
 * A journal is used from one thread.
 */
#ifndef EV_JOURNAL_H
#define EV_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evalrun/error.h"

struct ev_journal;

/*
 * Opens the journal in a results folder, which exists. With `resume` keeps what an earlier run
 * left there (EV_INPUT naming the folder if there is nothing), otherwise starts anew. `run` is a
 * line that must be the same in both runs: EV_INPUT naming the folder where it is not. A journal is
 * open in one process at a time: EV_INPUT if another one has it.
 */
EV_CHECKED enum ev_status ev_journal_open(const char *results, bool resume, const char *run,
                                          struct ev_journal **journal, struct ev_error *err);
/* Closes it; with `done` everything in it is removed, as the results then stand for it. Takes
 * NULL. */
void ev_journal_close(struct ev_journal *journal, bool done);

/*
 * Opens the part `name` (a file name) for appending; only one is open at a time. `subject` is one
 * line that says what its records are of (digests, shapes). Where the part is already there with
 * the same subject, *bytes are its whole records of record_bytes each, *n_records of them, and the
 * caller frees them; otherwise, and with another subject, it begins empty: 0 and NULL. With a
 * journal of NULL there is never anything, and nothing is kept.
 */
EV_CHECKED enum ev_status ev_journal_begin(struct ev_journal *journal, const char *name,
                                           const char *subject, size_t record_bytes, void **bytes,
                                           int64_t *n_records, struct ev_error *err);
/* Appends to the open part. Flushed to the kernel, not to the disk: a killed process loses
 * nothing, a machine without power what the disk had not yet. */
EV_CHECKED enum ev_status ev_journal_append(struct ev_journal *journal, const void *bytes, size_t n,
                                            struct ev_error *err);
/* Closes the open part, if any. */
void ev_journal_end(struct ev_journal *journal);

#endif
