/* SPDX-License-Identifier: MIT */
/* The progress bar and its plain form. */
#include "base/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

#define BAR_CELLS          24
#define TERMINAL_PERIOD_NS INT64_C(100000000)
#define PLAIN_PERIOD_NS    INT64_C(5000000000)

static bool all_quiet;
/* A bar stands on the terminal's last line. */
static bool bar_shown;

void ev_progress_set_quiet(bool quiet)
{
    all_quiet = quiet;
}

void ev_progress_start(struct ev_progress *progress, const char *what, const char *unit,
                       int64_t total)
{
    int64_t now = ev_clock_ns();

    *progress = (struct ev_progress){
        .what = what,
        .unit = unit,
        .total = total > 0 ? total : 1,
        .start_ns = now,
        .last_ns = now,
        .terminal = isatty(STDERR_FILENO) == 1,
        .quiet = all_quiet,
    };
}

void ev_progress_set_first(struct ev_progress *progress, int64_t first)
{
    progress->first = first;
    progress->done = first;
}

/* Seconds as "1:02:03" or "2:03". */
static void format_time(double seconds, char text[32])
{
    int64_t s = (int64_t)(seconds + 0.5);

    if (s >= 3600)
        snprintf(text, 32, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
                 (int)(s % 60));
    else
        snprintf(text, 32, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

/* Columns of the terminal: a longer line would wrap, and the next one could not cover it. */
static int terminal_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

static void print_line(const struct ev_progress *progress, int64_t done, const char *note,
                       double elapsed_s)
{
    double rate = elapsed_s > 0.0 ? (double)(done - progress->first) / elapsed_s : 0.0;
    int filled = (int)(done * BAR_CELLS / progress->total);
    char bar[BAR_CELLS + 1], eta[32], line[256];

    memset(bar, '-', BAR_CELLS);
    memset(bar, '#', (size_t)(filled < BAR_CELLS ? filled : BAR_CELLS));
    bar[BAR_CELLS] = '\0';
    format_time(rate > 0.0 ? (double)(progress->total - done) / rate : 0.0, eta);
    snprintf(line, sizeof line, "%s  [%s] %3d%%  %lld/%lld %s  %.*f/s  ETA %s%s%s", progress->what,
             bar, (int)(done * 100 / progress->total), (long long)done, (long long)progress->total,
             progress->unit, rate < 10.0 ? 1 : 0, rate, eta, note ? "  " : "", note ? note : "");
    if (progress->terminal)
        fprintf(stderr, "\r%.*s\033[K", terminal_columns() - 1, line);
    else
        fprintf(stderr, "%s\n", line);
    bar_shown = progress->terminal;
    fflush(stderr);
}

void ev_progress_update(struct ev_progress *progress, int64_t done, const char *note)
{
    int64_t now = ev_clock_ns();
    int64_t period = progress->terminal ? TERMINAL_PERIOD_NS : PLAIN_PERIOD_NS;

    progress->done = done;
    if (progress->quiet || now - progress->last_ns < period)
        return;
    progress->last_ns = now;
    print_line(progress, done, note, (double)(now - progress->start_ns) * 1e-9);
}

void ev_progress_finish(struct ev_progress *progress)
{
    char elapsed[32];

    if (progress->quiet)
        return;
    bar_shown = false;
    if (progress->terminal) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        return;
    }
    if (progress->done < progress->total)
        return;
    format_time((double)(ev_clock_ns() - progress->start_ns) * 1e-9, elapsed);
    fprintf(stderr, "%s: %lld %s in %s\n", progress->what,
            (long long)(progress->done - progress->first), progress->unit, elapsed);
}

/* In the place of the bar, if one is shown. */
static void print_message(const char *kind, const char *line)
{
    fprintf(stderr, "%sevalrun: %s%s\n", bar_shown ? "\r\033[K" : "", kind, line);
}

void ev_progress_note(const char *line)
{
    print_message("note: ", line);
}

void ev_progress_error(const char *line)
{
    print_message("", line);
}
