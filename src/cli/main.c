/* SPDX-License-Identifier: MIT */
/*
 * The program: finds the command, parses its options, runs it, and turns a status into an exit
 * code and one line on standard error. The table of commands is in commands.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/command.h"
#include "evalrun/version.h"
#include "measure/worker.h"

/* More commands than there will be. */
#define MAX_COMMANDS 64

static int exit_code(enum ev_status status)
{
#define EXIT_CODE(code, exit_code_, name)                                                          \
    case code:                                                                                     \
        return exit_code_;
    switch (status) {
        EV_STATUS_LIST(EXIT_CODE)
    default:
        return EXIT_FAILURE;
    }
#undef EXIT_CODE
}

/* A name of the user's may hold a line feed or worse; the message stays one line. */
static void print_error(const struct ev_error *err)
{
    fputs("evalrun: ", stderr);
    for (const char *at = err->message; *at; at++)
        fputc((unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at, stderr);
    fputc('\n', stderr);
}

/* --- Help --- */

static void print_usage(const struct ev_command *command)
{
    printf("Usage: evalrun %s%s%s [OPTIONS]\n", command->name, *command->operands ? " " : "",
           command->operands);
}

static void print_command_help(const struct ev_command *command)
{
    print_usage(command);
    printf("\nevalrun %s: %s.\n\nOptions:\n", command->name, command->summary);
    ev_options_print(command->options, stdout);
    printf("  -h, --help              this text\n");
    if (command->notes)
        printf("\n%s", command->notes);
}

static void print_summary(const struct ev_command *command)
{
    char head[40];

    snprintf(head, sizeof head, "  %s", command->name);
    ev_help_print(head, command->summary, stdout);
}

static void print_help(void)
{
    printf("Usage: evalrun [OPTIONS]\n"
           "       evalrun COMMAND [OPTIONS]\n"
           "\n"
           "Compares variants of a driving network: how large, how wrong, how fast.\n"
           "Without a command it evaluates.\n"
           "\n"
           "Commands:\n");
    for (size_t i = 0; ev_commands[i]; i++)
        print_summary(ev_commands[i]);
    printf("`evalrun COMMAND --help` shows a command's own options.\n"
           "\n"
           "Options of eval:\n");
    ev_options_print(ev_commands[0]->options, stdout);
    printf("  -h, --help              this text\n"
           "      --version           the version\n");
    printf("\n%s", ev_commands[0]->notes);
    printf("\nEnvironment:\n");
    for (const struct ev_environment *variable = ev_environment; variable->name; variable++) {
        char head[40];
        snprintf(head, sizeof head, "  %s", variable->name);
        ev_help_print(head, variable->help, stdout);
    }
    printf("\nExit codes:\n");
    for (const struct ev_exit_code *row = ev_exit_codes; row->meaning; row++) {
        char head[40];
        snprintf(head, sizeof head, "  %d", row->code);
        ev_help_print(head, row->meaning, stdout);
    }
}

/* The commands of a group, "dataset"; false if no command begins with that word. */
static bool print_group_help(const char *group)
{
    const size_t length = strlen(group);
    bool found = false;

    for (size_t i = 0; ev_commands[i]; i++) {
        const char *name = ev_commands[i]->name;
        if (strncmp(name, group, length) != 0 || name[length] != ' ')
            continue;
        if (!found)
            printf("Usage: evalrun %s COMMAND [OPTIONS]\n\nCommands:\n", group);
        print_summary(ev_commands[i]);
        found = true;
    }
    if (found)
        printf("`evalrun %s COMMAND --help` shows a command's own options.\n", group);
    return found;
}

static bool asks_for(int argc, char **argv, const char *name, const char *letter)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], name) == 0 || strcmp(argv[i], letter) == 0)
            return true;
    }
    return false;
}

/* --- Finding the command --- */

/* Number of leading words of argv that spell the command's name; 0 if they do not. */
static int matches(const struct ev_command *command, int argc, char **argv)
{
    const char *at = command->name;
    int n = 0;

    for (; *at; n++) {
        size_t length = strcspn(at, " ");
        if (n >= argc || strlen(argv[n]) != length || strncmp(argv[n], at, length) != 0)
            return 0;
        at += length;
        at += strspn(at, " ");
    }
    return n;
}

/* Says which word is wrong: the first, or the second of a group like "dataset". */
static enum ev_status unknown_command(int argc, char **argv, struct ev_error *err)
{
    const char *firsts[MAX_COMMANDS], *seconds[MAX_COMMANDS];
    char words[MAX_COMMANDS][32];
    size_t n_firsts = 0, n_seconds = 0;

