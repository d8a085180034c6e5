/* SPDX-License-Identifier: MIT */
/* evalrun drive: laps of models on circuits, in the closed loop. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/report_folders.h"
#include "cli/select.h"
#include "drive/drive_report.h"
#include "drive/watch.h"
#include "render/render.h"

#define DEFAULT_TABLES "results/latest"
#define DEFAULT_PLOTS  "plots/latest"
#define MAX_CIRCUITS   64

static const char *const directions[] = {"both", "forward", "reverse", NULL};

static const char *backend_text;
static const char *model_path;
static const char *engine_text;
static const char *precision_text;
static const char *device_text = "cpu";
static const char *latency_text = "measured";
static const char *direction = "both";
static const char *out_path;
static const char *plots_path;
static const char *film_path;
static const char *sheet_path;
static const char *save_path;
static int64_t n_laps = 1;
static int64_t seed = 1;
static int64_t n_threads;
static double lag_s;
static bool perturb;
static bool quiet;

static const struct ev_option options[] = {
    {"backend", 'b', EV_OPT_TEXT, "BACKENDS", &backend_text, 0, 0,
     "who drives: names, engine modules (a path with '/'), or all, the variants with a model "
     "(default: all)",
     NULL},
    {"model", 'm', EV_OPT_TEXT, "FILES", &model_path, 0, 0,
     "drive with these TorchScript models, separated by commas, under one backend (default: torch)",
     NULL},
    {"latency", 0, EV_OPT_TEXT, "SECONDS", &latency_text, 0, 0,
     "from a picture to its command taking effect: seconds, or measured, each backend's own "
     "inference time on this machine (default: measured)",
     NULL},
    {"direction", 0, EV_OPT_CHOICE, "NAME", &direction, 0, 0,
     "forward, as the circuit's file has it, reverse, or both (default: both)", directions},
    {"laps", 0, EV_OPT_INT, "N", &n_laps, 1, 100000,
     "laps of each backend, circuit and direction (default: 1)", NULL},
    {"perturb", 0, EV_OPT_FLAG, NULL, &perturb, 0, 0,
     "start beside the line, and be pushed on the way, another way in each lap", NULL},
    {"seed", 0, EV_OPT_INT, "N", &seed, 0, 9e15,
     "of textures, starts and pushes; the same for all backends (default: 1)", NULL},
    {"lag", 0, EV_OPT_DOUBLE, "SECONDS", &lag_s, 0, 10,
     "time constant with which the car follows commands (default: 0, at once)", NULL},
    {"engine", 0, EV_OPT_TEXT, "ENGINE", &engine_text, 0, 0,
     "what runs the models: torch, reference (plain C), cuda, or an engine module (a path "
     "with '/'; default: torch, and cuda for int8 models on a GPU)",
     NULL},
    {"precision", 0, EV_OPT_TEXT, "PRECISIONS", &precision_text, 0, 0,
     "compute float models in each of fp32, tf32 and fp16 that this list names, and int8 models if "
     "it has int8 (default: as they were saved)",
     NULL},
    {"device", 'd', EV_OPT_TEXT, "DEVICE", &device_text, 0, 0,
     "cpu, cuda or cuda:N (default: cpu)", NULL},
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "laps driven at the same time (default: the cores this process may use)", NULL},
    {"out", 'o', EV_OPT_TEXT, "DIR", &out_path, 0, 0,
     "folder of the tables (default: " DEFAULT_TABLES ")", NULL},
    {"plots", 0, EV_OPT_TEXT, "DIR", &plots_path, 0, 0,
     "folder of the charts (default: " DEFAULT_PLOTS ", or plots in the folder --out)", NULL},
    {"record", 0, EV_OPT_TEXT, "FILE", &film_path, 0, 0,
     "the first lap as an animated WebP; needs one backend, circuit and direction", NULL},
    {"contact-sheet", 0, EV_OPT_TEXT, "FILE", &sheet_path, 0, 0,
     "twelve moments of the first lap as a PNG; needs the same", NULL},
    {"save", 0, EV_OPT_TEXT, "FILE", &save_path, 0, 0,
     "the first lap as an HDF5 set, with the expert's commands as labels; needs the same", NULL},
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

/* One drive: what it is given, and what it gives. */
struct drive {
    struct ev_backends backends;
    struct ev_track *tracks[MAX_CIRCUITS];
    size_t n_tracks;
    struct ev_chosen_folders chosen;
    struct ev_drive_args args;
    struct ev_drive_result result;
};

