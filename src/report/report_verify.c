/* SPDX-License-Identifier: MIT */
/* Digests, figures, alarms and tables of a folder of results. */
#include "report/report_verify.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/sums.h"
#include "eval/alarm.h"
#include "eval/recompute.h"
#include "evalrun/version.h"
#include "report/plot.h"
#include "report/report.h"

/* Largest table that is read. */
#define MAX_TABLE_BYTES ((size_t)256 << 20)
#define MAX_ADDRESS     4096

struct verification {
    const char *folder;
    struct ev_result result;
    struct ev_sums sums;
    bool has_samples; /* they are loaded */
    struct ev_report_findings *findings;
};

EV_PRINTF(3, 4)
static enum ev_status append(char ***list, size_t *n, const char *format, ...)
{
    char line[8192];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    char **longer = realloc(*list, (*n + 1) * sizeof *longer);
    char *copy = strdup(line);
    if (longer)
        *list = longer;
    if (!longer || !copy) {
        free(copy);
        return EV_MEMORY;
    }
    longer[(*n)++] = copy;
    return EV_OK;
}

#define MISMATCH(verification, ...)                                                                \
    append(&(verification)->findings->mismatches, &(verification)->findings->n_mismatches,         \
           __VA_ARGS__)
#define NOTE(verification, ...)                                                                    \
    append(&(verification)->findings->notes, &(verification)->findings->n_notes, __VA_ARGS__)

/* --- Digests --- */

static enum ev_status check_file(struct verification *verification, const struct ev_sum_line *line)
{
    char hex[65];
    struct ev_error problem = EV_ERROR_INIT;
    char *path = ev_path_join(verification->folder, line->name);
    enum ev_status status = path ? EV_OK : EV_MEMORY;

    verification->findings->n_files++;
    if (status == EV_OK && !ev_file_exists(path))
        status = MISMATCH(verification, "%s: missing", line->name);
    else if (status == EV_OK && ev_file_sha256(path, hex, &problem) != EV_OK)
        status = MISMATCH(verification, "%s", problem.message);
    else if (status == EV_OK && strcmp(hex, line->hex) != 0)
        status = MISMATCH(verification, "%s: changed: its SHA-256 is %s, " EV_SUMS_FILE " has %s",
                          line->name, hex, line->hex);
    free(path);
    return status;
}

static bool is_ours(const char *name)
{
    for (size_t i = 0; ev_report_writers[i]; i++) {
        if (strcmp(ev_report_writers[i]->file_name, name) == 0)
            return true;
    }
    return false;
}

