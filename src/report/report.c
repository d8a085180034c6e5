/* SPDX-License-Identifier: MIT */
/* The table of writers, the folders, and the order in which files are written. */
#include "report/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "report/plot.h"
#include "report/report_view.h"

#define JSON_NAME "results.json"

static const struct ev_report_writer *const writers[] = {&ev_report_csv, &ev_report_markdown};
#define N_WRITERS (sizeof writers / sizeof *writers)

/* Whether a file of that name can appear in the folder. */
static enum ev_status check_file(const char *folder, const char *name, struct ev_error *err)
{
    char *path = ev_path_join(folder, name);
    char *temporary = NULL;
    enum ev_status status = EV_OK;

    if (!path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    status = ev_file_temporary(path, &temporary, err);
    ev_file_discard(temporary);
    free(temporary);
    free(path);
    return status;
}

enum ev_status ev_report_check(const struct ev_report_folders *folders, struct ev_error *err)
{
    enum ev_status status = ev_file_make_folder(folders->tables, err);

    if (status == EV_OK)
        status = ev_file_make_folder(folders->plots, err);
    if (status == EV_OK)
        status = check_file(folders->tables, JSON_NAME, err);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = check_file(folders->tables, writers[i]->file_name, err);
    for (const struct ev_chart *chart = ev_charts; chart->name && status == EV_OK; chart++) {
        for (size_t i = 0; ev_plot_formats[i] && status == EV_OK; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.%s", chart->name, ev_plot_formats[i]);
            status = check_file(folders->plots, name, err);
        }
    }
    return status;
}

/* Length of the folders that two absolute paths share, up to and without a '/'. */
static size_t shared_length(const char *a, const char *b)
{
    size_t shared = 0;

    for (size_t i = 0;; i++) {
        bool a_ends = a[i] == '/' || a[i] == '\0', b_ends = b[i] == '/' || b[i] == '\0';
        if (a_ends && b_ends)
            shared = i;
        if (a[i] != b[i] || a[i] == '\0')
            return shared;
    }
}

/* Path from one folder to another, "../../plots/latest/" or "" for the same; both exist. malloc'ed;
 * NULL if it cannot be found out. */
static char *relative_path(const char *from, const char *to)
{
    char *a = realpath(from, NULL), *b = realpath(to, NULL);
    char *path = a && b ? malloc(3 * strlen(a) + strlen(b) + 2) : NULL;

    if (path) {
        const size_t shared = shared_length(a, b);
        char *end = path;
        for (const char *at = a + shared; *at; at++) {
            if (*at == '/' && at[1])
                end = stpcpy(end, "../");
        }
        const char *below = b + shared;
        below += *below == '/';
        end = stpcpy(end, below);
        strcpy(end, *below ? "/" : "");
    }
    free(a);
    free(b);
    return path;
}

static enum ev_status write_table(const struct ev_report_writer *writer,
                                  const struct ev_result *result, const char *folder,
                                  const char *plots, struct ev_error *err)
{
    struct ev_outfile file = {0};
    char *path = ev_path_join(folder, writer->file_name);
    enum ev_status status;

    if (!path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    status = ev_outfile_open(&file, path, err);
    if (status == EV_OK)
        status = writer->write(result, plots, file.stream, err);
    if (status == EV_OK)
        status = ev_outfile_commit(&file, err);
    ev_outfile_abort(&file);
    free(path);
    return status;
}

static enum ev_status write_json(const struct ev_result *result, const char *folder,
                                 struct ev_error *err)
{
    char *path = ev_path_join(folder, JSON_NAME);

    if (!path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    enum ev_status status = ev_result_save(result, path, err);
    free(path);
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
    /* The record first: from it the rest can be made again. */
    if (status == EV_OK)
        status = write_json(result, folders->tables, err);
    if (status == EV_OK && gnuplot)
        plots = relative_path(folders->tables, folders->plots);
    for (size_t i = 0; i < N_WRITERS && status == EV_OK; i++)
        status = write_table(writers[i], result, folders->tables, plots, err);
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
