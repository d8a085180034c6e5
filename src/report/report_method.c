/* SPDX-License-Identifier: MIT */
/* The parts of a document that say how it was measured and how it is done again. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/report_parts.h"

/* Digits of a digest that tell files apart. */
#define DIGEST_CHARS 12

/* "" where there is no memory to speak of. */
static void memory_text(const struct ev_host *host, char *text, size_t size)
{
    *text = '\0';
    if (host->memory_bytes > 0)
        snprintf(text, size, ", %.1f GiB of memory", (double)host->memory_bytes / (1 << 30));
}

enum ev_status ev_part_method(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    const struct ev_result *result = view->result;
    const struct ev_result_row *row = &result->rows[0];
    char memory[40];

    (void)err;
    memory_text(&result->host, memory, sizeof memory);
    ev_doc_heading(doc, 2, "How it was measured");
    ev_doc_item(doc, "Machine: %s, %d cores for this program%s; %s, %s.", result->host.cpu_model,
                result->host.n_cores, memory, result->host.os_name, result->host.kernel);
    ev_doc_item(doc, "Run: %d threads on %s, with evalrun %s, %s; started %s.", row->n_threads,
                row->device, result->tool_version, result->libraries, result->started_utc);
    if (row->latency.n_calls > 0)
        ev_doc_item(doc,
                    "Time of a single inference: %" PRId64
                    " calls with one image for each backend and set, after warming up, the "
                    "backends in turns; percentiles are nearest ranks.",
                    row->latency.n_calls);
    ev_doc_item(doc,
                "Throughput: from the file to the error, in batches of %" PRId64
                " images, the next one read while one is computed.",
                row->batch_rows);
    ev_doc_item(doc, "Errors: over every image, outputs scaled to 0..1 where they are called "
                     "normalised. R² is 1 minus the squared error over the variance of the "
                     "labels.");
    if (view->has_intervals)
        ev_doc_item(doc, "Intervals: each holds by itself; from blocks of neighbouring images, "
                         "drawn again within each set, as neighbours' errors are alike. They say "
                         "what other images of the same circuits might have given for these "
                         "models, not what training again would.");
    ev_doc_end_list(doc);
    return EV_OK;
}

/* --- Command and files --- */

static void set_count(struct ev_grid *grid, size_t line, size_t column, int64_t n)
{
    char text[40];

    ev_grid_number(n >= 0 ? (double)n : NAN, 0, text, sizeof text);
    ev_grid_set_text(grid, line, column, text);
}

static void set_digest(struct ev_grid *grid, size_t line, size_t column, const char *sha256)
{
    char digest[DIGEST_CHARS + 1];

    ev_text_clean(sha256, digest, sizeof digest);
    ev_grid_set_text(grid, line, column, *digest ? digest : "-");
}

/* Without its folder, which is nobody else's; "-" without a model. */
static const char *file_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return !path || !*path ? "-" : slash ? slash + 1 : path;
}

static enum ev_status write_sets(const struct ev_result *result, struct ev_doc *doc,
                                 struct ev_error *err)
{
    struct ev_grid grid;
    enum ev_status status = ev_grid_init(&grid, 3, result->n_sets, err);

    if (status != EV_OK)
        return status;
    ev_grid_set_header(&grid, 0, "set", "");
    ev_grid_set_header(&grid, 1, "images", "");
    ev_grid_set_header(&grid, 2, "SHA-256 of the content", "");
    ev_grid_align_left(&grid, 2);
    for (size_t s = 0; s < result->n_sets; s++) {
        ev_grid_set_text(&grid, s, 0, result->sets[s].name);
        set_count(&grid, s, 1, result->sets[s].n_rows);
        set_digest(&grid, s, 2, result->sets[s].sha256);
    }
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    return EV_OK;
}

static void set_model(struct ev_grid *grid, size_t line, const struct ev_result_row *row)
{
    const bool detailed = row->engine_detail && *row->engine_detail;
    char engine[EV_GRID_CELL_CHARS];

    snprintf(engine, sizeof engine, "%s%s%s", row->engine, detailed ? ": " : "",
             detailed ? row->engine_detail : "");
    ev_grid_set_text(grid, line, 0, row->backend);
    ev_grid_set_text(grid, line, 1, engine);
    ev_grid_set_text(grid, line, 2, file_name(row->model_path));
    set_count(grid, line, 3, row->model_bytes);
    set_digest(grid, line, 4, row->model_sha256);
}

static enum ev_status write_models(const struct ev_view *view, struct ev_doc *doc,
                                   struct ev_error *err)
{
    static const char *const heads[] = {"backend", "engine", "model", "bytes", "SHA-256"};
    const char *set = ev_view_main_set(view);
    struct ev_grid grid;
    size_t n = 0;

    for (size_t b = 0; b < view->n_backends; b++)
        n += ev_result_find(view->result, view->backends[b], set) != NULL;
    enum ev_status status = ev_grid_init(&grid, sizeof heads / sizeof *heads, n, err);
    if (status != EV_OK)
        return status;
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
        ev_grid_set_header(&grid, k, heads[k], "");
        if (k != 3)
            ev_grid_align_left(&grid, k);
    }
    for (size_t b = 0, line = 0; b < view->n_backends; b++) {
        const struct ev_result_row *row = ev_result_find(view->result, view->backends[b], set);
        if (row)
            set_model(&grid, line++, row);
    }
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    return EV_OK;
}

enum ev_status ev_part_command(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    ev_doc_heading(doc, 2, "How to repeat it");
    ev_doc_code(doc, view->result->command_line);
    ev_doc_paragraph(doc, "On files with these digests, of which the first %d digits are shown:",
                     DIGEST_CHARS);
    enum ev_status status = write_sets(view->result, doc, err);
    return status == EV_OK ? write_models(view, doc, err) : status;
}
