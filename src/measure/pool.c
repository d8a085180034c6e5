/* SPDX-License-Identifier: MIT */
/* Starts a worker, listens to it, and takes what it says if it comes to its end. */
#include "measure/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"
#include "measure/link.h"
#include "measure/worker.h"

extern char **environ;

/* A worker that runs. */
struct running {
    pid_t id;
    int32_t process;
    int answers;    /* read end */
    int complaints; /* its standard error, in memory */
};

/* --- Start --- */

/* Descriptors of the child: nothing to read, nothing shown, the job, the answers. Those that are
 * passed on come from above the numbers that they get. */
static int set_files(posix_spawn_file_actions_t *files, int job, int answers, int complaints)
{
    int failed = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    failed = failed
                 ? failed
                 : posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(files, complaints, STDERR_FILENO);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(files, job, EV_WORKER_JOB);
    return failed ? failed : posix_spawn_file_actions_adddup2(files, answers, EV_WORKER_ANSWERS);
}

static int spawn(const char *program, int32_t process, int job, int answers, int complaints,
                 pid_t *id)
{
    char number[16];
    char name[] = "evalrun", command[] = EV_WORKER_COMMAND;
    char *const argv[] = {name, command, number, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    snprintf(number, sizeof number, "%d", (int)process);
    int failed = posix_spawn_file_actions_init(&files);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = set_files(&files, job, answers, complaints);
        failed = failed ? failed : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        failed = failed ? failed : posix_spawnattr_setpgroup(&attributes, 0);
        failed = failed ? failed
                        : posix_spawn(id, program ? program : "/proc/self/exe", &files, &attributes,
                                      argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* A copy of a descriptor above those that the child gives its own; closes `file`. */
static int move_up(int file)
{
    const int moved = file >= 0 ? fcntl(file, F_DUPFD_CLOEXEC, EV_WORKER_ANSWERS + 1) : -1;

    if (file >= 0)
        close(file);
    return moved;
}

static enum ev_status start(const struct ev_pool_args *args, int32_t process,
                            struct running *running, struct ev_error *err)
{
    int ends[2] = {-1, -1};

    *running = (struct running){.process = process, .answers = -1, .complaints = -1};
    int failed = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
    const int job = fcntl(args->job_file, F_DUPFD_CLOEXEC, EV_WORKER_ANSWERS + 1);
    const int answers = move_up(ends[1]);
    running->answers = ends[0];
    running->complaints = move_up(memfd_create("evalrun-stderr", MFD_CLOEXEC));
    if (!failed && (job < 0 || answers < 0 || running->complaints < 0))
        failed = EMFILE;
    if (!failed)
        failed = spawn(args->program, process, job, answers, running->complaints, &running->id);
    if (job >= 0)
        close(job);
    if (answers >= 0)
        close(answers);
    if (!failed) {
        ev_interrupt_set_child(running->id);
        return EV_OK;
    }
    return ev_fail(err, EV_IO, "a worker process cannot be started: %s", strerror(failed));
}

static void release(const struct running *running)
{
    if (running->answers >= 0)
        close(running->answers);
    if (running->complaints >= 0)
        close(running->complaints);
}

/* --- End --- */

/* The last line that the worker wrote to its standard error, with ": " before; "" if none. */
static void read_complaint(int file, char line[220])
{
    char text[200];
    const off_t n_bytes = lseek(file, 0, SEEK_END);
    const off_t from = n_bytes > (off_t)sizeof text - 1 ? n_bytes - (off_t)sizeof text + 1 : 0;
    ssize_t n = n_bytes > 0 ? pread(file, text, sizeof text - 1, from) : 0;

    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n > 0 ? n : 0] = '\0';
    const char *feed = strrchr(text, '\n');
    const char *last = feed ? feed + 1 : text;
    *line = '\0';
    if (*last) {
        memcpy(line, ": ", sizeof ": ");
        ev_text_clean(last, line + 2, 218);
    }
}

static enum ev_status fail_ended(const struct running *running, int end, struct ev_error *err)
{
    char complaint[220];

    read_complaint(running->complaints, complaint);
    if (WIFSIGNALED(end))
        return ev_fail(err, EV_ENGINE, "worker process %d was ended by signal %d (%s)%s",
                       (int)running->process, WTERMSIG(end), strsignal(WTERMSIG(end)), complaint);
    return ev_fail(err, EV_ENGINE, "worker process %d ended with status %d before its work was%s",
                   (int)running->process, WEXITSTATUS(end), complaint);
}

/* Ends a worker that has nothing more to say, and returns how it ended. */
static int finish(const struct running *running, bool has_ended)
{
    siginfo_t unused;
    int end = 0;

    if (!has_ended)
        kill(-running->id, SIGKILL);
    /* What its number names once it is reaped is not this one's. */
    while (waitid(P_PID, (id_t)running->id, &unused, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        continue;
    ev_interrupt_set_child(0);
    while (waitpid(running->id, &end, 0) < 0 && errno == EINTR)
        continue;
    return end;
}

/* --- Between --- */

/* What is counted while processes run. */
struct counts {
    struct ev_progress progress;
    int64_t n_blocks; /* so far */
};

/* Hears a worker out. */
static enum ev_status listen(const struct ev_pool_args *args, const struct running *running,
                             struct counts *counts, struct ev_session *session,
                             struct ev_message *message, struct ev_error *err)
{
    enum ev_heard heard;
    bool is_block, has_room = true;

    do {
        heard = ev_link_receive(running->answers, args->job, running->process, message);
        is_block = heard == EV_HEARD_MESSAGE && message->kind == EV_MESSAGE_BLOCK;
        if (is_block) {
            has_room =
                ev_session_add(session, &message->block, message->call_ns, message->block.n_calls);
            ev_progress_update(&counts->progress, ++counts->n_blocks, NULL);
        }
    } while (is_block && has_room);
    const int end = finish(running, heard == EV_HEARD_MESSAGE && has_room);
    if (ev_interrupted())
        return ev_interrupt_check(err);
    if (!has_room)
        return ev_fail(err, EV_MEMORY, "out of memory for the times");
    if (heard == EV_HEARD_NOTHING)
        return fail_ended(running, end, err);
    if (heard == EV_HEARD_NONSENSE)
        return ev_fail(err, EV_ENGINE, "worker process %d answers what it cannot have measured",
                       (int)running->process);
    if (message->end.status != EV_OK)
        *err = message->end;
    return message->end.status;
}

/* One process from start to end; the session is as before if it does not come to its end. */
static enum ev_status run_process(const struct ev_pool_args *args, struct counts *counts,
                                  struct ev_session *session, struct ev_error *err)
{
    const size_t n_blocks = session->n_blocks;
    const int64_t n_calls = session->n_calls;
    struct ev_message *message = malloc(sizeof *message);
    struct running running;

    if (!message)
        return ev_fail(err, EV_MEMORY, "out of memory for the times");
    enum ev_status status = start(args, session->n_processes, &running, err);
    if (status == EV_OK)
        status = listen(args, &running, counts, session, message, err);
    release(&running);
    free(message);
    if (status == EV_OK) {
        session->n_processes++;
        return EV_OK;
    }
    session->n_blocks = n_blocks;
    session->n_calls = n_calls;
    return status;
}

static int64_t planned_blocks(const struct ev_pool_args *args, int32_t n_processes)
{
    const struct ev_job *job = args->job;
    int64_t n = 0;

    for (int32_t p = 0; p < n_processes; p++)
        n += ev_plan_blocks(job->conditions, job->n_conditions, job->n_entries, p);
    return n;
}

static double seconds_since(int64_t start_ns)
{
    return (double)(ev_clock_ns() - start_ns) / 1e9;
}

enum ev_status ev_pool_run(const struct ev_pool_args *args, struct ev_session *session,
                           struct ev_error *err)
{
    const int64_t start_ns = ev_clock_ns();
    const int32_t n_before = session->n_processes;
    struct counts counts = {.n_blocks = planned_blocks(args, n_before)};
    enum ev_status status = EV_OK;

    ev_progress_start(&counts.progress, "times", "blocks",
                      planned_blocks(args, args->min_processes));
    ev_progress_set_first(&counts.progress, counts.n_blocks);
    while (
        status == EV_OK && session->n_processes < args->max_processes &&
        ev_plan_has_time(session->n_processes - n_before, seconds_since(start_ns), args->cap_s)) {
        if (session->n_processes >= args->min_processes && args->is_enough(session, args->context))
            break;
        counts.progress.total = planned_blocks(args, session->n_processes < args->min_processes
                                                         ? args->min_processes
                                                         : session->n_processes + 1);
        const size_t first_block = session->n_blocks;
        status = run_process(args, &counts, session, err);
        if (status == EV_OK && args->on_finish)
            status = args->on_finish(session, first_block, args->context, err);
    }
    ev_progress_finish(&counts.progress);
    return status;
}
