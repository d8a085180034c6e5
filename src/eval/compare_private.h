/* SPDX-License-Identifier: MIT */
/* What the parts of compare share. */
#ifndef EV_COMPARE_PRIVATE_H
#define EV_COMPARE_PRIVATE_H

#include "eval/compare.h"

struct comparing {
    const struct ev_result *a, *b;
    const struct ev_compare_args *args;
    struct ev_compare *compare;
};

/* Appends a figure that cannot be told yet; NULL when out of memory. */
struct ev_compare_figure *ev_compare_add(struct comparing *comparing, enum ev_compare_kind kind,
                                         const char *backend, const char *set);

/* Says that it cannot be told, and why (a text that lives as long as the program). */
void ev_compare_cannot_tell(struct ev_compare_figure *figure, const char *why);
/* Both results have one and the same figure. */
void ev_compare_same(struct ev_compare_figure *figure);

/* An estimate with its interval, as a logarithm. */
struct log_figure {
    double value, low, high;
};
/* Judges b against a, less being better, by independent intervals; `effect` (a logarithm, at least
 * the margin's) is the smallest change that is told. */
void ev_compare_judge(struct ev_compare_figure *figure, const struct log_figure *a,
                      const struct log_figure *b, double margin, double effect);

EV_CHECKED enum ev_status ev_compare_errors(struct comparing *comparing, struct ev_error *err);
EV_CHECKED enum ev_status ev_compare_times(struct comparing *comparing, struct ev_error *err);

#endif
