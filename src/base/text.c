/* SPDX-License-Identifier: MIT */
/* Numbers, nearest names and CSV cells. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ev_text_double(const char *text, double *value)
{
    static locale_t c_locale;
    char *end;

    /* strtod also takes blanks, hexadecimal numbers, "nan" and "inf". */
    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    if (!c_locale)
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return false;
    *value = strtod_l(text, &end, c_locale);
    return *end == '\0' && isfinite(*value);
}

bool ev_text_int64(const char *text, int64_t *value)
{
    char *end;

    if (*text == '\0' || isspace((unsigned char)*text))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *value = number;
    return *end == '\0' && errno == 0;
}

#define MAX_NAME 63

/* Edit distance with transpositions of neighbours (optimal string alignment). Names longer than
 * MAX_NAME are as far as their length. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][MAX_NAME + 1];
    size_t n_a = strlen(a), n_b = strlen(b);

    if (n_a > MAX_NAME || n_b > MAX_NAME)
        return n_a > n_b ? n_a : n_b;
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_above[j - 2] + 1 < best)
                best = two_above[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n_a % 3][n_b];
}

const char *ev_text_nearest(const char *text, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t smallest = SIZE_MAX;

    for (size_t i = 0; i < n; i++) {
        size_t longer = strlen(names[i]) > strlen(text) ? strlen(names[i]) : strlen(text);
        size_t limit = longer / 3 > 0 ? longer / 3 : 1;
        size_t distance = edit_distance(text, names[i]);
        if (distance <= limit && distance < smallest) {
            smallest = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

/* Bytes of the UTF-8 character at `c`, 0 if there is none: no overlong form, no surrogate, nothing
 * above U+10FFFF (RFC 3629). */
static size_t utf8_length(const unsigned char *c)
{
    size_t n = c[0] < 0x80                   ? 1
               : c[0] >= 0xc2 && c[0] < 0xe0 ? 2
               : c[0] >= 0xe0 && c[0] < 0xf0 ? 3
               : c[0] >= 0xf0 && c[0] < 0xf5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return n;
}

void ev_text_clean(const char *text, char *out, size_t size)
{
    const unsigned char *c = (const unsigned char *)(text ? text : "");
    size_t used = 0;

    while (*c) {
        size_t n = utf8_length(c);
        /* C0, DEL and C1: a terminal may obey them. */
        bool control = c[0] < 0x20 || c[0] == 0x7f || (n == 2 && c[0] == 0xc2 && c[1] < 0xa0);
        size_t n_out = n == 0 || control ? 1 : n;
        if (used + n_out >= size)
            break;
        if (n == 0 || control)
            out[used] = control ? ' ' : '?';
        else
            memcpy(out + used, c, n);
        used += n_out;
        c += n ? n : 1;
    }
    out[used] = '\0';
}

int ev_text_width_of(const char *text, size_t n)
{
    int width = 0;

    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

int ev_text_width(const char *text)
{
    return ev_text_width_of(text, strlen(text));
}

void ev_text_shorten(const char *text, char *out, size_t size)
{
    char clean[1024];

    ev_text_clean(text, clean, sizeof clean);
    const size_t length = strlen(clean);
    if (length < size) {
        memcpy(out, clean, length + 1);
        return;
    }
    size_t head = (size - 4) / 2, tail = length - (size - 4 - head);
    while (head > 0 && ((unsigned char)clean[head] & 0xc0) == 0x80)
        head--; /* no character is split */
    while (((unsigned char)clean[tail] & 0xc0) == 0x80)
        tail++;
    snprintf(out, size, "%.*s...%s", (int)head, clean, clean + tail);
}

const char *ev_text_count(int64_t n, const char *noun, char text[64])
{
    char plain[24];
    size_t used = 0;
    const int length = snprintf(plain, sizeof plain, "%lld", (long long)n);

    for (int i = 0; i < length; i++) {
        if (i > 0 && plain[i - 1] != '-' && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = plain[i];
    }
    text[used] = '\0';
    if (noun)
        snprintf(text + used, 64 - used, " %.30s%s", noun, n == 1 ? "" : "s");
    return text;
}

const char *ev_text_fixed(double value, int decimals, char text[64])
{
    snprintf(text, 64, "%.*f", decimals, value);
    return *text == '-' && text[strspn(text, "-0.")] == '\0' ? text + 1 : text;
}

void ev_text_csv_cell(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}
