/* SPDX-License-Identifier: MIT */
/* What an evaluation keeps in the journal besides its worker processes: the outputs of each pass,
 * batch by batch, and the times of single inferences in this process, set by set. */
#ifndef EV_PASS_JOURNAL_H
#define EV_PASS_JOURNAL_H

#include "eval/eval.h"
#include "eval/journal.h"
#include "eval/timing.h"

/* A pass of backend b over set s. */
struct ev_pass_journal {
    struct ev_journal *journal; /* NULL: nothing is kept */
    size_t s, b;
    int64_t batch_rows; /* of all batches but the last one */
    int64_t n_rows;     /* of the set */
    int32_t n_outputs;
    struct ev_pass_record *record; /* room for one */
};

/* Opens the part of a pass, and gives each batch that is there to `add`, with the time that it
 * took, in the order of rows. *first_row is the first row that is missing, or n_rows. */
EV_CHECKED enum ev_status ev_pass_journal_open(
    struct ev_pass_journal *pass,
    void (*add)(void *self, int64_t n_rows, const float *outputs, int64_t elapsed_ns), void *self,
    int64_t *first_row, struct ev_error *err);
/* Appends a batch of outputs (n_rows, n_outputs). */
EV_CHECKED enum ev_status ev_pass_journal_add(struct ev_pass_journal *pass, int64_t n_rows,
                                              const float *outputs, int64_t elapsed_ns,
                                              struct ev_error *err);
/* Also after a failure. */
void ev_pass_journal_close(struct ev_pass_journal *pass);

/* Times of n_calls single inferences of each entry on set s: *found says whether they were there,
 * and the entries have them. */
EV_CHECKED enum ev_status ev_calls_journal_take(struct ev_journal *journal, size_t s,
                                                const struct ev_timing_entry *entries,
                                                size_t n_entries, int64_t n_calls, bool *found,
                                                struct ev_error *err);
/* Keeps them, after they were not found. */
EV_CHECKED enum ev_status ev_calls_journal_add(struct ev_journal *journal,
                                               const struct ev_timing_entry *entries,
                                               size_t n_entries, int64_t n_calls,
                                               struct ev_error *err);

#endif
