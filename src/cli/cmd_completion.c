/* SPDX-License-Identifier: MIT */
/*
 * evalrun completion: scripts with which shells complete command lines. A script is the tables of
 * commands and options in the shell's language, made here, followed by the functions over them,
 * completion.bash or completion.zsh.
 */
#include <string.h>

#include "cli/completion.h"
#include "cli/values.h"

/* --- Both shells --- */

static const char bash_functions[] =
#include "completion_bash.inc"
    ;
static const char zsh_functions[] =
#include "completion_zsh.inc"
    ;

/* Text between single quotes, with a backslash before each of `special`. */
static void put_text(const char *text, const char *special, FILE *out)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            fputc('\\', out);
        fprintf(out, *text == '\'' ? "'\\''" : "%c", *text);
    }
}

/* FORM NAME..., as _evalrun_offer takes them. */
static void put_values(const struct ev_values *values, const char *special, FILE *out)
{
    fprintf(out, "%s%s", values->others ? values->others : "names", values->is_list ? "+list" : "");
    for (size_t i = 0; i < values->n_names; i++) {
        fputc(' ', out);
        put_text(values->names[i], special, out);
    }
}

/* --- bash --- */

static void put_bash_value(const struct ev_option *option, const char *head, FILE *out)
{
    struct ev_values values;

    ev_values_of_option(option, &values);
    fprintf(out, " [%s]='", head);
    put_values(&values, "", out);
    fputc('\'', out);
}

/* Sets the variables of _evalrun: the options, those with a value and what it may be, the operands
 * and how many there are at most. */
static void put_bash_command(const struct ev_command *command, FILE *out)
{
    const char *at = command->operands;
    struct ev_operand operand;
    struct ev_values values;
    char name[64];

    fprintf(out, "    '%s')\n        options=(", command->name);
    for (const struct ev_option *option = command->options; option->name; option++) {
        fprintf(out, "--%s ", option->name);
        if (option->letter)
            fprintf(out, "-%c ", option->letter);
    }
    fprintf(out, "--help -h)\n        values=(\n");
    for (const struct ev_option *option = command->options; option->name; option++) {
        if (option->kind == EV_OPT_FLAG)
            continue;
        fputs("           ", out);
        snprintf(name, sizeof name, "--%s", option->name);
        put_bash_value(option, name, out);
        snprintf(name, sizeof name, "-%c", option->letter);
        if (option->letter)
            put_bash_value(option, name, out);
        fputc('\n', out);
    }
    fprintf(out, "        )\n        operands=(");
    for (int i = 0; ev_operand_next(&at, &operand); i++) {
        ev_values_of_word(operand.word, &values);
        fputs(i > 0 ? " '" : "'", out);
        put_values(&values, "", out);
        fputc('\'', out);
    }
    fprintf(out, ")\n        most=%d\n        ;;\n", command->max_operands);
}

void ev_completion_bash(const struct ev_command *const *commands, FILE *out)
{
    fputs("# Completion of evalrun in bash, made by `evalrun completion bash`.\n"
          "_evalrun_commands=(",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "%s'%s'", i > 0 ? " " : "", commands[i]->name);
    fputs(")\n\n_evalrun_command() { # NAME\n    case $1 in\n", out);
    for (size_t i = 0; commands[i]; i++)
        put_bash_command(commands[i], out);
    fprintf(out, "    *) return 1 ;;\n    esac\n}\n\n%s", bash_functions);
}

/* --- zsh --- */

/* What _arguments and _describe read otherwise than as it stands. */
#define IN_HELP   "[]:\\"
/* An action of _arguments is split into words by the shell. */
#define IN_ACTION " \t\\'\"`$:;&|<>()[]{}*?~#^!="

/* ':WORD: _evalrun_offer FORM NAME...', a value and the action that completes it. */
static void put_zsh_value(const char *word, const struct ev_values *values, FILE *out)
{
    fputc(':', out);
    put_text(word, IN_HELP, out);
    fputs(": _evalrun_offer ", out);
    put_values(values, IN_ACTION, out);
}

static void put_zsh_option(const struct ev_option *option, FILE *out)
{
    const char *equals = option->kind == EV_OPT_FLAG ? "" : "=";
    struct ev_values values;

    fputs("            ", out);
    if (option->letter)
        fprintf(out, "'(-%c --%s)'{-%c,--%s%s}'[", option->letter, option->name, option->letter,
                option->name, equals);
    else
        fprintf(out, "'--%s%s[", option->name, equals);
    put_text(option->help, IN_HELP, out);
    fputc(']', out);
    if (option->kind != EV_OPT_FLAG) {
        ev_values_of_option(option, &values);
        put_zsh_value(option->argument, &values, out);
    }
    fputs("' \\\n", out);
}

static void put_zsh_command(const struct ev_command *command, FILE *out)
{
    const char *at = command->operands;
    struct ev_operand operand;
    struct ev_values values;

    fprintf(out, "    ('%s')\n        _arguments -S \"${@[2,-1]}\" \\\n", command->name);
    for (const struct ev_option *option = command->options; option->name; option++)
        put_zsh_option(option, out);
    for (int i = 1; ev_operand_next(&at, &operand); i++) {
        ev_values_of_word(operand.word, &values);
        if (operand.repeats)
            fputs("            '*", out);
        else
            fprintf(out, "            '%d", i);
        put_zsh_value(operand.word, &values, out);
        fputs("' \\\n", out);
    }
    fputs("            '(- *)'{-h,--help}'[this text]'\n        ;;\n", out);
}

void ev_completion_zsh(const struct ev_command *const *commands, FILE *out)
{
    fputs("#compdef evalrun\n"
          "# Completion of evalrun in zsh, made by `evalrun completion zsh`.\n"
          "_evalrun_commands=(\n",
          out);
    for (size_t i = 0; commands[i]; i++) {
        fprintf(out, "    '%s:", commands[i]->name);
        put_text(commands[i]->summary, ":\\", out);
        fputs("'\n", out);
    }
    fputs(")\n\n_evalrun_command() { # NAME [SPEC...]\n    case $1 in\n", out);
    for (size_t i = 0; commands[i]; i++)
        put_zsh_command(commands[i], out);
    fprintf(out, "    esac\n}\n\n%s", zsh_functions);
}

/* --- The command --- */

const char *const ev_shells[] = {"bash", "zsh", NULL};

static const struct ev_option options[] = {{0}};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    (void)n_operands;
    if (strcmp(operands[0], "bash") == 0)
        ev_completion_bash(ev_commands, stdout);
    else if (strcmp(operands[0], "zsh") == 0)
        ev_completion_zsh(ev_commands, stdout);
    else
        return ev_fail_unknown(err, "shell", operands[0], ev_shells, 2);
    return EV_OK;
}

const struct ev_command ev_cmd_completion = {
    .name = "completion",
    .summary = "print the completion script of bash or zsh",
    .operands = "SHELL",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "SHELL is bash or zsh. An installed evalrun has its scripts where shells look for\n"
             "them.\n"
             "\n"
             "Examples:\n"
             "  source <(evalrun completion bash)    in ~/.bashrc\n"
             "  source <(evalrun completion zsh)     in ~/.zshrc, behind compinit\n",
    .options = options,
    .run = run,
};
