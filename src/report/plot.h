/* SPDX-License-Identifier: MIT */
/* Charts: gnuplot run through a pipe, with a template for each chart and one style for all. */
#ifndef EV_PLOT_H
#define EV_PLOT_H

#include <stdio.h>

#include "report/report_view.h"

/* A chart: its files NAME.png, NAME.svg and NAME.pdf, its template TEMPLATE.gp, and what the
 * template reads. Of rows of one name at most one has data. */
struct ev_chart {
    const char *name;
    const char *template;
    const char *title;
    /* Whether the result has what the chart shows; NULL: always. */
    bool (*has_data)(const struct ev_view *view);
    /* Writes gnuplot commands that set variables, arrays and datablocks of numbers. False when out
     * of memory. */
    bool (*write_data)(const struct ev_view *view, FILE *script);
};

/* Ended by a row whose name is NULL. */
extern const struct ev_chart ev_charts[];

/* Endings of a chart's files, ended by NULL. */
extern const char *const ev_plot_formats[];

/* The chart of that name that the result has data for; NULL if there is none. */
const struct ev_chart *ev_plot_find(const struct ev_view *view, const char *name);

/* Path of gnuplot in $PATH, malloc'ed; NULL if it is not there (or out of memory). As a shell does,
 * passes over folders and files of that name that cannot be executed. */
char *ev_plot_find_gnuplot(void);

/* What draws, and where it finds templates before the program's own (see report/template.h). */
struct ev_plotter {
    const char *gnuplot;
    const char *templates; /* NULL: the program's alone */
};

/* `text` as a gnuplot string: one line of valid UTF-8 in single quotes, in which gnuplot replaces
 * nothing. The only way of texts into a script. */
void ev_plot_string(FILE *script, const char *text);
/* One chart to draw: its files NAME.png, NAME.svg and NAME.pdf, its template TEMPLATE.gp, and the
 * writer of what the template reads, which is given `subject`. */
struct ev_plot_job {
    const char *name;
    const char *template;
    bool (*write_data)(const void *subject, FILE *script);
    const void *subject;
};

/* Draws n charts in every format into the folder, each file whole or absent; the same scripts give
 * the same bytes. A signal ends gnuplot: EV_INTERRUPTED naming the first chart that is not drawn. */
EV_CHECKED enum ev_status ev_plot_draw(const struct ev_plot_job *jobs, size_t n,
                                       const struct ev_plotter *plotter, const char *folder,
                                       struct ev_error *err);
/* Draws those of ev_charts that there is data for; files of the others, which an earlier result
 * left, are removed. */
EV_CHECKED enum ev_status ev_plot_write(const struct ev_view *view,
                                        const struct ev_plotter *plotter, const char *folder,
                                        struct ev_error *err);

#endif
