/* SPDX-License-Identifier: MIT */
/* evalrun dataset split: a set in two parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "cli/command.h"
#include "cli/open_set.h"
#include "inspect/cut.h"

static const char *const ways[] = {"lap", "random", NULL};

static const char *out_path;
static const char *rest_path;
static const char *by;
static struct ev_set_options set_options;
static int64_t seed = 1;
static double share = 0.8;
static bool quiet;

static const struct ev_option options[] = {
    {"by", 0, EV_OPT_CHOICE, "WAY", &by, 0, 0, "lap or random (required)", ways},
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0,
     "set file of the first part (required)", NULL},
    {"rest", 0, EV_OPT_TEXT, "FILE", &rest_path, 0, 0,
     "set file of the other rows (required)", NULL},
    {"share", 0, EV_OPT_DOUBLE, "X", &share, EV_ABOVE_0, EV_BELOW_1,
     "share of the rows for the first part (default: 0.8)", NULL},
    {"seed", 0, EV_OPT_INT, "N", &seed, 0, 9e15, "of the choice (default: 1)", NULL},
    EV_SET_OPTIONS(set_options),
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_status check_options(struct ev_error *err)
{
    const char *missing = !by ? "by" : !out_path ? "out" : !rest_path ? "rest" : NULL;

    if (missing)
        return ev_fail(err, EV_USAGE, "dataset split: --%s is missing", missing);
    return EV_OK;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_set *set = NULL;

    (void)n_operands;
    enum ev_status status = check_options(err);
    if (status == EV_OK)
        status = ev_set_options_check(operands, 1, err);
    if (status != EV_OK)
        return status;
    const struct ev_split_args args = {strcmp(by, "lap") == 0, (uint64_t)seed, share};
    ev_progress_set_quiet(quiet);
    status = ev_set_open_named(operands[0], &set_options, 0, &set, err);
    if (status == EV_OK)
        status = ev_split(set, &args, out_path, rest_path, err);
    if (status == EV_OK)
        printf("%s\n%s\n", out_path, rest_path);
    ev_set_close(set);
    return status;
}

const struct ev_command ev_cmd_dataset_split = {
    .name = "dataset split",
    .summary = "a set in two parts, by laps or at random",
    .operands = "SET",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "SET is a file, or a built-in set's name. Pictures that follow one another look\n"
             "alike: a validation part that was split off at random is nearly what was trained\n"
             "on. By lap, whole laps go to either part (it needs /pose): the nearest to the\n"
             "share among 32 random orders, with a note if it is missed by more than 0.1. The\n"
             "order of rows stays, and the same seed gives the same bytes.\n"
             "\n"
             "Example:\n"
             "  evalrun dataset split many_curves --by lap --share 0.8 \\\n"
             "      --out train.h5 --rest check.h5\n",
    .options = options,
    .run = run,
};
