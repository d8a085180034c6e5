/* SPDX-License-Identifier: MIT */
/* A shared module that is no engine. */
#include "evalrun/backend.h"

EV_EXPORT const int32_t something_else = 1;
