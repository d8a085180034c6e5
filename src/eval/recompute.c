/* SPDX-License-Identifier: MIT */
/* Errors from samples, and a table of which of their figures are compared. */
#include "eval/recompute_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "eval/error_figures.h"
#include "eval/timing.h"

#define OF_ROW(name, member)                                                                       \
    {                                                                                              \
        name, offsetof(struct ev_result_row, member)                                               \
    }
static const struct ev_figure row_figures[] = {
    OF_ROW("mse_norm", all.mse_norm),
    OF_ROW("mae_norm", all.mae_norm),
    OF_ROW("r2", all.r2),
    OF_ROW("mse_norm_low", mse_norm_low),
    OF_ROW("mse_norm_high", mse_norm_high),
    OF_ROW("change", change.relative),
    OF_ROW("change_low", change.low),
    OF_ROW("change_high", change.high),
    OF_ROW("detectable_change", change.detectable),
    OF_ROW("disagreement_p50", disagreement.p50),
    OF_ROW("disagreement_p99", disagreement.p99),
    OF_ROW("disagreement_max", disagreement.worst.value),
    OF_ROW("batch_delta_max", batch_delta.value),
    OF_ROW("study_mse", study.mse),
    OF_ROW("study_mse_mirrored", study.mse_mirrored),
    OF_ROW("study_mean_1000_ns", study.mean_ns),
};

static const struct ev_figure latency_figures[] = {
    OF_ROW("latency.median_ns", latency.median_ns), OF_ROW("latency.p90_ns", latency.p90_ns),
    OF_ROW("latency.p99_ns", latency.p99_ns),       OF_ROW("latency.mean_ns", latency.mean_ns),
    OF_ROW("latency.min_ns", latency.min_ns),
};

#define OF_OUTPUT(member)                                                                          \
    {                                                                                              \
#member, offsetof(struct ev_error_figures, member)                                         \
    }
static const struct ev_figure output_figures[] = {
    OF_OUTPUT(mse_norm), OF_OUTPUT(mae_norm), OF_OUTPUT(mse), OF_OUTPUT(mae), OF_OUTPUT(r2),
};

#define OF_INTERVAL(name, member)                                                                  \
    {                                                                                              \
        name, offsetof(struct ev_error_interval, member)                                           \
    }
static const struct ev_figure interval_figures[] = {
    OF_INTERVAL("mse_norm_low", low),        OF_INTERVAL("mse_norm_high", high),
    OF_INTERVAL("change", change.relative),  OF_INTERVAL("change_low", change.low),
    OF_INTERVAL("change_high", change.high), OF_INTERVAL("detectable_change", change.detectable),
};

/* The row's verdict, its digest, where the disagreement and where the change by batches is largest.
 */
#define N_OTHERS 6

static bool compare_verdicts(const struct ev_figure_place *at, enum ev_verdict saved,
                             enum ev_verdict fresh)
{
    return ev_compare_texts(at, "verdict", ev_verdict_error_name(saved),
                            ev_verdict_error_name(fresh));
}

/* Where a difference is largest; `name` is what comes before "_set" and "_row". */
static bool compare_places(const struct ev_figure_place *at, const char *name,
                           const struct ev_row_difference *saved,
                           const struct ev_row_difference *fresh)
{
    char set[64], place[64];

    snprintf(set, sizeof set, "%s_set", name);
    snprintf(place, sizeof place, "%s_row", name);
    return ev_compare_values(at, set, saved->set, fresh->set) &&
           ev_compare_values(at, place, (double)saved->row, (double)fresh->row);
}

/* --- Errors --- */

