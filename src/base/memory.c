/* SPDX-License-Identifier: MIT */
/* Settings of glibc's allocator. */
#include "base/memory.h"

#include <malloc.h>

void ev_memory_keep(void)
{
#ifdef __GLIBC__
    /* Larger than the activations of any piece: what is below comes from the heap, not from a
     * mapping of its own that ends with free(). */
    const int most_bytes = 1 << 30;
    const int step_bytes = 64 << 20;

    (void)mallopt(M_MMAP_THRESHOLD, most_bytes);
    (void)mallopt(M_TRIM_THRESHOLD, most_bytes);
    (void)mallopt(M_TOP_PAD, step_bytes);
#endif
}
