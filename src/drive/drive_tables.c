/* SPDX-License-Identifier: MIT */
/* Tables of laps: for a terminal, for a post, and as CSV. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/text.h"
#include "drive/drive_figures.h"
#include "drive/drive_report.h"
#include "report/plot.h"
#include "report/report_grid.h"

/* The figures of all backends of one table. */
struct table {
    const struct ev_drive_figures *figures; /* (n_backends) */
    size_t n;
    struct ev_grid *grid;
    size_t column;
    double *values;
};

typedef double figure(const struct ev_drive_figures *figures);

static double completed_percent(const struct ev_drive_figures *f)
{
    return f->completed_percent;
}
static double lap_time_s(const struct ev_drive_figures *f)
{
    return f->lap_time_s;
}
static double speed_mps(const struct ev_drive_figures *f)
{
    return f->speed_mps;
}
static double deviation_mae_m(const struct ev_drive_figures *f)
{
    return f->deviation_mae_m;
}
static double deviation_max_m(const struct ev_drive_figures *f)
{
    return f->deviation_max_m;
}
static double deviation_weighted(const struct ev_drive_figures *f)
{
    return f->deviation_weighted;
}
static double off_asphalt_s(const struct ev_drive_figures *f)
{
    return f->off_asphalt_s;
}
static double inference_mean_ms(const struct ev_drive_figures *f)
{
    return f->inference_mean_ms;
}
static double inference_p99_ms(const struct ev_drive_figures *f)
{
    return f->inference_p99_ms;
}
static double brain_hz(const struct ev_drive_figures *f)
{
    return f->brain_hz;
}
static double real_time_factor(const struct ev_drive_figures *f)
{
    return f->real_time_factor;
}

/* The columns of numbers, in order. */
static const struct {
    const char *what, *unit;
    int significant; /* digits of the smallest; 0: two decimals */
    figure *get;
} columns[] = {
    {"distance", "%", 3, completed_percent},
    {"lap time", "s", 0, lap_time_s},
    {"speed", "m/s", 0, speed_mps},
    {"deviation", "MAE, m", 2, deviation_mae_m},
    {"max", "m", 2, deviation_max_m},
    {"1000^d", "mean", 3, deviation_weighted},
    {"off road", "s", 0, off_asphalt_s},
    {"inference", "ms", 3, inference_mean_ms},
    {"p99", "ms", 3, inference_p99_ms},
    {"brain", "Hz", 1, brain_hz},
    {"real time", "times", 2, real_time_factor},
};
#define N_COLUMNS (sizeof columns / sizeof *columns)

static void add_column(struct table *table, size_t c)
{
    ev_grid_set_header(table->grid, table->column, columns[c].what, columns[c].unit);
    for (size_t i = 0; i < table->n; i++)
        table->values[i] = columns[c].get(&table->figures[i]);
    if (columns[c].significant > 0) {
        ev_grid_set_numbers(table->grid, table->column++, table->values, columns[c].significant);
        return;
    }
    for (size_t i = 0; i < table->n; i++) {
        char text[40];
        ev_grid_number(table->values[i], 2, text, sizeof text);
        ev_grid_set_text(table->grid, i, table->column, text);
    }
    table->column++;
}

/* "2 of 3", or how the lap that came least far ended: "left the road". */
static void set_verdict(struct table *table, size_t i)
{
    const struct ev_drive_figures *f = &table->figures[i];
    char text[80];

    if (f->n_laps == 1)
        snprintf(text, sizeof text, "%s", ev_lap_end_text(f->worst->end));
    else if (f->n_completed == f->n_laps)
        snprintf(text, sizeof text, "all %" PRId64, f->n_laps);
    else
        snprintf(text, sizeof text, "%" PRId64 " of %" PRId64 " (%s)", f->n_completed, f->n_laps,
                 ev_lap_end_text(f->worst->end));
    ev_grid_set_text(table->grid, i, table->column, text);
}

static void set_interval(struct table *table, size_t i)
{
    const struct ev_drive_figures *f = &table->figures[i];
    char text[64] = "-";

    if (isfinite(f->deviation_low_m))
        snprintf(text, sizeof text, "%.4f..%.4f", f->deviation_low_m, f->deviation_high_m);
    ev_grid_set_text(table->grid, i, table->column, text);
}

enum ev_status ev_drive_table(const struct ev_drive_result *result, size_t first,
                              struct ev_grid *grid, struct ev_error *err)
{
    const size_t n = result->args->n_backends;
    const bool intervals = result->args->n_laps > 1;
    struct ev_drive_figures *figures = calloc(n, sizeof *figures);
    struct table table = {figures, n, grid, 1, calloc(n, sizeof *table.values)};
    enum ev_status status = ev_grid_init(grid, 2 + N_COLUMNS + intervals, n, err);

