/* SPDX-License-Identifier: MIT */
/* Signals: a flag at first, the end of the program at the second one. */
#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* Atomic, not sig_atomic_t: a SIGINT and a SIGTERM may be handled by two threads at a time. */
static atomic_int n_signals;
static atomic_int n_answered;
static atomic_int child;
static bool person_reads;

/* For a person who sees nothing happen. In a log nobody could press the key again. */
static void print_advice(void)
{
    /* In the place of the progress bar and of the terminal's ^C. */
    static const char line[] = "\r\033[Kevalrun: stopping; press Ctrl-C again to stop at once\n";
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);

    (void)written; /* a terminal that is gone is no matter here */
}

static void on_signal(int number)
{
    const int reason = errno;
    const bool is_first = atomic_fetch_add(&n_signals, 1) == 0;
    const pid_t group = atomic_load(&child);

    (void)number;
    if (group > 0)
        kill(-group, SIGKILL);
    if (!is_first) {
        /* Until it is gone it may make its files again. */
        while (group > 0 && waitpid(group, NULL, 0) < 0 && errno == EINTR)
            continue;
        ev_file_remove_temporaries();
        _exit(130);
    }
    /* A child that is ended holds nothing up. */
    if (group <= 0 && person_reads)
        print_advice();
    errno = reason;
}

void ev_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    person_reads = isatty(STDERR_FILENO) == 1;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A terminal that is closed; not under nohup. */
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    /* A full file-size limit and a closed pipe come back as errors of write, with a message. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

bool ev_interrupted(void)
{
    return atomic_load(&n_signals) > atomic_load(&n_answered);
}

enum ev_status ev_interrupt_check(struct ev_error *err)
{
    return ev_interrupted() ? ev_fail(err, EV_INTERRUPTED, "interrupted") : EV_OK;
}

void ev_interrupt_answer(void)
{
    atomic_store(&n_answered, atomic_load(&n_signals));
}

void ev_interrupt_set_child(pid_t group)
{
    atomic_store(&child, group);
    /* A signal just before this line did not see it. */
    if (group > 0 && ev_interrupted())
        kill(-group, SIGKILL);
}
