/* SPDX-License-Identifier: MIT */
/* Small sound sets, one for each way in which HDF5 stores things: what tests damage, and what the
 * fuzzer starts from. Pictures are tiny, so that most of a file is HDF5's own structures. */
#ifndef EV_TEST_SEEDS_H
#define EV_TEST_SEEDS_H

#include "set/set.h"

struct ev_test_seed {
    const char *name;
    enum ev_set_layout layout; /* of the axes */
    bool has_other;            /* keeps its pictures in the file "other" beside it */
};

#define EV_TEST_N_SEEDS 13
extern const struct ev_test_seed ev_test_seeds[EV_TEST_N_SEEDS];

/* Writes seed i as folder/NAME.h5 and returns that path (see ev_test_path); fails the test if that
 * fails. */
const char *ev_test_write_seed(int i);

#endif