static enum ev_status parse_latency(double *latency_s, struct ev_error *err)
{
    if (strcmp(latency_text, "measured") == 0) {
        *latency_s = -1.0;
        return EV_OK;
    }
    if (!ev_text_double(latency_text, latency_s) || *latency_s < 0.0 || *latency_s > 10.0)
        return ev_fail(err, EV_USAGE, "--latency %s: expected measured, or seconds from 0 to 10",
                       latency_text);
    return EV_OK;
}

static enum ev_status open_tracks(struct drive *drive, int n, char **names, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int i = 0; i < n && status == EV_OK; i++) {
        status = ev_track_open(names[i], &drive->tracks[drive->n_tracks], err);
        drive->n_tracks += status == EV_OK;
    }
    /* Charts are files named after circuits. */
    for (size_t i = 0; i < drive->n_tracks && status == EV_OK; i++) {
        char clean[256];
        ev_text_clean(drive->tracks[i]->name, clean, sizeof clean);
        if (strcmp(clean, drive->tracks[i]->name) != 0)
            return ev_fail(err, EV_USAGE,
                           "circuit '%s': charts are named after it, so it needs a name of plain "
                           "characters",
                           drive->tracks[i]->name);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(drive->tracks[i]->name, drive->tracks[j]->name) == 0)
                return ev_fail(err, EV_USAGE, "two circuits are called '%s'",
                               drive->tracks[i]->name);
        }
    }
    for (const struct ev_builtin_set *set = ev_builtin_sets; set->name && n == 0; set++) {
        if (strcmp(set->role, "test") != 0)
            continue;
        status = ev_track_open(set->name, &drive->tracks[drive->n_tracks], err);
        if (status != EV_OK)
            return status;
        drive->n_tracks++;
    }
    return status;
}

/* Whether the file can appear and is none that is read, seen before anything is driven. */
static enum ev_status check_file(const struct drive *drive, const char *path, struct ev_error *err)
{
    const char *const inputs[] = {drive->tracks[0]->path, drive->backends.backends[0].model_path};

    for (size_t i = 0; i < 2 && path; i++) {
        if (inputs[i] && ev_file_is_same(path, inputs[i]))
            return ev_fail(err, EV_USAGE, "%s: would be overwritten, but it is what is read", path);
    }
    return path ? ev_file_check_path(path, err) : EV_OK;
}

/* What shows one lap needs to know which. */
static enum ev_status check_watching(const struct drive *drive, struct ev_error *err)
{
    const char *option = film_path ? "record" : sheet_path ? "contact-sheet" : "save";

    if (!film_path && !sheet_path && !save_path)
        return EV_OK;
    if (drive->backends.n != 1 || drive->n_tracks != 1 || strcmp(direction, "both") == 0)
        return ev_fail(err, EV_USAGE,
                       "--%s shows one lap: name one circuit, one --backend and one --direction",
                       option);
    const char *const paths[] = {film_path, sheet_path, save_path};
    enum ev_status status = EV_OK;
    for (size_t i = 0; i < 3 && status == EV_OK; i++) {
        for (size_t j = 0; j < i && paths[i]; j++) {
            if (paths[j] && ev_file_is_same(paths[i], paths[j]))
                return ev_fail(err, EV_USAGE, "%s: named for two files", paths[i]);
        }
        status = check_file(drive, paths[i], err);
    }
    return status;
}

/* All that can be wrong with the command line, before anything costs time. */
static enum ev_status check(struct drive *drive, int n_operands, char **operands,
                            struct ev_error *err)
{
    struct ev_drive_args *args = &drive->args;
    enum ev_status status =
        ev_device_select(device_text, &args->device_kind, &args->device_index, err);

    if (status == EV_OK)
        status = parse_latency(&args->latency_s, err);
    if (status == EV_OK)
        status = ev_backends_select(backend_text, model_path, engine_text, &drive->backends, err);
    if (status == EV_OK)
        status = ev_backends_take_precisions(&drive->backends, precision_text, err);
    if (status == EV_OK)
        status = open_tracks(drive, n_operands, operands, err);
    if (status == EV_OK)
        status = check_watching(drive, err);
    if (status == EV_OK)
        status = ev_backends_load(&drive->backends, args->device_kind, err);
    if (status == EV_OK)
        status = ev_folders_choose(out_path ? out_path : DEFAULT_TABLES,
                                   plots_path ? plots_path
                                   : out_path ? NULL
                                              : DEFAULT_PLOTS,
                                   NULL, &drive->chosen, err);
    if (status == EV_OK)
        status = ev_drive_report_check(&drive->chosen.folders, err);
    return status;
}

