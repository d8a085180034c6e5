/* SPDX-License-Identifier: MIT */
/* A folder of files that appears whole or not at all. */
#ifndef EV_FOLDER_H
#define EV_FOLDER_H

#include "evalrun/error.h"

/* A folder being filled under a temporary name beside its own. */
struct ev_new_folder {
    char *path; /* final name, without slashes at its end */
    char *temporary;
};

/* Starts a folder that does not exist yet, or is empty; its parent must exist. Failure: EV_INPUT if
 * something is in its place or the parent is missing, EV_IO. */
EV_CHECKED enum ev_status ev_new_folder_open(struct ev_new_folder *folder, const char *path,
                                             struct ev_error *err);
/* Path of a file in it, for writing, malloc'ed; NULL when out of memory. Any thread. */
char *ev_new_folder_path(const struct ev_new_folder *folder, const char *name);
/* Syncs the files and gives the folder its name. On failure nothing is left after abort. */
EV_CHECKED enum ev_status ev_new_folder_commit(struct ev_new_folder *folder, struct ev_error *err);
/* Removes what was written, and frees. Harmless after commit and on a zeroed struct. */
void ev_new_folder_abort(struct ev_new_folder *folder);

#endif
