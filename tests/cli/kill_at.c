/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the program: SIGKILL at the n-th call that changes a file, n from EV_TEST_KILL_AT.
 * Of a write half is done first. Programs that the program starts are left alone.
 */
/* The plain names and those for large files are different functions here. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The function that would be called without this file. */
#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static long kill_at;

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("EV_TEST_KILL_AT");

    kill_at = at ? atol(at) : 0;
    unsetenv("LD_PRELOAD");
}

static bool is_due(void)
{
    static atomic_long n_calls;

    return atomic_fetch_add(&n_calls, 1) + 1 == kill_at;
}

static void die(void)
{
    raise(SIGKILL);
}

EXPORT ssize_t pwrite(int file, const void *bytes, size_t n, off_t offset)
{
    if (is_due()) {
        (void)!REAL(pwrite)(file, bytes, n / 2, offset);
        die();
    }
    return REAL(pwrite)(file, bytes, n, offset);
}

EXPORT ssize_t pwrite64(int file, const void *bytes, size_t n, off64_t offset)
{
    return pwrite(file, bytes, n, offset);
}

EXPORT int ftruncate(int file, off_t size)
{
    if (is_due())
        die();
    return REAL(ftruncate)(file, size);
}

EXPORT int ftruncate64(int file, off64_t size)
{
    return ftruncate(file, size);
}

EXPORT int fchmod(int file, mode_t mode)
{
    if (is_due())
        die();
    return REAL(fchmod)(file, mode);
}

EXPORT int fflush(FILE *stream)
{
    if (is_due())
        die();
    return REAL(fflush)(stream);
}

EXPORT int fsync(int file)
{
    if (is_due())
        die();
    return REAL(fsync)(file);
}

EXPORT int rename(const char *from, const char *to)
{
    if (is_due())
        die();
    return REAL(rename)(from, to);
}

EXPORT int unlink(const char *path)
{
    if (is_due())
        die();
    return REAL(unlink)(path);
}
