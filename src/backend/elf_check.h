/* SPDX-License-Identifier: MIT */
/* Is a file a shared module that this machine can load, and is all of it there? */
#ifndef EV_ELF_CHECK_H
#define EV_ELF_CHECK_H

#include "evalrun/error.h"

/* EV_INPUT naming the path when the file is missing, no regular file, no ELF shared object, made
 * for another kind of machine, or cut short. */
EV_CHECKED enum ev_status ev_elf_check(const char *path, struct ev_error *err);

#endif
