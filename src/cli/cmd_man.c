/* SPDX-License-Identifier: MIT */
/* evalrun man: the manual page, in roff with the macros of man(7), from the tables of --help. */
#include <ctype.h>
#include <string.h>

#include "cli/completion.h"
#include "evalrun/version.h"

/* Where a line of filled text ends in the source, with room for a long word; mandoc wants no more
 * than 80 bytes. */
#define LINE_BYTES 55

/* --- roff --- */

/* A character as it is to be printed. Hyphens and quotes stay those that a terminal types. */
static const char *escaped(char c, char plain[2])
{
    switch (c) {
    case '\\':
        return "\\(rs";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '"':
        return "\\(dq";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        plain[0] = c;
        return plain;
    }
}

/* The first n bytes of a text, which may begin a line: no request, whatever they begin with. */
static size_t put_bytes(const char *text, size_t n, FILE *out)
{
    char plain[2] = "";
    size_t n_put = 0;

    if (n > 0 && *text == '.')
        n_put += (size_t)fprintf(out, "\\&");
    for (size_t i = 0; i < n; i++)
        n_put += (size_t)fprintf(out, "%s", escaped(text[i], plain));
    return n_put;
}

static void put(const char *text, FILE *out)
{
    put_bytes(text, strlen(text), out);
}

/* A word without its backticks: between them it is bold, as may be the next word. */
static size_t put_word(const char *text, size_t n, bool *is_bold, FILE *out)
{
    size_t n_put = 0;

    while (n > 0) {
        size_t n_part = strcspn(text, "`");
        n_part = n_part < n ? n_part : n;
        n_put += put_bytes(text, n_part, out);
        if (n_part < n) {
            *is_bold = !*is_bold;
            n_put += (size_t)fprintf(out, *is_bold ? "\\fB" : "\\fR");
            n_part++;
        }
        text += n_part;
        n -= n_part;
    }
    return n_put;
}

/* Words to be filled into lines. */
static void put_filled(const char *text, size_t n, FILE *out)
{
    const char *end = text + n;
    size_t column = 0;
    bool is_bold = false;

    for (text += strspn(text, " \n"); text < end; text += strspn(text, " \n")) {
        size_t n_word = strcspn(text, " \n");
        if (column > LINE_BYTES) {
            fputc('\n', out);
            column = 0;
        } else if (column > 0) {
            fputc(' ', out);
        }
        column += put_word(text, n_word, &is_bold, out) + 1;
        text += n_word;
    }
    fputc('\n', out);
}

/* Lines as they stand, without their first `n_skip` columns. */
static void put_lines(const char *text, size_t n, size_t n_skip, FILE *out)
{
    const char *end = text + n;

    fputs(".EX\n", out);
    while (text < end) {
        size_t n_line = strcspn(text, "\n");
        if (n_line > n_skip)
            put_bytes(text + n_skip, n_line - n_skip, out);
        fputc('\n', out);
        text += n_line + (text[n_line] == '\n');
    }
    fputs(".EE\n", out);
}

/* --- Parts of the page --- */

/* Where the examples of a command's notes begin, and in *n_before the bytes before their heading;
 * NULL if there are none. */
static const char *find_examples(const char *notes, size_t *n_before)
{
    const char *heading = strstr(notes, "Example");

    while (heading && strncmp(heading, "Example:\n", 9) != 0 &&
           strncmp(heading, "Examples:\n", 10) != 0)
        heading = strstr(heading + 1, "Example");
    *n_before = heading ? (size_t)(heading - notes) : strlen(notes);
    return heading ? strchr(heading, '\n') + 1 : NULL;
}

/* Paragraphs; one with columns in it stays as it is. */
static void put_notes(const char *notes, FILE *out)
{
    size_t n;

    find_examples(notes, &n);
    for (const char *at = notes, *end = notes + n; at < end; at += strspn(at, "\n")) {
        const char *blank = strstr(at, "\n\n");
        size_t n_paragraph = (size_t)((blank && blank < end ? blank : end) - at);
        const char *gap = strstr(at, "  ");
        fputs(".PP\n", out);
        if (gap && gap < at + n_paragraph)
            put_lines(at, n_paragraph, 0, out);
        else
            put_filled(at, n_paragraph, out);
        at += n_paragraph;
    }
}

static void put_synopsis(const struct ev_command *command, FILE *out)
{
    fputs("\\fBevalrun ", out);
    put(command->name, out);
    fputs("\\fR ", out);
    if (*command->operands) {
        fputs("\\fI", out);
        put(command->operands, out);
        fputs("\\fR ", out);
    }
    fputs("[\\fIOPTIONS\\fR]\n", out);
}

static void put_options(const struct ev_option *options, FILE *out)
{
    for (const struct ev_option *option = options; option->name; option++) {
        fputs(".TP\n", out);
        if (option->letter)
            fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
        fputs("\\fB\\-\\-", out);
        put(option->name, out);
        fputs("\\fR", out);
        if (option->argument) {
            fputs(" \\fI", out);
            put(option->argument, out);
            fputs("\\fR", out);
        }
        fputc('\n', out);
        put_filled(option->help, strlen(option->help), out);
    }
}

