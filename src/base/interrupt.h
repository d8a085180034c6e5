/* SPDX-License-Identifier: MIT */
/* Ctrl-C: the first SIGINT or SIGTERM only sets a flag that loops ask for; the second one ends the
 * program at once, after unlinking temporary files. */
#ifndef EV_INTERRUPT_H
#define EV_INTERRUPT_H

#include <stdbool.h>

#include "evalrun/error.h"

void ev_interrupt_install(void);
bool ev_interrupted(void);
/* EV_INTERRUPTED with the message "interrupted" once the flag is set, else EV_OK. */
EV_CHECKED enum ev_status ev_interrupt_check(struct ev_error *err);

#endif
