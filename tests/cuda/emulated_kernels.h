/* SPDX-License-Identifier: MIT */
/* The kernels of src/cuda, compiled for the processor. */
#ifndef EV_EMULATED_KERNELS_H
#define EV_EMULATED_KERNELS_H

#include "emulate.h"

namespace emulated
{

/* A kernel, called with what it is given as one struct. */
struct Kernel {
    const char *name;
    void (*call)(const void *args);
    size_t n_bytes; /* of that struct */
};

/* NULL if there is none of that name. */
const Kernel *find_kernel(const char *name);

/* All its threads, warp after warp. */
void run_kernel(const Kernel &kernel, const Index &grid_size, const Index &block_size,
                const void *args);

} // namespace emulated

#endif
