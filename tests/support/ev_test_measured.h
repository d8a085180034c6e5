/* SPDX-License-Identifier: MIT */
/* A result with simulated samples, from which its figures are computed: outputs whose errors are
 * alike in neighbouring rows, and times over worker processes. */
#ifndef EV_TEST_MEASURED_H
#define EV_TEST_MEASURED_H

#include "eval/result.h"

/* What is done to the backend "static", if the result has it. */
struct ev_test_fault {
    double mse;  /* 0.05: its squared errors are 5 % larger */
    double time; /* 0.03: it takes 3 % longer */
};

/* A result of n_backends and n_sets as ev_test_result_make() has them. Labels depend on nothing,
 * the errors' noise on the backend; `run` numbers measurements of the same: it changes times by
 * their noise, and outputs by as much as another order of sums might. */
void ev_test_measured_make(struct ev_result *result, size_t n_backends, size_t n_sets, uint64_t run,
                           const struct ev_test_fault *fault);

/* Computes the errors of all rows from the samples again. */
void ev_test_measured_update(struct ev_result *result);

#endif
