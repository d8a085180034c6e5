/* SPDX-License-Identifier: MIT */
/* SHA-256 as people read it. */
#ifndef EV_DIGEST_H
#define EV_DIGEST_H

#include <nettle/sha2.h>

/* Ends a digest: 64 hex digits + NUL. */
void ev_digest_hex(struct sha256_ctx *context, char hex[65]);

#endif
