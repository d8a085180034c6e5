/* SPDX-License-Identifier: MIT */
/* How far outputs for the same rows are apart. */
#ifndef EV_DISAGREEMENT_H
#define EV_DISAGREEMENT_H

#include "eval/sample_rows.h"

/* Of a backend's rows with the baseline's, which are as many (see struct ev_disagreement).
 * EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_disagreement_find(const struct ev_result *result,
                                               const struct ev_sample_rows *rows,
                                               const struct ev_sample_rows *baseline,
                                               struct ev_disagreement *disagreement,
                                               struct ev_error *err);

/* Between the rows' outputs in batches and each by itself, where the samples have them. */
struct ev_row_difference ev_disagreement_of_batches(const struct ev_result *result,
                                                    const struct ev_sample_rows *rows);

#endif
