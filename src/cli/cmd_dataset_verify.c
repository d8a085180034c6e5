/* SPDX-License-Identifier: MIT */
/* evalrun dataset verify: is a set what it says, and are its rows in order? */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/progress.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/open_set.h"
#include "inspect/verify.h"

#define MAX_SETS    256
#define MOST_RANGES 10 /* shown of a finding */

static struct ev_set_options set_options = {.source.lenient = true};
static bool as_json;
static bool quiet;

static const struct ev_option options[] = {
    {"json", 0, EV_OPT_FLAG, NULL, &as_json, 0, 0, "findings as JSON, with all their rows", NULL},
    EV_SET_OPTIONS(set_options),
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static void print_findings(const struct ev_set_info *info, const struct ev_findings *findings)
{
    char path[4096], text[400], rows[600];

    ev_text_clean(info->path, path, sizeof path);
    for (int32_t i = 0; i < findings->n; i++) {
        const struct ev_finding *finding = &findings->findings[i];
        ev_text_clean(finding->text, text, sizeof text);
        printf("%s: %s", path, text);
        if (finding->rows.n_rows > 0) {
            ev_row_ranges_text(&finding->rows, MOST_RANGES, rows, sizeof rows);
            printf(": %s", rows);
        }
        putchar('\n');
    }
    if (findings->n == 0)
        printf("%s: no findings in %s\n", path, ev_text_count(info->n_rows, "row", rows));
}

static json_t *finding_to_json(const struct ev_set_info *info, const struct ev_finding *finding)
{
    char text[400];
    json_t *ranges = json_array();

    for (int64_t i = 0; i < finding->rows.n_ranges; i++)
        json_array_append_new(ranges, json_pack("[I, I]", (json_int_t)finding->rows.ranges[i][0],
                                                (json_int_t)finding->rows.ranges[i][1]));
    ev_text_clean(finding->text, text, sizeof text);
    return json_pack("{s:s, s:s, s:s*, s:I, s:o}", "kind", ev_finding_name(finding->kind), "text",
                     text, "column",
                     finding->column >= 0 ? info->columns[finding->column].name : NULL, "n_rows",
                     (json_int_t)finding->rows.n_rows, "ranges", ranges);
}

/* A file that cannot be read is a finding of its own; the message begins with its path. */
static void tell_unreadable(const char *name, const struct ev_error *failure, json_t *list)
{
    char path[4096], message[EV_ERROR_CHARS];

    ev_text_clean(name, path, sizeof path);
    ev_text_clean(failure->message, message, sizeof message);
    if (as_json)
        json_array_append_new(list, json_pack("{s:s, s:n, s:[{s:s, s:s, s:i, s:[]}]}", "path", path,
                                              "n_rows", "findings", "kind", "unreadable", "text",
                                              message, "n_rows", 0, "ranges"));
    else
        printf("%s\n", message);
}

static json_t *set_to_json(const struct ev_set_info *info, const struct ev_findings *findings)
{
    char path[4096];
    json_t *list = json_array();

    for (int32_t i = 0; i < findings->n; i++)
        json_array_append_new(list, finding_to_json(info, &findings->findings[i]));
    ev_text_clean(info->path, path, sizeof path);
    return json_pack("{s:s, s:I, s:o}", "path", path, "n_rows", (json_int_t)info->n_rows,
                     "findings", list);
}

/* Checks one set and prints what was found, or adds it to `list`. */
static enum ev_status verify_set(const char *name, json_t *list, int64_t *n_findings,
                                 struct ev_error *err)
{
    struct ev_set *set = NULL;
    struct ev_findings findings = {0};

    enum ev_status status = ev_set_open_named(name, &set_options, 0, &set, err);
    if (status == EV_OK)
        status = ev_verify(set, &findings, err);
    if (status == EV_OK && as_json)
        json_array_append_new(list, set_to_json(ev_set_info(set), &findings));
    else if (status == EV_OK)
        print_findings(ev_set_info(set), &findings);
    *n_findings += findings.n;
    ev_findings_free(&findings);
    ev_set_close(set);
    return status;
}

/* What all files together come to. */
static enum ev_status conclude(int64_t n_findings, const char *unreadable, int64_t n_unreadable,
                               struct ev_error *err)
{
    char findings[64], others[64] = "";

    ev_text_count(n_findings, "finding", findings);
    if (n_unreadable > 1)
        snprintf(others, sizeof others, " and %lld more file%s", (long long)n_unreadable - 1,
                 n_unreadable == 2 ? "" : "s");
    if (n_unreadable > 0)
        return ev_fail(err, EV_INPUT, "%s%s: cannot be read%s%s", unreadable, others,
                       n_findings > 0 ? "; " : "", n_findings > 0 ? findings : "");
    return n_findings > 0 ? ev_fail(err, EV_FAILED, "%s", findings) : EV_OK;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    json_t *list = json_array();
    int64_t n_findings = 0, n_unreadable = 0;
    const char *unreadable = NULL;
    enum ev_status status = ev_set_options_check(operands, (size_t)n_operands, err);

    ev_progress_set_quiet(quiet);
    for (int i = 0; i < n_operands && status == EV_OK; i++) {
        status = verify_set(operands[i], list, &n_findings, err);
        if (status != EV_INPUT)
            continue;
        status = EV_OK;
        tell_unreadable(operands[i], err, list);
        unreadable = n_unreadable++ == 0 ? operands[i] : unreadable;
    }
    if (status == EV_OK && as_json) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(list);
    return status == EV_OK ? conclude(n_findings, unreadable, n_unreadable, err) : status;
}

const struct ev_command ev_cmd_dataset_verify = {
    .name = "dataset verify",
    .summary = "check a set's form, digest, labels and pictures",
    .operands = "SET...",
    .min_operands = 1,
    .max_operands = MAX_SETS,
    .notes = "SET is a file, or a built-in set's name. Each finding is one line with its rows:\n"
             "attributes that are missing or of another length, content that differs from the\n"
             "recorded digest, pictures that cannot be read, are constant, equal the one\n"
             "before or an earlier one, labels that are NaN, infinite or outside their range,\n"
             "poses that are NaN. Exit code 1 if anything was found, 2 if a file cannot be\n"
             "read; the others are checked all the same.\n",
    .options = options,
    .run = run,
};