    if (!figures || !table.values)
        status = ev_fail(err, EV_MEMORY, "out of memory for a table");
    for (size_t i = 0; i < n && status == EV_OK; i++)
        status = ev_drive_figures_of(result, &result->runs[first + i], &figures[i], err);
    if (status != EV_OK)
        goto done;
    ev_grid_set_header(grid, 0, "backend", "");
    ev_grid_set_header(grid, table.column, intervals ? "completed" : "result", "");
    for (size_t i = 0; i < n; i++) {
        ev_grid_set_text(grid, i, 0, result->args->backends[i].name);
        set_verdict(&table, i);
    }
    table.column++;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        add_column(&table, c);
        if (columns[c].get != deviation_mae_m || !intervals)
            continue;
        ev_grid_set_header(grid, table.column, "interval", "95 %, m");
        for (size_t i = 0; i < n; i++)
            set_interval(&table, i);
        table.column++;
    }
done:
    if (status != EV_OK)
        ev_grid_free(grid);
    free(table.values);
    free(figures);
    return status;
}

void ev_drive_latency_text(const struct ev_drive_result *result, size_t backend, char *text,
                           size_t size)
{
    const double median_ms = 1e3 * result->latency_s[backend];

    if (result->args->latency_s < 0)
        snprintf(text, size, "%.3g ms (p99 %.3g)", median_ms, 1e3 * result->latency_p99_s[backend]);
    else
        snprintf(text, size, "%.4g ms", median_ms);
}

static void print_conditions(const struct ev_drive_result *result, FILE *out)
{
    const struct ev_drive_args *args = result->args;
    const bool measured = args->latency_s < 0;
    char text[80];

    fputs(measured ? "latency as measured: " : "latency ", out);
    for (size_t b = 0; b < (measured ? args->n_backends : 1); b++) {
        ev_drive_latency_text(result, b, text, sizeof text);
        fprintf(out, "%s%s%s%s", b > 0 ? ", " : "", measured ? args->backends[b].name : "",
                measured ? " " : "", text);
    }
    fprintf(out, "; lag %g s; seed %" PRIu64, args->lag_s, args->seed);
    if (args->perturb)
        fputs("; starts and pushes beside the line", out);
}

enum ev_status ev_drive_report_print(const struct ev_drive_result *result, FILE *out,
                                     struct ev_error *err)
{
    struct ev_grid grid;
    char name[300], clean[300];

    for (size_t i = 0; i < result->n_runs; i += result->args->n_backends) {
        enum ev_status status = ev_drive_table(result, i, &grid, err);
        if (status != EV_OK)
            return status;
        ev_drive_run_name(result, &result->runs[i], ", ", name, sizeof name);
        ev_text_clean(name, clean, sizeof clean);
        fprintf(out, "\n%s: %.1f m\n\n", clean, result->runs[i].laps[0].length_m);
        ev_grid_print(&grid, "  ", out);
        ev_grid_free(&grid);
    }
    fputs("\n  ", out);
    print_conditions(result, out);
    fputs("\n  deviation: mean distance from the line; 1000^d: of d in metres, the driving "
          "community's weighted figure\n"
          "  inference, brain, real time: measured while driving, one thread a lap\n\n",
          out);
    return EV_OK;
}

static void write_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.10g", value);
    else
        fputc(',', out);
}

enum ev_status ev_drive_write_csv(const struct ev_drive_result *result, FILE *out,
                                  struct ev_error *err)
{
    const struct ev_drive_args *args = result->args;

    fputs("backend,circuit,direction,lap,seed,end,completed,completed_m,completed_percent,"
          "lap_time_s,average_speed_mps,deviation_mae_m,deviation_max_m,deviation_mean_1000_pow_d,"
          "off_asphalt_s,latency_median_s,lag_s,n_pictures,n_inferences,inference_mean_ms,"
          "inference_p99_ms,brain_iterations_hz,real_time_factor\n",
          out);
    for (size_t i = 0; i < result->n_runs; i++) {
        const struct ev_drive_run *run = &result->runs[i];
        for (int64_t k = 0; k < args->n_laps; k++) {
            const struct ev_lap *lap = &run->laps[k];
            struct ev_lap_figures f;
            enum ev_status status = ev_lap_figures_of(lap, &f, err);
            if (status != EV_OK)
                return status;
            ev_text_csv_cell(out, args->backends[run->backend].name);
            fputc(',', out);
            ev_text_csv_cell(out, args->tracks[run->track]->name);
            fprintf(out, ",%s,%" PRId64 ",%" PRIu64 ",%s,%d",
                    run->direction > 0 ? "forward" : "reverse", k, args->seed,
                    ev_lap_end_text(lap->end), f.completed);
            const double before[] = {lap->completed_m,
                                     f.completed_percent,
                                     f.lap_time_s,
                                     f.speed_mps,
                                     lap->deviation_mae_m,
                                     lap->deviation_max_m,
                                     lap->deviation_weighted,
                                     lap->off_asphalt_s,
                                     result->latency_s[run->backend],
                                     args->lag_s};
            for (size_t j = 0; j < sizeof before / sizeof *before; j++)
                write_number(out, before[j]);
            fprintf(out, ",%" PRId64 ",%" PRId64, lap->n_frames, lap->n_inferences);
            const double after[] = {f.inference_mean_ms, f.inference_p99_ms, f.brain_hz,
                                    f.real_time_factor};
            for (size_t j = 0; j < sizeof after / sizeof *after; j++)
                write_number(out, after[j]);
            fputc('\n', out);
        }
    }
    return EV_OK;
}

