/* SPDX-License-Identifier: MIT */
/* One rule for times and errors; times go through it as logarithms. */
#include "stats/verdict.h"

#include <math.h>

#include "stats/stats.h"

/* `same`: intervals within it are the same. `effect`: smaller estimates are neither less nor more.
 * Comparisons with NaN are false, which leaves UNRESOLVED. */
static struct ev_comparison judge(double change, const struct ev_interval *interval, double same,
                                  double effect)
{
    struct ev_comparison comparison = {
        .verdict = EV_VERDICT_UNRESOLVED,
        .change = change,
        .interval = *interval,
        .detectable = fmax(effect, fmax(change - interval->low, interval->high - change)),
    };

    if (interval->low > 0 && change > effect)
        comparison.verdict = EV_VERDICT_MORE;
    else if (interval->high < 0 && change < -effect)
        comparison.verdict = EV_VERDICT_LESS;
    else if (interval->low >= -same && interval->high <= same)
        comparison.verdict = EV_VERDICT_SAME;
    if (isnan(interval->low))
        comparison.detectable = NAN;
    return comparison;
}

double ev_verdict_confidence(double family, int32_t n_comparisons)
{
    return 1.0 - (1.0 - family) / n_comparisons;
}

struct ev_noise ev_verdict_control(double *log_ratios, int64_t n_processes, double confidence)
{
    struct ev_noise control;

    ev_stats_sort_doubles(log_ratios, n_processes);
    bool known = ev_interval_median(log_ratios, n_processes, confidence, &control.log_ratio);
    control.half_width = (control.log_ratio.high - control.log_ratio.low) / 2.0;
    control.unquiet = !known || control.log_ratio.low > 0 || control.log_ratio.high < 0 ||
                      control.half_width > log1p(EV_VERDICT_UNQUIET);
    return control;
}

struct ev_comparison ev_verdict_times(double *log_ratios, int64_t n_processes, double confidence,
                                      const struct ev_noise *control)
{
    const double margin = log1p(EV_VERDICT_TIME_MARGIN);
    struct ev_interval interval;

    ev_stats_sort_doubles(log_ratios, n_processes);
    ev_interval_median(log_ratios, n_processes, confidence, &interval);
    struct ev_comparison comparison =
        judge(ev_stats_median_doubles(log_ratios, n_processes), &interval, margin,
              fmax(margin, 2.0 * control->half_width));
    if (control->unquiet)
        comparison.verdict = EV_VERDICT_NONE;
    comparison.change = expm1(comparison.change);
    comparison.interval.low = expm1(comparison.interval.low);
    comparison.interval.high = expm1(comparison.interval.high);
    comparison.detectable = expm1(comparison.detectable);
    return comparison;
}

struct ev_comparison ev_verdict_errors(double difference, const struct ev_interval *interval,
                                       double baseline, double margin)
{
    const struct ev_interval relative = {
        .low = interval->low / baseline,
        .high = interval->high / baseline,
        .confidence = interval->confidence,
    };
    struct ev_comparison comparison = judge(difference / baseline, &relative, margin, margin);

    if (isnan(comparison.change) || isnan(relative.low) || isnan(relative.high))
        comparison.verdict = EV_VERDICT_NONE;
    return comparison;
}

const char *ev_verdict_time_name(enum ev_verdict verdict)
{
    static const char *const names[] = {"", "FASTER", "SLOWER", "SAME", "UNRESOLVED"};

    return names[verdict];
}

const char *ev_verdict_error_name(enum ev_verdict verdict)
{
    static const char *const names[] = {"", "BETTER", "WORSE", "SAME", "UNRESOLVED"};

    return names[verdict];
}
