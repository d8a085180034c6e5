/* SPDX-License-Identifier: MIT */
/* The parts of a document about a result, in order. */
#ifndef EV_REPORT_PARTS_H
#define EV_REPORT_PARTS_H

#include "report/report_doc.h"
#include "report/report_view.h"

/* A part writes nothing where the result has nothing for it. Its name is what stands for it in a
 * page's template. */
struct ev_part {
    const char *name;
    enum ev_status (*write)(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
};

/* Ended by a row whose name is NULL. */
extern const struct ev_part ev_parts[];

/* "baseline and qat on simple". */
void ev_parts_title(const struct ev_view *view, char *text, size_t size);

/* The parts of files of their own. */
enum ev_status ev_part_alarms(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_charts(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_tradeoff(const struct ev_view *view, struct ev_doc *doc,
                                struct ev_error *err);
enum ev_status ev_part_latency(const struct ev_view *view, struct ev_doc *doc,
                               struct ev_error *err);
enum ev_status ev_part_errors(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_laps(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_times(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_outputs(const struct ev_view *view, struct ev_doc *doc,
                               struct ev_error *err);
enum ev_status ev_part_disagreement(const struct ev_view *view, struct ev_doc *doc,
                                    struct ev_error *err);
enum ev_status ev_part_study(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_layers(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_worst(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_method(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err);
enum ev_status ev_part_command(const struct ev_view *view, struct ev_doc *doc,
                               struct ev_error *err);

#endif
