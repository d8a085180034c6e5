/* SPDX-License-Identifier: MIT */
/* evalrun train: the baseline's options. */
#include <inttypes.h>
#include <math.h>

#include "base/progress.h"
#include "cli/command.h"
#include "cli/run_training.h"

static const char *set_text = "all";
static const char *out_path;
static const char *cache;
static int64_t n_epochs = 20;
static int64_t epoch_rows = 0;
static int64_t batch_rows = 128;
static double learning_rate = 1e-3;
static double validation_share = 0.1;
static int64_t repeat_bends = 5;
static int64_t repeat_sharp_bends = 10;
static int64_t seed = 1;
static int64_t n_threads;
static bool no_augment;
static bool fresh;
static bool quiet;

static const struct ev_option options[] = {
    {"set", 's', EV_OPT_TEXT, "SETS", &set_text, 0, 0,
     "sets to train on: names, files, or all, the two training sets (default: all)", NULL},
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0,
     "the model to write; its log goes beside it, FILE with .csv for .pt (required)", NULL},
    {"epochs", 0, EV_OPT_INT, "N", &n_epochs, 1, 10000, "passes over the rows (default: 20)", NULL},
    {"epoch-rows", 0, EV_OPT_INT, "N", &epoch_rows, 0, 1e9,
     "pictures of one pass, drawn anew each time (default: 0, all of them)", NULL},
    {"batch", 0, EV_OPT_INT, "N", &batch_rows, 1, 8192, "pictures of one step (default: 128)",
     NULL},
    {"learning-rate", 0, EV_OPT_DOUBLE, "X", &learning_rate, 1e-9, 1,
     "peak; after a warm-up it falls by a cosine to 1/100 (default: 0.001)", NULL},
    {"validation", 0, EV_OPT_DOUBLE, "X", &validation_share, 0, 0.5,
     "share of the rows, in blocks of neighbours, that choose the best epoch (default: 0.1)",
     NULL},
    {"repeat-bends", 0, EV_OPT_INT, "N", &repeat_bends, 1, 100,
     "how often a row with |w| above 1 rad/s counts (default: 5)", NULL},
    {"repeat-sharp-bends", 0, EV_OPT_INT, "N", &repeat_sharp_bends, 1, 100,
     "how often a row with |w| above 2 rad/s counts (default: 10)", NULL},
    {"seed", 0, EV_OPT_INT, "N", &seed, 0, 9e15,
     "of the weights, the split, the order and the changes (default: 1)", NULL},
    {"no-augment", 0, EV_OPT_FLAG, NULL, &no_augment, 0, 0,
     "neither flips nor changes of colour", NULL},
    {"fresh", 0, EV_OPT_FLAG, NULL, &fresh, 0, 0,
     "start afresh, even if an interrupted run could go on", NULL},
    {"cache", 0, EV_OPT_TEXT, "DIR", &cache, 0, 0, "folder of rendered sets", NULL},
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "threads (default: the cores this process may use)", NULL},
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_train_args args = {
        .out_path = out_path,
        .method = EV_METHOD_FLOAT,
        .n_epochs = n_epochs,
        .epoch_rows = epoch_rows,
        .batch_rows = batch_rows,
        .learning_rate = learning_rate,
        .validation_share = validation_share,
        .repeat_bends = repeat_bends,
        .repeat_sharp_bends = repeat_sharp_bends,
        .seed = (uint64_t)seed,
        .n_threads = (int32_t)n_threads,
        .augment = !no_augment,
        .fresh = fresh,
    };

    (void)n_operands;
    (void)operands;
    ev_progress_set_quiet(quiet);
    return ev_run_training(&args, set_text, cache, err);
}

const struct ev_command ev_cmd_train = {
    .name = "train",
    .summary = "train the baseline",
    .operands = "",
    .notes =
        "Trains PilotNet in float32 on the mean squared error of the normalised outputs\n"
        "(Adam) and writes the epoch that validated best as TorchScript. Pictures are\n"
        "flipped at random, w with them, and change in brightness, contrast and colour.\n"
        "\n"
        "An interrupted run, Ctrl-C or worse, goes on from its last finished epoch when\n"
        "the same command is given again. Until it ends, FILE.state, FILE.state-N,\n"
        "FILE.best-N and FILE.lock lie beside FILE.\n"
        "\n"
        "Example:\n"
        "  evalrun train --out my.pt --epochs 12\n",
    .options = options,
    .run = run,
};
