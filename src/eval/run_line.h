/* SPDX-License-Identifier: MIT */
/* The line that says what an evaluation's journal is of: a digest over all that an output or a time
 * depends on. */
#ifndef EV_RUN_LINE_H
#define EV_RUN_LINE_H

#include <nettle/sha2.h>

#include "eval/eval.h"
#include "set/set.h"

#define EV_RUN_LINE_BYTES 128

struct ev_run_line {
    struct sha256_ctx context;
};

/* The program, the machine, and the options. */
void ev_run_line_start(struct ev_run_line *run, const struct ev_eval_args *args);
/* A backend in its turn: engine, its module's file, precision, the model's digest ("" without a
 * file). */
void ev_run_line_add_backend(struct ev_run_line *run, const struct ev_eval_backend *backend,
                             const struct ev_model *model, const char *model_sha256);
/* A set in its turn, as it is opened: where it has what, digest, form, and the labels by
 * themselves, as who changes them in a file may leave its digest. */
void ev_run_line_add_set(struct ev_run_line *run, const struct ev_eval_set *set,
                         const struct ev_set *opened, const char *sha256);
/* Ends the digest. */
void ev_run_line_end(struct ev_run_line *run, char line[EV_RUN_LINE_BYTES]);

#endif
