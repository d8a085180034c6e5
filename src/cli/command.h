/* SPDX-License-Identifier: MIT */
/* Subcommands: one file each, one row of the table in commands.c. */
#ifndef EV_COMMAND_H
#define EV_COMMAND_H

#include "cli/option.h"
#include "evalrun/error.h"

struct ev_command {
    const char *name;     /* "eval"; two words for nested ones: "dataset render" */
    const char *summary;  /* one line for the list of commands */
    const char *operands; /* as shown in the usage: "CIRCUIT"; "" if none */
    int min_operands;
    int max_operands;
    const char *notes; /* printed below the options by --help, as it stands */

    /* Table ended by a zeroed row; values point at the command's own statics. */
    const struct ev_option *options;
    enum ev_status (*run)(int n_operands, char **operands, struct ev_error *err);
};

extern const struct ev_command ev_cmd_eval;
extern const struct ev_command ev_cmd_drive;
extern const struct ev_command ev_cmd_list;
extern const struct ev_command ev_cmd_report;
extern const struct ev_command ev_cmd_compare;
extern const struct ev_command ev_cmd_verify;
extern const struct ev_command ev_cmd_dataset_import;
extern const struct ev_command ev_cmd_dataset_render;
extern const struct ev_command ev_cmd_dataset_info;
extern const struct ev_command ev_cmd_dataset_verify;
extern const struct ev_command ev_cmd_dataset_export;
extern const struct ev_command ev_cmd_dataset_subset;
extern const struct ev_command ev_cmd_dataset_concat;
extern const struct ev_command ev_cmd_dataset_split;
extern const struct ev_command ev_cmd_train;
extern const struct ev_command ev_cmd_quantize;
extern const struct ev_command ev_cmd_completion;
extern const struct ev_command ev_cmd_man;

/* All of them, ended by NULL. */
extern const struct ev_command *const ev_commands[];

/* Shells that `evalrun completion` knows, ended by NULL. */
extern const char *const ev_shells[];

/* A variable of the environment that the program reads; the table ends with a name of NULL. */
struct ev_environment {
    const char *name;
    const char *help;
};
extern const struct ev_environment ev_environment[];

/* An exit code of the program; the table ends with a meaning of NULL. */
struct ev_exit_code {
    int code;
    const char *meaning;
};
extern const struct ev_exit_code ev_exit_codes[];

/* The command line as it was typed, one string; set by main before a command runs. */
extern const char *ev_command_line;

#endif
