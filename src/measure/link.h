/* SPDX-License-Identifier: MIT */
/*
 * What a worker process says to the program, through a pipe: blocks, and how it ended. The program
 * checks every answer, since an engine that runs wild in the worker may write anything.
 */
#ifndef EV_LINK_H
#define EV_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/job.h"

/* Calls of a block at most. */
#define EV_LINK_MAX_CALLS 256

enum ev_message_kind { EV_MESSAGE_BLOCK = 1, EV_MESSAGE_END };

struct ev_message {
    enum ev_message_kind kind;
    struct ev_block block; /* n_calls of it are in call_ns */
    float call_ns[EV_LINK_MAX_CALLS];
    struct ev_error end; /* EV_OK, or why the worker gave up */
};

/* False if nobody listens any more. */
bool ev_link_send_block(int file, const struct ev_block *block, const float *call_ns);
bool ev_link_send_end(int file, const struct ev_error *end);

/* Whether process number `process` of the job can have measured that block with these times. */
bool ev_link_is_sound(const struct ev_job *job, int32_t process, const struct ev_block *block,
                      const float *call_ns);

enum ev_heard {
    EV_HEARD_MESSAGE,
    EV_HEARD_NOTHING,  /* the worker ended without having said so */
    EV_HEARD_NONSENSE, /* what it cannot have measured */
};

/* Waits for the next message of process number `process`. */
enum ev_heard ev_link_receive(int file, const struct ev_job *job, int32_t process,
                              struct ev_message *message);

#endif
