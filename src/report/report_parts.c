/* SPDX-License-Identifier: MIT */
/* What documents say of a result: the main finding, the main figures, each figure by set. */
#include "report/report_parts.h"

#include <math.h>
#include <string.h>

/* --- Title and summary --- */

void ev_parts_title(const struct ev_view *view, char *text, size_t size)
{
    char names[512];
    size_t used = 0;

    for (size_t b = 0; b < view->n_backends && used < size; b++) {
        const char *link = b == 0 ? "" : b + 1 == view->n_backends ? " and " : ", ";
        char label[44];
        ev_view_label(view, b, label, sizeof label);
        used += (size_t)snprintf(text + used, size - used, "%s%s", link, label);
    }
    ev_view_set_text(view, ev_view_main_set(view), names, sizeof names);
    if (used < size)
        snprintf(text + used, size - used, " on %s", names);
}

static enum ev_status write_summary(const struct ev_view *view, struct ev_doc *doc,
                                    struct ev_error *err)
{
    char text[1024];

    (void)err;
    ev_view_summary(view, text, sizeof text);
    ev_doc_paragraph(doc, "%s", text);
    ev_view_noise(view, text, sizeof text);
    if (*text)
        ev_doc_warning(doc, "%s", text);
    if (view->result->interrupted)
        ev_doc_warning(doc, "The evaluation was interrupted; what was finished is below.");
    return EV_OK;
}

/* --- Main figures --- */

/* What intervals and verdicts mean, and what could not be told. */
static void write_verdicts(const struct ev_view *view, const char *set, struct ev_doc *doc)
{
    char text[200];

    if (view->n_backends > 1 && view->has_verdicts)
        ev_doc_paragraph(
            doc,
            "change is that of the MSE against %s's on the same images, ± half of its %.0f %% "
            "interval. BETTER and WORSE: beyond %.0f %%, and the interval excludes 0; SAME: the "
            "interval is within ±%.0f %%; UNRESOLVED: neither, these images cannot tell.",
            view->backends[view->reference], EV_ERROR_CONFIDENCE * 100, EV_ERROR_MARGIN * 100,
            EV_ERROR_MARGIN * 100);
    for (size_t b = 0; b < view->n_backends; b++) {
        if (ev_view_unresolved(view, b, set, text, sizeof text))
            ev_doc_item(doc, "%s.", text);
    }
    ev_doc_end_list(doc);
}

static enum ev_status write_figures(const struct ev_view *view, const char *set, struct ev_doc *doc,
                                    struct ev_error *err)
{
    struct ev_grid grid;
    char names[512], count[40];
    enum ev_status status = ev_view_overview(view, set, EV_OVERVIEW_ALL, &grid, err);

    if (status != EV_OK)
        return status;
    ev_view_set_text(view, set, names, sizeof names);
    ev_grid_number((double)ev_view_n_images(view, set), 0, count, sizeof count);
    ev_doc_paragraph(doc, "All figures over %s (%s images):", names, count);
    ev_doc_grid(doc, &grid);
    ev_doc_paragraph(doc, "median, p90 and p99 are of the inference of a single image.");
    write_verdicts(view, set, doc);
    ev_grid_free(&grid);
    return EV_OK;
}

static enum ev_status write_overview(const struct ev_view *view, struct ev_doc *doc,
                                     struct ev_error *err)
{
    enum ev_status status = EV_OK;

    if (view->has_pooled)
        return write_figures(view, ev_view_main_set(view), doc, err);
    for (size_t s = 0; s < view->n_sets && status == EV_OK; s++)
        status = write_figures(view, view->sets[s], doc, err);
    return status;
}

/* --- Each figure by set --- */

/* Whether any row has a figure: without single inferences in turn, none has their times. */
static bool has_figures(const struct ev_view *view, const struct ev_metric *metric,
                        const struct ev_column *column)
{
    for (size_t i = 0; i < view->result->n_rows; i++) {
        if (isfinite(metric->get(&view->result->rows[i], column)))
            return true;
    }
    return false;
}

static enum ev_status write_metric(const struct ev_view *view, const struct ev_metric *metric,
                                   const struct ev_column *column, struct ev_doc *doc,
                                   struct ev_error *err)
{
    const bool in_unit = column && *column->unit && metric->in_unit;
    struct ev_grid grid;

    if (!has_figures(view, metric, column))
        return EV_OK;
    enum ev_status status = ev_view_by_set(view, metric, column, &grid, err);
    if (status != EV_OK)
        return status;
    ev_doc_heading(doc, 3, "%s%s%s%s%s", metric->title, column ? " " : "",
                   column ? column->name : "", in_unit ? ", in " : "", in_unit ? column->unit : "");
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    return EV_OK;
}

/* How far the MSE is known, and its changes. */
static enum ev_status write_intervals(const struct ev_view *view, struct ev_doc *doc,
                                      struct ev_error *err)
{
    struct ev_grid grid;
    enum ev_status status = ev_view_intervals(view, &grid, err);

    if (status != EV_OK)
        return status;
    ev_doc_heading(doc, 3, "Mean squared error, normalised: %.0f %% interval",
                   EV_ERROR_CONFIDENCE * 100);
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    if (view->n_backends < 2)
        return EV_OK;
    status = ev_view_changes(view, &grid, err);
    if (status != EV_OK)
        return status;
    ev_doc_heading(doc, 3, "Mean squared error: change against %s, with its %.0f %% interval",
                   view->backends[view->reference], EV_ERROR_CONFIDENCE * 100);
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    return EV_OK;
}

static enum ev_status write_metrics(const struct ev_view *view, struct ev_doc *doc,
                                    struct ev_error *err)
{
    enum ev_status status = EV_OK;

    ev_doc_heading(doc, 2, "By set");
    for (const struct ev_metric *metric = ev_metrics; metric->title && status == EV_OK; metric++) {
        const size_t n = metric->per_column ? view->n_columns : 1;
        for (size_t k = 0; k < n && status == EV_OK; k++)
            status =
                write_metric(view, metric, metric->per_column ? &view->columns[k] : NULL, doc, err);
        if (status == EV_OK && metric == ev_metrics && view->has_intervals)
            status = write_intervals(view, doc, err);
    }
    return status;
}

const struct ev_part ev_parts[] = {
    {"summary", write_summary},
    {"alarms", ev_part_alarms},
    {"overview", write_overview},
    {"charts", ev_part_charts},
    {"tradeoff", ev_part_tradeoff},
    {"times", ev_part_times},
    {"latency", ev_part_latency},
    {"errors", ev_part_errors},
    {"laps", ev_part_laps},
    {"worst", ev_part_worst},
    {"sets", write_metrics},
    {"outputs", ev_part_outputs},
    {"disagreement", ev_part_disagreement},
    {"study", ev_part_study},
    {"layers", ev_part_layers},
    {"method", ev_part_method},
    {"command", ev_part_command},
    {NULL, NULL},
};
