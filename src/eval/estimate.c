/* SPDX-License-Identifier: MIT */
/* Measures a few calls, and adds up what the plan has of them. */
#include "eval/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "eval/look.h"
#include "eval/open_sets.h"
#include "eval/spread.h"
#include "eval/times.h"
#include "measure/form.h"
#include "stats/stats.h"

/* Pictures of the batch that is timed: enough that a kernel works as with more of them. */
#define BATCH_ROWS    64
/* Calls: to warm up, and timed. */
#define WARM_SINGLES  3
#define TIMED_SINGLES 7
#define WARM_BATCHES  1
#define TIMED_BATCHES 3

struct work {
    const struct ev_estimate_args *args;
    struct ev_estimate *estimate;
    struct ev_set **sets; /* those that are there */
    struct ev_shape shape;
    int32_t n_outputs;
    enum ev_form form;  /* of the pictures, as sets have them */
    float *outputs;     /* (BATCH_ROWS, n_outputs) */
    void *pictures;     /* (BATCH_ROWS), in either form */
    int64_t n_pictures; /* that the first set has, or that stand for it, BATCH_ROWS at most */
    bool all_tell;      /* engines so far, what their device takes */
};

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

static double seconds_since(int64_t start_ns)
{
    return (double)(ev_clock_ns() - start_ns) / 1e9;
}

/* --- What is measured --- */

static enum ev_status open_model(const struct work *work, size_t b, int32_t n_threads,
                                 int64_t max_rows, struct ev_model **model, struct ev_error *err)
{
    return ev_open_model(work->args->eval, b, work->sets, &work->shape, work->n_outputs, n_threads,
                         max_rows, model, err);
}

/* Pictures of the first set, or black ones where none is there; *seconds is how long reading took.
 */
static enum ev_status read_pictures(struct work *work, enum ev_form form, double *seconds,
                                    struct ev_error *err)
{
    const int64_t start_ns = ev_clock_ns();
    enum ev_status status = EV_OK;

    if (work->args->eval->n_sets > 0)
        status = ev_set_read(work->sets[0], form, 0, work->n_pictures, work->pictures, err);
    else
        memset(work->pictures, 0,
               (size_t)work->n_pictures * ev_form_picture_bytes(form, &work->shape));
    *seconds = seconds_since(start_ns);
    return status;
}

static struct ev_batch batch_of(const struct work *work, const struct ev_model *model,
                                int64_t n_rows)
{
    return (struct ev_batch){
        .size = sizeof(struct ev_batch),
        .form = ev_form_choose(model, work->form),
        .shape = work->shape,
        .n_rows = n_rows,
        .data = work->pictures,
    };
}

static enum ev_status call(const struct work *work, struct ev_model *model, int64_t n_rows,
                           double *seconds, struct ev_error *err)
{
    const struct ev_batch batch = batch_of(work, model, n_rows);
    const int64_t start_ns = ev_clock_ns();
    enum ev_status status = ev_model_infer(model, &batch, work->outputs, err);

    *seconds = seconds_since(start_ns);
    return status == EV_OK ? ev_interrupt_check(err) : status;
}

/* The median of n_timed calls behind n_warm others. */
static enum ev_status time_calls(const struct work *work, struct ev_model *model, int64_t n_rows,
                                 int n_warm, int n_timed, double *median, struct ev_error *err)
{
    double seconds[WARM_SINGLES + TIMED_SINGLES];
    enum ev_status status = EV_OK;

    for (int i = 0; i < n_warm + n_timed && status == EV_OK; i++)
        status = call(work, model, n_rows, &seconds[i], err);
    if (status != EV_OK)
        return status;
    ev_stats_sort_doubles(seconds + n_warm, n_timed);
    *median = ev_stats_median_doubles(seconds + n_warm, n_timed);
    return EV_OK;
}

/* One picture on one thread. */
static enum ev_status time_single(struct work *work, size_t b, struct ev_error *err)
{
    struct ev_estimate_model *times = &work->estimate->models[b];
    struct ev_model *model = NULL;
    double read_s;
    int64_t start_ns = ev_clock_ns();
    enum ev_status status = open_model(work, b, 1, 1, &model, err);

    times->open_s = seconds_since(start_ns);
    if (status == EV_OK)
        status = read_pictures(work, ev_form_choose(model, work->form), &read_s, err);
    if (status == EV_OK)
        status = call(work, model, 1, &times->first_s, err);
    if (status == EV_OK)
        status = time_calls(work, model, 1, WARM_SINGLES, TIMED_SINGLES, &times->single_s, err);
    if (status == EV_OK) {
        const struct ev_batch one = batch_of(work, model, 1);
        bool tells;
        status = ev_look_tells_apart(model, work->args->eval->backends[b].name, &one, &tells, err);
        work->all_tell = work->all_tell && tells;
    }
    ev_model_close(model);
    return status;
}

