/* SPDX-License-Identifier: MIT */
/* What the writer and the reader of results.json share. */
#ifndef EV_RESULT_FORMAT_H
#define EV_RESULT_FORMAT_H

#define EV_RESULT_SCHEMA         "evalrun-result"
/* Raised when a key changes its meaning or goes; new keys do not raise it, readers pass them by. */
#define EV_RESULT_SCHEMA_VERSION 1

/* Largest file that is read. A row with 10,000 samples is 130 kB. */
#define EV_RESULT_MAX_BYTES ((size_t)256 << 20)

#endif
