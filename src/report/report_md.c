/* SPDX-License-Identifier: MIT */
/* results.md: a report that stands alone in a blog post. Title, the main finding, the main figures,
 * each figure by set, the charts, and how it was measured. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/plot.h"
#include "report/report.h"
#include "report/report_layers.h"
#include "report/report_times.h"
#include "report/report_view.h"

/* Digits of a digest that tell files apart. */
#define DIGEST_CHARS 12

/* A string of the result, as text of the document. */
static void write_text(FILE *out, const char *text)
{
    char clean[4096];

    ev_text_clean(text, clean, sizeof clean);
    ev_grid_markdown_text(clean, out);
}

static void write_title(const struct ev_view *view, FILE *out)
{
    const char *set = ev_view_main_set(view);
    char names[512];

    fputs("# ", out);
    for (size_t b = 0; b < view->n_backends; b++) {
        char label[44];
        ev_view_label(view, b, label, sizeof label);
        fputs(b == 0 ? "" : b + 1 == view->n_backends ? " and " : ", ", out);
        write_text(out, label);
    }
    ev_view_set_text(view, set, names, sizeof names);
    fputs(" on ", out);
    write_text(out, names);
    fputs("\n\n", out);
}

/* What intervals and verdicts mean, and what could not be told. */
static void write_verdicts(const struct ev_view *view, const char *set, FILE *out)
{
    char text[200];

    if (view->n_backends > 1 && view->has_verdicts) {
        fputs("change is that of the MSE against ", out);
        write_text(out, view->backends[view->reference]);
        fprintf(out,
                "'s on the same images, ± half of its %.0f %% interval. BETTER and WORSE: beyond "
                "%.0f %%, and the interval excludes 0; SAME: the interval is within ±%.0f %%; "
                "UNRESOLVED: neither, these images cannot tell.\n\n",
                EV_ERROR_CONFIDENCE * 100, EV_ERROR_MARGIN * 100, EV_ERROR_MARGIN * 100);
    }
    for (size_t b = 0; b < view->n_backends; b++) {
        if (ev_view_unresolved(view, b, set, text, sizeof text)) {
            fputs("- ", out);
            write_text(out, text);
            fputs(".\n\n", out);
        }
    }
}

static enum ev_status write_overview(const struct ev_view *view, const char *set, FILE *out,
                                     struct ev_error *err)
{
    struct ev_grid grid;
    char names[512], count[40];
    enum ev_status status = ev_view_overview(view, set, EV_OVERVIEW_ALL, &grid, err);

    if (status != EV_OK)
        return status;
    ev_view_set_text(view, set, names, sizeof names);
    ev_grid_number((double)ev_view_n_images(view, set), 0, count, sizeof count);
    fputs("All figures over ", out);
    write_text(out, names);
    fprintf(out, " (%s images):\n\n", count);
    ev_grid_markdown(&grid, out);
    fputs("\nmedian, p90 and p99 are of the inference of a single image.\n\n", out);
    write_verdicts(view, set, out);
    ev_grid_free(&grid);
    return EV_OK;
}

static enum ev_status write_metric(const struct ev_view *view, const struct ev_metric *metric,
                                   const struct ev_column *column, FILE *out, struct ev_error *err)
{
    struct ev_grid grid;
    enum ev_status status = ev_view_by_set(view, metric, column, &grid, err);

    if (status != EV_OK)
        return status;
    fprintf(out, "### %s", metric->title);
    if (column) {
        fputc(' ', out);
        write_text(out, column->name);
        if (*column->unit && metric->in_unit) {
            fputs(", in ", out);
            write_text(out, column->unit);
        }
    }
    fputs("\n\n", out);
    ev_grid_markdown(&grid, out);
    fputc('\n', out);
    ev_grid_free(&grid);
    return EV_OK;
}

