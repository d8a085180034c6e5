/* SPDX-License-Identifier: MIT */
/* The sentence at the head of a report, put together from the figures that are there. */
#include "report/report_view.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/report_times.h"

/* A text that grows; what does not fit is cut. */
struct sentence {
    char *text;
    size_t size;
    size_t used;
};

EV_PRINTF(2, 3)
static void say(struct sentence *sentence, const char *format, ...)
{
    va_list args;

    if (sentence->used + 1 >= sentence->size)
        return;
    va_start(args, format);
    int n =
        vsnprintf(sentence->text + sentence->used, sentence->size - sentence->used, format, args);
    va_end(args);
    if (n > 0)
        sentence->used += (size_t)n;
}

/* "3.9 times smaller", "1.2 times larger", or "the same" where one digit shows no difference. */
static void say_ratio(struct sentence *sentence, double from, double to, const char *less,
                      const char *more)
{
    double ratio = from >= to ? from / to : to / from;

    if (ratio < 1.05)
        say(sentence, " (about the same)");
    else
        say(sentence, " (%.1f times %s)", ratio, from >= to ? less : more);
}

static bool both(double a, double b)
{
    return isfinite(a) && isfinite(b) && a > 0 && b > 0;
}

/* On machines left alone p90 was 1.1 to 1.4 times the median; above this, something else ran. */
#define NOISY_RATIO 2.0

/* Largest p90 over median of the backends on the main set; *backend is whose it is. */
static double worst_ratio(const struct ev_view *view, const char **backend)
{
    const char *set = ev_view_main_set(view);
    double worst = 0.0;

    for (size_t b = 0; set && b < view->n_backends; b++) {
        const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
        double ratio = row && row->latency.n_calls > 0
                           ? row->latency.p90_ns / row->latency.median_ns
                           : 0.0;
        if (ratio > worst) {
            worst = ratio;
            *backend = view->backends[b];
        }
    }
    return worst;
}

/* Whether the backend's times can be told from the baseline's: by the verdict of worker processes,
 * else by how steady calls were. */
static bool is_told(const struct ev_view *view, const struct ev_result_row *row)
{
    const struct ev_result_timing *timing =
        ev_times_find(view->result, row->backend, EV_MODE_HOT, EV_BOUNDARY_E2E);
    const char *unsteady;

    if (timing)
        return timing->verdict != EV_VERDICT_NONE && timing->verdict != EV_VERDICT_UNRESOLVED;
    return worst_ratio(view, &unsteady) <= NOISY_RATIO;
}

/* `row` against the baseline's row: size, time, error, each if both have it; no time where times
 * cannot be told apart. */
static void compare(struct sentence *sentence, const struct ev_view *view,
                    const struct ev_result_row *row, const struct ev_result_row *base)
{
    const double size = ev_view_size_mib(row), base_size = ev_view_size_mib(base);
    const double time = ev_view_time_ms(view, row), base_time = ev_view_time_ms(view, base);
    const double mse = row->all.mse_norm, base_mse = base->all.mse_norm;
    const char *link = "";

    say(sentence, "Against %s, %s ", base->backend, row->backend);
    if (both(size, base_size)) {
        say(sentence, "has %.2f MiB instead of %.2f", size, base_size);
        say_ratio(sentence, base_size, size, "smaller", "larger");
        link = ", ";
    }
    if (is_told(view, row) && both(time, base_time)) {
        int decimals = ev_grid_decimals(fmin(time, base_time), 3);
        say(sentence, "%stakes %.*f ms for an image instead of %.*f", link, decimals, time,
            decimals, base_time);
        say_ratio(sentence, base_time, time, "faster", "slower");
        link = ", ";
    }
    if (both(mse, base_mse)) {
        int decimals = ev_grid_decimals(fmin(mse, base_mse), 4);
        say(sentence, "%s%shas a normalised mean squared error of %.*f instead of %.*f (%+.1f %%)",
            link, *link ? "and " : "", decimals, mse, decimals, base_mse,
            (mse / base_mse - 1) * 100);
        link = ", ";
    }
    say(sentence, *link ? "." : "was run.");
}

/* One backend, where there is no baseline to compare it with. */
static void describe(struct sentence *sentence, const struct ev_view *view,
                     const struct ev_result_row *row, bool alone)
{
    const double size = ev_view_size_mib(row), time = ev_view_time_ms(view, row);

    say(sentence, alone ? "%s" : "%s, the fastest,", row->backend);
    if (isfinite(size))
        say(sentence, " has %.2f MiB,", size);
    if (isfinite(time))
        say(sentence, " takes %.*f ms for an image,", ev_grid_decimals(time, 3), time);
    say(sentence, " and has a normalised mean squared error of ");
    if (isfinite(row->all.mse_norm))
        say(sentence, "%.*f.", ev_grid_decimals(row->all.mse_norm, 4), row->all.mse_norm);
    else
        say(sentence, "no number.");
}

void ev_view_summary(const struct ev_view *view, char *text, size_t size)
{
    struct sentence sentence = {text, size, 0};
    const char *set = ev_view_main_set(view);
    const struct ev_result_row *base = NULL, *fastest = NULL;

    text[0] = '\0';
    if (!set)
        return;
    if (view->baseline)
        base = ev_result_find(view->result, view->baseline, set);
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
        /* An engine without a model, such as "null", is no rival. */
        if (!row || row == base || (base && row->model_bytes < 0))
            continue;
        if (!fastest || ev_view_time_ms(view, row) < ev_view_time_ms(view, fastest))
            fastest = row;
    }
    if (base && fastest)
        compare(&sentence, view, fastest, base);
    else if (base || fastest)
        describe(&sentence, view, base ? base : fastest, base || view->n_backends == 1);
}

/* Times that worker processes have found unquiet. */
static void name_unquiet(const struct ev_view *view, char *text, size_t size)
{
    struct sentence sentence = {text, size, 0};

    for (size_t i = 0; i < view->result->n_quiets; i++) {
        const struct ev_result_quiet *quiet = &view->result->quiets[i];
        if (quiet->unquiet)
            say(&sentence, "%s%s %s",
                sentence.used == 0 ? "Times unquiet, so without verdicts: " : ", ",
                ev_mode_name(quiet->mode), ev_boundary_name(quiet->boundary));
    }
    if (sentence.used > 0)
        say(&sentence, ". The notes on times say why.");
}

void ev_view_noise(const struct ev_view *view, char *text, size_t size)
{
    const char *backend = NULL;
    const double ratio = worst_ratio(view, &backend);

    text[0] = '\0';
    if (view->result->n_timings > 0)
        name_unquiet(view, text, size);
    else if (ratio > NOISY_RATIO)
        snprintf(text, size,
                 "Times unsteady: a tenth of %.60s's calls took over %.*f times its median. Measure "
                 "again on a quiet machine.",
                 backend, ratio < 10 ? 1 : 0, ratio);
}
