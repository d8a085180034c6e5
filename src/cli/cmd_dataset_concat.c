/* SPDX-License-Identifier: MIT */
/* evalrun dataset concat: several sets in one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "cli/command.h"
#include "cli/open_set.h"
#include "inspect/cut.h"

#define MAX_SETS 256 /* each is an open file */

static const char *out_path;
static struct ev_set_options set_options;
static bool quiet;

static const struct ev_option options[] = {
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0, "the new set file (required)", NULL},
    EV_SET_OPTIONS(set_options),
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_set *sets[MAX_SETS] = {NULL};

    if (!out_path)
        return ev_fail(err, EV_USAGE, "dataset concat: --out is missing");
    enum ev_status status = ev_set_options_check(operands, (size_t)n_operands, err);
    ev_progress_set_quiet(quiet);
    for (int i = 0; i < n_operands && status == EV_OK; i++)
        status = ev_set_open_named(operands[i], &set_options, 0, &sets[i], err);
    if (status == EV_OK)
        status = ev_concat(sets, n_operands, out_path, err);
    if (status == EV_OK)
        printf("%s\n", out_path);
    for (int i = 0; i < n_operands; i++)
        ev_set_close(sets[i]);
    return status;
}

const struct ev_command ev_cmd_dataset_concat = {
    .name = "dataset concat",
    .summary = "several sets, one behind the other, as a new set",
    .operands = "SET...",
    .min_operands = 1,
    .max_operands = MAX_SETS,
    .notes = "SET is a file, or a built-in set's name. All must have pictures of one size and\n"
             "colour space, and the same label columns: names, units and ranges. The new set's\n"
             "provenance lists them.\n"
             "\n"
             "Example:\n"
             "  evalrun dataset concat monday.h5 tuesday.h5 --out week.h5\n",
    .options = options,
    .run = run,
};