/* How far the MSE is known, and its changes. */
static enum ev_status write_intervals(const struct ev_view *view, FILE *out, struct ev_error *err)
{
    struct ev_grid grid;
    enum ev_status status = ev_view_intervals(view, &grid, err);

    if (status != EV_OK)
        return status;
    fprintf(out, "### Mean squared error, normalised: %.0f %% interval\n\n",
            EV_ERROR_CONFIDENCE * 100);
    ev_grid_markdown(&grid, out);
    fputc('\n', out);
    ev_grid_free(&grid);
    if (view->n_backends < 2)
        return EV_OK;
    status = ev_view_changes(view, &grid, err);
    if (status != EV_OK)
        return status;
    fputs("### Mean squared error: change against ", out);
    write_text(out, view->backends[view->reference]);
    fprintf(out, ", with its %.0f %% interval\n\n", EV_ERROR_CONFIDENCE * 100);
    ev_grid_markdown(&grid, out);
    fputc('\n', out);
    ev_grid_free(&grid);
    return EV_OK;
}

static enum ev_status write_metrics(const struct ev_view *view, FILE *out, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    fputs("## By set\n\n", out);
    for (const struct ev_metric *metric = ev_metrics; metric->title && status == EV_OK; metric++) {
        const size_t n = metric->per_column ? view->n_columns : 1;
        for (size_t k = 0; k < n && status == EV_OK; k++)
            status =
                write_metric(view, metric, metric->per_column ? &view->columns[k] : NULL, out, err);
        if (status == EV_OK && metric == ev_metrics && view->has_intervals)
            status = write_intervals(view, out, err);
    }
    return status;
}

static void write_charts(const char *plots, FILE *out)
{
    fputs("## Charts\n\n", out);
    for (const struct ev_chart *chart = ev_charts; chart->name; chart++) {
        fprintf(out, "![%s](", chart->title);
        ev_grid_markdown_address(plots, out);
        fprintf(out, "%s.%s)\n\n", chart->name, ev_plot_formats[0]);
    }
}

static void write_digest(FILE *out, const char *sha256)
{
    char digest[DIGEST_CHARS + 1];

    ev_text_clean(sha256, digest, sizeof digest);
    if (*digest)
        write_text(out, digest);
    else
        fputc('-', out);
}

/* Without its folder, which is nobody else's; "-" without a model. */
static const char *file_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return !path || !*path ? "-" : slash ? slash + 1 : path;
}

static void write_files(const struct ev_view *view, FILE *out)
{
    const struct ev_result *result = view->result;
    const char *set = ev_view_main_set(view);

    fputs("| set | images | SHA-256 of the content |\n| :--- | ---: | :--- |\n", out);
    for (size_t s = 0; s < result->n_sets; s++) {
        char count[40] = "-";
        if (result->sets[s].n_rows >= 0)
            ev_grid_number((double)result->sets[s].n_rows, 0, count, sizeof count);
        fputs("| ", out);
        write_text(out, result->sets[s].name);
        fprintf(out, " | %s | ", count);
        write_digest(out, result->sets[s].sha256);
        fputs(" |\n", out);
    }
    fputs("\n| backend | engine | model | bytes | SHA-256 |\n"
          "| :--- | :--- | :--- | ---: | :--- |\n",
          out);
    for (size_t b = 0; b < view->n_backends; b++) {
        const struct ev_result_row *row = ev_result_find(result, view->backends[b], set);
        char count[40] = "-";
        if (!row)
            continue;
        if (row->model_bytes >= 0)
            ev_grid_number((double)row->model_bytes, 0, count, sizeof count);
        fputs("| ", out);
        write_text(out, row->backend);
        fputs(" | ", out);
        write_text(out, row->engine);
        if (row->engine_detail && *row->engine_detail) {
            fputs(": ", out);
            write_text(out, row->engine_detail);
        }
        fputs(" | ", out);
        write_text(out, file_name(row->model_path));
        fprintf(out, " | %s | ", count);
        write_digest(out, row->model_sha256);
        fputs(" |\n", out);
    }
    fputc('\n', out);
}

