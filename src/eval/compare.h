/* SPDX-License-Identifier: MIT */
/*
 * Two results compared, figure by figure: is the second one, B, better or worse than the first, A,
 * the same for practical purposes, or can it not be told?
 *
 * Sizes are known exactly, and within the margin they are the same. Errors are paired row by row
 * where both results have samples of the same set, by eval/judge.h; R2 is left out, as on the same
 * rows it changes with the MSE. Without samples the two intervals are taken as independent, which
 * they are not on the same pictures: then less can be told, never more.
 *
 * Times are the ratio to each run's own baseline, by the intervals that each run has of it, and
 * only on the same machine: two differences from two runs, whose interval is made from theirs (Zou,
 * Donner: "Construction of confidence limits about effect measures", Statistics in Medicine 27,
 * 2008, 1693-1702). The baseline itself has only absolute times. What changed between two runs is
 * in no interval of theirs, so absolute times are the same or cannot be told.
 */
#ifndef EV_COMPARE_H
#define EV_COMPARE_H

#include "eval/result.h"

enum ev_compare_verdict {
    EV_COMPARE_BETTER,
    EV_COMPARE_WORSE,
    EV_COMPARE_SAME,
    EV_COMPARE_CANNOT_TELL,
    EV_N_COMPARE_VERDICTS
};

enum ev_compare_kind { EV_COMPARE_SIZE = 1, EV_COMPARE_ERROR = 2, EV_COMPARE_TIME = 4 };

/* Numbers that are not known are NAN. */
struct ev_compare_figure {
    enum ev_compare_kind kind;
    const char *backend; /* A's texts */
    const char *set;     /* "" for what is of no set */
    char name[96];       /* "MSE", "MAE w", "model", "hot, e2e" */
    const char *unit;    /* "bytes", "normalised", "of the baseline's", "ms" */
    double a, b;
    double change, low, high; /* b against a, relative, 0.03 is 3 % more; with its interval */
    bool paired;              /* by rows */
    bool absolute;            /* a time that is no ratio */
    bool one_process;         /* a time with no other process to say how it varies */
    enum ev_compare_verdict verdict;
    const char *why; /* it cannot be told, or is no number; else "" */
};

struct ev_compare_args {
    double margin; /* a smaller change is none; 0.02 is 2 % */
    unsigned kinds;
};

struct ev_compare {
    struct ev_compare_figure *figures; /* by kind, then as in A */
    size_t n_figures;
    char **notes; /* what only one of the two has: one sentence each */
    size_t n_notes;
    int64_t n[EV_N_COMPARE_VERDICTS];
};

/* Fills `compare`, which refers to texts of `a`. EV_MEMORY and EV_INTERRUPTED are the only errors,
 * and leave it empty. */
EV_CHECKED enum ev_status ev_compare_results(const struct ev_result *a, const struct ev_result *b,
                                             const struct ev_compare_args *args,
                                             struct ev_compare *compare, struct ev_error *err);
void ev_compare_free(struct ev_compare *compare);

/* "better", "worse", "same", "cannot tell"; "size", "error", "time". */
const char *ev_compare_verdict_name(enum ev_compare_verdict verdict);
const char *ev_compare_kind_name(enum ev_compare_kind kind);

#endif
