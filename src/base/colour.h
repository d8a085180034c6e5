/* SPDX-License-Identifier: MIT */
/* Colours of words on a terminal. Files and pipes get none, nor does a terminal with TERM unset or
 * "dumb", or with NO_COLOR set to anything (see no-color.org). */
#ifndef EV_COLOUR_H
#define EV_COLOUR_H

#include <stdio.h>

enum ev_colour {
    EV_COLOUR_NONE,
    EV_COLOUR_GOOD,
    EV_COLOUR_BAD,
    EV_COLOUR_UNSURE,
    EV_COLOUR_ALARM,
};

/* Around what is printed to `out` in that colour; nothing where there are no colours. */
void ev_colour_start(enum ev_colour colour, FILE *out);
void ev_colour_end(enum ev_colour colour, FILE *out);

#endif
