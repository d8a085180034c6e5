/* SPDX-License-Identifier: MIT */
/* Names of the folders of a report. */
#include "cli/report_folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "report/report_html.h"

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum ev_status ev_folders_choose(const char *tables, const char *plots, const char *templates,
                                 struct ev_chosen_folders *chosen, struct ev_error *err)
{
    if (templates && !is_folder(templates))
        return ev_fail(err, EV_USAGE, "--templates %s: no such folder", templates);
    /* Scripts of gnuplot and rows of tables name them. */
    for (const char *c = tables; *c; c++) {
        if ((unsigned char)*c < ' ')
            return ev_fail(err, EV_USAGE, "--out: a control character in the name of the folder");
    }
    *chosen = (struct ev_chosen_folders){.tables = ev_path_trim(tables)};
    if (chosen->tables)
        chosen->plots = plots ? ev_path_trim(plots) : ev_path_join(chosen->tables, "plots");
    if (!chosen->plots) {
        ev_folders_free(chosen);
        return ev_fail(err, EV_MEMORY, "out of memory");
    }
    chosen->had_tables = ev_file_exists(chosen->tables);
    chosen->had_plots = ev_file_exists(chosen->plots);
    chosen->folders = (struct ev_report_folders){chosen->tables, chosen->plots, templates};
    return EV_OK;
}

/* The folder, or the nearest one above it that is there, must be writable. */
static enum ev_status check_place(const char *path, struct ev_error *err)
{
    char *at = strdup(path);
    enum ev_status status = EV_OK;

    while (at && !ev_file_exists(at)) {
        char *above = ev_path_folder(at);
        free(at);
        at = above;
    }
    if (!at)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (!is_folder(at))
        status = ev_fail(err, EV_INPUT, "%s: not a folder", at);
    else if (access(at, W_OK | X_OK) != 0)
        status = ev_fail(err, ev_file_status(errno), "%s: cannot be written: %s", path,
                         strerror(errno));
    free(at);
    return status;
}

enum ev_status ev_folders_check(const struct ev_chosen_folders *chosen, struct ev_error *err)
{
    enum ev_status status = check_place(chosen->tables, err);

    if (status == EV_OK)
        status = check_place(chosen->plots, err);
    return status == EV_OK ? ev_html_check(chosen->folders.templates, err) : status;
}

void ev_folders_remove_new(const struct ev_chosen_folders *chosen)
{
    /* rmdir leaves what is not empty. */
    if (chosen->plots && !chosen->had_plots)
        (void)rmdir(chosen->plots);
    if (chosen->tables && !chosen->had_tables)
        (void)rmdir(chosen->tables);
}

void ev_folders_free(struct ev_chosen_folders *chosen)
{
    free(chosen->tables);
    free(chosen->plots);
    *chosen = (struct ev_chosen_folders){0};
}

void ev_folders_print(const struct ev_chosen_folders *chosen)
{
    printf("tables: %s/, charts: %s/\n", chosen->tables, chosen->plots);
}
