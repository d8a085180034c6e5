/* SPDX-License-Identifier: MIT */
/* The provenance of an imported set in words. */
#ifndef EV_PROVENANCE_IMPORT_H
#define EV_PROVENANCE_IMPORT_H

#include <stdio.h>

#include <jansson.h>

/* One line without its end: source, cameras, what was done to pictures and rows. What says nothing
 * is left out. */
void ev_provenance_tell_import(const json_t *json, FILE *out);

#endif
