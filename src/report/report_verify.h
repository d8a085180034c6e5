/* SPDX-License-Identifier: MIT */
/* A folder of results checked: is every file what was written, and every figure what the samples
 * give? */
#ifndef EV_REPORT_VERIFY_H
#define EV_REPORT_VERIFY_H

#include <stdint.h>

#include "evalrun/error.h"

/* Sentences that begin with the file. */
struct ev_report_findings {
    char **mismatches;
    size_t n_mismatches;
    char **notes; /* what was not checked, and files that are none of the program's */
    size_t n_notes;
    int64_t n_files;   /* whose digest was compared */
    int64_t n_figures; /* recomputed from samples */
};

/*
 * Compares all files with SHA256SUMS, models and sets at their recorded paths with the digests in
 * results.json, every figure with what its samples give, and every table with what results.json
 * gives, byte for byte. Alarms that the result gives must be among the ones it has. Samples are read only if they are the file that SHA256SUMS lists.
 *
 * EV_INPUT if there is no results.json, or none that can be read; all else that is wrong is a
 * mismatch. Also EV_MEMORY and EV_INTERRUPTED; an error leaves *findings empty.
 */
EV_CHECKED enum ev_status ev_report_verify(const char *folder, struct ev_report_findings *findings,
                                           struct ev_error *err);
void ev_report_findings_free(struct ev_report_findings *findings);

#endif
