/* SPDX-License-Identifier: MIT */
/*
 * Child processes. The opener's first look at a set is in a child, where HDF5 may crash, which is
 * no finding of the fuzzer, or go round for ever, which ends after a second here. What the child
 * covers is handed to the fuzzer through memory that both share. The linker puts __wrap_NAME in the
 * place of NAME. This file is compiled without sanitizers, whose symbols it names, and which call
 * these functions before they are set up.
 */
#include "fuzz_file.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Counters of what was run, one for each edge; the compiler and the linker make them. */
extern uint8_t __start___sancov_cntrs[], __stop___sancov_cntrs[];

static uint8_t *of_child;

_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);
pid_t __real_fork(void);
pid_t __wrap_fork(void);
int __real_setrlimit(int resource, const struct rlimit *limits);
int __wrap_setrlimit(int resource, const struct rlimit *limits);

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

pid_t __wrap_fork(void)
{
    static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    pid_t child = __real_fork();

    if (child == 0) {
        __sanitizer_set_death_callback(NULL);
        for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
            signal(crashes[i], SIG_DFL);
    }
    return child;
}

int __wrap_setrlimit(int resource, const struct rlimit *limits)
{
    struct rlimit wanted = *limits;

    if (resource == (int)RLIMIT_CPU)
        wanted.rlim_cur = 1;
    return __real_setrlimit(resource, &wanted);
}

void fuzz_share_coverage(void)
{
    if (of_child)
        return;
    of_child = mmap(NULL, n_counters(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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
