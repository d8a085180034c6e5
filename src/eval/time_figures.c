/* SPDX-License-Identifier: MIT */
/* Sorts blocks by condition and entry, describes each entry, and pairs it with the baseline. */
#include "eval/time_figures.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "measure/plan.h"
#include "stats/interval.h"
#include "stats/stats.h"

struct timed {
    const struct ev_block *block;
    double median_ns;
};

/* Blocks of one entry in one condition, by process and round; or of all entries. */
struct series {
    const struct timed *blocks;
    size_t n;
};

/* Room for the calls of all blocks, and for a number of each block. */
struct scratch {
    float *calls;
    double *rounds;
    double *processes;
};

/* One condition while it is judged. */
struct condition {
    const struct ev_session *session;
    struct series all, baseline, control;
    double confidence;                    /* of each interval */
    struct ev_noise noise, noise_without; /* with all rounds; without the flagged ones */
    char dependent[120];                  /* backends whose verdicts depend on flagged rounds */
    struct scratch *scratch;
};

/* --- Sorting --- */

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Eager calls stand behind the hot ones, which they are set against. */
static int place_of(enum ev_mode mode)
{
    return mode == EV_MODE_EAGER ? 2 * EV_MODE_HOT + 1 : 2 * (int)mode;
}

static int compare_conditions(const struct ev_block *a, const struct ev_block *b)
{
    int by = order(place_of(a->mode), place_of(b->mode));

    by = by ? by : order(a->boundary, b->boundary);
    by = by ? by : order(a->n_threads, b->n_threads);
    by = by ? by : order(a->rows_per_call, b->rows_per_call);
    return by ? by : order(a->rows_per_piece, b->rows_per_piece);
}

static int compare_rounds(const struct ev_block *a, const struct ev_block *b)
{
    int by = order(a->process, b->process);

    return by ? by : order(a->round, b->round);
}

static int compare_timed(const void *left, const void *right)
{
    const struct ev_block *a = ((const struct timed *)left)->block;
    const struct ev_block *b = ((const struct timed *)right)->block;
    int by = compare_conditions(a, b);

    by = by ? by : order(a->entry, b->entry);
    by = by ? by : compare_rounds(a, b);
    return by ? by : order(a->first_call, b->first_call);
}

/* Blocks that have calls, with their medians; a clock that counts nanoseconds tells no time below
 * one. */
static size_t sort_blocks(const struct ev_session *session, float *calls, struct timed *timed)
{
    size_t n = 0;

    for (size_t i = 0; i < session->n_blocks; i++) {
        const struct ev_block *block = &session->blocks[i];
        if (block->n_calls < 1)
            continue;
        memcpy(calls, session->call_ns + block->first_call, (size_t)block->n_calls * sizeof *calls);
        ev_stats_sort(calls, block->n_calls);
        timed[n++] = (struct timed){block, fmax(1.0, ev_stats_median(calls, block->n_calls))};
    }
    qsort(timed, n, sizeof *timed, compare_timed);
    return n;
}

static struct series series_of(const struct series *all, int64_t entry)
{
    struct series series = {0};

    for (size_t i = 0; i < all->n; i++) {
        if (all->blocks[i].block->entry != entry)
            continue;
        if (series.n++ == 0)
            series.blocks = &all->blocks[i];
    }
    return series;
}

static bool is_last_of_process(const struct series *series, size_t i)
{
    return i + 1 == series->n ||
           series->blocks[i + 1].block->process != series->blocks[i].block->process;
}

static int64_t count_processes(const struct series *series)
{
    int64_t n = 0;

    for (size_t i = 0; i < series->n; i++)
        n += is_last_of_process(series, i);
    return n;
}

/* --- One entry by itself --- */

/* An upper bound of the quantile of n sorted calls; NAN if they are too few. */
static double upper_bound(const float *sorted, int64_t n, double quantile)
{
    struct ev_ranks ranks;

    if (ev_interval_upper_rank(n, quantile, EV_TIME_BOUND, &ranks) ||
        ev_interval_upper_rank(n, quantile, EV_TIME_BOUND_SHORT, &ranks))
        return sorted[ranks.high - 1];
    return NAN;
}

/* Copies the calls to scratch->calls, in which they stay sorted within each process, and the
 * process's medians to scratch->processes. */
static void gather(const struct condition *condition, const struct series *series,
                   struct ev_result_timing *timing)
{
    float *calls = condition->scratch->calls;
    int64_t first = 0, n_missed = 0; /* first call of the process */

