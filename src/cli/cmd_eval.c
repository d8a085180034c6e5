/* SPDX-License-Identifier: MIT */
/* evalrun eval, the default command: names, checks, the evaluation, the report. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/dry_run.h"
#include "cli/open_set.h"
#include "cli/report_folders.h"
#include "cli/select.h"
#include "eval/eval.h"
#include "eval/layers.h"
#include "eval/times.h"

#define DEFAULT_TABLES "results/latest"
#define DEFAULT_PLOTS "plots/latest"

static const char *backend_text;
static const char *set_text = "all";
static const char *model_path;
static const char *engine_text;
static const char *precision_text;
static const char *device_text = "cpu";
static const char *out_path;
static const char *plots_path;
static const char *templates_path;
static struct ev_set_options set_options;
static int64_t n_threads;
static int64_t batch_rows = 1024;
static int64_t n_calls = 1000;
static int64_t n_warmup = 50;
static const char *const profiles[] = {"none", "quick", "std", "strict", NULL};
static const char *profile_name = "quick";
static bool with_layers;
static bool with_study;
static bool resume;
static bool dry_run;
static bool quiet;

static const struct ev_option options[] = {
    {"backend", 'b', EV_OPT_TEXT, "BACKENDS", &backend_text, 0, 0,
     "what to compare: names, engine modules (a path with '/'), or all, the variants with a model "
     "(default: all)",
     NULL},
    {"set", 's', EV_OPT_TEXT, "SETS", &set_text, 0, 0,
     "on which sets: names, HDF5 files (with '/' or ending in .h5), or all, the three test sets "
     "(default: all)",
     NULL},
    {"model", 'm', EV_OPT_TEXT, "FILES", &model_path, 0, 0,
     "evaluate these TorchScript models, separated by commas, under one backend (default: torch); "
     "the others are compared with baseline.pt, or the first; the report names them after their "
     "files",
     NULL},
    {"engine", 0, EV_OPT_TEXT, "ENGINE", &engine_text, 0, 0,
     "what runs the models: torch, reference (plain C), cuda, or an engine module (a path "
     "with '/'; default: torch, and cuda for int8 models on a GPU)",
     NULL},
    {"precision", 0, EV_OPT_TEXT, "PRECISIONS", &precision_text, 0, 0,
     "compute float models in each of fp32, tf32 and fp16 that this list names, and int8 models if "
     "it has int8 (default: as they were saved)",
     NULL},
    {"device", 'd', EV_OPT_TEXT, "DEVICE", &device_text, 0, 0,
     "cpu, cuda or cuda:N (default: cpu)", NULL},
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "threads of an engine (default: the cores this process may use)", NULL},
    {"batch", 0, EV_OPT_INT, "N", &batch_rows, 1, 65536,
     "pictures of one batch of the pass over a set (default: 1024)", NULL},
    {"profile", 0, EV_OPT_CHOICE, "NAME", &profile_name, 0, 0,
     "how long to measure times in worker processes: none, quick (half a minute), std (minutes) or "
     "strict (up to an hour; default: quick)",
     profiles},
    {"calls", 0, EV_OPT_INT, "N", &n_calls, 0, 100000,
     "timed calls with one picture in this process, for each backend and set (default: 1000 with "
     "--profile none, else 0)",
     NULL},
    {"warmup", 0, EV_OPT_INT, "N", &n_warmup, 0, 1000000, "calls before those (default: 50)", NULL},
    {"layers", 0, EV_OPT_FLAG, NULL, &with_layers, 0, 0,
     "times of single layers as well, and the error when one of the baseline's is int8", NULL},
    {"study", 0, EV_OPT_FLAG, NULL, &with_study, 0, 0,
     "the published study's own figures in full, to compare with its tables: the error with mirrored "
     "pictures, and the mean of 1000 calls",
     NULL},
    {"resume", 0, EV_OPT_FLAG, NULL, &resume, 0, 0,
     "go on with the interrupted evaluation of the same options whose folder of tables this is",
     NULL},
    {"dry-run", 0, EV_OPT_FLAG, NULL, &dry_run, 0, 0,
     "only check everything, and show the plan with the time that it takes, by a short measurement; "
     "nothing is written",
     NULL},
    {"out", 'o', EV_OPT_TEXT, "DIR", &out_path, 0, 0,
     "folder of the tables (default: " DEFAULT_TABLES ")", NULL},
    {"plots", 0, EV_OPT_TEXT, "DIR", &plots_path, 0, 0,
     "folder of the charts (default: " DEFAULT_PLOTS ", or plots in the folder --out)", NULL},
    {"templates", 0, EV_OPT_TEXT, "DIR", &templates_path, 0, 0, EV_TEMPLATES_HELP, NULL},
    EV_SET_OPTIONS(set_options),
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

/* What one evaluation is given, and what it gives. */
struct evaluation {
    struct ev_set_source source; /* of files */
    struct ev_backends backends;
    struct ev_sets sets;
    struct ev_eval_set *eval_sets;
    struct ev_chosen_folders chosen;
    struct ev_journal *journal; /* in the folder of the tables until the report is written */
    struct ev_eval_args args;
    double load_s; /* that loading the engines took */
    struct ev_result result;
};

