/* SPDX-License-Identifier: MIT */
/* The parts of a document that show charts, and the sheet of worst pictures. */
#include "report/report_parts.h"
#include "report/worst_sheet.h"

/* The chart, if there are charts and there is data for it. */
static enum ev_status write_chart(const struct ev_view *view, const char *name, struct ev_doc *doc,
                                  struct ev_error *err)
{
    const struct ev_chart *chart = doc->plots ? ev_plot_find(view, name) : NULL;

    return chart ? ev_doc_picture(doc, name, chart->title, err) : EV_OK;
}

/* A chart with a heading, and a sentence on how it is read. */
static enum ev_status write_section(const struct ev_view *view, const char *name,
                                    const char *heading, const char *text, struct ev_doc *doc,
                                    struct ev_error *err)
{
    if (!doc->plots || !ev_plot_find(view, name))
        return EV_OK;
    ev_doc_heading(doc, 2, "%s", heading);
    ev_doc_paragraph(doc, "%s", text);
    return write_chart(view, name, doc, err);
}

enum ev_status ev_part_charts(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    static const char *const names[] = {"size", "error", "time"};
    enum ev_status status = EV_OK;

    if (!doc->plots)
        return EV_OK;
    ev_doc_heading(doc, 2, "Charts");
    for (size_t i = 0; i < sizeof names / sizeof *names && status == EV_OK; i++)
        status = write_chart(view, names[i], doc, err);
    return status;
}

enum ev_status ev_part_tradeoff(const struct ev_view *view, struct ev_doc *doc,
                                struct ev_error *err)
{
    return write_section(view, "tradeoff", "What is gained for what",
                         "Further left is faster, further down is more accurate, a smaller disc is "
                         "a smaller file. No backend is both faster and more accurate than one on "
                         "the line.",
                         doc, err);
}

enum ev_status ev_part_latency(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    return write_section(view, "latency", "How times are spread",
                         "Every timed call with one picture. Hot: one call after the other; paced: "
                         "a call each period of the control loop, the processor idle in between.",
                         doc, err);
}

enum ev_status ev_part_errors(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    return write_section(view, "histogram", "How errors are spread",
                         "Output minus label over all images of all sets; right of 0 the output is "
                         "too large.",
                         doc, err);
}

enum ev_status ev_part_laps(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    return write_section(view, "where", "Where errors are",
                         "The mean error of the images that were taken near a place, drawn over "
                         "the circuit: darker and thicker is worse.",
                         doc, err);
}

enum ev_status ev_part_worst(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    char reference[44];

    if (!doc->plots || !ev_worst_has_pictures(view))
        return EV_OK;
    ev_view_label(view, view->reference, reference, sizeof reference);
    ev_doc_heading(doc, 2, "Worst disagreements");
    ev_doc_paragraph(doc,
                     "The images on which a backend's outputs are furthest from %s's, with the "
                     "label and both answers.",
                     reference);
    return ev_doc_picture(doc, EV_WORST_NAME, "The worst disagreements", err);
}
