/* SPDX-License-Identifier: MIT */
/*
 * results.csv: one row for each backend and set, units in the names of the columns, an empty cell
 * for what is missing. Each output of the models has columns of its own, made from its name and
 * unit: mse_norm_v, verdict_v, mae_v_mps, mse_v_mps_sq ("m/s" reads mps).
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "base/text.h"
#include "report/report.h"
#include "report/report_alarms.h"
#include "report/report_cells.h"
#include "report/report_view.h"

/* Letters and digits of `text` behind an underscore; '/' reads "p", '%' "percent". Nothing for a
 * text without any. */
static void append_part(char *name, size_t size, const char *text)
{
    size_t used = strlen(name);
    const size_t start = used;

    for (; *text; text++) {
        const char one[2] = {*text, '\0'};
        const char *part = *text == '/'   ? "p"
                           : *text == '%' ? "percent"
                           : isalnum((unsigned char)*text) || (*text == '_' && used > start) ? one
                                                                                             : "";
        if (used + 1 + strlen(part) >= size)
            break;
        if (*part && used == start)
            name[used++] = '_';
        memcpy(name + used, part, strlen(part));
        used += strlen(part);
        name[used] = '\0';
    }
}

static void write_column_name(FILE *out, const char *figure, const struct ev_column *column,
                              bool with_unit, const char *ending)
{
    char name[160];

    snprintf(name, sizeof name, "%s", figure);
    append_part(name, sizeof name, column->name);
    if (with_unit)
        append_part(name, sizeof name, column->unit);
    fprintf(out, ",%s%s", name, ending);
}

static void write_header(const struct ev_view *view, FILE *out)
{
    fputs("backend,set,device,engine,engine_detail,precision,n_threads,n_rows,batch_rows,"
          "model_bytes,weight_bytes,mse_norm,mse_norm_low,mse_norm_high,change_percent,"
          "change_low_percent,change_high_percent,detectable_change_percent,verdict,mae_norm,r2",
          out);
    for (size_t k = 0; k < view->n_columns; k++) {
        write_column_name(out, "mse_norm", &view->columns[k], false, "");
        write_column_name(out, "mae_norm", &view->columns[k], false, "");
        write_column_name(out, "r2", &view->columns[k], false, "");
        write_column_name(out, "mse", &view->columns[k], true, "_sq");
        write_column_name(out, "mae", &view->columns[k], true, "");
        write_column_name(out, "mse_norm_low", &view->columns[k], false, "");
        write_column_name(out, "mse_norm_high", &view->columns[k], false, "");
        write_column_name(out, "change_percent", &view->columns[k], false, "");
        write_column_name(out, "change_low_percent", &view->columns[k], false, "");
        write_column_name(out, "change_high_percent", &view->columns[k], false, "");
        write_column_name(out, "detectable_change_percent", &view->columns[k], false, "");
        write_column_name(out, "verdict", &view->columns[k], false, "");
    }
    fputs(",latency_median_ms,latency_p90_ms,latency_p99_ms,latency_mean_ms,latency_min_ms,"
          "n_latency_calls,images_per_s,disagreement_p50,disagreement_p99,disagreement_max,"
          "disagreement_max_set,disagreement_max_row,batch_delta_max,batch_delta_max_set,"
          "batch_delta_max_row,study_mse,study_mse_mirrored,study_mean_1000_us,outputs_sha256,"
          "model_sha256,alarms\n",
          out);
}

/* Ten digits: what is the same in all batch sizes is the same here. */
#define ERROR_FORMAT "%.10g"
/* A nanosecond is the clock's unit. */
#define MS_FORMAT    "%.6f"

/* Output k of the row; empty cells if k is -1. */
static void write_output(const struct ev_result_row *row, int32_t k, FILE *out)
{
    static const struct ev_error_figures no_errors = {NAN, NAN, NAN, NAN, NAN};
    static const struct ev_error_interval no_interval = {
        NAN, NAN, {EV_VERDICT_NONE, NAN, NAN, NAN, NAN}};
    const struct ev_error_figures *errors = k < 0 ? &no_errors : &row->outputs[k];
    const struct ev_error_interval *interval = k < 0 ? &no_interval : &row->intervals[k];

    ev_cell_real(out, ERROR_FORMAT, errors->mse_norm);
    ev_cell_real(out, ERROR_FORMAT, errors->mae_norm);
    ev_cell_real(out, ERROR_FORMAT, errors->r2);
    ev_cell_real(out, ERROR_FORMAT, errors->mse);
    ev_cell_real(out, ERROR_FORMAT, errors->mae);
    ev_cell_real(out, ERROR_FORMAT, interval->low);
    ev_cell_real(out, ERROR_FORMAT, interval->high);
    ev_cell_real(out, ERROR_FORMAT, interval->change.relative * 100);
    ev_cell_real(out, ERROR_FORMAT, interval->change.low * 100);
    ev_cell_real(out, ERROR_FORMAT, interval->change.high * 100);
    ev_cell_real(out, ERROR_FORMAT, interval->change.detectable * 100);
    ev_cell_text(out, ev_verdict_error_name(interval->change.verdict));
}

