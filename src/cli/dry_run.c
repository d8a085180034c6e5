/* SPDX-License-Identifier: MIT */
/* Prints the plan of an evaluation: sets, backends, work, planned time. */
#include "cli/dry_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "eval/estimate.h"
#include "eval/spread.h"
#include "render/render.h"

/* "12 s", "1 min 20 s", "2 h 5 min"; at least a second. */
static const char *format_time(double seconds, char text[48])
{
    const long s = seconds > 1 ? lround(seconds) : 1;

    if (s < 60)
        snprintf(text, 48, "%ld s", s);
    else if (s < 3600)
        snprintf(text, 48, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(text, 48, "%ld h %ld min", lround(seconds / 60) / 60, lround(seconds / 60) % 60);
    return text;
}

/* --- Sets --- */

struct planned_set {
    int64_t n_rows;
    struct ev_shape shape;
};

/* Of one that is there. */
static enum ev_status look_into(const struct ev_eval_set *set, struct planned_set *planned,
                                struct ev_error *err)
{
    struct ev_set *opened;
    enum ev_status status = ev_set_open(set->path, set->source, &opened, err);

    if (status != EV_OK)
        return status;
    *planned = (struct planned_set){ev_set_info(opened)->n_rows, ev_set_info(opened)->shape};
    ev_set_close(opened);
    return EV_OK;
}

static enum ev_status look_into_sets(const struct ev_dry_run *run, struct planned_set *planned,
                                     struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t s = 0; s < run->args->n_sets && status == EV_OK; s++) {
        const struct ev_eval_set *set = &run->args->sets[s];
        if (set->path) {
            status = look_into(set, &planned[s], err);
        } else {
            planned[s].shape = ev_render_set_spec("", "", 1).shape;
            status = ev_builtin_set_count(ev_builtin_set_find(run->sets->list.items[s]),
                                          &planned[s].n_rows, err);
        }
    }
    return status;
}

static void print_sets(const struct ev_dry_run *run, const struct planned_set *planned)
{
    char count[64];

    puts("Sets");
    for (size_t s = 0; s < run->args->n_sets; s++) {
        const struct ev_eval_set *set = &run->args->sets[s];
        const struct ev_shape *shape = &planned[s].shape;
        printf("  %-12s %s of %d x %d x %d, %s\n", set->name,
               ev_text_count(planned[s].n_rows, "row", count), shape->height, shape->width,
               shape->channels, set->path ? set->path : "not rendered yet");
    }
}

/* --- Backends --- */

static void print_backends(const struct ev_dry_run *run, const struct ev_estimate *estimate)
{
    const struct ev_eval_args *args = run->args;
    char count[64];

    printf("\nBackends on %s, %d thread%s, batches of %s\n", run->device, (int)args->n_threads,
           args->n_threads == 1 ? "" : "s", ev_text_count(args->batch_rows, "row", count));
    for (size_t b = 0; b < args->n_backends; b++) {
        const struct ev_eval_backend *backend = &args->backends[b];
        const struct ev_estimate_model *model = &estimate->models[b];
        printf("  %-14s opens in %.0f ms, a picture takes %.3f ms, one of a batch %.3f ms\n",
               backend->name, model->open_s * 1e3, model->single_s * 1e3, model->row_s * 1e3);
        if (model->model_bytes >= 0)
            printf("  %-14s %s, %.2f MiB", "", backend->model_path,
                   (double)model->model_bytes / (1024.0 * 1024.0));
        else
            printf("  %-14s %s", "", backend->model_path ? backend->model_path : "no model");
        printf("%s%s\n", backend->precision ? ", " : "", ev_precision_name(backend->precision));
    }
}

/* --- Work --- */

/* Parts in whole seconds, or minutes where all is hours, each rounded so that what was printed so
 * far adds up to the rounded sum. */
struct sum {
    double seconds;
    int64_t step_s;
};

static int64_t add_rounded(struct sum *sum, double seconds)
{
    const double before = round(sum->seconds / (double)sum->step_s);

    sum->seconds += seconds;
    return (int64_t)(round(sum->seconds / (double)sum->step_s) - before) * sum->step_s;
}

static void print_part(struct sum *sum, const char *name, const char *what, double seconds)
{
    const int64_t rounded = add_rounded(sum, seconds);
    char text[48];

    printf("  %-12s %-52s %s\n", name, what,
           rounded > 0        ? format_time((double)rounded, text)
           : sum->step_s < 60 ? "under 1 s"
                              : "under 1 min");
}

static void print_conditions(const struct ev_profile *profile)
{
    for (int32_t c = 0; c < profile->n_conditions; c++) {
        const struct ev_condition *condition = &profile->conditions[c];
        char calls[64], rounds[64];
        printf("    %-10s %-8s %s of %s%s\n", ev_mode_name(condition->mode),
               ev_boundary_name(condition->boundary),
               ev_text_count(condition->n_rounds, "round", rounds),
               ev_text_count(condition->n_calls, "call", calls),
               condition->every > 0 ? ", in every other process" : "");
    }
}