static void put_command(const struct ev_command *command, FILE *out)
{
    char summary[128];

    fputs(".SS evalrun ", out);
    put(command->name, out);
    fputs("\n.nf\n", out);
    put_synopsis(command, out);
    fputs(".fi\n.PP\n", out);
    snprintf(summary, sizeof summary, "%s.", command->summary);
    summary[0] = (char)toupper((unsigned char)summary[0]);
    put_filled(summary, strlen(summary), out);
    if (command->notes)
        put_notes(command->notes, out);
    put_options(command->options, out);
}

static void put_examples(const struct ev_command *const *commands, FILE *out)
{
    const char *gap = "";
    size_t n_before;

    fputs(".SH EXAMPLES\n", out);
    for (; *commands; commands++) {
        const char *examples =
            (*commands)->notes ? find_examples((*commands)->notes, &n_before) : NULL;
        if (!examples)
            continue;
        fputs(gap, out);
        put_lines(examples, strlen(examples), 2, out);
        gap = ".PP\n";
    }
}

static void put_environment(FILE *out)
{
    fputs(".SH ENVIRONMENT\n", out);
    for (const struct ev_environment *variable = ev_environment; variable->name; variable++) {
        fprintf(out, ".TP\n\\fB%s\\fR\n", variable->name);
        put_filled(variable->help, strlen(variable->help), out);
    }
}

static void put_exit_status(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (const struct ev_exit_code *row = ev_exit_codes; row->meaning; row++) {
        fprintf(out, ".TP\n\\fB%d\\fR\n", row->code);
        put_filled(row->meaning, strlen(row->meaning), out);
    }
    fputs(".PP\n"
          "With 1, 2, 3 and 130 the last line on standard error says why, and for bad input\n"
          "names the file, option or row. Lines before it are progress and notes. A second\n"
          "signal ends the program at once, without a line.\n",
          out);
}

static const char head[] =
    ".SH NAME\n"
    "evalrun \\- compare variants of a driving network: how large, how wrong, how fast\n"
    ".SH SYNOPSIS\n"
    ".nf\n"
    "\\fBevalrun\\fR [\\fIOPTIONS\\fR]\n";

static const char description[] =
    ".SH DESCRIPTION\n"
    "Models are TorchScript files, run by libtorch or by an engine of your own; data\n"
    "are HDF5 sets, streamed, however large. Circuits, camera, expert driver,\n"
    "training, quantisation, evaluation and report are part of the program.\n"
    "Without a command it evaluates, and takes the options of \\fBevalrun eval\\fR.\n"
    ".PP\n"
    "A value follows its option as in \\fB\\-\\-out\\fR \\fIDIR\\fR or\n"
    "\\fB\\-\\-out=\\fR\\fIDIR\\fR; names in a list have commas between them.\n"
    "\\fB\\-\\-\\fR ends the options. Every command has \\fB\\-h\\fR, \\fB\\-\\-help\\fR;\n"
    "\\fBevalrun \\-\\-version\\fR prints the version.\n";

static const char files[] =
    ".SH FILES\n"
    ".TP\n"
    "\\fIresults/latest\\fR, \\fIplots/latest\\fR\n"
    "tables and charts of the last evaluation in this folder, and of the last drive\n"
    ".TP\n"
    "\\fI\\(ti/.cache/evalrun\\fR\n"
    "rendered sets, unless $EVALRUN_CACHE or $XDG_CACHE_HOME names another folder;\n"
    "they are rendered again if they are missing\n"
    ".TP\n"
    "\\fIshare/evalrun\\fR, under the prefix of the installation\n"
    "circuits, models and chart templates\n"
    ".TP\n"
    "\\fIdatasets/README.md\\fR, in the source\n"
    "the format of sets, and the rules of \\fBevalrun dataset import\\fR\n";

static const char see_also[] = ".SH SEE ALSO\n"
                               ".BR gnuplot (1),\n"
                               "which draws the charts\n";

void ev_man_print(const struct ev_command *const *commands, FILE *out)
{
    /* No hyphens of the formatter's in names that a reader copies. */
    fprintf(out, ".TH EVALRUN 1 %s \"evalrun %s\"\n.nh\n.ad l\n%s", EV_VERSION_DATE, EV_VERSION,
            head);
    for (size_t i = 0; commands[i]; i++)
        put_synopsis(commands[i], out);
    fprintf(out, ".fi\n%s.SH COMMANDS\n", description);
    for (size_t i = 0; commands[i]; i++)
        put_command(commands[i], out);
    put_exit_status(out);
    put_environment(out);
    fputs(files, out);
    put_examples(commands, out);
    fputs(see_also, out);
}

/* --- The command --- */

static const struct ev_option options[] = {{0}};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    (void)n_operands;
    (void)operands;
    (void)err;
    ev_man_print(ev_commands, stdout);
    return EV_OK;
}

const struct ev_command ev_cmd_man = {
    .name = "man",
    .summary = "print the manual page",
    .operands = "",
    .notes = "Example:\n"
             "  evalrun man | man -l -\n",
    .options = options,
    .run = run,
};