/* On all threads: batches, whose pictures are read while others are computed, and one picture. */
static enum ev_status time_together(struct work *work, size_t b, struct ev_error *err)
{
    const int64_t n_rows = work->n_pictures;
    struct ev_estimate_model *times = &work->estimate->models[b];
    struct ev_model *model = NULL;
    double read_s = 0, infer_s = 0;
    enum ev_status status = open_model(work, b, work->args->eval->n_threads, n_rows, &model, err);

    if (status == EV_OK)
        status = read_pictures(work, ev_form_choose(model, work->form), &read_s, err);
    if (status == EV_OK)
        status = time_calls(work, model, n_rows, WARM_BATCHES, TIMED_BATCHES, &infer_s, err);
    if (status == EV_OK)
        status = time_calls(work, model, 1, WARM_SINGLES, TIMED_SINGLES, &times->here_s, err);
    times->row_s = fmax(read_s, infer_s) / (double)n_rows;
    ev_model_close(model);
    return status;
}

static enum ev_status measure(struct work *work, struct ev_error *err)
{
    const struct ev_eval_args *eval = work->args->eval;
    struct ev_error ignored = EV_ERROR_INIT;
    enum ev_status status = EV_OK;

    for (size_t b = 0; b < eval->n_backends && status == EV_OK; b++) {
        struct ev_estimate_model *model = &work->estimate->models[b];
        const char *path = eval->backends[b].model_path;
        if (!path || ev_file_size(path, &model->model_bytes, &ignored) != EV_OK)
            model->model_bytes = -1;
        status = time_single(work, b, err);
        if (status == EV_OK)
            status = time_together(work, b, err);
    }
    return status;
}

/* --- What the plan makes of it --- */

static void add_rows(struct ev_estimate_part *part, int64_t n_rows, double row_s)
{
    part->n_rows += n_rows;
    part->seconds += (double)n_rows * row_s;
}

/* What each backend does once on each set. */
static void add_passes(struct work *work)
{
    const struct ev_estimate_args *args = work->args;
    const int64_t batch_rows = args->eval->batch_rows;
    struct ev_estimate *estimate = work->estimate;

    estimate->open_s = args->load_s;
    for (size_t b = 0; b < args->eval->n_backends; b++) {
        const struct ev_estimate_model *model = &estimate->models[b];
        estimate->open_s += model->open_s;
        for (size_t s = 0; s < args->n_sets; s++) {
            const int64_t n_rows = args->set_rows[s];
            add_rows(&estimate->warm_up, batch_rows < n_rows ? batch_rows : n_rows, model->row_s);
            add_rows(&estimate->passes, n_rows, model->row_s);
            add_rows(&estimate->singles, n_rows < EV_SPREAD_ROWS ? n_rows : EV_SPREAD_ROWS,
                     model->here_s);
        }
    }
}

static double calls_s(const struct work *work)
{
    const struct ev_eval_args *eval = work->args->eval;
    double sum_s = 0;

    if (eval->latency_calls == 0)
        return 0;
    for (size_t b = 0; b < eval->n_backends; b++)
        sum_s += (double)(eval->latency_calls + eval->warmup_calls) *
                 work->estimate->models[b].here_s * (double)work->args->n_sets;
    return sum_s;
}

/* A block of a condition. */
static double block_s(const struct work *work, const struct ev_condition *condition,
                      const struct ev_estimate_model *model)
{
    const double n_calls = condition->n_discarded + condition->n_calls;

    switch (condition->mode) {
    case EV_MODE_COLD:
        return model->open_s + model->first_s;
    case EV_MODE_HOT:
    case EV_MODE_EAGER:
        return n_calls * model->single_s;
    case EV_MODE_PACED:
        return n_calls * fmax(work->estimate->period_s, model->single_s);
    case EV_MODE_FED: /* never more than the first set has */
        return fmin(n_calls * (double)work->args->eval->batch_rows,
                    (double)work->args->set_rows[0]) *
               model->row_s;
    default:
        return n_calls * (double)work->args->eval->batch_rows * model->row_s;
    }
}

/* Opening, and calls until times are steady: of a model in a process, with single pictures and then
 * with batches. */
static double begin_s(const struct work *work, const struct ev_estimate_model *model)
{
    const struct ev_warm_up *warm_up = &work->estimate->profile.warm_up;
    const int64_t batch_rows = work->args->eval->batch_rows;
    const int64_t n_rows = batch_rows < warm_up->max_rows ? batch_rows : warm_up->max_rows;

    return 2 * model->open_s + fmax(warm_up->min_s, warm_up->min_calls * model->single_s) +
           fmax(warm_up->batches_s, (double)n_rows * model->row_s);
}

