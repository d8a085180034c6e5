/* SPDX-License-Identifier: MIT */
/* The built-in engine "null"; read by the table of built-in engines alone. */
#ifndef EV_ENGINE_NULL_H
#define EV_ENGINE_NULL_H

#include "evalrun/backend.h"

extern const struct ev_backend ev_engine_null;

#endif
