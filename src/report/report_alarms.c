/* SPDX-License-Identifier: MIT */
/* Alarms for the terminal, in documents and in a cell. */
#include "report/report_alarms.h"

#include <string.h>

#include "base/colour.h"
#include "base/text.h"
#include "report/report_parts.h"

#define MOST_CHARS 1200

/* "SENTENCE (CODE)" */
static void alarm_text(const struct ev_result_alarm *alarm, char text[MOST_CHARS])
{
    char line[MOST_CHARS];

    snprintf(line, sizeof line, "%.1000s (%.40s)", alarm->text, alarm->code);
    ev_text_clean(line, text, MOST_CHARS);
}

void ev_alarms_print(const struct ev_result *result, const char *indent, FILE *out)
{
    char text[MOST_CHARS];

    if (result->n_alarms > 0)
        fputc('\n', out);
    for (size_t i = 0; i < result->n_alarms; i++) {
        alarm_text(&result->alarms[i], text);
        fputs(indent, out);
        ev_colour_start(EV_COLOUR_ALARM, out);
        fprintf(out, "alarm: %s", text);
        ev_colour_end(EV_COLOUR_ALARM, out);
        fputc('\n', out);
    }
}

enum ev_status ev_part_alarms(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    char text[MOST_CHARS];

    (void)err;
    if (view->result->n_alarms > 0)
        ev_doc_heading(doc, 2, "Alarms");
    for (size_t i = 0; i < view->result->n_alarms; i++) {
        alarm_text(&view->result->alarms[i], text);
        ev_doc_item(doc, "%s", text);
    }
    ev_doc_end_list(doc);
    return EV_OK;
}

/* Whether `code` is one of the words of `text`. */
static bool has_word(const char *text, const char *code)
{
    const size_t length = strlen(code);

    for (const char *at = strstr(text, code); at; at = strstr(at + 1, code)) {
        if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

void ev_alarms_codes(const struct ev_result *result, const struct ev_result_row *row, char *text,
                     size_t size)
{
    char code[40];
    size_t used = 0;

    *text = '\0';
    for (size_t i = 0; i < result->n_alarms && used < size; i++) {
        const struct ev_result_alarm *alarm = &result->alarms[i];
        ev_text_clean(alarm->code, code, sizeof code);
        if (strcmp(alarm->backend, row->backend) == 0 &&
            (!*alarm->set || strcmp(alarm->set, row->set) == 0) && !has_word(text, code))
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? " " : "", code);
    }
}
