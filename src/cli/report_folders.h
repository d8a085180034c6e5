/* SPDX-License-Identifier: MIT */
/* Where eval and report put tables and charts. */
#ifndef EV_REPORT_FOLDERS_H
#define EV_REPORT_FOLDERS_H

#include <stdbool.h>

#include "report/report.h"

struct ev_chosen_folders {
    struct ev_report_folders folders;
    char *tables; /* storage */
    char *plots;
    bool had_tables, had_plots; /* whether they were there before */
};

/* Of the option that chooses the third of a report's folders. */
#define EV_TEMPLATES_HELP                                                                          \
    "folder of templates of yours: page.html, style.gp, size.gp, ... are taken from it where it "  \
    "has them"

/* Tables in `tables`, charts in `plots`, or in tables/plots if that is NULL; templates from
 * `templates` where that is not NULL, which is EV_USAGE if it is no folder. */
EV_CHECKED enum ev_status ev_folders_choose(const char *tables, const char *plots,
                                            const char *templates,
                                            struct ev_chosen_folders *chosen, struct ev_error *err);
/* Whether the folders are there or could be made, as far as can be told without making them, and the
 * template of the page. */
EV_CHECKED enum ev_status ev_folders_check(const struct ev_chosen_folders *chosen,
                                           struct ev_error *err);
/* Removes those of the folders that were not there when they were chosen and are empty: after a
 * command that was refused. */
void ev_folders_remove_new(const struct ev_chosen_folders *chosen);
void ev_folders_free(struct ev_chosen_folders *chosen);

/* Says on standard output where the files are. */
void ev_folders_print(const struct ev_chosen_folders *chosen);

#endif
