/* SPDX-License-Identifier: MIT */
/* Pictures within a page, so that it needs no other file. */
#ifndef EV_HTML_PICTURE_H
#define EV_HTML_PICTURE_H

#include <stdio.h>

#include "evalrun/error.h"

/* A figure with the picture of that name in a folder: NAME.svg as elements of the page, its ids
 * made the picture's own; where there is none, or it is very large, NAME.png as a data: address.
 * `title` is what the picture shows, for those who do not see it. EV_INPUT or EV_IO naming the
 * file. */
EV_CHECKED enum ev_status ev_html_picture(const char *folder, const char *name, const char *title,
                                          FILE *out, struct ev_error *err);

#endif
