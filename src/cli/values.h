/* SPDX-License-Identifier: MIT */
/* What a user may type for an argument, for shells that complete it. The word of an option's
 * argument or of a command's operand in the tables says it: FILE, DIR, SOURCE (a file or folder),
 * SET, SETS, CIRCUIT, BACKENDS, DEVICE, SHELL. Other words (N, LIST) promise nothing. */
#ifndef EV_VALUES_H
#define EV_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

#define EV_MAX_VALUES 64

/* The texts are the tables'. */
struct ev_values {
    const char *names[EV_MAX_VALUES];
    size_t n_names;
    bool is_list;       /* several of them, with commas between */
    /* "files", "folders", or NULL: the names are all. "files.h5.hdf5" are files with these endings
     * and folders. */
    const char *others;
};

void ev_values_of_option(const struct ev_option *option, struct ev_values *values);
void ev_values_of_word(const char *word, struct ev_values *values);

/* A word of a command's operands: "[CIRCUIT...]" is CIRCUIT, any number of them. */
struct ev_operand {
    char word[32];
    bool repeats;
};

/* Takes the next word from *at, which starts as the command's operands; false at their end. */
bool ev_operand_next(const char **at, struct ev_operand *operand);

#endif
