/* SPDX-License-Identifier: MIT */
/* A module of another major version of the ABI: its symbol has another name, and nothing else of
 * it may be read. */
#include "evalrun/backend.h"

EV_EXPORT const uint32_t ev_backend_v2[2] = {2, 8};
