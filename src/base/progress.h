/* SPDX-License-Identifier: MIT */
/* Progress on standard error: a bar with rate and ETA on a terminal, a plain line every few
 * seconds elsewhere, nothing when quiet. Used from one thread. */
#ifndef EV_PROGRESS_H
#define EV_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ev_progress {
    const char *what; /* "render montreal" */
    const char *unit; /* "frames" */
    int64_t total;
    int64_t done;  /* as of the last update */
    int64_t first; /* done before the start */
    int64_t start_ns;
    int64_t last_ns;
    bool terminal;
    bool quiet;
};

/* Also read by the rest of the program: no progress at all (--quiet). */
void ev_progress_set_quiet(bool quiet);

void ev_progress_start(struct ev_progress *progress, const char *what, const char *unit,
                       int64_t total);
/* Right after the start: so much of total is there already, which is no part of the rate. */
void ev_progress_set_first(struct ev_progress *progress, int64_t first);
/* `done` of total, what failed not counted; `note` (may be NULL) is shown behind the rate, e.g.
 * "loss 0.0123". */
void ev_progress_update(struct ev_progress *progress, int64_t done, const char *note);
/* Clears the bar on a terminal; elsewhere prints a line of what was done and the time it took, if
 * all of it was done: otherwise the error is the last word. */
void ev_progress_finish(struct ev_progress *progress);

/* "evalrun: note: LINE" on standard error, also when quiet: what a person must know about work that
 * goes on all the same. */
void ev_progress_note(const char *line);
/* "evalrun: LINE": one of several inputs failed, and the others are gone on with. */
void ev_progress_error(const char *line);

#endif
