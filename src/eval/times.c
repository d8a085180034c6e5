/* SPDX-License-Identifier: MIT */
/* Makes the job of the worker processes, and figures of what they say. */
#include "eval/times.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "eval/time_figures.h"
#include "eval/times_journal.h"
#include "measure/pool.h"

/* Orders are drawn by it: the same plan for every run. */
#define SEED 1

/* --- The session --- */

/* Names what is timed: the backends, then the control. */
static enum ev_status start_session(const struct ev_eval_args *args, const char *profile,
                                    struct ev_session *session, struct ev_error *err)
{
    bool ok;

    session->profile = strdup(profile);
    session->seed = SEED;
    session->baseline = (int32_t)ev_eval_baseline(args);
    session->entries = calloc(args->n_backends + 1, sizeof *session->entries);
    ok = session->profile && session->entries;
    for (size_t e = 0; e <= args->n_backends && ok; e++) {
        const bool is_control = e == args->n_backends;
        const size_t backend = is_control ? (size_t)session->baseline : e;
        session->entries[e].backend = strdup(args->backends[backend].name);
        session->entries[e].is_control = is_control;
        session->n_entries = e + 1;
        ok = session->entries[e].backend != NULL;
    }
    return ok ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory for the times");
}

/* --- The job --- */

/* False if the text is too long for a path. */
static bool set_path(char to[PATH_MAX], const char *text)
{
    return snprintf(to, PATH_MAX, "%s", text ? text : "") < PATH_MAX;
}

static enum ev_status describe_entry(const struct ev_eval_backend *backend,
                                     struct ev_job_entry *entry, struct ev_error *err)
{
    const char *origin = ev_engine_origin(backend->engine);

    if (!origin)
        return ev_fail(err, EV_UNSUPPORTED, "%s: worker processes cannot find its engine",
                       backend->name);
    entry->precision = backend->precision;
    if (set_path(entry->engine, origin) && set_path(entry->model, backend->model_path))
        return EV_OK;
    return ev_fail(err, EV_INPUT, "%s: its path is too long", backend->name);
}

static enum ev_status describe_set(const struct ev_eval_set *from, struct ev_job_set *set,
                                   struct ev_error *err)
{
    const struct ev_set_source none = {0}, *source = from->source ? from->source : &none;

    set->layout = source->layout;
    set->white = source->white;
    if (set_path(set->path, from->path) && set_path(set->images, source->images) &&
        set_path(set->labels, source->labels))
        return EV_OK;
    return ev_fail(err, EV_INPUT, "%s: its path is too long", from->name);
}

/* Pictures of set s of those that all sets share out evenly. */
static int64_t share_of(const struct ev_eval_args *args, size_t s)
{
    const int64_t n_sets = (int64_t)args->n_sets, at = (int64_t)s;

    return EV_JOB_PICTURES * (at + 1) / n_sets - EV_JOB_PICTURES * at / n_sets;
}

/* Reads set s's share, or all its rows where it has fewer, behind the pictures that are there. */
static enum ev_status read_share(const struct ev_eval_args *args, size_t s, struct ev_set *set,
                                 struct ev_job *job, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const int64_t share = share_of(args, s);
    const int64_t n = info->n_rows < share ? info->n_rows : share;
    int64_t rows[EV_JOB_PICTURES];

    for (int64_t i = 0; i < n; i++)
        rows[i] = ev_set_spread_row(info->n_rows, n, i);
    const int64_t first = job->n_pictures;
    job->n_pictures += (int32_t)n;
    return ev_set_read_rows(set, job->form, rows, n, ev_job_picture(job, first), err);
}

double ev_times_period_s(double frame_rate_hz)
{
    return 1 / (frame_rate_hz > 0 ? frame_rate_hz : EV_TIMES_RATE_HZ);
}

static enum ev_status fill_job(const struct ev_eval_args *args, const struct ev_profile *profile,
                               const struct ev_session *session, const struct ev_set_info *info,
                               struct ev_job *job, struct ev_error *err)
{
    enum ev_status status = describe_set(&args->sets[0], &job->set, err);

    job->seed = session->seed;
    job->warm_up = profile->warm_up;
    memcpy(job->conditions, profile->conditions, sizeof job->conditions);
    job->n_conditions = profile->n_conditions;
    job->device_kind = args->device_kind;
    job->device_index = args->device_index;
    job->n_threads = args->n_threads;
    job->n_outputs = info->n_outputs;
    job->batch_rows = args->batch_rows;
    job->piece_rows = EV_PIECE_ROWS;
    job->period_ns = (int64_t)llround(1e9 * ev_times_period_s(info->frame_rate_hz));
    for (size_t e = 0; e < session->n_entries && status == EV_OK; e++) {
        const size_t backend = session->entries[e].is_control ? (size_t)session->baseline : e;
        status = describe_entry(&args->backends[backend], &job->entries[e], err);
    }
    return status;
}