static double process_s(const struct work *work, int32_t process)
{
    const struct ev_estimate_args *args = work->args;
    const struct ev_profile *profile = &work->estimate->profile;
    const size_t n_backends = args->eval->n_backends;
    double sum_s = args->load_s;

    for (size_t e = 0; e <= n_backends; e++) {
        /* The control is the baseline again, near enough any of them. */
        const struct ev_estimate_model *model = &work->estimate->models[e % n_backends];
        sum_s += begin_s(work, model);
        for (int32_t c = 0; c < profile->n_conditions; c++) {
            const struct ev_condition *condition = &profile->conditions[c];
            if (ev_condition_is_in(condition, process))
                sum_s += condition->n_rounds * block_s(work, condition, model);
        }
    }
    return sum_s;
}

/* As many as ev_pool_run() would start. */
static double processes_s(const struct work *work, int32_t n_wanted, int32_t *n_processes)
{
    double sum_s = 0;
    int32_t n = 0;

    while (n < n_wanted && ev_plan_has_time(n, sum_s, work->estimate->profile.cap_s))
        sum_s += process_s(work, n++);
    *n_processes = n;
    return sum_s;
}

static void add_up(struct work *work)
{
    struct ev_estimate *estimate = work->estimate;
    const struct ev_eval_args *eval = work->args->eval;
    const struct ev_profile *profile = work->args->profile;
    const double rate_hz = eval->n_sets > 0 ? ev_set_info(work->sets[0])->frame_rate_hz : 0;
    int32_t unused;

    estimate->period_s = ev_times_period_s(rate_hz);
    add_passes(work);
    estimate->calls_s = calls_s(work);
    if (profile) {
        estimate->profile = ev_profile_for(profile, eval->device_kind, work->all_tell,
                                           (int32_t)eval->n_backends + 1);
        estimate->times_s = processes_s(work, profile->min_processes, &estimate->n_processes);
        estimate->times_most_s = processes_s(work, profile->max_processes, &unused);
    }
    estimate->total_s = estimate->open_s + estimate->warm_up.seconds + estimate->passes.seconds +
                        estimate->singles.seconds + estimate->calls_s + estimate->times_s;
}

/* --- All of it --- */

static enum ev_status start(struct work *work, struct ev_error *err)
{
    const struct ev_estimate_args *args = work->args;
    const struct ev_eval_args *eval = args->eval;
    enum ev_status status = ev_open_sets(eval->sets, eval->n_sets, work->sets, err);

    if (status != EV_OK)
        return status;
    work->shape = args->shape;
    work->n_outputs = args->n_outputs;
    work->form = EV_FORM_U8_NHWC;
    work->n_pictures = eval->batch_rows < BATCH_ROWS ? eval->batch_rows : BATCH_ROWS;
    if (eval->n_sets > 0) {
        const struct ev_set_info *info = ev_set_info(work->sets[0]);
        work->shape = info->shape;
        work->n_outputs = info->n_outputs;
        work->form = info->form;
        if (info->n_rows < work->n_pictures)
            work->n_pictures = info->n_rows;
    }
    work->outputs = malloc(BATCH_ROWS * (size_t)work->n_outputs * sizeof *work->outputs);
    work->pictures = malloc(BATCH_ROWS * ev_form_picture_bytes(EV_FORM_F32_NCHW, &work->shape));
    return work->outputs && work->pictures ? EV_OK : out_of_memory(err);
}

enum ev_status ev_estimate_make(const struct ev_estimate_args *args, struct ev_estimate *estimate,
                                struct ev_error *err)
{
    const struct ev_eval_args *eval = args->eval;
    struct work work = {
        .args = args,
        .estimate = estimate,
        .sets = calloc(eval->n_sets + 1, sizeof *work.sets),
        .all_tell = true,
    };

    *estimate = (struct ev_estimate){
        .models = calloc(eval->n_backends, sizeof *estimate->models),
    };
    enum ev_status status = work.sets && estimate->models ? EV_OK : out_of_memory(err);
    if (status == EV_OK)
        status = start(&work, err);
    if (status == EV_OK)
        status = measure(&work, err);
    if (status == EV_OK)
        add_up(&work);
    for (size_t s = 0; work.sets && s < eval->n_sets; s++)
        ev_set_close(work.sets[s]);
    free(work.sets);
    free(work.outputs);
    free(work.pictures);
    return status;
}

void ev_estimate_free(struct ev_estimate *estimate)
{
    free(estimate->models);
    *estimate = (struct ev_estimate){0};
}