    for (size_t i = 0; ev_commands[i] && i < MAX_COMMANDS; i++) {
        size_t length = strcspn(ev_commands[i]->name, " ");
        snprintf(words[i], sizeof words[i], "%.*s", (int)length, ev_commands[i]->name);
        /* A group's commands stand side by side. */
        if (n_firsts == 0 || strcmp(firsts[n_firsts - 1], words[i]) != 0)
            firsts[n_firsts++] = words[i];
        if (strcmp(words[i], argv[0]) == 0 && ev_commands[i]->name[length])
            seconds[n_seconds++] = ev_commands[i]->name + length + 1;
    }
    if (n_seconds == 0)
        return ev_fail_unknown(err, "command", argv[0], firsts, n_firsts);
    if (argc < 2 || argv[1][0] == '-')
        return ev_fail(err, EV_USAGE, "%s: expected a second word, as in '%s %s'", argv[0], argv[0],
                       seconds[0]);
    char what[64];
    snprintf(what, sizeof what, "%.40s command", argv[0]);
    return ev_fail_unknown(err, what, argv[1], seconds, n_seconds);
}

/* "SET DIR" without its first n words. */
static const char *skip_words(const char *words, int n)
{
    for (; n > 0 && strchr(words, ' '); n--)
        words = strchr(words, ' ') + 1;
    return words;
}

static enum ev_status run_command(const struct ev_command *command, int argc, char **argv,
                                  struct ev_error *err)
{
    int n_operands;

    if (asks_for(argc, argv, "--help", "-h")) {
        print_command_help(command);
        return EV_OK;
    }
    enum ev_status status = ev_options_parse(command->options, argc, argv, &n_operands, err);
    if (status != EV_OK)
        return status;
    if (n_operands < command->min_operands)
        return ev_fail(err, EV_USAGE, "%s: %s is missing", command->name,
                       skip_words(command->operands, n_operands));
    if (n_operands > command->max_operands)
        return ev_fail(err, EV_USAGE, "%s: unexpected '%s'", command->name,
                       argv[command->max_operands]);
    for (int i = 0; i < n_operands; i++) {
        if (*argv[i] == '\0')
            return ev_fail(err, EV_USAGE, "%s: empty word, expected %s", command->name,
                           command->operands);
    }
    return command->run(n_operands, argv, err);
}

static enum ev_status dispatch(int argc, char **argv, struct ev_error *err)
{
    if (argc > 0 && strcmp(argv[0], "help") == 0) {
        static char help[] = "--help";
        argv[0] = argc > 1 ? argv[1] : help;
        if (argc > 2)
            argv[1] = argv[2];
        if (argc > 1)
            argv[argc - 1] = help;
    }
    if (argc == 0 || argv[0][0] == '-') {
        if (asks_for(argc, argv, "--version", "-V"))
            printf("evalrun %s\n", EV_VERSION);
        else if (asks_for(argc, argv, "--help", "-h"))
            print_help();
        else
            return run_command(ev_commands[0], argc, argv, err);
        return EV_OK;
    }
    for (size_t i = 0; ev_commands[i]; i++) {
        int n_words = matches(ev_commands[i], argc, argv);
        if (n_words > 0)
            return run_command(ev_commands[i], argc - n_words, argv + n_words, err);
    }
    if (asks_for(argc, argv, "--help", "-h") && print_group_help(argv[0]))
        return EV_OK;
    return unknown_command(argc, argv, err);
}

/* The words of the command line with spaces between, for the report; NULL when out of memory. */
static char *join_words(int argc, char **argv)
{
    size_t size = 1;

    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    char *line = calloc(size, 1), *at = line;
    for (int i = 0; i < argc && line; i++) {
        const char *word = i == 0 ? "evalrun" : argv[i];
        at = stpcpy(at, i > 0 ? " " : "");
        at = stpcpy(at, word);
    }
    return line;
}

/* A standard stream that was closed by the caller must not become the number of a file that is
 * opened later. Writing to what is opened here fails, as it should. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return;
    }
}

/* As of `evalrun ... | head -1`: the reader of standard output has seen enough. */
static bool reader_has_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};

    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    struct ev_error err = EV_ERROR_INIT;
    char *line = join_words(argc, argv);

    if (line)
        ev_command_line = line;
    ev_memory_keep();
    if (ev_worker_is_meant(argc, argv))
        return ev_worker_main(argv[2]);
    ev_interrupt_install();
    enum ev_status status = argc > 0 ? dispatch(argc - 1, argv + 1, &err) : EV_OK;
    errno = 0;
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    /* Without a word, and with the code that cat or git have there. Only now: SIGPIPE itself would
     * come before the files of a report are written. */
    const bool unread = lost && status == EV_OK && reader_has_gone();
    if (lost && status == EV_OK && !unread)
        status = ev_fail(&err, EV_IO, "standard output: cannot be written: %s",
                         strerror(errno ? errno : EIO));
    if (status != EV_OK)
        print_error(&err);
    ev_command_line = "";
    free(line);
    return unread ? 128 + SIGPIPE : exit_code(status);
}
