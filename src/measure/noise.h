/* SPDX-License-Identifier: MIT */
/*
 * What disturbs a block of calls: other processes and the machine's own owner, as far as the kernel
 * tells (Linux; what it does not tell is -1), and how fast fixed work ran just before it.
 */
#ifndef EV_NOISE_H
#define EV_NOISE_H

#include "samples/samples.h"

struct ev_noise_meter {
    int psi_cpu, psi_io;         /* descriptors of /proc/pressure; -1: none */
    int64_t fastest_ns;          /* probe so far */
    int64_t start_ns;            /* of the block */
    struct ev_block_noise start; /* counts since the machine or the process started */
    int64_t probe_ns;
};

void ev_noise_open(struct ev_noise_meter *meter);
void ev_noise_close(struct ev_noise_meter *meter);

/* Before a block: the probe, about a millisecond of dependent multiply-adds, then the counts. */
void ev_noise_start(struct ev_noise_meter *meter);

/*
 * After it. A block is disturbed if time was stolen from the machine; if the probe took more than
 * 1.25 times the fastest one of this process; if there was more than one involuntary switch, and
 * more than one in ten milliseconds; or if tasks anywhere waited for a CPU, or for a disk, for more
 * than a fifth of the block. Counts of a paced block are mostly those of its pauses.
 */
void ev_noise_stop(struct ev_noise_meter *meter, struct ev_block_noise *noise, bool *disturbed);

#endif
