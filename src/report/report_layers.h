/* SPDX-License-Identifier: MIT */
/*
 * Where the time of each backend goes, layer by layer: tables and sentences that every report for
 * people takes from here, and layers.csv. A result without layers has none of it.
 */
#ifndef EV_REPORT_LAYERS_H
#define EV_REPORT_LAYERS_H

#include "report/report.h"
#include "report/report_view.h"

/* Whether the backend has layers. */
bool ev_layers_known(const struct ev_view *view, size_t backend);
/* Its table: a row for each layer, one for everything else, one for the sum. The change of the MSE
 * has a column if a layer of this backend was tried in int8. */
EV_CHECKED enum ev_status ev_layers_grid(const struct ev_view *view, size_t backend,
                                         struct ev_grid *grid, struct ev_error *err);
/* What the table says, computed from its rows: one sentence, "" where multiply-adds are unknown. */
void ev_layers_finding(const struct ev_view *view, size_t backend, char *text, size_t size);
/* What the columns are, a line for each i from 0; false behind the last. */
bool ev_layers_note(const struct ev_view *view, int i, char *text, size_t size);

/* All tables with their sentences and notes; nothing for a result without layers. */
EV_CHECKED enum ev_status ev_layers_markdown(const struct ev_view *view, FILE *out,
                                             struct ev_error *err);
void ev_layers_print(const struct ev_view *view, const char *indent, FILE *out);

extern const struct ev_report_writer ev_report_layers_csv;

#endif