    timing->n_processes = timing->n_calls = 0;
    timing->n_blocks = (int64_t)series->n;
    for (size_t i = 0; i < series->n; i++) {
        const struct ev_block *block = series->blocks[i].block;
        const float *block_calls = condition->session->call_ns + block->first_call;
        memcpy(calls + timing->n_calls, block_calls, (size_t)block->n_calls * sizeof *calls);
        timing->n_calls += block->n_calls;
        for (int64_t k = 0; k < block->n_calls; k++)
            n_missed += block_calls[k] > (float)block->period_ns;
        if (is_last_of_process(series, i)) {
            ev_stats_sort(calls + first, timing->n_calls - first);
            condition->scratch->processes[timing->n_processes++] =
                ev_stats_median(calls + first, timing->n_calls - first);
            first = timing->n_calls;
        }
    }
    if (timing->mode == EV_MODE_PACED) {
        timing->deadline_ns = (double)series->blocks[0].block->period_ns;
        timing->missed_fraction = (double)n_missed / (double)timing->n_calls;
    }
}

static void describe(const struct condition *condition, const struct series *series,
                     struct ev_result_timing *timing)
{
    float *calls = condition->scratch->calls;
    double *medians = condition->scratch->processes;
    struct ev_interval median;

    gather(condition, series, timing);
    ev_stats_sort_doubles(medians, timing->n_processes);
    timing->median_ns = ev_stats_median_doubles(medians, timing->n_processes);
    if (ev_interval_median(medians, timing->n_processes, condition->confidence, &median))
        timing->confidence = condition->confidence;
    timing->median_low_ns = median.low;
    timing->median_high_ns = median.high;
    ev_stats_sort(calls, timing->n_calls);
    timing->p90_ns = ev_stats_percentile(calls, timing->n_calls, 90);
    timing->p90_high_ns = upper_bound(calls, timing->n_calls, 0.90);
    timing->p99_ns = ev_stats_percentile(calls, timing->n_calls, 99);
    timing->p99_high_ns = upper_bound(calls, timing->n_calls, 0.99);
    timing->mean_ns = ev_stats_mean(calls, timing->n_calls);
    timing->min_ns = calls[0];
    if (!ev_mode_is_single(timing->mode)) {
        const double rows_ns = (double)timing->rows_per_call * 1e9;
        timing->images_per_s = rows_ns / timing->median_ns;
        timing->images_per_s_low = rows_ns / timing->median_high_ns;
        timing->images_per_s_high = rows_ns / timing->median_low_ns;
    }
}

/* --- Against the baseline --- */

/* Fills scratch->processes with one number of each process, the median over its rounds of
 * ln(time / time of the baseline), and returns how many there are. */
static int64_t pair(const struct condition *condition, const struct series *series,
                    bool with_flagged)
{
    const struct series *baseline = &condition->baseline;
    double *rounds = condition->scratch->rounds;
    int64_t n_processes = 0, n_rounds = 0;

    for (size_t i = 0, b = 0; i < series->n; i++) {
        const struct timed *one = &series->blocks[i];
        while (b < baseline->n && compare_rounds(baseline->blocks[b].block, one->block) < 0)
            b++;
        const struct timed *other = b < baseline->n ? &baseline->blocks[b] : NULL;
        if (other && compare_rounds(other->block, one->block) == 0 &&
            (with_flagged || !(one->block->flagged || other->block->flagged)))
            rounds[n_rounds++] = log(one->median_ns / other->median_ns);
        if (is_last_of_process(series, i) && n_rounds > 0) {
            ev_stats_sort_doubles(rounds, n_rounds);
            condition->scratch->processes[n_processes++] =
                ev_stats_median_doubles(rounds, n_rounds);
            n_rounds = 0;
        }
    }
    return n_processes;
}

/* What the control says, and its change; without a control, nothing is known. */
static struct ev_noise listen(const struct condition *condition, bool with_flagged, double *change)
{
    double *log_ratios = condition->scratch->processes;
    const int64_t n = pair(condition, &condition->control, with_flagged);

    *change = NAN;
    if (n == 0)
        return (struct ev_noise){{NAN, NAN, NAN}, NAN, true};
    const struct ev_noise noise = ev_verdict_control(log_ratios, n, EV_TIME_CONFIDENCE);
    *change = expm1(ev_stats_median_doubles(log_ratios, n));
    return noise;
}

