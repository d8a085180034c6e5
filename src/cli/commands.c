/* SPDX-License-Identifier: MIT */
/* The table of commands. A new command is a file cmd_NAME.c and a row here. */
#include "cli/command.h"

/* The first one runs when no command is named. */
const struct ev_command *const ev_commands[] = {
    &ev_cmd_eval,
    &ev_cmd_drive,
    &ev_cmd_list,
    &ev_cmd_report,
    &ev_cmd_compare,
    &ev_cmd_verify,
    &ev_cmd_dataset_render,
    &ev_cmd_dataset_import,
    &ev_cmd_dataset_info,
    &ev_cmd_dataset_verify,
    &ev_cmd_dataset_export,
    &ev_cmd_dataset_subset,
    &ev_cmd_dataset_concat,
    &ev_cmd_dataset_split,
    &ev_cmd_train,
    &ev_cmd_quantize,
    &ev_cmd_completion,
    &ev_cmd_man,
    NULL,
};

const struct ev_environment ev_environment[] = {
    {"EVALRUN_CACHE",
     "folder of rendered sets (default: $XDG_CACHE_HOME/evalrun, usually ~/.cache/evalrun)"},
    {"EVALRUN_DATA_DIR", "folder of circuits, models and chart templates (default: those of the "
                         "installation)"},
    {"EVALRUN_MODULE_PATH", "folders of engine modules, evalrun_NAME.so, separated by colons; "
                            "searched before the installation's own"},
    {"EVALRUN_REQUANT",
     "order in which the engines reference and cuda round: amx (default), avx512 or fbgemm"},
    {"NO_COLOR", "if set to anything: no colours on a terminal (see no-color.org)"},
    {"TMPDIR", "folder into which compressed sets are unpacked (default: /var/tmp)"},
    {"XDG_CACHE_HOME", "folder of all programs' caches (default: ~/.cache)"},
    {NULL, NULL},
};

const struct ev_exit_code ev_exit_codes[] = {
    {0, "done"},
    {1, "a check failed"},
    {2, "bad input or usage"},
    {3, "cannot go on (disk, memory, device, engine)"},
    {77, "cannot tell"},
    {130, "interrupted"},
    {141, "nobody reads the output any more"},
    {0, NULL},
};

const char *ev_command_line = "";
