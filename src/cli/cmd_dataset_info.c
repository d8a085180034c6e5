/* SPDX-License-Identifier: MIT */
/* evalrun dataset info: what is in a set. */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/json.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/open_set.h"
#include "inspect/sheet.h"
#include "inspect/summary.h"

#define MAX_SETS 256

static const char *sheet_path;
static struct ev_set_options set_options = {.source.lenient = true};
static bool as_json;

static const struct ev_option options[] = {
    {"sheet", 0, EV_OPT_TEXT, "FILE", &sheet_path, 0, 0,
     "also draw a contact sheet of pictures into this PNG file", NULL},
    {"json", 0, EV_OPT_FLAG, NULL, &as_json, 0, 0, "print JSON", NULL},
    EV_SET_OPTIONS(set_options),
    {0},
};

/* Whether the terminal's locale can show block characters. */
static bool is_unicode(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool unicode = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;

    if (locale)
        freelocale(locale);
    return unicode;
}

static enum ev_status show(struct ev_set *set, bool first, struct ev_error *err)
{
    struct ev_summary summary;
    enum ev_status status = ev_summary_make(set, &summary, err);

    if (status != EV_OK)
        return status;
    if (as_json) {
        char *text = ev_summary_json(&summary);
        if (text)
            printf("%s%s", first ? "[\n" : ",\n", text);
        else
            status = ev_fail(err, EV_MEMORY, "out of memory");
        free(text);
    } else {
        fputs(first ? "" : "\n", stdout);
        ev_summary_print(&summary, is_unicode(), stdout);
    }
    ev_summary_free(&summary);
    return status;
}

/* In the JSON, what is wrong with a file stands in its set's place. False when out of memory. */
static bool show_failure(const char *name, bool first, const struct ev_error *failure)
{
    json_t *json = json_pack("{s:o, s:o}", "path", ev_json_text(name), "error",
                             ev_json_text(failure->message));
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

    if (text)
        printf("%s%s", first ? "[\n" : ",\n", text);
    json_decref(json);
    free(text);
    return text != NULL;
}

static enum ev_status show_set(const char *name, bool first, struct ev_error *err)
{
    struct ev_set *set = NULL;

    enum ev_status status = ev_set_open_named(name, &set_options, 0, &set, err);
    if (status == EV_OK && sheet_path)
        status = ev_sheet_draw(set, sheet_path, err);
    if (status == EV_OK)
        status = show(set, first, err);
    ev_set_close(set);
    return status;
}

static bool is_png(const char *path)
{
    const size_t length = strlen(path);

    return length > 4 && strcasecmp(path + length - 4, ".png") == 0;
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_error failure = EV_ERROR_INIT;
    bool shown = false;

    if (sheet_path && n_operands > 1)
        return ev_fail(err, EV_USAGE, "--sheet: a sheet shows a single set, %d are given",
                       n_operands);
    if (sheet_path && !is_png(sheet_path))
        return ev_fail(err, EV_USAGE, "--sheet %s: expected a name that ends in .png", sheet_path);
    if (ev_set_options_check(operands, (size_t)n_operands, err) != EV_OK)
        return err->status;
    /* Files that cannot be read are told, and the others shown all the same. */
    for (int i = 0; i < n_operands; i++) {
        struct ev_error now = EV_ERROR_INIT;
        if (show_set(operands[i], !shown, &now) == EV_OK) {
            shown = true;
            continue;
        }
        if (failure.status != EV_OK)
            ev_progress_error(failure.message);
        failure = now;
        if (failure.status != EV_INPUT)
            break;
        if (as_json)
            shown = show_failure(operands[i], !shown, &failure) || shown;
    }
    if (as_json && shown)
        puts("\n]");
    *err = failure;
    return failure.status;
}

const struct ev_command ev_cmd_dataset_info = {
    .name = "dataset info",
    .summary = "what is in a set: form, labels, laps, provenance",
    .operands = "SET...",
    .min_operands = 1,
    .max_operands = MAX_SETS,
    .notes = "SET is a file, or a built-in set's name. If a file cannot be read, the others\n"
             "are shown all the same, and the exit code is 2.\n"
             "\n"
             "Examples:\n"
             "  evalrun dataset info montreal\n"
             "  evalrun dataset info my.h5 --sheet my.png\n",
    .options = options,
    .run = run,
};
