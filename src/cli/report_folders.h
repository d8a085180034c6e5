/* SPDX-License-Identifier: MIT */
/* Where eval and report put tables and charts. */
#ifndef EV_REPORT_FOLDERS_H
#define EV_REPORT_FOLDERS_H

#include "report/report.h"

struct ev_chosen_folders {
    struct ev_report_folders folders;
    char *tables; /* storage */
    char *plots;
};

/* Tables in `tables`, charts in `plots`, or in tables/plots if that is NULL. */
EV_CHECKED enum ev_status ev_folders_choose(const char *tables, const char *plots,
                                            struct ev_chosen_folders *chosen, struct ev_error *err);
void ev_folders_free(struct ev_chosen_folders *chosen);

/* Says on standard output where the files are. */
void ev_folders_print(const struct ev_chosen_folders *chosen);

#endif
