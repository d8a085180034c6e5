/* SPDX-License-Identifier: MIT */
/* Worker processes, one after the other, and the session of blocks that they measure. */
#ifndef EV_POOL_H
#define EV_POOL_H

#include "measure/job.h"

struct ev_pool_args {
    const struct ev_job *job;
    int job_file;
    int32_t min_processes, max_processes;
    double cap_s; /* no process is begun that would end later, but for the first */
    /* Whether what is measured says enough; asked after each process past min_processes. */
    bool (*is_enough)(const struct ev_session *session, void *context);
    /* Told when a process finished, whose blocks are those of the session from first_block on; a
     * failure ends the run. NULL: nobody is told. */
    enum ev_status (*on_finish)(const struct ev_session *session, size_t first_block,
                                void *context, struct ev_error *err);
    void *context;
    const char *program; /* that is started; NULL: this one */
};

/*
 * Starts processes until they are enough, and appends what they measured to the session, whose
 * n_processes counts the finished ones, those before the call too, whose time is no part of the cap;
 * entries and names are the caller's. A process that does not come to its end leaves nothing. Its
 * program runs in a process group of its own and dies with this one.
 *
 * EV_INTERRUPTED at Ctrl-C; an engine's own error; EV_ENGINE naming signal or status, and the last
 * line on its standard error, of a process that crashed. What finished before stays. From one
 * thread. Shows progress.
 */
EV_CHECKED enum ev_status ev_pool_run(const struct ev_pool_args *args, struct ev_session *session,
                                      struct ev_error *err);

#endif
