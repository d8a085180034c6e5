/* SPDX-License-Identifier: MIT */
/* Options: one table per command gives parsing, --help and the nearest name of a mistyped one. */
#ifndef EV_OPTION_H
#define EV_OPTION_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"

enum ev_option_kind { EV_OPT_FLAG = 1, EV_OPT_TEXT, EV_OPT_INT, EV_OPT_DOUBLE, EV_OPT_CHOICE };

/* Bounds that stand for all numbers above 0 and below 1. */
#define EV_ABOVE_0 DBL_TRUE_MIN
#define EV_BELOW_1 (1.0 - DBL_EPSILON / 2.0)

struct ev_option {
    const char *name; /* long name without dashes; NULL ends the table */
    char letter;      /* short name, or 0 */
    enum ev_option_kind kind;
    const char *argument; /* as shown: "FILE", "N" (see values.h); NULL for flags */
    void *value;          /* bool, const char * (texts, choices), int64_t or double; the default */
    double min, max;      /* bounds of numbers, both included */
    const char *help;     /* one sentence, lower case, with the default */
    const char *const *choices; /* words of a choice, ended by NULL */
};

/* Parses argv[0..argc-1] (without the command's own words); operands are moved to the front in
 * order and counted. "--name value", "--name=value", "-n value"; "--" ends the options. Texts point
 * into argv. Failure: EV_USAGE naming the option, with the nearest name where there is one. */
EV_CHECKED enum ev_status ev_options_parse(const struct ev_option *options, int argc, char **argv,
                                           int *n_operands, struct ev_error *err);
/* Whether the command line that was parsed last gave --NAME, be it with the default's value. */
bool ev_option_is_given(const char *name);
/* A row of --help: its head, and the text in a column of its own, wrapped. */
void ev_help_print(const char *head, const char *text, FILE *out);
/* The options, aligned, for --help. */
void ev_options_print(const struct ev_option *options, FILE *out);

/* EV_USAGE "unknown WHAT 'TEXT'", with ": did you mean 'NAME'?" if one of names[0..n-1] is near, else
 * with all of them. */
EV_CHECKED enum ev_status ev_fail_unknown(struct ev_error *err, const char *what, const char *text,
                                          const char *const *names, size_t n);

#endif
