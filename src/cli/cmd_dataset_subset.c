/* SPDX-License-Identifier: MIT */
/* evalrun dataset subset: some rows of a set, as a set. */
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "cli/command.h"
#include "cli/open_set.h"
#include "inspect/cut.h"

static const char *out_path;
static const char *rows;
static const char *where;
static struct ev_set_options set_options;
static int64_t every = 1;
static int64_t limit;
static bool quiet;

static const struct ev_option options[] = {
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0, "the new set file (required)", NULL},
    {"rows", 0, EV_OPT_TEXT, "A:B[:STEP]", &rows, 0, 0,
     "rows A to B - 1, each part optional, negative from the end (default: all)", NULL},
    {"where", 0, EV_OPT_TEXT, "TEST", &where, 0, 0,
     "of these the rows whose label passes, as in 'w>1' or '|w|<=0.5' (default: all)", NULL},
    {"every", 0, EV_OPT_INT, "N", &every, 1, 1e12, "every N-th of these (default: 1)", NULL},
    {"limit", 0, EV_OPT_INT, "N", &limit, 0, 1e12, "of these the first N (default: 0, all)", NULL},
    EV_SET_OPTIONS(set_options),
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    const struct ev_subset_args args = {rows, where, every, limit};
    struct ev_set *set = NULL;

    (void)n_operands;
    if (!out_path)
        return ev_fail(err, EV_USAGE, "dataset subset: --out is missing");
    ev_progress_set_quiet(quiet);
    enum ev_status status = ev_set_options_check(operands, 1, err);
    if (status == EV_OK)
        status = ev_set_open_named(operands[0], &set_options, 0, &set, err);
    if (status == EV_OK)
        status = ev_subset(set, &args, out_path, err);
    if (status == EV_OK)
        printf("%s\n", out_path);
    ev_set_close(set);
    return status;
}

const struct ev_command ev_cmd_dataset_subset = {
    .name = "dataset subset",
    .summary = "some rows of a set, as a new set",
    .operands = "SET",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "SET is a file, or a built-in set's name. Labels in --where are in physical\n"
             "units. Attributes, poses and further datasets are kept, and the new set's\n"
             "provenance says which rows of which set it holds.\n"
             "\n"
             "Examples:\n"
             "  evalrun dataset subset montreal --rows 0:500 --out start.h5\n"
             "  evalrun dataset subset montreal --where '|w|>1' --out bends.h5\n",
    .options = options,
    .run = run,
};