static void name_dependent(struct condition *condition, const char *backend)
{
    const size_t used = strlen(condition->dependent);

    snprintf(condition->dependent + used, sizeof condition->dependent - used, "%s%s",
             used > 0 ? ", " : "", backend);
}

/* Whether n processes' rounds without the disturbed ones bear the verdict out: they give the same
 * one, or they are too few or too unquiet for one and point the same way. */
static bool is_borne_out(const struct ev_comparison *all, const struct ev_comparison *rest,
                         int64_t n)
{
    const double margin = log1p(EV_VERDICT_TIME_MARGIN), change = log1p(rest->change);
    const bool tells = rest->verdict != EV_VERDICT_NONE && rest->verdict != EV_VERDICT_UNRESOLVED;

    if (n == 0 || tells || all->verdict == EV_VERDICT_UNRESOLVED)
        return rest->verdict == all->verdict;
    return all->verdict == EV_VERDICT_LESS   ? change < -margin
           : all->verdict == EV_VERDICT_MORE ? change > margin
                                             : fabs(change) <= margin;
}

static void judge(struct condition *condition, const struct series *series,
                  struct ev_result_timing *timing)
{
    double *log_ratios = condition->scratch->processes;
    int64_t n = pair(condition, series, true);

    if (n == 0)
        return;
    const struct ev_comparison all =
        ev_verdict_times(log_ratios, n, condition->confidence, &condition->noise);
    struct ev_comparison without = {.verdict = EV_VERDICT_UNRESOLVED, .detectable = NAN};
    n = pair(condition, series, false);
    if (n > 0)
        without = ev_verdict_times(log_ratios, n, condition->confidence, &condition->noise_without);
    timing->verdict = all.verdict;
    timing->change = all.change;
    timing->change_low = all.interval.low;
    timing->change_high = all.interval.high;
    timing->detectable = all.detectable;
    if (all.verdict == EV_VERDICT_NONE || is_borne_out(&all, &without, n))
        return;
    timing->detectable = fmax(all.detectable, without.detectable);
    if (all.verdict != EV_VERDICT_UNRESOLVED)
        name_dependent(condition, timing->backend);
    timing->verdict = EV_VERDICT_UNRESOLVED;
}

/* --- The sentence --- */

EV_PRINTF(1, 2)
static char *sentence(const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return strdup(text);
}

/* Why there are no verdicts, or why some are UNRESOLVED; malloc'ed. */
static char *reason_of(const struct condition *condition, const struct ev_result_quiet *quiet)
{
    const int64_t n_processes = count_processes(&condition->control);
    const double change = quiet->control * 100;
    const double low = quiet->control_low * 100, high = quiet->control_high * 100;

    if (!condition->noise.unquiet && !*condition->dependent)
        return strdup("");
    if (!condition->noise.unquiet)
        return sentence("Without the rounds in which blocks were disturbed (%lld of %lld blocks) "
                        "the verdict would not stand for %s, so it is UNRESOLVED.",
                        (long long)quiet->n_flagged, (long long)quiet->n_blocks,
                        condition->dependent);
    if (n_processes == 0)
        return sentence("The baseline was not measured a second time, so nothing says how far "
                        "times can be trusted.");
    if (isnan(low))
        return sentence("%lld worker process%s cannot say how far times differ by chance.",
                        (long long)n_processes, n_processes == 1 ? "" : "es");
    if (low > 0 || high < 0)
        return sentence("The baseline, opened a second time, took %.1f %% %s than itself (%+.1f to "
                        "%+.1f %%), so other differences may be chance too.",
                        fabs(change), change > 0 ? "longer" : "less", low, high);
    return sentence("The baseline against itself is known within %+.1f to %+.1f %% only, more than "
                    "%.0f %% either way.",
                    low, high, EV_VERDICT_UNQUIET * 100);
}

/* --- A condition --- */

static bool is_variant(const struct ev_session *session, size_t entry)
{
    return (int64_t)entry != session->baseline && !session->entries[entry].is_control;
}

static double choose_confidence(const struct condition *condition)
{
    const int64_t n_processes = count_processes(&condition->baseline);
    struct ev_ranks ranks;
    int32_t n_variants = 0;

    for (size_t e = 0; e < condition->session->n_entries; e++)
        n_variants += is_variant(condition->session, e) && series_of(&condition->all, (int64_t)e).n;
    const double each = ev_verdict_confidence(EV_TIME_CONFIDENCE, n_variants > 0 ? n_variants : 1);
    return ev_interval_ranks(n_processes, 0.5, each, &ranks) ? each : EV_TIME_CONFIDENCE;
}

