/* SPDX-License-Identifier: MIT */
/* What the benchmarks share. A benchmark compares two ways in one run and judges their ratio: exit
 * code 0 within the bar, 1 outside, 77 cannot tell. */
#ifndef EV_BENCH_SUPPORT_H
#define EV_BENCH_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "eval/eval.h"

#define EV_BENCH_CANNOT_TELL 77

/* Shape of the pictures of the committed models. */
extern const struct ev_shape ev_bench_shape;

/* Path of the committed model `name` ("static"), or the end of the program with code 77. */
char *ev_bench_model(const char *name);

/* Writes a set of n_rows pictures of noise to a scratch file, contiguous as the test sets are, and
 * returns its path; the file is removed at exit. Ends the program if it cannot. */
const char *ev_bench_set(int64_t n_rows);

/* Arguments of an evaluation of one backend on one set of noise, with all cores. */
struct ev_eval_args ev_bench_args(const struct ev_eval_backend *backend,
                                  const struct ev_eval_set *set, int64_t batch_rows);

/* Prints "what: message" and ends the program with code 3. */
_Noreturn void ev_bench_die(const char *what, const char *message);

/* Median of values[0..n-1], which are put in order. */
double ev_bench_median(double *values, size_t n);

#endif
