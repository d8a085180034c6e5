/* SPDX-License-Identifier: MIT */
/*
 * Imports recorded drives into a set: a folder of 0.png, 1.png, ... beside data.csv, or a driving
 * log whose rows name pictures. Pictures are decoded by several threads, a block at a time; memory
 * is that of a block and of the labels.
 */
#ifndef EV_IMPORT_H
#define EV_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "picture/picture.h"

#define EV_IMPORT_MAX_CAMERAS 16

struct ev_import_range {
    double min, max;
};

/* A row whose target is beyond `limit` on either side comes so many times. */
struct ev_import_repeat {
    double limit;
    int64_t times;
};

/* Columns are given by their name in the header, or by number from 1. */
struct ev_import_args {
    const char *source; /* a folder, or the CSV file of a log */
    const char *out;    /* the set file */

    const char *const *cameras; /* (n_cameras) a log's picture columns; NULL: center or image */
    int32_t n_cameras;
    const char *const *targets; /* (n_targets) label columns; NULL: v and w, or steering */
    int32_t n_targets;
    const char *const *units; /* (n_targets), or NULL: those that are usual */
    int32_t n_units;
    const struct ev_import_range *ranges; /* (n_targets), or NULL: those that are usual */
    int32_t n_ranges;
    const double *offsets; /* (n_cameras) added to offset_target; NULL with a single camera: none */
    int32_t n_offsets;
    const char *offset_target; /* NULL: w, steering, or the only target */
    const char *root;          /* where pictures of a log are looked for; NULL: its folder */
    bool no_header;            /* a log's first row is data, whatever it looks like */

    bool has_crop; /* else pictures stay whole, but of a folder's those 480 rows high are cut to
                      rows 240 to 480 */
    struct ev_picture_crop crop;
    int32_t height, width; /* of the set's pictures */
    enum ev_picture_resize resize;
    enum ev_picture_colour colour;

    const char *const
        *flip; /* (n_flip) targets that change their sign; NULL: nothing is mirrored */
    int32_t n_flip;
    const struct ev_import_repeat *repeats; /* (n_repeats) ascending limits; NULL: all rows once */
    int32_t n_repeats;
    const char *repeat_target; /* NULL: w, steering, or the only target */

    bool skip_bad;        /* leave out pictures and rows that are bad, with a note for each */
    double frame_rate_hz; /* 0: unknown */
    int64_t chunk_rows;   /* as of struct ev_set_spec */
    int32_t deflate_level;
    int32_t n_threads;
};

/* What an import did. */
struct ev_import_result {
    int64_t n_pictures; /* named by the source */
    int64_t n_left_out; /* of them */
    int64_t n_rows;     /* of the set: with repeats and mirrored copies */
    int64_t n_cropped;  /* pictures of which a part was cut off */
};

/* Writes the set file, whole or absent, with progress and notes on standard error. A picture or a
 * row that is bad is EV_INPUT with one line that begins with the log and its line, and with
 * skip_bad is left out, unless it goes over several lines. All pictures are then decoded twice:
 * first to find the bad ones. A picture that is also `out` is EV_USAGE. */
EV_CHECKED enum ev_status ev_import_run(const struct ev_import_args *args,
                                        struct ev_import_result *result, struct ev_error *err);

#endif
