/* SPDX-License-Identifier: MIT */
/* results.md: a report that stands alone in a blog post. */
#include "report/report.h"
#include "report/report_parts.h"

static enum ev_status write_document(const struct ev_view *view, const char *plots, FILE *out,
                                     struct ev_error *err)
{
    struct ev_doc doc = {.out = out, .plots = plots};
    enum ev_status status = EV_OK;
    char title[1024];

    ev_parts_title(view, title, sizeof title);
    ev_doc_heading(&doc, 1, "%s", title);
    for (const struct ev_part *part = ev_parts; part->name && status == EV_OK; part++)
        status = part->write(view, &doc, err);
    return status;
}

static enum ev_status write_markdown(const struct ev_result *result, const char *plots, FILE *out,
                                     struct ev_error *err)
{
    struct ev_view view;
    enum ev_status status = EV_OK;

    if (result->n_rows == 0) {
        fputs("# No results\n", out);
        return EV_OK;
    }
    status = ev_view_init(&view, result, err);
    if (status == EV_OK)
        status = write_document(&view, plots, out, err);
    ev_view_free(&view);
    return status;
}

const struct ev_report_writer ev_report_markdown = {"results.md", write_markdown, NULL};
