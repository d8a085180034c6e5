/* SPDX-License-Identifier: MIT */
/* Lists of digests. As coreutils has it, a line whose name holds a backslash or a line feed begins
 * with a backslash, and these characters are written "\\" and "\n". */
#include "base/sums.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Longest file that is read: some ten thousand names. */
#define MAX_BYTES ((size_t)8 << 20)

#define HEX_DIGITS 64

void ev_sums_free(struct ev_sums *sums)
{
    for (size_t i = 0; i < sums->n; i++)
        free(sums->lines[i].name);
    free(sums->lines);
    *sums = (struct ev_sums){0};
}

/* Appends a line without a digest yet; NULL when out of memory. */
static struct ev_sum_line *append(struct ev_sums *sums, const char *name)
{
    struct ev_sum_line *lines = realloc(sums->lines, (sums->n + 1) * sizeof *lines);
    char *copy = strdup(name);

    if (lines)
        sums->lines = lines;
    if (!lines || !copy) {
        free(copy);
        return NULL;
    }
    lines[sums->n] = (struct ev_sum_line){.name = copy};
    return &lines[sums->n++];
}

enum ev_status ev_sums_add(struct ev_sums *sums, const char *folder, const char *name,
                           struct ev_error *err)
{
    char *path = ev_path_join(folder, name);
    struct ev_sum_line *line = path ? append(sums, name) : NULL;
    enum ev_status status =
        line ? ev_file_sha256(path, line->hex, err) : ev_fail(err, EV_MEMORY, "out of memory");

    free(path);
    return status;
}

void ev_sums_print(const struct ev_sums *sums, FILE *out)
{
    for (size_t i = 0; i < sums->n; i++) {
        const struct ev_sum_line *line = &sums->lines[i];
        fprintf(out, "%s%s  ", strpbrk(line->name, "\\\n") ? "\\" : "", line->hex);
        for (const char *at = line->name; *at; at++) {
            if (*at == '\n')
                fputs("\\n", out);
            else if (*at == '\\')
                fputs("\\\\", out);
            else
                fputc(*at, out);
        }
        fputc('\n', out);
    }
}

/* Takes the escapes of a name back, in place; false for one that does not exist. */
static bool unescape(char *name)
{
    char *to = name;

    for (const char *from = name; *from; from++) {
        if (*from == '\\') {
            from++;
            if (*from != 'n' && *from != '\\')
                return false;
            *to++ = *from == 'n' ? '\n' : '\\';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return true;
}

/* Whether a name is empty, absolute, or goes up: ".." between slashes. */
static bool leads_out(const char *name)
{
    if (*name == '\0' || *name == '/')
        return true;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

/* Adds what a line says, without its line feed; false if it is no such line. */
static bool parse_line(char *text, struct ev_sums *sums, bool *out_of_memory)
{
    const bool is_escaped = *text == '\\';
    char *hex = text + is_escaped;

    if (strspn(hex, "0123456789abcdef") != HEX_DIGITS || hex[HEX_DIGITS] != ' ' ||
        (hex[HEX_DIGITS + 1] != ' ' && hex[HEX_DIGITS + 1] != '*'))
        return false;
    char *name = hex + HEX_DIGITS + 2;
    if ((is_escaped && !unescape(name)) || leads_out(name))
        return false;
    struct ev_sum_line *line = append(sums, name);
    *out_of_memory = !line;
    if (line)
        memcpy(line->hex, hex, HEX_DIGITS);
    return line != NULL;
}

enum ev_status ev_sums_load(const char *path, struct ev_sums *sums, struct ev_error *err)
{
    char *text = NULL, *rest;
    size_t length;
    bool out_of_memory = false;

    *sums = (struct ev_sums){0};
    enum ev_status status = ev_file_read(path, MAX_BYTES, &text, &length, err);
    if (status != EV_OK)
        return status;
    rest = text;
    for (int line = 1; *rest && status == EV_OK; line++) {
        char *start = rest, *end = rest + strcspn(rest, "\n");
        rest = *end ? end + 1 : end;
        *end = '\0';
        if (!parse_line(start, sums, &out_of_memory))
            status = out_of_memory
                         ? ev_fail(err, EV_MEMORY, "%s: out of memory", path)
                         : ev_fail(err, EV_INPUT,
                                   "%s: line %d: expected a SHA-256 and the name of a file below "
                                   "the folder",
                                   path, line);
    }
    free(text);
    if (status != EV_OK)
        ev_sums_free(sums);
    return status;
}

const char *ev_sums_find(const struct ev_sums *sums, const char *name)
{
    for (size_t i = 0; i < sums->n; i++) {
        if (strcmp(sums->lines[i].name, name) == 0)
            return sums->lines[i].hex;
    }
    return NULL;
}
