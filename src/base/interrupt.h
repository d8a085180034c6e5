/* SPDX-License-Identifier: MIT */
/* Ctrl-C: the first SIGINT, SIGTERM or SIGHUP only sets a flag that loops ask for, and ends a child
 * that is waited for; the second one ends the program at once, after unlinking temporary files. */
#ifndef EV_INTERRUPT_H
#define EV_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

#include "evalrun/error.h"

/* If standard error is a terminal, the first signal writes there at once that a second one helps,
 * also with --quiet: an engine may never come back, and a key that does nothing needs an answer.
 * Elsewhere standard error keeps its one line, the error. */
void ev_interrupt_install(void);
bool ev_interrupted(void);
/* EV_INTERRUPTED with the message "interrupted" once the flag is set, else EV_OK. */
EV_CHECKED enum ev_status ev_interrupt_check(struct ev_error *err);

/* Takes the flag back: work was stopped, and what is finished can be reported without being stopped
 * in turn. The next signal is the second one all the same. No effect without a signal. */
void ev_interrupt_answer(void);

/* The child that is waited for, leader of a process group of its own, all of which the next signal
 * kills, or one that is not answered yet; 0 for none. Set before the child is told to make
 * temporary files, and 0 before it is reaped, as its number may then be another's. From one thread.
 */
void ev_interrupt_set_child(pid_t group);

#endif
