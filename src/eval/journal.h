/* SPDX-License-Identifier: MIT */
/*
 * The journal of a run: what it has finished, written as it goes into the folder `.resume` of the
 * results, so that a run that was interrupted or killed can be gone on with (--resume). Each part
 * (the outputs of one backend on one set, the times of worker processes) is a file that begins with
 * a line that says what it is of. Records follow, each with a digest of its number and its bytes:
 * from the first one that is not whole or not what was written, all that follow are cut off when
 * the part is opened again.
 *
 * A journal is used from one thread. Every function takes a journal of NULL, in which there is
 * never anything and nothing is kept.
 */
#ifndef EV_JOURNAL_H
#define EV_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evalrun/error.h"

struct ev_journal;

/*
 * Opens the journal in a results folder, which exists. With `resume` an earlier run must have left
 * something there: EV_INPUT naming the folder if not. A journal is open in one process at a time:
 * EV_INPUT if another one has it. What an earlier run left stays until ev_journal_start().
 */
EV_CHECKED enum ev_status ev_journal_open(const char *results, bool resume,
                                          struct ev_journal **journal, struct ev_error *err);
/*
 * Before the first part. `run` is one line that says all that the records depend on. When resuming,
 * EV_INPUT naming the folder where the earlier run had another line; otherwise the journal begins
 * anew.
 */
EV_CHECKED enum ev_status ev_journal_start(struct ev_journal *journal, const char *run,
                                           struct ev_error *err);
/* Whether an earlier run is gone on with. */
bool ev_journal_resumes(const struct ev_journal *journal);
/* Closes it. With `done`, as the results then stand for it, or without a record everything in it is
 * removed. */
void ev_journal_close(struct ev_journal *journal, bool done);

/*
 * Opens the part `name` (a file name) for appending; only one is open at a time. `subject` is one
 * line that says what its records are of. Where the part is already there with the same subject,
 * *records are its whole records of record_bytes each, *n_records of them, and the caller frees
 * them; otherwise, and with another subject, it begins empty: 0 and NULL.
 */
EV_CHECKED enum ev_status ev_journal_begin(struct ev_journal *journal, const char *name,
                                           const char *subject, size_t record_bytes, void **records,
                                           int64_t *n_records, struct ev_error *err);
/* Cuts off all records of the open part behind the first n_records. */
EV_CHECKED enum ev_status ev_journal_cut(struct ev_journal *journal, int64_t n_records,
                                         struct ev_error *err);
/* Appends a record to the open part. It is handed to the kernel, not to the disk: a killed process
 * loses nothing, a machine without power what the disk had not yet. */
EV_CHECKED enum ev_status ev_journal_append(struct ev_journal *journal, const void *record,
                                            struct ev_error *err);
/* Closes the open part, if any. */
void ev_journal_end(struct ev_journal *journal);

#endif
