/* SPDX-License-Identifier: MIT */
/*
 * What the machine can do at most, measured: the roof under which models run.
 *
 * float32: fused multiply-adds of vectors in registers, ten independent chains, with the widest of
 * AVX-512, AVX2 and plain C that the CPU has. int8: products of uint8 with int8, added up in int32
 * as convolutions do, by AVX512-VNNI (vpdpbusd), or by vpmaddubsw, vpmaddwd and vpaddd where
 * the CPU has AVX2 only; plain C on others. Matrix units such as AMX are not used: a library that
 * uses them can be above this int8 peak. Memory: sums over a buffer that is several times the
 * caches, read only.
 *
 * Each figure is the best of several short runs: other programs make it smaller, never larger.
 */
#ifndef EV_PEAK_H
#define EV_PEAK_H

#include <stdint.h>

#include "evalrun/error.h"

struct ev_peak {
    double float_macs_per_s; /* float32 multiply-adds of all threads together */
    double int8_macs_per_s;
    double bytes_per_s; /* read from memory */
};

/* Probes with n_threads >= 1 at once. EV_MEMORY is the only error. */
EV_CHECKED enum ev_status ev_peak_probe(int32_t n_threads, struct ev_peak *peak,
                                        struct ev_error *err);

#endif
