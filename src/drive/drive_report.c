/* SPDX-License-Identifier: MIT */
/* The files of a drive's report, each whole or absent. */
#include "drive/drive_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/json.h"
#include "base/host.h"
#include "base/progress.h"
#include "base/text.h"
#include "drive/drive_figures.h"
#include "evalrun/version.h"
#include "report/plot.h"

enum ev_status ev_drive_report_check(const struct ev_report_folders *folders, struct ev_error *err)
{
    enum ev_status status = ev_file_make_folder(folders->tables, err);

    if (status == EV_OK)
        status = ev_file_make_folder(folders->plots, err);
    if (status == EV_OK)
        status = ev_file_check(folders->tables, "drive.json", err);
    if (status == EV_OK)
        status = ev_file_check(folders->plots, "map.png", err);
    return status;
}

/* --- JSON --- */

static json_t *lap_json(const struct ev_drive_result *result, const struct ev_drive_run *run,
                        int64_t k, struct ev_error *err)
{
    const struct ev_lap *lap = &run->laps[k];
    struct ev_lap_figures f;

    if (ev_lap_figures_of(lap, &f, err) != EV_OK)
        return NULL;
    return json_pack(
        "{s:o, s:o, s:s, s:I, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:I, s:I, s:o, "
        "s:o, s:o, s:o}",
        "backend", ev_json_text(result->args->backends[run->backend].name), "circuit",
        ev_json_text(result->args->tracks[run->track]->name), "direction",
        run->direction > 0 ? "forward" : "reverse", "lap", (json_int_t)k, "end",
        ev_lap_end_text(lap->end), "completed", (int)f.completed, "length_m",
        ev_json_real(lap->length_m), "completed_m", ev_json_real(lap->completed_m), "lap_time_s",
        ev_json_real(f.lap_time_s), "time_s", ev_json_real(lap->time_s), "average_speed_mps",
        ev_json_real(f.speed_mps), "deviation_mae_m", ev_json_real(lap->deviation_mae_m),
        "deviation_max_m", ev_json_real(lap->deviation_max_m), "deviation_mean_1000_pow_d",
        ev_json_real(lap->deviation_weighted), "off_asphalt_s", ev_json_real(lap->off_asphalt_s),
        "n_pictures", (json_int_t)lap->n_frames, "n_inferences", (json_int_t)lap->n_inferences,
        "inference_mean_ms", ev_json_real(f.inference_mean_ms), "inference_p99_ms",
        ev_json_real(f.inference_p99_ms), "brain_iterations_hz", ev_json_real(f.brain_hz),
        "real_time_factor", ev_json_real(f.real_time_factor));
}

static json_t *backend_json(const struct ev_drive_result *result, size_t b)
{
    const struct ev_eval_backend *backend = &result->args->backends[b];
    char sha256[65] = "";
    struct ev_error ignored = EV_ERROR_INIT;

    if (!backend->model_path || ev_file_sha256(backend->model_path, sha256, &ignored) != EV_OK)
        *sha256 = '\0';
    return json_pack("{s:o, s:o, s:s, s:o, s:s, s:o, s:o}", "name", ev_json_text(backend->name),
                     "engine", ev_json_text(backend->engine->name), "precision",
                     ev_precision_name(backend->precision), "model_path",
                     ev_json_text(backend->model_path), "model_sha256", sha256, "latency_median_s",
                     ev_json_real(result->latency_s[b]), "latency_p99_s",
                     ev_json_real(result->latency_p99_s[b]));
}

