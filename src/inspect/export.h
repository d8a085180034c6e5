/* SPDX-License-Identifier: MIT */
/* A set as a folder of PNG files and a table, for other tools. */
#ifndef EV_EXPORT_H
#define EV_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "set/set.h"

struct ev_export_args {
    const char *rows;    /* "A:B:STEP"; NULL: all */
    const char *circuit; /* of a rendered set, if it is a file; NULL: the recorded name */
    bool as_is;          /* pictures as they are in the set */
    int32_t n_threads;
};

/* Writes 0.png, 1.png, ... and data.csv, which has a header of the columns' names and as many rows
 * in physical units, enough digits for the same float32, into `folder`: a new or empty one, which
 * appears whole or not at all. Pictures of rendered sets are rendered again at the camera's 640 x
 * 480, and must give the set's own when resized (EV_INPUT with the row if not); those of other sets
 * and with as_is are written at their own size, with a note where that may surprise. */
EV_CHECKED enum ev_status ev_export(struct ev_set *set, const struct ev_export_args *args,
                                    const char *folder, struct ev_error *err);

#endif
