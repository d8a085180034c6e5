/* SPDX-License-Identifier: MIT */
/* evalrun report: tables and charts again, from a saved result. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/progress.h"
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

/* Without samples there is less to report, and what an earlier report made of them is removed. */
static enum ev_status tell_left_out(const char *folder, const struct ev_result *result,
                                    struct ev_error *err)
{
    char line[8192];
    char *path = ev_path_join(folder, EV_REPORT_SAMPLES);

    if (!path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (result->n_rows > 0 && !ev_file_exists(path)) {
        snprintf(line, sizeof line,
                 "%s: missing, so the charts latency, histogram, where and worst and rounds.csv "
                 "are left out",
                 path);
        ev_progress_note(line);
    }
    free(path);
    return EV_OK;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_result result;
    struct ev_chosen_folders chosen = {0};
    enum ev_status status = ev_report_load(operands[0], &result, err);

    (void)n_operands;
    if (status == EV_OK)
        status = tell_left_out(operands[0], &result, err);
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
    return status;
}

const struct ev_command ev_cmd_report = {
    .name = "report",
    .summary = "write tables and charts again from a saved result",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "Reads results.json and samples.h5 in DIR, as an evaluation left them, and writes\n"
             "the tables, the page results.html, the charts and SHA256SUMS from them. Nothing\n"
             "is measured; the same results give the same files, byte by byte.\n"
             "\n"
             "Examples:\n"
             "  evalrun report results/latest --plots plots/latest\n"
             "  evalrun report results/latest --out post\n"
             "  evalrun report results/latest --templates my-style\n",
    .options = options,
    .run = run,
};