static bool compare_output(struct ev_recomputed *recomputed, const struct ev_result_row *row,
                           const struct ev_result_row *fresh, int32_t k)
{
    const struct ev_figure_place at = {recomputed, row->backend, row->set, row->columns[k].name};
    const struct ev_error_interval *saved = &row->intervals[k], *again = &fresh->intervals[k];

    return ev_compare_figures(&at, output_figures, EV_COUNT(output_figures), &row->outputs[k],
                              &fresh->outputs[k]) &&
           ev_compare_figures(&at, interval_figures, EV_COUNT(interval_figures), saved, again) &&
           compare_verdicts(&at, saved->change.verdict, again->change.verdict);
}

static bool compare_row(struct ev_recomputed *recomputed, const struct ev_result_row *row,
                        const struct ev_result_row *fresh)
{
    const struct ev_figure_place at = {recomputed, row->backend, row->set, ""};
    bool ok = ev_compare_figures(&at, row_figures, EV_COUNT(row_figures), row, fresh) &&
              compare_verdicts(&at, row->change.verdict, fresh->change.verdict) &&
              ev_compare_texts(&at, "outputs_sha256", row->outputs_sha256, fresh->outputs_sha256) &&
              compare_places(&at, "disagreement_max", &row->disagreement.worst,
                             &fresh->disagreement.worst) &&
              compare_places(&at, "batch_delta_max", &row->batch_delta, &fresh->batch_delta);

    for (int32_t k = 0; k < row->n_outputs && ok; k++)
        ok = compare_output(recomputed, row, fresh, k);
    return ok;
}

static enum ev_status compare_errors(const struct ev_result *result,
                                     const struct ev_result_row *row,
                                     struct ev_recomputed *recomputed, struct ev_error *err)
{
    struct ev_result_row fresh = *row;
    bool found;
    enum ev_status status = ev_error_figures_of(result, row, &fresh, &found, err);

    if (status != EV_OK)
        return status;
    if (!found) {
        recomputed->n_without += (int64_t)EV_COUNT(row_figures) + N_OTHERS;
        recomputed->n_without +=
            (int64_t)(EV_COUNT(output_figures) + EV_COUNT(interval_figures) + 1) * row->n_outputs;
        return EV_OK;
    }
    return compare_row(recomputed, row, &fresh) ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
}

/* --- Times of single inferences --- */

/* Their samples are in the row itself. */
static enum ev_status compare_latency(const struct ev_result_row *row,
                                      struct ev_recomputed *recomputed, struct ev_error *err)
{
    const size_t n_bytes = (size_t)row->latency.n_calls * sizeof *row->latency.samples_ns;
    struct ev_result_row fresh = {0};

    if (row->latency.n_calls == 0)
        return EV_OK;
    float *samples_ns = malloc(n_bytes);
    if (!samples_ns)
        return ev_fail(err, EV_MEMORY, "out of memory");
    memcpy(samples_ns, row->latency.samples_ns, n_bytes);
    enum ev_status status =
        ev_timing_figures(samples_ns, row->latency.n_calls, &fresh.latency, err);
    if (status != EV_OK)
        return status;
    const struct ev_figure_place at = {recomputed, row->backend, row->set, ""};
    const bool ok =
        ev_compare_figures(&at, latency_figures, EV_COUNT(latency_figures), row, &fresh);
    free(fresh.latency.samples_ns);
    return ok ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
}

enum ev_status ev_recompute(const struct ev_result *result, struct ev_recomputed *recomputed,
                            struct ev_error *err)
{
    enum ev_status status = EV_OK;

    *recomputed = (struct ev_recomputed){0};
    for (size_t i = 0; i < result->n_rows && status == EV_OK; i++) {
        status = compare_errors(result, &result->rows[i], recomputed, err);
        if (status == EV_OK)
            status = compare_latency(&result->rows[i], recomputed, err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    if (status == EV_OK)
        status = ev_recompute_times(result, recomputed, err);
    if (status != EV_OK)
        ev_recomputed_free(recomputed);
    return status;
}

void ev_recomputed_free(struct ev_recomputed *recomputed)
{
    free(recomputed->mismatches);
    *recomputed = (struct ev_recomputed){0};
}
