/* SPDX-License-Identifier: MIT */
/* Signals: a flag at first, the end of the program at the second one. */
#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/file.h"

static volatile sig_atomic_t n_signals;

static void on_signal(int number)
{
    (void)number;
    if (++n_signals > 1) {
        ev_file_remove_temporaries();
        _exit(130);
    }
}

void ev_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A full file-size limit and a closed pipe come back as errors of write, with a message. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

bool ev_interrupted(void)
{
    return n_signals > 0;
}

enum ev_status ev_interrupt_check(struct ev_error *err)
{
    return ev_interrupted() ? ev_fail(err, EV_INTERRUPTED, "interrupted") : EV_OK;
}
