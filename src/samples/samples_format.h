/* SPDX-License-Identifier: MIT */
/* What the writer and the reader of samples.h5 share. */
#ifndef EV_SAMPLES_FORMAT_H
#define EV_SAMPLES_FORMAT_H

#include <hdf5.h>

/* Type of /session/blocks in memory, struct ev_block; the caller closes it. -1 on failure. */
hid_t ev_samples_block_type(void);

#endif