/* All that can be wrong with the command line, before anything costs time. */
static enum ev_status check(struct evaluation *evaluation, struct ev_error *err)
{
    struct ev_eval_args *args = &evaluation->args;
    if (dry_run && resume)
        return ev_fail(err, EV_USAGE, "--dry-run: shows whole evaluations, not the rest of one: leave "
                                      "--resume out");
    enum ev_status status =
        ev_device_select(device_text, &args->device_kind, &args->device_index, err);

    if (status == EV_OK)
        status =
            ev_backends_select(backend_text, model_path, engine_text, &evaluation->backends, err);
    if (status == EV_OK)
        status = ev_backends_take_precisions(&evaluation->backends, precision_text, err);
    if (status == EV_OK)
        status = ev_sets_select(set_text, "test", &evaluation->sets, err);
    if (status == EV_OK)
        status = ev_set_options_check(evaluation->sets.list.items, evaluation->sets.n, err);
    if (status == EV_OK)
        status = ev_folders_choose(out_path ? out_path : DEFAULT_TABLES,
                                   plots_path  ? plots_path
                                   : out_path ? NULL
                                              : DEFAULT_PLOTS,
                                   templates_path, &evaluation->chosen, err);
    if (status == EV_OK && dry_run)
        return ev_folders_check(&evaluation->chosen, err);
    if (status == EV_OK)
        status = ev_report_check(&evaluation->chosen.folders, err);
    if (status == EV_OK)
        status = ev_journal_open(evaluation->chosen.tables, resume, &evaluation->journal, err);
    return status;
}

static enum ev_status prepare(struct evaluation *evaluation, struct ev_error *err)
{
    struct ev_eval_args *args = &evaluation->args;
    struct ev_sets *sets = &evaluation->sets;

    args->batch_rows = batch_rows;
    const bool calls_here = ev_option_is_given("calls") || !ev_profile_find(profile_name);
    args->latency_calls = calls_here ? n_calls : 0;
    args->warmup_calls = n_warmup;
    args->with_study = with_study;
    args->profile = ev_profile_find(profile_name) ? profile_name : NULL;
    args->journal = evaluation->journal;
    enum ev_status status = ev_threads_select(n_threads, &args->n_threads, err);
    const int64_t start_ns = ev_clock_ns();
    if (status == EV_OK)
        status = ev_backends_load(&evaluation->backends, args->device_kind, err);
    evaluation->load_s = (double)(ev_clock_ns() - start_ns) / 1e9;
    if (status == EV_OK)
        status = dry_run ? ev_sets_find(sets, set_options.cache, err)
                         : ev_sets_ensure(sets, set_options.cache, args->n_threads, err);
    if (status != EV_OK)
        return status;
    evaluation->eval_sets = calloc(sets->n, sizeof *evaluation->eval_sets);
    if (!evaluation->eval_sets)
        return ev_fail(err, EV_MEMORY, "out of memory");
    evaluation->source = ev_set_options_source(&set_options);
    for (size_t i = 0; i < sets->n; i++)
        evaluation->eval_sets[i] = (struct ev_eval_set){sets->names[i], sets->paths[i],
                                                        sets->is_file[i] ? &evaluation->source : NULL};
    args->backends = evaluation->backends.backends;
    args->n_backends = evaluation->backends.n;
    args->sets = evaluation->eval_sets;
    args->n_sets = sets->n;
    return EV_OK;
}

