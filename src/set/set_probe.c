/* SPDX-License-Identifier: MIT */
/*
 * A look at a file in a child process. HDF5 1.10 trusts what files say: some damaged ones make it
 * crash, read without end or ask for all memory. Here the child comes to harm, and the program
 * says so in one line. Texts of variable length it may copy to where there is no room for them, and
 * go on; so what attributes say comes from the child, and the program never reads them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "set/set_private.h"

/* Circuit, colour, provenance, digest. */
#define N_TEXTS 4

/* Seconds of computing that any file may take; opening takes milliseconds. */
#define BASE_SECONDS   2
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

/* What the child says: this, and the texts behind it. */
struct answer {
    struct ev_error err;
    struct ev_column columns[EV_MAX_OUTPUTS];
    double frame_rate_hz;
    bool has_ranges;
    bool names_are_cut;
    size_t n_bytes[N_TEXTS]; /* of each text with its NUL; 0: no text */
};

static char **text_of(struct ev_set *set, int i)
{
    char **texts[N_TEXTS] = {&set->circuit, &set->colour, &set->provenance, &set->sha256};

    return texts[i];
}

static bool write_answer(struct ev_set *set, struct answer *answer, int file)
{
    memcpy(answer->columns, set->info.columns, sizeof answer->columns);
    answer->frame_rate_hz = set->info.frame_rate_hz;
    answer->has_ranges = set->info.has_ranges;
    answer->names_are_cut = set->info.names_are_cut;
    for (int i = 0; i < N_TEXTS; i++) {
        const char *text = *text_of(set, i);
        answer->n_bytes[i] = text ? strlen(text) + 1 : 0;
    }
    bool ok = ev_file_write_all(file, answer, sizeof *answer);
    for (int i = 0; i < N_TEXTS; i++)
        ok = ok && ev_file_write_all(file, *text_of(set, i), answer->n_bytes[i]);
    return ok;
}

/* The child's part: checks, and says how it went. */
static void run_child(struct ev_set *set,
                      enum ev_status (*check)(struct ev_set *, struct ev_error *), int file)
{
    const struct rlimit no_core = {0, 0};
    struct answer answer;
    struct stat info;

    memset(&answer, 0, sizeof answer); /* padding too: it is written as it is */
    setpgid(0, 0);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    /* A sanitizer or the C library may complain of what HDF5 does: that is the file's fault. */
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    ev_set_probe_allow(stat(set->path, &info) == 0 ? info.st_size : 0);
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGXCPU, SIG_DFL);
    (void)check(set, &answer.err);
    _exit(write_answer(set, &answer, file) ? 0 : 1);
}

/* False if the child ended before it had said all. */
static bool read_answer(struct ev_set *set, struct answer *answer, int file)
{
    if (!ev_file_read_all(file, answer, sizeof *answer))
        return false;
    answer->err.message[sizeof answer->err.message - 1] = '\0';
    for (int i = 0; i < N_TEXTS; i++) {
        const size_t n = answer->n_bytes[i];
        char *text = n > 0 && n <= EV_SET_MAX_TEXT_BYTES ? malloc(n) : NULL;
        *text_of(set, i) = text;
        if (n > 0 && (!text || !ev_file_read_all(file, text, n)))
            return false;
        if (text)
            text[n - 1] = '\0';
    }
    memcpy(set->info.columns, answer->columns, sizeof answer->columns);
    set->info.frame_rate_hz = answer->frame_rate_hz;
    set->info.has_ranges = answer->has_ranges;
    set->info.names_are_cut = answer->names_are_cut;
    set->is_probed = true;
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
    struct answer answer;
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
    bool answered = read_answer(set, &answer, ends[0]);
    ev_interrupt_set_child(0);
    close(ends[0]);
    while (waitpid(child, &end, 0) < 0 && errno == EINTR)
        continue;
    if (!answered)
        return judge_end(set, end, err);
    return answer.err.status == EV_OK ? EV_OK
                                      : ev_fail(err, answer.err.status, "%s", answer.err.message);
}
