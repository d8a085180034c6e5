/* SPDX-License-Identifier: MIT */
/* rounds.csv: a row for each block of calls of a session, in the order of measuring, with what is
 * known of its disturbance; an empty cell for what is unknown. */
#include <stdlib.h>
#include <string.h>

#include "report/report_cells.h"
#include "report/report_times.h"
#include "stats/stats.h"

/* Median, shortest and longest call; `calls` has room for them. */
static void write_calls(const struct ev_session *session, const struct ev_block *block,
                        float *calls, FILE *out)
{
    const int64_t n = block->n_calls;

    if (n > 0) {
        memcpy(calls, session->call_ns + block->first_call, (size_t)n * sizeof *calls);
        ev_stats_sort(calls, n);
        fprintf(out, "%.1f,%.0f,%.0f,", ev_stats_median(calls, n), calls[0], calls[n - 1]);
    } else {
        fputs(",,,", out);
    }
    ev_cell_count(out, n);
}

static void write_block(const struct ev_session *session, const struct ev_block *block,
                        float *calls, FILE *out)
{
    const struct ev_entry *entry = &session->entries[block->entry];
    const struct ev_block_noise *noise = &block->noise;

    ev_cell_count(out, block->process);
    ev_cell_count(out, block->round);
    ev_cell_count(out, block->position);
    ev_cell_text(out, block->predecessor >= 0 ? session->entries[block->predecessor].backend : "");
    ev_cell_text(out, entry->backend);
    fprintf(out, "%d,%s,%s,", entry->is_control, ev_mode_name(block->mode),
            ev_boundary_name(block->boundary));
    ev_cell_count(out, block->n_threads);
    ev_cell_count(out, block->rows_per_call);
    ev_cell_count(out, block->rows_per_piece);
    write_calls(session, block, calls, out);
    ev_cell_count(out, noise->cpu_ns);
    ev_cell_count(out, noise->probe_ns);
    ev_cell_count(out, noise->steal_ticks);
    ev_cell_count(out, noise->n_involuntary);
    ev_cell_count(out, noise->psi_cpu_us);
    ev_cell_count(out, noise->psi_io_us);
    fprintf(out, "%d\n", block->flagged);
}

static enum ev_status write_rounds(const struct ev_result *result, const char *plots, FILE *out,
                                   struct ev_error *err)
{
    const struct ev_session *session = &result->samples.session;
    float *calls = malloc(((size_t)session->n_calls + 1) * sizeof *calls);

    (void)plots;
    if (!calls)
        return ev_fail(err, EV_MEMORY, "out of memory for rounds.csv");
    fputs("process,round,position,predecessor,backend,control,mode,boundary,n_threads,"
          "rows_per_call,rows_per_piece,median_ns,min_ns,max_ns,n_calls,cpu_ns,probe_ns,"
          "steal_ticks,n_involuntary,psi_cpu_us,psi_io_us,flagged\n",
          out);
    for (size_t i = 0; i < session->n_blocks; i++)
        write_block(session, &session->blocks[i], calls, out);
    free(calls);
    return EV_OK;
}

static bool has_blocks(const struct ev_result *result)
{
    return result->samples.session.n_blocks > 0;
}

const struct ev_report_writer ev_report_rounds_csv = {"rounds.csv", write_rounds, has_blocks};