/* Opens set s, and puts its share into the job, which the first set makes. */
static enum ev_status add_set(const struct ev_eval_args *args, const struct ev_profile *profile,
                              const struct ev_session *session, size_t s, struct ev_job **job,
                              int *file, struct ev_error *err)
{
    struct ev_set *set;
    enum ev_status status = ev_set_open(args->sets[s].path, args->sets[s].source, &set, err);

    if (status != EV_OK)
        return status;
    if (!*job) {
        const struct ev_set_info *info = ev_set_info(set);
        status = ev_job_make((int32_t)session->n_entries, EV_JOB_PICTURES, &info->shape, info->form,
                             job, file, err);
        if (status == EV_OK) {
            (*job)->n_pictures = 0;
            status = fill_job(args, profile, session, info, *job, err);
        }
    }
    if (status == EV_OK)
        status = read_share(args, s, set, *job, err);
    ev_set_close(set);
    return status;
}

/* --- Between processes --- */

/* What the pool's questions are answered from. */
struct run {
    const struct ev_profile *profile;
    struct ev_journal *journal;
};

bool ev_times_are_enough(const struct ev_session *session, double width)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_result result;
    const char *baseline = session->entries[session->baseline].backend;

    ev_result_init(&result);
    bool enough = ev_time_figures(session, &result, &err) == EV_OK;
    for (size_t i = 0; i < result.n_timings; i++) {
        const struct ev_result_timing *timing = &result.timings[i];
        const bool is_variant = !timing->is_control && strcmp(timing->backend, baseline) != 0;
        /* An interval that is not known is none that is narrow. */
        if (timing->mode == EV_MODE_HOT && is_variant &&
            !(timing->change_high - timing->change_low <= 2 * width))
            enough = false;
    }
    ev_result_free(&result);
    return enough;
}

static bool is_enough(const struct ev_session *session, void *context)
{
    const struct run *run = context;

    return ev_times_are_enough(session, run->profile->width);
}

static enum ev_status keep_process(const struct ev_session *session, size_t first_block,
                                   void *context, struct ev_error *err)
{
    const struct run *run = context;

    return ev_times_journal_add(run->journal, session, first_block, err);
}

/* --- The run --- */

/* Whether the engines of all backends tell what their device takes. On a CUDA device, where that is
 * most of what one wants to know, those that do not are named. */
static bool do_all_tell(const struct ev_eval_args *args, const struct ev_result *result)
{
    char line[300] = "no device times: not told by ";
    bool all = true;

    for (size_t b = 0; b < args->n_backends; b++) {
        const char *name = args->backends[b].name;
        const struct ev_result_row *row = ev_result_find_backend(result, name);
        const size_t used = strlen(line);
        if (row && row->look.tells_apart)
            continue;
        snprintf(line + used, sizeof line - used, "%s%s (%s)", all ? "" : ", ", name,
                 args->backends[b].engine->name);
        all = false;
    }
    if (!all && args->device_kind == EV_DEVICE_CUDA)
        ev_progress_note(line);
    return all;
}

static void note_cap(const struct ev_profile *profile, const struct ev_session *session)
{
    char line[160];

    if (session->n_processes >= profile->min_processes)
        return;
    snprintf(line, sizeof line, "%d of %d worker processes fit into the %.0f s of --profile %s",
             (int)session->n_processes, (int)profile->min_processes, profile->cap_s, profile->name);
    ev_progress_note(line);
}

static enum ev_status measure(struct run *run, const struct ev_job *job, int file,
                              struct ev_session *session, struct ev_error *err)
{
    const struct ev_profile *profile = run->profile;
    const struct ev_pool_args args = {
        .job = job,
        .job_file = file,
        .min_processes = profile->min_processes,
        .max_processes = profile->max_processes,
        .cap_s = profile->cap_s,
        .is_enough = is_enough,
        .on_finish = keep_process,
        .context = run,
    };
    enum ev_status status = ev_times_journal_open(run->journal, job, session, err);

    if (status == EV_OK)
        status = ev_pool_run(&args, session, err);
    ev_journal_end(run->journal);
    if (status == EV_OK)
        note_cap(profile, session);
    return status;
}

enum ev_status ev_times_run(const struct ev_eval_args *args, const struct ev_profile *profile,
                            struct ev_result *result, struct ev_error *err)
{
    struct ev_session *session = &result->samples.session;
    const struct ev_profile fitted = ev_profile_for(
        profile, args->device_kind, do_all_tell(args, result), (int32_t)args->n_backends + 1);
    struct run run = {&fitted, args->journal};
    struct ev_job *job = NULL;
    int file = -1;
    enum ev_status status = start_session(args, profile->name, session, err);

    for (size_t s = 0; s < args->n_sets && status == EV_OK; s++)
        status = add_set(args, &fitted, session, s, &job, &file, err);
    if (status == EV_OK)
        status = measure(&run, job, file, session, err);
    ev_job_unmap(job);
    if (file >= 0)
        close(file);
    if (status != EV_OK)
        result->interrupted = true;
    if (session->n_processes > 0) {
        const enum ev_status figured = ev_time_figures(session, result, err);
        status = status == EV_OK ? figured : status;
    }
    return status;
}
