/* SPDX-License-Identifier: MIT */
/* One pass of a model over a set: from the file to the errors, timed. */
#ifndef EV_PASS_H
#define EV_PASS_H

#include <stdint.h>

#include "backend/backend.h"
#include "eval/accuracy.h"
#include "eval/pass_journal.h"
#include "set/set.h"

/* Runs every row of the set through the model, in batches of journal->batch_rows that are read
 * ahead (by n_threads where pictures must be unpacked or turned into floats), and adds the rows to
 * `accuracy`. Batches that the journal has are taken from it; each one that is computed goes into
 * it. One batch is computed beforehand and not counted. *elapsed_ns is the time from opening the
 * stream until the last error is added, without that of writing the journal. `name` is shown with
 * the progress. On failure or Ctrl-C (EV_INTERRUPTED) the sums hold a part of the rows. */
EV_CHECKED enum ev_status ev_pass_run(struct ev_set *set, struct ev_model *model,
                                      int32_t n_threads, const char *name,
                                      struct ev_pass_journal *journal,
                                      struct ev_accuracy *accuracy, int64_t *elapsed_ns,
                                      struct ev_error *err);

#endif
