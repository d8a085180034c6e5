/* SPDX-License-Identifier: MIT */
/* SHA-256 by nettle. */
#include "base/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

void ev_digest_hex(struct sha256_ctx *context, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

enum ev_status ev_file_sha256(const char *path, char hex[65], struct ev_error *err)
{
    struct sha256_ctx context;
    uint8_t buffer[65536];
    int64_t bytes;
    size_t n;

    enum ev_status status = ev_file_size(path, &bytes, err);
    if (status != EV_OK)
        return status;
    FILE *file = fopen(path, "rb");
    if (!file)
        return ev_fail(err, ev_file_status(errno), "%s: %s", path, strerror(errno));
    sha256_init(&context);
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        sha256_update(&context, n, buffer);
    if (ferror(file))
        status = ev_fail(err, EV_IO, "%s: cannot be read: %s", path, strerror(errno));
    fclose(file);
    ev_digest_hex(&context, hex);
    return status;
}
