/* SPDX-License-Identifier: MIT */
/* Values of JSON that the program writes. */
#ifndef EV_JSON_H
#define EV_JSON_H

#include <jansson.h>

/* A number; null for NaN and infinity, which JSON has not. */
json_t *ev_json_real(double value);
/* A text (NULL: empty). JSON holds Unicode only; one with other bytes is written as readable as it
 * can be. */
json_t *ev_json_text(const char *value);

#endif
