/* SPDX-License-Identifier: MIT */
/*
 * A worker process: opens the entries of a job, measures each condition of its plan, and says block
 * by block what it found. It is started by ev_pool_run() as this program with the arguments
 * EV_WORKER_COMMAND and a process number, the job as descriptor EV_WORKER_JOB, the pipe to answer
 * through as EV_WORKER_ANSWERS.
 *
 * Single pictures: each entry with one compute thread, the process on one CPU (the last one it may
 * use). Cold calls come first: from opening a model to its first outputs, each in a child process
 * that has loaded the engine and opened nothing yet, so that no entry finds kernels chosen by
 * another, and none pays for libraries that all need. Batches: the entries opened again
 * with all threads, on all CPUs.
 *
 * Boundaries: EV_BOUNDARY_E2E is from the set's pictures (bytes, mostly) in memory to outputs in
 * memory, with the conversion to floats where the engine reads only those; EV_BOUNDARY_COMPUTE from
 * floats in memory where the engine reads them, else as before; EV_BOUNDARY_DEVICE is what the
 * engine tells of its device for a call of the first kind. It and EV_MODE_EAGER are for engines
 * with the hook infer_apart alone.
 */
#ifndef EV_WORKER_H
#define EV_WORKER_H

#include <stdbool.h>

#define EV_WORKER_COMMAND "worker"
#define EV_WORKER_JOB     3
#define EV_WORKER_ANSWERS 4

/* Whether this process was started to be one: two arguments, and a job. */
bool ev_worker_is_meant(int argc, char **argv);
/* Does the work; what main() returns. Everything that goes wrong is said through the pipe. */
int ev_worker_main(const char *process);

#endif
