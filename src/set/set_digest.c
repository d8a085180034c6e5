/* SPDX-License-Identifier: MIT */
/* Digests of a set's content. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "set/set_private.h"

/* Reads this many rows at once. */
#define DIGEST_ROWS 256

static void add_labels(struct sha256_ctx *context, const struct ev_set *set)
{
    sha256_update(context,
                  (size_t)set->info.n_rows * (size_t)set->info.n_outputs * sizeof *set->labels,
                  (const uint8_t *)set->labels);
}

enum ev_status ev_set_sha256(struct ev_set *set, char hex[65], struct ev_error *err)
{
    const int64_t n_rows = set->info.n_rows;
    struct sha256_ctx context;
    enum ev_status status = EV_OK;

    if (*set->info.recorded_sha256) {
        memcpy(hex, set->info.recorded_sha256, 65);
        return EV_OK;
    }
    const size_t row_bytes = ev_set_picture_bytes(&set->info, set->info.form);
    uint8_t *images = malloc(DIGEST_ROWS * row_bytes);
    if (!images)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", set->path);
    sha256_init(&context);
    for (int64_t first = 0; first < n_rows && status == EV_OK; first += DIGEST_ROWS) {
        int64_t n = n_rows - first < DIGEST_ROWS ? n_rows - first : DIGEST_ROWS;
        status = ev_set_read(set, set->info.form, first, n, images, err);
        if (status == EV_OK)
            sha256_update(&context, (size_t)n * row_bytes, images);
    }
    free(images);
    add_labels(&context, set);
    ev_digest_hex(&context, hex);
    return status;
}

void ev_set_labels_sha256(const struct ev_set *set, char hex[65])
{
    struct sha256_ctx context;

    sha256_init(&context);
    add_labels(&context, set);
    ev_digest_hex(&context, hex);
}
