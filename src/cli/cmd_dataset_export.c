/* SPDX-License-Identifier: MIT */
/* evalrun dataset export: a set as PNG files and a table. */
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "cli/command.h"
#include "cli/open_set.h"
#include "cli/select.h"
#include "inspect/export.h"

static const char *rows;
static const char *circuit;
static struct ev_set_options set_options;
static int64_t n_threads;
static bool as_is;
static bool quiet;

static const struct ev_option options[] = {
    {"rows", 0, EV_OPT_TEXT, "A:B[:STEP]", &rows, 0, 0,
     "rows A to B - 1, each part optional, negative from the end (default: all)", NULL},
    {"as-is", 0, EV_OPT_FLAG, NULL, &as_is, 0, 0,
     "pictures as they are in the set, also of rendered sets", NULL},
    {"circuit", 0, EV_OPT_TEXT, "CIRCUIT", &circuit, 0, 0,
     "the file that the set was rendered from, if it is not a built-in circuit", NULL},
    EV_SET_OPTIONS(set_options),
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "threads (default: the cores this process may use)", NULL},
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_export_args args = {rows, circuit, as_is, 0};
    struct ev_set *set = NULL;

    (void)n_operands;
    if (as_is && circuit)
        return ev_fail(err, EV_USAGE, "--circuit: nothing is rendered with --as-is");
    ev_progress_set_quiet(quiet);
    enum ev_status status = ev_set_options_check(operands, 1, err);
    if (status == EV_OK)
        status = ev_set_open_named(operands[0], &set_options, n_threads, &set, err);
    if (status == EV_OK)
        status = ev_threads_select(n_threads, &args.n_threads, err);
    if (status == EV_OK)
        status = ev_export(set, &args, operands[1], err);
    if (status == EV_OK)
        printf("%s\n", operands[1]);
    ev_set_close(set);
    return status;
}

const struct ev_command ev_cmd_dataset_export = {
    .name = "dataset export",
    .summary = "a set as a folder of PNG files and data.csv",
    .operands = "SET DIR",
    .min_operands = 2,
    .max_operands = 2,
    .notes = "SET is a file, or a built-in set's name; DIR is a new or empty folder. It gets\n"
             "0.png, 1.png, ... and data.csv, a header of the label columns and a line for\n"
             "each picture, in physical units. Pictures of sets made by `dataset render` are\n"
             "rendered again at the camera's 640 x 480: rows 240 to 479 of them, resized\n"
             "bilinearly to 200 x 66, are the set's own. Pictures of other sets keep their\n"
             "size.\n"
             "\n"
             "Examples:\n"
             "  evalrun dataset export montreal montreal-pictures --rows 0:1000\n"
             "  evalrun dataset export my.h5 pictures --as-is\n",
    .options = options,
    .run = run,
};
