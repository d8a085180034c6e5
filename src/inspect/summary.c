/* SPDX-License-Identifier: MIT */
/* Statistics of labels, and what else is known about a set. */
#include "inspect/summary.h"

#include <math.h>
#include <string.h>

static void count_bins(const float *values, int64_t n, int64_t stride,
                       struct ev_column_summary *summary)
{
    const double width = (summary->max - summary->min) / EV_HISTOGRAM_BINS;

    for (int64_t i = 0; i < n; i++) {
        double value = values[i * stride];
        if (!isfinite(value))
            continue;
        double at = width > 0.0 ? (value - summary->min) / width : 0.5 * EV_HISTOGRAM_BINS;
        int bin = at >= EV_HISTOGRAM_BINS ? EV_HISTOGRAM_BINS - 1 : (int)at;
        summary->bins[bin]++;
    }
}

void ev_column_summarise(const float *values, int64_t n, int64_t stride, double low, double high,
                         struct ev_column_summary *summary)
{
    double sum = 0.0, squares = 0.0;

    *summary = (struct ev_column_summary){INFINITY, -INFINITY, NAN, NAN, 0, 0, {0}};
    for (int64_t i = 0; i < n; i++) {
        double value = values[i * stride];
        if (!isfinite(value))
            continue;
        summary->n_finite++;
        summary->n_outside += values[i * stride] < (float)low || values[i * stride] > (float)high;
        summary->min = fmin(summary->min, value);
        summary->max = fmax(summary->max, value);
        sum += value;
    }
    if (summary->n_finite == 0) {
        summary->min = summary->max = NAN;
        return;
    }
    summary->mean = sum / (double)summary->n_finite;
    /* In a second pass, as squares of large values would hide their spread. */
    for (int64_t i = 0; i < n; i++) {
        double off = values[i * stride] - summary->mean;
        squares += isfinite(off) ? off * off : 0.0;
    }
    summary->std = sqrt(squares / (double)summary->n_finite);
    count_bins(values, n, stride, summary);
}

enum ev_status ev_summary_make(struct ev_set *set, struct ev_summary *summary, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const float *labels = ev_set_labels(set);

    *summary = (struct ev_summary){.info = info, .has_pose = ev_set_has_pose(set)};
    ev_set_describe_storage(set, &summary->storage);
    for (int32_t i = 0; i < info->n_outputs; i++)
        ev_column_summarise(labels + i, info->n_rows, info->n_outputs,
                            info->has_ranges ? info->columns[i].min : -INFINITY,
                            info->has_ranges ? info->columns[i].max : INFINITY,
                            &summary->columns[i]);
    summary->n_further = ev_set_list_further(set, summary->further);
    return summary->has_pose ? ev_set_laps_find(set, &summary->laps, err) : EV_OK;
}

void ev_summary_free(struct ev_summary *summary)
{
    ev_set_laps_free(&summary->laps);
}

void ev_histogram_line(const int64_t *bins, int n, int height, int line, bool unicode, FILE *out)
{
    static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    const int parts = unicode ? 8 : 2; /* that a character is divided in */
    const int below = (height - 1 - line) * parts;
    int64_t most = 1;

    for (int i = 0; i < n; i++)
        most = bins[i] > most ? bins[i] : most;
    for (int i = 0; i < n; i++) {
        int level = (int)lround((double)bins[i] / (double)most * height * parts);
        level = (bins[i] > 0 && level == 0 ? 1 : level) - below;
        level = level < 0 ? 0 : level > parts ? parts : level;
        fputs(unicode ? blocks[level] : level == 0 ? " " : level == 1 ? "." : "#", out);
    }
}