static enum ev_status fill_args(struct drive *drive, struct ev_error *err)
{
    struct ev_drive_args *args = &drive->args;

    args->backends = drive->backends.backends;
    args->n_backends = drive->backends.n;
    args->tracks = drive->tracks;
    args->n_tracks = drive->n_tracks;
    args->directions = strcmp(direction, "forward") == 0   ? EV_DRIVE_FORWARD
                       : strcmp(direction, "reverse") == 0 ? EV_DRIVE_REVERSE
                                                           : EV_DRIVE_FORWARD | EV_DRIVE_REVERSE;
    args->n_laps = n_laps;
    args->seed = (uint64_t)seed;
    args->perturb = perturb;
    args->lag_s = lag_s;
    return ev_threads_select(n_threads, &args->n_threads, err);
}

/* Shows the first lap where that was asked for. */
static enum ev_status show_lap(const struct drive *drive, struct ev_error *err)
{
    static enum ev_status (*const show[])(
        const struct ev_drive_result *, const struct ev_drive_run *, int64_t, const char *,
        struct ev_error *) = {ev_watch_film, ev_watch_sheet, ev_watch_save};
    const char *const paths[] = {film_path, sheet_path, save_path};
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < 3 && status == EV_OK; i++) {
        if (!paths[i])
            continue;
        status = show[i](&drive->result, &drive->result.runs[0], 0, paths[i], err);
        if (status == EV_OK)
            printf("%s\n", paths[i]);
    }
    return status;
}

static enum ev_status report(struct drive *drive, struct ev_error *err)
{
    if (drive->result.interrupted)
        ev_interrupt_answer();
    enum ev_status status = ev_drive_report_print(&drive->result, stdout, err);

    fflush(stdout);
    if (status == EV_OK)
        status =
            ev_drive_report_write(&drive->result, ev_command_line, &drive->chosen.folders, err);
    if (status == EV_OK)
        ev_folders_print(&drive->chosen);
    if (status == EV_OK && drive->result.interrupted)
        status = ev_fail(err, EV_INTERRUPTED, "interrupted");
    if (status == EV_OK)
        status = show_lap(drive, err);
    return status;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct drive drive = {0};
    bool driven = false;

    ev_progress_set_quiet(quiet);
    enum ev_status status = check(&drive, n_operands, operands, err);
    if (status == EV_OK)
        status = fill_args(&drive, err);
    if (status == EV_OK) {
        status = ev_drive_run_all(&drive.args, &drive.result, err);
        driven = status == EV_OK;
    }
    if (driven) {
        status = report(&drive, err);
        ev_drive_result_free(&drive.result);
    } else {
        ev_folders_remove_new(&drive.chosen);
    }
    ev_folders_free(&drive.chosen);
    for (size_t i = 0; i < drive.n_tracks; i++)
        ev_track_close(drive.tracks[i]);
    ev_backends_free(&drive.backends);
    return status;
}

const struct ev_command ev_cmd_drive = {
    .name = "drive",
    .summary = "drive laps: does the car stay on the road",
    .operands = "[CIRCUIT...]",
    .min_operands = 0,
    .max_operands = MAX_CIRCUITS,
    .notes = "CIRCUIT is a built-in one (default: the three test circuits) or a CSV file with\n"
             "the columns x_m, y_m, left_m and right_m, as for `evalrun dataset render`.\n"
             "Camera, car and time are simulated: the same seed and latency give the same laps\n"
             "on any number of threads. The folder of the tables gets drive.csv (a row for\n"
             "each lap), drive.md, drive.json and drive_trace.csv, the folder of the charts\n"
             "maps and laps.\n"
             "\n"
             "Examples:\n"
             "  evalrun drive                        all variants, test circuits\n"
             "  evalrun drive montreal --backend static --latency 0.05\n"
             "  evalrun drive --laps 20 --perturb    with intervals over laps\n"
             "  evalrun drive my-circuit.csv --model my.pt\n",
    .options = options,
    .run = run,
};
