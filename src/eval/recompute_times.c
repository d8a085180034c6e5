/* SPDX-License-Identifier: MIT */
/* Times from the blocks of the session, and a table of which of their figures are compared. */
#include <stdio.h>

#include "eval/recompute_private.h"
#include "eval/time_figures.h"

#define OF_TIMING(member)                                                                          \
    {                                                                                              \
#member, offsetof(struct ev_result_timing, member)                                         \
    }
static const struct ev_figure timing_figures[] = {
    OF_TIMING(confidence),     OF_TIMING(median_ns),        OF_TIMING(median_low_ns),
    OF_TIMING(median_high_ns), OF_TIMING(p90_ns),           OF_TIMING(p90_high_ns),
    OF_TIMING(p99_ns),         OF_TIMING(p99_high_ns),      OF_TIMING(mean_ns),
    OF_TIMING(min_ns),         OF_TIMING(deadline_ns),      OF_TIMING(missed_fraction),
    OF_TIMING(images_per_s),   OF_TIMING(images_per_s_low), OF_TIMING(images_per_s_high),
    OF_TIMING(change),         OF_TIMING(change_low),       OF_TIMING(change_high),
    OF_TIMING(detectable),
};

#define OF_QUIET(member)                                                                           \
    {                                                                                              \
#member, offsetof(struct ev_result_quiet, member)                                          \
    }
static const struct ev_figure quiet_figures[] = {
    OF_QUIET(control),
    OF_QUIET(control_low),
    OF_QUIET(control_high),
};

/* "hot.e2e.128" for pieces of that many pictures. */
static void name_condition(enum ev_mode mode, enum ev_boundary boundary, int64_t piece_rows,
                           char *text, size_t size)
{
    if (mode == EV_MODE_PIECES)
        snprintf(text, size, "%s.%s.%lld", ev_mode_name(mode), ev_boundary_name(boundary),
                 (long long)piece_rows);
    else
        snprintf(text, size, "%s.%s", ev_mode_name(mode), ev_boundary_name(boundary));
}

static bool compare_timing(struct ev_recomputed *recomputed, const struct ev_result_timing *saved,
                           const struct ev_result_timing *fresh)
{
    char condition[48], prefix[64];

    name_condition(saved->mode, saved->boundary, saved->rows_per_piece, condition,
                   sizeof condition);
    snprintf(prefix, sizeof prefix, "%s%s", saved->is_control ? "control." : "", condition);
    const struct ev_figure_place at = {recomputed, saved->backend, "", prefix};
    return ev_compare_figures(&at, timing_figures, EV_COUNT(timing_figures), saved, fresh) &&
           ev_compare_values(&at, "n_processes", (double)saved->n_processes,
                             (double)fresh->n_processes) &&
           ev_compare_values(&at, "n_blocks", (double)saved->n_blocks, (double)fresh->n_blocks) &&
           ev_compare_values(&at, "n_calls", (double)saved->n_calls, (double)fresh->n_calls) &&
           ev_compare_texts(&at, "verdict", ev_verdict_time_name(saved->verdict),
                            ev_verdict_time_name(fresh->verdict));
}

static bool compare_quiet(struct ev_recomputed *recomputed, const struct ev_result_quiet *saved,
                          const struct ev_result_quiet *fresh)
{
    char prefix[48];

    name_condition(saved->mode, saved->boundary, saved->rows_per_piece, prefix, sizeof prefix);
    const struct ev_figure_place at = {recomputed, "the control", "", prefix};
    return ev_compare_figures(&at, quiet_figures, EV_COUNT(quiet_figures), saved, fresh) &&
           ev_compare_values(&at, "unquiet", saved->unquiet, fresh->unquiet) &&
           ev_compare_values(&at, "n_blocks", (double)saved->n_blocks, (double)fresh->n_blocks) &&
           ev_compare_values(&at, "n_flagged", (double)saved->n_flagged,
                             (double)fresh->n_flagged) &&
           ev_compare_texts(&at, "reason", saved->reason, fresh->reason);
}

/* Both come in the order of the session's conditions and entries. */
static bool compare_all(struct ev_recomputed *recomputed, const struct ev_result *saved,
                        const struct ev_result *fresh)
{
    const struct ev_figure_place at = {recomputed, "all", "", "times"};
    bool ok =
        ev_compare_values(&at, "n", (double)saved->n_timings, (double)fresh->n_timings) &&
        ev_compare_values(&at, "n_conditions", (double)saved->n_quiets, (double)fresh->n_quiets);

    for (size_t i = 0; i < saved->n_timings && i < fresh->n_timings && ok; i++)
        ok = compare_timing(recomputed, &saved->timings[i], &fresh->timings[i]);
    for (size_t i = 0; i < saved->n_quiets && i < fresh->n_quiets && ok; i++)
        ok = compare_quiet(recomputed, &saved->quiets[i], &fresh->quiets[i]);
    return ok;
}

enum ev_status ev_recompute_times(const struct ev_result *result, struct ev_recomputed *recomputed,
                                  struct ev_error *err)
{
    struct ev_result fresh;

    if (result->n_timings == 0 && result->samples.session.n_blocks == 0)
        return EV_OK;
    if (result->samples.session.n_blocks == 0) {
        recomputed->n_without += (int64_t)(EV_COUNT(timing_figures) * result->n_timings);
        return EV_OK;
    }
    ev_result_init(&fresh);
    enum ev_status status = ev_time_figures(&result->samples.session, &fresh, err);
    if (status == EV_OK && !compare_all(recomputed, result, &fresh))
        status = ev_fail(err, EV_MEMORY, "out of memory");
    ev_result_free(&fresh);
    return status;
}
