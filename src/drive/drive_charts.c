/* SPDX-License-Identifier: MIT */
/*
 * The charts of a drive: what plots/map.gp and plots/lap.gp read. Both show the first lap of each
 * backend on one circuit in one direction.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "drive/drive_report.h"
#include "report/plot_script.h"

/* Names in charts, the NUL included. */
#define LABEL_CHARS 30

/* The backends on one circuit in one direction. */
struct group {
    const struct ev_drive_result *result;
    const struct ev_drive_run *runs; /* (n_backends) */
};

static void write_head(const struct group *group, const char *title, FILE *script)
{
    const struct ev_drive_result *result = group->result;
    const struct ev_drive_args *args = result->args;
    const size_t n = args->n_backends;
    const char *names[64];
    char name[200], text[400], latency[80], lag[40] = "";

    ev_drive_run_name(result, group->runs, ", ", name, sizeof name);
    snprintf(text, sizeof text, "%s: %s", title, name);
    ev_plot_set_text(script, "chart_title", text);
    ev_drive_latency_text(result, 0, latency, sizeof latency);
    if (args->latency_s < 0)
        snprintf(latency, sizeof latency, "measured on this machine");
    if (args->lag_s > 0)
        snprintf(lag, sizeof lag, "  |  lag %g s", args->lag_s);
    snprintf(text, sizeof text, "%.0f m  |  latency %s%s%s%s", group->runs[0].laps[0].length_m,
             latency, lag, args->perturb ? "  |  with pushes" : "",
             args->n_laps > 1 ? "  |  first lap of several" : "");
    ev_plot_set_text(script, "chart_subtitle", text);
    ev_plot_set_number(script, "n_backends", (double)n);
    ev_plot_start_array(script, "names", n);
    for (size_t b = 0; b < n; b++) {
        char label[LABEL_CHARS];
        ev_text_shorten(args->backends[b].name, label, sizeof label);
        ev_plot_set_element(script, "names", b, label);
        if (b < sizeof names / sizeof *names)
            names[b] = args->backends[b].name;
    }
    ev_plot_write_slots(script, names, n < 64 ? n : 64);
}

/* $edges: both edges of the asphalt, blocks separated by two empty lines. */
static void write_edges(const struct ev_track *track, FILE *script)
{
    fputs("$edges << EOD\n", script);
    for (int side = 0; side < 2; side++) {
        for (int32_t i = 0; i <= track->n_segments; i++) {
            const struct ev_segment *s = &track->segments[i % track->n_segments];
            float offset_m = side == 0 ? s->left_m : -s->right_m;
            fprintf(script, "%.3f %.3f\n", (double)(s->x_m - s->ty * offset_m),
                    (double)(s->y_m + s->tx * offset_m));
        }
        fputs("\n\n", script);
    }
    fputs("EOD\n", script);
}

static bool write_map(const void *subject, FILE *script)
{
    const struct group *group = subject;
    const struct ev_drive_args *args = group->result->args;
    double most_m = 0.1;

    write_head(group, "Distance from the line", script);
    write_edges(args->tracks[group->runs->track], script);
    ev_plot_start_array(script, "verdicts", args->n_backends);
    for (size_t b = 0; b < args->n_backends; b++) {
        const struct ev_lap *lap = &group->runs[b].laps[0];
        char text[120];
        if (lap->n_frames == 0)
            snprintf(text, sizeof text, "not driven");
        else
            snprintf(text, sizeof text, "%s, mean %.3f m, at most %.2f m",
                     ev_lap_end_text(lap->end), lap->deviation_mae_m, lap->deviation_max_m);
        ev_plot_set_element(script, "verdicts", b, text);
        most_m = fmax(most_m, lap->deviation_max_m);
    }
    ev_plot_set_number(script, "most", most_m);
    fputs("$paths << EOD\n", script);
    for (size_t b = 0; b < args->n_backends; b++) {
        const struct ev_lap *lap = &group->runs[b].laps[0];
        for (int64_t k = 0; k < lap->n_frames; k++)
            fprintf(script, "%.3f %.3f %.4f\n", lap->frames[k].pose.x_m, lap->frames[k].pose.y_m,
                    fabs(lap->frames[k].offset_m));
        fputs(lap->n_frames > 0 ? "\n\n" : "NaN NaN NaN\n\n\n", script);
    }
    fputs("EOD\n", script);
    return true;
}

static bool write_lap(const void *subject, FILE *script)
{
    const struct group *group = subject;
    const struct ev_drive_args *args = group->result->args;
    int64_t n_pictures = 0;

    for (size_t b = 0; b < args->n_backends; b++)
        n_pictures += group->runs[b].laps[0].n_frames;
    write_head(group, "Along the lap", script);
    ev_plot_set_number(script, "n_pictures", (double)n_pictures);
    ev_plot_set_number(script, "length", group->runs[0].laps[0].length_m);
    fputs("$laps << EOD\n", script);
    for (size_t b = 0; b < args->n_backends; b++) {
        const struct ev_lap *lap = &group->runs[b].laps[0];
        for (int64_t k = 0; k < lap->n_frames; k++)
            fprintf(script, "%.3f %.4f %.3f\n", lap->frames[k].progress_m,
                    fabs(lap->frames[k].offset_m), lap->frames[k].motion.v_mps);
        fputs(lap->n_frames > 0 ? "\n\n" : "NaN NaN NaN\n\n\n", script);
    }
    fputs("EOD\n", script);
    return true;
}

enum ev_status ev_drive_draw(const struct ev_drive_result *result,
                             const struct ev_plotter *plotter, const char *folder,
                             struct ev_error *err)
{
    enum ev_status status = EV_OK;
    char name[200], map[220], lap[220];

    for (size_t i = 0; i < result->n_runs && status == EV_OK; i += result->args->n_backends) {
        const struct group group = {result, &result->runs[i]};
        ev_drive_run_name(result, &result->runs[i], "-", name, sizeof name);
        snprintf(map, sizeof map, "map-%s", name);
        snprintf(lap, sizeof lap, "lap-%s", name);
        const struct ev_plot_job jobs[] = {{map, "map", write_map, &group},
                                           {lap, "lap", write_lap, &group}};
        status = ev_plot_draw(jobs, sizeof jobs / sizeof *jobs, plotter, folder, err);
    }
    return status;
}