void ev_drive_write_trace(const struct ev_drive_result *result, FILE *out)
{
    fputs("backend,circuit,direction,time_s,progress_m,x_m,y_m,yaw_rad,offset_m,on_asphalt,v_mps,"
          "w_radps,command_v_mps,command_w_radps\n",
          out);
    for (size_t i = 0; i < result->n_runs; i++) {
        const struct ev_drive_run *run = &result->runs[i];
        for (int64_t k = 0; k < run->laps[0].n_frames; k++) {
            const struct ev_lap_frame *f = &run->laps[0].frames[k];
            ev_text_csv_cell(out, result->args->backends[run->backend].name);
            fputc(',', out);
            ev_text_csv_cell(out, result->args->tracks[run->track]->name);
            fprintf(out, ",%s,%.2f,%.3f,%.4f,%.4f,%.5f,%.4f,%d,%.4f,%.4f",
                    run->direction > 0 ? "forward" : "reverse", f->time_s, f->progress_m,
                    f->pose.x_m, f->pose.y_m, f->pose.yaw_rad, f->offset_m, f->on_asphalt,
                    f->motion.v_mps, f->motion.w_radps);
            write_number(out, f->command.v_mps);
            write_number(out, f->command.w_radps);
            fputc('\n', out);
        }
    }
}

static void write_charts(const struct ev_drive_result *result, const char *plots, FILE *out)
{
    static const char *const kinds[] = {"map", "lap"};
    char name[300], file[320];

    for (size_t i = 0; i < result->n_runs; i += result->args->n_backends) {
        for (size_t k = 0; k < 2; k++) {
            ev_drive_run_name(result, &result->runs[i], "-", name, sizeof name);
            snprintf(file, sizeof file, "%s-%s.%s", kinds[k], name, ev_plot_formats[0]);
            fputs("![", out);
            ev_grid_markdown_text(name, out);
            fputs("](", out);
            ev_grid_markdown_address(plots, out);
            ev_grid_markdown_address(file, out);
            fputs(")\n\n", out);
        }
    }
}

enum ev_status ev_drive_write_markdown(const struct ev_drive_result *result,
                                       const char *command_line, const char *plots, FILE *out,
                                       struct ev_error *err)
{
    struct ev_grid grid;
    struct ev_host host;
    char name[300], text[4096];

    fputs("# Laps\n\n", out);
    for (size_t i = 0; i < result->n_runs; i += result->args->n_backends) {
        enum ev_status status = ev_drive_table(result, i, &grid, err);
        if (status != EV_OK)
            return status;
        ev_drive_run_name(result, &result->runs[i], ", ", name, sizeof name);
        fputs("## ", out);
        ev_text_clean(name, text, sizeof text);
        ev_grid_markdown_text(text, out);
        fprintf(out, ", %.1f m\n\n", result->runs[i].laps[0].length_m);
        ev_grid_markdown(&grid, out);
        fputc('\n', out);
        ev_grid_free(&grid);
    }
    if (plots)
        write_charts(result, plots, out);
    ev_host_describe(&host);
    fputs("## How it was driven\n\n- Conditions: ", out);
    print_conditions(result, out);
    fputs(
        ".\n- Camera at 20 Hz, planar unicycle, simulated time: a command takes effect its latency "
        "after the picture, and while it is on its way pictures are missed.\n"
        "- Deviation: mean distance of the car from the line over the pictures, in metres; "
        "1000^d is the driving community's weighted mean of 1000 to the power of d.\n"
        "- Inference, brain iterations and real-time factor: wall clock while driving, one thread "
        "a lap, on ",
        out);
    ev_text_clean(host.cpu_model, text, sizeof text);
    ev_grid_markdown_text(text, out);
    ev_text_clean(command_line, text, sizeof text);
    fprintf(out, ".\n- Command:\n\n      %s\n", text);
    return EV_OK;
}
