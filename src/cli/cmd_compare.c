/* SPDX-License-Identifier: MIT */
/* evalrun compare: is a later run better or worse than an earlier one? */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "eval/compare.h"
#include "report/report.h"
#include "report/report_compare.h"

static const char *json_path;
static const char *only;
static double margin_percent = 2;

static const char *const kinds[] = {"size", "error", "time", NULL};

static const struct ev_option options[] = {
    {"json", 0, EV_OPT_TEXT, "FILE", &json_path, 0, 0,
     "also write every figure as JSON; '-': to standard output, instead of the table", NULL},
    {"margin", 0, EV_OPT_DOUBLE, "PERCENT", &margin_percent, 0, 100,
     "what differs by less is the same (default 2)", NULL},
    {"only", 0, EV_OPT_CHOICE, "KIND", &only, 0, 0, "compare this alone: size, error or time",
     kinds},
    {0},
};

static unsigned chosen_kinds(void)
{
    return !only                        ? EV_COMPARE_SIZE | EV_COMPARE_ERROR | EV_COMPARE_TIME
           : strcmp(only, "size") == 0  ? EV_COMPARE_SIZE
           : strcmp(only, "error") == 0 ? EV_COMPARE_ERROR
                                        : EV_COMPARE_TIME;
}

static enum ev_status write_json(const struct ev_compare *compare,
                                 const struct ev_compare_args *args,
                                 const struct ev_compare_side sides[2], struct ev_error *err)
{
    struct ev_outfile file = {0};

    if (strcmp(json_path, "-") == 0)
        return ev_compare_save(compare, args, &sides[0], &sides[1], stdout, err);
    enum ev_status status = ev_outfile_open(&file, json_path, err);
    if (status == EV_OK)
        status = ev_compare_save(compare, args, &sides[0], &sides[1], file.stream, err);
    if (status == EV_OK)
        status = ev_outfile_commit(&file, err);
    ev_outfile_abort(&file);
    return status;
}

/* The answer as an exit code. */
static enum ev_status conclude(const struct ev_compare *compare, char **folders,
                               struct ev_error *err)
{
    const int64_t n_worse = compare->n[EV_COMPARE_WORSE];
    const int64_t n_open = compare->n[EV_COMPARE_CANNOT_TELL];
    char count[64];

    if (compare->n_figures == 0)
        return ev_fail(err, EV_CANNOT_TELL, "%s: nothing to compare with %s", folders[1],
                       folders[0]);
    if (n_worse > 0)
        return ev_fail(err, EV_FAILED, "%s: %s worse than in %s", folders[1],
                       ev_text_count(n_worse, "figure", count), folders[0]);
    if (n_open > 0)
        return ev_fail(err, EV_CANNOT_TELL, "%s: cannot tell %s from %s", folders[1],
                       ev_text_count(n_open, "figure", count), folders[0]);
    return EV_OK;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    const struct ev_compare_args args = {margin_percent / 100, chosen_kinds()};
    struct ev_result a, b;
    struct ev_compare compare = {0};
    const struct ev_compare_side sides[2] = {{operands[0], &a}, {operands[1], &b}};
    enum ev_status status = ev_report_load(operands[0], &a, err);

    (void)n_operands;
    if (status != EV_OK)
        return status;
    status = ev_report_load(operands[1], &b, err);
    if (status == EV_OK)
        status = ev_compare_results(&a, &b, &args, &compare, err);
    if (status == EV_OK && json_path)
        status = write_json(&compare, &args, sides, err);
    if (status == EV_OK && (!json_path || strcmp(json_path, "-") != 0))
        status = ev_compare_print(&compare, &args, stdout, err);
    if (status == EV_OK)
        status = conclude(&compare, operands, err);
    ev_compare_free(&compare);
    ev_result_free(&b);
    ev_result_free(&a);
    return status;
}

const struct ev_command ev_cmd_compare = {
    .name = "compare",
    .summary = "judge a later run against an earlier one",
    .operands = "DIR DIR",
    .min_operands = 2,
    .max_operands = 2,
    .notes = "Compares the results in the second folder, B, with those in the first one, A,\n"
             "for every backend and set that both have: better, worse, same, cannot tell.\n"
             "Errors are paired row by row where both folders have samples.h5. Times are\n"
             "compared on one machine only, as parts of each run's own baseline's; the\n"
             "baseline's own, and those of one process, are marked and never called better or\n"
             "worse. Exit code 1 if anything is worse, 77 if nothing is but something cannot\n"
             "be told.\n"
             "\n"
             "Examples:\n"
             "  evalrun compare results/before results/after\n"
             "  evalrun compare before after --only error --json errors.json\n",
    .options = options,
    .run = run,
};
