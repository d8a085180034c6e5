/* SPDX-License-Identifier: MIT */
/* evalrun report: tables and charts again, from a saved result. */
#include <stdlib.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/report_folders.h"

static const char *out_path;
static const char *plots_path;
static const char *templates_path;

static const struct ev_option options[] = {
    {"out", 'o', EV_OPT_TEXT, "DIR", &out_path, 0, 0,
     "folder of the tables (default: the one that is read)", NULL},
    {"plots", 0, EV_OPT_TEXT, "DIR", &plots_path, 0, 0,
     "folder of the charts (default: plots in the folder of the tables)", NULL},
    {"templates", 0, EV_OPT_TEXT, "DIR", &templates_path, 0, 0, EV_TEMPLATES_HELP, NULL},
    {0},
};

/* What the result's figures were computed from, where it was kept. */
static enum ev_status load_samples(const char *folder, struct ev_samples *samples,
                                   struct ev_error *err)
{
    char *path = ev_path_join(folder, "samples.h5");
    enum ev_status status = path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && ev_file_exists(path))
        status = ev_samples_load(path, samples, err);
    free(path);
    return status;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_result result;
    struct ev_chosen_folders chosen = {0};
    char *saved = ev_path_join(operands[0], "results.json");
    enum ev_status status = saved ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    (void)n_operands;
    ev_result_init(&result);
    if (status == EV_OK)
        status = ev_result_load(saved, &result, err);
    if (status == EV_OK)
        status = load_samples(operands[0], &result.samples, err);
    if (status == EV_OK)
        status = ev_folders_choose(out_path ? out_path : operands[0], plots_path, templates_path,
                                   &chosen, err);
    if (status == EV_OK)
        status = ev_report_check(&chosen.folders, err);
    if (status == EV_OK)
        status = ev_report_write(&result, &chosen.folders, err);
    if (status == EV_OK) {
        ev_report_print(&result, stdout);
        ev_folders_print(&chosen);
    }
    ev_folders_free(&chosen);
    ev_result_free(&result);
    free(saved);
    return status;
}

const struct ev_command ev_cmd_report = {
    .name = "report",
    .summary = "write tables and charts again from a saved result",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "Reads results.json and, where it is there, samples.h5 in DIR, as an evaluation left\n"
             "them, and writes results.csv, results.md, results.html and the charts from them.\n"
             "Nothing is measured; the same results give the same files, byte by byte.\n"
             "\n"
             "Examples:\n"
             "  evalrun report results/latest --plots plots/latest\n"
             "  evalrun report results/latest --out post\n"
             "  evalrun report results/latest --templates my-style\n",
    .options = options,
    .run = run,
};
