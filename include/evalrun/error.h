/* SPDX-License-Identifier: MIT */
/*
 * Status codes and the error record, shared by the program and its plug-ins.
 *
 * Every function that can fail returns an ev_status and takes a struct ev_error last. The layer
 * that knows the file, option or row writes the message ("montreal.h5: /labels has 3 columns,
 * expected 2"); layers above may prefix it with ev_prefix(), never replace it. Nothing here is
 * exported by a library: the functions are inline, so a plug-in links nothing.
 */
#ifndef EVALRUN_ERROR_H
#define EVALRUN_ERROR_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(code, exit code of the program, name). The one list of statuses. */
#define EV_STATUS_LIST(X)                                                                          \
    X(EV_OK, 0, "ok")                                                                              \
    X(EV_FAILED, 1, "failed")            /* a gate or a comparison failed */                       \
    X(EV_INPUT, 2, "bad input")          /* a file, a row, an option's value */                    \
    X(EV_USAGE, 2, "bad usage")          /* the command line itself */                             \
    X(EV_UNSUPPORTED, 2, "unsupported")  /* understood, but not possible here */                   \
    X(EV_IO, 3, "input/output error")    /* disk full, unreadable, cannot create */                \
    X(EV_MEMORY, 3, "out of memory")                                                               \
    X(EV_DEVICE, 3, "device error")      /* a device is missing or was lost */                     \
    X(EV_ENGINE, 3, "engine error")      /* an engine broke its contract */                        \
    X(EV_CANNOT_TELL, 77, "cannot tell")                                                           \
    X(EV_INTERRUPTED, 130, "interrupted")

#define EV_STATUS_ENUM(code, exit_code, name) code,
enum ev_status { EV_STATUS_LIST(EV_STATUS_ENUM) EV_STATUS_COUNT };
#undef EV_STATUS_ENUM

#define EV_ERROR_CHARS 512

/* One error, on the caller's stack. Initialise with EV_ERROR_INIT. `message` is one line without
 * a trailing newline. A longer one loses its middle: the path is at its beginning, and what is
 * wrong at its end. */
struct ev_error {
    enum ev_status status;
    char message[EV_ERROR_CHARS];
};

#define EV_ERROR_INIT {EV_OK, {0}}

#if defined(__GNUC__)
#define EV_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define EV_CHECKED __attribute__((warn_unused_result))
#else
#define EV_PRINTF(format_at, first_at)
#define EV_CHECKED
#endif

/* Copies a line into a message, without its middle where it is too long. */
static inline void ev_error_shorten(char message[EV_ERROR_CHARS], const char *whole)
{
    const size_t length = strlen(whole), end = EV_ERROR_CHARS / 2 - 1;

    if (length < EV_ERROR_CHARS)
        memcpy(message, whole, length + 1);
    else
        snprintf(message, EV_ERROR_CHARS, "%.*s...%s", EV_ERROR_CHARS / 2 - 4, whole,
                 whole + length - end);
}

/* Records `status` and the formatted message in *err (err may be NULL) and returns `status`,
 * so that a failing function ends in `return ev_fail(err, EV_INPUT, "%s: ...", path);`. */
EV_PRINTF(3, 4)
static inline enum ev_status ev_fail(struct ev_error *err, enum ev_status status,
                                     const char *format, ...)
{
    if (err) {
        char whole[8192]; /* longer than any path */
        va_list args;
        va_start(args, format);
        vsnprintf(whole, sizeof whole, format, args);
        va_end(args);
        err->status = status;
        ev_error_shorten(err->message, whole);
    }
    return status;
}

/* Puts "prefix: " before the message already in *err; the status stays. Returns that status. */
static inline enum ev_status ev_prefix(struct ev_error *err, const char *prefix)
{
    char old[EV_ERROR_CHARS];

    memcpy(old, err->message, sizeof old);
    return ev_fail(err, err->status, "%s: %s", prefix, old);
}

#ifdef __cplusplus
}
#endif

#endif
