/* SPDX-License-Identifier: MIT */
/*
 * A driven lap to look at: as an animation, as a sheet of pictures, as a set. All are made after
 * the lap from what it recorded; the camera's pictures are rendered again, to the byte.
 *
 * Each picture of the animation shows what the camera saw, the commands, the distance from the line
 * and the car on the circuit's map. Files appear whole or not at all. EV_IO names the path.
 */
#ifndef EV_WATCH_H
#define EV_WATCH_H

#include "drive/drive.h"

/* An animated WebP at the camera's 20 pictures a second. */
EV_CHECKED enum ev_status ev_watch_film(const struct ev_drive_result *result,
                                        const struct ev_drive_run *run, int64_t lap,
                                        const char *path, struct ev_error *err);

/* A PNG of 12 moments, evenly spread over the lap. */
EV_CHECKED enum ev_status ev_watch_sheet(const struct ev_drive_result *result,
                                         const struct ev_drive_run *run, int64_t lap,
                                         const char *path, struct ev_error *err);

/* A set of the lap's pictures: /labels are the expert's commands at the car's poses, /pose as in
 * rendered sets, /commands float32 (N, 2) what the model answered, NaN where it was not asked. */
EV_CHECKED enum ev_status ev_watch_save(const struct ev_drive_result *result,
                                        const struct ev_drive_run *run, int64_t lap,
                                        const char *path, struct ev_error *err);

/* --- The parts --- */

#define EV_PANEL_WIDTH  640
#define EV_PANEL_HEIGHT 400

typedef struct _cairo cairo_t;

/* Draws picture `frame` of a lap into the rectangle (0, 0) to (EV_PANEL_WIDTH, EV_PANEL_HEIGHT). */
void ev_panel_draw(cairo_t *cr, const struct ev_drive_result *result,
                   const struct ev_drive_run *run, int64_t lap, int64_t frame);

#endif
