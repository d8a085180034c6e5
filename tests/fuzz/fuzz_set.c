/* SPDX-License-Identifier: MIT */
/* Fuzz target: a set is opened, and where it opens all pictures are read. */
#include "fuzz_file.h"

#include "set/set.h"

static void read_pictures(struct ev_set *set, const char *path)
{
    const struct ev_set_info *info = ev_set_info(set);
    const struct ev_stream_args args = {info->form, 4, 1, 2, 0};
    struct ev_error err = EV_ERROR_INIT;
    struct ev_stream_batch read = {0};
    struct ev_stream *stream = NULL;

    enum ev_status status = ev_stream_open(set, &args, &stream, &err);
    do {
        if (status == EV_OK)
            status = ev_stream_next(stream, &read, &err);
        fuzz_check(status, path, &err);
        if (status == EV_OK && read.batch.n_rows > 0)
            fuzz_use(((const uint8_t *)read.batch.data)[0]);
    } while (status == EV_OK && read.batch.n_rows > 0);
    ev_stream_close(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    const char *path = fuzz_write("input.h5", bytes, n_bytes);
    struct ev_error err = EV_ERROR_INIT;
    struct ev_set *set;

    fuzz_share_coverage();
    enum ev_status status = ev_set_open(path, NULL, &set, &err);
    fuzz_take_coverage();
    fuzz_check(status, path, &err);
    if (status == EV_OK)
        read_pictures(set, path);
    ev_set_close(set);
    return 0;
}
