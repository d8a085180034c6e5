/* SPDX-License-Identifier: MIT */
/* Files and checks for the fuzz targets. */
#include "fuzz_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], file[160];
static pid_t owner;

static void remove_folder(void)
{
    if (getpid() != owner)
        return;
    unlink(file);
    rmdir(folder);
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "%s/evalrun-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    owner = getpid();
    atexit(remove_folder);
}

const char *fuzz_write(const char *name, const uint8_t *bytes, size_t n_bytes)
{
    if (!folder[0])
        make_folder();
    snprintf(file, sizeof file, "%s/%s", folder, name);
    FILE *stream = fopen(file, "w");
    if (!stream || fwrite(bytes, 1, n_bytes, stream) != n_bytes || fclose(stream) != 0)
        abort();
    return file;
}

void fuzz_check(enum ev_status status, const char *path, const struct ev_error *err)
{
    if (status == EV_OK)
        return;
    if ((status != EV_INPUT && status != EV_MEMORY) || err->status != status ||
        strncmp(err->message, path, strlen(path)) != 0 || strchr(err->message, '\n')) {
        fprintf(stderr, "status %d: %s\n", (int)status, err->message);
        abort();
    }
}

void fuzz_use(double value)
{
    static volatile double used;

    used = value;
    (void)used;
}