static void write_method(const struct ev_view *view, FILE *out)
{
    const struct ev_result *result = view->result;
    const struct ev_result_row *row = &result->rows[0];
    char command[4096];

    fputs("## How it was measured\n\n- Machine: ", out);
    write_text(out, result->host.cpu_model);
    fprintf(out, ", %d cores for this program", result->host.n_cores);
    if (result->host.memory_bytes > 0)
        fprintf(out, ", %.1f GiB of memory", (double)result->host.memory_bytes / (1 << 30));
    fputs("; ", out);
    write_text(out, result->host.os_name);
    fputs(", ", out);
    write_text(out, result->host.kernel);
    fprintf(out, ".\n- Run: %d threads on ", row->n_threads);
    write_text(out, row->device);
    fputs(", with evalrun ", out);
    write_text(out, result->tool_version);
    fputs(", ", out);
    write_text(out, result->libraries);
    fputs("; started ", out);
    write_text(out, result->started_utc);
    fputs(".\n", out);
    if (row->latency.n_calls > 0)
        fprintf(out,
                "- Time of a single inference: %" PRId64
                " calls with one image for each backend and set, after warming up, the backends "
                "in turns; percentiles are nearest ranks.\n",
                row->latency.n_calls);
    fprintf(out,
            "- Throughput: from the file to the error, in batches of %" PRId64
            " images, the next one read while one is computed.\n",
            row->batch_rows);
    fputs("- Errors: over every image, outputs scaled to 0..1 where they are called normalised. "
          "R² is 1 minus the squared error over the variance of the labels.\n",
          out);
    if (view->has_intervals)
        fputs("- Intervals: each holds by itself; from blocks of neighbouring images, drawn again "
              "within each set, as neighbours' errors are alike. They say what other images of the "
              "same circuits might have given for these models, not what training again would.\n",
              out);
    fputs("- Command:\n\n", out);
    ev_text_clean(result->command_line, command, sizeof command);
    fprintf(out, "      %s\n\n", command);
    write_files(view, out);
}

static enum ev_status write_document(const struct ev_view *view, const char *plots, FILE *out,
                                     struct ev_error *err)
{
    char summary[1024], noise[400];
    enum ev_status status = EV_OK;

    write_title(view, out);
    ev_view_summary(view, summary, sizeof summary);
    write_text(out, summary);
    fputs("\n\n", out);
    ev_view_noise(view, noise, sizeof noise);
    if (*noise) {
        fputs("**", out);
        write_text(out, noise);
        fputs("**\n\n", out);
    }
    if (view->result->interrupted)
        fputs("**The evaluation was interrupted; what was finished is below.**\n\n", out);
    if (view->has_pooled)
        status = write_overview(view, ev_view_main_set(view), out, err);
    for (size_t s = 0; s < view->n_sets && !view->has_pooled && status == EV_OK; s++)
        status = write_overview(view, view->sets[s], out, err);
    if (status == EV_OK)
        status = write_metrics(view, out, err);
    if (status == EV_OK)
        status = ev_times_markdown(view, out, err);
    if (status == EV_OK)
        status = ev_layers_markdown(view, out, err);
    if (status == EV_OK && plots)
        write_charts(plots, out);
    if (status == EV_OK)
        write_method(view, out);
    return status;
}

static enum ev_status write_markdown(const struct ev_result *result, const char *plots, FILE *out,
                                     struct ev_error *err)
{
    struct ev_view view;
    enum ev_status status = EV_OK;

    if (result->n_rows == 0) {
        fputs("# No results\n", out);
        return EV_OK;
    }
    status = ev_view_init(&view, result, err);
    if (status == EV_OK)
        status = write_document(&view, plots, out, err);
    ev_view_free(&view);
    return status;
}

const struct ev_report_writer ev_report_markdown = {"results.md", write_markdown, NULL};
