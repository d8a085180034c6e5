/* SPDX-License-Identifier: MIT */
/* The worst disagreements: a sheet of the pictures on which a backend is furthest from the one that
 * it is compared with. */
#ifndef EV_WORST_SHEET_H
#define EV_WORST_SHEET_H

#include "report/report_view.h"

/* The sheet's file is NAME.png. */
#define EV_WORST_NAME "worst"

/* Whether the result has pictures of backends that it has rows of. */
bool ev_worst_has_pictures(const struct ev_view *view);
/* Draws the sheet into the folder, whole or absent; without pictures a sheet that is there is
 * removed. */
EV_CHECKED enum ev_status ev_worst_write(const struct ev_view *view, const char *folder,
                                         struct ev_error *err);

#endif