enum ev_status ev_drive_write_json(const struct ev_drive_result *result, const char *command_line,
                                   const char *path, struct ev_error *err)
{
    const struct ev_drive_args *args = result->args;
    struct ev_outfile file = {0};
    struct ev_host host;
    json_t *backends = json_array(), *laps = json_array();

    ev_host_describe(&host);
    json_t *json = json_pack(
        "{s:s, s:i, s:s, s:o, s:{s:o, s:o, s:o, s:i}, s:{s:s, s:I, s:I, s:b, s:o, s:o, s:i}, s:b, "
        "s:O, s:O}",
        "schema", "evalrun-drive", "schema_version", 1, "tool_version", EV_VERSION, "command_line",
        ev_json_text(command_line), "machine", "cpu_model", ev_json_text(host.cpu_model), "kernel",
        ev_json_text(host.kernel), "os_name", ev_json_text(host.os_name), "n_cores",
        (int)host.n_cores, "options", "latency", args->latency_s < 0 ? "measured" : "given", "laps",
        (json_int_t)args->n_laps, "seed", (json_int_t)args->seed, "perturb", (int)args->perturb,
        "lag_s", ev_json_real(args->lag_s), "rate_hz", ev_json_real(EV_CAR_RATE_HZ), "threads",
        (int)args->n_threads, "interrupted", (int)result->interrupted, "backends", backends, "laps",
        laps);
    bool complete = json != NULL;
    for (size_t b = 0; b < args->n_backends && complete; b++)
        complete = json_array_append_new(backends, backend_json(result, b)) == 0;
    for (size_t i = 0; i < result->n_runs && complete; i++) {
        for (int64_t k = 0; k < args->n_laps && complete; k++)
            complete = json_array_append_new(laps, lap_json(result, &result->runs[i], k, err)) == 0;
    }
    enum ev_status status = complete ? ev_outfile_open(&file, path, err)
                                     : ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    if (status == EV_OK) {
        json_dumpf(json, file.stream, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
        fputc('\n', file.stream);
        status = ev_outfile_commit(&file, err);
    }
    ev_outfile_abort(&file);
    json_decref(json);
    json_decref(laps);
    json_decref(backends);
    return status;
}

/* --- All files --- */

enum text { TEXT_CSV, TEXT_TRACE, TEXT_MARKDOWN, N_TEXTS };
static const char *const text_names[N_TEXTS] = {"drive.csv", "drive_trace.csv", "drive.md"};

static enum ev_status write_text(const struct ev_drive_result *result, enum text which,
                                 const char *command_line, const char *folder, const char *plots,
                                 struct ev_error *err)
{
    struct ev_outfile file = {0};
    char *path = ev_path_join(folder, text_names[which]);
    enum ev_status status =
        path ? ev_outfile_open(&file, path, err) : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && which == TEXT_CSV)
        status = ev_drive_write_csv(result, file.stream, err);
    else if (status == EV_OK && which == TEXT_TRACE)
        ev_drive_write_trace(result, file.stream);
    else if (status == EV_OK)
        status = ev_drive_write_markdown(result, command_line, plots, file.stream, err);
    if (status == EV_OK)
        status = ev_outfile_commit(&file, err);
    ev_outfile_abort(&file);
    free(path);
    return status;
}

enum ev_status ev_drive_report_write(const struct ev_drive_result *result, const char *command_line,
                                     const struct ev_report_folders *folders, struct ev_error *err)
{
    char *gnuplot = ev_plot_find_gnuplot();
    const struct ev_plotter plotter = {gnuplot, folders->templates};
    char *json = ev_path_join(folders->tables, "drive.json");
    char *plots = gnuplot ? ev_path_relative(folders->tables, folders->plots) : NULL;
    enum ev_status status = json ? ev_drive_write_json(result, command_line, json, err)
                                 : ev_fail(err, EV_MEMORY, "out of memory");

    for (int which = 0; which < N_TEXTS && status == EV_OK; which++)
        status = write_text(result, (enum text)which, command_line, folders->tables, plots, err);
    if (status == EV_OK && gnuplot)
        status = ev_drive_draw(result, &plotter, folders->plots, err);
    else if (status == EV_OK)
        ev_progress_note("gnuplot is not installed: tables written, charts left out "
                         "(Debian: apt install gnuplot-nox)");
    free(plots);
    free(json);
    free(gnuplot);
    return status;
}
