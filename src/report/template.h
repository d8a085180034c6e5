/* SPDX-License-Identifier: MIT */
/* Files that say how charts and the page look, which a user can replace. */
#ifndef EV_TEMPLATE_H
#define EV_TEMPLATE_H

#include "evalrun/error.h"

/* Path of a template, malloc'ed: in the user's folder if it has that file, else in the program's
 * plots/. `folder` may be NULL. EV_IO if it is in neither. */
EV_CHECKED enum ev_status ev_template_find(const char *folder, const char *file_name, char **path,
                                           struct ev_error *err);

#endif
