/* SPDX-License-Identifier: MIT */
/* The parser over a table of options, and the printing of that table. */
#include "cli/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_OPTIONS 40
#define LINE_COLUMNS 80
#define HELP_COLUMN 26

/* The options that the last command line gave. */
static const struct ev_option *parsed;
static bool given[MAX_OPTIONS];

/* More are no help in a line. */
#define MOST_NAMES_LISTED 12

enum ev_status ev_fail_unknown(struct ev_error *err, const char *what, const char *text,
                               const char *const *names, size_t n)
{
    const char *near = ev_text_nearest(text, names, n);
    char list[256];
    size_t used = 0;

    if (near)
        return ev_fail(err, EV_USAGE, "unknown %s '%s': did you mean '%s'?", what, text, near);
    if (n > MOST_NAMES_LISTED)
        return ev_fail(err, EV_USAGE, "unknown %s '%s': see --help", what, text);
    for (size_t i = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                 names[i]);
    return ev_fail(err, EV_USAGE, "unknown %s '%s': expected one of %s", what, text, list);
}

static enum ev_status fail_bounds(const struct ev_option *option, const char *text,
                                  struct ev_error *err)
{
    const char *kind = option->kind == EV_OPT_INT ? "a whole number" : "a number";

    if (option->min == EV_ABOVE_0 && option->max == EV_BELOW_1)
        return ev_fail(err, EV_USAGE, "--%s %s: expected a number above 0 and below 1",
                       option->name, text);
    return ev_fail(err, EV_USAGE, "--%s %s: expected %s from %.15g to %.15g", option->name, text,
                   kind, option->min, option->max);
}

static enum ev_status take_choice(const struct ev_option *option, const char *text,
                                  struct ev_error *err)
{
    char what[64];
    size_t n = 0;

    for (; option->choices[n]; n++) {
        if (strcmp(option->choices[n], text) == 0) {
            *(const char **)option->value = option->choices[n];
            return EV_OK;
        }
    }
    snprintf(what, sizeof what, "--%s", option->name);
    return ev_fail_unknown(err, what, text, option->choices, n);
}

static enum ev_status take_value(const struct ev_option *option, const char *text,
                                 struct ev_error *err)
{
    int64_t whole;
    double real;

    switch (option->kind) {
    case EV_OPT_INT:
        if (!ev_text_int64(text, &whole) || (double)whole < option->min ||
            (double)whole > option->max)
            return fail_bounds(option, text, err);
        *(int64_t *)option->value = whole;
        return EV_OK;
    case EV_OPT_DOUBLE:
        if (!ev_text_double(text, &real) || real < option->min || real > option->max)
            return fail_bounds(option, text, err);
        *(double *)option->value = real;
        return EV_OK;
    case EV_OPT_CHOICE:
        return take_choice(option, text, err);
    default:
        if (*text == '\0')
            return ev_fail(err, EV_USAGE, "--%s: empty value", option->name);
        *(const char **)option->value = text;
        return EV_OK;
    }
}

static enum ev_status unknown_option(const struct ev_option *options, const char *word,
                                     size_t n_word, struct ev_error *err)
{
    const char *names[MAX_OPTIONS];
    char text[128];
    size_t n = 0;

    for (; options[n].name && n < MAX_OPTIONS - 1; n++)
        names[n] = options[n].name;
    names[n++] = "help";
    snprintf(text, sizeof text, "%.*s", (int)n_word, word);
    const char *near = word[1] == '-' ? ev_text_nearest(text + 2, names, n) : NULL;
    if (near)
        return ev_fail(err, EV_USAGE, "unknown option '%s': did you mean '--%s'?", text, near);
    return ev_fail(err, EV_USAGE, "unknown option '%s': see --help", text);
}

/* The option that a word names, "--name", "--name=value" or "-n"; NULL if none. */
static const struct ev_option *find_option(const struct ev_option *options, const char *word,
                                           size_t n_word)
{
    for (const struct ev_option *option = options; option->name; option++) {
        if (word[1] == '-' && strlen(option->name) == n_word - 2 &&
            strncmp(option->name, word + 2, n_word - 2) == 0)
            return option;
        if (word[1] != '-' && n_word == 2 && option->letter == word[1])
            return option;
    }
    return NULL;
}

/* Takes the option at argv[*at] and its value; *at is left at the last word used. */
static enum ev_status take_option(const struct ev_option *options, int argc, char **argv, int *at,
                                  struct ev_error *err)
{
    const char *word = argv[*at];
    const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t n_word = equals ? (size_t)(equals - word) : strlen(word);
    const struct ev_option *option = find_option(options, word, n_word);

    if (!option)
        return unknown_option(options, word, n_word, err);
    if (given[option - options])
        return ev_fail(err, EV_USAGE, "--%s: given twice", option->name);
    given[option - options] = true;
    if (option->kind == EV_OPT_FLAG) {
        if (equals)
            return ev_fail(err, EV_USAGE, "--%s takes no value", option->name);
        *(bool *)option->value = true;
        return EV_OK;
    }
    if (equals)
        return take_value(option, equals + 1, err);
    if (*at + 1 >= argc || strncmp(argv[*at + 1], "--", 2) == 0)
        return ev_fail(err, EV_USAGE, "--%s: expected %s", option->name, option->argument);
    return take_value(option, argv[++*at], err);
}

enum ev_status ev_options_parse(const struct ev_option *options, int argc, char **argv,
                                int *n_operands, struct ev_error *err)
{
    bool only_operands = false;

    parsed = options;
    memset(given, 0, sizeof given);
    *n_operands = 0;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (only_operands || word[0] != '-' || word[1] == '\0') {
            argv[(*n_operands)++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_operands = true;
            continue;
        }
        enum ev_status status = take_option(options, argc, argv, &i, err);
        if (status != EV_OK)
            return status;
    }
    return EV_OK;
}

bool ev_option_is_given(const char *name)
{
    for (const struct ev_option *option = parsed; option && option->name; option++) {
        if (strcmp(option->name, name) == 0)
            return given[option - parsed];
    }
    return false;
}

/* Prints words from `column` on, continued on lines that start at HELP_COLUMN. */
static void print_wrapped(const char *text, int column, FILE *out)
{
    while (*text) {
        int n_word = (int)strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + n_word > LINE_COLUMNS) {
            fprintf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", n_word, text);
        column += n_word;
        text += n_word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

void ev_help_print(const char *head, const char *text, FILE *out)
{
    if (strlen(head) < HELP_COLUMN - 1)
        fprintf(out, "%-*s", HELP_COLUMN, head);
    else
        fprintf(out, "%s\n%*s", head, HELP_COLUMN, "");
    print_wrapped(text, HELP_COLUMN, out);
}

void ev_options_print(const struct ev_option *options, FILE *out)
{
    for (const struct ev_option *option = options; option->name; option++) {
        char letter[8] = "    ", head[80];
        if (option->letter)
            snprintf(letter, sizeof letter, "-%c, ", option->letter);
        snprintf(head, sizeof head, "  %s--%s%s%s", letter, option->name,
                 option->argument ? " " : "", option->argument ? option->argument : "");
        ev_help_print(head, option->help, out);
    }
}
