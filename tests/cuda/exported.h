/* SPDX-License-Identifier: MIT */
/* The driver's functions are exported; all else is hidden. Included before everything. */
#pragma GCC visibility push(default)
#include <cuda.h>
#pragma GCC visibility pop
