/* SPDX-License-Identifier: MIT */
/* What an evaluation would do, and how long it would take (--dry-run). */
#ifndef EV_DRY_RUN_H
#define EV_DRY_RUN_H

#include "cli/report_folders.h"
#include "cli/select.h"
#include "measure/plan.h"

struct ev_dry_run {
    const struct ev_eval_args *args; /* whose sets without a path are not rendered yet */
    const struct ev_sets *sets;
    const struct ev_chosen_folders *chosen;
    const struct ev_profile *profile; /* NULL: none */
    const char *device;
    bool with_layers;
    double load_s; /* that loading the engines took */
};

/* Checks the input as an evaluation does, measures a few calls of each model, and prints the plan.
 * Writes nothing. */
EV_CHECKED enum ev_status ev_dry_run(const struct ev_dry_run *run, struct ev_error *err);

#endif