static void write_difference(const struct ev_result *result,
                             const struct ev_row_difference *difference, FILE *out)
{
    ev_cell_real(out, ERROR_FORMAT, difference->value);
    ev_cell_text(out, difference->set < 0 ? "" : result->sets[difference->set].name);
    ev_cell_count(out, difference->row);
}

static void write_row(const struct ev_view *view, const struct ev_result_row *row, FILE *out)
{
    char alarms[200];

    ev_cell_text(out, row->backend);
    ev_cell_text(out, row->set);
    ev_cell_text(out, row->device);
    ev_cell_text(out, row->engine);
    ev_cell_text(out, row->engine_detail);
    ev_cell_text(out, ev_precision_name(row->precision));
    ev_cell_count(out, row->n_threads);
    ev_cell_count(out, row->n_rows);
    ev_cell_count(out, row->batch_rows);
    ev_cell_count(out, row->model_bytes);
    ev_cell_count(out, row->weight_bytes);
    ev_cell_real(out, ERROR_FORMAT, row->all.mse_norm);
    ev_cell_real(out, ERROR_FORMAT, row->mse_norm_low);
    ev_cell_real(out, ERROR_FORMAT, row->mse_norm_high);
    ev_cell_real(out, ERROR_FORMAT, ev_view_change(view, row) * 100);
    ev_cell_real(out, ERROR_FORMAT, row->change.low * 100);
    ev_cell_real(out, ERROR_FORMAT, row->change.high * 100);
    ev_cell_real(out, ERROR_FORMAT, row->change.detectable * 100);
    ev_cell_text(out, ev_verdict_error_name(row->change.verdict));
    ev_cell_real(out, ERROR_FORMAT, row->all.mae_norm);
    ev_cell_real(out, ERROR_FORMAT, row->all.r2);
    for (size_t k = 0; k < view->n_columns; k++)
        write_output(row, ev_view_output(row, &view->columns[k]), out);
    ev_cell_real(out, MS_FORMAT, row->latency.median_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, row->latency.p90_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, row->latency.p99_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, row->latency.mean_ns / 1e6);
    ev_cell_real(out, MS_FORMAT, row->latency.min_ns / 1e6);
    ev_cell_count(out, row->latency.n_calls > 0 ? row->latency.n_calls : -1);
    ev_cell_real(out, "%.2f", row->images_per_s);
    ev_cell_real(out, ERROR_FORMAT, row->disagreement.p50);
    ev_cell_real(out, ERROR_FORMAT, row->disagreement.p99);
    write_difference(view->result, &row->disagreement.worst, out);
    write_difference(view->result, &row->batch_delta, out);
    ev_cell_real(out, ERROR_FORMAT, row->study.mse);
    ev_cell_real(out, ERROR_FORMAT, row->study.mse_mirrored);
    ev_cell_real(out, "%.3f", row->study.mean_ns / 1e3);
    ev_cell_text(out, row->outputs_sha256);
    ev_cell_text(out, row->model_sha256);
    ev_alarms_codes(view->result, row, alarms, sizeof alarms);
    ev_text_csv_cell(out, alarms);
    fputc('\n', out);
}

static enum ev_status write_csv(const struct ev_result *result, const char *plots, FILE *out,
                                struct ev_error *err)
{
    struct ev_view view;
    enum ev_status status = ev_view_init(&view, result, err);

    (void)plots;
    if (status != EV_OK)
        return status;
    write_header(&view, out);
    for (size_t i = 0; i < result->n_rows; i++)
        write_row(&view, &result->rows[i], out);
    ev_view_free(&view);
    return EV_OK;
}

const struct ev_report_writer ev_report_csv = {"results.csv", write_csv, NULL};
