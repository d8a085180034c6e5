/* SPDX-License-Identifier: MIT */
/*
 * A document in Markdown or HTML: what is said is written once, in report_parts.c, and looks right
 * in both. All texts are escaped, whatever names are in them.
 */
#ifndef EV_REPORT_DOC_H
#define EV_REPORT_DOC_H

#include <stdio.h>

#include "report/plot.h"
#include "report/report_grid.h"

struct ev_doc {
    FILE *out;
    bool html;
    /* Markdown links to charts: path from the document to their folder, ending in '/' or empty. HTML
     * takes them in: their folder. NULL: there are no charts. */
    const char *plots;
    bool in_list;
};

/* printf texts of one line; level 1 is the title. */
EV_PRINTF(3, 4) void ev_doc_heading(struct ev_doc *doc, int level, const char *format, ...);
EV_PRINTF(2, 3) void ev_doc_paragraph(struct ev_doc *doc, const char *format, ...);
/* A paragraph that must not be missed. */
EV_PRINTF(2, 3) void ev_doc_warning(struct ev_doc *doc, const char *format, ...);
/* Items that follow each other are a list; anything else ends it. */
EV_PRINTF(2, 3) void ev_doc_item(struct ev_doc *doc, const char *format, ...);
void ev_doc_end_list(struct ev_doc *doc);
void ev_doc_grid(struct ev_doc *doc, const struct ev_grid *grid);
/* One line as a computer has it. */
void ev_doc_code(struct ev_doc *doc, const char *text);
/* A picture of doc->plots, which is not NULL, and what it shows. Failure: EV_INPUT or EV_IO naming
 * the file. */
EV_CHECKED enum ev_status ev_doc_picture(struct ev_doc *doc, const char *name, const char *title,
                                         struct ev_error *err);

#endif
