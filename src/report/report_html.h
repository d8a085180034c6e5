/* SPDX-License-Identifier: MIT */
/* The page: a result as one HTML file that needs no network, no script and no other file. */
#ifndef EV_REPORT_HTML_H
#define EV_REPORT_HTML_H

#include "report/report_view.h"

#define EV_HTML_FILE "results.html"
/* What the page is made of: text in which @@title@@ and the name of each part (see report_parts.h)
 * between such signs is replaced. */
#define EV_HTML_TEMPLATE "page.html"

/* Writes the page to `out`. `plots` is the folder in which the charts are already, NULL for a page
 * without; `templates` is the user's folder of templates, or NULL. EV_INPUT names the line of a
 * template that asks for what there is not. */
EV_CHECKED enum ev_status ev_html_write(const struct ev_view *view, const char *plots,
                                        const char *templates, FILE *out, struct ev_error *err);
/* The same checks of the template alone, before any work. */
EV_CHECKED enum ev_status ev_html_check(const char *templates, struct ev_error *err);

#endif
