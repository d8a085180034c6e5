/* SPDX-License-Identifier: MIT */
/* Samples made by hand for a result of ev_test_result.h, and the times that follow from them. */
#ifndef EV_TEST_SAMPLES_H
#define EV_TEST_SAMPLES_H

#include "eval/result.h"

/* Gives the result samples: outputs of all its backends on its sets, the car's positions on an oval,
 * pictures of the worst disagreements, a session of hot and paced calls, and result->timings. */
void ev_test_samples_fill(struct ev_result *result);

#endif