static void print_times(const struct ev_dry_run *run, const struct ev_estimate *estimate,
                        struct sum *sum)
{
    const struct ev_profile *profile = &estimate->profile;
    char what[128], most[48];

    snprintf(what, sizeof what, "profile %s: %d process%s, %zu models each", profile->name,
             (int)estimate->n_processes, estimate->n_processes == 1 ? "" : "es",
             run->args->n_backends + 1);
    print_part(sum, "times", what, estimate->times_s);
    print_conditions(profile);
    if (estimate->n_processes < profile->min_processes)
        printf("    %d processes are wanted, but no more fit into %s\n",
               (int)profile->min_processes, format_time(profile->cap_s, most));
    if (profile->max_processes > profile->min_processes)
        printf("    up to %d processes, in all %s, until changes are within %g %%\n",
               (int)profile->max_processes, format_time(estimate->times_most_s, most),
               100 * profile->width);
}

static void print_pictures(struct sum *sum, const char *name, const char *how,
                           const struct ev_estimate_part *part)
{
    char what[128], count[64];

    snprintf(what, sizeof what, "%s: %s", how, ev_text_count(part->n_rows, "picture", count));
    print_part(sum, name, what, part->seconds);
}

static void print_work(const struct ev_dry_run *run, const struct ev_estimate *estimate)
{
    const struct ev_eval_args *args = run->args;
    struct sum sum = {0, estimate->total_s < 3600 ? 1 : 60};
    char what[128], count[64];

    puts("\nWork");
    print_part(&sum, "opening", "engines, and each model once", estimate->open_s);
    print_pictures(&sum, "warm-up", "a batch before each pass", &estimate->warm_up);
    snprintf(what, sizeof what, "each backend on each set, %zu x %zu", args->n_backends,
             args->n_sets);
    print_pictures(&sum, "passes", what, &estimate->passes);
    snprintf(what, sizeof what, "up to %d of each set one by one", EV_SPREAD_ROWS);
    print_pictures(&sum, "singles", what, &estimate->singles);
    if (args->latency_calls > 0) {
        snprintf(what, sizeof what, "%s of each backend on each set",
                 ev_text_count(args->latency_calls, "call", count));
        print_part(&sum, "calls", what, estimate->calls_s);
    }
    if (run->profile)
        print_times(run, estimate, &sum);
}

static void print_end(const struct ev_dry_run *run, const struct ev_estimate *estimate)
{
    char total[48];
    bool all_rendered = true;

    for (size_t s = 0; s < run->args->n_sets; s++)
        all_rendered = all_rendered && run->args->sets[s].path;
    printf("\nPlanned time: about %s, by the few calls above, made just now.\n"
           "Not in it: %s%s%stables and charts, which would go to\n"
           "%s/ and %s/. Nothing was written.\n",
           format_time(estimate->total_s, total), all_rendered ? "" : "rendering, ",
           run->args->with_study ? "the study's figures, " : "", run->with_layers ? "layers, " : "",
           run->chosen->tables, run->chosen->plots);
}

/* --- All of it --- */

/* The sets that are there, in `there`. */
static size_t find_there(const struct ev_eval_args *args, struct ev_eval_set *there)
{
    size_t n = 0;

    for (size_t s = 0; s < args->n_sets; s++) {
        if (args->sets[s].path)
            there[n++] = args->sets[s];
    }
    return n;
}

static enum ev_status estimate_all(const struct ev_dry_run *run, struct planned_set *planned,
                                   struct ev_eval_set *there, int64_t *set_rows,
                                   struct ev_estimate *estimate, struct ev_error *err)
{
    const struct ev_set_spec rendered = ev_render_set_spec("", "", 1);
    struct ev_eval_args eval = *run->args;
    const struct ev_estimate_args args = {
        .eval = &eval,
        .set_rows = set_rows,
        .n_sets = run->args->n_sets,
        .shape = rendered.shape,
        .n_outputs = rendered.n_outputs,
        .profile = run->profile,
        .load_s = run->load_s,
    };
    enum ev_status status = look_into_sets(run, planned, err);

    for (size_t s = 0; s < run->args->n_sets; s++)
        set_rows[s] = planned[s].n_rows;
    eval.sets = there;
    eval.n_sets = find_there(run->args, there);
    return status == EV_OK ? ev_estimate_make(&args, estimate, err) : status;
}

enum ev_status ev_dry_run(const struct ev_dry_run *run, struct ev_error *err)
{
    const size_t n_sets = run->args->n_sets;
    struct planned_set *planned = calloc(n_sets, sizeof *planned);
    struct ev_eval_set *there = calloc(n_sets, sizeof *there);
    int64_t *set_rows = calloc(n_sets, sizeof *set_rows);
    struct ev_estimate estimate = {0};
    enum ev_status status =
        planned && there && set_rows ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK)
        status = estimate_all(run, planned, there, set_rows, &estimate, err);
    if (status == EV_OK) {
        print_sets(run, planned);
        print_backends(run, &estimate);
        print_work(run, &estimate);
        print_end(run, &estimate);
    }
    ev_estimate_free(&estimate);
    free(set_rows);
    free(there);
    free(planned);
    return status;
}
