/* SPDX-License-Identifier: MIT */
/* Fills the page's template with the parts of a document. */
#include "report/report_html.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "report/report_parts.h"
#include "report/template.h"

#define MARK                "@@"
#define MARK_CHARS          2
#define TITLE               "title"
#define MOST_TEMPLATE_BYTES (1u << 20)

/* A piece of a template: text, then what is asked for behind it. */
struct piece {
    const char *text;
    size_t n_chars;
    const char *name; /* NULL: the end */
    size_t n_name;
};

static const struct ev_part *find_part(const struct piece *piece)
{
    for (const struct ev_part *part = ev_parts; part->name; part++) {
        if (strlen(part->name) == piece->n_name &&
            strncmp(part->name, piece->name, piece->n_name) == 0)
            return part;
    }
    return NULL;
}

static bool is_title(const struct piece *piece)
{
    return piece->n_name == strlen(TITLE) && strncmp(piece->name, TITLE, piece->n_name) == 0;
}

/* The next piece; returns what is behind it. A mark without an end within its line is text. */
static const char *next_piece(const char *at, struct piece *piece)
{
    *piece = (struct piece){.text = at};
    for (const char *mark = strstr(at, MARK); mark; mark = strstr(mark + MARK_CHARS, MARK)) {
        const char *name = mark + MARK_CHARS;
        const char *end = strstr(name, MARK);
        if (!end || end == name || memchr(name, '\n', (size_t)(end - name)))
            continue;
        piece->n_chars = (size_t)(mark - at);
        piece->name = name;
        piece->n_name = (size_t)(end - name);
        return end + MARK_CHARS;
    }
    piece->n_chars = strlen(at);
    return at + piece->n_chars;
}

static enum ev_status refuse(const char *path, const char *text, const struct piece *piece,
                             struct ev_error *err)
{
    char name[60], clean[60];
    int line = 1;

    for (const char *c = text; c < piece->name; c++)
        line += *c == '\n';
    snprintf(name, sizeof name, "%.*s", piece->n_name < 40 ? (int)piece->n_name : 40, piece->name);
    ev_text_clean(name, clean, sizeof clean);
    return ev_fail(err, EV_INPUT, "%s: line %d: no part of a report is called '%s'", path, line,
                   clean);
}

/* The template's text, malloc'ed, in which nothing is asked for that there is not. */
static enum ev_status read_template(const char *templates, char **text, struct ev_error *err)
{
    char *path = NULL;
    size_t length;
    struct piece piece;
    enum ev_status status = ev_template_find(templates, EV_HTML_TEMPLATE, &path, err);

    *text = NULL;
    if (status == EV_OK)
        status = ev_file_read(path, MOST_TEMPLATE_BYTES, text, &length, err);
    for (const char *at = *text; status == EV_OK && *at;) {
        at = next_piece(at, &piece);
        if (piece.name && !is_title(&piece) && !find_part(&piece))
            status = refuse(path, *text, &piece, err);
    }
    free(path);
    return status;
}

/* A part within a section of its name; nothing for a part that is empty. */
static enum ev_status write_part(const struct ev_view *view, const struct ev_part *part,
                                 const char *plots, FILE *out, struct ev_error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    struct ev_doc doc = {.out = memory, .html = true, .plots = plots};

    if (!memory)
        return ev_fail(err, EV_MEMORY, "out of memory for a page");
    enum ev_status status = part->write(view, &doc, err);
    ev_doc_end_list(&doc);
    if (fclose(memory) != 0 && status == EV_OK)
        status = ev_fail(err, EV_MEMORY, "out of memory for a page");
    if (status == EV_OK && length > 0)
        fprintf(out, "<section id=\"%s\">\n%s</section>", part->name, text);
    free(text);
    return status;
}

static void write_title(const struct ev_view *view, FILE *out)
{
    char title[1024], clean[1024];

    ev_parts_title(view, title, sizeof title);
    ev_text_clean(title, clean, sizeof clean);
    ev_grid_html_text(clean, out);
}

enum ev_status ev_html_write(const struct ev_view *view, const char *plots, const char *templates,
                             FILE *out, struct ev_error *err)
{
    char *text = NULL;
    struct piece piece;
    enum ev_status status = read_template(templates, &text, err);

    for (const char *at = text; status == EV_OK && *at;) {
        at = next_piece(at, &piece);
        fwrite(piece.text, 1, piece.n_chars, out);
        if (piece.name && is_title(&piece))
            write_title(view, out);
        else if (piece.name)
            status = write_part(view, find_part(&piece), plots, out, err);
    }
    free(text);
    return status;
}

enum ev_status ev_html_check(const char *templates, struct ev_error *err)
{
    char *text = NULL;
    enum ev_status status = read_template(templates, &text, err);

    free(text);
    return status;
}
