/* SPDX-License-Identifier: MIT */
/* The table of writers, the folders, and the order in which files are written. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "report/plot.h"
#include "report/report_html.h"
#include "report/report_view.h"
#include "report/worst_sheet.h"

static enum ev_status write_json(const struct ev_result *result, const char *plots, FILE *out,
                                 struct ev_error *err)
{
    (void)plots;
    return ev_result_save(result, out, err);
}

/* The record: from it all the rest can be made again. */
static const struct ev_report_writer json = {"results.json", write_json};

static const struct ev_report_writer *const writers[] = {&json, &ev_report_csv,
                                                         &ev_report_markdown};
#define N_WRITERS (sizeof writers / sizeof *writers)

enum ev_status ev_report_check(const struct ev_report_folders *folders, struct ev_error *err)
{
    enum ev_status status = ev_file_make_folder(folders->tables, err);

    if (status == EV_OK)
        status = ev_file_make_folder(folders->plots, err);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = ev_file_check(folders->tables, writers[i]->file_name, err);
    if (status == EV_OK)
        status = ev_file_check(folders->tables, EV_HTML_FILE, err);
    if (status == EV_OK)
        status = ev_html_check(folders->templates, err);
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

/* Renames no file before all are written. */
static enum ev_status write_tables(const struct ev_result *result, const char *folder,
                                   const char *plots, struct ev_error *err)
{
    struct ev_outfile files[N_WRITERS] = {0};
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = write_table(writers[i], result, folder, plots, &files[i], err);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = ev_outfile_commit(&files[i], err);
    for (size_t i = 0; i < N_WRITERS; i++)
        ev_outfile_abort(&files[i]);
    return status;
}

/* The page of an evaluation that left nothing is none. */
static enum ev_status write_page(const struct ev_view *view, const struct ev_report_folders *folders,
                                 bool has_charts, struct ev_error *err)
{
    struct ev_outfile file = {0};
    char *path = ev_path_join(folders->tables, EV_HTML_FILE);
    enum ev_status status = path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && view->n_backends > 0) {
        status = ev_outfile_open(&file, path, err);
        if (status == EV_OK)
            status = ev_html_write(view, has_charts ? folders->plots : NULL, folders->templates,
                                   file.stream, err);
        if (status == EV_OK)
            status = ev_outfile_commit(&file, err);
        ev_outfile_abort(&file);
    }
    free(path);
    return status;
}

static enum ev_status write_charts(const struct ev_view *view, const char *gnuplot,
                                   const struct ev_report_folders *folders, struct ev_error *err)
{
    const struct ev_plotter plotter = {gnuplot, folders->templates};
    enum ev_status status = ev_plot_write(view, &plotter, folders->plots, err);

    return status == EV_OK ? ev_worst_write(view, folders->plots, err) : status;
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
        status = write_charts(&view, gnuplot, folders, err);
    else if (status == EV_OK)
        ev_progress_note("gnuplot is not installed: tables written, charts left out "
                         "(Debian: apt install gnuplot-nox)");
    if (status == EV_OK)
        status = write_page(&view, folders, gnuplot != NULL, err);
    ev_view_free(&view);
    free(plots);
    free(gnuplot);
    return status;
}
