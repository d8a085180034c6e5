/* SPDX-License-Identifier: MIT */
/* Checks of a set's content, each finding with its rows. */
#ifndef EV_VERIFY_H
#define EV_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "inspect/rows.h"
#include "set/set.h"

/* Kinds of findings: X(code, name in JSON, text for people; %s is the column). */
#define EV_FINDING_LIST(X)                                                                         \
    X(EV_FINDING_FORM, "form", "")                                                                 \
    X(EV_FINDING_DIGEST, "digest", "")                                                             \
    X(EV_FINDING_DAMAGED, "damaged", "pictures that cannot be read")                               \
    X(EV_FINDING_PIXELS, "pixels", "pictures with NaN or infinite pixels")                         \
    X(EV_FINDING_NAN, "nan", "label %s is NaN")                                                    \
    X(EV_FINDING_INFINITE, "infinite", "label %s is infinite")                                     \
    X(EV_FINDING_RANGE, "range", "label %s outside its range")                                     \
    X(EV_FINDING_POSE, "pose", "pose is NaN or infinite")                                          \
    X(EV_FINDING_CONSTANT, "constant", "constant pictures, all pixels equal")                      \
    X(EV_FINDING_REPEATED, "repeated", "pictures equal to the one before")                         \
    X(EV_FINDING_DUPLICATE, "duplicate", "pictures equal to an earlier one")

#define EV_FINDING_ENUM(code, name, text) code,
enum ev_finding_kind { EV_FINDING_LIST(EV_FINDING_ENUM) EV_FINDING_COUNT };
#undef EV_FINDING_ENUM

struct ev_finding {
    enum ev_finding_kind kind;
    char text[400];            /* one line, without file and rows */
    int32_t column;            /* of the labels; -1 if it is about none */
    struct ev_row_ranges rows; /* owned; none for findings about the file */
};

struct ev_findings {
    struct ev_finding *findings; /* (n), owned, in the order of the kinds */
    int32_t n;
};

const char *ev_finding_name(enum ev_finding_kind kind);

/* Reads all of a set that was opened leniently, once; duplicates are read again to compare their
 * bytes. Memory: some pictures, and at most 64 bytes a row. Findings are no failure; failures are
 * those of the machine, and Ctrl-C. Shows progress. */
EV_CHECKED enum ev_status ev_verify(struct ev_set *set, struct ev_findings *findings,
                                    struct ev_error *err);
void ev_findings_free(struct ev_findings *findings);

#endif
