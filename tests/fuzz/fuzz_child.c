/* SPDX-License-Identifier: MIT */
/*
 * Coverage of child processes. The opener's first look at a set is in a child; what that covers is
 * handed to the fuzzer through memory that both share. The linker puts __wrap__exit in the place of
 * _exit. This file is compiled without coverage, whose symbols it names.
 */
#include "fuzz_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Counters of what was run, one for each edge; the compiler and the linker make them. */
extern uint8_t __start___sancov_cntrs[], __stop___sancov_cntrs[];

static uint8_t *of_child;

_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);

static size_t n_counters(void)
{
    return (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
}

void __wrap__exit(int code)
{
    if (of_child)
        memcpy(of_child, __start___sancov_cntrs, n_counters());
    __real__exit(code);
}

void fuzz_share_coverage(void)
{
    if (of_child)
        return;
    of_child =
        mmap(NULL, n_counters(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (of_child == MAP_FAILED)
        abort();
}

void fuzz_take_coverage(void)
{
    for (size_t i = 0; i < n_counters(); i++) {
        if (of_child[i] > __start___sancov_cntrs[i])
            __start___sancov_cntrs[i] = of_child[i];
    }
    memset(of_child, 0, n_counters());
}
