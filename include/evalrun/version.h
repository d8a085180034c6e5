/* SPDX-License-Identifier: MIT */
/* Versions: of the tool, and of the plug-in ABI (major changes break plug-ins, minor ones append). */
#ifndef EVALRUN_VERSION_H
#define EVALRUN_VERSION_H

#define EV_VERSION "0.1.0"
#define EV_VERSION_DATE "2026-11-25"
#define EV_ABI_MAJOR 1
#define EV_ABI_MINOR 3

#endif
