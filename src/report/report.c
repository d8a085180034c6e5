/* SPDX-License-Identifier: MIT */
/* The table of writers, the folders, and the order in which files are written. */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/sums.h"
#include "report/plot.h"
#include "report/report_html.h"
#include "report/report_layers.h"
#include "report/report_times.h"
#include "report/report_view.h"
#include "report/worst_sheet.h"

static enum ev_status write_json(const struct ev_result *result, const char *plots, FILE *out,
                                 struct ev_error *err)
{
    (void)plots;
    return ev_result_save(result, out, err);
}

static enum ev_status write_samples(const struct ev_result *result, const char *plots, FILE *out,
                                    struct ev_error *err)
{
    (void)plots;
    return ev_samples_save(&result->samples, out, err);
}

static bool has_samples(const struct ev_result *result)
{
    return result->samples.n_backends > 0;
}

/* The record and the samples: from them all the rest can be made again. */
static const struct ev_report_writer json = {EV_REPORT_RESULT, write_json, NULL};
static const struct ev_report_writer samples = {EV_REPORT_SAMPLES, write_samples, has_samples};

const struct ev_report_writer *const ev_report_writers[] = {
    &samples, /* first: the record has its digest */
    &json,
    &ev_report_csv,
    &ev_report_markdown,
    &ev_report_layers_csv,
    &ev_report_timings_csv,
    &ev_report_rounds_csv,
    NULL,
};
#define N_WRITERS (sizeof ev_report_writers / sizeof *ev_report_writers - 1)

bool ev_report_applies(const struct ev_report_writer *writer, const struct ev_result *result)
{
    return !writer->applies || writer->applies(result);
}

enum ev_status ev_report_check(const struct ev_report_folders *folders, struct ev_error *err)
{
    enum ev_status status = ev_file_make_folder(folders->tables, err);

    if (status == EV_OK)
        status = ev_file_make_folder(folders->plots, err);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = ev_file_check(folders->tables, ev_report_writers[i]->file_name, err);
    if (status == EV_OK)
        status = ev_file_check(folders->tables, EV_HTML_FILE, err);
    if (status == EV_OK)
        status = ev_file_check(folders->tables, EV_SUMS_FILE, err);
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

    if (status == EV_OK) {
        status = writer->write(result, plots, file->stream, err);
        if (status != EV_OK)
            ev_prefix(err, path);
    }
    if (status == EV_OK)
        status = ev_outfile_sync(file, err);
    free(path);
    return status;
}

/* A file of an earlier report that this one does not have. */
static enum ev_status remove_old(const char *folder, const char *name, struct ev_error *err)
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
    struct ev_result record = *result; /* with the digest of the samples that are written now */
    enum ev_status status = EV_OK;

    record.samples_sha256[0] = '\0';
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++) {
        if (ev_report_applies(ev_report_writers[i], result))
            status = write_table(ev_report_writers[i], &record, folder, plots, &files[i], err);
        if (status == EV_OK && ev_report_writers[i] == &samples && files[i].temporary)
            status = ev_file_sha256(files[i].temporary, record.samples_sha256, err);
    }
    if (status == EV_OK)
        status = remove_old(folder, EV_SUMS_FILE, err);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++) {
        if (ev_report_applies(ev_report_writers[i], result))
            status = ev_outfile_commit(&files[i], err);
        else
            status = remove_old(folder, ev_report_writers[i]->file_name, err);
    }
    for (size_t i = 0; i < N_WRITERS; i++)
        ev_outfile_abort(&files[i]);
    return status;
}

/* The digest of a file that not every report has. */
static enum ev_status add_if_there(struct ev_sums *sums, const char *folder, const char *name,
                                   struct ev_error *err)
{
    char *path = ev_path_join(folder, name);
    enum ev_status status = path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && ev_file_exists(path))
        status = ev_sums_add(sums, folder, name, err);
    free(path);
    return status;
}

static enum ev_status add_chart(struct ev_sums *sums, const char *folder, const char *plots,
                                const char *chart, const char *ending, struct ev_error *err)
{
    char name[64];

    snprintf(name, sizeof name, "%s.%s", chart, ending);
    if (!*plots)
        return add_if_there(sums, folder, name, err);
    char *path = ev_path_join(plots, name);
    enum ev_status status =
        path ? add_if_there(sums, folder, path, err) : ev_fail(err, EV_MEMORY, "out of memory");
    free(path);
    return status;
}

/* Digests of the charts, if they lie below the folder of the tables; `plots` leads to them. */
static enum ev_status add_charts(struct ev_sums *sums, const char *folder, const char *plots,
                                 struct ev_error *err)
{
    enum ev_status status = EV_OK;

    if (*plots == '/' || strncmp(plots, "../", 3) == 0)
        return EV_OK;
    for (const struct ev_chart *chart = ev_charts; chart->name && status == EV_OK; chart++) {
        for (size_t i = 0; ev_plot_formats[i] && status == EV_OK; i++)
            status = add_chart(sums, folder, plots, chart->name, ev_plot_formats[i], err);
    }
    return status == EV_OK ? add_chart(sums, folder, plots, EV_WORST_NAME, "png", err) : status;
}

/* `plots` is NULL without charts. */
static enum ev_status write_sums(const struct ev_result *result, const char *folder,
                                 const char *plots, struct ev_error *err)
{
    struct ev_sums sums = {0};
    struct ev_outfile file = {0};
    char *path = ev_path_join(folder, EV_SUMS_FILE);
    enum ev_status status = path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++) {
        if (ev_report_applies(ev_report_writers[i], result))
            status = ev_sums_add(&sums, folder, ev_report_writers[i]->file_name, err);
    }
    if (status == EV_OK)
        status = add_if_there(&sums, folder, EV_HTML_FILE, err);
    if (status == EV_OK && plots)
        status = add_charts(&sums, folder, plots, err);
    if (status == EV_OK)
        status = ev_outfile_open(&file, path, err);
    if (status == EV_OK) {
        ev_sums_print(&sums, file.stream);
        status = ev_outfile_commit(&file, err);
    }
    ev_outfile_abort(&file);
    ev_sums_free(&sums);
    free(path);
    return status;
}

/* The page of an evaluation that left nothing is none. */
static enum ev_status write_page(const struct ev_view *view,
                                 const struct ev_report_folders *folders, bool has_charts,
                                 struct ev_error *err)
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
    if (status == EV_OK)
        status = write_sums(result, folders->tables, plots, err);
    ev_view_free(&view);
    free(plots);
    free(gnuplot);
    return status;
}
