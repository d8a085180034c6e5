/* SPDX-License-Identifier: MIT */
/* Loops for wide vectors. */
#ifndef EV_WIDE_H
#define EV_WIDE_H

/* Before a function's definition: compiled for wide vectors too, and chosen when the program
 * starts. A sanitizer is not ready by then. */
#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__ && !defined __SANITIZE_ADDRESS__
#define EV_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define EV_WIDE
#endif

#endif
