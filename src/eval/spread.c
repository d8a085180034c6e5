/* SPDX-License-Identifier: MIT */
/* Reads rows spread over a set, and runs models on them one by one. */
#include "eval/spread.h"

#include <stdlib.h>

#include "base/interrupt.h"

static enum ev_status read_form(struct ev_set *set, enum ev_form form,
                                const struct ev_spread *spread, void **images, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const int64_t n = spread->pictures.n;

    *images = malloc((size_t)n * ev_set_picture_bytes(info, form));
    if (!*images)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);
    return ev_set_read_rows(set, form, spread->rows, n, *images, err);
}

enum ev_status ev_spread_read(struct ev_set *set, unsigned forms, struct ev_spread *spread,
                              struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const int64_t n = info->n_rows < EV_SPREAD_ROWS ? info->n_rows : EV_SPREAD_ROWS;
    void *bytes = NULL, *floats = NULL;
    enum ev_status status = EV_OK;

    *spread = (struct ev_spread){.pictures = {.shape = info->shape, .n = n, .form = info->form}};
    for (int64_t i = 0; i < n; i++)
        spread->rows[i] = ev_set_spread_row(info->n_rows, n, i);
    if (forms & EV_FORM_U8_NHWC)
        status = read_form(set, EV_FORM_U8_NHWC, spread, &bytes, err);
    if (status == EV_OK && (forms & EV_FORM_F32_NCHW))
        status = read_form(set, EV_FORM_F32_NCHW, spread, &floats, err);
    spread->pictures.bytes = bytes;
    spread->pictures.floats = floats;
    if (status != EV_OK)
        ev_spread_free(spread);
    return status;
}

void ev_spread_free(struct ev_spread *spread)
{
    free((void *)spread->pictures.bytes);
    free((void *)spread->pictures.floats);
    *spread = (struct ev_spread){0};
}

enum ev_status ev_spread_infer(const struct ev_spread *spread, struct ev_model *model,
                               const char *name, int32_t n_outputs, float *outputs,
                               struct ev_error *err)
{
    struct ev_progress progress;
    enum ev_status status = EV_OK;

    ev_progress_start(&progress, name, "calls", spread->pictures.n);
    for (int64_t i = 0; i < spread->pictures.n && status == EV_OK; i++) {
        const struct ev_batch batch = ev_timing_batch(&spread->pictures, model, i);
        status = ev_model_infer(model, &batch, outputs + i * n_outputs, err);
        ev_progress_update(&progress, i + 1, NULL);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    ev_progress_finish(&progress);
    return status;
}
