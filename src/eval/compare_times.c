/* SPDX-License-Identifier: MIT */
/* Times of two results, as ratios to each run's own baseline. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/compare_private.h"

static bool is_same_machine(const struct ev_host *a, const struct ev_host *b)
{
    return strcmp(a->cpu_model, b->cpu_model) == 0 && strcmp(a->kernel, b->kernel) == 0 &&
           strcmp(a->os_name, b->os_name) == 0 && a->n_cores == b->n_cores &&
           a->memory_bytes == b->memory_bytes;
}

/* Digest of the baseline's model; NULL without rows. */
static const char *baseline_sha256(const struct ev_result *result)
{
    const char *baseline = ev_result_baseline(result);

    return baseline ? ev_result_find_backend(result, baseline)->model_sha256 : NULL;
}

static bool is_same_baseline(const struct ev_result *a, const struct ev_result *b)
{
    const char *x = baseline_sha256(a), *y = baseline_sha256(b);

    return x && y && strcmp(x, y) == 0 && strcmp(ev_result_baseline(a), ev_result_baseline(b)) == 0;
}

static const struct ev_result_timing *find_timing(const struct ev_result *result,
                                                  const struct ev_result_timing *like)
{
    for (size_t i = 0; i < result->n_timings; i++) {
        const struct ev_result_timing *timing = &result->timings[i];
        if (strcmp(timing->backend, like->backend) == 0 && timing->is_control == like->is_control &&
            timing->mode == like->mode && timing->boundary == like->boundary &&
            timing->n_threads == like->n_threads && timing->rows_per_call == like->rows_per_call &&
            timing->rows_per_piece == like->rows_per_piece)
            return timing;
    }
    return NULL;
}

/* Half the width of the control's interval, as a logarithm; 0 where nothing is known of it. */
static double control_width(const struct ev_result_quiet *quiet)
{
    const double width = quiet ? (log1p(quiet->control_high) - log1p(quiet->control_low)) / 2 : NAN;

    return isnan(width) ? 0 : width;
}

/* Two that agree in all that was measured are one measurement, read twice. */
static bool is_one_measurement(const struct ev_result_timing *a, const struct ev_result_timing *b)
{
    return a->n_calls == b->n_calls && a->median_ns == b->median_ns && a->mean_ns == b->mean_ns &&
           a->min_ns == b->min_ns;
}

/* The baseline's times, which nothing in the run can be set against. */
static void judge_absolute(struct ev_compare_figure *figure, const struct ev_result_timing *a,
                           const struct ev_result_timing *b, double margin)
{
    const struct log_figure x = {log(a->median_ns), log(a->median_low_ns), log(a->median_high_ns)};
    const struct log_figure y = {log(b->median_ns), log(b->median_low_ns), log(b->median_high_ns)};

    ev_compare_judge(figure, &x, &y, margin, margin);
    if (figure->verdict != EV_COMPARE_SAME)
        ev_compare_cannot_tell(figure, "absolute times of two runs differ by more than the margin");
}

static void judge_ratio(struct comparing *comparing, struct ev_compare_figure *figure,
                        const struct ev_result_timing *a, const struct ev_result_timing *b)
{
    const double margin = log1p(comparing->args->margin);
    const struct ev_result_quiet *quiet_a = ev_result_find_quiet(comparing->a, a);
    const struct ev_result_quiet *quiet_b = ev_result_find_quiet(comparing->b, b);
    const struct log_figure x = {log1p(a->change), log1p(a->change_low), log1p(a->change_high)};
    const struct log_figure y = {log1p(b->change), log1p(b->change_low), log1p(b->change_high)};
    const double control = fmax(control_width(quiet_a), control_width(quiet_b));

    if (!is_same_baseline(comparing->a, comparing->b))
        ev_compare_cannot_tell(figure, "the baseline is another model");
    else if ((quiet_a && quiet_a->unquiet) || (quiet_b && quiet_b->unquiet))
        ev_compare_cannot_tell(figure, "a run was not quiet");
    else
        ev_compare_judge(figure, &x, &y, margin, fmax(margin, 2 * control));
}

static enum ev_status add_timing(struct comparing *comparing, const struct ev_result_timing *a,
                                 const struct ev_result_timing *b, struct ev_error *err)
{
    const char *baseline = ev_result_baseline(comparing->a);
    struct ev_compare_figure *figure = ev_compare_add(comparing, EV_COMPARE_TIME, a->backend, "");

    if (!figure)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (a->rows_per_call > 1)
        snprintf(figure->name, sizeof figure->name, "%s, %s, batch %lld", ev_mode_name(a->mode),
                 ev_boundary_name(a->boundary), (long long)a->rows_per_call);
    else
        snprintf(figure->name, sizeof figure->name, "%s, %s", ev_mode_name(a->mode),
                 ev_boundary_name(a->boundary));
    figure->absolute = baseline && strcmp(a->backend, baseline) == 0;
    figure->unit = figure->absolute ? "ms" : "of the baseline's";
    figure->a = figure->absolute ? a->median_ns / 1e6 : 1 + a->change;
    figure->b = figure->absolute ? b->median_ns / 1e6 : 1 + b->change;
    if (is_one_measurement(a, b) && figure->a == figure->b)
        ev_compare_same(figure);
    else if (!is_same_machine(&comparing->a->host, &comparing->b->host))
        ev_compare_cannot_tell(figure, "the machine is another");
    else if (figure->absolute)
        judge_absolute(figure, a, b, log1p(comparing->args->margin));
    else
        judge_ratio(comparing, figure, a, b);
    return EV_OK;
}

/* Single inferences of one process each, as results of older programs have them: what is constant
 * within a process is in no interval. */
static enum ev_status add_latency(struct comparing *comparing, const struct ev_result_row *a,
                                  const struct ev_result_row *b, struct ev_error *err)
{
    const struct ev_latency_figures *x = &a->latency, *y = &b->latency;

    if (x->n_calls == 0 || y->n_calls == 0)
        return EV_OK;
    struct ev_compare_figure *figure =
        ev_compare_add(comparing, EV_COMPARE_TIME, a->backend, a->set);
    if (!figure)
        return ev_fail(err, EV_MEMORY, "out of memory");
    snprintf(figure->name, sizeof figure->name, "single inference");
    figure->unit = "ms";
    figure->absolute = figure->one_process = true;
    figure->a = x->median_ns / 1e6;
    figure->b = y->median_ns / 1e6;
    if (x->n_calls == y->n_calls && x->median_ns == y->median_ns && x->mean_ns == y->mean_ns &&
        x->min_ns == y->min_ns)
        ev_compare_same(figure);
    else
        ev_compare_cannot_tell(figure, "measured in one process");
    return EV_OK;
}

enum ev_status ev_compare_times(struct comparing *comparing, struct ev_error *err)
{
    const struct ev_result *a = comparing->a, *b = comparing->b;
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < a->n_timings && status == EV_OK; i++) {
        const struct ev_result_timing *other = find_timing(b, &a->timings[i]);
        if (other && !a->timings[i].is_control)
            status = add_timing(comparing, &a->timings[i], other, err);
    }
    for (size_t i = 0; i < a->n_rows && status == EV_OK; i++) {
        const struct ev_result_row *other = ev_result_find(b, a->rows[i].backend, a->rows[i].set);
        if (other)
            status = add_latency(comparing, &a->rows[i], other, err);
    }
    return status;
}