/* Regular files beside the listed ones, in order of their names. */
static enum ev_status check_extra(struct verification *verification)
{
    struct dirent **entries = NULL;
    const int n = scandir(verification->folder, &entries, NULL, alphasort);
    enum ev_status status = EV_OK;

    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        const bool is_extra = entries[i]->d_type == DT_REG && strcmp(name, EV_SUMS_FILE) != 0 &&
                              !ev_sums_find(&verification->sums, name);
        if (is_extra && status == EV_OK)
            status = is_ours(name)
                         ? MISMATCH(verification, "%s: not in " EV_SUMS_FILE, name)
                         : NOTE(verification, "%s: not in " EV_SUMS_FILE ", not checked", name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static enum ev_status check_digests(struct verification *verification)
{
    struct ev_error problem = EV_ERROR_INIT;
    char *path = ev_path_join(verification->folder, EV_SUMS_FILE);
    enum ev_status status = path ? EV_OK : EV_MEMORY;

    if (status == EV_OK && !ev_file_exists(path)) {
        status = MISMATCH(verification, EV_SUMS_FILE ": missing: the report was not finished, or "
                                                     "an older program wrote it");
    } else if (status == EV_OK) {
        if (ev_sums_load(path, &verification->sums, &problem) != EV_OK)
            status = MISMATCH(verification, "%s", problem.message);
        for (size_t i = 0; i < verification->sums.n && status == EV_OK; i++)
            status = check_file(verification, &verification->sums.lines[i]);
        if (status == EV_OK)
            status = check_extra(verification);
    }
    free(path);
    return status;
}

/* --- Models and sets --- */

static enum ev_status check_model(struct verification *verification,
                                  const struct ev_result_row *row)
{
    char hex[65];
    struct ev_error problem = EV_ERROR_INIT;

    if (*row->model_path == '\0' || *row->model_sha256 == '\0')
        return EV_OK;
    if (!ev_file_exists(row->model_path))
        return NOTE(verification, "%s: not here, not checked", row->model_path);
    if (ev_file_sha256(row->model_path, hex, &problem) != EV_OK)
        return NOTE(verification, "%s: not checked", problem.message);
    verification->findings->n_files++;
    if (strcmp(hex, row->model_sha256) != 0)
        return MISMATCH(verification, "%s: changed: its SHA-256 is %s, " EV_REPORT_RESULT " has %s",
                        row->model_path, hex, row->model_sha256);
    return EV_OK;
}

static enum ev_status check_set(struct verification *verification,
                                const struct ev_result_set *recorded)
{
    char hex[65];
    struct ev_set *set = NULL;
    struct ev_error problem = EV_ERROR_INIT;
    enum ev_status status = EV_OK;

    if (!ev_file_exists(recorded->path))
        return NOTE(verification, "%s: not here, not checked", recorded->path);
    /* A set whose pictures have another name in the file needs options that are not recorded. */
    if (ev_set_open(recorded->path, NULL, &set, &problem) != EV_OK ||
        ev_set_sha256(set, hex, &problem) != EV_OK) {
        status = NOTE(verification, "%s: not checked", problem.message);
    } else {
        verification->findings->n_files++;
        if (strcmp(hex, recorded->sha256) != 0)
            status = MISMATCH(verification,
                              "%s: changed: its SHA-256 is %s, " EV_REPORT_RESULT " has %s",
                              recorded->path, hex, recorded->sha256);
    }
    ev_set_close(set);
    return status;
}

static bool is_first_of_model(const struct ev_result *result, size_t row)
{
    for (size_t i = 0; i < row; i++) {
        if (strcmp(result->rows[i].model_path, result->rows[row].model_path) == 0)
            return false;
    }
    return true;
}

static enum ev_status check_inputs(struct verification *verification)
{
    const struct ev_result *result = &verification->result;
    enum ev_status status = EV_OK;

    for (size_t i = 0; i < result->n_rows && status == EV_OK; i++) {
        if (is_first_of_model(result, i))
            status = check_model(verification, &result->rows[i]);
    }
    for (size_t i = 0; i < result->n_sets && status == EV_OK; i++)
        status = check_set(verification, &result->sets[i]);
    return status;
}

/* --- Figures --- */

/* Loads the samples if they are what SHA256SUMS says; if not, that is a mismatch already. */
static enum ev_status load_samples(struct verification *verification)
{
    char hex[65];
    struct ev_error problem = EV_ERROR_INIT;
    const char *expected = ev_sums_find(&verification->sums, EV_REPORT_SAMPLES);
    char *path = ev_path_join(verification->folder, EV_REPORT_SAMPLES);
    enum ev_status status = path ? EV_OK : EV_MEMORY;

    if (status == EV_OK && expected && ev_file_sha256(path, hex, &problem) == EV_OK &&
        strcmp(hex, expected) == 0) {
        verification->has_samples =
            ev_samples_load(path, &verification->result.samples, &problem) == EV_OK;
        if (!verification->has_samples)
            status = MISMATCH(verification, "%s", problem.message);
        else if (strcmp(hex, verification->result.samples_sha256) != 0)
            status = MISMATCH(verification,
                              EV_REPORT_SAMPLES ": its digest is not the one in " EV_REPORT_RESULT);
    }
    free(path);
    return status;
}

/* Figures of which there are no samples, and why. */
static enum ev_status tell_without(struct verification *verification, int64_t n_without)
{
    char *path = ev_path_join(verification->folder, EV_REPORT_SAMPLES);
    const char *why = !path                       ? NULL
                      : verification->has_samples ? "no samples of them in " EV_REPORT_SAMPLES
                      : ev_file_exists(path)      ? EV_REPORT_SAMPLES " is not what it was"
                                                  : EV_REPORT_SAMPLES " is missing";
    enum ev_status status = EV_MEMORY;

    if (why)
        status = MISMATCH(verification, EV_REPORT_RESULT ": %lld figures cannot be recomputed: %s",
                          (long long)n_without, why);
    free(path);
    return status;
}

static enum ev_status check_figures(struct verification *verification, struct ev_error *err)
{
    struct ev_recomputed recomputed;
    enum ev_status status = load_samples(verification);

    if (status != EV_OK)
        return status;
    status = ev_recompute(&verification->result, &recomputed, err);
    if (status != EV_OK)
        return status;
    verification->findings->n_figures = recomputed.n_figures;
    for (size_t i = 0; i < recomputed.n_mismatches && status == EV_OK; i++) {
        const struct ev_mismatch *mismatch = &recomputed.mismatches[i];
        status = MISMATCH(verification, EV_REPORT_RESULT ": %s%s%s: %s is %s, the samples give %s",
                          mismatch->backend, *mismatch->set ? " on " : "", mismatch->set,
                          mismatch->figure, mismatch->saved, mismatch->recomputed);
    }
    if (status == EV_OK && recomputed.n_without > 0)
        status = tell_without(verification, recomputed.n_without);
    ev_recomputed_free(&recomputed);
    return status;
}

/* --- Alarms --- */

static bool has_alarm(const struct ev_result *result, const struct ev_result_alarm *alarm)
{
    for (size_t i = 0; i < result->n_alarms; i++) {
        const struct ev_result_alarm *other = &result->alarms[i];
        if (strcmp(other->code, alarm->code) == 0 && strcmp(other->backend, alarm->backend) == 0 &&
            strcmp(other->set, alarm->set) == 0)
            return true;
    }
    return false;
}

/* The alarms that the result gives must be among those that it has. */
static enum ev_status check_alarms(struct verification *verification, struct ev_error *err)
{
    const struct ev_result *saved = &verification->result;
    struct ev_result fresh = *saved;

    fresh.alarms = NULL;
    fresh.n_alarms = 0;
    enum ev_status status = ev_alarms_raise(&fresh, err);
    for (size_t i = 0; i < fresh.n_alarms && status == EV_OK; i++) {
        if (!has_alarm(saved, &fresh.alarms[i]))
            status = MISMATCH(verification, EV_REPORT_RESULT ": lacks an alarm: %s (%s)",
                              fresh.alarms[i].text, fresh.alarms[i].code);
    }
    ev_result_free_alarms(fresh.alarms, fresh.n_alarms);
    return status;
}

/* --- Tables --- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The folder of charts that a text links to, as writers are given it; false without charts. */
static bool find_plots(const char *text, char plots[MAX_ADDRESS])
{
    char first[80];
    size_t n = 0;

    snprintf(first, sizeof first, "%s.%s)", ev_charts[0].name, ev_plot_formats[0]);
    const char *end = strstr(text, first), *at = end;
    while (at && at > text && at[-1] != '(')
        at--;
    if (!end || end - at >= MAX_ADDRESS)
        return false;
    while (at < end) {
        const int high = at[0] == '%' ? hex_digit(at[1]) : -1;
        const int low = high >= 0 ? hex_digit(at[2]) : -1;
        plots[n++] = low >= 0 ? (char)(16 * high + low) : at[0];
        at += low >= 0 ? 3 : 1;
    }
    plots[n] = '\0';
    return true;
}

/* Number of the first line in which two texts differ. */
static int first_difference(const char *a, const char *b)
{
    int line = 1;

    for (; *a && *a == *b; a++, b++)
        line += *a == '\n';
    return line;
}

static enum ev_status check_table(struct verification *verification,
                                  const struct ev_report_writer *writer, struct ev_error *err)
{
    struct ev_error problem = EV_ERROR_INIT;
    char plots[MAX_ADDRESS];
    char *text = NULL, *expected = NULL;
    size_t n_text = 0, n_expected = 0;
    char *path = ev_path_join(verification->folder, writer->file_name);
    FILE *out = open_memstream(&expected, &n_expected);
    enum ev_status status = path && out ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && ev_file_read(path, MAX_TABLE_BYTES, &text, &n_text, &problem) != EV_OK)
        status = ev_file_exists(path) || !ev_sums_find(&verification->sums, writer->file_name)
                     ? MISMATCH(verification, "%s", problem.message)
                     : EV_OK; /* said already */
    if (text)
        status =
            writer->write(&verification->result, find_plots(text, plots) ? plots : NULL, out, err);
    if (out && fclose(out) != 0 && status == EV_OK)
        status = ev_fail(err, EV_MEMORY, "out of memory");
    if (text && status == EV_OK && (n_text != n_expected || memcmp(text, expected, n_text) != 0))
        status = MISMATCH(verification,
                          "%s: line %d is not what " EV_REPORT_RESULT " gives (written by %s, this "
                          "is %s)",
                          writer->file_name, first_difference(text, expected),
                          verification->result.tool_version, EV_VERSION);
    free(expected);
    free(text);
    free(path);
    return status;
}

/* results.md has the charts of what samples give: without those that the result was made with, it
 * cannot be written again, which is said of the samples. */
static bool can_be_written(const struct verification *verification,
                           const struct ev_report_writer *writer)
{
    return writer != &ev_report_markdown || verification->has_samples ||
           verification->result.samples_sha256[0] == '\0';
}

static enum ev_status check_tables(struct verification *verification, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t i = 0; ev_report_writers[i] && status == EV_OK; i++) {
        const struct ev_report_writer *writer = ev_report_writers[i];
        /* The record and the samples are what the others are set against. */
        if (strcmp(writer->file_name, EV_REPORT_RESULT) == 0 ||
            strcmp(writer->file_name, EV_REPORT_SAMPLES) == 0 ||
            !ev_report_applies(writer, &verification->result) ||
            !can_be_written(verification, writer))
            continue;
        status = check_table(verification, writer, err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    return status;
}

enum ev_status ev_report_verify(const char *folder, struct ev_report_findings *findings,
                                struct ev_error *err)
{
    struct verification verification = {.folder = folder, .findings = findings};
    char *record = ev_path_join(folder, EV_REPORT_RESULT);
    enum ev_status status = record ? EV_OK : EV_MEMORY;

    *findings = (struct ev_report_findings){0};
    ev_result_init(&verification.result);
    if (status == EV_OK)
        status = ev_result_load(record, &verification.result, err);
    if (status == EV_OK)
        status = check_digests(&verification);
    if (status == EV_OK)
        status = check_inputs(&verification);
    if (status == EV_OK)
        status = check_figures(&verification, err);
    if (status == EV_OK)
        status = check_alarms(&verification, err);
    if (status == EV_OK)
        status = check_tables(&verification, err);
    if (status == EV_MEMORY)
        status = ev_fail(err, EV_MEMORY, "out of memory");
    if (status != EV_OK)
        ev_report_findings_free(findings);
    ev_sums_free(&verification.sums);
    ev_result_free(&verification.result);
    free(record);
    return status;
}

void ev_report_findings_free(struct ev_report_findings *findings)
{
    for (size_t i = 0; i < findings->n_mismatches; i++)
        free(findings->mismatches[i]);
    for (size_t i = 0; i < findings->n_notes; i++)
        free(findings->notes[i]);
    free(findings->mismatches);
    free(findings->notes);
    *findings = (struct ev_report_findings){0};
}
