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

/* After it: what was counted, and whether that disturbs a block of so many threads. */
void ev_noise_stop(struct ev_noise_meter *meter, int32_t n_threads, struct ev_block_noise *noise,
                   bool *disturbed);

/*
 * A block of wall_ns is disturbed if time was stolen from the machine; if the probe took more than
 * 1.25 times fastest_ns, the least of this process; or if tasks anywhere waited for a CPU, or for a
 * disk, for more than a fifth of the block. One of a single thread also if there was more than one
 * involuntary switch, and more than one in ten milliseconds. Several threads on all CPUs, and the
 * reader beside them, switch and wait among themselves (30 switches in 170 ms on an idle machine):
 * their switches tell nothing, and half of the block must be waited for; beside another busy
 * process it is nearly all. Counts of a paced block are mostly those of its pauses.
 */
bool ev_noise_disturbs(const struct ev_block_noise *noise, int32_t n_threads, int64_t wall_ns,
                       int64_t fastest_ns);

#endif
