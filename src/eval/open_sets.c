/* SPDX-License-Identifier: MIT */
/* Opens sets one after the other, each compared with the first, and models for them. */
#include "eval/open_sets.h"

#include <stdio.h>
#include <string.h>

#include "base/progress.h"
#include "measure/form.h"

/* Names, units and ranges of the labels must be those of the first set. */
static enum ev_status check_columns(const struct ev_set_info *first, const struct ev_set_info *info,
                                    struct ev_error *err)
{
    if (info->n_outputs != first->n_outputs)
        return ev_fail(err, EV_INPUT, "%s: %d label column%s, but %s has %d", info->path,
                       info->n_outputs, info->n_outputs == 1 ? "" : "s", first->path,
                       first->n_outputs);
    for (int32_t k = 0; k < first->n_outputs; k++) {
        const struct ev_column *x = &first->columns[k], *y = &info->columns[k];
        if (strcmp(x->name, y->name) != 0)
            return ev_fail(err, EV_INPUT, "%s: label column %d is '%s', but '%s' in %s", info->path,
                           k + 1, y->name, x->name, first->path);
        if (strcmp(x->unit, y->unit) != 0)
            return ev_fail(err, EV_INPUT, "%s: the unit of label %s is '%s', but '%s' in %s",
                           info->path, y->name, y->unit, x->unit, first->path);
        if (x->min != y->min || x->max != y->max)
            return ev_fail(err, EV_INPUT,
                           "%s: the range of label %s is %g to %g, but %g to %g in %s", info->path,
                           y->name, y->min, y->max, x->min, x->max, first->path);
    }
    return EV_OK;
}

/* Nothing in a model says what colours it was trained on. */
static void note_colour(const struct ev_set_info *info)
{
    char line[512];

    if (strcmp(info->colour, "yuv") != 0)
        return;
    snprintf(line, sizeof line,
             "%.400s: pictures in yuv; a model must have been trained on the same", info->path);
    ev_progress_note(line);
}

enum ev_status ev_open_sets(const struct ev_eval_set *sets, size_t n_sets, struct ev_set **opened,
                            struct ev_error *err)
{
    for (size_t s = 0; s < n_sets; s++) {
        enum ev_status status = ev_set_open(sets[s].path, sets[s].source, &opened[s], err);
        if (status == EV_OK)
            status = ev_set_check_white(opened[s], err);
        if (status != EV_OK)
            return status;
        ev_set_note_ranges(opened[s]);
        note_colour(ev_set_info(opened[s]));
        const struct ev_set_info *first = ev_set_info(opened[0]);
        const struct ev_set_info *info = ev_set_info(opened[s]);
        if (info->shape.height != first->shape.height || info->shape.width != first->shape.width ||
            info->shape.channels != first->shape.channels)
            return ev_fail(err, EV_INPUT, "%s: pictures of %d x %d x %d, but %s has %d x %d x %d",
                           info->path, info->shape.height, info->shape.width, info->shape.channels,
                           first->path, first->shape.height, first->shape.width,
                           first->shape.channels);
        status = check_columns(first, info, err);
        if (status != EV_OK)
            return status;
    }
    return EV_OK;
}

enum ev_status ev_open_model(const struct ev_eval_args *args, size_t b,
                             struct ev_set *const *opened, const struct ev_shape *shape,
                             int32_t n_outputs, int32_t n_threads, int64_t max_rows,
                             struct ev_model **model, struct ev_error *err)
{
    const struct ev_open_args open_args = {
        .size = sizeof open_args,
        .n_threads = n_threads,
        .model_path = args->backends[b].model_path,
        .device_kind = args->device_kind,
        .device_index = args->device_index,
        .shape = *shape,
        .n_outputs = n_outputs,
        .max_rows = max_rows,
        .precision = args->backends[b].precision,
    };
    enum ev_status status = ev_model_open(args->backends[b].engine, &open_args, model, err);

    for (size_t s = 0; s < args->n_sets && status == EV_OK; s++) {
        const struct ev_set_info *info = ev_set_info(opened[s]);
        status = ev_form_check(*model, info->form, info->path, err);
    }
    return status;
}
