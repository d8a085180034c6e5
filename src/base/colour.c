/* SPDX-License-Identifier: MIT */
/* Escape sequences of ECMA-48: 1 bold, 31 red, 32 green, 33 yellow. */
#include "base/colour.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const starts[] = {
    [EV_COLOUR_NONE] = "",           [EV_COLOUR_GOOD] = "\033[32m",    [EV_COLOUR_BAD] = "\033[31m",
    [EV_COLOUR_UNSURE] = "\033[33m", [EV_COLOUR_ALARM] = "\033[1;31m",
};

static bool shows_colours(FILE *out)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

    return term && *term && strcmp(term, "dumb") != 0 && (!no_colour || !*no_colour) &&
           isatty(fileno(out)) == 1;
}

void ev_colour_start(enum ev_colour colour, FILE *out)
{
    if (colour != EV_COLOUR_NONE && shows_colours(out))
        fputs(starts[colour], out);
}

void ev_colour_end(enum ev_colour colour, FILE *out)
{
    if (colour != EV_COLOUR_NONE && shows_colours(out))
        fputs("\033[0m", out);
}
