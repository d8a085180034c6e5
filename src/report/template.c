/* SPDX-License-Identifier: MIT */
/* The user's templates before the program's. */
#include "report/template.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum ev_status ev_template_find(const char *folder, const char *file_name, char **path,
                                struct ev_error *err)
{
    char relative[80];

    *path = folder ? ev_path_join(folder, file_name) : NULL;
    if (*path && ev_file_exists(*path))
        return EV_OK;
    free(*path);
    snprintf(relative, sizeof relative, "plots/%s", file_name);
    *path = ev_path_data(relative);
    if (!*path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (!ev_file_exists(*path))
        return ev_fail(err, EV_IO, "%s: missing, so no chart can be drawn", *path);
    return EV_OK;
}
