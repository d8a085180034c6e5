/* SPDX-License-Identifier: MIT */
/* evalrun quantize: the int8 variants of a baseline. */
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/run_training.h"

static const char *const methods[] = {"dynamic", "static", "qat", NULL};
static const char *const observers[] = {"histogram", "moving-average", NULL};

static const char *method;
static const char *model_path;
static const char *out_path;
static const char *set_text = "all";
static const char *cache;
static const char *observer = "histogram";
static int64_t calibration_batches = 10;
static int64_t n_epochs = 2;
static int64_t epoch_rows = 0;
static int64_t batch_rows = 128;
static double learning_rate = 1e-4;
static double validation_share = 0.1;
static int64_t repeat_bends = 5;
static int64_t repeat_sharp_bends = 10;
static int64_t seed = 1;
static int64_t n_threads;
static bool no_augment;
static bool fresh;
static bool quiet;

static const struct ev_option options[] = {
    {"method", 0, EV_OPT_CHOICE, "NAME", &method, 0, 0, "dynamic, static or qat (required)",
     methods},
    {"model", 'm', EV_OPT_TEXT, "FILE", &model_path, 0, 0,
     "the baseline to start from, as evalrun train wrote it (required)", NULL},
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0,
     "the model to write; its log goes beside it, FILE with .csv for .pt (required)", NULL},
    {"set", 's', EV_OPT_TEXT, "SETS", &set_text, 0, 0,
     "sets to calibrate or train on: names, files, or all, the two training sets (default: all)",
     NULL},
    {"observer", 0, EV_OPT_CHOICE, "NAME", &observer, 0, 0,
     "static: how ranges are found, histogram (the smallest error of rounding) or moving-average "
     "(of each batch's extremes) (default: histogram)",
     observers},
    {"calibration-batches", 0, EV_OPT_INT, "N", &calibration_batches, 1, 10000,
     "static: batches of random pictures to observe (default: 10)", NULL},
    {"epochs", 0, EV_OPT_INT, "N", &n_epochs, 1, 10000,
     "qat: passes over the rows; ranges stay fixed in the last one (default: 2)", NULL},
    {"epoch-rows", 0, EV_OPT_INT, "N", &epoch_rows, 0, 1e9,
     "qat: pictures of one pass, drawn anew each time (default: 0, all of them)", NULL},
    {"batch", 0, EV_OPT_INT, "N", &batch_rows, 1, 8192,
     "static, qat: pictures of one calibration batch or step (default: 128)", NULL},
    {"learning-rate", 0, EV_OPT_DOUBLE, "X", &learning_rate, 1e-9, 1,
     "qat: peak, falls by a cosine to 1/100 (default: 0.0001)", NULL},
    {"validation", 0, EV_OPT_DOUBLE, "X", &validation_share, 0, 0.5,
     "share of the rows, in blocks of neighbours, kept for validation (default: 0.1)", NULL},
    {"repeat-bends", 0, EV_OPT_INT, "N", &repeat_bends, 1, 100,
     "qat: how often a row with |w| above 1 rad/s counts (default: 5)", NULL},
    {"repeat-sharp-bends", 0, EV_OPT_INT, "N", &repeat_sharp_bends, 1, 100,
     "qat: how often a row with |w| above 2 rad/s counts (default: 10)", NULL},
    {"seed", 0, EV_OPT_INT, "N", &seed, 0, 9e15,
     "of the split, the order and the changes (default: 1)", NULL},
    {"no-augment", 0, EV_OPT_FLAG, NULL, &no_augment, 0, 0,
     "qat: neither flips nor changes of colour", NULL},
    {"fresh", 0, EV_OPT_FLAG, NULL, &fresh, 0, 0,
     "qat: start afresh, even if an interrupted run could go on", NULL},
    {"cache", 0, EV_OPT_TEXT, "DIR", &cache, 0, 0, "folder of rendered sets", NULL},
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "threads (default: the cores this process may use)", NULL},
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_method method_of(const char *name)
{
    if (strcmp(name, "dynamic") == 0)
        return EV_METHOD_DYNAMIC;
    return strcmp(name, "static") == 0 ? EV_METHOD_STATIC : EV_METHOD_QAT;
}

/* Options that not every method reads. */
static const struct {
    const char *option;
    const char *methods; /* that read it */
} readers[] = {
    {"observer", "static"},
    {"calibration-batches", "static"},
    {"batch", "static, qat"},
    {"epochs", "qat"},
    {"epoch-rows", "qat"},
    {"learning-rate", "qat"},
    {"repeat-bends", "qat"},
    {"repeat-sharp-bends", "qat"},
    {"no-augment", "qat"},
    {"fresh", "qat"},
};

static enum ev_status check_method(struct ev_error *err)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (ev_option_is_given(readers[i].option) && !strstr(readers[i].methods, method))
            return ev_fail(err, EV_USAGE, "--%s: not read by --method %s, only by %s",
                           readers[i].option, method, readers[i].methods);
    }
    return EV_OK;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    (void)n_operands;
    (void)operands;
    if (!method)
        return ev_fail(err, EV_USAGE, "quantize: --method is missing");
    if (!model_path)
        return ev_fail(err, EV_USAGE, "quantize: --model is missing");
    enum ev_status status = check_method(err);
    if (status != EV_OK)
        return status;
    struct ev_train_args args = {
        .out_path = out_path,
        .baseline_path = model_path,
        .method = method_of(method),
        .observer = strcmp(observer, "histogram") == 0 ? EV_OBSERVER_HISTOGRAM
                                                       : EV_OBSERVER_MOVING_AVERAGE,
        .n_epochs = n_epochs,
        .epoch_rows = epoch_rows,
        .batch_rows = batch_rows,
        .learning_rate = learning_rate,
        .validation_share = validation_share,
        .repeat_bends = repeat_bends,
        .repeat_sharp_bends = repeat_sharp_bends,
        .calibration_batches = calibration_batches,
        .seed = (uint64_t)seed,
        .n_threads = (int32_t)n_threads,
        .augment = !no_augment,
        .fresh = fresh,
    };
    ev_progress_set_quiet(quiet);
    return ev_run_training(&args, set_text, cache, err);
}

const struct ev_command ev_cmd_quantize = {
    .name = "quantize",
    .summary = "make an int8 variant of a baseline",
    .operands = "",
    .notes =
        "dynamic   linear layers in int8, activations quantised while running\n"
        "static    everything in int8, activation ranges from calibration\n"
        "          pictures\n"
        "qat       everything in int8, trained on with rounding simulated; an\n"
        "          interrupted run goes on when the same command is given again\n"
        "\n"
        "An option that the method does not read is refused.\n"
        "\n"
        "Example:\n"
        "  evalrun quantize --method static --model my.pt --out my-static.pt\n",
    .options = options,
    .run = run,
};