/* What was finished is reported, also when the rest was interrupted or failed. */
static enum ev_status report(struct evaluation *evaluation, struct ev_error *err)
{
    if (evaluation->result.n_rows == 0)
        return EV_OK;
    ev_report_print(&evaluation->result, stdout);
    fflush(stdout);
    enum ev_status status =
        ev_report_write(&evaluation->result, &evaluation->chosen.folders, err);
    if (status == EV_OK)
        ev_folders_print(&evaluation->chosen);
    return status;
}

static enum ev_status show_plan(struct evaluation *evaluation, struct ev_error *err)
{
    const struct ev_dry_run plan = {
        .args = &evaluation->args,
        .sets = &evaluation->sets,
        .chosen = &evaluation->chosen,
        .profile = ev_profile_find(profile_name),
        .device = device_text,
        .with_layers = with_layers,
        .load_s = evaluation->load_s,
    };

    return ev_dry_run(&plan, err);
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct evaluation evaluation = {0};
    struct ev_error report_error = EV_ERROR_INIT;

    (void)n_operands;
    (void)operands;
    ev_progress_set_quiet(quiet);
    ev_result_init(&evaluation.result);
    enum ev_status status = check(&evaluation, err);
    if (status == EV_OK)
        status = prepare(&evaluation, err);
    if (status == EV_OK && dry_run) {
        status = show_plan(&evaluation, err);
    } else if (status == EV_OK) {
        free(evaluation.result.command_line);
        evaluation.result.command_line = strdup(ev_command_line);
        status = ev_eval_run(&evaluation.args, &evaluation.result, err);
        const struct ev_profile *profile = ev_profile_find(profile_name);
        if (status == EV_OK && profile)
            status = ev_times_run(&evaluation.args, profile, &evaluation.result, err);
        if (status == EV_OK && with_layers)
            status = ev_layers_run(&evaluation.args, &evaluation.result, err);
        if (status == EV_INTERRUPTED) {
            ev_interrupt_answer();
            (void)ev_fail(err, EV_INTERRUPTED, "interrupted; with --resume it goes on from here");
        }
        enum ev_status report_status = report(&evaluation, &report_error);
        if (status == EV_OK && report_status != EV_OK) {
            *err = report_error;
            status = report_status;
        }
    }
    ev_journal_close(evaluation.journal, status == EV_OK);
    if (evaluation.result.n_rows == 0)
        ev_folders_remove_new(&evaluation.chosen);
    ev_result_free(&evaluation.result);
    ev_folders_free(&evaluation.chosen);
    free(evaluation.eval_sets);
    ev_sets_free(&evaluation.sets);
    ev_backends_free(&evaluation.backends);
    return status;
}

const struct ev_command ev_cmd_eval = {
    .name = "eval",
    .summary = "evaluate backends on sets and report (the default)",
    .operands = "",
    .notes =
        "`evalrun list` shows backends, sets and devices. Built-in sets are rendered when\n"
        "they are first used. The folder of the tables gets results.csv, results.md,\n"
        "results.json and results.html, the folder of the charts PNG, SVG and PDF files.\n"
        "After Ctrl-C what was finished is reported; with --resume the same command goes\n"
        "on where it was, also after a crash.\n"
        "\n"
        "Examples:\n"
        "  evalrun                                       everything on the test sets\n"
        "  evalrun --backend qat --set montreal          one variant on one circuit\n"
        "  evalrun --backend static,qat --set ./my.h5    on your file\n"
        "  evalrun --model float.pt,int8.pt --out mine   models of yours\n"
        "  evalrun --backend ./engine.so --model my.bin  an engine of yours\n"
        "  evalrun --precision fp32,fp16,int8            a row for each precision\n"
        "  evalrun --layers                              why it is fast or slow\n",
    .options = options,
    .run = run,
};
