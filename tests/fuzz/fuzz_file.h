/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: the input as a file, and what an answer must be. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "evalrun/error.h"

/* The entry that libFuzzer calls for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* Writes the input as a file of that name into a folder of this process's, in memory where there
 * is one; static storage. */
const char *fuzz_write(const char *name, const uint8_t *bytes, size_t n_bytes);

/* Aborts unless the answer is EV_OK, or EV_INPUT with one line that starts with the path; or, for
 * files that ask for more memory than there is, EV_MEMORY. */
void fuzz_check(enum ev_status status, const char *path, const struct ev_error *err);

/* Before children are forked: they leave what they cover. */
void fuzz_share_coverage(void);
/* Counts what the last child covered as this process's own. */
void fuzz_take_coverage(void);

/* Keeps the compiler from leaving the reading out. */
void fuzz_use(double value);

#endif