static enum ev_status add_timing(struct condition *condition, size_t entry,
                                 struct ev_result *result, struct ev_error *err)
{
    const struct ev_session *session = condition->session;
    const struct series series = series_of(&condition->all, (int64_t)entry);

    if (series.n == 0)
        return EV_OK;
    const struct ev_block *block = series.blocks[0].block;
    struct ev_result_timing *timing = ev_result_add_timing(result);
    if (timing)
        timing->backend = strdup(session->entries[entry].backend);
    if (!timing || !timing->backend)
        return ev_fail(err, EV_MEMORY, "out of memory for the times");
    timing->is_control = session->entries[entry].is_control;
    timing->mode = block->mode;
    timing->boundary = block->boundary;
    timing->n_threads = block->n_threads;
    timing->rows_per_call = block->rows_per_call;
    timing->rows_per_piece = block->rows_per_piece;
    describe(condition, &series, timing);
    if (is_variant(session, entry))
        judge(condition, &series, timing);
    return EV_OK;
}

static enum ev_status add_quiet(struct condition *condition, double control,
                                struct ev_result *result, struct ev_error *err)
{
    const struct ev_block *block = condition->all.blocks[0].block;
    struct ev_result_quiet *quiet = ev_result_add_quiet(result);

    if (!quiet)
        return ev_fail(err, EV_MEMORY, "out of memory for the times");
    quiet->mode = block->mode;
    quiet->boundary = block->boundary;
    quiet->n_threads = block->n_threads;
    quiet->rows_per_call = block->rows_per_call;
    quiet->rows_per_piece = block->rows_per_piece;
    quiet->control = control;
    quiet->control_low = expm1(condition->noise.log_ratio.low);
    quiet->control_high = expm1(condition->noise.log_ratio.high);
    quiet->unquiet = condition->noise.unquiet;
    quiet->n_blocks = (int64_t)condition->all.n;
    quiet->n_flagged = 0;
    for (size_t i = 0; i < condition->all.n; i++)
        quiet->n_flagged += condition->all.blocks[i].block->flagged;
    quiet->reason = reason_of(condition, quiet);
    return quiet->reason ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory for the times");
}

static enum ev_status add_condition(struct condition *condition, struct ev_result *result,
                                    struct ev_error *err)
{
    const struct ev_session *session = condition->session;
    double control, without;
    enum ev_status status = EV_OK;

    condition->baseline = series_of(&condition->all, session->baseline);
    for (size_t e = 0; e < session->n_entries; e++) {
        if (session->entries[e].is_control)
            condition->control = series_of(&condition->all, (int64_t)e);
    }
    condition->confidence = choose_confidence(condition);
    condition->noise = listen(condition, true, &control);
    condition->noise_without = listen(condition, false, &without);
    for (size_t e = 0; e < session->n_entries && status == EV_OK; e++)
        status = add_timing(condition, e, result, err);
    return status == EV_OK ? add_quiet(condition, control, result, err) : status;
}

enum ev_status ev_time_figures(const struct ev_session *session, struct ev_result *result,
                               struct ev_error *err)
{
    struct scratch scratch = {
        .calls = malloc(((size_t)session->n_calls + 1) * sizeof *scratch.calls),
        .rounds = malloc((session->n_blocks + 1) * sizeof *scratch.rounds),
        .processes = malloc((session->n_blocks + 1) * sizeof *scratch.processes),
    };
    struct timed *timed = malloc((session->n_blocks + 1) * sizeof *timed);
    enum ev_status status = EV_OK;
    size_t n = 0;

    if (scratch.calls && scratch.rounds && scratch.processes && timed)
        n = sort_blocks(session, scratch.calls, timed);
    else
        status = ev_fail(err, EV_MEMORY, "out of memory for the times");
    for (size_t first = 0, end; first < n && status == EV_OK; first = end) {
        for (end = first + 1; end < n; end++) {
            if (compare_conditions(timed[first].block, timed[end].block) != 0)
                break;
        }
        struct condition condition = {
            .session = session,
            .all = {&timed[first], end - first},
            .scratch = &scratch,
        };
        status = add_condition(&condition, result, err);
    }
    free(timed);
    free(scratch.calls);
    free(scratch.rounds);
    free(scratch.processes);
    return status;
}
