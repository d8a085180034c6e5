/* SPDX-License-Identifier: MIT */
/* SVG and PNG files written into a page. */
#include "report/html_picture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>

#include "base/file.h"
#include "report/report_grid.h"

/* Larger charts are shown by their pixels: browsers are slow with many elements. */
#define MOST_SVG_BYTES 200000
#define MOST_PNG_BYTES (64u << 20)

/* Bytes that become one piece of text; a multiple of 3, so that none but the last is padded. */
#define PIECE_BYTES 3072

static void write_base64(const char *bytes, size_t n, FILE *out)
{
    char text[BASE64_ENCODE_RAW_LENGTH(PIECE_BYTES)];

    for (size_t i = 0; i < n; i += PIECE_BYTES) {
        const size_t piece = n - i < PIECE_BYTES ? n - i : PIECE_BYTES;
        base64_encode_raw(text, piece, (const uint8_t *)bytes + i);
        fwrite(text, 1, BASE64_ENCODE_RAW_LENGTH(piece), out);
    }
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Length of the start of an id or of a reference to one, 0 at any other text. */
static size_t id_length(const char *text)
{
    static const char *const starts[] = {" id='", " id=\"", "url(#", "href='#", "href=\"#"};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (starts_with(text, starts[i]))
            return strlen(starts[i]);
    }
    return 0;
}

/* The elements of an SVG file. gnuplot names its ids alike in all charts, and its parts by titles
 * that a browser shows over the chart. */
static void write_svg(const char *svg, const char *name, const char *title, FILE *out)
{
    static const char root[] = "<svg", open[] = "<title>", close[] = "</title>";
    const char *at = strstr(svg, root);

    if (!at)
        return;
    fputs("<svg role=\"img\" aria-label=\"", out);
    ev_grid_html_text(title, out);
    fputc('"', out);
    for (at += strlen(root); *at;) {
        const size_t n = id_length(at);
        const char *end = starts_with(at, open) ? strstr(at, close) : NULL;
        if (end) {
            at = end + strlen(close);
        } else if (n > 0) {
            fprintf(out, "%.*s%s-", (int)n, at, name);
            at += n;
        } else {
            fputc(*at++, out);
        }
    }
}

static enum ev_status write_png(const char *path, const char *title, FILE *out, struct ev_error *err)
{
    char *bytes = NULL;
    size_t n;
    enum ev_status status = ev_file_read(path, MOST_PNG_BYTES, &bytes, &n, err);

    if (status != EV_OK)
        return status;
    fputs("<img alt=\"", out);
    ev_grid_html_text(title, out);
    fputs("\" src=\"data:image/png;base64,", out);
    write_base64(bytes, n, out);
    fputs("\">\n", out);
    free(bytes);
    return EV_OK;
}

/* The path of a picture in a format, malloc'ed. */
static char *path_of(const char *folder, const char *name, const char *format)
{
    char file_name[80];

    snprintf(file_name, sizeof file_name, "%s.%s", name, format);
    return ev_path_join(folder, file_name);
}

enum ev_status ev_html_picture(const char *folder, const char *name, const char *title, FILE *out,
                               struct ev_error *err)
{
    char *svg_path = path_of(folder, name, "svg"), *png_path = path_of(folder, name, "png");
    char *svg = NULL;
    size_t length;
    int64_t n_bytes = 0;
    enum ev_status status =
        svg_path && png_path ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    fputs("<figure>\n", out);
    if (status == EV_OK && ev_file_exists(svg_path))
        status = ev_file_size(svg_path, &n_bytes, err);
    if (status == EV_OK && n_bytes > 0 && n_bytes <= MOST_SVG_BYTES) {
        status = ev_file_read(svg_path, MOST_SVG_BYTES, &svg, &length, err);
        if (status == EV_OK)
            write_svg(svg, name, title, out);
    } else if (status == EV_OK) {
        status = write_png(png_path, title, out, err);
    }
    fputs("</figure>\n", out);
    free(svg);
    free(svg_path);
    free(png_path);
    return status;
}
