/* SPDX-License-Identifier: MIT */
/* What is made from the tables of commands and options for other programs: scripts with which
 * shells complete command lines, and the manual page. `commands` ends with NULL; the first one is
 * meant where none is named. */
#ifndef EV_COMPLETION_H
#define EV_COMPLETION_H

#include <stdio.h>

#include "cli/command.h"

void ev_completion_bash(const struct ev_command *const *commands, FILE *out);
void ev_completion_zsh(const struct ev_command *const *commands, FILE *out);
/* roff with the macros of man(7). */
void ev_man_print(const struct ev_command *const *commands, FILE *out);

#endif
