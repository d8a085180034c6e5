/* SPDX-License-Identifier: MIT */
/*
 * A look at a file in a child process. HDF5 1.10 trusts what files say: some damaged ones make it
 * crash, read without end or ask for all memory. Here the child comes to harm, and the program
 * says so in one line.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "set/set_private.h"

/* Seconds of computing that any file may take; opening takes milliseconds. */
#define BASE_SECONDS 4
/* More of them for what must be gone through: a hundredth of what HDF5 manages. */
#define BYTES_A_SECOND (INT64_C(8) << 20)

void ev_set_probe_allow(int64_t n_bytes)
{
    struct rlimit seconds;

    getrlimit(RLIMIT_CPU, &seconds);
    /* A hard limit as low would end the child by SIGKILL, as want of memory does. */
    seconds.rlim_cur = BASE_SECONDS + (rlim_t)(n_bytes / BYTES_A_SECOND);
    setrlimit(RLIMIT_CPU, &seconds);
}

/* The child's part: checks, and writes the whole error record, also where there is no error. */
static void run_child(struct ev_set *set,
                      enum ev_status (*check)(struct ev_set *, struct ev_error *), int answer)
{
    const struct rlimit no_core = {0, 0};
    struct ev_error err = EV_ERROR_INIT;
    struct stat info;

    setpgid(0, 0);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    /* A sanitizer or the C library may complain of what HDF5 does: that is the file's fault. */
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    ev_set_probe_allow(stat(set->path, &info) == 0 ? info.st_size : 0);
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGXCPU, SIG_DFL);
    (void)check(set, &err);
    ssize_t n = write(answer, &err, sizeof err);
    _exit(n == (ssize_t)sizeof err ? 0 : 1);
}

/* The child's error record; false if it ended before it wrote one. */
static bool read_answer(int answer, struct ev_error *said)
{
    size_t got = 0;

    while (got < sizeof *said) {
        ssize_t n = read(answer, (char *)said + got, sizeof *said - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    said->message[sizeof said->message - 1] = '\0';
    return true;
}

static enum ev_status judge_end(const struct ev_set *set, int end, struct ev_error *err)
{
    if (ev_interrupted())
        return ev_interrupt_check(err);
    if (WIFSIGNALED(end) && WTERMSIG(end) == SIGXCPU)
        return ev_fail(err, EV_INPUT, "%s: damaged: HDF5 does not come to an end with it",
                       set->path);
    if (WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL)
        return ev_fail(err, EV_INPUT,
                       "%s: HDF5 was killed while it opened it: damaged, or too "
                       "large for this machine's memory",
                       set->path);
    return ev_fail(err, EV_INPUT, "%s: damaged: HDF5 crashes on it", set->path);
}

enum ev_status ev_set_probe(struct ev_set *set,
                            enum ev_status (*check)(struct ev_set *, struct ev_error *),
                            struct ev_error *err)
{
    struct ev_error said = EV_ERROR_INIT;
    int ends[2], end = 0;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return ev_fail(err, EV_IO, "%s: cannot be read: %s", set->path, strerror(errno));
    pid_t child = fork();
    if (child == 0)
        run_child(set, check, ends[1]);
    int reason = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return ev_fail(err, EV_MEMORY, "%s: cannot be read: %s", set->path, strerror(reason));
    }
    setpgid(child, child); /* whichever of the two is first */
    ev_interrupt_set_child(child);
    bool answered = read_answer(ends[0], &said);
    ev_interrupt_set_child(0);
    close(ends[0]);
    while (waitpid(child, &end, 0) < 0 && errno == EINTR)
        continue;
    if (!answered)
        return judge_end(set, end, err);
    return said.status == EV_OK ? EV_OK : ev_fail(err, said.status, "%s", said.message);
}
