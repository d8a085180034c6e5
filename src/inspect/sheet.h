/* SPDX-License-Identifier: MIT */
/* A contact sheet: pictures of a set, evenly spaced, with their rows and labels. */
#ifndef EV_SHEET_H
#define EV_SHEET_H

#include "evalrun/error.h"
#include "set/set.h"

/* Draws the sheet into the PNG file `path`, whole or absent: the first row's picture, the last
 * one's, and as many between as there is room for. Pictures of any size, grey or in colour, also of
 * a set that was opened leniently. EV_USAGE if `path` is the set's own file. */
EV_CHECKED enum ev_status ev_sheet_draw(struct ev_set *set, const char *path, struct ev_error *err);

#endif
