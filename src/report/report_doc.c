/* SPDX-License-Identifier: MIT */
/* Headings, paragraphs, lists, tables and pictures in two formats. */
#include "report/report_doc.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"
#include "report/html_picture.h"

#define MOST_CHARS 8192

static void write_escaped(struct ev_doc *doc, const char *text)
{
    char clean[MOST_CHARS];

    ev_text_clean(text, clean, sizeof clean);
    if (doc->html)
        ev_grid_html_text(clean, doc->out);
    else
        ev_grid_markdown_text(clean, doc->out);
}

/* `before` and `after` are markup. */
static void write_formatted(struct ev_doc *doc, const char *before, const char *format, va_list args,
                            const char *after)
{
    char text[MOST_CHARS];

    vsnprintf(text, sizeof text, format, args);
    fputs(before, doc->out);
    write_escaped(doc, text);
    fputs(after, doc->out);
}

void ev_doc_end_list(struct ev_doc *doc)
{
    if (doc->in_list)
        fputs(doc->html ? "</ul>\n" : "\n", doc->out);
    doc->in_list = false;
}

void ev_doc_heading(struct ev_doc *doc, int level, const char *format, ...)
{
    char before[16] = "", after[16] = "\n\n";
    va_list args;

    ev_doc_end_list(doc);
    if (doc->html) {
        snprintf(before, sizeof before, "<h%d>", level);
        snprintf(after, sizeof after, "</h%d>\n", level);
    } else {
        snprintf(before, sizeof before, "%.*s ", level, "######");
    }
    va_start(args, format);
    write_formatted(doc, before, format, args, after);
    va_end(args);
}

void ev_doc_paragraph(struct ev_doc *doc, const char *format, ...)
{
    va_list args;

    ev_doc_end_list(doc);
    va_start(args, format);
    write_formatted(doc, doc->html ? "<p>" : "", format, args, doc->html ? "</p>\n" : "\n\n");
    va_end(args);
}

void ev_doc_warning(struct ev_doc *doc, const char *format, ...)
{
    va_list args;

    ev_doc_end_list(doc);
    va_start(args, format);
    write_formatted(doc, doc->html ? "<p class=\"warning\"><strong>" : "**", format, args,
                    doc->html ? "</strong></p>\n" : "**\n\n");
    va_end(args);
}

void ev_doc_item(struct ev_doc *doc, const char *format, ...)
{
    va_list args;

    if (doc->html && !doc->in_list)
        fputs("<ul>\n", doc->out);
    doc->in_list = true;
    va_start(args, format);
    write_formatted(doc, doc->html ? "<li>" : "- ", format, args, doc->html ? "</li>\n" : "\n");
    va_end(args);
}

void ev_doc_grid(struct ev_doc *doc, const struct ev_grid *grid)
{
    ev_doc_end_list(doc);
    if (doc->html) {
        ev_grid_html(grid, doc->out);
    } else {
        ev_grid_markdown(grid, doc->out);
        fputc('\n', doc->out);
    }
}

void ev_doc_code(struct ev_doc *doc, const char *text)
{
    char clean[MOST_CHARS];

    ev_doc_end_list(doc);
    ev_text_clean(text, clean, sizeof clean);
    if (doc->html) {
        fputs("<pre><code>", doc->out);
        ev_grid_html_text(clean, doc->out);
        fputs("</code></pre>\n", doc->out);
    } else {
        fprintf(doc->out, "    %s\n\n", clean);
    }
}

enum ev_status ev_doc_picture(struct ev_doc *doc, const char *name, const char *title,
                              struct ev_error *err)
{
    ev_doc_end_list(doc);
    if (doc->html)
        return ev_html_picture(doc->plots, name, title, doc->out, err);
    fputs("![", doc->out);
    write_escaped(doc, title);
    fputs("](", doc->out);
    ev_grid_markdown_address(doc->plots, doc->out);
    fprintf(doc->out, "%s.png)\n\n", name);
    return EV_OK;
}
