/* SPDX-License-Identifier: MIT */
/* Alarms of a result, each in full where it cannot be missed. */
#ifndef EV_REPORT_ALARMS_H
#define EV_REPORT_ALARMS_H

#include "eval/result.h"

/* A line for each, behind an empty one; nothing without alarms. */
void ev_alarms_print(const struct ev_result *result, const char *indent, FILE *out);

/* The codes of a row's alarms, each once, separated by spaces: those of its backend and set, or of
 * its backend and no set. */
void ev_alarms_codes(const struct ev_result *result, const struct ev_result_row *row, char *text,
                     size_t size);

#endif
