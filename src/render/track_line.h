/* SPDX-License-Identifier: MIT */
/* The points of a circuit's line before they become a track: closed, the last one is a neighbour of
 * the first. */
#ifndef EV_TRACK_LINE_H
#define EV_TRACK_LINE_H

#include <stdint.h>

#include "evalrun/error.h"

/* Columns of a point, in metres. */
enum { EV_LINE_X, EV_LINE_Y, EV_LINE_LEFT, EV_LINE_RIGHT, EV_LINE_COLUMNS };

/* Puts points half a metre apart between those that are more than one apart, on a smooth curve
 * through all: the camera would show the corners of a coarse line. *points (malloc'ed) is then
 * replaced and *n grows; a fine line stays as it is, to the bit. */
EV_CHECKED enum ev_status ev_line_resample(double (**points)[EV_LINE_COLUMNS], int64_t *n,
                                           struct ev_error *err);

/* EV_INPUT naming the file and the place where the line crosses itself or the asphalt of two
 * stretches overlaps. Time grows with n times the number of points within the asphalt's width of a
 * meridian. */
EV_CHECKED enum ev_status ev_line_check_edges(const double (*points)[EV_LINE_COLUMNS], int64_t n,
                                              const char *path, struct ev_error *err);

#endif
