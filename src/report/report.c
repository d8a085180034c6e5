/* SPDX-License-Identifier: MIT */
/* The table of writers, the folders, and the order in which files are written. */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/progress.h"
#include "report/plot.h"
#include "report/report_layers.h"
#include "report/report_times.h"
#include "report/report_view.h"

static enum ev_status write_json(const struct ev_result *result, const char *plots, FILE *out,
                                 struct ev_error *err)
{
    (void)plots;
    return ev_result_save(result, out, err);
}

/* The record: from it all the rest can be made again. */
static const struct ev_report_writer json = {"results.json", write_json, NULL};

static const struct ev_report_writer *const writers[] = {&json, &ev_report_csv,
                                                         &ev_report_markdown,
                                                         &ev_report_layers_csv,
                                                         &ev_report_timings_csv,
                                                         &ev_report_rounds_csv};
#define N_WRITERS (sizeof writers / sizeof *writers)

enum ev_status ev_report_check(const struct ev_report_folders *folders, struct ev_error *err)
{
    enum ev_status status = ev_file_make_folder(folders->tables, err);

    if (status == EV_OK)
        status = ev_file_make_folder(folders->plots, err);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = ev_file_check(folders->tables, writers[i]->file_name, err);
    for (const struct ev_chart *chart = ev_charts; chart->name && status == EV_OK; chart++) {
        for (size_t i = 0; ev_plot_formats[i] && status == EV_OK; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.%s", chart->name, ev_plot_formats[i]);
            status = ev_file_check(folders->plots, name, err);
        }
    }
    return status;
}

/* Writes one file up to its rename. */
static enum ev_status write_table(const struct ev_report_writer *writer,
                                  const struct ev_result *result, const char *folder,
                                  const char *plots, struct ev_outfile *file, struct ev_error *err)
{
    char *path = ev_path_join(folder, writer->file_name);
    enum ev_status status =
        path ? ev_outfile_open(file, path, err) : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK)
        status = writer->write(result, plots, file->stream, err);
    if (status == EV_OK)
        status = ev_outfile_sync(file, err);
    free(path);
    return status;
}

static bool applies(const struct ev_report_writer *writer, const struct ev_result *result)
{
    return !writer->applies || writer->applies(result);
}

/* A file of an earlier run, which says nothing about this one. */
static enum ev_status remove_table(const char *folder, const char *name, struct ev_error *err)
{
    char *path = ev_path_join(folder, name);
    enum ev_status status = EV_OK;

    if (!path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (unlink(path) != 0 && errno != ENOENT)
        status = ev_fail(err, EV_IO, "%s: cannot be removed: %s", path, strerror(errno));
    free(path);
    return status;
}

/* Renames no file before all are written. */
static enum ev_status write_tables(const struct ev_result *result, const char *folder,
                                   const char *plots, struct ev_error *err)
{
    struct ev_outfile files[N_WRITERS] = {0};
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++) {
        if (applies(writers[i], result))
            status = write_table(writers[i], result, folder, plots, &files[i], err);
    }
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = applies(writers[i], result)
                     ? ev_outfile_commit(&files[i], err)
                     : remove_table(folder, writers[i]->file_name, err);
    for (size_t i = 0; i < N_WRITERS; i++)
        ev_outfile_abort(&files[i]);
    return status;
}

enum ev_status ev_report_write(const struct ev_result *result,
                               const struct ev_report_folders *folders, struct ev_error *err)
{
    struct ev_view view = {0};
    char *gnuplot = ev_plot_find_gnuplot();
    char *plots = NULL;
    enum ev_status status = ev_file_make_folder(folders->tables, err);

    if (status == EV_OK)
        status = ev_file_make_folder(folders->plots, err);
    if (status == EV_OK)
        status = ev_view_init(&view, result, err);
    if (status == EV_OK && gnuplot)
        plots = ev_path_relative(folders->tables, folders->plots);
    if (status == EV_OK)
        status = write_tables(result, folders->tables, plots, err);
    if (status == EV_OK && gnuplot)
        status = ev_plot_write(&view, gnuplot, folders->plots, err);
    else if (status == EV_OK)
        ev_progress_note("gnuplot is not installed: tables written, charts left out "
                         "(Debian: apt install gnuplot-nox)");
    ev_view_free(&view);
    free(plots);
    free(gnuplot);
    return status;
}
