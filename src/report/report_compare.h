/* SPDX-License-Identifier: MIT */
/* What a comparison of two results looks like: a table for a terminal, and JSON. */
#ifndef EV_REPORT_COMPARE_H
#define EV_REPORT_COMPARE_H

#include <stdio.h>

#include "eval/compare.h"

/* One of the two results, and the folder it came from. */
struct ev_compare_side {
    const char *folder;
    const struct ev_result *result;
};

/* The table, why what cannot be told cannot be told, notes, and how many figures are what.
 * EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_compare_print(const struct ev_compare *compare,
                                           const struct ev_compare_args *args, FILE *out,
                                           struct ev_error *err);

/*
 * The same as JSON, with null for what is not known:
 *
 *     schema, schema_version   "evalrun-compare", 1
 *     a, b                     folder, started_utc, tool_version, command_line
 *     margin                   0.02
 *     n_better, n_worse, n_same, n_cannot_tell
 *     figures[]                kind, backend, set, figure, unit, a, b, change, change_low,
 *                              change_high, paired, absolute, verdict, why
 *     notes[]
 */
EV_CHECKED enum ev_status ev_compare_save(const struct ev_compare *compare,
                                          const struct ev_compare_args *args,
                                          const struct ev_compare_side *a,
                                          const struct ev_compare_side *b, FILE *out,
                                          struct ev_error *err);

#endif
