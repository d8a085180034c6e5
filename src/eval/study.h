/* SPDX-License-Identifier: MIT */
/*
 * The published study's own way of counting, which its tables can be compared with. For anything
 * else the errors and times of the result are the right ones: here rows count by what they show,
 * and a row by the batch that it falls into.
 *
 * MSE. The list of rows is: all rows of all sets; with mirrored pictures all those again, left and
 * right exchanged and w negated; then, of all so far, five times those with 1 < |w| <= 2 and ten
 * times those with |w| > 2, which so count 6 and 11 times. w is the label of that name in its own
 * unit, rad/s for the study, before it is scaled to 0..1. The list is cut into batches of
 * batch_rows, the last of them shorter, and the figure is the mean over the batches of their mean
 * squared errors. The study rounds outputs to float16, which changes the seventh digit and is left
 * out.
 *
 * Time. The mean of 1000 calls with one picture after 50 that do not count, one call after the
 * other, each backend by itself. Of several sets the mean of all their calls.
 */
#ifndef EV_STUDY_H
#define EV_STUDY_H

#include "eval/sample_rows.h"
#include "eval/spread.h"

#define EV_STUDY_OUTPUT "w"

/* Which of n_outputs columns is EV_STUDY_OUTPUT; -1: none, and there are no figures of errors. */
int32_t ev_study_output(const struct ev_column *columns, int32_t n_outputs);

/* The figures of a row from its samples. EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_study_figures_of(const struct ev_result_row *row,
                                              const struct ev_sample_rows *rows,
                                              struct ev_study_figures *figures,
                                              struct ev_error *err);

struct ev_study_args {
    size_t n_backends;
    size_t backend; /* whose model it is */
    int64_t batch_rows;
    int32_t n_threads;
};

/* Measures what the figures need besides the outputs, and keeps it: outputs for mirrored pictures,
 * where the set has a label w, and times. Errors: of reading and computing, EV_INTERRUPTED. */
EV_CHECKED enum ev_status ev_study_run(struct ev_set *set, struct ev_model *model,
                                       const struct ev_study_args *args,
                                       const struct ev_spread *spread, struct ev_samples_set *kept,
                                       struct ev_error *err);

#endif
